//! Opening a file: a path to type, completed with Tab, above what fits it and what was open last.

use std::{collections::BTreeSet, path::PathBuf};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{
    Answer, FolderEntry,
    completion::Completion,
    form::{open_panel, put},
    input::Input,
    list::{self, List},
};
use crate::ui::{
    pane::words::{shorten, shorten_start, width, wrap},
    theme::{Role, Theme},
};

/// The widest and the highest that the dialog grows, borders included.
const LARGEST: (u16, u16) = (76, 18);
/// Files that were open last are offered so many at once.
const RECENT: usize = 8;

/// Which keys there are; the first that fits is shown.
const HINTS: [&str; 2] = [
    "Tab completes, arrows choose, Enter opens or makes it",
    "Tab completes, Enter opens",
];

/// A file that was open here before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentFile {
    /// Its path, as it can be typed.
    pub path: String,
    /// How long ago, in words.
    pub age: String,
}

/// One row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    path: String,
    /// What is said about it, at the right.
    note: String,
}

/// A path, and what there is to choose from.
#[derive(Debug)]
pub(crate) struct OpenFile {
    input: Input,
    completion: Completion,
    recent: Vec<RecentFile>,
    rows: Vec<Row>,
    chosen: Option<usize>,
    /// Why the file that was named is not open.
    problem: Option<String>,
    list: List,
}

impl OpenFile {
    /// Asks for a file.
    pub(crate) fn new() -> Self {
        Self {
            input: Input::new(""),
            completion: Completion::default(),
            recent: Vec::new(),
            rows: Vec::new(),
            chosen: None,
            problem: None,
            list: List::default(),
        }
    }

    /// Returns the folder to be listed, if one is to be.
    pub(crate) fn wanted(&mut self) -> Option<String> {
        self.completion.wanted(self.input.text())
    }

    /// Takes in what is in a folder.
    pub(crate) fn listed(&mut self, folder: &str, entries: Vec<FolderEntry>) {
        self.completion.listed(folder, entries);
        self.refresh();
    }

    /// Takes in which files were open last, the last one first.
    pub(crate) fn recent(&mut self, recent: Vec<RecentFile>) {
        self.recent = recent;
        self.refresh();
    }

    /// Says why the file is not open.
    pub(crate) fn fail(&mut self, sentence: String) {
        self.problem = Some(sentence);
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Answer {
        let page = self.list.page();
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => return Answer::Close,
            KeyCode::Enter => return self.accept(),
            KeyCode::Tab => return self.complete(),
            KeyCode::Up | KeyCode::BackTab => self.scroll(-1),
            KeyCode::Down => self.scroll(1),
            KeyCode::Char('p') if control => self.scroll(-1),
            KeyCode::Char('n') if control => self.scroll(1),
            KeyCode::PageUp => self.scroll(-page),
            KeyCode::PageDown => self.scroll(page),
            _ if self.input.key(key) => return self.edited(),
            _ => {}
        }
        Answer::Stay
    }

    pub(super) fn paste(&mut self, text: &str) -> Answer {
        self.input.paste(text);
        self.edited()
    }

    pub(super) fn click(&mut self, at: Position) -> Answer {
        if let Some(row) = self.list.at(at, self.rows.len()) {
            self.chosen = Some(row);
            return self.accept();
        }
        self.input.click(at);
        Answer::Stay
    }

    /// Chooses another row; above the first one is the line itself.
    pub(super) fn scroll(&mut self, rows: isize) {
        let at = self.chosen.map_or(0, |row| row + 1);
        let next = at.saturating_add_signed(rows).min(self.rows.len());
        self.chosen = next.checked_sub(1);
        self.problem = None;
    }

    /// Adds to the line what is certain; where nothing is, goes on to the next row.
    fn complete(&mut self) -> Answer {
        if let Some(row) = self.chosen.and_then(|row| self.rows.get(row)) {
            return self.write(row.path.clone());
        }
        match self.completion.completed(self.input.text()) {
            Some(text) => self.write(text),
            None => {
                self.scroll(1);
                Answer::Stay
            }
        }
    }

