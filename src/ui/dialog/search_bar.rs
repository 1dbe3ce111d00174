//! The line at the bottom to search and replace with. The text above it stays visible and shows all
//! matches.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{Answer, form::put, input::Input};
use crate::ui::{
    pane::words::{shorten, width},
    text::search::{Case, Query},
    theme::{Role, Theme},
};

/// Columns that the line to type into gets at least, before anything else is left out.
const TYPING: u16 = 8;
/// Columns for the names of the lines.
const NAMES: u16 = 9;

/// What is to be done with what stands in the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SearchAnswer {
    /// This is looked for now.
    Edited(Query),
    /// Go to the next match.
    Next,
    /// Go to the match before.
    Previous,
    /// Replace the selected match with this, and go to the next one.
    ReplaceOne(String),
    /// Replace all matches with this.
    ReplaceAll(String),
}

/// What a button does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Case,
    Regex,
    Word,
    One,
    All,
}

/// The line.
#[derive(Debug)]
pub(crate) struct SearchBar {
    query: Query,
    pattern: Input,
    replacement: Input,
    /// Whether there is a line for the replacement.
    replaces: bool,
    /// Whether that one has the keys.
    in_replacement: bool,
    place: Rect,
    words: String,
    problem: Option<String>,
    buttons: Vec<(Rect, Act)>,
}

impl SearchBar {
    /// Opens with what was looked for before.
    pub(crate) fn new(query: Query, replaces: bool) -> Self {
        Self {
            pattern: Input::new(&query.pattern),
            query,
            replacement: Input::new(""),
            replaces,
            in_replacement: false,
            place: Rect::ZERO,
            words: String::new(),
            problem: None,
            buttons: Vec::new(),
        }
    }

    /// Shows or hides the line for the replacement, and moves to the line that was asked for.
    pub(crate) fn show(&mut self, replaces: bool) {
        self.in_replacement = replaces && self.replaces;
        self.replaces = replaces;
    }

    /// How many rows it takes.
    pub(crate) fn rows(&self) -> u16 {
        2 + u16::from(self.replaces)
    }

