//! The documents that are open together: which one is shown, and what they share.
//!
//! Each tab is a document of its own, with its own history, file, node id and peers, and goes on
//! living while another is shown: it receives, stores, and looks after its file. The person's keys,
//! the screen, the clipboard and the end of the program are shared, and belong here. An application
//! knows nothing of the others.

mod bar;
mod leaving;
mod opening;
mod screen;

use std::{path::Path, pin::Pin, task::Poll, time::Instant};

use ratatui::{buffer::Buffer, layout::Size};
use tokio::{
    sync::mpsc::{self, UnboundedReceiver},
    task::{JoinError, JoinHandle},
};

use self::bar::Bar;
use super::{
    app::Event,
    clipboard::{Clipboard, ClipboardEvent, Reach},
    editor::{Editor, News, Request, TerminalEffect},
    launch::{LaunchError, Launched, Options},
};
use crate::{
    store::StoreError,
    workspace::{Answer, Asked, ProcessStatus, Question, Trust},
};

/// What the person has to be told of a document that is closed, if anything.
type Closed = Result<Option<String>, StoreError>;

/// One open document.
struct Tab {
    /// Of no other tab, ever.
    id: u64,
    editor: Editor,
    news: UnboundedReceiver<News>,
    /// What it was opened with, to open what takes its place.
    options: Options,
    /// The state of its text when the person last saw it.
    seen: u64,
    /// When it was last shown, counted in documents shown; 0 is never.
    shown: u64,
}

impl Tab {
    fn open(id: u64, launched: Launched, options: Options) -> Result<Self, LaunchError> {
        let (tell, news) = mpsc::unbounded_channel();
        let editor = Editor::open(launched, tell)?;
        Ok(Self {
            id,
            seen: editor.app().state(),
            editor,
            news,
            options,
            shown: 0,
        })
    }
}

/// All open documents; there is always one.
pub(super) struct Tabs {
    open: Vec<Tab>,
    active: usize,
    last_id: u64,
    /// How many documents were shown, one after the other.
    shows: u64,
    /// Where the next piece of news is looked for first, so that none waits for ever.
    turn: usize,
    size: Size,
    bar: Bar,
    /// What the document draws on while it has not the whole screen.
    canvas: Buffer,
    clipboard: Clipboard,
    clipboard_events: UnboundedReceiver<ClipboardEvent>,
    /// The tab that waits for the clipboard.
    pasting: Option<u64>,
    for_terminal: Vec<TerminalEffect>,
    /// Tabs in whose way to the end of the program nothing stands, each with the number of edits
    /// that had been made in it then.
    ready: Vec<(u64, u64)>,
    /// Documents that are closed and still say goodbye.
    closing: Vec<JoinHandle<Closed>>,
    /// Whether those that the command line named are open to anyone who knows their node id.
    lets_in_anyone: bool,
    done: bool,
}

impl Tabs {
    /// Starts with these documents, of which there is at least one, and shows the first. Must be
    /// called inside a tokio runtime.
    pub(super) fn open(launched: Vec<(Options, Launched)>) -> Result<Self, LaunchError> {
        let (events, clipboard_events) = mpsc::unbounded_channel();
        let reach = Reach::from_environment(|name| std::env::var(name).ok());
        let mut tabs = Self {
            open: Vec::new(),
            active: 0,
            last_id: 0,
            shows: 0,
            turn: 0,
            size: Size::default(),
            bar: Bar::default(),
            canvas: Buffer::default(),
            clipboard: Clipboard::new(reach, events),
            clipboard_events,
            pasting: None,
            for_terminal: Vec::new(),
            ready: Vec::new(),
            closing: Vec::new(),
            lets_in_anyone: launched
                .iter()
                .any(|(options, _)| options.trust == Trust::Anyone),
            done: false,
        };
        for (options, launched) in launched {
            let tab = Tab::open(tabs.next_id(), launched, options)?;
            tabs.open.push(tab);
        }
        tabs.shown();
        Ok(tabs)
    }

    /// A way to tell the first document news.
    pub(super) fn teller(&self) -> mpsc::UnboundedSender<News> {
        self.open[0].editor.teller()
    }

    /// Whether the person is done with all of them.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// Tells who is concerned.
    pub(super) fn update(&mut self, event: Event) {
        match event {
            Event::Resize(columns, rows) => self.resize(Size::new(columns, rows)),
            Event::Mouse(mouse) => self.mouse(mouse),
            Event::FocusGained | Event::FocusLost => self.tell_all(&event),
            event => self.active_tab().editor.update(event),
        }
    }

    /// When somebody wants [`tick`](Self::tick) next.
    pub(super) fn next_tick(&self) -> Option<Instant> {
        let ticks = self.open.iter().filter_map(|tab| tab.editor.next_tick());
        ticks.min()
    }

    /// Tells those whose time has come.
    pub(super) fn tick(&mut self) {
        let now = Instant::now();
        for tab in &mut self.open {
            if tab.editor.next_tick().is_some_and(|due| due <= now) {
                tab.editor.update(Event::Tick);
            }
        }
    }

