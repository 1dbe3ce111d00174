//! Which key does what.
//!
//! A [`KeyPress`] is a key event after normalisation, so that the same key is the same value
//! whatever the terminal's dialect. The default [`Keymap`] comes from the table of commands.

use std::{fmt, str::FromStr};

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::command::{COMMANDS, Command};

/// A key with its modifiers, such as `Ctrl-S`.
///
/// Written with `-` or `+` between the parts; the names are those that [`fmt::Display`] prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyPress {
    /// The key. Letters are lower case when Ctrl, Alt or Super is held.
    pub code: KeyCode,
    /// The modifiers. Never Shift alone with a character: that is another character.
    pub modifiers: KeyModifiers,
}

/// Modifiers with which a character is a command rather than text.
const COMMANDING: KeyModifiers = KeyModifiers::CONTROL
    .union(KeyModifiers::ALT)
    .union(KeyModifiers::SUPER)
    .union(KeyModifiers::HYPER)
    .union(KeyModifiers::META);

impl KeyPress {
    /// Normalises a key and its modifiers.
    pub fn new(code: KeyCode, modifiers: KeyModifiers) -> Self {
        match code {
            KeyCode::BackTab => Self {
                code: KeyCode::Tab,
                modifiers: modifiers | KeyModifiers::SHIFT,
            },
            KeyCode::Char(character) => Self::with_character(character, modifiers),
            code => Self { code, modifiers },
        }
    }

    fn with_character(character: char, modifiers: KeyModifiers) -> Self {
        let held_shift = modifiers.contains(KeyModifiers::SHIFT);
        if modifiers.intersects(COMMANDING) {
            let upper = character.is_uppercase();
            let mut modifiers = modifiers;
            modifiers.set(KeyModifiers::SHIFT, upper || held_shift);
            return Self {
                code: KeyCode::Char(single(character.to_lowercase(), character)),
                modifiers,
            };
        }
        let character = if held_shift {
            single(character.to_uppercase(), character)
        } else {
            character
        };
        Self {
            code: KeyCode::Char(character),
            modifiers: modifiers - KeyModifiers::SHIFT,
        }
    }

    /// Takes a key out of a terminal event. `None` for the release of a key, and for a modifier
    /// pressed by itself.
    pub fn from_event(event: &KeyEvent) -> Option<Self> {
        let pressed = match event.kind {
            KeyEventKind::Press | KeyEventKind::Repeat => true,
            KeyEventKind::Release => false,
        };
        if !pressed || matches!(event.code, KeyCode::Modifier(_) | KeyCode::Null) {
            return None;
        }
        Some(Self::new(event.code, event.modifiers))
    }

    /// Returns the character to insert when the key is plain text.
    pub fn text(&self) -> Option<char> {
        match self.code {
            KeyCode::Char(character) if !self.modifiers.intersects(COMMANDING) => Some(character),
            _ => None,
        }
    }
}

/// `İ` and its like become several characters in the other case; such a key stays as it is.
fn single(mut converted: impl Iterator<Item = char>, original: char) -> char {
    match (converted.next(), converted.next()) {
        (Some(character), None) => character,
        _ => original,
    }
}

/// The names of keys that are no characters.
const NAMED: &[(&str, KeyCode)] = &[
    ("Backspace", KeyCode::Backspace),
    ("Enter", KeyCode::Enter),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PageUp", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
    ("Tab", KeyCode::Tab),
    ("Delete", KeyCode::Delete),
    ("Insert", KeyCode::Insert),
    ("Esc", KeyCode::Esc),
    ("Menu", KeyCode::Menu),
    ("Space", KeyCode::Char(' ')),
    ("Minus", KeyCode::Char('-')),
    ("Plus", KeyCode::Char('+')),
];

/// The names of modifiers, in the order in which they are written.
const MODIFIERS: &[(&str, KeyModifiers)] = &[
    ("Ctrl", KeyModifiers::CONTROL),
    ("Alt", KeyModifiers::ALT),
    ("Shift", KeyModifiers::SHIFT),
    ("Super", KeyModifiers::SUPER),
    ("Hyper", KeyModifiers::HYPER),
    ("Meta", KeyModifiers::META),
];

impl fmt::Display for KeyPress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, modifier) in MODIFIERS {
            if self.modifiers.contains(*modifier) {
                write!(f, "{name}-")?;
            }
        }
        if let Some((name, _)) = NAMED.iter().find(|(_, code)| *code == self.code) {
            return f.write_str(name);
        }
        match self.code {
            KeyCode::Char(character) if self.modifiers.intersects(COMMANDING) => {
                write!(f, "{}", single(character.to_uppercase(), character))
            }
            KeyCode::Char(character) => write!(f, "{character}"),
            KeyCode::F(number) => write!(f, "F{number}"),
            code => write!(f, "{code}"),
        }
    }
}

/// A text that names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no key; keys are written like Ctrl-S, Alt-Shift-Left or F5")]
pub struct KeyParseError(pub String);

impl FromStr for KeyPress {
    type Err = KeyParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || KeyParseError(text.to_owned());
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text.trim();
        while let Some((head, tail)) = rest.split_once(['-', '+']) {
            if head.is_empty() || tail.is_empty() {
                break;
            }
            let (_, modifier) = MODIFIERS
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(head))
                .ok_or_else(error)?;
            modifiers |= *modifier;
            rest = tail;
        }
        let code = parse_code(rest).ok_or_else(error)?;
        // `Ctrl-S` means the key with that letter on it, not the capital letter.
        let code = match code {
            KeyCode::Char(character) if modifiers.intersects(COMMANDING) => {
                KeyCode::Char(single(character.to_lowercase(), character))
            }
            code => code,
        };
        Ok(Self::new(code, modifiers))
    }
}

