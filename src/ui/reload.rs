//! Takes changed settings over while the editor runs.
//!
//! The file is looked at once a second: asking for its time costs microseconds, and works on every
//! file system.

use std::{fs, path::PathBuf, time::SystemTime};

use super::{
    app::{Event, MessageKind},
    config::Config,
    theme::{ColorDepth, Theme},
};

/// Where the settings are, and how they were found last.
#[derive(Debug)]
pub(super) struct SettingsWatch {
    folder: PathBuf,
    /// The theme of the command line, which goes before the file's.
    theme: Option<String>,
    /// The theme where nobody chose one.
    usual_theme: String,
    depth: ColorDepth,
    seen: Option<(SystemTime, u64)>,
}

impl SettingsWatch {
    /// Watches `config.toml` in a folder, as it is now.
    pub(super) fn new(
        folder: PathBuf,
        theme: Option<String>,
        usual_theme: String,
        depth: ColorDepth,
    ) -> Self {
        let mut watch = Self {
            folder,
            theme,
            usual_theme,
            depth,
            seen: None,
        };
        watch.seen = watch.look();
        watch
    }

    /// Returns what to tell the application if the file changed since the last call.
    pub(super) fn changed(&mut self) -> Option<Event> {
        let now = self.look();
        if now == self.seen {
            return None;
        }
        self.seen = now;
        Some(self.read().unwrap_or_else(|problem| {
            let sentence = format!("The settings stay as they were: {problem}");
            Event::Message(MessageKind::Error, sentence)
        }))
    }

    fn read(&self) -> Result<Event, String> {
        let config = Config::load(&self.folder).map_err(|error| error.to_string())?;
        let name = self.theme.as_ref().or(config.theme.as_ref());
        let name = name.unwrap_or(&self.usual_theme);
        let theme = Theme::load(name, Some(&self.folder.join("themes")))
            .map_err(|error| error.to_string())?;
        let theme = theme.with_depth(self.depth).with_borders(config.borders);
        Ok(Event::Configured(Box::new((config, theme))))
    }

    fn look(&self) -> Option<(SystemTime, u64)> {
        let metadata = fs::metadata(self.folder.join("config.toml")).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_read_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        let mut watch = SettingsWatch::new(
            folder.path().to_owned(),
            None,
            "dark".to_owned(),
            ColorDepth::True,
        );
        assert!(watch.changed().is_none());
        fs::write(&path, "theme = \"light\"\nwrap = false\n").expect("written");
        match watch.changed() {
            Some(Event::Configured(told)) => {
                assert!(!told.0.wrap);
                assert_eq!(told.1.name(), "light");
            }
            other => panic!("{other:?}"),
        }
        assert!(watch.changed().is_none());
        fs::write(&path, "wrap = 12345\n").expect("written");
        match watch.changed() {
            Some(Event::Message(MessageKind::Error, sentence)) => {
                assert!(sentence.contains("line 1"), "{sentence}");
            }
            other => panic!("{other:?}"),
        }
        fs::remove_file(&path).expect("removed");
        assert!(matches!(watch.changed(), Some(Event::Configured(_))));
    }
}
