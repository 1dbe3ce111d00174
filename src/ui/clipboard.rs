//! Copy and paste: an own register that always works, and the system's clipboard where there is
//! one.
//!
//! The system's clipboard may be slow or hang, so it lives on a thread of its own, which starts with
//! the first copy or paste. It must live as long as the editor does, since on X11 and Wayland the
//! text is handed out by the one who copied it. Where there is no display, as over SSH, the terminal
//! is asked to take the text (OSC 52). It is never asked to give any: others could see the answer.

use std::{sync::mpsc, thread, time::Duration};

use tokio::sync::mpsc::UnboundedSender;

/// What the clipboard tells the editor, in its own time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClipboardEvent {
    /// The text to paste that [`Clipboard::paste`] asked for. May be empty.
    Pasted(String),
    /// The system has no clipboard after all: send this text to the terminal.
    WriteToTerminal(String),
}

/// Where copied text can go, judged by the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// There is a display, and so perhaps a clipboard.
    pub display: bool,
    /// The person sits elsewhere: only the terminal can reach their clipboard.
    pub remote: bool,
}

impl Reach {
    /// Judges by environment variables, given by name.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
        let remote = is_set("SSH_CONNECTION") || is_set("SSH_TTY");
        let has_window_system = if cfg!(target_os = "macos") {
            !remote
        } else {
            is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
        };
        Self {
            display: has_window_system,
            remote,
        }
    }
}

/// The largest text that is sent through the terminal, in bytes; many terminals drop more.
const LARGEST_FOR_TERMINAL: usize = 1 << 20;

/// How long leaving waits for the system to take the text over.
const FAREWELL: Duration = Duration::from_millis(250);

/// The clipboard as the editor sees it. No call waits.
pub struct Clipboard {
    register: String,
    reach: Reach,
    events: UnboundedSender<ClipboardEvent>,
    open: fn() -> Option<Box<dyn System>>,
    worker: Option<Worker>,
}

struct Worker {
    requests: mpsc::Sender<Request>,
    finished: mpsc::Receiver<()>,
}

enum Request {
    Copy(String),
    /// Carries the register, for the case that the system has nothing.
    Paste(String),
}

/// A clipboard of the system.
trait System {
    fn set(&mut self, text: String) -> bool;
    fn get(&mut self) -> Option<String>;
}

impl System for arboard::Clipboard {
    fn set(&mut self, text: String) -> bool {
        self.set_text(text).is_ok()
    }

    fn get(&mut self) -> Option<String> {
        self.get_text().ok()
    }
}

fn open_system() -> Option<Box<dyn System>> {
    let system = arboard::Clipboard::new();
    system
        .ok()
        .map(|system| Box::new(system) as Box<dyn System>)
}

impl Clipboard {
    /// Makes a clipboard with an empty register that tells its news through `events`.
    pub fn new(reach: Reach, events: UnboundedSender<ClipboardEvent>) -> Self {
        Self {
            register: String::new(),
            reach,
            events,
            open: open_system,
            worker: None,
        }
    }

    /// Copies a text. Returns it if it is to be sent to the terminal as well
    /// ([`TerminalSession::copy`](super::terminal::TerminalSession::copy)).
    pub fn copy(&mut self, text: String) -> Option<String> {
        self.register.clone_from(&text);
        if self.reach.display {
            self.request(Request::Copy(text.clone()));
        }
        let through_terminal = self.reach.remote || !self.reach.display;
        (through_terminal && text.len() <= LARGEST_FOR_TERMINAL).then_some(text)
    }

    /// Asks for the text to paste; it comes as [`ClipboardEvent::Pasted`].
    pub fn paste(&mut self) {
        if self.reach.display {
            self.request(Request::Paste(self.register.clone()));
        } else {
            // The editor is leaving when nobody listens.
            let _ = self
                .events
                .send(ClipboardEvent::Pasted(self.register.clone()));
        }
    }

    fn request(&mut self, request: Request) {
        let (open, events) = (self.open, self.events.clone());
        let worker = self
            .worker
            .get_or_insert_with(|| Worker::start(open, events));
        // The worker ends only when this end of the channel is dropped.
        let _ = worker.requests.send(request);
    }
}

impl Drop for Clipboard {
    fn drop(&mut self) {
        if let Some(Worker { requests, finished }) = self.worker.take() {
            drop(requests);
            // Dropping the system's clipboard hands the text to a clipboard manager if there is one.
            let _ = finished.recv_timeout(FAREWELL);
        }
    }
}

impl Worker {
    fn start(
        open: fn() -> Option<Box<dyn System>>,
        events: UnboundedSender<ClipboardEvent>,
    ) -> Self {
        let (requests, inbox) = mpsc::channel();
        let (done, finished) = mpsc::channel();
        thread::spawn(move || {
            serve(open(), &inbox, &events);
            // Nobody waits for it any more when it took too long.
            let _ = done.send(());
        });
        Self { requests, finished }
    }
}

