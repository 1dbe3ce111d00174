//! What comes from the terminal: keys, mouse, pastes, sizes.
//!
//! Read on a thread of its own, which nothing waits for. A terminal that goes away leaves its reader
//! turning in circles; the loop must still hear the signal that says so, and store what was typed.

use std::{io, thread};

use crossterm::event::{self, Event as TerminalEvent};
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::app::Event;

/// Starts to read. The channel ends when the terminal cannot be read any more.
///
/// # Errors
///
/// If the system gives no thread.
pub(super) fn listen() -> io::Result<UnboundedReceiver<Event>> {
    let (told, events) = mpsc::unbounded_channel();
    let read = move || {
        while let Ok(event) = event::read() {
            if told.send(translate(event)).is_err() {
                return;
            }
        }
    };
    thread::Builder::new()
        .name("keyboard".to_owned())
        .spawn(read)?;
    Ok(events)
}

fn translate(event: TerminalEvent) -> Event {
    match event {
        TerminalEvent::Key(key) => Event::Key(key),
        TerminalEvent::Mouse(mouse) => Event::Mouse(mouse),
        TerminalEvent::Paste(text) => Event::Paste(text),
        TerminalEvent::Resize(columns, rows) => Event::Resize(columns, rows),
        TerminalEvent::FocusGained => Event::FocusGained,
        TerminalEvent::FocusLost => Event::FocusLost,
    }
}
