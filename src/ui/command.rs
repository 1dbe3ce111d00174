//! Every command of the editor, once: its name, what it does, and the keys it has by default.
//!
//! The keymap, the help page and the configuration all read this table. What a command *does* is
//! the application's business; this file knows no document and no screen.

use std::fmt;

/// What a command is about; the help page shows one heading for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// Files, and the editor as a whole.
    File,
    /// Other people.
    Together,
    /// Changing the text.
    Edit,
    /// Whole lines.
    Lines,
    /// Finding text and places.
    Find,
    /// Moving the caret.
    Move,
    /// Selecting text.
    Select,
    /// How things look.
    View,
}

impl Group {
    /// Every group, in the order in which the help page shows them.
    pub const ALL: [Self; 8] = [
        Self::File,
        Self::Together,
        Self::Edit,
        Self::Lines,
        Self::Find,
        Self::Move,
        Self::Select,
        Self::View,
    ];

    /// Returns the heading of the group.
    pub fn title(self) -> &'static str {
        match self {
            Self::File => "File",
            Self::Together => "Together",
            Self::Edit => "Edit",
            Self::Lines => "Lines",
            Self::Find => "Find",
            Self::Move => "Move",
            Self::Select => "Select",
            Self::View => "View",
        }
    }
}

/// Where a command is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// In lists of commands to choose from, and by its keys.
    Everywhere,
    /// By its keys alone: nobody looks up how to go one character to the left in such a list.
    AsKey,
}

/// One row of the table of commands.
#[derive(Clone, Copy, Debug)]
pub struct CommandInfo {
    /// The command.
    pub command: Command,
    /// Its name in the configuration, in kebab case.
    pub name: &'static str,
    /// What it is about.
    pub group: Group,
    /// Where it is offered.
    pub offered: Offered,
    /// What it does, in at most 60 characters.
    pub help: &'static str,
    /// The keys it has by default, the one to show first.
    pub keys: &'static [&'static str],
}

/// Writes the enum and the table in one go, so that neither can miss a command of the other.
macro_rules! commands {
    ($($command:ident $name:literal, $group:ident, $offered:ident, $help:literal, $keys:expr;)*) => {
        /// Something a person can ask the editor to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Command {
            $(#[doc = $help] $command,)*
        }

        /// Every command, in the order in which help shows them.
        pub const COMMANDS: &[CommandInfo] = &[
            $(CommandInfo {
                command: Command::$command,
                name: $name,
                group: Group::$group,
                offered: Offered::$offered,
                help: $help,
                keys: $keys,
            },)*
        ];
    };
}

