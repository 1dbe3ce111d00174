//! The line at the bottom: which file, whether it is saved, who has it, where the caret is, and
//! one hint. What fits is shown whole; what does not is left out, the least important first.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    widgets::{Clear, Widget},
};

use super::{
    peers::place,
    words::{count, shorten, shorten_at_word, width, wrap},
};
use crate::ui::{
    app::{App, MessageKind, Notice, Person, PersonState},
    command::Command,
    theme::Role,
};

/// Columns between two parts.
const GAP: usize = 2;
/// A message that is longer than the line may take this many rows.
const MESSAGE_ROWS: usize = 4;

/// A part of the line. Parts with a higher rank stay longer.
struct Part {
    text: String,
    role: Role,
    rank: u8,
    at_right: bool,
}

impl Part {
    fn left(rank: u8, role: Role, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            role,
            rank,
            at_right: false,
        }
    }

    fn right(rank: u8, role: Role, text: impl Into<String>) -> Self {
        Self {
            at_right: true,
            ..Self::left(rank, role, text)
        }
    }
}

/// Draws the line.
pub(crate) fn draw(app: &App, area: Rect, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    buffer.set_style(area, app.theme.style(Role::Status));
    let columns = usize::from(area.width).saturating_sub(2);
    let mut parts = vec![name_part(app, columns)];
    match &app.notice {
        Some(notice) if width(&notice.text) > columns => {
            return draw_long_notice(app, notice, area, buffer);
        }
        Some(notice) => parts.push(Part::left(9, notice_role(notice), notice.text.clone())),
        None => parts.extend(state_parts(app)),
    }
    parts.extend(right_parts(app));
    fit(&mut parts, columns);
    draw_parts(app, &parts, area, buffer);
}

fn name_part(app: &App, columns: usize) -> Part {
    let mark = if app.modified() { " *" } else { "" };
    let room = (columns / 3)
        .max(12)
        .min(columns)
        .saturating_sub(width(mark));
    Part::left(
        7,
        Role::StatusTitle,
        format!("{}{mark}", shorten(&app.name(), room)),
    )
}

fn notice_role(notice: &Notice) -> Role {
    match notice.kind {
        MessageKind::Info => Role::Status,
        MessageKind::Error => Role::StatusError,
    }
}

fn state_parts(app: &App) -> Vec<Part> {
    let saved = match (app.has_file(), app.modified()) {
        (_, true) => Part::left(4, Role::StatusWarning, "not saved"),
        (true, false) => Part::left(3, Role::StatusGood, "saved"),
        (false, false) => Part::left(3, Role::StatusFaint, "no file yet"),
    };
    let mut parts = vec![saved];
    parts.extend(sync_part(app));
    parts.extend(access_part(app));
    parts
}

/// What we may not do, and what others may.
fn access_part(app: &App) -> Option<Part> {
    if !app.may_write() {
        return Some(Part::left(8, Role::StatusWarning, "viewer, read only"));
    }
    let open = app.is_open_to_anyone();
    open.then(|| Part::left(3, Role::StatusWarning, "open to anyone"))
}

/// Who has our edits, in words.
fn sync_part(app: &App) -> Option<Part> {
    let states: Vec<PersonState> = app.people.values().map(|person| person.state()).collect();
    let any = |wanted: PersonState| states.contains(&wanted);
    let kept = match app.unsent_edits() {
        0 => String::new(),
        edits => format!(", {} kept here", count(edits, "edit")),
    };
    let warn = |text: String| Some(Part::left(6, Role::StatusWarning, text));
    if app.offline {
        return warn(format!("offline{kept}"));
    }
    if states.is_empty() {
        return None;
    }
    let connected = app.connected();
    if connected > 0 {
        let slow = |person: &&Person| person.state() == PersonState::Silent || person.lags(app.now);
        if let Some(slow) = app.people.values().find(slow) {
            return warn(format!("waiting for {}", slow.name()));
        }
        let with = match app.people.values().find(|person| person.is_connected()) {
            Some(only) if connected == 1 => shorten(&only.name(), 16),
            _ => connected.to_string(),
        };
        return Some(Part::left(
            6,
            Role::StatusGood,
            format!("synced with {with}"),
        ));
    }
    if any(PersonState::Reconnecting) {
        warn(format!("reconnecting…{kept}"))
    } else if any(PersonState::Connecting) {
        let missed =
            |person: &&Person| person.state() == PersonState::Connecting && person.unreachable;
        match app.people.values().find(missed) {
            Some(person) => warn(format!(
                "cannot reach {}, trying again…",
                shorten(&person.name(), 16)
            )),
            None => warn("connecting…".to_owned()),
        }
    } else if any(PersonState::Syncing) {
        warn("syncing…".to_owned())
    } else {
        let gone = app.people.values().find(|person| person.left);
        let words = match gone {
            Some(person) if app.people.len() == 1 => format!("{} left{kept}", person.name()),
            Some(_) => format!("everyone left{kept}"),
            None => return None,
        };
        Some(Part::left(6, Role::StatusFaint, words))
    }
}

