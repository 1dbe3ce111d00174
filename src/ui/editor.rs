//! The editor without its terminal: the application, with the network, the disk and the clipboard
//! that carry out what it asks for.

mod access;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use ratatui::Frame;
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    app::{AccessNews, App, Effect, Event, Existing, MessageKind, PeerRow, SaveRequest},
    clipboard::{Clipboard, ClipboardEvent, Reach},
    disk::Disk,
    entrance::Trust,
    joining::Joining,
    launch::{LaunchError, Launched},
    network::{self, Network},
    set_aside::{self, Successor},
};
use crate::{
    AccessEvent, DocumentId, DocumentInfo, Invitation, NodeId, crdt::SharedDocument,
    store::StoreError,
};

/// Storing the history of a large document holds up typing for some frames, so it waits for a
/// pause of this length,
const PAUSE: Duration = Duration::from_secs(2);
/// but for no longer than this.
const LONGEST_UNKEPT: Duration = Duration::from_secs(60);

/// What tasks and threads have to tell.
#[derive(Debug)]
pub(super) enum News {
    /// For the application.
    App(Event),
    /// Which document this is, and whether a peer has handed it over.
    Document(DocumentInfo),
    /// Somebody knocks, or who may do what has changed.
    Access(AccessEvent),
    /// An update of this peer broke the document, which must not be touched any more.
    Broken(NodeId),
    /// The content of a peer's replica goes on in place of ours.
    Superseded(NodeId),
    /// From the clipboard.
    Clipboard(ClipboardEvent),
}

/// What only the terminal can do.
pub(super) enum TerminalEffect {
    Suspend,
    Redraw,
    SetTitle(String),
    Copy(String),
}

/// One open document and everything around it.
pub(super) struct Editor {
    app: App,
    clipboard: Clipboard,
    disk: Arc<Disk>,
    document: SharedDocument,
    network: Network,
    joining: Joining,
    tell: mpsc::UnboundedSender<News>,
    started: Instant,
    /// When the person last did something.
    acted: Instant,
    /// When the document was last stored.
    kept: Instant,
    for_terminal: Vec<TerminalEffect>,
    shown_peers: Vec<PeerRow>,
    /// The last piece of work for the disk; they are done one after the other.
    disk_work: Option<JoinHandle<()>>,
    /// The document that was joined, until it is recorded.
    adopt: Option<(DocumentId, String)>,
    /// What to open instead of this document.
    successor: Option<Successor>,
    /// Whether the document must not be touched any more.
    broken: bool,
    done: bool,
}

impl Editor {
    /// Starts the network around an open document. Must be called inside a tokio runtime.
    pub(super) fn open(
        launched: Launched,
        tell: mpsc::UnboundedSender<News>,
    ) -> Result<Self, LaunchError> {
        let network = Network::start(&launched, &tell)?;
        let now = Instant::now();
        let mut editor = Self {
            network,
            joining: Joining::new(launched.joins, launched.aside, launched.fresh),
            document: launched.app.document().shared().clone(),
            app: launched.app,
            clipboard: clipboard(&tell),
            disk: Arc::new(launched.disk),
            tell,
            started: now,
            acted: now,
            kept: now,
            for_terminal: Vec::new(),
            shown_peers: Vec::new(),
            disk_work: None,
            adopt: None,
            successor: None,
            broken: false,
            done: false,
        };
        editor.update(Event::Share(launched.share));
        let state = editor.network.access();
        editor.update(Event::Access(Box::new(AccessNews::State(state))));
        if launched.entrance.trust == Trust::Anyone {
            editor.update(Event::Access(Box::new(AccessNews::OpenToAnyone)));
        }
        if let Some(sentence) = launched.message {
            editor.update(Event::Message(MessageKind::Info, sentence));
        }
        // At once: a peer may have the history a moment from now, and it must be ours as well.
        editor.keep();
        Ok(editor)
    }

    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// Returns what is to be opened in place of this document.
    pub(super) fn take_successor(&mut self) -> Option<Successor> {
        self.successor.take()
    }

    pub(super) fn next_tick(&self) -> Option<Instant> {
        self.app.next_tick().map(|at| self.started + at)
    }

    pub(super) fn draw(&mut self, frame: &mut Frame) {
        self.app.draw(frame);
    }

