//! Joining a document: what becomes of the file that was named for it.
//!
//! Until the document is here and the person has decided, the file is not touched.

use super::{
    app::{App, Event, Existing, ExistingFile, MessageKind},
    opening::Aside,
};
use crate::store::{difference, differing_lines};

/// How far joining has come.
pub(crate) enum Joining {
    /// There is nothing (more) to decide.
    Done,
    /// The document of the host is not here yet.
    Waiting(Option<Aside>),
    /// The person was asked about the file.
    Asked(Aside),
}

impl Joining {
    /// Begins to join, or not.
    pub fn new(host: bool, aside: Option<Aside>) -> Self {
        if host || aside.is_some() { Self::Waiting(aside) } else { Self::Done }
    }

    /// Whether the file still waits for the person's decision.
    pub fn keeps_file(&self) -> bool {
        match self {
            Self::Done | Self::Waiting(None) => false,
            Self::Waiting(Some(_)) | Self::Asked(_) => true,
        }
    }

    /// The document of the host is here. Returns what the application must be told.
    pub fn arrived(&mut self, app: &App, title: String) -> Vec<Event> {
        let Self::Waiting(aside) = std::mem::replace(self, Self::Done) else { return Vec::new() };
        let mut events = vec![Event::Joined { title }];
        let Some(aside) = aside.filter(|aside| *app.document().rope() != aside.text.as_str()) else {
            return events;
        };
        let theirs = app.document().rope().to_string();
        events.push(Event::AskExisting(ExistingFile {
            path: aside.path.clone(),
            mine_lines: aside.text.lines().count(),
            differing_lines: differing_lines(&aside.text, &theirs),
        }));
        *self = Self::Asked(aside);
        events
    }

    /// The person decided. `back_up` copies the file beside itself and says where, or why not.
    pub fn decided(
        &mut self,
        app: &App,
        existing: Existing,
        back_up: impl FnOnce(&Aside) -> Result<String, String>,
    ) -> Option<Event> {
        let Self::Asked(aside) = std::mem::replace(self, Self::Done) else { return None };
        match existing {
            Existing::KeepMine => {
                let theirs = app.document().rope().to_string();
                Some(Event::Edit(difference(&theirs, &aside.text)))
            }
            Existing::TakeTheirs => Some(match back_up(&aside) {
                Ok(backup) => {
                    let sentence = format!("Your text is in {backup}; saving writes theirs");
                    Event::Message(MessageKind::Info, sentence)
                }
                Err(why) => {
                    // Without a backup the file stays as it is.
                    *self = Self::Asked(aside);
                    Event::Message(MessageKind::Error, why)
                }
            }),
            Existing::Cancel => None,
        }
    }
}