fn serve(
    mut system: Option<Box<dyn System>>,
    inbox: &mpsc::Receiver<Request>,
    events: &UnboundedSender<ClipboardEvent>,
) {
    for request in inbox {
        let answer = match request {
            Request::Copy(text) => {
                let taken = system
                    .as_mut()
                    .is_some_and(|system| system.set(text.clone()));
                let fits = text.len() <= LARGEST_FOR_TERMINAL;
                (!taken && fits).then_some(ClipboardEvent::WriteToTerminal(text))
            }
            Request::Paste(register) => {
                let text = system.as_mut().and_then(|system| system.get());
                let text = text.filter(|text| !text.is_empty()).unwrap_or(register);
                Some(ClipboardEvent::Pasted(text))
            }
        };
        if answer.is_some_and(|answer| events.send(answer).is_err()) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

    use super::*;

    /// A system whose clipboard always has the same text, or what was copied last.
    struct Fake(Option<String>);

    impl System for Fake {
        fn set(&mut self, text: String) -> bool {
            self.0 = Some(text);
            true
        }

        fn get(&mut self) -> Option<String> {
            self.0.clone()
        }
    }

    fn clipboard(
        reach: Reach,
        open: fn() -> Option<Box<dyn System>>,
    ) -> (Clipboard, UnboundedReceiver<ClipboardEvent>) {
        let (events, inbox) = unbounded_channel();
        let mut clipboard = Clipboard::new(reach, events);
        clipboard.open = open;
        (clipboard, inbox)
    }

    const DISPLAY: Reach = Reach {
        display: true,
        remote: false,
    };
    const NOTHING: Reach = Reach {
        display: false,
        remote: false,
    };

    fn pasted(text: &str) -> Option<ClipboardEvent> {
        Some(ClipboardEvent::Pasted(text.to_owned()))
    }

    #[test]
    fn without_a_display_the_register_and_the_terminal_serve() {
        let (mut clipboard, mut inbox) = clipboard(NOTHING, || panic!("never opened"));
        assert_eq!(clipboard.copy("ä".to_owned()), Some("ä".to_owned()));
        clipboard.paste();
        assert_eq!(inbox.blocking_recv(), pasted("ä"));
        let large = "x".repeat(LARGEST_FOR_TERMINAL + 1);
        assert_eq!(clipboard.copy(large.clone()), None);
        clipboard.paste();
        assert_eq!(inbox.blocking_recv(), pasted(&large));
    }

    #[test]
    fn with_a_display_the_system_serves() {
        let (mut clipboard, mut inbox) = clipboard(DISPLAY, || {
            Some(Box::new(Fake(Some("from elsewhere".to_owned()))))
        });
        clipboard.paste();
        assert_eq!(inbox.blocking_recv(), pasted("from elsewhere"));
        assert_eq!(clipboard.copy("mine".to_owned()), None);
        clipboard.paste();
        assert_eq!(inbox.blocking_recv(), pasted("mine"));
    }

    #[test]
    fn a_display_without_a_clipboard_falls_back() {
        let (mut clipboard, mut inbox) = clipboard(DISPLAY, || None);
        assert_eq!(clipboard.copy("mine".to_owned()), None);
        let fallback = ClipboardEvent::WriteToTerminal("mine".to_owned());
        assert_eq!(inbox.blocking_recv(), Some(fallback));
        clipboard.paste();
        assert_eq!(inbox.blocking_recv(), pasted("mine"));
    }

    #[test]
    fn dropping_ends_the_thread() {
        let (mut clipboard, mut inbox) = clipboard(DISPLAY, || Some(Box::new(Fake(None))));
        clipboard.copy("x".to_owned());
        drop(clipboard);
        // All senders are gone, that of the thread too.
        assert_eq!(inbox.blocking_recv(), None);
    }

    #[test]
    fn the_environment_tells_the_reach() {
        let reach = |set: &'static [&'static str]| {
            Reach::from_environment(move |name| set.contains(&name).then(|| "1".to_owned()))
        };
        if cfg!(target_os = "macos") {
            assert!(reach(&[]).display && !reach(&["SSH_TTY"]).display);
            return;
        }
        assert_eq!(reach(&[]), NOTHING);
        assert_eq!(reach(&["DISPLAY"]), DISPLAY);
        assert_eq!(reach(&["WAYLAND_DISPLAY"]), DISPLAY);
        assert_eq!(
            reach(&["SSH_TTY"]),
            Reach {
                display: false,
                remote: true
            }
        );
        assert_eq!(
            reach(&["SSH_CONNECTION", "DISPLAY"]),
            Reach {
                display: true,
                remote: true
            }
        );
    }
}