    /// Tells the application, and does what it asks for.
    pub(super) fn update(&mut self, event: Event) {
        match event {
            Event::Key(_) | Event::Paste(_) | Event::Mouse(_) => self.acted = Instant::now(),
            _ => {}
        }
        let now = self.now();
        for effect in self.app.update(event, now) {
            self.carry_out(effect);
        }
    }

    pub(super) fn take_in(&mut self, news: News) {
        match news {
            News::App(event @ (Event::Connection(_) | Event::Presence(_))) => {
                self.update(event);
                self.look_at_peers();
            }
            News::App(event) => self.update(event),
            News::Document(info) => self.take_in_document(info),
            News::Access(event) => self.take_in_access(event),
            News::Broken(culprit) => self.restore(culprit),
            News::Superseded(by) => self.give_way(by),
            News::Clipboard(ClipboardEvent::Pasted(text)) => self.update(Event::Clipboard(text)),
            News::Clipboard(ClipboardEvent::WriteToTerminal(text)) => {
                self.for_terminal.push(TerminalEffect::Copy(text));
            }
        }
    }

    /// Shows the peers as they are now. Returns whether anything about them changed.
    pub(super) fn look_at_peers(&mut self) -> bool {
        let rows = network::rows(&self.network.peers());
        if rows == self.shown_peers {
            return false;
        }
        self.shown_peers.clone_from(&rows);
        self.update(Event::Peers(rows));
        true
    }

    /// Returns what the terminal has to do.
    pub(super) fn take_terminal_effects(&mut self) -> Vec<TerminalEffect> {
        std::mem::take(&mut self.for_terminal)
    }

    /// Stores the document when the person makes a pause, or has not made one for long.
    pub(super) fn keep_when_quiet(&mut self) {
        let pause = self.acted > self.kept && self.acted.elapsed() >= PAUSE;
        if pause || self.kept.elapsed() >= LONGEST_UNKEPT {
            self.keep();
        }
    }

    /// Stores the document with its history, if it changed since.
    pub(super) fn keep(&mut self) {
        if self.broken || !self.joining.lets_keep() {
            return;
        }
        self.kept = Instant::now();
        let peers = self.network.peers();
        let document = self.document.clone();
        self.on_disk(move |disk| {
            let kept = disk.keep(&document).and_then(|()| disk.remember(&peers));
            kept.err().map(|error| {
                let sentence = format!("Your edits are not stored: {error}");
                Event::Message(MessageKind::Error, sentence)
            })
        });
    }

