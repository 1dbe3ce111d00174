//! One document that is served: its task, from opening to the last save.

use std::{
    future::pending,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::{
    broadcast::{self, error::RecvError},
    mpsc, oneshot, watch,
};

use super::ServeError;
use crate::{
    AccessEvent, ConflictSettings, ConnectionEvent, DocumentEvent, DocumentInfo, Invitation,
    NetworkKind, NodeId, PeerState, PresenceEvent, Servers, SessionState, UserInfo,
    crdt::{TextDocument, TextFormat},
    store::{ContentHash, JournalNews, Places, Store, StoreError, read_file},
    workspace::{
        self, Answer, Disk, DocumentStatus, Doorkeeper, Entrance, PeerStatus, Retrial, SaveError,
        SaveRequest, SavedFile, SavesAsked, Sharing, SharingEvents, SharingOptions, Trust,
        Visitors,
    },
};

/// The file is saved when nothing was changed for so long,
const QUIET: Duration = Duration::from_secs(1);
/// but at least this often while somebody types without a pause.
const LONGEST_UNSAVED: Duration = Duration::from_secs(10);
/// How often the file is looked at, and peers are noted.
const LOOK: Duration = Duration::from_secs(2);
/// After a save that failed the next attempt waits so long.
const RETRY: Duration = Duration::from_secs(10);
/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_millis(300);
/// Events that may wait. Whoever falls behind looks at the document instead.
const QUEUE: usize = 256;
/// The server's colour where others list it; it has no caret.
const COLOR: &str = "#8A8F98";

/// What all documents of a server have in common.
pub(super) struct Setting<'a> {
    pub(super) places: &'a Places,
    pub(super) name: &'a str,
    pub(super) network: NetworkKind,
    pub(super) servers: &'a Servers,
    /// Whose document is joined.
    pub(super) invitation: Option<&'a Invitation>,
    pub(super) trust: Trust,
    pub(super) retrial: Option<&'a Retrial>,
}

/// What a document's task is told.
pub(super) enum Order {
    /// Tell how it goes.
    Status(oneshot::Sender<DocumentStatus>),
    /// Save with everything up to a version.
    Save {
        version: Vec<u8>,
        reply: oneshot::Sender<Answer>,
    },
    /// Save, say goodbye, and end.
    Stop,
}

/// A document that is served.
pub(super) struct Served {
    path: PathBuf,
    title: String,
    format: TextFormat,
    text: TextDocument,
    disk: Arc<Disk>,
    sharing: Sharing,
    events: Events,
    /// Whether the document of a peer is awaited.
    joins: bool,
    /// Whether the file lacks something.
    unsaved: Option<Unsaved>,
    saves_asked: SavesAsked,
    /// Counts saves.
    saves: u64,
}

struct Events {
    updates: broadcast::Receiver<DocumentEvent>,
    presence: broadcast::Receiver<PresenceEvent>,
    connections: broadcast::Receiver<ConnectionEvent>,
    info: watch::Receiver<DocumentInfo>,
    access: broadcast::Receiver<AccessEvent>,
}

#[derive(Clone, Copy)]
struct Unsaved {
    since: Instant,
    changed: Instant,
    /// Not before this, after a failure.
    retry: Option<Instant>,
}

impl Unsaved {
    fn due(&self) -> Instant {
        let due = (self.changed + QUIET).min(self.since + LONGEST_UNSAVED);
        self.retry.map_or(due, |retry| retry.max(due))
    }
}

