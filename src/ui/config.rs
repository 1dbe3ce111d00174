//! `config.toml`: what a person wants otherwise than usual.
//!
//! Everything in it is optional, and so is the file. A mistake in it is told in one sentence with
//! file and line, so that nobody wonders why a setting does nothing.

mod conflicts;
mod network;
mod reader;

use std::{
    fmt::Write,
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    app::LineNumbers,
    command::{COMMANDS, Command, Group},
    keymap::{KeySequence, Keymap},
    source::SourceError,
    theme::Borders,
};
use crate::{ConflictSettings, NetworkKind, Servers, crdt::conflict::RULES};

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
    /// Through which servers.
    pub servers: Servers,
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
    /// Whether it is shown who wrote what.
    pub show_authors: bool,
    /// Whether blanks at the ends of lines go when a file is saved.
    pub trim_on_save: bool,
    /// Whether languages are coloured.
    pub highlight: bool,
    /// Whether the pane with the people is shown at the start.
    pub show_peers: bool,
    /// What frames, lines and marks are drawn with.
    pub borders: Borders,
    /// Whether the mouse is used. Without it the terminal's own selecting works.
    pub mouse: bool,
    /// How long after the last change the text is saved by itself; `None`: never.
    pub autosave: Option<Duration>,
    /// What is held to be a conflict, and what is done about it.
    pub conflicts: ConflictSettings,
    /// Which keys are the usual ones.
    pub keymap: KeymapName,
    /// Commands with the keys they get instead of their usual ones.
    pub keys: Vec<(Command, Vec<KeySequence>)>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: None,
            color: None,
            theme: None,
            network: None,
            servers: Servers::default(),
            tab_width: 4,
            wrap: true,
            indent: IndentStyle::default(),
            line_numbers: LineNumbers::default(),
            show_whitespace: false,
            show_authors: false,
            trim_on_save: false,
            highlight: true,
            show_peers: true,
            borders: Borders::default(),
            mouse: true,
            autosave: None,
            conflicts: ConflictSettings::default(),
            keymap: KeymapName::default(),
            keys: Vec::new(),
        }
    }
}

/// The keymaps that are part of the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeymapName {
    /// The keys of the table of commands.
    #[default]
    Usual,
    /// Those of Emacs.
    Emacs,
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
    ///
    /// # Errors
    ///
    /// The first thing that is wrong.
    pub fn parse(origin: &str, text: &str) -> Result<Self, SourceError> {
        let (config, problems) = reader::read(origin, text);
        match problems.into_iter().next() {
            Some(problem) => Err(problem),
            None => Ok(config),
        }
    }

    /// Returns everything that is wrong with a text, in its order.
    pub fn check(origin: &str, text: &str) -> Vec<SourceError> {
        reader::read(origin, text).1
    }

    /// Returns a file with every setting as it is without a file, each explained.
    pub fn documented_default() -> String {
        let rules = RULES.iter().map(|info| {
            let grade = info.grade.name();
            format!("# {} = \"{grade}\"\n", info.name)
        });
        let rules: String = rules.collect();
        let mut text = include_str!("config/default.toml").replace("RULES\n", &(rules + "\n"));
        for group in Group::ALL {
            // Writing to a string does not fail.
            let _ = writeln!(text, "\n# {}", group.title());
            for info in COMMANDS.iter().filter(|info| info.group == group) {
                let keys: Vec<_> = info.keys.iter().map(|key| format!("\"{key}\"")).collect();
                let _ = writeln!(
                    text,
                    "# {}\n{} = [{}]",
                    info.help,
                    info.name,
                    keys.join(", ")
                );
            }
        }
        text
    }

    /// Returns the usual keys with those of the configuration put over them.
    pub fn keymap(&self) -> Keymap {
        let mut keymap = Keymap::default();
        let built_in = match self.keymap {
            KeymapName::Usual => Vec::new(),
            KeymapName::Emacs => {
                let text = include_str!("config/emacs.toml");
                reader::read("built-in keymap emacs", text).0.keys
            }
        };
        for (command, keys) in built_in.iter().chain(&self.keys) {
            keymap.bind(*command, keys);
        }
        keymap
    }
}

#[cfg(test)]
mod tests;
