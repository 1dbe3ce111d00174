//! The terminal loop: waits for keys, peers and timers, tells the application, draws, and carries
//! out what the application asks for.
//!
//! The only place where the application's pure state meets the terminal, the network and the disk.

use std::time::{Duration, Instant};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
};

use super::{
    app::Event,
    editor::{Editor, News, TerminalEffect},
    keyboard,
    launch::{self, LaunchError, Launched, Options},
    set_aside::Successor,
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
pub fn run(mut options: Options) -> Result<(), LaunchError> {
    let mut launched = launch::open(options.clone())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let mut terminal = TerminalSession::enter(launched.terminal)?;
    let mut keyboard = keyboard::listen()?;
    let result = runtime.block_on(async {
        let (tell, mut asked) = mpsc::unbounded_channel();
        let _control = control_socket(&launched, tell);
        while let Some(successor) = run_one(
            launched,
            mpsc::unbounded_channel(),
            &mut terminal,
            &mut keyboard,
            &mut asked,
        )
        .await?
        {
            if let Some(host) = &successor.host {
                options.connect = Some(host.clone());
            }
            options.banned.extend(successor.culprit);
            launched = launch::open(options.clone())?;
            launched.message = successor.message().or(launched.message);
        }
        Ok(())
    });
    // Whatever still waits for the network or a clipboard has nothing more to tell.
    runtime.shutdown_timeout(Duration::from_millis(100));
    result
}

/// Lets other copads of this person ask what is open here. They can do without.
fn control_socket(launched: &Launched, tell: UnboundedSender<Asked>) -> Option<ControlSocket> {
    let opened = ControlSocket::open(&launched.sharing.lookup_directory, tell);
    opened
        .inspect_err(|error| tracing::warn!("other copads cannot ask this one: {error}"))
        .ok()
}

/// Runs one document, to which the sender tells news. Returns what is to be opened in its place, if
/// anything.
pub(super) async fn run_one(
    launched: Launched,
    (tell, news): (UnboundedSender<News>, UnboundedReceiver<News>),
    terminal: &mut TerminalSession,
    keyboard: &mut UnboundedReceiver<Event>,
    asked: &mut UnboundedReceiver<Asked>,
) -> Result<Option<Successor>, LaunchError> {
    let mut editor = Editor::open(launched, tell)?;
    let screen = Loop {
        editor: &mut editor,
        terminal,
        keyboard,
        asked,
        news,
        drawn: Instant::now(),
    };
    let result = screen.run().await;
    let successor = editor.take_successor();
    if successor.is_none() {
        // The person is done; what is left to do needs no screen.
        terminal.leave();
    }
    let replaced = successor.as_ref().is_some_and(Successor::replaces);
    editor.close(replaced).await?;
    result.map(|()| successor)
}

/// The editor at its terminal.
struct Loop<'a> {
    editor: &'a mut Editor,
    terminal: &'a mut TerminalSession,
    keyboard: &'a mut UnboundedReceiver<Event>,
    asked: &'a mut UnboundedReceiver<Asked>,
    news: UnboundedReceiver<News>,
    drawn: Instant,
}

impl Loop<'_> {
    async fn run(mut self) -> Result<(), LaunchError> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let mut look = tokio::time::interval(LOOK_AT_PEERS);
        let size = self.terminal.size()?;
        self.editor.update(Event::Resize(size.width, size.height));
        self.draw()?;
        let mut stale = false;
        while !self.editor.is_done() {
            let tick = self.editor.next_tick();
            tokio::select! {
                biased;
                event = self.keyboard.recv() => {
                    let Some(event) = event else { break };
                    self.editor.update(event);
                    self.take_burst();
                    // What a person does is drawn at once, not with the next frame.
                    self.draw()?;
                    stale = false;
                }
                () = until(Some(self.drawn + FRAME)), if stale => {
                    self.draw()?;
                    stale = false;
                }
                Some(news) = self.news.recv() => {
                    self.editor.take_in(news);
                    stale = true;
                }
                Some(asked) = self.asked.recv() => self.editor.answer(asked),
                () = until(tick) => {
                    self.editor.update(Event::Tick);
                    stale = true;
                }
                _ = look.tick() => {
                    if self.terminal.size().is_err() {
                        // It went away without a word.
                        break;
                    }
                    stale |= self.editor.look_at_settings();
                    stale |= self.editor.look_at_peers();
                    self.editor.look_after_the_file();
                    self.editor.note_view();
                }
                _ = terminate.recv() => break,
                _ = hang_up.recv() => break,
            }
            self.carry_out_at_the_terminal()?;
        }
        Ok(())
    }

    /// Takes in what else has been typed already: a burst of keys or a turning wheel needs one
    /// frame, not one for each.
    fn take_burst(&mut self) {
        let started = Instant::now();
        while started.elapsed() < FRAME {
            match self.keyboard.try_recv() {
                Ok(event) => self.editor.update(event),
                Err(_) => break,
            }
        }
    }

    fn carry_out_at_the_terminal(&mut self) -> Result<(), LaunchError> {
        for effect in self.editor.take_terminal_effects() {
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
        self.terminal.draw(|frame| self.editor.draw(frame))?;
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
