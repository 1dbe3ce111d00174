//! What the status line says for a few seconds.

use std::time::Duration;

use super::{App, MessageKind};

/// A sentence with an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// How much it matters.
    pub(crate) kind: MessageKind,
    /// The sentence.
    pub(crate) text: String,
    /// When it goes.
    pub(crate) until: Duration,
}

impl App {
    /// Says something in the status line. A newer sentence replaces an older one, but plain news
    /// do not push away an error.
    pub(super) fn notify(&mut self, kind: MessageKind, text: impl Into<String>) {
        let seconds = match (kind, &self.notice) {
            (MessageKind::Error, _) => 8,
            (MessageKind::Info, Some(shown)) if shown.kind == MessageKind::Error => return,
            (MessageKind::Info, _) => 4,
        };
        self.notice = Some(Notice {
            kind,
            text: text.into(),
            until: self.now + Duration::from_secs(seconds),
        });
    }

    /// Says something that the person asked for just now; it replaces an error too.
    pub(super) fn reply(&mut self, text: impl Into<String>) {
        self.notice = None;
        self.notify(MessageKind::Info, text);
    }

    /// Says what did not work.
    pub(super) fn complain(&mut self, text: impl Into<String>) {
        self.notify(MessageKind::Error, text);
    }
}
