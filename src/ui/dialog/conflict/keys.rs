//! The keys of cards: what each does, and where it is drawn, for those who click on it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use super::NARROW;
use crate::{
    Resolution,
    ui::{
        dialog::form::put,
        pane::words::width,
        theme::{Role, Theme},
    },
};

/// The keys of a card: letter, word, and the answer.
pub(super) const KEYS: [(char, &str, Option<Resolution>); 6] = [
    ('k', "keep merged", Some(Resolution::KeepMerged)),
    ('m', "mine", Some(Resolution::Mine)),
    ('t', "theirs", Some(Resolution::Theirs)),
    ('b', "both", Some(Resolution::Both)),
    ('e', "edit", None),
    ('l', "later", None),
];

/// The keys of the summary.
pub(super) const SUMMARY_KEYS: [(KeyEvent, &str); 2] = [
    (pressed(KeyCode::Enter), "[Enter] look at them"),
    (pressed(KeyCode::Esc), "[Esc] later"),
];

/// The keys of the field.
pub(super) const FIELD_KEYS: [(KeyEvent, &str); 3] = [
    (pressed(KeyCode::Enter), "[Enter] put it there"),
    (
        KeyEvent::new(KeyCode::Enter, KeyModifiers::ALT),
        "[Alt-Enter] new line",
    ),
    (pressed(KeyCode::Esc), "[Esc] back"),
];

const fn pressed(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

/// The keys in rows that fit, each as (key, word). The words for one side and the other are
/// `sides`.
pub(super) fn key_rows(
    columns: usize,
    sides: &[String; 2],
    several: bool,
) -> Vec<Vec<(char, String)>> {
    let mut keys: Vec<(char, String)> = KEYS
        .iter()
        .map(|(key, word, resolution)| match resolution {
            Some(Resolution::Mine) => (*key, sides[0].clone()),
            Some(Resolution::Theirs) => (*key, sides[1].clone()),
            Some(Resolution::KeepMerged) if columns < NARROW => (*key, "keep".to_owned()),
            Some(_) | None => (*key, (*word).to_owned()),
        })
        .collect();
    let walking: &[(char, &str)] = match (several, columns < NARROW) {
        (false, _) => &[],
        (true, true) => &[('n', "next"), ('a', "all keep")],
        (true, false) => &[('n', "next"), ('p', "previous"), ('a', "all: keep merged")],
    };
    keys.extend(walking.iter().map(|(key, word)| (*key, (*word).to_owned())));
    keys.push(('u', "undo".to_owned()));
    let mut rows: Vec<Vec<(char, String)>> = vec![Vec::new()];
    let mut used = 0;
    for (key, word) in keys {
        let wide = width(&labelled(key, &word));
        if used > 0 && used + 1 + wide > columns {
            rows.push(Vec::new());
            used = 0;
        }
        used += wide + usize::from(used > 0);
        if let Some(row) = rows.last_mut() {
            row.push((key, word));
        }
    }
    rows
}

/// "[k]eep merged", or "[t] Ada's" where the word begins with another letter.
fn labelled(key: char, word: &str) -> String {
    match word.strip_prefix(key) {
        Some(rest) => format!("[{key}]{rest}"),
        None => format!("[{key}] {word}"),
    }
}

/// Returns where each key is.
pub(super) fn draw_keys(
    row: &[(char, String)],
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) -> Vec<(Rect, KeyEvent)> {
    let mut x = area.x;
    let mut buttons = Vec::new();
    for (key, word) in row {
        let text = labelled(*key, word);
        let style = theme.style(Role::Choice);
        let room = area.right().saturating_sub(x);
        buffer.set_stringn(x, area.y, &text, usize::from(room), style);
        if let Some(cell) = buffer.cell_mut((x + 1, area.y)) {
            cell.set_style(theme.style(Role::DialogKey).add_modifier(Modifier::BOLD));
        }
        let wide = (width(&text) as u16).min(room);
        buttons.push((Rect::new(x, area.y, wide, 1), pressed(KeyCode::Char(*key))));
        x = x.saturating_add(wide + 1);
        if x >= area.right() {
            break;
        }
    }
    buttons
}

/// Draws what keys do in the last row, as far as it fits. Returns where each is.
pub(super) fn draw_hints(
    hints: &[(KeyEvent, &str)],
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) -> Vec<(Rect, KeyEvent)> {
    let y = area.bottom().saturating_sub(1);
    let mut x = area.x;
    let mut buttons = Vec::new();
    for (key, words) in hints {
        let wide = width(words) as u16;
        if x + wide > area.right() {
            continue;
        }
        let place = Rect::new(x, y, wide, 1);
        put(buffer, place, y, words, theme.style(Role::DialogKey));
        buttons.push((place, *key));
        x += wide + 2;
    }
    buttons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_in_brackets() {
        assert_eq!(labelled('k', "keep merged"), "[k]eep merged");
        assert_eq!(labelled('x', "all"), "[x] all");
        let sides = ["mine".to_owned(), "Ada's".to_owned()];
        assert_eq!(key_rows(200, &sides, true).len(), 1);
        let usual = ["mine", "theirs"].map(str::to_owned);
        assert_eq!(key_rows(36, &usual, true).len(), 2);
        assert!(key_rows(200, &sides, true)[0].contains(&('t', "Ada's".to_owned())));
    }
}
