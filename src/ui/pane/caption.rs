//! The line below everything, in a demonstration: what is shown.

use ratatui::{buffer::Buffer, layout::Rect};

use crate::ui::{app::App, theme::Role};

/// Draws what is shown, in as many rows as there are.
pub(crate) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    let style = app.theme.style(Role::StatusGood);
    buffer.set_style(area, style);
    for (row, words) in area.rows().zip(app.caption(area.width)) {
        buffer.set_stringn(row.x, row.y, format!(" {words}"), row.width.into(), style);
    }
}
