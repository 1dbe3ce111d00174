//! temp
use std::io;
use ratatui::{DefaultTerminal, Frame};
use crossterm::{execute, event::*, terminal::*};
pub(super) struct TerminalSession(DefaultTerminal);
impl TerminalSession {
    pub fn enter() -> io::Result<Self> { let t = ratatui::init(); execute!(io::stdout(), EnableBracketedPaste, EnableMouseCapture, EnableFocusChange)?; Ok(Self(t)) }
    pub fn size(&self) -> io::Result<(u16,u16)> { let s = self.0.size()?; Ok((s.width, s.height)) }
    pub fn draw(&mut self, f: impl FnOnce(&mut Frame)) -> io::Result<()> { execute!(io::stdout(), BeginSynchronizedUpdate)?; self.0.draw(f)?; execute!(io::stdout(), EndSynchronizedUpdate)?; Ok(()) }
    pub fn redraw(&mut self) -> io::Result<()> { self.0.clear() }
    pub fn suspend(&mut self) -> io::Result<()> { Ok(()) }
    pub fn set_title(&mut self, t: &str) -> io::Result<()> { execute!(io::stdout(), SetTitle(t)) }
    pub fn copy(&mut self, _: &str) -> io::Result<()> { Ok(()) }
    pub fn leave(&mut self) { let _ = execute!(io::stdout(), DisableBracketedPaste, DisableMouseCapture, DisableFocusChange); ratatui::restore(); }
}
