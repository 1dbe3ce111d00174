//! Conflicts, one card after the other: what each side wrote, and the keys that settle it.
//!
//! Begins with a summary when it opened by itself, so that no key that was meant for the text
//! answers anything. What an answer does to the text is the application's business.

mod card;
mod keys;
mod words;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    widgets::{Block, Clear, Widget},
};
use tui_textarea::{CursorMove, TextArea};

pub(crate) use self::card::Card;
use self::keys::{FIELD_KEYS, KEYS, SUMMARY_KEYS, draw_hints, draw_keys, key_rows};
pub(super) use self::words::visible;
use super::{Answer, form::put};
use crate::{
    ConflictId, Resolution, Reunion,
    ui::{
        pane::words::{count, shorten, width, wrap},
        theme::{Mark, Role, Theme},
    },
};

/// The widest that a card grows, borders included.
const WIDEST: u16 = 84;
/// Cards with fewer columns inside have shorter words,
const NARROW: usize = 50;
/// and on screens with fewer rows the lines around the place are left to the text above the card.
const LOW: u16 = 16;

/// What the person wants done about a conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ConflictAction {
    /// Answer this one.
    Resolve(ConflictId, Resolution),
    /// Keep all that are left as they were merged.
    KeepAll,
    /// Take back the last answer.
    Undo,
    /// Show the place of this one.
    Show(ConflictId),
}