fn parse_code(name: &str) -> Option<KeyCode> {
    if let Some((_, code)) = NAMED.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)) {
        return Some(*code);
    }
    let mut characters = name.chars();
    let first = characters.next()?;
    if characters.as_str().is_empty() {
        return (!first.is_control()).then_some(KeyCode::Char(first));
    }
    if !first.eq_ignore_ascii_case(&'f') {
        return None;
    }
    let number: u8 = characters.as_str().parse().ok()?;
    (1..=35).contains(&number).then_some(KeyCode::F(number))
}

/// One key, or a few to be pressed one after the other, such as `Ctrl-X Ctrl-S`.
///
/// Written with spaces between the keys.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeySequence(Vec<KeyPress>);

impl KeySequence {
    /// The most keys that a sequence may have.
    pub const LONGEST: usize = 4;

    /// Returns its keys; there is at least one.
    pub fn keys(&self) -> &[KeyPress] {
        &self.0
    }

    /// Returns whether one of the two begins as the whole of the other does, so that they cannot
    /// both run a command.
    pub fn excludes(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0) || other.0.starts_with(&self.0)
    }
}

impl From<KeyPress> for KeySequence {
    fn from(key: KeyPress) -> Self {
        Self(vec![key])
    }
}

impl fmt::Display for KeySequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, key) in self.0.iter().enumerate() {
            let space = if index > 0 { " " } else { "" };
            write!(f, "{space}{key}")?;
        }
        Ok(())
    }
}

/// A text that is no sequence of keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SequenceParseError {
    /// One of its words names no key, or there is none.
    #[error(transparent)]
    Key(#[from] KeyParseError),
    /// There are too many keys.
    #[error("\"{0}\" has more than {longest} keys", longest = KeySequence::LONGEST)]
    TooLong(String),
}

impl FromStr for KeySequence {
    type Err = SequenceParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let keys = text.split_whitespace().map(str::parse);
        let keys: Vec<KeyPress> = keys.collect::<Result<_, KeyParseError>>()?;
        match keys.len() {
            0 => Err(KeyParseError(text.to_owned()).into()),
            1..=Self::LONGEST => Ok(Self(keys)),
            _ => Err(SequenceParseError::TooLong(text.to_owned())),
        }
    }
}

/// What some keys, pressed one after the other, come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// They run this command.
    Command(Command),
    /// More keys may follow.
    Begun,
    /// Nothing is bound to them.
    Nothing,
}

/// Which keys run which command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    /// A hundred entries at most; the first of a command is the one to show.
    bindings: Vec<(KeySequence, Command)>,
}

impl Default for Keymap {
    /// Returns the keys of the table of commands.
    fn default() -> Self {
        let bindings = COMMANDS.iter().flat_map(|info| {
            let keys = info.keys.iter().filter_map(|key| key.parse().ok());
            keys.map(|key| (key, info.command))
        });
        Self {
            bindings: bindings.collect(),
        }
    }
}

impl Keymap {
    /// Returns the command of a key that is pressed by itself.
    pub fn lookup(&self, key: KeyPress) -> Option<Command> {
        match self.look_up(&[key]) {
            Lookup::Command(command) => Some(command),
            Lookup::Begun | Lookup::Nothing => None,
        }
    }

    /// Returns what keys that were pressed one after the other come to.
    pub fn look_up(&self, keys: &[KeyPress]) -> Lookup {
        let mut bindings = self.bindings.iter();
        match bindings.find(|(bound, _)| bound.0.starts_with(keys)) {
            Some((bound, command)) if bound.0.len() == keys.len() => Lookup::Command(*command),
            Some(_) => Lookup::Begun,
            None => Lookup::Nothing,
        }
    }

    /// Returns the keys that may follow those that were pressed, each with its command; without
    /// one where it takes more keys still. In the order of the keys' names.
    pub fn following(&self, pressed: &[KeyPress]) -> Vec<(KeyPress, Option<Command>)> {
        let mut following = Vec::new();
        for (bound, command) in &self.bindings {
            let rest = bound.0.strip_prefix(pressed);
            let entry = match rest {
                Some([key]) => (*key, Some(*command)),
                Some([key, ..]) => (*key, None),
                Some([]) | None => continue,
            };
            if !following.contains(&entry) {
                following.push(entry);
            }
        }
        following.sort_by_key(|(key, _)| key.to_string());
        following
    }

    /// Returns the keys of a command, those to show first.
    pub fn keys_for(&self, command: Command) -> Vec<KeySequence> {
        self.bindings
            .iter()
            .filter(|(_, bound)| *bound == command)
            .map(|(keys, _)| keys.clone())
            .collect()
    }

    /// Gives a command these keys instead of those it has; commands that had one of them, or one
    /// that cannot be told from them, lose it. No keys at all: the command has none from now on.
    pub fn bind(&mut self, command: Command, keys: &[KeySequence]) {
        self.bindings.retain(|(bound, owner)| {
            *owner != command && !keys.iter().any(|keys| keys.excludes(bound))
        });
        let added = keys.iter().map(|keys| (keys.clone(), command));
        self.bindings.extend(added);
    }
}

#[cfg(test)]
mod tests;
