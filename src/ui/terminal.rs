//! The terminal: taking it over, giving it back, and everything written to it that is no cell.
//!
//! All escape sequences are written here and nowhere else. Whatever is switched on is switched off
//! again in reverse order, once, whichever way the editor ends: by leaving, by being dropped, or by
//! a panic.

use std::{
    cell::Cell,
    io::{self, Write},
    panic,
    rc::Rc,
    sync::{
        Mutex, Once,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, ThreadId},
};

use crossterm::{
    Command,
    clipboard::CopyToClipboard,
    cursor::{SetCursorStyle, Show},
    event::{
        DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste,
        EnableFocusChange, EnableMouseCapture, KeyboardEnhancementFlags,
        PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
    },
    queue,
    style::ResetColor,
    terminal::{
        BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
        SetTitle, disable_raw_mode, enable_raw_mode,
    },
};
use ratatui::{
    Frame, Terminal, Viewport,
    backend::CrosstermBackend,
    layout::{Position, Rect, Size},
};

use super::text::is_hidden;

/// What to take of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalOptions {
    /// Whether clicks, drags and the wheel come to the editor.
    pub mouse: bool,
}

/// The longest window title in characters.
const LONGEST_TITLE: usize = 120;

/// Whether the terminal is ours at the moment. Process-wide, as the terminal is.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The thread that took the terminal; its panics end the editor.
static OWNER: Mutex<Option<ThreadId>> = Mutex::new(None);

/// Gathers a frame and writes it in one go. What was gathered when the terminal was given back is
/// dropped, so that no half frame follows a panic onto the shell's screen.
#[derive(Default)]
struct Output {
    pending: Vec<u8>,
    /// Ratatui flushes the cells, the cursor and the end of a frame one by one; while this is so,
    /// that does nothing.
    is_held: Rc<Cell<bool>>,
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_held.get() {
            return Ok(());
        }
        let written = match TAKEN.load(Ordering::SeqCst) {
            true => {
                let mut output = io::stdout().lock();
                output
                    .write_all(&self.pending)
                    .and_then(|()| output.flush())
            }
            false => Ok(()),
        };
        self.pending.clear();
        written
    }
}

/// The terminal while it is the editor's. Dropping it gives the terminal back.
pub struct TerminalSession {
    terminal: Terminal<CrosstermBackend<Output>>,
    /// Whether the output gathers what is written, instead of writing it at each flush.
    is_held: Rc<Cell<bool>>,
    options: TerminalOptions,
    /// Whether the screen may show something else than the last frame.
    is_stale: bool,
}

impl TerminalSession {
    /// Takes the terminal over.
    ///
    /// # Errors
    ///
    /// There is no terminal, or it cannot be written to; then nothing is changed.
    pub fn enter(options: TerminalOptions) -> io::Result<Self> {
        restore_on_panic();
        take(options)?;
        // Ratatui would ask for the size at each frame, which means opening the terminal again. It
        // is told instead, before the first frame and whenever the size may have changed.
        let viewport = Viewport::Fixed(Rect::ZERO);
        let is_held = Rc::default();
        let backend = CrosstermBackend::new(Output {
            pending: Vec::new(),
            is_held: Rc::clone(&is_held),
        });
        let terminal = Terminal::with_options(backend, ratatui::TerminalOptions { viewport });
        Ok(Self {
            terminal: terminal.inspect_err(|_| restore())?,
            is_held,
            options,
            is_stale: true,
        })
    }

    /// Draws a frame. The terminal shows it all at once if it knows how to.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.is_held.set(true);
        let drawn = self.draw_frame(render);
        self.is_held.set(false);
        // Also after a failure: the terminal would stand still until it gives up waiting.
        let ended = self.write(EndSynchronizedUpdate);
        drawn.and(ended)
    }

    fn draw_frame(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        if self.is_stale {
            // Not `Terminal::clear`: it asks the terminal where the cursor is and waits two seconds
            // for terminals that do not answer.
            let size = self.terminal.size()?;
            self.terminal.resize(Rect::from((Position::ORIGIN, size)))?;
            self.is_stale = false;
        }
        self.terminal.draw(render).map(|_| ())
    }

    /// Forgets what is on the screen and how large it is, so that the next frame is drawn whole.
    pub fn redraw(&mut self) {
        self.is_stale = true;
    }

    /// Asks for the size of the screen, which takes longer than most of what a frame needs.
    pub fn size(&self) -> io::Result<Size> {
        self.terminal.size()
    }

    /// Looks whether the screen has another size than the last frame was drawn for.
    pub fn was_resized(&mut self) -> io::Result<bool> {
        Ok(self.size()? != self.terminal.get_frame().area().as_size())
    }

    /// Names the window. What could not be seen in the title is left out of it.
    pub fn set_title(&mut self, title: &str) -> io::Result<()> {
        self.write(SetTitle(clean_title(title)))
    }

    /// Asks the terminal to put a text on the clipboard (OSC 52).
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        self.write(CopyToClipboard::to_clipboard_from(text))
    }

    /// Gives the terminal back and stops the process until the shell lets it go on; then takes the
    /// terminal again, to be drawn anew.
    pub fn suspend(&mut self) -> io::Result<()> {
        restore();
        stop()?;
        self.redraw();
        take(self.options)
    }

    /// Gives the terminal back. Does nothing when that has happened already.
    pub fn leave(&mut self) {
        restore();
    }

    fn write(&mut self, command: impl Command) -> io::Result<()> {
        let output = self.terminal.backend_mut();
        queue!(output, command)?;
        io::Write::flush(output)
    }
}

impl Drop for TerminalSession {
    fn drop(&mut self) {
        restore();
    }
}