// About the keys: without the kitty protocol a terminal sends the same bytes for Ctrl-I and Tab,
// Ctrl-M and Enter, Ctrl-[ and Esc, and for a letter with Ctrl and with Ctrl and Shift; so none of
// these is the only key of a command. Ctrl-H is what some terminals send for Backspace and others
// for Ctrl-Backspace: it deletes one character, because taking too little away is the smaller harm.
// Ctrl-J is what a line feed in a paste becomes where pastes are not bracketed. Wherever a command
// has an F key, it has another one too, since desktops like to take F keys for themselves.
commands! {
    Save "save", File, Everywhere, "Save the file", &["Ctrl-S"];
    SaveAs "save-as", File, Everywhere, "Save under another name", &["Alt-S", "Ctrl-Shift-S"];
    Open "open", File, Everywhere, "Open a file; recent ones are listed", &["Ctrl-O"];
    New "new", File, Everywhere, "Start a new document", &["Ctrl-N"];
    Reload "reload", File, Everywhere, "Read the file again; undo brings your text back", &["Ctrl-U"];
    Close "close", File, Everywhere, "Close this document", &["Ctrl-W"];
    NextTab "next-tab", File, Everywhere, "Go to the next open document", &["Ctrl-PageDown", "Alt-."];
    PreviousTab "previous-tab", File, Everywhere, "Go to the open document before", &["Ctrl-PageUp", "Alt-,"];
    Quit "quit", File, Everywhere, "Quit; asks when there are unsaved changes", &["Ctrl-Q"];
    Suspend "suspend", File, Everywhere, "Go back to the shell; fg returns (Ctrl-Z is undo)", &["Ctrl-Alt-Z"];
    Help "help", File, Everywhere, "Show every command and its keys", &["F1", "Alt-H"];
    Palette "commands", File, Everywhere, "Find a command by name", &["Ctrl-P", "Alt-X"];

    Share "share", Together, Everywhere, "Invite others: by node id, or with a ticket", &["Ctrl-T", "F2"];
    Connect "connect", Together, Everywhere, "Join another person by node id or ticket", &["Ctrl-R", "F3"];
    TogglePeers "toggle-peers", Together, Everywhere, "Show or hide who is here", &["Ctrl-B", "F4"];
    AnswerKnock "answer-knock", Together, Everywhere, "Answer somebody who wants to join", &["F10", "Alt-E"];
    Members "members", Together, Everywhere, "Show who may read and write, and change it", &["F12", "Alt-V"];
    GoOffline "go-offline", Together, Everywhere, "Go offline, or online again", &["F6"];
    Conflicts "conflicts", Together, Everywhere, "Look at edits that clash, and settle them", &["F7", "Alt-K"];
    NextConflict "next-conflict", Together, Everywhere, "Go to the next conflict in the text", &["F8", "Alt-G"];
    GoToPerson "go-to-person", Together, Everywhere, "Go where another person is", &["Alt-T"];
    FollowPerson "follow", Together, Everywhere, "Follow another person until you press a key", &["Alt-Y"];
    CallEveryone "call-everyone", Together, Everywhere, "Ask everybody to come to where you are", &[];
    Rename "rename", Together, Everywhere, "Change the name that others see", &[];
    ChangeColor "change-color", Together, Everywhere, "Take another colour for yourself", &[];
    Changes "changes", Together, Everywhere, "List what others changed while you were away", &["F9", "Alt-A"];
    ForgetChanges "forget-changes", Together, Everywhere, "Take what others changed as seen", &["Alt-Q"];
    ToggleAuthors "show-authors", Together, Everywhere, "Show who wrote what, or do not", &["Ctrl-E"];

    Undo "undo", Edit, Everywhere, "Undo what you typed last; others' text stays", &["Ctrl-Z"];
    Redo "redo", Edit, Everywhere, "Bring back what you undid", &["Ctrl-Y", "Ctrl-Shift-Z"];
    Cut "cut", Edit, Everywhere, "Cut the selection, or the line", &["Ctrl-X", "Shift-Delete"];
    Copy "copy", Edit, Everywhere, "Copy the selection, or the line", &["Ctrl-C", "Ctrl-Insert"];
    Paste "paste", Edit, Everywhere, "Paste", &["Ctrl-V", "Shift-Insert"];
    InsertNewline "insert-newline", Edit, AsKey, "Start a new line with the same indentation", &["Enter", "Shift-Enter", "Ctrl-J"];
    InsertTab "insert-tab", Edit, AsKey, "Indent the selection, or insert one step", &["Tab"];
    DeleteBackward "delete-backward", Edit, AsKey, "Delete the character before the caret", &["Backspace", "Shift-Backspace", "Ctrl-H"];
    DeleteForward "delete-forward", Edit, AsKey, "Delete the character after the caret", &["Delete"];
    DeleteWordBackward "delete-word-backward", Edit, Everywhere, "Delete the word before the caret", &["Ctrl-Backspace", "Alt-Backspace"];
    DeleteWordForward "delete-word-forward", Edit, Everywhere, "Delete the word after the caret", &["Ctrl-Delete", "Alt-Delete", "Alt-D"];

    Indent "indent", Lines, Everywhere, "Indent the lines by one step", &["Alt-I"];
    Outdent "outdent", Lines, Everywhere, "Take one step of indentation away", &["Shift-Tab"];
    DuplicateLines "duplicate-lines", Lines, Everywhere, "Duplicate the line, or the selected lines", &["Alt-Shift-Down", "Alt-U"];
    MoveLinesUp "move-lines-up", Lines, Everywhere, "Move the lines up", &["Alt-Up"];
    MoveLinesDown "move-lines-down", Lines, Everywhere, "Move the lines down", &["Alt-Down"];
    DeleteLines "delete-lines", Lines, Everywhere, "Delete the line, or the selected lines", &["Ctrl-K"];
    JoinLines "join-lines", Lines, Everywhere, "Join the line with the next one", &["Alt-J"];
    ToggleComment "toggle-comment", Lines, Everywhere, "Comment the lines out, or in again", &["Alt-C", "Ctrl-/", "Ctrl-7"];

    Find "find", Find, Everywhere, "Find text", &["Ctrl-F"];
    FindNext "find-next", Find, Everywhere, "Find the next match", &["Alt-N"];
    FindPrevious "find-previous", Find, Everywhere, "Find the match before", &["Alt-P"];
    Replace "replace", Find, Everywhere, "Find text and replace it", &["Alt-R"];
    GoToLine "go-to-line", Find, Everywhere, "Go to a line", &["Ctrl-G"];
    GoToBracket "go-to-bracket", Find, Everywhere, "Go to the matching bracket", &["Alt-M"];

    MoveLeft "move-left", Move, AsKey, "Left", &["Left"];
    MoveRight "move-right", Move, AsKey, "Right", &["Right"];
    MoveUp "move-up", Move, AsKey, "Up", &["Up"];
    MoveDown "move-down", Move, AsKey, "Down", &["Down"];
    MoveWordLeft "move-word-left", Move, AsKey, "To the start of the word", &["Ctrl-Left", "Alt-Left", "Alt-B"];
    MoveWordRight "move-word-right", Move, AsKey, "To the end of the word", &["Ctrl-Right", "Alt-Right", "Alt-F"];
    MoveLineStart "move-line-start", Move, AsKey, "To the first letter of the line, then to its start", &["Home"];
    MoveLineEnd "move-line-end", Move, AsKey, "To the end of the line", &["End"];
    MovePageUp "move-page-up", Move, AsKey, "One page up", &["PageUp"];
    MovePageDown "move-page-down", Move, AsKey, "One page down", &["PageDown"];
    MoveDocumentStart "move-document-start", Move, AsKey, "To the start of the document", &["Ctrl-Home"];
    MoveDocumentEnd "move-document-end", Move, AsKey, "To the end of the document", &["Ctrl-End"];

    SelectAll "select-all", Select, Everywhere, "Select everything", &["Ctrl-A"];
    SelectWord "select-word", Select, Everywhere, "Select the word at the caret", &[];
    AddNextMatch "add-next-match", Select, Everywhere, "Select the word, then add its next match", &["Ctrl-D"];
    AddCaretAbove "add-caret-above", Select, Everywhere, "Add a caret in the row above", &["Ctrl-Alt-Up"];
    AddCaretBelow "add-caret-below", Select, Everywhere, "Add a caret in the row below", &["Ctrl-Alt-Down"];
    SelectLine "select-line", Select, Everywhere, "Select the line, then the next one too", &["Ctrl-L"];
    SelectLeft "select-left", Select, AsKey, "Select to the left", &["Shift-Left"];
    SelectRight "select-right", Select, AsKey, "Select to the right", &["Shift-Right"];
    SelectUp "select-up", Select, AsKey, "Select upwards", &["Shift-Up"];
    SelectDown "select-down", Select, AsKey, "Select downwards", &["Shift-Down"];
    SelectWordLeft "select-word-left", Select, AsKey, "Select to the start of the word", &["Ctrl-Shift-Left", "Alt-Shift-Left"];
    SelectWordRight "select-word-right", Select, AsKey, "Select to the end of the word", &["Ctrl-Shift-Right", "Alt-Shift-Right"];
    SelectLineStart "select-line-start", Select, AsKey, "Select to the start of the line", &["Shift-Home"];
    SelectLineEnd "select-line-end", Select, AsKey, "Select to the end of the line", &["Shift-End"];
    SelectPageUp "select-page-up", Select, AsKey, "Select one page up", &["Shift-PageUp"];
    SelectPageDown "select-page-down", Select, AsKey, "Select one page down", &["Shift-PageDown"];
    SelectDocumentStart "select-document-start", Select, AsKey, "Select to the start of the document", &["Ctrl-Shift-Home"];
    SelectDocumentEnd "select-document-end", Select, AsKey, "Select to the end of the document", &["Ctrl-Shift-End"];

    ToggleWrap "toggle-wrap", View, Everywhere, "Wrap long lines, or do not", &["Alt-Z"];
    CycleLineNumbers "line-numbers", View, Everywhere, "Line numbers: absolute, relative, or none", &["Alt-L"];
    ToggleWhitespace "show-whitespace", View, Everywhere, "Show spaces and tabs, or do not", &["Alt-W"];
    ToggleReadOnly "read-only", View, Everywhere, "Protect the text from your own keys, or do not", &["Alt-O"];
    ToggleHighlighting "highlight", View, Everywhere, "Colour languages, or do not", &[];
    Redraw "redraw", View, Everywhere, "Draw the screen anew", &["F5"];
    Cancel "cancel", View, AsKey, "Close what is open, or go back to one caret", &["Esc"];
}

