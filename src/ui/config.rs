//! `config.toml`: what a person wants otherwise than usual.
//!
//! Everything in it is optional, and so is the file. A mistake in it is told in one sentence with
//! file and line, so that nobody wonders why a setting does nothing.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    app::LineNumbers,
    command::{COMMANDS, Command},
    keymap::{KeyPress, Keymap},
    source::{Source, SourceError, suggestion},
    theme::parse_color,
};
use crate::NetworkKind;

/// The settings. [`Default`] is what holds without a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The name shown to others; `None`: the login name.
    pub name: Option<String>,
    /// The colour shown to others, `#RRGGBB`; `None`: one derived from the node id.
    pub color: Option<String>,
    /// The theme's name; `None`: the one for the terminal's colour depth.
    pub theme: Option<String>,
    /// How far peers may be found; `None`: the command line's default.
    pub network: Option<NetworkKind>,
    /// The distance of tab stops in columns, 1 to 16.
    pub tab_width: u16,
    /// Whether long lines wrap.
    pub wrap: bool,
    /// What one step of indentation is where the text does not show it.
    pub indent: IndentStyle,
    /// What stands left of the text.
    pub line_numbers: LineNumbers,
    /// Whether spaces and tabs are shown.
    pub show_whitespace: bool,
    /// Whether blanks at the ends of lines go when a file is saved.
    pub trim_on_save: bool,
    /// Whether languages are coloured.
    pub highlight: bool,
    /// Whether the pane with the people is shown at the start.
    pub show_peers: bool,
    /// Whether the mouse is used. Without it the terminal's own selecting works.
    pub mouse: bool,
    /// Commands with the keys they get instead of their usual ones.
    pub keys: Vec<(Command, Vec<KeyPress>)>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: None,
            color: None,
            theme: None,
            network: None,
            tab_width: 4,
            wrap: true,
            indent: IndentStyle::default(),
            line_numbers: LineNumbers::default(),
            show_whitespace: false,
            trim_on_save: false,
            highlight: true,
            show_peers: true,
            mouse: true,
            keys: Vec::new(),
        }
    }
}

/// What Tab puts in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IndentStyle {
    /// What the text uses; tabs in a text that shows nothing.
    #[default]
    Auto,
    /// Tabs.
    Tabs,
    /// As many spaces as a tab is wide.
    Spaces,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is there but cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something in the file is wrong.
    #[error(transparent)]
    Broken(#[from] SourceError),
}

/// The settings there are; the test holds them against what [`Reader::set`] knows.
const KEYS: [&str; 14] = [
    "name",
    "color",
    "theme",
    "network",
    "tab_width",
    "wrap",
    "indent",
    "line_numbers",
    "show_whitespace",
    "trim_on_save",
    "highlight",
    "show_peers",
    "mouse",
    "keys",
];

const INDENT_STYLES: [(&str, IndentStyle); 3] = [
    ("auto", IndentStyle::Auto),
    ("tabs", IndentStyle::Tabs),
    ("spaces", IndentStyle::Spaces),
];

const LINE_NUMBERS: [(&str, LineNumbers); 3] = [
    ("absolute", LineNumbers::Absolute),
    ("relative", LineNumbers::Relative),
    ("off", LineNumbers::Off),
];

/// The longest name that a person may choose, in characters.
const LONGEST_NAME: usize = 32;

impl Config {
    /// Reads `config.toml` in a folder. Without the file, or the folder, the defaults hold.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or something in it is wrong.
    pub fn load(folder: &Path) -> Result<Self, ConfigError> {
        let path = folder.join("config.toml");
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Self::parse(&path.display().to_string(), &text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(ConfigError::Read { path, source }),
        }
    }

    /// Reads settings from a text; `origin` names it in errors.
    pub fn parse(origin: &str, text: &str) -> Result<Self, SourceError> {
        let source = Source::new(origin, text);
        let mut config = Self::default();
        let reader = Reader { source: &source };
        let table = source.table()?;
        for (key, value) in &table {
            reader.set(&mut config, key.as_ref(), key.span(), value)?;
        }
        Ok(config)
    }

    /// Returns the usual keys with those of the configuration put over them.
    pub fn keymap(&self) -> Keymap {
        let mut keymap = Keymap::default();
        for (command, keys) in &self.keys {
            keymap.bind(*command, keys);
        }
        keymap
    }
}