fn take(options: TerminalOptions) -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    set_owner(Some(thread::current().id()));
    let mut output = io::stdout().lock();
    let written = write_enter(&mut output, options).and_then(|()| output.flush());
    drop(output);
    written.inspect_err(|_| restore())
}

/// Gives the terminal back if it is taken. Errors have nowhere to go: the terminal may be gone.
fn restore() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    set_owner(None);
    let mut output = io::stdout().lock();
    let _ = write_leave(&mut output).and_then(|()| output.flush());
    let _ = disable_raw_mode();
}

fn set_owner(owner: Option<ThreadId>) {
    let mut current = OWNER
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    *current = owner;
}

/// Switches on what the editor needs.
///
/// The kitty keyboard protocol is switched on without asking whether it is there: terminals that do
/// not know it ignore the sequence, and asking means waiting for an answer that may never come. The
/// protocol's settings belong to the alternate screen, so they go after entering it.
fn write_enter(output: &mut impl Write, options: TerminalOptions) -> io::Result<()> {
    // The window's title is put aside, to be brought back in the end.
    output.write_all(b"\x1b[22;2t")?;
    queue!(
        output,
        EnterAlternateScreen,
        PushKeyboardEnhancementFlags(KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES),
        EnableBracketedPaste,
        EnableFocusChange,
    )?;
    if options.mouse {
        queue!(output, EnableMouseCapture)?;
    }
    Ok(())
}

/// Switches everything off again, also what was never on: that does no harm.
fn write_leave(output: &mut impl Write) -> io::Result<()> {
    queue!(
        output,
        EndSynchronizedUpdate,
        DisableMouseCapture,
        DisableFocusChange,
        DisableBracketedPaste,
        PopKeyboardEnhancementFlags,
        ResetColor,
        SetCursorStyle::DefaultUserShape,
        LeaveAlternateScreen,
        Show,
    )?;
    output.write_all(b"\x1b[23;2t")
}

/// Sees to it, once, that a panic leaves a usable terminal and a message that can be read.
///
/// A panic on another thread does not end the editor, so it must not touch the screen: it goes to
/// the log.
fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if is_taken_by_another_thread() {
                tracing::error!("{info}");
                return;
            }
            restore();
            before(info);
        }));
    });
}

fn is_taken_by_another_thread() -> bool {
    // A poisoned or busy lock means that this thread, or the end, is at work on it: restore then.
    let owner = OWNER.try_lock().ok().and_then(|owner| *owner);
    owner.is_some_and(|owner| owner != thread::current().id())
}

/// Stops the whole job, as Ctrl-Z does elsewhere, so that a program that started the editor stops
/// with it and the shell gets the terminal.
fn stop() -> io::Result<()> {
    use rustix::process::{Signal, kill_current_process_group};
    Ok(kill_current_process_group(Signal::TSTP)?)
}

/// Takes out of a title whatever would end it, or could not be seen in it.
fn clean_title(title: &str) -> String {
    let visible = title.chars().filter(|character| !is_hidden(*character));
    visible.take(LONGEST_TITLE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes).expect("a vector takes everything");
        bytes
    }

    fn parser() -> vt100::Parser {
        let size = |cells| std::num::NonZero::new(cells).expect("not nothing");
        vt100::Parser::new(size(24), size(80), 0)
    }

    #[test]
    fn leaving_undoes_everything() {
        let mut parser = parser();
        parser.process(b"before");
        let enter = written(|out| write_enter(out, TerminalOptions { mouse: true }));
        parser.process(&enter);
        assert!(parser.screen().alternate_screen());
        assert!(parser.screen().bracketed_paste());
        assert_ne!(
            parser.screen().mouse_protocol_mode(),
            vt100::MouseProtocolMode::None
        );
        parser.process(b"\x1b[?25l\x1b[31mpicture");
        parser.process(&written(write_leave));
        let screen = parser.screen();
        assert!(!screen.alternate_screen());
        assert!(!screen.bracketed_paste());
        assert!(!screen.hide_cursor());
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        assert_eq!(screen.fgcolor(), vt100::Color::Default);
        assert_eq!(screen.contents(), "before");
    }

    #[test]
    fn without_the_mouse_it_is_left_alone() {
        let mut parser = parser();
        parser.process(&written(|out| {
            write_enter(out, TerminalOptions { mouse: false })
        }));
        let mode = parser.screen().mouse_protocol_mode();
        assert_eq!(mode, vt100::MouseProtocolMode::None);
    }

    #[test]
    fn keyboard_settings_belong_to_the_alternate_screen() {
        let position = |bytes: &[u8], sequence: &[u8]| {
            let found = bytes
                .windows(sequence.len())
                .position(|part| part == sequence);
            found.unwrap_or_else(|| panic!("{:?} is missing", String::from_utf8_lossy(sequence)))
        };
        let enter = written(|out| write_enter(out, TerminalOptions { mouse: true }));
        assert!(position(&enter, b"\x1b[?1049h") < position(&enter, b"\x1b[>1u"));
        let leave = written(write_leave);
        assert!(position(&leave, b"\x1b[<1u") < position(&leave, b"\x1b[?1049l"));
    }

    #[test]
    fn titles_cannot_break_out() {
        assert_eq!(clean_title("a\x1b]0;b\x07\u{202e}c\u{9c}\nd"), "a]0;bcd");
        assert_eq!(clean_title(&"ä".repeat(500)).chars().count(), LONGEST_TITLE);
    }

    #[test]
    fn giving_back_what_was_not_taken_does_nothing() {
        restore();
        restore();
        assert!(!TAKEN.load(Ordering::SeqCst));
        let mut output = Output::default();
        output.write_all(b"half a frame").expect("gathered");
        output.flush().expect("dropped");
        assert!(output.pending.is_empty());
    }
}
