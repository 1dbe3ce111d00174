//! Names at the carets of other people.
//!
//! A label stands where there is no text: above the caret, behind its row, or below it. Where all
//! of that is full, it covers some text for a moment after its caret moved, never the row that the
//! own caret is in.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    document::Canvas,
    words::{initials, shorten, width},
};
use crate::ui::{
    app::{App, Person},
    theme::Role,
};

/// Panes narrower than this have room for initials only.
const ROOMY: u16 = 40;
/// The longest name on a label.
const LONGEST: usize = 16;

/// Draws a label at each visible caret of another person.
pub(super) fn draw(app: &App, canvas: &Canvas, own: Option<Position>, buffer: &mut Buffer) {
    let mut taken: Vec<Rect> = app
        .people
        .values()
        .filter_map(|person| canvas.place_of_person(person))
        .map(|at| Rect::new(at.x, at.y, 1, 1))
        .collect();
    // Room for the next characters that the person at the keyboard types.
    taken.extend(own.map(|at| Rect::new(at.x, at.y, 3, 1)));
    for person in app.people.values() {
        let Some(at) = canvas.place_of_person(person) else {
            continue;
        };
        let found = texts(person, canvas.text.width)
            .into_iter()
            .find_map(|text| Some((free_place(app, canvas, at, width(&text), &taken)?, text)))
            .or_else(|| covering(app, canvas, person, at, own));
        let Some((area, text)) = found else { continue };
        let colors = app.theme.participant(&person.color());
        let style = match person.label_is_faded(app.now) {
            // Still no text: it keeps a ground of its own.
            true => app.theme.style(Role::Text).patch(colors.selection),
            false => colors.label,
        };
        buffer.set_stringn(area.x, area.y, &text, area.width.into(), style);
        app.theme.plain(area, buffer);
        taken.push(area);
    }
}

/// What the label may say, the longest first.
fn texts(person: &Person, columns: u16) -> Vec<String> {
    let name = person.name();
    let short = format!(" {} ", initials(&name));
    if columns < ROOMY {
        return vec![short];
    }
    vec![format!(" {} ", shorten(&name, LONGEST)), short]
}

/// A place without text, near the caret.
fn free_place(
    app: &App,
    canvas: &Canvas,
    at: Position,
    columns: usize,
    taken: &[Rect],
) -> Option<Rect> {
    let columns = u16::try_from(columns).ok()?;
    let behind = text_end(app, canvas, at.y)?;
    let above = at.y.checked_sub(1).filter(|y| *y >= canvas.text.y);
    let below = Some(at.y + 1).filter(|y| *y < canvas.text.bottom());
    let places = [
        above.map(|y| (at.x, y)),
        Some((behind.max(at.x + 2), at.y)),
        below.map(|y| (at.x, y)),
    ];
    places.into_iter().flatten().find_map(|(x, y)| {
        let area = Rect::new(x, y, columns, 1);
        let blank = text_end(app, canvas, y).is_none_or(|end| x >= end);
        let free = taken.iter().all(|other| !other.intersects(area));
        (blank && free && area.right() <= canvas.text.right()).then_some(area)
    })
}

/// The first column of the screen that a label may take in a row; `None` below the text.
fn text_end(app: &App, canvas: &Canvas, y: u16) -> Option<u16> {
    let drawn = canvas.rows.iter().find(|drawn| drawn.y == y)?;
    let end = drawn.end_column.saturating_sub(app.left);
    Some(match end {
        0 => canvas.text.x,
        end => canvas.text.x.saturating_add(end + 1),
    })
}

/// A place over text, for a moment.
fn covering(
    app: &App,
    canvas: &Canvas,
    person: &Person,
    at: Position,
    own: Option<Position>,
) -> Option<(Rect, String)> {
    if !person.label_is_fresh(app.now) {
        return None;
    }
    let text = format!(" {} ", initials(&person.name()));
    let columns = u16::try_from(width(&text)).ok()?;
    let own_row = own.map(|own| own.y);
    let rows = [at.y.checked_sub(1), Some(at.y + 1)];
    let y = rows
        .into_iter()
        .flatten()
        .find(|y| (canvas.text.top()..canvas.text.bottom()).contains(y) && Some(*y) != own_row)?;
    let x = at.x.min(canvas.text.right().saturating_sub(columns));
    (x >= canvas.text.x).then_some((Rect::new(x, y, columns, 1), text))
}
