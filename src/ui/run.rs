//! The terminal loop: waits for keys, peers and timers, tells the application, draws, and carries
//! out what the application asks for.
//!
//! The only place where the application's pure state meets the terminal, the network and the disk.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crossterm::event::{Event as TerminalEvent, EventStream};
use n0_future::StreamExt;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};

use super::{
    app::{App, Effect, Event, MessageKind},
    clipboard::Clipboard,
    disk::Disk,
    joining::Joining,
    launch::{self, LaunchError, Launched, Options},
    network::{Network, News},
    terminal::TerminalSession,
};

/// While events keep coming, a frame is drawn this often.
const FRAME: Duration = Duration::from_millis(8);
/// How often the document with its history is stored while somebody writes.
const KEEP_EVERY: Duration = Duration::from_secs(5);
/// How often round trips and states of peers are looked at.
const LOOK_AT_PEERS: Duration = Duration::from_secs(1);

/// Opens the editor and returns when the person quits it.
///
/// # Errors
///
/// Fails before the screen opens when something that the options name cannot be used, and later
/// when the terminal itself fails.
pub fn run(options: Options) -> Result<(), LaunchError> {
    let launched = launch::open(options)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let terminal = TerminalSession::enter()?;
    let result = runtime.block_on(Editor::new(launched, terminal).run());
    // Whatever still waits for the network or a clipboard has nothing more to tell.
    runtime.shutdown_timeout(Duration::from_millis(100));
    result
}

/// Everything that runs while the screen is open.
struct Editor {
    app: App,
    terminal: TerminalSession,
    clipboard: Clipboard,
    disk: Arc<Disk>,
    network: Network,
    joining: Joining,
    /// What tasks and threads have to tell.
    news: mpsc::UnboundedReceiver<News>,
    tell: mpsc::UnboundedSender<News>,
    started: Instant,
    drawn: Instant,
    /// Whether something changed that the screen does not show yet.
    stale: bool,
    done: bool,
}

impl Editor {
    fn new(launched: Launched, terminal: TerminalSession) -> Self {
        let (tell, news) = mpsc::unbounded_channel();
        let now = Instant::now();
        Self {
            network: Network::new(&launched, tell.clone()),
            joining: Joining::new(launched.aside),
            app: launched.app,
            terminal,
            clipboard: Clipboard::new(),
            disk: Arc::new(launched.disk),
            news,
            tell,
            started: now,
            drawn: now,
            stale: true,
            done: false,
        }
    }

    async fn run(mut self) -> Result<(), LaunchError> {
        let mut terminal_events = EventStream::new();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let mut keep = tokio::time::interval(KEEP_EVERY);
        let mut look = tokio::time::interval(LOOK_AT_PEERS);
        self.begin()?;
        while !self.done {
            let tick = self.app.next_tick().map(|at| self.started + at);
            tokio::select! {
                biased;
                event = terminal_events.next() => match event {
                    Some(event) => self.terminal_event(event?)?,
                    None => break,
                },
                Some(news) = self.news.recv() => self.take_in(news),
                () = sleep_until(self.drawn + FRAME), if self.stale => self.draw()?,
                () = sleep_until(tick.unwrap_or(self.started)), if tick.is_some() => self.update(Event::Tick),
                _ = keep.tick() => self.keep(),
                _ = look.tick() => self.look_at_peers(),
                _ = terminate.recv() => break,
                _ = hang_up.recv() => break,
            }
        }
        self.leave().await
    }
}