    /// Waits for what tasks and threads have to tell, and takes it in.
    pub(super) async fn hear(&mut self) {
        let heard = std::future::poll_fn(|context| {
            if let Poll::Ready(Some(event)) = self.clipboard_events.poll_recv(context) {
                return Poll::Ready(Heard::Clipboard(event));
            }
            for index in 0..self.closing.len() {
                if let Poll::Ready(closed) = Pin::new(&mut self.closing[index]).poll(context) {
                    drop(self.closing.swap_remove(index));
                    return Poll::Ready(Heard::Closed(closed));
                }
            }
            let count = self.open.len();
            for index in (0..count).map(|step| (self.turn + step) % count) {
                if let Poll::Ready(Some(news)) = self.open[index].news.poll_recv(context) {
                    return Poll::Ready(Heard::News(index, news));
                }
            }
            Poll::Pending
        });
        match heard.await {
            Heard::News(index, news) => {
                self.turn = index + 1;
                self.open[index].editor.take_in(news);
            }
            Heard::Closed(closed) => {
                let problem = leaving::problem_of(closed);
                self.tell_of_problems(problem);
            }
            Heard::Clipboard(ClipboardEvent::WriteToTerminal(text)) => {
                self.for_terminal.push(TerminalEffect::Copy(text));
            }
            Heard::Clipboard(ClipboardEvent::Pasted(text)) => {
                let asker = self.pasting.take();
                let asker = self.open.iter_mut().find(|tab| Some(tab.id) == asker);
                if let Some(tab) = asker {
                    tab.editor.update(Event::Clipboard(text));
                }
            }
        }
    }

    /// Tells the others where our carets are, after the screen was drawn.
    pub(super) fn publish(&mut self) {
        for tab in &mut self.open {
            tab.editor.publish();
        }
    }

    /// Looks after what nobody tells of. Returns whether anything is to be drawn.
    pub(super) fn look(&mut self) -> bool {
        let mut changed = false;
        for tab in &mut self.open {
            changed |= tab.editor.look_at_settings();
            changed |= tab.editor.look_at_peers();
            tab.editor.look_after_the_file();
            tab.editor.note_view();
        }
        changed
    }

    /// Answers another copad of this person.
    pub(super) fn answer(&mut self, asked: Asked) {
        let answer = match asked.question {
            Question::Status => Answer::Status(ProcessStatus {
                process: std::process::id(),
                serves: false,
                documents: self.open.iter().map(|tab| tab.editor.status()).collect(),
            }),
            Question::Save { path, version } => match self.tab_of(&path) {
                Some(index) => {
                    return self.open[index].editor.save_for(version, asked.reply);
                }
                None => {
                    let sentence = format!("{} is not open here any more", path.display());
                    Answer::Saved(Err(sentence))
                }
            },
        };
        // Who asked may have given up.
        let _ = asked.reply.send(answer);
    }

    /// Whether [`carry_out`](Self::carry_out) has something to do.
    pub(super) fn wants_something(&self) -> bool {
        self.open.iter().any(|tab| tab.editor.wants_something())
    }

    /// Does what the documents want of the others.
    ///
    /// # Errors
    ///
    /// Fails when nothing is left to show.
    pub(super) async fn carry_out(&mut self) -> Result<(), LaunchError> {
        while !self.done && self.wants_something() {
            let requests: Vec<_> = self
                .open
                .iter_mut()
                .flat_map(|tab| {
                    let id = tab.id;
                    let requests = tab.editor.take_requests().into_iter();
                    requests.map(move |request| (id, request))
                })
                .collect();
            for (id, request) in requests {
                self.carry_out_one(id, request).await;
            }
            if let Some(index) = self.open.iter().position(|tab| tab.editor.is_done()) {
                self.end(index).await?;
            }
        }
        Ok(())
    }

    async fn carry_out_one(&mut self, id: u64, request: Request) {
        match request {
            Request::Quit => self.quit(id),
            Request::Stay => self.ready.clear(),
            Request::Open(path) => self.open_file(id, &path).await,
            Request::New => self.open_new().await,
            Request::Turn(by) => self.turn_by(by),
            Request::SaveAs(request) => self.save_as(id, *request),
            Request::Copy(text) => {
                let text = self.clipboard.copy(text);
                self.for_terminal.extend(text.map(TerminalEffect::Copy));
            }
            Request::Paste => {
                self.pasting = Some(id);
                self.clipboard.paste();
            }
        }
    }

    /// Returns what the terminal has to do. The window is called after the document that is shown.
    pub(super) fn take_terminal_effects(&mut self) -> Vec<TerminalEffect> {
        let mut effects = std::mem::take(&mut self.for_terminal);
        for (index, tab) in self.open.iter_mut().enumerate() {
            let own = tab.editor.take_terminal_effects().into_iter();
            effects.extend(own.filter(|effect| {
                index == self.active || !matches!(effect, TerminalEffect::SetTitle(_))
            }));
        }
        effects
    }

    fn active_tab(&mut self) -> &mut Tab {
        &mut self.open[self.active]
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    /// The tab that has this file; `path` is canonical.
    fn tab_of(&self, path: &Path) -> Option<usize> {
        self.open.iter().position(|tab| tab.editor.has_file(path))
    }

    fn tell_all(&mut self, event: &Event) {
        for tab in &mut self.open {
            tab.editor.update(event.clone());
        }
    }
}

/// What was told, and by whom.
enum Heard {
    News(usize, News),
    Clipboard(ClipboardEvent),
    Closed(Result<Closed, JoinError>),
}
