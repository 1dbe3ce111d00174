//! The terminal loop: waits for keys, peers and timers, tells the application, draws, and carries
//! out what the application asks for.
//!
//! The only place where the application's pure state meets the terminal, the network and the disk.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
};

use super::{
    app::Event,
    editor::{News, TerminalEffect},
    keyboard,
    launch::{self, AllLaunched, LaunchError, Options},
    tabs::Tabs,
    terminal::TerminalSession,
};
use crate::workspace::{Asked, ControlSocket};

/// While events keep coming, a frame is drawn this often.
const FRAME: Duration = Duration::from_millis(8);
/// How often round trips and states of peers are looked at.
const LOOK_AT_PEERS: Duration = Duration::from_secs(1);

/// Opens the editor and returns when the person quits it.
///
/// # Errors
///
/// Fails before the screen opens when something that the options name cannot be used, and later
/// when the terminal itself fails.
pub fn run(options: Options) -> Result<(), LaunchError> {
    run_beside(launch::open_all(options)?, |_| std::future::ready(()))
}

/// Shows documents until the person is done with them. `beside` is given a way to tell the first of
/// them news, and ends once nobody hears them any more.
pub(super) fn run_beside<F: Future<Output = ()> + Send + 'static>(
    launched: AllLaunched,
    beside: impl FnOnce(UnboundedSender<News>) -> F,
) -> Result<(), LaunchError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let mut terminal = TerminalSession::enter(launched.terminal)?;
    let keyboard = keyboard::listen()?;
    let result = runtime.block_on(async {
        let (tell, asked) = mpsc::unbounded_channel();
        let _control = control_socket(&launched.lookup_directory, tell);
        let tabs = Tabs::open(launched.documents)?;
        let beside = tokio::spawn(beside(tabs.teller()));
        let mut screen = Loop {
            tabs,
            terminal: &mut terminal,
            keyboard,
            asked,
            drawn: Instant::now(),
        };
        let result = screen.run().await;
        // What is left to do needs no screen.
        screen.terminal.leave();
        let closed = screen.tabs.close().await;
        // What goes wrong there is no business of the documents.
        let _ = beside.await;
        closed.and(result)
    });
    // Whatever still waits for the network or a clipboard has nothing more to tell.
    runtime.shutdown_timeout(Duration::from_millis(100));
    result
}

/// Lets other copads of this person ask what is open here. They can do without.
fn control_socket(directory: &Path, tell: UnboundedSender<Asked>) -> Option<ControlSocket> {
    let opened = ControlSocket::open(directory, tell);
    opened
        .inspect_err(|error| tracing::warn!("other copads cannot ask this one: {error}"))
        .ok()
}

/// The open documents at their terminal.
struct Loop<'a> {
    tabs: Tabs,
    terminal: &'a mut TerminalSession,
    keyboard: UnboundedReceiver<Event>,
    asked: UnboundedReceiver<Asked>,
    drawn: Instant,
}

impl Loop<'_> {
    async fn run(&mut self) -> Result<(), LaunchError> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let mut look = tokio::time::interval(LOOK_AT_PEERS);
        let size = self.terminal.size()?;
        self.tabs.update(Event::Resize(size.width, size.height));
        self.draw()?;
        self.tabs.publish();
        let mut stale = false;
        while !self.tabs.is_done() {
            let tick = self.tabs.next_tick();
            // What a person does is drawn at once, not with the next frame.
            let mut at_once = false;
            tokio::select! {
                biased;
                event = self.keyboard.recv() => {
                    let Some(event) = event else { break };
                    self.take(event);
                    self.take_burst();
                    at_once = true;
                }
                () = until(Some(self.drawn + FRAME)), if stale => at_once = true,
                () = self.tabs.hear() => stale = true,
                Some(asked) = self.asked.recv() => self.tabs.answer(asked),
                () = until(tick) => {
                    self.tabs.tick();
                    stale = true;
                }
                _ = look.tick() => {
                    match self.terminal.was_resized() {
                        // It went away without a word.
                        Err(_) => break,
                        Ok(false) => {}
                        Ok(true) => {
                            self.terminal.redraw();
                            stale = true;
                        }
                    }
                    stale |= self.tabs.look();
                }
                _ = terminate.recv() => break,
                _ = hang_up.recv() => break,
            }
            if self.tabs.wants_something() {
                self.tabs.carry_out().await?;
                stale = true;
            }
            if at_once && !self.tabs.is_done() {
                self.draw()?;
                stale = false;
            }
            self.carry_out_at_the_terminal()?;
            // What a person does is seen here first, and then elsewhere.
            self.tabs.publish();
        }
        Ok(())
    }

    fn take(&mut self, event: Event) {
        if matches!(event, Event::Resize(..)) {
            self.terminal.redraw();
        }
        self.tabs.update(event);
    }

    /// Takes in what else has been typed already: a burst of keys or a turning wheel needs one
    /// frame, not one for each. Keys behind one that leads elsewhere are for there.
    fn take_burst(&mut self) {
        let started = Instant::now();
        while started.elapsed() < FRAME && !self.tabs.wants_something() {
            match self.keyboard.try_recv() {
                Ok(event) => self.take(event),
                Err(_) => break,
            }
        }
    }

    fn carry_out_at_the_terminal(&mut self) -> Result<(), LaunchError> {
        for effect in self.tabs.take_terminal_effects() {
            match effect {
                TerminalEffect::Suspend => self.terminal.suspend()?,
                TerminalEffect::Redraw => self.terminal.redraw(),
                TerminalEffect::SetTitle(title) => self.terminal.set_title(&title)?,
                TerminalEffect::Copy(text) => self.terminal.copy(&text)?,
            }
        }
        Ok(())
    }

    fn draw(&mut self) -> Result<(), LaunchError> {
        self.terminal.draw(|frame| self.tabs.draw(frame))?;
        self.drawn = Instant::now();
        Ok(())
    }
}

/// Waits until a moment, or for ever.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}
