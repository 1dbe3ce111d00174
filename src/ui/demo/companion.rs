//! One of those who act in the demonstration: a peer like any other, with a replica, a node and a
//! caret of its own.

use std::{path::PathBuf, time::Duration};

use tokio::sync::mpsc;

use super::script::Who;
use crate::{
    ConflictSettings, NetworkKind, NodeId, PeerAddress, PeerState, Servers, SharedDocument,
    UserInfo,
    crdt::{Delta, EditContext, EditKind, TextDocument, TextSelection},
    serve::Trust,
    store::{ReplicaLock, Store},
    ui::{app::LocalCaret, launch::LaunchError, network::Network},
    workspace::{Doorkeeper, Entrance, SharingOptions, Visitors},
};

/// Where everybody in the demonstration finds each other, and what they agree on.
#[derive(Clone, Debug)]
pub(super) struct Meeting {
    /// The replica of the person at the screen.
    pub(super) host: NodeId,
    pub(super) title: String,
    pub(super) lookup_directory: PathBuf,
    /// Each of them keeps its things in a folder of this one.
    pub(super) folder: PathBuf,
    pub(super) conflicts: ConflictSettings,
}

/// A peer that does as it is told.
pub(super) struct Companion {
    network: Network,
    document: TextDocument,
    selection: TextSelection,
    typing: bool,
    _lock: Option<ReplicaLock>,
}

impl Companion {
    /// Comes into the document. Must be called inside a tokio runtime.
    pub(super) fn join(who: Who, meeting: &Meeting) -> Result<Self, LaunchError> {
        let store = Store::open(&meeting.folder.join(who.name()))?;
        let replica = store.create_replica(&meeting.title)?;
        let lock = store.try_lock(replica.id)?;
        let visitors = Visitors {
            trust: Trust::Anyone,
            doorkeeper: Doorkeeper::Nobody,
            banned: Vec::new(),
            wanted: None,
            retrial: None,
        };
        let (entrance, _) = Entrance::load(&store, replica.id, None, visitors)?;
        let document = TextDocument::new(SharedDocument::new(loro::LoroDoc::new()));
        let color = match who {
            Who::Ada => "#E86A74",
            Who::Ben => "#3FA35D",
        };
        let options = SharingOptions {
            document: document.shared().clone(),
            document_id: None,
            title: meeting.title.clone(),
            key: replica.node_key.to_bytes(),
            user: UserInfo {
                name: who.name().to_owned(),
                color: color.to_owned(),
                avatar_url: None,
            },
            kind: NetworkKind::Local,
            servers: Servers::default(),
            lookup_directory: meeting.lookup_directory.clone(),
            conflicts: meeting.conflicts.clone(),
            entrance,
            ticket: None,
            peers: vec![PeerAddress::unknown(meeting.host)],
        };
        // It looks by itself, and needs not be told.
        let (tell, _) = mpsc::unbounded_channel();
        Ok(Self {
            network: Network::start(options, &tell, std::future::ready(()))?,
            document,
            selection: TextSelection::caret(0),
            typing: false,
            _lock: lock,
        })
    }

    /// Whether it has the document and is connected.
    pub(super) fn is_here(&self) -> bool {
        let peers = self.network.peers();
        let connected = peers.iter().any(|peer| peer.state == PeerState::Connected);
        connected && self.document.rope().len_chars() > 0
    }

    /// How many conflicts it knows of that wait for an answer.
    pub(super) fn open_conflicts(&self) -> usize {
        self.network.open_conflicts()
    }

    /// Takes in what others did.
    pub(super) fn catch_up(&mut self) {
        for change in self.document.drain() {
            self.selection = self.selection.carried(&change.delta);
        }
    }

    /// Puts the caret behind these words; where they are gone, to the end.
    pub(super) fn go_behind(&mut self, words: &str) {
        let end = self.document.rope().len_chars();
        self.selection = TextSelection::caret(self.find(words).map_or(end, |range| range.end));
        self.publish();
    }

    /// Selects these words; where they are gone, nothing at the end.
    pub(super) fn select(&mut self, words: &str) {
        let end = self.document.rope().len_chars();
        let range = self.find(words).unwrap_or(end..end);
        self.selection = TextSelection {
            anchor: range.start,
            head: range.end,
        };
        self.publish();
    }

    /// Types a character over what is selected.
    pub(super) fn type_character(&mut self, character: char, now: Duration) {
        let TextSelection { anchor, head } = self.selection;
        let range = anchor.min(head)..anchor.max(head);
        let delta = Delta::replace(range, character.encode_utf8(&mut [0; 4]));
        let context = EditContext {
            kind: EditKind::Type,
            selection: self.selection,
            now,
        };
        self.typing = true;
        match self.document.edit(&delta, context) {
            Ok(changes) => {
                let (edit, before) = match changes.split_last() {
                    Some((edit, before)) => (Some(edit), before),
                    None => (None, &[][..]),
                };
                for change in before {
                    self.selection = self.selection.carried(&change.delta);
                }
                if let Some(edit) = edit {
                    self.selection = self.selection.after_own(&edit.delta);
                }
            }
            Err(error) => tracing::warn!("the demonstration lacks a letter: {error}"),
        }
        self.publish();
    }

    /// Lifts the hands from the keys.
    pub(super) fn pause(&mut self) {
        self.typing = false;
        self.publish();
    }

    /// Cuts all connections, or lets them come back.
    pub(super) fn set_offline(&mut self, offline: bool) {
        self.network.set_offline(offline);
    }

    /// Says goodbye.
    pub(super) async fn leave(self) {
        self.network.stop().await;
    }

    fn publish(&self) {
        let caret = LocalCaret {
            selection: self.selection,
            typing: self.typing,
            away: false,
        };
        self.network.publish(&self.document, caret);
    }

    /// Where these words are.
    fn find(&self, words: &str) -> Option<std::ops::Range<usize>> {
        let text = self.document.rope().to_string();
        let start = text[..text.find(words)?].chars().count();
        Some(start..start + words.chars().count())
    }
}
