//! What can be set for the text as it is written and shown, and switched while the editor runs.

use std::path::Path;

use super::{App, Effect, Highlighting};
use crate::{
    UserInfo,
    ui::{
        config::{Config, IndentStyle},
        text::{comment::Comment, indentation::Indentation},
        theme::Theme,
    },
};

/// What stands left of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineNumbers {
    /// The number of each line, counted from 1.
    #[default]
    Absolute,
    /// How far each line is from the caret's; that one shows its number.
    Relative,
    /// Nothing.
    Off,
}

/// What an `.editorconfig` says of a file. What is `None` is left to the person's own settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileProperties {
    /// What one step of indentation is.
    pub indentation: Option<Indentation>,
    /// How wide a tab is shown, in columns.
    pub tab_width: Option<u16>,
    /// Whether blanks at the ends of lines go when the file is saved.
    pub trim_on_save: Option<bool>,
    /// Whether the last line gets a line end when the file is saved.
    pub final_newline: Option<bool>,
}

/// The settings of one document.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) line_numbers: LineNumbers,
    pub(crate) show_whitespace: bool,
    /// Whether it is shown who wrote what.
    pub(crate) show_authors: bool,
    pub(crate) tab_width: u16,
    pub(super) read_only: bool,
    pub(super) trim_on_save: bool,
    pub(super) final_newline: bool,
    pub(super) indentation: Indentation,
    properties: FileProperties,
}

impl Settings {
    /// The settings for a text: the file's properties go first, then what the text itself shows,
    /// then the configuration.
    pub(super) fn new(config: &Config, properties: FileProperties, rope: &ropey::Rope) -> Self {
        let tab_width = properties.tab_width.unwrap_or(config.tab_width);
        let usual = match config.indent {
            IndentStyle::Tabs => Indentation::Tabs(tab_width),
            IndentStyle::Spaces => Indentation::Spaces(tab_width),
            IndentStyle::Auto => {
                Indentation::detect(rope, tab_width).unwrap_or(Indentation::Tabs(tab_width))
            }
        };
        Self {
            line_numbers: config.line_numbers,
            show_whitespace: config.show_whitespace,
            show_authors: config.show_authors,
            tab_width,
            read_only: false,
            trim_on_save: properties.trim_on_save.unwrap_or(config.trim_on_save),
            final_newline: properties.final_newline.unwrap_or(false),
            indentation: properties.indentation.unwrap_or(usual),
            properties,
        }
    }
}

impl App {
    /// Takes over what is known of the file from beside it.
    pub fn adopt(&mut self, properties: FileProperties) {
        let read_only = self.settings.read_only;
        self.settings = Settings::new(&self.config, properties, self.document.rope());
        self.settings.read_only = read_only;
    }

    /// Takes changed settings over. What was switched by a key stays as it was where the setting
    /// did not change.
    pub(super) fn configure(&mut self, config: Config, theme: Theme) {
        let held = self.hold();
        let before = std::mem::replace(&mut self.config, config);
        let config = &self.config;
        let fresh = Settings::new(config, self.settings.properties, self.document.rope());
        let settings = &mut self.settings;
        if before.line_numbers != config.line_numbers {
            settings.line_numbers = fresh.line_numbers;
        }
        if before.show_whitespace != config.show_whitespace {
            settings.show_whitespace = fresh.show_whitespace;
        }
        if before.show_authors != config.show_authors {
            settings.show_authors = fresh.show_authors;
        }
        settings.tab_width = fresh.tab_width;
        settings.trim_on_save = fresh.trim_on_save;
        settings.indentation = fresh.indentation;
        if before.wrap != config.wrap {
            self.wrap = config.wrap;
        }
        if before.highlight != config.highlight {
            self.highlighting = Highlighting::new(config.highlight);
        }
        self.keymap = config.keymap();
        self.theme = theme;
        let mut user = self.user.clone();
        if before.name != config.name {
            user.name = config.name.clone().unwrap_or(user.name);
        }
        if before.color != config.color {
            user.color = config.color.clone().unwrap_or(user.color);
        }
        self.settle(held);
        self.reveal();
        self.introduce(user);
        self.reply("The changed settings hold now");
    }

    /// Becomes somebody, and tells the others.
    pub(super) fn introduce(&mut self, user: UserInfo) {
        if self.user != user {
            self.user = user.clone();
            self.effects.push(Effect::Introduce(user));
        }
    }

    /// A text that came from elsewhere may be indented otherwise than the one before it.
    pub(super) fn look_at_indentation(&mut self) {
        let fresh = Settings::new(&self.config, self.settings.properties, self.document.rope());
        self.settings.indentation = fresh.indentation;
    }

    /// The marks of a comment in this file.
    pub(super) fn comment(&self) -> Option<Comment> {
        self.path
            .as_deref()
            .or(Some(Path::new(&self.title)))
            .and_then(Comment::for_file)
    }

    /// Whether the person chose to change nothing.
    pub(super) fn only_reads(&self) -> bool {
        self.settings.read_only
    }

    /// Whether the person has not chosen to change nothing; reminds them if so.
    pub(super) fn may_edit(&mut self) -> bool {
        if self.settings.read_only {
            let key = self
                .keymap
                .keys_for(crate::ui::command::Command::ToggleReadOnly);
            let how = key
                .first()
                .map_or_else(String::new, |key| format!("; {key} lets you write"));
            self.reply(format!("You are only reading{how}"));
        }
        !self.settings.read_only
    }

    pub(super) fn toggle_read_only(&mut self) {
        self.settings.read_only = !self.settings.read_only;
        self.reply(if self.settings.read_only {
            "You are only reading: your keys change nothing"
        } else {
            "You can write again"
        });
    }

    pub(super) fn cycle_line_numbers(&mut self) {
        let held = self.hold();
        let (next, words) = match self.settings.line_numbers {
            LineNumbers::Absolute => (LineNumbers::Relative, "Line numbers count from your line"),
            LineNumbers::Relative => (LineNumbers::Off, "No line numbers"),
            LineNumbers::Off => (LineNumbers::Absolute, "Line numbers"),
        };
        self.settings.line_numbers = next;
        self.settle(held);
        self.reply(words);
    }

    pub(super) fn toggle_whitespace(&mut self) {
        self.settings.show_whitespace = !self.settings.show_whitespace;
        self.reply(if self.settings.show_whitespace {
            "Spaces and tabs are shown"
        } else {
            "Spaces and tabs are not shown"
        });
    }
}