fn right_parts(app: &App) -> Vec<Part> {
    let mut parts = Vec::new();
    let selected = app.selected().len();
    if selected > 0 {
        parts.push(Part::right(
            5,
            Role::StatusFaint,
            format!("{selected} selected"),
        ));
    }
    parts.push(Part::right(
        1,
        Role::StatusFaint,
        format!("id {}", app.node.short()),
    ));
    parts.push(Part::right(8, Role::Status, place(app, app.selection.head)));
    if let Some(key) = app.keymap.keys_for(Command::Help).first() {
        parts.push(Part::right(2, Role::StatusFaint, format!("{key} help")));
    }
    parts
}

/// Leaves out the least important parts until the rest fits.
fn fit(parts: &mut Vec<Part>, columns: usize) {
    while total(parts) > columns && parts.len() > 1 {
        let least = parts.iter().enumerate().min_by_key(|(_, part)| part.rank);
        let Some((index, _)) = least else { return };
        parts.remove(index);
    }
    if let [only] = parts.as_mut_slice() {
        only.text = shorten_at_word(&only.text, columns);
    }
}

fn total(parts: &[Part]) -> usize {
    let words: usize = parts.iter().map(|part| width(&part.text)).sum();
    words + GAP * parts.len().saturating_sub(1)
}

fn draw_parts(app: &App, parts: &[Part], area: Rect, buffer: &mut Buffer) {
    let columns = usize::from(area.width);
    let side = u16::from(columns > 2);
    let mut x = area.x + side;
    let right: Vec<_> = parts.iter().filter(|part| part.at_right).collect();
    for part in parts.iter().filter(|part| !part.at_right) {
        buffer.set_stringn(x, area.y, &part.text, columns, app.theme.style(part.role));
        x += (width(&part.text) + GAP) as u16;
    }
    let taken: usize = right.iter().map(|part| width(&part.text)).sum();
    let taken = taken + GAP * right.len().saturating_sub(1);
    let mut x = area.right().saturating_sub(side + taken as u16).max(area.x);
    for part in right {
        buffer.set_stringn(x, area.y, &part.text, columns, app.theme.style(part.role));
        x += (width(&part.text) + GAP) as u16;
    }
}

/// A message that does not fit into the line grows upwards over the text.
fn draw_long_notice(app: &App, notice: &Notice, area: Rect, buffer: &mut Buffer) {
    let columns = usize::from(area.width).saturating_sub(2).max(1);
    let mut lines = wrap(&notice.text, columns);
    let room = MESSAGE_ROWS.min(usize::from(area.y) + 1);
    if lines.len() > room {
        let rest = lines.split_off(room - 1).join(" ");
        lines.push(shorten_at_word(&rest, columns));
    }
    let rows = lines.len() as u16;
    let area = Rect {
        y: area.bottom().saturating_sub(rows),
        height: rows,
        ..area
    };
    Clear.render(area, buffer);
    buffer.set_style(area, app.theme.style(Role::Status));
    for (y, line) in (area.y..).zip(&lines) {
        let style = app.theme.style(notice_role(notice));
        buffer.set_stringn(area.x + u16::from(area.width > 2), y, line, columns, style);
    }
}