/// Opens a document and starts to share it. Must be called inside a tokio runtime.
pub(super) fn open(path: &Path, setting: &Setting<'_>) -> Result<Served, ServeError> {
    let file = read_file(path)?;
    let store = Store::open(&setting.places.state)?;
    let replica = store.replica_for(path)?;
    let Some(lock) = store.try_lock(replica.id)? else {
        return Err(StoreError::OpenElsewhere {
            path: path.to_owned(),
            holder: store.lock_holder(replica.id),
        }
        .into());
    };
    let known = store.peers(replica.id)?.into_iter();
    let mut peers: Vec<_> = known.map(|peer| peer.address).collect();
    let host = setting.invitation.map(Invitation::address);
    let new_host = workspace::new_host(&replica, &peers, host.clone());
    let joins = new_host.is_some();
    let opening = match new_host {
        // Nobody is there to be asked what becomes of a text.
        Some(_) if replica.document.is_some() || !file.text.is_empty() => {
            return Err(ServeError::HasText(path.to_owned()));
        }
        Some(host) => {
            peers = vec![host];
            workspace::join(&store, &replica, Some(file))?
        }
        None => workspace::reopen(&store, &replica, Some(file))?,
    };
    store.record_opened(replica.id, SystemTime::now())?;
    let visitors = Visitors {
        trust: setting.trust,
        doorkeeper: Doorkeeper::Nobody,
        banned: Vec::new(),
        wanted: host.map(|host| host.node),
        retrial: setting.retrial.cloned(),
    };
    let (entrance, accident) = Entrance::load(&store, replica.id, opening.document_id, visitors)?;
    if let Some(accident) = accident {
        tracing::warn!(file = %path.display(), "{accident}");
    }
    let disk = Arc::new(Disk::new(store, &replica, lock, None));
    let document = opening.document.shared().clone();
    disk.begin(document, opening.journaled, journal_news(path))?;
    let (updates, update_events) = broadcast::channel(QUEUE);
    let (presence, presence_events) = broadcast::channel(QUEUE);
    let shown = path.display().to_string();
    let sharing = Sharing::start(
        SharingOptions {
            document: opening.document.shared().clone(),
            document_id: opening.document_id,
            title: replica.title.clone(),
            key: replica.node_key.to_bytes(),
            user: UserInfo {
                name: setting.name.to_owned(),
                color: COLOR.to_owned(),
                avatar_url: None,
            },
            kind: setting.network,
            servers: setting.servers.clone(),
            lookup_directory: setting.places.runtime.clone(),
            conflicts: ConflictSettings::default(),
            entrance,
            ticket: setting
                .invitation
                .cloned()
                .and_then(Invitation::into_ticket),
            peers,
        },
        SharingEvents { updates, presence },
        disk.stored(),
        move |error| tracing::error!(file = shown, %error, "nobody can join"),
    )?;
    let node = NodeId::of_key(&replica.node_key.to_bytes());
    let found = opening.message;
    tracing::info!(file = %path.display(), %node, found, "serving");
    let now = Instant::now();
    Ok(Served {
        events: Events {
            updates: update_events,
            presence: presence_events,
            connections: sharing.protocol().connection_manager().subscribe(),
            info: sharing.protocol().document_info(),
            access: sharing.protocol().access_manager().subscribe(),
        },
        path: path.to_owned(),
        title: replica.title.clone(),
        format: opening.format,
        unsaved: opening.modified.then_some(Unsaved {
            since: now,
            changed: now,
            retry: None,
        }),
        text: opening.document,
        disk,
        sharing,
        joins,
        saves_asked: SavesAsked::default(),
        saves: 0,
    })
}

