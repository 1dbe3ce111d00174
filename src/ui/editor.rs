//! One open document without its terminal: the application, with the network and the disk that carry
//! out what it asks for.

mod access;
mod beside;
mod others;
mod preparing;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use ratatui::Frame;
use tokio::{sync::mpsc, task::JoinHandle};

use self::preparing::Prepared;
use super::{
    app::{
        AccessNews, App, Effect, Event, Existing, Job, JournalState, LocalCaret, MessageKind,
        PeerRow, SaveRequest,
    },
    folder,
    joining::Joining,
    launch::{LaunchError, Launched},
    network::Network,
    reload::SettingsWatch,
    set_aside::{self, Successor},
    view::{Place, View},
    watching::{self, FileWatch},
};
use crate::{
    AccessEvent, DocumentId, DocumentInfo, Invitation, NodeId, PeerState,
    store::{JournalNews, StoreError},
    workspace::{Beside, Disk, OpeningError, SaveError, SavesAsked, Stamp, TakenOver},
};

/// What tasks and threads have to tell.
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
    /// A large answer of a peer has come further.
    Progress,
    /// The document is there whose text is shown, or cannot be made.
    Prepared,
    /// The copad that had the file is gone, and the file is ours; or there is no hope for that.
    TakenOver(Result<Box<TakenOver>, OpeningError>),
}

