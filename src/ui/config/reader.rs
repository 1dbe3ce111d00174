//! Reads the values of `config.toml`, and says what is wrong with them.

use std::{borrow::Cow, cell::RefCell, time::Duration};

use crossterm::event::{KeyCode, KeyModifiers};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{Config, IndentStyle, KeymapName};
use crate::ui::{
    app::LineNumbers,
    command::{COMMANDS, Command},
    keymap::{KeyPress, KeySequence},
    source::{Source, SourceError, suggestion},
    theme::{Borders, parse_color},
};

/// The settings there are; the test holds them against what `Reader::set` knows.
pub(super) const KEYS: [&str; 19] = [
    "name",
    "color",
    "theme",
    "network",
    "tab_width",
    "wrap",
    "indent",
    "line_numbers",
    "show_whitespace",
    "show_authors",
    "trim_on_save",
    "highlight",
    "show_peers",
    "borders",
    "mouse",
    "autosave",
    "conflicts",
    "keymap",
    "keys",
];

const INDENT_STYLES: [(&str, IndentStyle); 3] = [
    ("auto", IndentStyle::Auto),
    ("tabs", IndentStyle::Tabs),
    ("spaces", IndentStyle::Spaces),
];

const KEYMAPS: [(&str, KeymapName); 2] =
    [("default", KeymapName::Usual), ("emacs", KeymapName::Emacs)];

const BORDERS: [(&str, Borders); 2] = [("unicode", Borders::Unicode), ("ascii", Borders::Ascii)];

const LINE_NUMBERS: [(&str, LineNumbers); 3] = [
    ("absolute", LineNumbers::Absolute),
    ("relative", LineNumbers::Relative),
    ("off", LineNumbers::Off),
];

/// The longest pause before the text is saved by itself, in seconds.
const LONGEST_AUTOSAVE: u64 = 3600;

/// The longest name that a person may choose, in characters.
const LONGEST_NAME: usize = 32;

/// Reads settings from a text. What is wrong is left at its default, and told in the order of the
/// text.
pub(super) fn read(origin: &str, text: &str) -> (Config, Vec<SourceError>) {
    let source = Source::new(origin, text);
    let mut config = Config::default();
    let table = match source.table() {
        Ok(table) => table,
        Err(error) => return (config, vec![error]),
    };
    let reader = Reader {
        source: &source,
        problems: RefCell::default(),
    };
    for (key, value) in in_order(&table) {
        let read = reader.set(&mut config, key.as_ref(), key.span(), value);
        reader.note(read);
    }
    (config, reader.problems.into_inner())
}

/// Reads values and knows how to complain about them.
pub(super) struct Reader<'a> {
    pub(super) source: &'a Source,
    problems: RefCell<Vec<SourceError>>,
}

pub(super) type Value<'a> = Spanned<DeValue<'a>>;

