//! The line at the bottom: which file, whether it is saved, who has it, where the caret is, and
//! one hint. What fits is shown whole; what does not is left out, the least important first.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    widgets::{Clear, Widget},
};

use super::{
    peers::place,
    standing,
    words::{count, shorten, shorten_at_word, width, wrap},
};
use crate::ui::{
    app::{App, MessageKind, Notice},
    command::Command,
    theme::Role,
};

/// Columns between two parts.
const GAP: usize = 2;
/// Between two parts that belong together.
const JOINT: &str = " · ";
/// Parts up to this rank are left out before anything is said in fewer words.
const SPARE: u8 = 2;
/// Columns that the name of who wrote at the caret may take.
const LONGEST_AUTHOR: usize = 20;
/// A message that is longer than the line may take this many rows.
const MESSAGE_ROWS: usize = 4;

/// A part of the line. Parts with a higher rank stay longer.
struct Part {
    text: String,
    role: Role,
    rank: u8,
    at_right: bool,
    /// Whether it says how something stands; such parts belong together.
    is_phrase: bool,
}

impl Part {
    fn left(rank: u8, role: Role, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            role,
            rank,
            at_right: false,
            is_phrase: false,
        }
    }

    /// Columns between this part and the one before it.
    fn gap(&self, before: &Self) -> usize {
        if self.is_phrase && before.is_phrase {
            width(JOINT)
        } else {
            GAP
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
    if let Some(notice) = &app.notice {
        if width(&notice.text) > columns {
            return draw_long_notice(app, notice, area, buffer);
        }
        let mut parts = vec![name_part(app, columns)];
        parts.push(Part::left(10, notice_role(notice), notice.text.clone()));
        parts.extend(right_parts(app));
        fit(&mut parts, columns);
        return draw_parts(app, &parts, area, buffer);
    }
    draw_parts(app, &state(app, columns), area, buffer);
}

/// Everything that is shown while there is no message: what stands on the right gives way before
/// the words are shortened, and they are shortened before any is left out.
fn state(app: &App, columns: usize) -> Vec<Part> {
    let parts = |length: usize| {
        let mut parts = vec![name_part(app, columns)];
        parts.extend(state_parts(app, length));
        parts.extend(right_parts(app));
        parts
    };
    for length in 0..standing::LENGTHS {
        let mut parts = parts(length);
        while total(&parts) > columns && leave_out(&mut parts, SPARE) {}
        if total(&parts) <= columns {
            return parts;
        }
    }
    let mut parts = parts(standing::LENGTHS - 1);
    fit(&mut parts, columns);
    parts
}

fn name_part(app: &App, columns: usize) -> Part {
    let mark = if app.modified() { " *" } else { "" };
    let room = (columns / 3)
        .max(12)
        .min(columns)
        .saturating_sub(width(mark));
    Part::left(
        8,
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

/// How everything stands, said in one of several lengths.
fn state_parts(app: &App, length: usize) -> Vec<Part> {
    let phrases = standing::phrases(&app.standing(), length);
    let parts = phrases.into_iter().enumerate().map(|(index, phrase)| {
        // Good news go first when there is no room for all.
        let rank = match phrase.role {
            Role::StatusGood | Role::StatusFaint if index == 0 => 3,
            Role::StatusGood | Role::StatusFaint => 4,
            Role::StatusError => 9,
            _ => 7,
        };
        Part::left(rank, phrase.role, phrase.text)
    });
    let read_only = match (app.may_write(), app.is_read_only()) {
        (false, _) => {
            let words = match app.role_of(app.node) {
                Some(_) => "viewer, read-only",
                None => "not a member, read-only",
            };
            Some(Part::left(8, Role::StatusWarning, words))
        }
        (true, true) => Some(Part::left(8, Role::StatusWarning, "read-only")),
        (true, false) => None,
    };
    let open_door = app
        .is_open_to_anyone()
        .then(|| Part::left(3, Role::StatusWarning, "open to anyone"));
    let open = app.open_conflicts();
    let conflicts = (open > 0).then(|| Part::left(6, Role::StatusWarning, count(open, "conflict")));
    let as_phrase = |part: Part| Part {
        is_phrase: true,
        ..part
    };
    read_only
        .into_iter()
        .chain(parts)
        .chain(conflicts)
        .chain(open_door)
        .map(as_phrase)
        .collect()
}

fn right_parts(app: &App) -> Vec<Part> {
    let mut parts = Vec::new();
    let beside = app.beside();
    if !beside.is_empty() {
        let words = count(beside.len() + 1, "selection");
        parts.push(Part::right(5, Role::Status, words));
    }
    let selected = app.selected().len()
        + beside
            .iter()
            .map(|caret| caret.range().len())
            .sum::<usize>();
    if selected > 0 {
        parts.push(Part::right(
            3,
            Role::StatusFaint,
            format!("{selected} selected"),
        ));
    }
    parts.push(Part::right(
        1,
        Role::StatusFaint,
        format!("id {}", app.node.short()),
    ));
    if let Some(name) = app.author_at_caret() {
        let name = shorten(&name, LONGEST_AUTHOR);
        parts.push(Part::right(4, Role::StatusFaint, format!("by {name}")));
    }
    parts.push(Part::right(5, Role::Status, place(app, app.selection.head)));
    if let Some(key) = app.keymap.keys_for(Command::Help).first() {
        parts.push(Part::right(2, Role::StatusFaint, format!("{key} help")));
    }
    parts
}

/// Leaves out the least important part if its rank is not above this. Returns whether it did.
fn leave_out(parts: &mut Vec<Part>, highest: u8) -> bool {
    let least = parts.iter().enumerate().min_by_key(|(_, part)| part.rank);
    let least = least.filter(|(_, part)| part.rank <= highest);
    least
        .map(|(index, _)| index)
        .map(|index| parts.remove(index))
        .is_some()
}

/// Leaves out the least important parts until the rest fits.
fn fit(parts: &mut Vec<Part>, columns: usize) {
    while total(parts) > columns && parts.len() > 1 && leave_out(parts, u8::MAX) {}
    if let [only] = parts.as_mut_slice() {
        only.text = shorten_at_word(&only.text, columns);
    }
}

fn total(parts: &[Part]) -> usize {
    let words = parts.iter().map(|part| width(&part.text));
    let gaps = parts.windows(2).map(|pair| pair[1].gap(&pair[0]));
    words.chain(gaps).sum()
}

fn draw_parts(app: &App, parts: &[Part], area: Rect, buffer: &mut Buffer) {
    let columns = usize::from(area.width);
    let side = u16::from(columns > 2);
    let mut x = area.x + side;
    let right: Vec<_> = parts.iter().filter(|part| part.at_right).collect();
    let mut before: Option<&Part> = None;
    for part in parts.iter().filter(|part| !part.at_right) {
        if let Some(before) = before.replace(part) {
            let gap = part.gap(before);
            if gap > GAP {
                let style = app.theme.style(Role::StatusFaint);
                buffer.set_stringn(x, area.y, JOINT, columns, style);
            }
            x += gap as u16;
        }
        buffer.set_stringn(x, area.y, &part.text, columns, app.theme.style(part.role));
        x += width(&part.text) as u16;
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
