//! Who is here: ourselves first, then the others, then those who left.

use std::time::Duration;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::words::{shorten, width};
use crate::{
    NodeId,
    ui::{
        app::{App, Person, PersonState},
        theme::{Mark, Role},
    },
};

/// What the pane says of one person.
struct Entry {
    node: NodeId,
    name: String,
    color: String,
    place: String,
    state: String,
    role: Role,
}

/// Draws the pane: at the side with two rows for each person, or below the text with one.
pub(crate) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    buffer.set_style(area, app.theme.style(Role::Peers));
    if is_at_side(area) {
        draw_at_side(app, area, buffer);
    } else {
        draw_below(app, area, buffer);
    }
}

/// Whom the pane shows in this cell.
pub(crate) fn person_at(app: &App, area: Rect, at: Position) -> Option<NodeId> {
    let row = usize::from(at.y.checked_sub(area.y)?);
    let index = if is_at_side(area) {
        row.checked_sub(1)? / 2
    } else {
        row
    };
    let (entries, _) = shown(app, area);
    entries.get(index).map(|entry| entry.node)
}

fn is_at_side(area: Rect) -> bool {
    area.x > 0
}

/// The entries for which there is room, and how many there are not.
fn shown(app: &App, area: Rect) -> (Vec<Entry>, usize) {
    let mut entries = entries(app);
    let rows = usize::from(area.height);
    let all = entries.len();
    let room = if is_at_side(area) {
        rows.saturating_sub(1) / 2
    } else {
        rows
    };
    if all > room {
        // One row says how many more there are.
        let for_entries = if is_at_side(area) {
            rows.saturating_sub(2) / 2
        } else {
            rows.saturating_sub(1)
        };
        entries.truncate(for_entries);
    }
    let hidden = all - entries.len();
    (entries, hidden)
}

fn entries(app: &App) -> Vec<Entry> {
    let own = Entry {
        node: app.node,
        name: format!("{} (you)", app.user.name),
        color: app.user.color.clone(),
        place: place(app, app.selection.head),
        state: if app.offline { "offline" } else { "here" }.to_owned(),
        role: if app.offline {
            Role::PeersWarning
        } else {
            Role::PeersDetail
        },
    };
    let mut others: Vec<&Person> = app.people.values().collect();
    others.sort_by_cached_key(|person| (person.left, person.name()));
    let others = others.into_iter().map(|person| Entry {
        node: person.node,
        name: person.name(),
        color: person.color(),
        place: person
            .caret
            .map_or_else(String::new, |caret| place(app, caret.head)),
        state: state_words(app, person),
        role: state_role(app, person),
    });
    std::iter::once(own).chain(others).collect()
}

fn state_role(app: &App, person: &Person) -> Role {
    match person.state() {
        PersonState::Away | PersonState::Left | PersonState::SentAway => Role::PeersAway,
        _ if app.offline => Role::PeersAway,
        PersonState::Here | PersonState::Typing => Role::PeersDetail,
        PersonState::Connecting
        | PersonState::Syncing
        | PersonState::Silent
        | PersonState::Reconnecting
        | PersonState::Apart => Role::PeersWarning,
    }
}

fn state_words(app: &App, person: &Person) -> String {
    if app.is_knocking(person.node) {
        return "wants to join".to_owned();
    }
    let state = person.state();
    let viewer = match app.role_of(person.node) {
        Some(crate::Role::Viewer) => "viewer, ",
        Some(crate::Role::Editor | crate::Role::Owner) | None => "",
    };
    if app.offline && !person.left {
        return "not connected".to_owned();
    }
    let answers = match state {
        PersonState::Here | PersonState::Typing | PersonState::Away => person.round_trip,
        PersonState::Connecting
        | PersonState::Syncing
        | PersonState::Silent
        | PersonState::Reconnecting
        | PersonState::Apart
        | PersonState::Left
        | PersonState::SentAway => None,
    };
    match answers {
        Some(time) => format!("{viewer}{}, {}", state.word(), milliseconds(time)),
        None => format!("{viewer}{}", state.word()),
    }
}

