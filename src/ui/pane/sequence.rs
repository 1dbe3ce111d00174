//! What may follow the keys that were begun: a few lines above the status line.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    widgets::{Clear, Widget},
};

use super::words::{shorten, width};
use crate::ui::{
    app::{App, Areas, Continuations},
    theme::Role,
};

/// The narrowest column that says what a key does.
const NARROWEST: usize = 34;
/// Columns between two entries, and at the edges.
const GAP: usize = 2;
/// Rows of the text that stay visible.
const LEFT_ROWS: u16 = 3;

/// Draws the lines, if somebody hesitates.
pub(crate) fn draw(app: &App, areas: &Areas, buffer: &mut Buffer) {
    let Some(shown) = app.continuations() else {
        return;
    };
    let screen = areas.screen;
    let columns = (usize::from(screen.width) / NARROWEST).max(1);
    let wanted = shown.entries.len().div_ceil(columns) + 1;
    let room = areas.status.y.saturating_sub(screen.y + LEFT_ROWS);
    let rows = u16::try_from(wanted).unwrap_or(u16::MAX).min(room);
    if rows < 2 {
        return;
    }
    let area = Rect {
        y: areas.status.y - rows,
        height: rows,
        ..screen
    };
    Clear.render(area, buffer);
    buffer.set_style(area, app.theme.style(Role::Dialog));
    draw_heading(app, &shown, area, columns, buffer);
    let per_column = usize::from(rows - 1);
    let wide = usize::from(screen.width) / columns;
    let widest = shown.entries.iter().map(|(key, _)| width(key)).max();
    let widest = widest.unwrap_or_default();
    for (index, (key, what)) in shown.entries.iter().take(per_column * columns).enumerate() {
        let x = area.x + (index / per_column * wide + GAP) as u16;
        let y = area.y + 1 + (index % per_column) as u16;
        let key_style = app.theme.style(Role::DialogStrong);
        buffer.set_stringn(x, y, key, wide.saturating_sub(GAP), key_style);
        let after = widest + GAP;
        // What stands behind a semicolon is for who reads help.
        let what = what.split(';').next().unwrap_or_default();
        let what = shorten(what, wide.saturating_sub(after + 2 * GAP));
        let style = app.theme.style(Role::Dialog);
        buffer.set_stringn(x + after as u16, y, &what, wide, style);
    }
}

/// The keys that were pressed, in a rule over the whole width.
fn draw_heading(app: &App, shown: &Continuations, area: Rect, columns: usize, buffer: &mut Buffer) {
    let rule = app.theme.frame().horizontal_top;
    let style = app.theme.style(Role::DialogBorder);
    let across = usize::from(area.width);
    buffer.set_stringn(area.x, area.y, rule.repeat(across), across, style);
    let fit = usize::from(area.height - 1) * columns;
    let missing = shown.entries.len().saturating_sub(fit);
    let more = match missing {
        0 => String::new(),
        _ => format!(" ({missing} more)"),
    };
    let words = format!(" {} and then{more}; Esc gives up ", shown.begun);
    let words = shorten(&words, across.saturating_sub(GAP));
    let style = app.theme.style(Role::DialogTitle);
    buffer.set_stringn(area.x + GAP as u16, area.y, words, across, style);
}
