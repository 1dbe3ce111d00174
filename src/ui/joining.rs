//! Joining a document: what becomes of the file that was named for it.
//!
//! Until the document is here and the person has decided, the file is not touched, and neither is
//! what is stored of it: the document that is joined has a replica of its own.

use std::path::{Path, PathBuf};

use super::app::{App, Event, Existing, ExistingFile, MessageKind};
use crate::{
    store::{FileError, difference, differing_lines},
    workspace::Aside,
};

/// How far joining has come.
pub(super) enum Joining {
    /// The document is the one it will be, and the file is its file.
    Done,
    /// The document of the host is not here yet.
    Waiting {
        /// What is in the file.
        aside: Option<Aside>,
    },
    /// The person was asked about the file.
    Asked(Aside),
}

impl Joining {
    pub(super) fn new(joins: bool, aside: Option<Aside>) -> Self {
        if joins {
            Self::Waiting { aside }
        } else {
            Self::Done
        }
    }

    /// Whether nobody has to decide about the file any more.
    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    /// Whether a file must not be written yet.
    pub(super) fn protects(&self, path: &Path) -> bool {
        match self {
            Self::Waiting { aside: Some(aside) } | Self::Asked(aside) => {
                crate::store::canonical_path(path).is_ok_and(|path| path == aside.path)
            }
            Self::Done | Self::Waiting { aside: None } => false,
        }
    }

    /// The document of the host is here. Returns what the application must be told.
    pub(super) fn arrived(&mut self, app: &App, title: &str) -> Vec<Event> {
        let Self::Waiting { aside } = std::mem::replace(self, Self::Done) else {
            return Vec::new();
        };
        let mut events = vec![Event::Joined {
            title: title.to_owned(),
        }];
        let rope = app.document().rope();
        if let Some(aside) = aside.filter(|aside| *rope != aside.text.as_str()) {
            events.push(Event::AskExisting(ExistingFile {
                path: aside.path.clone(),
                mine_lines: aside.text.lines().count(),
                differing_lines: differing_lines(&aside.text, &rope.to_string()),
            }));
            *self = Self::Asked(aside);
        }
        events
    }

    /// The person decided. `back_up` copies the file beside itself. Returns what the application
    /// must be told.
    pub(super) fn decided(
        &mut self,
        app: &App,
        existing: Existing,
        back_up: impl FnOnce(&Path) -> Result<PathBuf, FileError>,
    ) -> Option<Event> {
        let Self::Asked(aside) = std::mem::replace(self, Self::Done) else {
            return None;
        };
        match existing {
            Existing::KeepMine => {
                let theirs = app.document().rope().to_string();
                Some(Event::Edit(difference(&theirs, &aside.text)))
            }
            Existing::TakeTheirs => Some(match back_up(&aside.path) {
                Ok(backup) => {
                    let sentence =
                        format!("Your text is in {}; saving writes theirs", backup.display());
                    Event::Message(MessageKind::Info, sentence)
                }
                Err(error) => {
                    // Without a backup the file stays as it is.
                    *self = Self::Asked(aside);
                    Event::Message(MessageKind::Error, error.to_string())
                }
            }),
            Existing::Cancel => None,
        }
    }
}