/// What concerns the documents that are open together.
#[derive(Debug)]
pub(super) enum Request {
    /// Nothing here is in the way of the end of the program.
    Quit,
    /// The person does not want to leave after all.
    Stay,
    /// Open a file.
    Open(PathBuf),
    /// Open a document without a file.
    New,
    /// Show another document, so many further.
    Turn(isize),
    /// Save under a name that is not this document's, unless it is another's.
    SaveAs(Box<SaveRequest>),
    /// Put this text on the clipboard.
    Copy(String),
    /// Fetch the clipboard, and send [`Event::Clipboard`].
    Paste,
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
    settings: SettingsWatch,
    disk: Arc<Disk>,
    network: Network,
    joining: Joining,
    tell: mpsc::UnboundedSender<News>,
    started: Instant,
    /// Where the person was when that was last noted.
    noted: Option<Place>,
    for_terminal: Vec<TerminalEffect>,
    requests: Vec<Request>,
    shown_peers: Vec<PeerRow>,
    file_watch: FileWatch,
    /// The last piece of work for the disk; they are done one after the other.
    disk_work: Option<JoinHandle<()>>,
    /// The document that was joined, until it is recorded.
    adopt: Option<(DocumentId, String)>,
    /// What to tell once more when a document was joined, which has words of its own.
    notice: Option<String>,
    /// What to open instead of this document.
    successor: Option<Successor>,
    /// Who was asked for and is not there yet, and what to tell about it.
    absent_host: Option<(NodeId, String)>,
    /// Another copad has the file.
    beside: Option<Beside>,
    /// What to tell about that.
    beside_message: Option<String>,
    /// The file and the state of the text when they were last compared.
    observed: Option<(Stamp, u64)>,
    /// Looks whether it still has.
    taking_over: Option<JoinHandle<()>>,
    /// Where our caret is, for the others.
    caret: Option<LocalCaret>,
    /// Whether they were told.
    is_published: bool,
    /// Other copads on the file that want it saved.
    saves_asked: SavesAsked,
    /// The document, while only its text is here.
    preparing: Option<Prepared>,
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
        let disk = Arc::clone(&launched.disk);
        let network = if launched.preparation.is_some() {
            Network::waiting(launched.sharing)
        } else {
            let document = launched.app.document().shared().clone();
            disk.begin(document, launched.journaled, journal_news(&tell))?;
            // First: a peer may have the history a moment from now, and it must be ours as well.
            Network::start(launched.sharing, &tell, disk.stored())?
        };
        let mut editor = Self {
            network,
            joining: Joining::new(launched.joins, launched.aside),
            app: launched.app,
            settings: launched.settings,
            disk,
            tell,
            started: Instant::now(),
            noted: None,
            for_terminal: Vec::new(),
            requests: Vec::new(),
            shown_peers: Vec::new(),
            file_watch: FileWatch::default(),
            disk_work: None,
            adopt: None,
            notice: launched.message.clone().filter(|_| launched.joins),
            successor: None,
            absent_host: launched.absent_host,
            beside: launched.beside,
            beside_message: None,
            observed: None,
            taking_over: None,
            caret: None,
            is_published: true,
            saves_asked: SavesAsked::default(),
            preparing: None,
            broken: false,
            done: false,
        };
        if let Some(preparation) = launched.preparation {
            editor.prepare(preparation);
        }
        editor.update(Event::Share(editor.network.share_info()));
        editor.show_access();
        if editor.network.entrance().is_open() {
            editor.update(Event::Access(Box::new(AccessNews::OpenToAnyone)));
        }
        if let Some(why) = launched.read_only {
            editor.update(Event::ReadOnly(Some(why.clone())));
            editor.update(Event::Message(MessageKind::Error, why));
        }
        if editor.beside.is_some() && launched.message.is_some() {
            editor.beside_message = launched.message;
        } else if let Some(sentence) = launched.message {
            editor.update(Event::Message(MessageKind::Info, sentence));
        }
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
        if let Event::Saved(result) = &event {
            self.saves_asked.saved(result);
        }
        let now = self.now();
        for effect in self.app.update(event, now) {
            self.carry_out(effect);
        }
        self.keep_early_edits();
        self.file_watch.follow(self.app.path(), &self.tell);
    }

    /// A way to tell it news.
    pub(super) fn teller(&self) -> mpsc::UnboundedSender<News> {
        self.tell.clone()
    }

    pub(super) fn take_in(&mut self, news: News) {
        match news {
            News::App(event @ (Event::Connection(_) | Event::Presence(_))) => {
                self.update(event);
                self.look_at_peers();
            }
            News::App(event) => {
                self.update(event);
                self.save_for_others();
            }
            News::Progress => {
                self.look_at_peers();
            }
            News::Prepared => self.take_in_prepared(),
            News::TakenOver(result) => self.taken_over(result),
            News::Document(info) => self.take_in_document(info),
            News::Access(event) => self.take_in_access(event),
            News::Broken(culprit) => self.restore(culprit),
            News::Superseded(by) => self.give_way(by),
        }
    }

    /// Tells the others where our caret is, if it has moved. Not done at once, because it takes a
    /// look into the document, and the screen comes first.
    pub(super) fn publish(&mut self) {
        if let Some(caret) = self.caret
            && !std::mem::replace(&mut self.is_published, true)
        {
            self.network.publish(self.app.document(), caret);
        }
    }

    /// Shows the peers as they are now. Returns whether anything about them changed.
    pub(super) fn look_at_peers(&mut self) -> bool {
        let rows = self.network.rows();
        let changed = rows != self.shown_peers;
        // That they still lack nothing is news when there are new edits.
        if changed || self.app.unsent_edits() > 0 {
            self.shown_peers.clone_from(&rows);
            self.update(Event::Peers(rows));
        }
        if changed {
            self.remember_peers();
            self.tell_of_absence();
        }
        changed
    }

    /// Takes changed settings over.
    pub(super) fn look_at_settings(&mut self) -> bool {
        let event = self.settings.changed();
        let changed = event.is_some();
        event.into_iter().for_each(|event| self.update(event));
        changed
    }

    /// Says once that the host who was asked for is away, if so.
    fn tell_of_absence(&mut self) {
        let Some((node, _)) = &self.absent_host else {
            return;
        };
        let host = self.shown_peers.iter().find(|row| row.node == *node);
        let Some(host) = host else { return };
        let (came, missed) = (
            matches!(host.state, PeerState::Syncing | PeerState::Connected),
            host.last_error.is_some(),
        );
        if (came || missed)
            && let Some((_, sentence)) = self.absent_host.take()
            && missed
        {
            self.update(Event::Message(MessageKind::Info, sentence));
        }
    }

    /// Returns what the terminal has to do.
    pub(super) fn take_terminal_effects(&mut self) -> Vec<TerminalEffect> {
        std::mem::take(&mut self.for_terminal)
    }

    /// Has noted where the person is in the text, if they went elsewhere.
    pub(super) fn note_view(&mut self) {
        let place = self.app.current_place();
        if self.noted == Some(place) {
            return;
        }
        self.noted = Some(place);
        if let Some(view) = View::of(self.app.document(), place) {
            self.disk.note_view(view.encode());
        }
    }

    /// Has recorded where the peers can be found next time.
    fn remember_peers(&mut self) {
        let peers = self.network.peers();
        self.on_disk(move |disk| {
            if let Err(error) = disk.remember(&peers) {
                tracing::warn!("the peers cannot be remembered: {error}");
            }
            None
        });
    }

    /// Stores what was typed, says goodbye to everybody, and stores what came meanwhile. With
    /// `forget` the stored history goes afterwards, so that another one can take its place.
    ///
    /// Returns what the person has to be told of it, if anything.
    pub(super) async fn close(mut self, forget: bool) -> Result<Option<String>, StoreError> {
        let name = self.app.name();
        let prepared = self.finish_preparing().await;
        let mut problem = prepared
            .err()
            .map(|error| format!("{name} cannot be stored: {error}"));
        self.note_view();
        self.on_disk(|disk| {
            // It tells by itself when it fails.
            let _ = disk.flush();
            None
        });
        let disk_work = self.disk_work.take();
        self.network.stop().await;
        if let Some(work) = disk_work {
            // It told what went wrong, if anything did.
            let _ = work.await;
        }
        let disk = Arc::clone(&self.disk);
        let closed = tokio::task::spawn_blocking(move || disk.close()).await;
        if let Ok(Err(error)) = closed {
            problem.get_or_insert(format!(
                "What you typed last in {name} may not be stored: {error}"
            ));
        }
        if forget {
            self.disk.start_over()?;
        }
        Ok(problem)
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Save(request) if self.app.path() == Some(&request.path) => self.save(request),
            Effect::Save(request) => self.requests.push(Request::SaveAs(Box::new(request))),
            Effect::Quit => self.requests.push(Request::Quit),
            Effect::Stay => self.requests.push(Request::Stay),
            Effect::Close => self.done = true,
            Effect::Open(path) => self.requests.push(Request::Open(folder::meant(&path))),
            Effect::New => self.requests.push(Request::New),
            Effect::Turn(by) => self.requests.push(Request::Turn(by)),
            Effect::ListFolder(name) => self.list_folder(name),
            Effect::ListRecent => self.list_recent(),
            Effect::Suspend => self.for_terminal.push(TerminalEffect::Suspend),
            Effect::Redraw => self.for_terminal.push(TerminalEffect::Redraw),
            Effect::SetTitle(title) => self.for_terminal.push(TerminalEffect::SetTitle(title)),
            Effect::Copy(text) => self.requests.push(Request::Copy(text)),
            Effect::RequestPaste => self.requests.push(Request::Paste),
            Effect::Work(job) => self.work(job),
            Effect::Introduce(user) => self.network.introduce(user),
            Effect::CallEveryone => self.network.call_everyone(),
            Effect::Publish(caret) => {
                self.caret = Some(caret);
                self.is_published = false;
            }
            Effect::Connect(node) => self.connect(&node),
            Effect::Offline(offline) => {
                // What others have by now need not be counted.
                self.look_at_peers();
                self.network.set_offline(offline);
            }
            Effect::Access(request) => self.carry_out_access(request),
            Effect::AnswerExisting(existing) => self.answer_existing(existing),
            Effect::LookAtFile(request) if self.joining.protects(&request.path) => {
                self.update(Event::FileSeen(Box::new(watching::unseen(*request))));
            }
            Effect::LookAtFile(request) => {
                let look = match self.is_beside(&request.path) {
                    true => watching::observe,
                    false => watching::look,
                };
                self.on_disk(move |_| Some(Event::FileSeen(Box::new(look(*request)))));
            }
            // The copad that has the file records what is in it.
            Effect::RecordFile { .. } if self.beside.is_some() => {}
            Effect::RecordFile { hash, holds } => {
                let version = holds.then(|| self.app.document().version());
                self.on_disk(move |disk| {
                    disk.note_file(hash, version.as_deref());
                    None
                });
            }
            Effect::AnswerConflict(id, choice) => self.network.answer_conflict(&id, choice),
            Effect::ReportConflicts(clashes) => self.network.report_conflicts(clashes),
            Effect::ReopenConflict(id) => self.network.reopen_conflict(&id),
        }
    }

    pub(super) fn save(&mut self, mut request: SaveRequest) {
        request.path = folder::meant(&request.path);
        if self.joining.protects(&request.path) {
            let name = request.path.display();
            let sentence = format!("{name} waits for the document you join, and was not written");
            return self.update(Event::Saved(Err(SaveError::waits(sentence))));
        }
        let version = self.app.document().version();
        if let Some(beside) = self.beside.clone().filter(|one| one.is(&request.path)) {
            return self.on_disk(move |disk| {
                Some(Event::Saved(beside.save(disk.store(), &request, &version)))
            });
        }
        self.on_disk(move |disk| Some(Event::Saved(disk.save(&request, &version))));
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

    /// Does something on a thread of its own.
    fn work(&self, job: Job) {
        let tell = self.tell.clone();
        tokio::task::spawn_blocking(move || {
            // Nobody listens any more when the editor closes.
            let _ = tell.send(News::App(Event::Worked(Box::new(job.run()))));
        });
    }

    fn connect(&mut self, to: &str) {
        match to.parse::<Invitation>() {
            Ok(there) if there.address().node == self.network.node() => {
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
        self.network
            .set_conflict_settings(self.app.conflict_settings());
        if let Some(sentence) = self.notice.take() {
            self.update(Event::Message(MessageKind::Info, sentence));
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
            return self.on_disk(|disk| {
                let given_up = disk.give_file_up();
                given_up.err().map(complain)
            });
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
            self.on_disk(move |disk| disk.adopt(document, &title).err().map(complain));
        }
    }
}

fn complain(error: StoreError) -> Event {
    Event::Message(MessageKind::Error, error.to_string())
}

/// Turns what the journal tells into news.
fn journal_news(tell: &mpsc::UnboundedSender<News>) -> impl Fn(JournalNews) + Send + 'static {
    let tell = tell.clone();
    move |news| {
        let events = match news {
            JournalNews::Failing { sentence, reason } => [
                Event::Message(
                    MessageKind::Error,
                    format!("Your edits are not stored: {sentence}"),
                ),
                Event::Journal(JournalState::Fails(reason)),
            ],
            JournalNews::Recovered => [
                Event::Message(MessageKind::Info, "Your edits are stored again".to_owned()),
                Event::Journal(JournalState::Works),
            ],
        };
        for event in events {
            // Nobody listens any more when the editor closes.
            let _ = tell.send(News::App(event));
        }
    }
}
