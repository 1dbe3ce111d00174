//! One line for who is here for the first time: the keys that lead to everything else.

use ratatui::{buffer::Buffer, layout::Rect};

use super::words::width;
use crate::ui::{
    app::{App, Areas},
    command::Command,
    theme::Role,
};

/// What a key does, in few words.
const WORDS: [(Command, &str); 4] = [
    (Command::Help, "help"),
    (Command::Palette, "all commands"),
    (Command::Share, "share"),
    (Command::Quit, "quit"),
];

/// Draws the line at the bottom of the text, with as many keys as fit, the most important first.
pub(crate) fn draw(app: &App, areas: &Areas, buffer: &mut Buffer) {
    if !app.is_greeting() || areas.text.height < 3 {
        return;
    }
    let parts = WORDS.iter().filter_map(|(command, words)| {
        let key = app.keymap.keys_for(*command).into_iter().next()?;
        Some(format!("{key} {words}"))
    });
    let room = usize::from(areas.text.width.saturating_sub(1));
    let mut line = String::from("New here?");
    for part in parts {
        if width(&line) + 3 + width(&part) > room {
            break;
        }
        line = format!("{line}   {part}");
    }
    let place = Rect {
        y: areas.text.bottom() - 1,
        height: 1,
        ..areas.text
    };
    let style = app.theme.style(Role::Hint);
    let blank = " ".repeat(usize::from(place.width));
    buffer.set_stringn(place.x, place.y, blank, place.width.into(), style);
    buffer.set_stringn(place.x, place.y, line, place.width.into(), style);
}