impl Reader<'_> {
    /// Takes down what is wrong with a part of the text.
    pub(super) fn note<T>(&self, read: Result<T, SourceError>) -> Option<T> {
        read.map_err(|problem| self.problems.borrow_mut().push(problem))
            .ok()
    }

    fn set(
        &self,
        config: &mut Config,
        key: &str,
        span: std::ops::Range<usize>,
        value: &Value<'_>,
    ) -> Result<(), SourceError> {
        match key {
            "name" => config.name = Some(self.name(value)?),
            "color" => config.color = Some(self.color(value)?),
            "theme" => config.theme = Some(self.text(key, value, "the name of a theme")?),
            "network" => (config.network, config.servers) = self.network(value)?,
            "tab_width" => config.tab_width = self.tab_width(value)?,
            "wrap" => config.wrap = self.flag(key, value)?,
            "indent" => config.indent = self.one_of(key, value, &INDENT_STYLES)?,
            "line_numbers" => config.line_numbers = self.one_of(key, value, &LINE_NUMBERS)?,
            "show_whitespace" => config.show_whitespace = self.flag(key, value)?,
            "show_authors" => config.show_authors = self.flag(key, value)?,
            "trim_on_save" => config.trim_on_save = self.flag(key, value)?,
            "highlight" => config.highlight = self.flag(key, value)?,
            "show_peers" => config.show_peers = self.flag(key, value)?,
            "borders" => config.borders = self.one_of(key, value, &BORDERS)?,
            "mouse" => config.mouse = self.flag(key, value)?,
            "autosave" => config.autosave = self.autosave(value)?,
            "conflicts" => config.conflicts = self.conflicts(value)?,
            "keymap" => config.keymap = self.one_of(key, value, &KEYMAPS)?,
            "keys" => config.keys = self.keys(value)?,
            unknown => {
                let hint = suggestion(unknown, KEYS);
                let message = format!("there is no setting \"{unknown}\"{hint}");
                return Err(self.source.error(Some(span), message));
            }
        }
        Ok(())
    }

    pub(super) fn expected(&self, key: &str, value: &Value<'_>, expected: &str) -> SourceError {
        let message = format!("\"{key}\" must be {expected}");
        self.source.error(Some(value.span()), message)
    }

    fn text(&self, key: &str, value: &Value<'_>, expected: &str) -> Result<String, SourceError> {
        let text = value.get_ref().as_str().filter(|text| !text.is_empty());
        text.map(str::to_owned)
            .ok_or_else(|| self.expected(key, value, expected))
    }

    fn flag(&self, key: &str, value: &Value<'_>) -> Result<bool, SourceError> {
        let flag = value.get_ref().as_bool();
        flag.ok_or_else(|| self.expected(key, value, "true or false"))
    }

    /// Reads one of a few words.
    pub(super) fn one_of<T: Copy>(
        &self,
        key: &str,
        value: &Value<'_>,
        words: &[(&str, T)],
    ) -> Result<T, SourceError> {
        let word = value.get_ref().as_str().unwrap_or_default();
        let found = words.iter().find(|(known, _)| *known == word);
        found.map(|(_, meant)| *meant).ok_or_else(|| {
            let known: Vec<_> = words
                .iter()
                .map(|(known, _)| format!("\"{known}\""))
                .collect();
            self.expected(key, value, &format!("one of {}", known.join(", ")))
        })
    }

    fn name(&self, value: &Value<'_>) -> Result<String, SourceError> {
        let expected = format!("a text of 1 to {LONGEST_NAME} characters");
        let name = self.text("name", value, &expected)?;
        if name.trim().is_empty() || name.chars().count() > LONGEST_NAME {
            return Err(self.expected("name", value, &expected));
        }
        Ok(name)
    }

    fn color(&self, value: &Value<'_>) -> Result<String, SourceError> {
        let color = self.text("color", value, "a colour like \"#1E90FF\"")?;
        let parsed = parse_color(&color)
            .map_err(|error| self.source.error(Some(value.span()), error.to_string()))?;
        Ok(parsed.to_hex())
    }

    fn tab_width(&self, value: &Value<'_>) -> Result<u16, SourceError> {
        let number = value.get_ref().as_integer();
        let number =
            number.and_then(|number| u16::from_str_radix(number.as_str(), number.radix()).ok());
        number
            .filter(|number| (1..=16).contains(number))
            .ok_or_else(|| self.expected("tab_width", value, "a whole number from 1 to 16"))
    }

    /// Reads `"off"` or a number of seconds.
    fn autosave(&self, value: &Value<'_>) -> Result<Option<Duration>, SourceError> {
        if value.get_ref().as_str() == Some("off") {
            return Ok(None);
        }
        let number = value.get_ref().as_integer();
        let seconds =
            number.and_then(|number| u64::from_str_radix(number.as_str(), number.radix()).ok());
        seconds
            .filter(|seconds| (1..=LONGEST_AUTOSAVE).contains(seconds))
            .map(|seconds| Some(Duration::from_secs(seconds)))
            .ok_or_else(|| {
                let expected = format!("\"off\" or whole seconds from 1 to {LONGEST_AUTOSAVE}");
                self.expected("autosave", value, &expected)
            })
    }

    fn keys(&self, value: &Value<'_>) -> Result<Vec<(Command, Vec<KeySequence>)>, SourceError> {
        let DeValue::Table(table) = value.get_ref() else {
            return Err(self.expected("keys", value, "a table, written as [keys]"));
        };
        let mut bindings = Vec::new();
        let mut owners: Vec<(KeySequence, Command)> = Vec::new();
        for (name, keys) in in_order(table) {
            let binding = self.binding(name, keys, &mut owners);
            bindings.extend(self.note(binding));
        }
        Ok(bindings)
    }

    /// Reads a command with its keys. `owners` holds the keys that were given away before.
    fn binding(
        &self,
        command: &Spanned<Cow<'_, str>>,
        keys: &Value<'_>,
        owners: &mut Vec<(KeySequence, Command)>,
    ) -> Result<(Command, Vec<KeySequence>), SourceError> {
        let name: &str = command.as_ref();
        let command = Command::from_name(name).ok_or_else(|| {
            let hint = suggestion(name, COMMANDS.iter().map(|info| info.name));
            let message = format!("there is no command \"{name}\"{hint}");
            self.source.error(Some(command.span()), message)
        })?;
        let keys = self.keys_of(command, keys)?;
        for (key, span) in &keys {
            if let Some((owned, owner)) = owners.iter().find(|(owned, _)| owned.excludes(key)) {
                let message = if owned == key {
                    format!("{key} is given to both {owner} and {command}")
                } else {
                    format!(
                        "{owned} for {owner} and {key} for {command} begin alike, so that one of them would never be reached"
                    )
                };
                return Err(self.source.error(Some(span.clone()), message));
            }
            owners.push((key.clone(), command));
        }
        Ok((command, keys.into_iter().map(|(key, _)| key).collect()))
    }

    /// Reads `"key"` or `["key", …]`.
    fn keys_of(
        &self,
        command: Command,
        value: &Value<'_>,
    ) -> Result<Vec<(KeySequence, std::ops::Range<usize>)>, SourceError> {
        let expected = "a key like \"Ctrl-S\", a list of keys, or [] for none";
        let one = std::slice::from_ref(value);
        let list = value.get_ref().as_array().map_or(one, |list| list);
        let keys = list.iter().map(|value| {
            let text = value.get_ref().as_str();
            let text = text.ok_or_else(|| self.expected(command.name(), value, expected))?;
            let wrong = |message: String| self.source.error(Some(value.span()), message);
            let keys: KeySequence = text.parse().map_err(|error| wrong(format!("{error}")))?;
            let (first, rest) = match keys.keys() {
                [first, rest @ ..] => (first, rest),
                [] => return Err(self.expected(command.name(), value, expected)),
            };
            if first.text().is_some() {
                return Err(wrong(format!(
                    "{first} is needed for typing; {command} needs a key with Ctrl or Alt, or one that types nothing"
                )));
            }
            let escape = KeyPress::new(KeyCode::Esc, KeyModifiers::NONE);
            if rest.contains(&escape) {
                return Err(wrong(format!("Esc gives up what was begun, and cannot be a part of \"{keys}\"")));
            }
            Ok((keys, value.span()))
        });
        keys.collect()
    }
}

/// The entries of a table as they stand in the file, so that the first mistake is told first.
pub(super) fn in_order<'a, 'i>(
    table: &'a DeTable<'i>,
) -> Vec<(&'a Spanned<Cow<'i, str>>, &'a Value<'i>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}