    /// Tells where to draw, what is to be said of the matches, and what is wrong with the pattern.
    pub(crate) fn tell(&mut self, place: Rect, words: String, problem: Option<String>) {
        self.place = place;
        self.words = words;
        self.problem = problem;
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Answer {
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let shift = key.modifiers.contains(KeyModifiers::SHIFT);
        match key.code {
            KeyCode::Esc => Answer::Close,
            KeyCode::Enter if alt => self.act(Act::All),
            KeyCode::Enter if self.in_replacement => self.act(Act::One),
            KeyCode::Enter | KeyCode::Up if shift || key.code == KeyCode::Up => {
                Answer::Search(SearchAnswer::Previous)
            }
            KeyCode::Enter | KeyCode::Down => Answer::Search(SearchAnswer::Next),
            KeyCode::Tab | KeyCode::BackTab => {
                self.in_replacement = self.replaces && !self.in_replacement;
                Answer::Stay
            }
            KeyCode::Char(letter) if alt => match letter.to_ascii_lowercase() {
                'c' => self.act(Act::Case),
                'x' => self.act(Act::Regex),
                'w' => self.act(Act::Word),
                'a' => self.act(Act::All),
                _ => Answer::Stay,
            },
            _ if self.in_replacement => {
                self.replacement.key(key);
                Answer::Stay
            }
            _ if self.pattern.key(key) => self.edited(),
            _ => Answer::Stay,
        }
    }

    pub(super) fn paste(&mut self, text: &str) -> Answer {
        if self.in_replacement {
            self.replacement.paste(text);
            Answer::Stay
        } else {
            self.pattern.paste(text);
            self.edited()
        }
    }

    pub(super) fn click(&mut self, at: Position) -> Answer {
        let button = self.buttons.iter().find(|(area, _)| area.contains(at));
        if let Some((_, act)) = button {
            return self.act(*act);
        }
        if self.pattern.click(at) {
            self.in_replacement = false;
        } else if self.replaces && self.replacement.click(at) {
            self.in_replacement = true;
        }
        Answer::Stay
    }

    fn edited(&mut self) -> Answer {
        self.query.pattern = self.pattern.text().to_owned();
        Answer::Search(SearchAnswer::Edited(self.query.clone()))
    }

    fn act(&mut self, act: Act) -> Answer {
        let with = self.replacement.text().to_owned();
        match act {
            Act::Case => self.query.case = self.query.case.next(),
            Act::Regex => self.query.regex = !self.query.regex,
            Act::Word => self.query.whole_word = !self.query.whole_word,
            Act::One => return Answer::Search(SearchAnswer::ReplaceOne(with)),
            Act::All if self.replaces => return Answer::Search(SearchAnswer::ReplaceAll(with)),
            Act::All => return Answer::Stay,
        }
        self.edited()
    }

    /// The buttons with what they show: brackets around those that are on.
    fn switches(&self) -> [(Act, &'static str); 3] {
        let case = match self.query.case {
            Case::Smart => " Aa ",
            Case::Sensitive => "[Aa]",
            Case::Ignored => "[aa]",
        };
        let regex = if self.query.regex { "[.*]" } else { " .* " };
        let word = if self.query.whole_word { "[W]" } else { " W " };
        [(Act::Case, case), (Act::Regex, regex), (Act::Word, word)]
    }

    /// Draws the line where it was told to. Returns where the caret is.
    pub(super) fn draw(&mut self, buffer: &mut Buffer, theme: &Theme) -> Option<Position> {
        let area = self.place.intersection(buffer.area);
        self.buttons.clear();
        if area.is_empty() {
            return None;
        }
        for y in area.rows() {
            buffer.set_stringn(
                y.x,
                y.y,
                " ".repeat(area.width.into()),
                area.width.into(),
                theme.style(Role::Dialog),
            );
        }
        let row = |index: u16| Rect {
            y: area.y + index,
            height: u16::from(index < area.height),
            ..area
        };
        let pattern = self.draw_pattern(row(0), buffer, theme);
        let mut caret = pattern;
        if self.replaces {
            let replacement = self.draw_replacement(row(1), buffer, theme);
            if self.in_replacement {
                caret = replacement;
            }
        }
        self.draw_hint(row(1 + u16::from(self.replaces)), buffer, theme);
        caret
    }

    fn draw_pattern(&mut self, row: Rect, buffer: &mut Buffer, theme: &Theme) -> Option<Position> {
        let words = self.words.clone();
        let mut right = row.right().saturating_sub(1);
        let switches = self.switches();
        let wide: u16 = switches.iter().map(|(_, label)| width(label) as u16).sum();
        let room = row.width.saturating_sub(NAMES + TYPING);
        if wide < room {
            let mut x = right - wide;
            right = x;
            for (act, label) in switches {
                let role = match label.starts_with('[') {
                    true => Role::ChoiceCurrent,
                    false => Role::Choice,
                };
                self.button(
                    Rect::new(x, row.y, width(label) as u16, 1),
                    act,
                    label,
                    role,
                    buffer,
                    theme,
                );
                x += width(label) as u16;
            }
        }
        let columns = width(&words) as u16 + 2;
        if columns > 2 && columns + (row.right() - right) < room {
            right -= columns;
            let place = Rect::new(right + 1, row.y, columns, row.height);
            put(buffer, place, row.y, &words, theme.style(Role::DialogFaint));
        }
        let name = Rect {
            width: NAMES,
            ..row
        };
        put(buffer, name, row.y, " Find", theme.style(Role::DialogTitle));
        self.pattern.draw(typing_area(row, right), buffer, theme)
    }

    fn draw_replacement(
        &mut self,
        row: Rect,
        buffer: &mut Buffer,
        theme: &Theme,
    ) -> Option<Position> {
        if row.height == 0 {
            return None;
        }
        let mut right = row.right().saturating_sub(1);
        let labels = [(Act::One, "[ One ]"), (Act::All, "[ All ]")];
        if row.width > NAMES + TYPING + 16 {
            right -= 15;
            let mut x = right + 1;
            for (act, label) in labels {
                self.button(
                    Rect::new(x, row.y, 7, 1),
                    act,
                    label,
                    Role::Choice,
                    buffer,
                    theme,
                );
                x += 7;
            }
        }
        let name = Rect {
            width: NAMES,
            ..row
        };
        put(
            buffer,
            name,
            row.y,
            " Replace",
            theme.style(Role::DialogTitle),
        );
        self.replacement
            .draw(typing_area(row, right), buffer, theme)
    }

    fn button(
        &mut self,
        area: Rect,
        act: Act,
        label: &str,
        role: Role,
        buffer: &mut Buffer,
        theme: &Theme,
    ) {
        put(buffer, area, area.y, label, theme.style(role));
        self.buttons.push((area.intersection(buffer.area), act));
    }

    /// What is wrong with the pattern, or else which keys there are.
    fn draw_hint(&self, row: Rect, buffer: &mut Buffer, theme: &Theme) {
        if row.height == 0 {
            return;
        }
        let columns = usize::from(row.width.saturating_sub(2));
        let inner = Rect {
            x: row.x + 1,
            width: columns as u16,
            ..row
        };
        if let Some(problem) = &self.problem {
            let problem = shorten(problem, columns);
            return put(
                buffer,
                inner,
                row.y,
                &problem,
                theme.style(Role::DialogError),
            );
        }
        let hints: &[&str] = if self.in_replacement {
            &[
                "Enter replaces, Alt-A replaces all, Tab goes to the pattern, Esc closes",
                "Enter replaces, Alt-A all, Esc closes",
            ]
        } else if self.replaces {
            &[
                "Enter next, Up previous, Tab replacement, Alt-C case, Alt-X regex, Alt-W word",
                "Enter next, Tab replacement, Esc closes",
            ]
        } else {
            &[
                "Enter next, Up previous, Alt-C case, Alt-X regex, Alt-W word, Esc closes",
                "Enter next, Up previous, Esc closes",
            ]
        };
        let fitting = hints.iter().find(|hint| width(hint) <= columns);
        let hint = fitting.copied().unwrap_or("Esc closes");
        put(buffer, inner, row.y, hint, theme.style(Role::DialogFaint));
    }
}

/// The columns between the name of a line and what stands right of it.
fn typing_area(row: Rect, right: u16) -> Rect {
    let x = (row.x + NAMES).min(row.right());
    Rect {
        x,
        width: right.saturating_sub(x),
        ..row
    }
}
