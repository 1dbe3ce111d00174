//! One line above the status line, while somebody has to be answered.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    widgets::{Clear, Widget},
};

use super::words::{shorten, width};
use crate::ui::{
    app::{App, KnockLine},
    command::Command,
    theme::{Mark, Role},
};

/// Columns of a long name that are shown at least.
const LEAST_NAME: usize = 8;

/// Draws the line, if there is something to answer and room for it.
pub(crate) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let Some(line) = app.knock_line().filter(|_| !area.is_empty()) else {
        return;
    };
    Clear.render(area, buffer);
    buffer.set_style(area, app.theme.style(Role::Status));
    let key = app.keymap.keys_for(Command::AnswerKnock).into_iter().next();
    let hint = key.map_or_else(String::new, |key| format!("{key} {}", line.key_does));
    let columns = usize::from(area.width).saturating_sub(2);
    let room = columns.saturating_sub(2 + width(&hint) + 2);
    let mut x = area.x + u16::from(area.width > 2);
    if let Some(color) = &line.color {
        let style = app.theme.participant(color).name;
        buffer.set_string(x, area.y, app.theme.mark(Mark::Swatch), style);
        x += 2;
    }
    let sentence = fitted(&line, room);
    let style = app.theme.style(Role::StatusWarning);
    buffer.set_stringn(x, area.y, &sentence, room, style);
    let hint_x = area.right().saturating_sub(1 + width(&hint) as u16);
    let style = app.theme.style(Role::StatusTitle);
    buffer.set_string(hint_x.max(area.x), area.y, hint, style);
}

/// Puts the line into so many columns: somebody with a long name must not push out of it what they
/// want.
fn fitted(line: &KnockLine, room: usize) -> String {
    let KnockLine {
        before,
        name,
        after,
        ..
    } = line;
    let least = width(name).min(LEAST_NAME);
    for after in after {
        let left = room.saturating_sub(width(before) + width(after));
        if left >= least {
            return format!("{before}{}{after}", shorten(name, left));
        }
    }
    shorten(&format!("{before}{name}{}", after[1]), room)
}