/// What takes the keys.
#[derive(Debug)]
enum Stage {
    /// A title and a sentence.
    Summary(&'static str, String),
    Card,
    Editing(Box<TextArea<'static>>),
}

/// The cards that are left, and which of them is shown.
#[derive(Debug)]
pub(crate) struct ConflictDialog {
    cards: Vec<Card>,
    at: usize,
    stage: Stage,
    scroll: usize,
    /// Lines that do not fit, as last drawn.
    hidden: usize,
    /// What became of the card before, or why the text under it changed.
    note: Option<String>,
    /// Where keys are shown, as last drawn: a click there presses them.
    buttons: Vec<(Rect, KeyEvent)>,
}

impl ConflictDialog {
    /// Shows cards, of which there must be one at least, from a certain one on.
    pub(crate) fn new(cards: Vec<Card>, at: usize) -> Self {
        Self {
            at: at.min(cards.len().saturating_sub(1)),
            cards,
            stage: Stage::Card,
            scroll: 0,
            hidden: 0,
            note: None,
            buttons: Vec::new(),
        }
    }

    /// Tells what happened while people were apart, before it shows cards.
    pub(crate) fn with_summary(mut self, reunions: &[Reunion]) -> Self {
        let words = summary(reunions, self.cards.len());
        self.stage = Stage::Summary(" While you were apart ", words);
        self
    }

    /// Tells that the text and its file of this name were merged, before it shows cards.
    pub(crate) fn with_merged_file(mut self, name: &str) -> Self {
        let need = in_need(self.cards.len());
        let words = format!("Another program changed {name} too, and both are merged; {need}.");
        self.stage = Stage::Summary(" The file changed too ", words);
        self
    }

    /// The conflict whose card is shown.
    pub(crate) fn shown(&self) -> Option<ConflictId> {
        self.cards.get(self.at).map(|card| card.info.id)
    }

    /// Takes in how the conflicts are now. Returns whether there is still one to show.
    pub(crate) fn update(&mut self, cards: Vec<Card>) -> bool {
        let shown = self.shown();
        let before = self.cards.get(self.at).map(|card| card.info.merged.clone());
        self.cards = cards;
        let place = self
            .cards
            .iter()
            .position(|card| Some(card.info.id) == shown);
        match place {
            Some(place) => {
                self.at = place;
                let now = self.cards[place].info.merged.clone();
                if before.is_some_and(|before| before != now) {
                    self.note = Some("The text has just changed.".to_owned());
                }
            }
            None => {
                self.at = self.at.min(self.cards.len().saturating_sub(1));
                self.scroll = 0;
                if matches!(self.stage, Stage::Editing(_)) {
                    self.stage = Stage::Card;
                }
            }
        }
        !self.cards.is_empty()
    }

    /// Says something on the card.
    pub(crate) fn tell(&mut self, note: impl Into<String>) {
        self.note = Some(note.into());
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Answer {
        if key
            .modifiers
            .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
            && !matches!(self.stage, Stage::Editing(_))
        {
            return Answer::Stay;
        }
        match &mut self.stage {
            Stage::Summary(..) => self.key_in_summary(key),
            Stage::Card => self.key_on_card(key),
            Stage::Editing(_) => self.key_in_field(key),
        }
    }

    fn key_in_summary(&mut self, key: KeyEvent) -> Answer {
        match key.code {
            KeyCode::Esc => Answer::Close,
            KeyCode::Enter => {
                self.stage = Stage::Card;
                self.show()
            }
            _ => Answer::Stay,
        }
    }

    fn key_on_card(&mut self, key: KeyEvent) -> Answer {
        self.note = None;
        match key.code {
            KeyCode::Esc => Answer::Close,
            KeyCode::Up => self.scroll_by(-1),
            KeyCode::Down => self.scroll_by(1),
            KeyCode::PageUp => self.scroll_by(-5),
            KeyCode::PageDown => self.scroll_by(5),
            KeyCode::Right | KeyCode::Char('n' | 'N') => self.turn(1),
            KeyCode::Left | KeyCode::Char('p' | 'P') => self.turn(-1),
            KeyCode::Char('l' | 'L') if self.at + 1 == self.cards.len() => Answer::Close,
            KeyCode::Char('l' | 'L') => self.turn(1),
            KeyCode::Char('e' | 'E') => self.edit(),
            KeyCode::Char('a' | 'A') => Answer::Conflict(ConflictAction::KeepAll),
            KeyCode::Char('u' | 'U') => Answer::Conflict(ConflictAction::Undo),
            KeyCode::Char(letter) => self.resolve(letter.to_ascii_lowercase()),
            _ => Answer::Stay,
        }
    }

    fn resolve(&mut self, letter: char) -> Answer {
        let row = KEYS.iter().find(|(key, ..)| *key == letter);
        match (row, self.shown()) {
            (Some((_, _, Some(resolution))), Some(id)) => {
                Answer::Conflict(ConflictAction::Resolve(id, resolution.clone()))
            }
            _ => Answer::Stay,
        }
    }

    fn edit(&mut self) -> Answer {
        if let Some(card) = self.cards.get(self.at) {
            let text = card.proposal().replace('\r', "");
            let mut field = TextArea::new(text.split('\n').map(str::to_owned).collect());
            field.move_cursor(CursorMove::Bottom);
            field.move_cursor(CursorMove::End);
            self.stage = Stage::Editing(Box::new(field));
        }
        Answer::Stay
    }

    fn key_in_field(&mut self, key: KeyEvent) -> Answer {
        let Stage::Editing(field) = &mut self.stage else {
            return Answer::Stay;
        };
        match key.code {
            KeyCode::Esc => self.stage = Stage::Card,
            KeyCode::Enter if key.modifiers.is_empty() => {
                let text = field.lines().join("\n");
                self.stage = Stage::Card;
                if let Some(id) = self.shown() {
                    let resolution = Resolution::Edited(text);
                    return Answer::Conflict(ConflictAction::Resolve(id, resolution));
                }
            }
            KeyCode::Enter => field.insert_newline(),
            KeyCode::Char('j') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                field.insert_newline();
            }
            _ => _ = field.input(key),
        }
        Answer::Stay
    }

    pub(super) fn paste(&mut self, text: &str) {
        if let Stage::Editing(field) = &mut self.stage {
            field.insert_str(text.replace("\r\n", "\n").replace('\r', "\n"));
        }
    }

    /// Takes a click: on a key that is shown it presses the key.
    pub(super) fn click(&mut self, at: Position) -> Answer {
        let hit = self.buttons.iter().find(|(area, _)| area.contains(at));
        match hit.map(|(_, key)| *key) {
            Some(key) => self.key(key),
            None => Answer::Stay,
        }
    }

    fn turn(&mut self, by: isize) -> Answer {
        let cards = self.cards.len().max(1);
        self.at = (self.at + cards).saturating_add_signed(by) % cards;
        self.scroll = 0;
        self.show()
    }

    fn show(&self) -> Answer {
        match self.shown() {
            Some(id) => Answer::Conflict(ConflictAction::Show(id)),
            None => Answer::Close,
        }
    }

    fn scroll_by(&mut self, rows: isize) -> Answer {
        self.scroll(rows);
        Answer::Stay
    }

    pub(super) fn scroll(&mut self, rows: isize) {
        let end = self.scroll + self.hidden;
        self.scroll = self.scroll.saturating_add_signed(rows).min(end);
    }

    /// Draws at the bottom of the screen, so that the text above shows the place. Returns where
    /// the caret stands, if in the field.
    pub(super) fn draw(
        &mut self,
        screen: Rect,
        buffer: &mut Buffer,
        theme: &Theme,
    ) -> Option<Position> {
        let columns = usize::from(screen.width.min(WIDEST).saturating_sub(4));
        self.buttons.clear();
        match &self.stage {
            Stage::Summary(title, words) => {
                let lines = wrap(words, columns);
                let rows = lines.len() as u16 + 4;
                let inner = frame(screen, rows, title, buffer, theme);
                for (y, line) in (inner.y..).zip(&lines) {
                    put(buffer, inner, y, line, theme.style(Role::Dialog));
                }
                self.buttons = draw_hints(&SUMMARY_KEYS, inner, buffer, theme);
                None
            }
            Stage::Card => {
                self.draw_card(screen, columns, buffer, theme);
                None
            }
            Stage::Editing(_) => self.draw_field(screen, columns, buffer, theme),
        }
    }

    fn title(&self, card: &Card) -> String {
        let number = format!("{}/{}", self.at + 1, self.cards.len());
        format!(" {number} · {} · {} ", card.place, card.why())
    }

    fn draw_card(&mut self, screen: Rect, columns: usize, buffer: &mut Buffer, theme: &Theme) {
        let Some(card) = self.cards.get(self.at) else {
            return;
        };
        let lines = card.lines(theme, columns, screen.height >= LOW);
        let keys = key_rows(columns, &card.labels(), self.cards.len() > 1);
        // The place in the text above the card must be seen.
        let most = usize::from(screen.height.saturating_sub(4).max(6));
        let fixed = 2 + keys.len() + usize::from(self.note.is_some());
        let room = most.saturating_sub(fixed).max(1).min(lines.len());
        self.hidden = lines.len() - room;
        self.scroll = self.scroll.min(self.hidden);
        self.hidden -= self.scroll;
        let inner = frame(
            screen,
            (room + fixed) as u16,
            &self.title(card),
            buffer,
            theme,
        );
        let mut y = inner.y;
        for line in lines.iter().skip(self.scroll).take(room) {
            draw_line(
                line,
                Rect {
                    y,
                    height: 1,
                    ..inner
                },
                buffer,
                theme,
            );
            y += 1;
        }
        if let Some(note) = &self.note {
            put(
                buffer,
                inner,
                y,
                &shorten(note, columns),
                theme.style(Role::DialogWarning),
            );
            y += 1;
        }
        if self.hidden > 0 {
            let more = format!(" {} {} more ", theme.mark(Mark::Down), self.hidden);
            let x = inner.right().saturating_sub(width(&more) as u16);
            buffer.set_string(x, inner.bottom(), more, theme.style(Role::DialogTitle));
        }
        for (row, y) in keys.iter().zip(y..) {
            let area = Rect {
                y,
                height: 1,
                ..inner
            };
            self.buttons.extend(draw_keys(row, area, buffer, theme));
        }
    }

    fn draw_field(
        &mut self,
        screen: Rect,
        columns: usize,
        buffer: &mut Buffer,
        theme: &Theme,
    ) -> Option<Position> {
        let card = self.cards.get(self.at)?;
        let title = self.title(card);
        let lines = card.lines(theme, columns, screen.height >= LOW);
        let Stage::Editing(field) = &mut self.stage else {
            return None;
        };
        let most = usize::from(screen.height.saturating_sub(4).max(6));
        let rows = field.lines().len().clamp(1, 6);
        let room = most.saturating_sub(3 + rows).min(lines.len());
        let inner = frame(screen, (3 + rows + room) as u16, &title, buffer, theme);
        for (line, y) in lines.iter().take(room).zip(inner.y..) {
            draw_line(
                line,
                Rect {
                    y,
                    height: 1,
                    ..inner
                },
                buffer,
                theme,
            );
        }
        let area = Rect {
            y: inner.y + room as u16,
            height: rows as u16,
            ..inner
        };
        let area = area.intersection(inner);
        field.set_style(theme.style(Role::Input));
        field.set_cursor_line_style(Style::new());
        field.set_cursor_style(Style::new());
        buffer.set_style(area, theme.style(Role::Input));
        Widget::render(&**field, area, buffer);
        self.buttons = draw_hints(&FIELD_KEYS, inner, buffer, theme);
        let (top, left) = field.scroll_offset();
        let cursor = field.screen_cursor();
        let x = (cursor.col as u16).saturating_sub(left);
        let y = (cursor.row as u16).saturating_sub(top);
        Some(Position::new(
            area.x + x.min(area.width.saturating_sub(1)),
            area.y + y.min(area.height.saturating_sub(1)),
        ))
    }
}

/// "You were apart for 14 min. Ada changed 12 places, you 5; 2 need a look."
fn summary(reunions: &[Reunion], open: usize) -> String {
    let longest = reunions.iter().map(|reunion| reunion.apart.as_secs()).max();
    let mut words = match longest {
        Some(seconds) if seconds > 0 => format!("You were apart for {}. ", lasting(seconds)),
        Some(_) | None => String::new(),
    };
    let ours = reunions
        .iter()
        .map(|reunion| reunion.ours)
        .max()
        .unwrap_or(0);
    for reunion in reunions {
        let name = clean_name(&reunion.name);
        let name = name.as_deref().unwrap_or("Somebody");
        words.push_str(&format!(
            "{name} changed {}, ",
            count(reunion.theirs, "place")
        ));
    }
    words.push_str(&format!("you {ours}; {}.", in_need(open)));
    words
}

/// "2 need a look".
fn in_need(open: usize) -> String {
    let need = if open == 1 { "needs" } else { "need" };
    format!("{open} {need} a look")
}

/// A name out of the document as it can be shown, if there is one: as clean as if its owner had
/// told it.
pub(crate) fn clean_name(name: &str) -> Option<String> {
    let name = shorten(&crate::clean_name(name), 24);
    (!name.is_empty()).then_some(name)
}

/// A stretch of time in the largest unit that fits: "14 min".
pub(crate) fn lasting(seconds: u64) -> String {
    match seconds {
        0..=59 => format!("{seconds} s"),
        60..=5_399 => format!("{} min", (seconds + 30) / 60),
        5_400..=129_599 => format!("{} h", (seconds + 1_800) / 3_600),
        _ => count(((seconds + 43_200) / 86_400) as usize, "day"),
    }
}

/// Clears room at the bottom of the screen, above the status line, and frames it.
fn frame(screen: Rect, rows: u16, title: &str, buffer: &mut Buffer, theme: &Theme) -> Rect {
    let columns = screen.width.min(WIDEST);
    let rows = rows.min(screen.height);
    let status = u16::from(screen.height > rows);
    let area = Rect::new(
        screen.x + (screen.width - columns) / 2,
        screen.bottom() - rows - status,
        columns,
        rows,
    );
    Clear.render(area, buffer);
    let title = shorten(title, usize::from(columns.saturating_sub(2)));
    let block = Block::bordered()
        .border_set(theme.card_frame())
        .border_style(theme.style(Role::DialogBorder))
        .title(ratatui::text::Span::styled(
            title,
            theme.style(Role::DialogTitle),
        ))
        .style(theme.style(Role::Dialog));
    let inside = block.inner(area);
    block.render(area, buffer);
    Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        ..inside
    }
}

fn draw_line(line: &card::CardLine, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let label = if usize::from(area.width) < NARROW {
        8
    } else {
        11
    };
    put(buffer, area, area.y, &line.label, line.label_style);
    let mut x = area.x + label;
    for piece in &line.text {
        let room = usize::from(area.right().saturating_sub(x));
        if room == 0 {
            break;
        }
        buffer.set_stringn(x, area.y, &piece.text, room, piece.style);
        x += width(&piece.text) as u16;
    }
    if !line.note.is_empty() {
        let x = area.right().saturating_sub(width(&line.note) as u16);
        let area = Rect {
            x,
            width: area.right() - x,
            ..area
        };
        put(
            buffer,
            area,
            area.y,
            &line.note,
            theme.style(Role::DialogFaint),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_largest_unit() {
        for (seconds, words) in [
            (5, "5 s"),
            (90, "2 min"),
            (840, "14 min"),
            (7_200, "2 h"),
            (86_400 * 3, "3 days"),
        ] {
            assert_eq!(lasting(seconds), words);
        }
    }
}