impl Command {
    /// Returns the command's row in the table.
    pub fn info(self) -> &'static CommandInfo {
        &COMMANDS[self as usize]
    }

    /// Returns the name of the command, such as `save-as`.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// Finds a command by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        COMMANDS
            .iter()
            .find(|info| info.name == name)
            .map(|info| info.command)
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (index, info) in COMMANDS.iter().enumerate() {
            assert_eq!(info.command as usize, index);
            assert_eq!(info.command.info().name, info.name);
            assert_eq!(Command::from_name(info.name), Some(info.command));
        }
    }

    #[test]
    fn names_and_help_are_unique_and_well_formed() {
        let mut names = HashSet::new();
        let mut helps = HashSet::new();
        for info in COMMANDS {
            assert!(names.insert(info.name), "{} is there twice", info.name);
            assert!(helps.insert(info.help), "{:?} is there twice", info.help);
            assert!(info.help.chars().count() <= 60, "{} is too long", info.help);
            assert!(!info.help.ends_with('.'), "{:?} ends in a stop", info.help);
            assert!(
                info.name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b == b'-'),
                "{} is not kebab case",
                info.name
            );
            let listed = info.offered == Offered::Everywhere;
            assert!(listed || !info.keys.is_empty(), "{} has no key", info.name);
            assert!(Group::ALL.contains(&info.group));
        }
    }

    #[test]
    fn no_command_needs_a_key_that_terminals_cannot_tell_apart() {
        let ambiguous = ["Ctrl-I", "Ctrl-M", "Ctrl-[", "Ctrl-J", "Ctrl-H"];
        for info in COMMANDS {
            assert!(
                info.keys.is_empty()
                    || info
                        .keys
                        .iter()
                        .any(|key| !ambiguous.contains(key) && !is_ctrl_shift_letter(key)),
                "{} cannot be reached in every terminal",
                info.name
            );
        }
    }

    fn is_ctrl_shift_letter(key: &str) -> bool {
        key.strip_prefix("Ctrl-Shift-")
            .is_some_and(|rest| rest.chars().count() == 1)
    }
}
