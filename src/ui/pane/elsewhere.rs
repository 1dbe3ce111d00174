//! What others do outside of what is visible, and whom we follow: tags at the edges of the text.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::words::{shorten, width};
use crate::{
    NodeId,
    ui::{
        app::{App, Areas},
        theme::Mark,
    },
};

/// The longest name on a tag, in columns.
const LONGEST: usize = 16;

/// A tag and where it stands.
struct Tag {
    area: Rect,
    text: String,
    color: String,
    node: NodeId,
}

/// Draws the tags, and the bar that says that we follow somebody.
pub(crate) fn draw(app: &App, areas: &Areas, cursor: Option<Position>, buffer: &mut Buffer) {
    if let Some(person) = app.followed() {
        let style = app.theme.participant(&person.color()).name;
        for y in areas.text.top()..areas.text.bottom() {
            if areas.numbers.width > 0 {
                buffer.set_string(areas.numbers.x, y, app.theme.mark(Mark::Edge), style);
            }
        }
    }
    for tag in tags(app, areas, cursor) {
        let style = app.theme.participant(&tag.color).label;
        buffer.set_stringn(
            tag.area.x,
            tag.area.y,
            &tag.text,
            tag.area.width.into(),
            style,
        );
    }
}

/// Whose tag is at this cell.
pub(crate) fn person_at(
    app: &App,
    areas: &Areas,
    cursor: Option<Position>,
    at: Position,
) -> Option<NodeId> {
    let tags = tags(app, areas, cursor);
    tags.iter()
        .find(|tag| tag.area.contains(at))
        .map(|tag| tag.node)
}

/// The tags at the right edge: at the top for what is above, at the bottom for what is below. None
/// stands in the row of one's own caret.
fn tags(app: &App, areas: &Areas, cursor: Option<Position>) -> Vec<Tag> {
    let text = areas.text;
    let (mut above, mut below) = (text.top(), text.bottom());
    let mut tags = Vec::new();
    let mut put = |words: String, is_above: bool, color: String, node: NodeId| {
        let words = shorten(&words, usize::from(text.width.saturating_sub(1)));
        let columns = width(&words) as u16;
        let own_row = cursor.map(|cursor| cursor.y);
        let y = if is_above {
            above += u16::from(Some(above) == own_row);
            above += 1;
            above - 1
        } else {
            below = below.saturating_sub(1 + u16::from(Some(below.saturating_sub(1)) == own_row));
            below
        };
        let area = Rect::new(text.right().saturating_sub(columns), y, columns, 1);
        if columns > 0 && (text.top()..text.bottom()).contains(&y) {
            tags.push(Tag {
                area,
                text: words,
                color,
                node,
            });
        }
    };
    if let Some(person) = app.followed() {
        let words = format!(" following {} ", shorten(&person.name(), LONGEST));
        put(words, true, person.color(), person.node);
    }
    for person in app.writing_elsewhere() {
        let mark = if person.is_above {
            Mark::Up
        } else {
            Mark::Down
        };
        let arrow = app.theme.mark(mark);
        let name = shorten(&person.name, LONGEST);
        let words = format!(" {name} is writing at line {} {arrow} ", person.line);
        put(words, person.is_above, person.color, person.node);
    }
    tags
}