/// Reads values and knows how to complain about them.
struct Reader<'a> {
    source: &'a Source,
}

type Value<'a> = Spanned<DeValue<'a>>;

impl Reader<'_> {
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
            "network" => config.network = Some(self.network(value)?),
            "tab_width" => config.tab_width = self.tab_width(value)?,
            "wrap" => config.wrap = self.flag(key, value)?,
            "indent" => config.indent = self.one_of(key, value, &INDENT_STYLES)?,
            "line_numbers" => config.line_numbers = self.one_of(key, value, &LINE_NUMBERS)?,
            "show_whitespace" => config.show_whitespace = self.flag(key, value)?,
            "trim_on_save" => config.trim_on_save = self.flag(key, value)?,
            "highlight" => config.highlight = self.flag(key, value)?,
            "show_peers" => config.show_peers = self.flag(key, value)?,
            "mouse" => config.mouse = self.flag(key, value)?,
            "keys" => config.keys = self.keys(value)?,
            unknown => {
                let hint = suggestion(unknown, KEYS);
                let message = format!("there is no setting \"{unknown}\"{hint}");
                return Err(self.source.error(Some(span), message));
            }
        }
        Ok(())
    }

    fn expected(&self, key: &str, value: &Value<'_>, expected: &str) -> SourceError {
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
    fn one_of<T: Copy>(
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

    fn network(&self, value: &Value<'_>) -> Result<NetworkKind, SourceError> {
        let text = value.get_ref().as_str().unwrap_or_default();
        text.parse()
            .map_err(|_| self.expected("network", value, "\"local\", \"lan\" or \"internet\""))
    }

    fn tab_width(&self, value: &Value<'_>) -> Result<u16, SourceError> {
        let number = value.get_ref().as_integer();
        let number =
            number.and_then(|number| u16::from_str_radix(number.as_str(), number.radix()).ok());
        number
            .filter(|number| (1..=16).contains(number))
            .ok_or_else(|| self.expected("tab_width", value, "a whole number from 1 to 16"))
    }

    fn keys(&self, value: &Value<'_>) -> Result<Vec<(Command, Vec<KeyPress>)>, SourceError> {
        let DeValue::Table(table) = value.get_ref() else {
            return Err(self.expected("keys", value, "a table, written as [keys]"));
        };
        let mut bindings = Vec::new();
        let mut owners: Vec<(KeyPress, Command)> = Vec::new();
        for (command, keys) in in_order(table) {
            let name: &str = command.as_ref();
            let command = Command::from_name(name).ok_or_else(|| {
                let hint = suggestion(name, COMMANDS.iter().map(|info| info.name));
                let message = format!("there is no command \"{name}\"{hint}");
                self.source.error(Some(command.span()), message)
            })?;
            let keys = self.keys_of(command, keys)?;
            for (key, span) in &keys {
                if let Some((_, owner)) = owners.iter().find(|(owned, _)| owned == key) {
                    let message = format!("{key} is given to both {owner} and {command}");
                    return Err(self.source.error(Some(span.clone()), message));
                }
                owners.push((*key, command));
            }
            bindings.push((command, keys.into_iter().map(|(key, _)| key).collect()));
        }
        Ok(bindings)
    }

    /// Reads `"key"` or `["key", …]`.
    fn keys_of(
        &self,
        command: Command,
        value: &Value<'_>,
    ) -> Result<Vec<(KeyPress, std::ops::Range<usize>)>, SourceError> {
        let expected = "a key like \"Ctrl-S\", a list of keys, or [] for none";
        let one = std::slice::from_ref(value);
        let list = value.get_ref().as_array().map_or(one, |list| list);
        let keys = list.iter().map(|value| {
            let text = value.get_ref().as_str();
            let text = text.ok_or_else(|| self.expected(command.name(), value, expected))?;
            let wrong = |message: String| self.source.error(Some(value.span()), message);
            let key: KeyPress = text.parse().map_err(|error| wrong(format!("{error}")))?;
            if key.text().is_some() {
                return Err(wrong(format!(
                    "{key} is needed for typing; {command} needs a key with Ctrl or Alt, or one that types nothing"
                )));
            }
            Ok((key, value.span()))
        });
        keys.collect()
    }
}

/// The entries of a table as they stand in the file, so that the first mistake is told first.
fn in_order<'a, 'i>(
    table: &'a DeTable<'i>,
) -> Vec<(&'a Spanned<std::borrow::Cow<'i, str>>, &'a Value<'i>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, SourceError> {
        Config::parse("config.toml", text)
    }

    #[test]
    fn no_file_means_the_defaults() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(
            Config::load(folder.path()).expect("defaults"),
            Config::default()
        );
        assert_eq!(
            Config::load(&folder.path().join("absent")).expect("defaults"),
            Config::default()
        );
        assert_eq!(parse("").expect("defaults"), Config::default());
    }

    #[test]
    fn everything_can_be_set() {
        let text = r##"
            name = "Ada"
            color = "#1e90ff"
            theme = "light"
            network = "lan"
            tab_width = 8
            wrap = false
            show_peers = false
            mouse = false
            [keys]
            save = "F12"
            quit = ["Ctrl-Q", "F10"]
            suspend = []
        "##;
        let config = parse(text).expect("a configuration");
        assert_eq!(config.name.as_deref(), Some("Ada"));
        assert_eq!(config.color.as_deref(), Some("#1E90FF"));
        assert_eq!(config.theme.as_deref(), Some("light"));
        assert_eq!(config.network, Some(NetworkKind::Lan));
        assert_eq!((config.tab_width, config.wrap), (8, false));
        assert_eq!((config.show_peers, config.mouse), (false, false));
        let keymap = config.keymap();
        let key = |text: &str| text.parse().expect("a key");
        assert_eq!(keymap.lookup(key("F12")), Some(Command::Save));
        assert_eq!(keymap.lookup(key("Ctrl-S")), None);
        assert_eq!(keymap.lookup(key("F10")), Some(Command::Quit));
        assert_eq!(keymap.keys_for(Command::Suspend), []);
    }

    #[test]
    fn mistakes_are_told_with_line_and_what_is_expected() {
        for (text, expected) in [
            (
                "\ntab_widht = 4",
                "line 2: there is no setting \"tab_widht\"; did you mean \"tab_width\"?",
            ),
            ("zzz = 1", "line 1: there is no setting \"zzz\""),
            (
                "tab_width = 0",
                "line 1: \"tab_width\" must be a whole number from 1 to 16",
            ),
            ("tab_width = \"4\"", "must be a whole number"),
            ("wrap = \"yes\"", "\"wrap\" must be true or false"),
            (
                "name = \"\"",
                "\"name\" must be a text of 1 to 32 characters",
            ),
            ("color = \"blue\"", "\"blue\" is no colour"),
            (
                "network = \"wan\"",
                "\"network\" must be \"local\", \"lan\" or \"internet\"",
            ),
            ("theme = 3", "\"theme\" must be the name of a theme"),
            ("keys = 3", "\"keys\" must be a table"),
            (
                "[keys]\nsvae = \"F1\"",
                "line 2: there is no command \"svae\"; did you mean \"save\"?",
            ),
            ("[keys]\nsave = \"Crtl-S\"", "line 2: \"Crtl-S\" is no key"),
            ("[keys]\nsave = 3", "\"save\" must be a key like"),
            ("[keys]\nsave = \"s\"", "s is needed for typing"),
            (
                "[keys]\nsave = \"F7\"\nquit = [\n\"F8\",\n\"F7\"]",
                "line 5: F7 is given to both save and quit",
            ),
            ("wrap = = 1", "config.toml, line 1: "),
            ("wrap = true\nwrap = true", "line 2: "),
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.contains(expected), "{error:?} lacks {expected:?}");
            assert!(error.starts_with("config.toml, line "), "{error:?}");
            assert!(!error.contains('\n'), "{error:?}");
        }
    }

    #[test]
    fn the_list_of_settings_is_the_one_that_is_read() {
        for key in KEYS {
            let error = parse(&format!("{key} = 1979-05-27")).expect_err("a date fits nothing");
            assert!(!error.message.contains("there is no setting"), "{error}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("config.toml")).expect("a folder in its place");
        let error = Config::load(folder.path())
            .expect_err("a folder")
            .to_string();
        assert!(error.contains("config.toml cannot be read: "), "{error}");
    }
}
