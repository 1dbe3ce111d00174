//! A document whose text is on the screen before the document itself is there.
//!
//! Until then edits are kept by an early log, and saving, sharing and looking at the file wait. Then
//! the edits go into the document, the journal begins with them, and everything is as with any other.

use std::sync::Arc;

use tokio::{
    sync::oneshot,
    task::{JoinError, spawn_blocking},
};

use super::{Editor, Event, MessageKind, News, complain, journal_news};
use crate::{
    store::Journaled,
    ui::set_aside,
    workspace::{OpeningError, Preparation},
};

/// Comes when the document is there, or cannot be made.
pub(super) type Prepared = oneshot::Receiver<Result<Result<Journaled, OpeningError>, JoinError>>;

impl Editor {
    /// Has the document made whose text is shown.
    pub(super) fn prepare(&mut self, mut preparation: Preparation) {
        if let Some(log) = preparation.take_log() {
            self.disk.keep_early(log);
        }
        let (done, prepared) = oneshot::channel();
        self.preparing = Some(prepared);
        let (disk, tell) = (Arc::clone(&self.disk), self.tell.clone());
        tokio::spawn(async move {
            let made = spawn_blocking(move || preparation.run(disk.store(), disk.replica())).await;
            // Nobody listens any more when the editor closes.
            let _ = done.send(made);
            let _ = tell.send(News::Prepared);
        });
    }

    /// The document is there, or cannot be made.
    pub(super) fn take_in_prepared(&mut self) {
        let Some(mut preparing) = self.preparing.take() else {
            return;
        };
        let prepared = match preparing.try_recv() {
            Ok(Ok(made)) => self.begin(made),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let network = prepared.and_then(|()| {
            let stored = self.disk.stored();
            let begun = self.network.begin(&self.tell, stored);
            begun.map_err(|error| error.to_string())
        });
        if let Err(error) = network {
            return self.tell_of_failure(&error);
        }
        self.show_access();
        self.noted = None;
        self.is_published = false;
        self.update(Event::Prepared);
    }

    /// Waits for the document when the editor closes. What was typed is in the early log if that
    /// fails.
    pub(super) async fn finish_preparing(&mut self) -> Result<(), String> {
        let Some(preparing) = self.preparing.take() else {
            return Ok(());
        };
        match preparing.await {
            Ok(Ok(made)) => self.begin(made),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Goes on with the document: what was typed goes into it, and it is journaled.
    fn begin(&mut self, made: Result<Journaled, OpeningError>) -> Result<(), String> {
        let journaled = made.map_err(|error| error.to_string())?;
        self.app
            .write_early_edits()
            .map_err(|error| error.to_string())?;
        let document = self.app.document().shared().clone();
        let begun = self
            .disk
            .begin(document, journaled, journal_news(&self.tell));
        begun.map_err(|error| error.to_string())?;
        self.on_disk(|disk| {
            // The journal tells by itself when it fails; then the early log stays.
            disk.store_early().ok().map(|()| Event::EarlyStored)
        });
        Ok(())
    }

    /// Keeps what was typed before the document is stored.
    pub(super) fn keep_early_edits(&mut self) {
        let edits = self.app.take_unstored();
        if !edits.is_empty() {
            self.on_disk(move |disk| disk.note_early(&edits).err().map(complain));
        }
    }

    fn tell_of_failure(&mut self, error: &str) {
        let kept = match set_aside::keep(&self.app) {
            Ok(path) => format!("your text is in {}", path.display()),
            Err(error) => format!("your text could not be put aside: {error}"),
        };
        let sentence = format!("The document cannot be opened: {error}; {kept}");
        self.update(Event::Message(MessageKind::Error, sentence));
    }
}