    /// Says goodbye to everybody, and stores what was typed. With `forget` the stored history goes
    /// afterwards, so that another one can take its place.
    pub(super) async fn close(mut self, forget: bool) -> Result<(), StoreError> {
        self.keep();
        let disk_work = self.disk_work.take();
        self.network.stop().await;
        if let Some(work) = disk_work {
            // It told what went wrong, if anything did.
            let _ = work.await;
        }
        if forget {
            self.disk.start_over()
        } else {
            Ok(())
        }
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Save(request) => self.save(request),
            Effect::Quit => self.done = true,
            Effect::Suspend => self.for_terminal.push(TerminalEffect::Suspend),
            Effect::Redraw => self.for_terminal.push(TerminalEffect::Redraw),
            Effect::SetTitle(title) => self.for_terminal.push(TerminalEffect::SetTitle(title)),
            Effect::Copy(text) => self.copy(text),
            Effect::RequestPaste => self.clipboard.paste(),
            Effect::Publish(caret) => self.network.publish(self.app.document(), caret),
            Effect::Connect(node) => self.connect(&node),
            Effect::Offline(offline) => self.network.set_offline(offline),
            Effect::Access(request) => self.carry_out_access(request),
            Effect::AnswerExisting(existing) => self.answer_existing(existing),
        }
    }

    fn save(&mut self, request: SaveRequest) {
        if self.joining.protects(&request.path) {
            let name = request.path.display();
            let sentence = format!("{name} waits for the document you join, and was not written");
            return self.update(Event::Message(MessageKind::Error, sentence));
        }
        let version = self.app.document().version();
        let document = self.document.clone();
        self.on_disk(move |disk| Some(Event::Saved(disk.save(&request, &version, &document))));
    }

    /// Does something with the disk on a thread that may wait, after what was asked for before.
    fn on_disk(&mut self, work: impl FnOnce(&Disk) -> Option<Event> + Send + 'static) {
        let disk = Arc::clone(&self.disk);
        let tell = self.tell.clone();
        let before = self.disk_work.take();
        self.disk_work = Some(tokio::spawn(async move {
            if let Some(before) = before {
                let _ = before.await;
            }
            if let Ok(Some(event)) = tokio::task::spawn_blocking(move || work(&disk)).await {
                // Nobody listens any more when the editor closes.
                let _ = tell.send(News::App(event));
            }
        }));
    }

    fn copy(&mut self, text: String) {
        self.for_terminal
            .extend(self.clipboard.copy(text).map(TerminalEffect::Copy));
    }

    fn connect(&mut self, to: &str) {
        match to.parse::<Invitation>() {
            Ok(there) if there.address().node == NodeId::of_key(&self.disk.node_key()) => {
                let sentence = "That is your own node id: send it to somebody else".to_owned();
                self.update(Event::Message(MessageKind::Error, sentence));
            }
            // An empty buffer has nothing to lose: the document that is joined takes its place.
            Ok(_) if self.app.is_blank() => {
                self.successor = Some(Successor::join(to.to_owned()));
                self.done = true;
            }
            Ok(there) => self.network.connect(&there),
            Err(error) => self.update(Event::Message(MessageKind::Error, error.to_string())),
        }
    }

    fn take_in_document(&mut self, info: DocumentInfo) {
        if !info.first_sync {
            return;
        }
        // What came with the sync must be in the text before it is compared with anything.
        self.update(Event::DocumentChanged);
        for event in self.joining.arrived(&self.app, &info.title) {
            self.update(event);
        }
        let Some(document) = info.document else {
            return;
        };
        self.adopt = Some((document, info.title));
        self.settle();
    }

    /// Opens the document again as it was stored, without whoever broke it; keeps the text.
    fn restore(&mut self, culprit: NodeId) {
        let name = self.shown_peers.iter().find(|peer| peer.node == culprit);
        let name = name.and_then(|peer| peer.user.as_ref());
        let name = name.map_or_else(|| culprit.short(), |user| user.name.clone());
        self.broken = true;
        let text = set_aside::keep(&self.app);
        self.successor = Some(Successor::restore(culprit, &name, text.ok()));
        self.done = true;
    }

    /// Opens the document of a peer anew, whose content goes on in place of ours; keeps the text.
    fn give_way(&mut self, to: NodeId) {
        match set_aside::keep(&self.app) {
            Ok(path) => {
                self.successor = Some(Successor::replace(to, path));
                self.done = true;
            }
            Err(error) => {
                let sentence = format!(
                    "Your document differs from the others' by a fault, is shared no more, and \
                     could not be put aside: {error}. Save it under another name"
                );
                self.update(Event::Message(MessageKind::Error, sentence));
            }
        }
    }

    fn answer_existing(&mut self, existing: Existing) {
        if let Existing::Cancel = existing {
            // Nothing was touched, and what came from the host is still there.
            self.done = true;
            return;
        }
        let disk = Arc::clone(&self.disk);
        let back_up = |path: &Path| disk.back_up(path);
        if let Some(event) = self.joining.decided(&self.app, existing, back_up) {
            self.update(event);
        }
        self.settle();
    }

    /// Records which document this is, as soon as nobody has to decide about the file any more.
    fn settle(&mut self) {
        if self.joining.is_done()
            && let Some((document, title)) = self.adopt.take()
        {
            self.on_disk(move |disk| {
                let adopted = disk.adopt(document, &title);
                adopted
                    .err()
                    .map(|error| Event::Message(MessageKind::Error, error.to_string()))
            });
            self.keep();
        }
    }
}

/// Opens the clipboard, and lets its news come with all other news.
fn clipboard(tell: &mpsc::UnboundedSender<News>) -> Clipboard {
    let (events, mut told) = mpsc::unbounded_channel();
    let tell = tell.clone();
    tokio::spawn(async move {
        while let Some(event) = told.recv().await {
            if tell.send(News::Clipboard(event)).is_err() {
                return;
            }
        }
    });
    Clipboard::new(
        Reach::from_environment(|name| std::env::var(name).ok()),
        events,
    )
}
