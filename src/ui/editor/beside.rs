//! Several copads on one file: answering the others, and taking the file over when the one that
//! has it is gone.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::{Editor, Event, MessageKind, News, journal_news};
use crate::{
    store::canonical_path,
    workspace::{Answer, DocumentStatus, OpeningError, PeerStatus, Stamp, TakenOver},
};

/// Until then the people of another copad on the file are announced.
const ANNOUNCED: Duration = Duration::from_millis(800);

impl Editor {
    /// Saves for another copad of this person, and answers it, as soon as this version is here.
    pub(crate) fn save_for(&mut self, version: Vec<u8>, reply: oneshot::Sender<Answer>) {
        self.saves_asked.ask(version, reply, Instant::now());
        self.save_for_others();
    }

    /// Whether this is the document's file; `path` is canonical.
    pub(crate) fn has_file(&self, path: &Path) -> bool {
        self.app.path().is_some_and(|own| is_same(own, path))
    }

    /// Tells what was found out when the file was opened beside another copad, once it is past
    /// that the people there are announced, which would cover it.
    fn tell_of_the_other(&mut self) {
        if self.now() > ANNOUNCED
            && let Some(sentence) = self.beside_message.take()
        {
            self.update(Event::Message(MessageKind::Info, sentence));
        }
    }

    /// Saves for others what has arrived from them.
    pub(super) fn save_for_others(&mut self) {
        if self.saves_asked.is_empty() {
            return;
        }
        // What has arrived must be in the text that is saved.
        self.update(Event::DocumentChanged);
        let (document, state) = (self.app.document().shared(), self.app.state());
        if self.saves_asked.is_due(document, state, Instant::now()) {
            self.update(Event::Save);
        }
    }

    /// Whether a file is in the hands of another copad.
    pub(super) fn is_beside(&self, path: &Path) -> bool {
        self.beside.as_ref().is_some_and(|beside| beside.is(path))
    }

    /// Sees to what other copads on this file wait for, or whether the one that has it is gone.
    pub(crate) fn look_after_the_file(&mut self) {
        self.save_for_others();
        self.tell_of_the_other();
        let Some(beside) = self.beside.clone() else {
            return;
        };
        if self.app.path().is_some_and(|path| !beside.is(path)) {
            // Saved under another name: it has a file of its own now.
            self.beside = None;
            return self.update(Event::ReadOnly(None));
        }
        self.observe_file();
        let looks = self.taking_over.as_ref();
        if looks.is_some_and(|task| !task.is_finished()) || !self.joining.is_done() {
            return;
        }
        let (disk, document, tell) = (
            self.disk.clone(),
            self.app.document().shared().clone(),
            self.tell.clone(),
        );
        let unheard = self.app.is_read_only();
        self.taking_over = Some(tokio::task::spawn_blocking(move || {
            let taken = beside.take_over(disk.store(), &document, disk.replica());
            let news = match taken.map(|taken| taken.map(Box::new)).transpose() {
                Some(result) => News::TakenOver(result),
                None if unheard && beside.answers(disk.store()) => News::App(Event::ReadOnly(None)),
                None => return,
            };
            // Nobody listens any more when the editor closes.
            let _ = tell.send(news);
        }));
    }

    /// Compares the file that another copad writes with the text, if either changed.
    fn observe_file(&mut self) {
        let now = self.app.path().and_then(Stamp::of);
        let now = now.map(|stamp| (stamp, self.app.state()));
        if now.is_some() && now != self.observed && self.app.modified() {
            self.observed = now;
            self.update(Event::FileTouched);
        }
    }

    /// Goes on as the one that has the file: under its node id, with its place in the store.
    pub(super) fn taken_over(&mut self, result: Result<Box<TakenOver>, OpeningError>) {
        let Some(_) = self.beside.take() else { return };
        let taken = match result {
            Ok(taken) => *taken,
            Err(error) => {
                return self.update(Event::Message(MessageKind::Error, error.to_string()));
            }
        };
        // What comes last to the replica beside the file comes to the file's as well.
        self.on_disk(|disk| {
            let _ = disk.close();
            None
        });
        self.disk = Arc::new(taken.disk);
        let document = self.app.document().shared().clone();
        let begun = self
            .disk
            .begin(document, taken.journaled, journal_news(&self.tell));
        if let Err(error) = begun {
            self.update(Event::Message(MessageKind::Error, error.to_string()));
        }
        let entrance = self.network.entrance().of_replica(
            self.disk.store(),
            self.disk.replica(),
            self.network.document_id(),
        );
        let entrance = entrance.unwrap_or_else(|error| {
            self.update(Event::Message(MessageKind::Error, error.to_string()));
            self.network.entrance().clone()
        });
        let key = self.disk.node_key();
        let stored = self.disk.stored();
        let started = self
            .network
            .start_again_as(key, entrance, taken.peers, &self.tell, stored);
        if let Err(error) = started {
            self.update(Event::Message(MessageKind::Error, error.to_string()));
        }
        self.is_published = false;
        self.publish();
        self.update(Event::ReadOnly(None));
        self.update(Event::FileTouched);
        self.update(Event::Share(self.network.share_info()));
        self.show_access();
        let told = "The other copad is gone; the file is open here alone".to_owned();
        let sentence = taken.message.unwrap_or(told);
        self.update(Event::Message(MessageKind::Info, sentence));
        self.look_at_peers();
    }

    /// How the document fares.
    pub(crate) fn status(&self) -> DocumentStatus {
        let peers = self.network.peers();
        DocumentStatus {
            title: self.app.name(),
            path: self.app.path().map(canonical),
            document: self.network.document_id(),
            node: self.network.node(),
            saved: !self.app.modified(),
            peers: peers.iter().map(PeerStatus::from).collect(),
        }
    }
}

fn canonical(path: &Path) -> PathBuf {
    canonical_path(path).unwrap_or_else(|_| path.to_owned())
}

fn is_same(own: &Path, path: &Path) -> bool {
    canonical(own) == path
}
