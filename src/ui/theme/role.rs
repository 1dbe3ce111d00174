//! What can be coloured: every role once, with its name in theme files.

use ratatui::style::Modifier;

/// Writes the enum and its table in one go.
macro_rules! roles {
    ($($(#[$doc:meta])* $role:ident $name:literal $layer:expr, $plain:expr;)*) => {
        /// A kind of thing on the screen.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Role {
            $($(#[$doc])* $role,)*
        }

        impl Role {
            /// Every role, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$role,)*];

            /// Returns the name of the role in theme files.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$role => $name,)*
                }
            }

            /// Returns what the role is drawn upon.
            pub fn layer(self) -> Layer {
                match self {
                    $(Self::$role => $layer,)*
                }
            }

            /// Returns the modifiers that stand in for colour where there is none.
            pub fn plain(self) -> Modifier {
                match self {
                    $(Self::$role => $plain,)*
                }
            }
        }
    };
}

/// What a role is drawn upon, and so where it takes what its own style leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Upon nothing: it is the ground itself.
    Ground,
    /// Upon another role.
    On(Role),
    /// Upon whatever is there: its style is put over the style of the text below.
    Overlay,
}

use Layer::{Ground, On, Overlay};

const NONE: Modifier = Modifier::empty();
const BOLD: Modifier = Modifier::BOLD;
const ITALIC: Modifier = Modifier::ITALIC;
const DIM: Modifier = Modifier::DIM;
const REVERSED: Modifier = Modifier::REVERSED;
const UNDERLINED: Modifier = Modifier::UNDERLINED;

roles! {
    /// The document, and the ground of the whole screen.
    Text "text" Ground, NONE;
    /// One's own selection.
    Selection "selection" Overlay, REVERSED;
    /// The line that the caret is in; only its ground is used.
    CurrentLine "current-line" Overlay, NONE;
    /// Line numbers.
    LineNumber "line-number" On(Role::Text), DIM;
    /// The number of the line that the caret is in.
    LineNumberCurrent "line-number-current" On(Role::Text), BOLD;
    /// The mark beside a line with a conflict.
    ConflictMark "conflict-mark" On(Role::Text), REVERSED.union(BOLD);
    /// Control, bidirectional and invisible characters, shown by name.
    ControlCharacter "control-character" On(Role::Text), REVERSED.union(DIM);
    /// Spaces and tabs where they are shown.
    Whitespace "whitespace" Overlay, DIM;
    /// Text that is looked for.
    Match "match" Overlay, UNDERLINED;
    /// The match that is selected.
    MatchCurrent "match-current" Overlay, REVERSED.union(BOLD).union(UNDERLINED);
    /// The bracket at the caret and its partner.
    Bracket "bracket" Overlay, BOLD.union(UNDERLINED);
    /// Comments.
    Comment "comment" Overlay, DIM;
    /// Words of the language itself.
    Keyword "keyword" Overlay, BOLD;
    /// Text in quotes.
    String "string" Overlay, NONE;
    /// Numbers, truth values, escapes.
    Constant "constant" Overlay, NONE;
    /// Types, classes, tags.
    Type "type" Overlay, NONE;
    /// Functions where they are defined or called.
    Function "function" Overlay, NONE;
    /// Attributes, macros, keys of tables, directives.
    Attribute "attribute" Overlay, NONE;
    /// Operators and punctuation.
    Operator "operator" Overlay, NONE;
    /// Headings of Markdown and its kin.
    Heading "heading" Overlay, BOLD;
    /// Emphasized text.
    Emphasis "emphasis" Overlay, ITALIC;
    /// Strongly emphasized text.
    Strong "strong" Overlay, BOLD;
    /// Code within prose.
    Code "code" Overlay, NONE;
    /// Links and addresses.
    Link "link" Overlay, UNDERLINED;
    /// Quotations.
    Quote "quote" Overlay, ITALIC;
    /// Marks of lists, headings and emphasis.
    Markup "markup" Overlay, DIM;
    /// Added lines of a diff.
    Inserted "inserted" Overlay, BOLD;
    /// Removed lines of a diff.
    Deleted "deleted" Overlay, UNDERLINED;
    /// Lines between panes.
    Separator "separator" On(Role::Text), DIM;
    /// Marks that are not text: the end of the document, a mark for a wrapped line.
    Faint "faint" On(Role::Text), DIM;
    /// Words that help: greetings, key hints outside of the status line.
    Hint "hint" On(Role::Text), DIM;
    /// The status line.
    Status "status" On(Role::Text), REVERSED;
    /// The file's name in the status line.
    StatusTitle "status-title" On(Role::Status), REVERSED.union(BOLD);
    /// What matters less in the status line.
    StatusFaint "status-faint" On(Role::Status), REVERSED;
    /// All is well: in sync, saved.
    StatusGood "status-good" On(Role::Status), REVERSED;
    /// Worth a look: unsaved, reconnecting, offline.
    StatusWarning "status-warning" On(Role::Status), REVERSED.union(BOLD);
    /// Something failed.
    StatusError "status-error" On(Role::Status), REVERSED.union(BOLD).union(UNDERLINED);
    /// The pane that shows who is here.
    Peers "peers" On(Role::Text), NONE;
    /// Its heading.
    PeersTitle "peers-title" On(Role::Peers), BOLD;
    /// The name of a person who is here.
    PeersName "peers-name" On(Role::Peers), NONE;
    /// Places, round trips, and other particulars.
    PeersDetail "peers-detail" On(Role::Peers), DIM;
    /// A person who is away or gone.
    PeersAway "peers-away" On(Role::Peers), DIM;
    /// A person whose connection is bad or lost.
    PeersWarning "peers-warning" On(Role::Peers), UNDERLINED;
    /// A dialog.
    Dialog "dialog" On(Role::Text), NONE;
    /// The edge of a dialog.
    DialogBorder "dialog-border" On(Role::Dialog), NONE;
    /// The heading of a dialog.
    DialogTitle "dialog-title" On(Role::Dialog), BOLD;
    /// What matters less in a dialog.
    DialogFaint "dialog-faint" On(Role::Dialog), DIM;
    /// What matters most in a dialog: a node id, a number that decides.
    DialogStrong "dialog-strong" On(Role::Dialog), BOLD;
    /// The name of a key.
    DialogKey "dialog-key" On(Role::Dialog), BOLD;
    /// A field to write in.
    Input "input" On(Role::Dialog), UNDERLINED;
    /// Selected text in a field.
    InputSelection "input-selection" Overlay, REVERSED;
    /// A choice that can be made.
    Choice "choice" On(Role::Dialog), NONE;
    /// The choice that Enter makes.
    ChoiceCurrent "choice-current" On(Role::Dialog), REVERSED.union(BOLD);
    /// A warning in a dialog.
    DialogWarning "dialog-warning" On(Role::Dialog), BOLD;
    /// An error in a dialog.
    DialogError "dialog-error" On(Role::Dialog), BOLD.union(UNDERLINED);
}

impl Role {
    /// Finds a role by its name in theme files.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.name() == name)
    }
}