impl Served {
    /// The file, canonical.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Serves the document until it is ordered to stop.
    ///
    /// # Errors
    ///
    /// Fails when the session did; the document must be opened anew then.
    pub(super) async fn run(
        mut self,
        mut orders: mpsc::UnboundedReceiver<Order>,
    ) -> Result<(), ServeError> {
        let mut look = tokio::time::interval(LOOK);
        loop {
            let due = self
                .unsaved
                .filter(|_| !self.joins)
                .map(|unsaved| unsaved.due());
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Status(reply)) => {
                        // Who asked may have given up.
                        let _ = reply.send(self.status());
                    }
                    Some(Order::Save { version, reply }) => {
                        self.saves_asked.ask(version, reply, Instant::now());
                    }
                    Some(Order::Stop) | None => break,
                },
                update = self.events.updates.recv() => match update {
                    Ok(_) => self.changed(),
                    Err(RecvError::Lagged(_)) => {
                        self.events.updates = self.events.updates.resubscribe();
                        self.changed();
                    }
                    // The session has failed.
                    Err(RecvError::Closed) => return Err(self.failure().await),
                },
                Ok(event) = self.events.presence.recv() => self.tell_presence(&event),
                Ok(event) = self.events.connections.recv() => self.tell_connection(&event),
                Ok(event) = self.events.access.recv() => self.note_access(event).await,
                Ok(()) = self.events.info.changed() => self.joined().await,
                () = until(due) => self.save().await,
                _ = look.tick() => self.look().await,
            }
            if self
                .saves_asked
                .is_due(self.text.shared(), self.saves, Instant::now())
            {
                self.save().await;
            }
        }
        self.stop().await
    }

    /// Why the session ended. The document may be damaged then and is not touched any more; what
    /// was stored of it is sound.
    async fn failure(&self) -> ServeError {
        let state = self.sharing.protocol().session_state().borrow().clone();
        let reason = match &state {
            SessionState::Failed { reason, culprit } => {
                if let Some(culprit) = *culprit {
                    self.shut_out(culprit).await;
                }
                reason.clone()
            }
            SessionState::Superseded { by } => format!(
                "by a fault its copy differs from that of {by}, which goes on; move the file away \
                 and serve it with --connect {by} to have that one"
            ),
            SessionState::Running | SessionState::Ended => "it ended by itself".to_owned(),
        };
        let path = self.path.clone();
        ServeError::Failed { path, reason }
    }

    /// Whoever broke the document does not come back.
    async fn shut_out(&self, culprit: NodeId) {
        let file = self.path.display();
        tracing::warn!(%file, node = %culprit, "an edit of theirs broke the document: shut out");
        let shut_out = self.on_disk(move |disk| disk.quarantine(culprit)).await;
        if let Some(Err(error)) = shut_out {
            tracing::error!(%file, %error, "that they are shut out is not stored");
        }
    }

    /// Records who may do what.
    async fn note_access(&self, event: AccessEvent) {
        let file = self.path.display();
        match event {
            AccessEvent::RosterChanged(roster) => {
                let recorded = self.on_disk(move |disk| disk.record_roster(&roster)).await;
                if let Some(Err(error)) = recorded {
                    tracing::error!(%file, %error, "the list of members is not stored");
                }
            }
            AccessEvent::RoleChanged { node, to, .. } => {
                tracing::info!(%file, %node, role = ?to, "a role changed");
            }
            _ => {}
        }
    }

    /// Something changed the document.
    fn changed(&mut self) {
        let now = Instant::now();
        match &mut self.unsaved {
            Some(unsaved) => unsaved.changed = now,
            None => {
                self.unsaved = Some(Unsaved {
                    since: now,
                    changed: now,
                    retry: None,
                });
            }
        }
    }

    /// Writes the file, with what another program wrote there since merged.
    async fn save(&mut self) {
        self.merge_file().await;
        self.text.drain();
        self.unsaved = None;
        let request = SaveRequest {
            path: self.path.clone(),
            text: self.text.rope().clone(),
            format: self.format,
            version: self.saves,
            replace: true,
            // Nothing but what was merged is written over.
            expected: Some(self.disk.saved_hash().unwrap_or(ContentHash::of(b""))),
        };
        self.saves += 1;
        let version = self.text.version();
        let saved = self.on_disk(move |disk| disk.save(&request, &version));
        self.saved(saved.await);
    }

    fn saved(&mut self, saved: Option<Result<SavedFile, SaveError>>) {
        let failed = SaveError::Failed {
            sentence: "the disk could not be waited for".to_owned(),
            reason: "disk error".to_owned(),
            elsewhere: false,
        };
        let saved = saved.unwrap_or(Err(failed));
        let file = self.path.display();
        match &saved {
            Ok(_) => tracing::info!(%file, characters = self.text.rope().len_chars(), "saved"),
            Err(SaveError::Changed) => {
                tracing::info!(%file, "not saved yet: another program writes the file");
                self.save_again(LOOK);
            }
            Err(error) => {
                tracing::error!(%file, %error, "not saved; it is kept and tried again");
                self.save_again(RETRY);
            }
        }
        self.saves_asked.saved(&saved);
    }

    fn save_again(&mut self, after: Duration) {
        let now = Instant::now();
        self.unsaved = Some(Unsaved {
            since: now,
            changed: now,
            retry: Some(now + after),
        });
    }

    /// Looks whether another program wrote the file, and who is here.
    async fn look(&mut self) {
        // Tried again, if it could not be stored when it came.
        self.joined().await;
        self.merge_file().await;
        self.remember().await;
    }

    async fn merge_file(&mut self) {
        if self.joins {
            return;
        }
        let document = self.text.shared().clone();
        let path = self.path.clone();
        let merged = self.on_disk(move |disk| disk.merge_file(&path, &document));
        match merged.await {
            Some(Ok(Some(message))) => {
                tracing::info!(file = %self.path.display(), found = message, "merged");
                self.changed();
            }
            Some(Ok(None)) | None => {}
            Some(Err(error)) => {
                tracing::warn!(file = %self.path.display(), %error, "the file cannot be read");
            }
        }
    }

    /// Records who is here, so that they are found next time.
    async fn remember(&self) {
        let peers = self.sharing.peers();
        let remembered = self.on_disk(move |disk| disk.remember(&peers));
        if let Some(Err(error)) = remembered.await {
            tracing::error!(file = %self.path.display(), %error, "the peers are not stored");
        }
    }

    /// The document of the host is here, if it was awaited.
    async fn joined(&mut self) {
        let info = self.events.info.borrow_and_update().clone();
        let Some(document) = info.document.filter(|_| self.joins && info.first_sync) else {
            return;
        };
        let title = info.title.clone();
        let adopted = self.on_disk(move |disk| disk.adopt(document, &title)).await;
        if let Some(Err(error)) = adopted {
            tracing::error!(file = %self.path.display(), %error, "the document is not stored");
            return;
        }
        tracing::info!(file = %self.path.display(), title = info.title, "joined");
        self.joins = false;
        self.changed();
    }

    /// Does something with the disk on a thread that may wait. `None`: it panicked.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Disk) -> T + Send + 'static,
    ) -> Option<T> {
        let disk = Arc::clone(&self.disk);
        tokio::task::spawn_blocking(move || work(&disk)).await.ok()
    }

    /// Everything that is here goes to the disk, before and after everybody was told.
    async fn stop(mut self) -> Result<(), ServeError> {
        self.flush().await;
        self.remember().await;
        let goodbye = self.sharing.protocol().shutdown();
        // Whoever was not told by then finds out by our silence.
        let _ = tokio::time::timeout(GOODBYE, goodbye).await;
        if !self.text.drain().is_empty() {
            self.changed();
        }
        self.flush().await;
        let is_saved = self.unsaved.is_none() || self.joins;
        let closed = self.on_disk(Disk::close).await;
        if let Some(Err(error)) = &closed {
            tracing::error!(file = %self.path.display(), %error, "the history is not stored");
        }
        let path = self.path.clone();
        let _ = tokio::time::timeout(GOODBYE, self.sharing.stop()).await;
        match (is_saved, closed) {
            (true, Some(Ok(()))) => Ok(()),
            (false, Some(Ok(()))) => Err(ServeError::NotSaved(path)),
            (_, Some(Err(_)) | None) => Err(ServeError::NotStored(path)),
        }
    }

    async fn flush(&mut self) {
        if self.unsaved.is_some() && !self.joins {
            self.save().await;
        }
    }

    fn tell_presence(&self, event: &PresenceEvent) {
        let file = self.path.display();
        match event {
            PresenceEvent::Joined { node, presence } => {
                tracing::info!(%file, %node, name = presence.user.name, "somebody came");
            }
            PresenceEvent::Left { node, user } => {
                tracing::info!(%file, %node, name = user.name, "somebody left");
            }
            PresenceEvent::Updated { .. } | PresenceEvent::Called { .. } => {}
        }
    }

    fn tell_connection(&self, event: &ConnectionEvent) {
        let ConnectionEvent { node, to, .. } = event;
        let (file, reason) = (self.path.display(), &event.reason);
        match to {
            PeerState::Connected => tracing::info!(%file, %node, "connected"),
            PeerState::Disconnected => tracing::info!(%file, %node, ?reason, "disconnected"),
            PeerState::Connecting
            | PeerState::Syncing
            | PeerState::Unstable
            | PeerState::Disconnecting => tracing::debug!(%file, %node, ?to, ?reason, "peer"),
        }
    }

    fn status(&self) -> DocumentStatus {
        let info = self.sharing.protocol().document_info();
        DocumentStatus {
            title: self.title.clone(),
            path: Some(self.path.clone()),
            document: info.borrow().document,
            node: NodeId::of_key(&self.disk.node_key()),
            saved: self.unsaved.is_none(),
            peers: self.sharing.peers().iter().map(PeerStatus::from).collect(),
        }
    }
}

/// Tells in the log when the history cannot be stored, and when it can again.
fn journal_news(path: &Path) -> impl Fn(JournalNews) + Send + 'static {
    let file = path.display().to_string();
    move |news| match news {
        JournalNews::Failing {
            sentence: reason, ..
        } => {
            tracing::error!(file, reason, "the history is not stored; it is tried again");
        }
        JournalNews::Recovered => tracing::info!(file, "the history is stored again"),
    }
}

/// Waits until a moment, or for ever.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => pending().await,
    }
}