fn milliseconds(time: Duration) -> String {
    match time.as_millis() {
        0 => "<1 ms".to_owned(),
        whole => format!("{whole} ms"),
    }
}

/// Line and column, counted from 1.
pub(super) fn place(app: &App, position: usize) -> String {
    let rope = app.rope();
    let position = position.min(rope.len_chars());
    let line = rope.char_to_line(position);
    format!("{}:{}", line + 1, position - rope.line_to_char(line) + 1)
}

fn draw_at_side(app: &App, area: Rect, buffer: &mut Buffer) {
    for y in area.top()..area.bottom() {
        buffer.set_string(
            area.x,
            y,
            app.theme.mark(Mark::Line),
            app.theme.style(Role::Separator),
        );
    }
    // One column between the line and the words, one at the edge.
    let inner = Rect {
        x: area.x + 2,
        width: area.width.saturating_sub(3),
        ..area
    };
    let columns = usize::from(inner.width);
    let (entries, hidden) = shown(app, area);
    buffer.set_stringn(
        inner.x,
        inner.y,
        "People",
        columns,
        app.theme.style(Role::PeersTitle),
    );
    let mut y = inner.y + 1;
    for entry in &entries {
        let name_columns = columns.saturating_sub(2 + width(&entry.place) + 1);
        draw_name(app, entry, Position::new(inner.x, y), name_columns, buffer);
        let place_x = inner.right().saturating_sub(width(&entry.place) as u16);
        let detail = app.theme.style(Role::PeersDetail);
        buffer.set_string(place_x, y, &entry.place, detail);
        let state = shorten(&entry.state, columns.saturating_sub(2));
        buffer.set_string(inner.x + 2, y + 1, state, app.theme.style(entry.role));
        y += 2;
    }
    if hidden > 0 && y < inner.bottom() {
        let more = format!("and {hidden} more");
        buffer.set_stringn(
            inner.x + 2,
            y,
            more,
            columns,
            app.theme.style(Role::PeersDetail),
        );
    }
}

fn draw_below(app: &App, area: Rect, buffer: &mut Buffer) {
    let (entries, hidden) = shown(app, area);
    let columns = usize::from(area.width.saturating_sub(2));
    let places = entries
        .iter()
        .map(|entry| width(&entry.place))
        .max()
        .unwrap_or(0);
    let states = entries
        .iter()
        .map(|entry| width(&entry.state))
        .max()
        .unwrap_or(0);
    let names = columns.saturating_sub(2 + 2 + places + 2 + states);
    let names = names.min(
        entries
            .iter()
            .map(|entry| width(&entry.name))
            .max()
            .unwrap_or(0),
    );
    for (y, entry) in (area.y..).zip(&entries) {
        draw_name(app, entry, Position::new(area.x + 1, y), names, buffer);
        let detail = app.theme.style(Role::PeersDetail);
        let mut x = area.x + 1 + 2 + names as u16 + 2;
        let rest = |x: u16| usize::from(area.right().saturating_sub(x + 1));
        let place = format!("{:>places$}", entry.place);
        buffer.set_stringn(x.min(area.right()), y, place, rest(x), detail);
        x += places as u16 + 2;
        let state = shorten(&entry.state, rest(x));
        buffer.set_stringn(
            x.min(area.right()),
            y,
            state,
            rest(x),
            app.theme.style(entry.role),
        );
    }
    if hidden > 0 && !area.is_empty() {
        let more = format!("and {hidden} more");
        let y = area.y + entries.len() as u16;
        buffer.set_stringn(
            area.x + 3,
            y,
            more,
            columns,
            app.theme.style(Role::PeersDetail),
        );
    }
}

fn draw_name(app: &App, entry: &Entry, at: Position, columns: usize, buffer: &mut Buffer) {
    let swatch = app.theme.participant(&entry.color).name;
    buffer.set_string(at.x, at.y, app.theme.mark(Mark::Swatch), swatch);
    let role = match entry.role {
        Role::PeersAway => Role::PeersAway,
        _ => Role::PeersName,
    };
    let name = shorten(&entry.name, columns);
    buffer.set_string(at.x + 2, at.y, name, app.theme.style(role));
}