    fn accept(&mut self) -> Answer {
        let chosen = self.chosen.and_then(|row| self.rows.get(row));
        let text = match chosen {
            Some(row) => row.path.clone(),
            None => self.input.text().trim().to_owned(),
        };
        if text.is_empty() {
            self.problem = Some("Type the name of a file first, or choose one with Down.".into());
            return Answer::Stay;
        }
        if self.completion.is_folder(&text) {
            return self.write(text + "/");
        }
        if text.ends_with('/') && chosen.is_some() {
            return self.write(text);
        }
        Answer::Open(PathBuf::from(text))
    }

    fn write(&mut self, text: String) -> Answer {
        self.input.set(&text);
        self.edited()
    }

    fn edited(&mut self) -> Answer {
        self.problem = None;
        self.chosen = None;
        self.list.reset();
        self.refresh();
        match self.wanted() {
            Some(folder) => Answer::ListFolder(folder),
            None => Answer::Stay,
        }
    }

    /// Finds what fits the line: without one the last files come first, else what can be completed.
    fn refresh(&mut self) {
        let text = self.input.text().trim();
        let entries = self.completion.matches(text).into_iter().map(|path| Row {
            path,
            note: String::new(),
        });
        let wanted = text.to_lowercase();
        let recent = self
            .recent
            .iter()
            .filter(|file| file.path.to_lowercase().contains(&wanted))
            .take(RECENT)
            .map(|file| Row {
                path: file.path.clone(),
                note: file.age.clone(),
            });
        let rows: Vec<Row> = match text.is_empty() {
            true => recent.chain(entries).collect(),
            false => entries.chain(recent).collect(),
        };
        self.rows.clear();
        let mut listed = BTreeSet::new();
        let new = |row: &Row| listed.insert(row.path.clone());
        self.rows.extend(rows.into_iter().filter(new));
        if self.chosen.is_some_and(|row| row >= self.rows.len()) {
            self.chosen = None;
        }
    }

    pub(super) fn draw(
        &mut self,
        screen: Rect,
        buffer: &mut Buffer,
        theme: &Theme,
    ) -> Option<Position> {
        let rows = screen.height.saturating_sub(2).clamp(1, LARGEST.1);
        let size = (screen.width.min(LARGEST.0), rows);
        let inner = open_panel(screen, size, "Open", buffer, theme);
        let caret = self.input.draw(Rect { height: 1, ..inner }, buffer, theme);
        let (lines, role) = self.words_below(inner.width.into());
        let rows = (lines.len() as u16).min(inner.height.saturating_sub(1));
        let list = Rect {
            y: inner.y + 1,
            height: inner.height.saturating_sub(1 + rows),
            ..inner
        };
        self.draw_rows(list, buffer, theme);
        for (y, line) in (list.bottom()..inner.bottom()).zip(&lines) {
            put(buffer, inner, y, line, theme.style(role));
        }
        caret
    }

    /// What is said at the bottom: what is wrong, or else which keys there are.
    fn words_below(&self, columns: usize) -> (Vec<String>, Role) {
        let Some(problem) = &self.problem else {
            let fits = |words: &&&str| width(words) <= columns;
            let words = HINTS.iter().find(fits).map(|words| (*words).to_owned());
            return (words.into_iter().collect(), Role::DialogFaint);
        };
        let mut lines = wrap(problem, columns);
        lines.truncate(3);
        (lines, Role::DialogError)
    }

    fn draw_rows(&mut self, area: Rect, buffer: &mut Buffer, theme: &Theme) {
        let chosen = self.chosen.unwrap_or(0);
        let columns = usize::from(area.width).saturating_sub(2);
        for (y, index) in self.list.show(area, chosen, self.rows.len()) {
            let row = &self.rows[index];
            let (mark, style) = list::look(theme, Some(index) == self.chosen);
            let room = columns.saturating_sub(width(&row.note) + 1);
            let path = shorten_start(&row.path, room);
            let gap = columns.saturating_sub(width(&path) + width(&row.note));
            let line = format!("{mark} {path}{}{}", " ".repeat(gap), row.note);
            put(buffer, area, y, &line, style);
        }
        if self.rows.is_empty() {
            let words = match self.input.text().trim().is_empty() {
                true => "There is nothing here yet",
                false => "Nothing here is called that: it will be a new file",
            };
            let words = shorten(words, area.width.into());
            put(buffer, area, area.y, &words, theme.style(Role::DialogFaint));
        }
    }
}
