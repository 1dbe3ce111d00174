//! The shape that dialogs share: some sentences, at most one line to fill in, and buttons.
//!
//! Knows keys, mouse and drawing; what the buttons mean is the business of each dialog.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::{Modifier, Style},
    widgets::{Block, Clear, Widget},
};
use tui_textarea::{CursorMove, TextArea};

use crate::ui::{
    pane::words::{shorten, width, wrap},
    theme::{Role, Theme},
};

/// The widest that a dialog grows, borders included.
const WIDEST: u16 = 76;
/// Columns between the border and the words, on each side.
const PADDING: u16 = 2;
/// Columns of both borders and both paddings.
const SIDES: u16 = 2 + 2 * PADDING;

/// A sentence or a value that a dialog shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Paragraph {
    /// Words, wrapped between words.
    Words(String),
    /// Something to copy exactly, such as a node id. Stands out, broken anywhere.
    Value(String),
    /// Like words, but can be left out when there is little room.
    SpareWords(String),
    /// Like a value, but can be left out when there is little room.
    SpareValue(String),
    /// An empty line; left out when there is little room.
    Gap,
}

impl Paragraph {
    /// Makes a paragraph of words.
    pub(crate) fn words(text: impl Into<String>) -> Self {
        Self::Words(text.into())
    }

    /// Its text and its look.
    fn parts(&self) -> (&str, Role) {
        match self {
            Self::Words(text) | Self::SpareWords(text) => (text, Role::Dialog),
            Self::Value(text) | Self::SpareValue(text) => (text, Role::DialogStrong),
            Self::Gap => ("", Role::Dialog),
        }
    }

    /// How early it is left out when there is little room; 0 is never.
    fn spare(&self) -> u8 {
        match self {
            Self::Words(_) | Self::Value(_) => 0,
            Self::SpareWords(_) | Self::SpareValue(_) => 1,
            Self::Gap => 2,
        }
    }
}

/// A button. Its key works whenever no line is being filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Button {
    /// What pressing it does, as a verb.
    pub(crate) label: &'static str,
    /// The letter that presses it.
    pub(crate) key: Option<char>,
}

impl Button {
    /// A button that a letter presses as well.
    pub(crate) const fn new(label: &'static str, key: char) -> Self {
        Self {
            label,
            key: Some(key),
        }
    }

    /// A button without a letter.
    pub(crate) const fn without_key(label: &'static str) -> Self {
        Self { label, key: None }
    }
}

/// What became of a key or a click.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormEvent {
    /// Nothing that the dialog has to know.
    Stay,
    /// The line was changed.
    Edited,
    /// The person wants the dialog gone.
    Close,
    /// This button was pressed (Enter in the line presses the first).
    Pressed(usize),
}

/// Where keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Focus {
    Input,
    Button(usize),
}

/// Sentences, perhaps a line to fill in, and buttons.
#[derive(Debug)]
pub(crate) struct Form {
    title: &'static str,
    /// What the dialog says.
    pub(crate) paragraphs: Vec<Paragraph>,
    /// What is wrong with the line as it is; forgotten when it is edited.
    pub(crate) problem: Option<String>,
    /// What could stand in the line, where nothing is wrong with it; forgotten with the next key.
    pub(crate) hint: Option<String>,
    input: Option<TextArea<'static>>,
    buttons: Vec<Button>,
    focus: Focus,
    button_areas: Vec<Rect>,
    input_area: Rect,
}

impl Form {
    /// Makes a dialog without a line; the first button has the focus.
    pub(crate) fn new(
        title: &'static str,
        paragraphs: Vec<Paragraph>,
        buttons: Vec<Button>,
    ) -> Self {
        Self {
            title,
            paragraphs,
            problem: None,
            hint: None,
            input: None,
            buttons,
            focus: Focus::Button(0),
            button_areas: Vec::new(),
            input_area: Rect::ZERO,
        }
    }

    /// Makes a dialog that asks for a line: some words, the line with a proposal in it, a button that
    /// accepts it and one that does not.
    pub(crate) fn asking(
        title: &'static str,
        words: impl Into<String>,
        proposal: &str,
        accept: &'static str,
    ) -> Self {
        let paragraphs = vec![Paragraph::Gap, Paragraph::words(words), Paragraph::Gap];
        let buttons = [accept, "Cancel"].map(Button::without_key);
        Self::new(title, paragraphs, buttons.to_vec()).with_input(proposal)
    }

    /// Adds a line to fill in, which takes the focus; the caret stands behind the text.
    pub(crate) fn with_input(mut self, text: &str) -> Self {
        let mut input = TextArea::new(vec![one_line(text)]);
        input.move_cursor(CursorMove::End);
        self.input = Some(input);
        self.focus = Focus::Input;
        self
    }

    /// Gives the focus to another button than the first.
    pub(crate) fn with_focus(mut self, button: usize) -> Self {
        self.focus = Focus::Button(button.min(self.buttons.len().saturating_sub(1)));
        self
    }

    /// What stands in the line.
    pub(crate) fn text(&self) -> &str {
        self.input
            .as_ref()
            .and_then(|input| input.lines().first())
            .map_or("", String::as_str)
    }

    /// Replaces what stands in the line; the caret stands behind it.
    pub(crate) fn set_text(&mut self, text: &str) {
        if let Some(input) = &mut self.input {
            *input = TextArea::new(vec![one_line(text)]);
            input.move_cursor(CursorMove::End);
            self.problem = None;
            self.hint = None;
        }
    }

    /// Whether keys go into the line.
    pub(crate) fn is_typing(&self) -> bool {
        self.focus == Focus::Input
    }

    /// Takes a key press.
    pub(crate) fn key(&mut self, key: KeyEvent) -> FormEvent {
        self.hint = None;
        match (key.code, self.focus) {
            (KeyCode::Esc, _) => FormEvent::Close,
            (KeyCode::BackTab, _) => self.turn(-1),
            (KeyCode::Tab, _) if key.modifiers.contains(KeyModifiers::SHIFT) => self.turn(-1),
            (KeyCode::Tab, _) => self.turn(1),
            (KeyCode::Enter, Focus::Input) => FormEvent::Pressed(0),
            (_, Focus::Input) => self.type_into_line(key),
            (KeyCode::Enter | KeyCode::Char(' '), Focus::Button(button)) => {
                FormEvent::Pressed(button)
            }
            (KeyCode::Right | KeyCode::Down, Focus::Button(_)) => self.turn(1),
            (KeyCode::Left | KeyCode::Up, Focus::Button(_)) => self.turn(-1),
            (KeyCode::Char(letter), Focus::Button(_)) => self.shortcut(letter, key.modifiers),
            _ => FormEvent::Stay,
        }
    }

    /// Takes pasted text into the line, on one line.
    pub(crate) fn paste(&mut self, text: &str) -> FormEvent {
        match &mut self.input {
            Some(input) if self.focus == Focus::Input => {
                input.insert_str(one_line(text));
                self.problem = None;
                FormEvent::Edited
            }
            _ => FormEvent::Stay,
        }
    }

    /// Takes a click: buttons are pressed, the line gets the focus and the caret.
    pub(crate) fn click(&mut self, at: Position) -> FormEvent {
        if let Some(button) = self.button_areas.iter().position(|area| area.contains(at)) {
            self.focus = Focus::Button(button);
            return FormEvent::Pressed(button);
        }
        if let Some(input) = &mut self.input
            && self.input_area.contains(at)
        {
            self.focus = Focus::Input;
            let column = usize::from(at.x - self.input_area.x + input.scroll_offset().1);
            let place = input.screen_to_data(0, column);
            let jump = u16::try_from(place.1).unwrap_or(u16::MAX);
            input.move_cursor(CursorMove::Jump(0, jump));
        }
        FormEvent::Stay
    }

    fn turn(&mut self, by: isize) -> FormEvent {
        let inputs = usize::from(self.input.is_some());
        let stops = inputs + self.buttons.len();
        let at = match self.focus {
            Focus::Input => 0,
            Focus::Button(button) => inputs + button,
        };
        let next = at.saturating_add_signed(by + stops as isize) % stops.max(1);
        self.focus = match next.checked_sub(inputs) {
            None => Focus::Input,
            Some(button) => Focus::Button(button),
        };
        FormEvent::Stay
    }

    fn shortcut(&mut self, letter: char, modifiers: KeyModifiers) -> FormEvent {
        if modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
            return FormEvent::Stay;
        }
        let letter = letter.to_ascii_lowercase();
        self.buttons
            .iter()
            .position(|button| button.key == Some(letter))
            .map_or(FormEvent::Stay, FormEvent::Pressed)
    }

    fn type_into_line(&mut self, key: KeyEvent) -> FormEvent {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let breaks_line = match key.code {
            KeyCode::Char('m' | 'j') => control,
            KeyCode::Char(letter) => letter.is_control(),
            _ => false,
        };
        match &mut self.input {
            Some(input) if !breaks_line => {
                if input.input(key) {
                    self.problem = None;
                    FormEvent::Edited
                } else {
                    FormEvent::Stay
                }
            }
            _ => FormEvent::Stay,
        }
    }

    /// Draws the dialog in the middle of the screen. Returns where the caret stands, if in a line.
    pub(crate) fn draw(
        &mut self,
        screen: Rect,
        buffer: &mut Buffer,
        theme: &Theme,
    ) -> Option<Position> {
        let columns = self.columns(usize::from(screen.width.min(WIDEST).saturating_sub(SIDES)));
        let problem = self.problem_lines(columns);
        let below = match self.problem {
            Some(_) => Role::DialogError,
            None => Role::DialogFaint,
        };
        let button_rows = self.button_rows(columns);
        let input_rows = if self.input.is_some() {
            1 + problem.len().max(1)
        } else {
            0
        };
        let fixed = (button_rows.len() + input_rows) as u16;
        let lines = self.lines(columns, screen.height.saturating_sub(2 + fixed).into());
        let size = (columns as u16 + SIDES, lines.len() as u16 + fixed + 2);
        let inner = open_panel(screen, size, self.title, buffer, theme);
        let mut y = inner.y;
        for (text, role) in &lines {
            put(buffer, inner, y, text, theme.style(*role));
            y += 1;
        }
        let caret = self.draw_input(inner, y, buffer, theme);
        for (y, line) in (y + 1..).zip(&problem) {
            put(buffer, inner, y, line, theme.style(below));
        }
        y += input_rows as u16;
        self.draw_buttons(inner, y, &button_rows, buffer, theme);
        caret
    }

    /// How wide the words are set: as wide as they want, up to a limit.
    fn columns(&self, limit: usize) -> usize {
        if self.input.is_some() {
            return limit;
        }
        let words = self
            .paragraphs
            .iter()
            .map(|paragraph| width(paragraph.parts().0));
        let buttons: usize = self
            .buttons
            .iter()
            .map(|button| width(button.label) + 5)
            .sum();
        words
            .chain([buttons, width(self.title)])
            .max()
            .unwrap_or(0)
            .min(limit)
    }

    fn problem_lines(&self, columns: usize) -> Vec<String> {
        let mut lines = self
            .problem
            .as_ref()
            .or(self.hint.as_ref())
            .map_or_else(Vec::new, |text| wrap(text, columns));
        lines.truncate(3);
        lines
    }

    /// The paragraphs as lines; what can be spared is left out if not all would fit.
    fn lines(&self, columns: usize, room: usize) -> Vec<(String, Role)> {
        let render = |spare: u8| -> Vec<(String, Role)> {
            let kept = self
                .paragraphs
                .iter()
                .filter(|paragraph| paragraph.spare() <= spare);
            kept.flat_map(|paragraph| {
                let (text, role) = paragraph.parts();
                wrap(text, columns)
                    .into_iter()
                    .map(move |line| (line, role))
            })
            .collect()
        };
        let fitting = [2, 1, 0]
            .into_iter()
            .map(render)
            .find(|lines| lines.len() <= room);
        fitting.unwrap_or_else(|| {
            let mut lines = render(0);
            lines.truncate(room);
            lines
        })
    }

    fn draw_input(
        &mut self,
        inner: Rect,
        y: u16,
        buffer: &mut Buffer,
        theme: &Theme,
    ) -> Option<Position> {
        let input = self.input.as_mut()?;
        self.input_area = Rect::new(inner.x, y, inner.width, 1).intersection(inner);
        if self.input_area.is_empty() {
            return None;
        }
        input.set_style(theme.style(Role::Input));
        input.set_cursor_line_style(Style::new());
        input.set_cursor_style(Style::new());
        buffer.set_style(self.input_area, theme.style(Role::Input));
        Widget::render(&*input, self.input_area, buffer);
        let column = (input.screen_cursor().col as u16).saturating_sub(input.scroll_offset().1);
        let caret = Position::new(
            self.input_area.x + column.min(self.input_area.width - 1),
            self.input_area.y,
        );
        (self.focus == Focus::Input).then_some(caret)
    }

    /// Which buttons stand in one row: as many as fit.
    fn button_rows(&self, columns: usize) -> Vec<Vec<usize>> {
        let mut rows: Vec<Vec<usize>> = Vec::new();
        let mut used = 0;
        for (index, button) in self.buttons.iter().enumerate() {
            let wide = width(button.label) + 4;
            match rows.last_mut() {
                Some(row) if used + 1 + wide <= columns => {
                    row.push(index);
                    used += 1 + wide;
                }
                _ => {
                    rows.push(vec![index]);
                    used = wide;
                }
            }
        }
        rows
    }

    fn draw_buttons(
        &mut self,
        inner: Rect,
        top: u16,
        rows: &[Vec<usize>],
        buffer: &mut Buffer,
        theme: &Theme,
    ) {
        self.button_areas = vec![Rect::ZERO; self.buttons.len()];
        for (y, row) in (top..).zip(rows) {
            let mut x = inner.x;
            for &index in row {
                let label = shorten(self.buttons[index].label, usize::from(inner.width));
                let focused = self.focus == Focus::Button(index);
                let text = format!("[ {label} ]");
                let area = Rect::new(x, y, width(&text) as u16, 1).intersection(inner);
                let role = if focused {
                    Role::ChoiceCurrent
                } else {
                    Role::Choice
                };
                put(buffer, area, y, &text, theme.style(role));
                underline_key(&text, self.buttons[index].key, area, buffer);
                self.button_areas[index] = area;
                x = x.saturating_add(area.width + 1);
            }
        }
    }
}

/// Shows which letter presses a button.
fn underline_key(text: &str, key: Option<char>, area: Rect, buffer: &mut Buffer) {
    let place = text
        .chars()
        .position(|letter| Some(letter.to_ascii_lowercase()) == key);
    let Some(column) = place.and_then(|place| u16::try_from(place).ok()) else {
        return;
    };
    if let Some(cell) = buffer.cell_mut((area.x + column, area.y))
        && column < area.width
    {
        cell.modifier.insert(Modifier::UNDERLINED);
    }
}

/// Clears a rectangle in the middle of the screen and frames it. Returns the room inside.
pub(crate) fn open_panel(
    screen: Rect,
    (columns, rows): (u16, u16),
    title: &str,
    buffer: &mut Buffer,
    theme: &Theme,
) -> Rect {
    let area = Rect::new(
        screen.x + screen.width.saturating_sub(columns) / 2,
        screen.y + screen.height.saturating_sub(rows) / 2,
        columns.min(screen.width),
        rows.min(screen.height),
    );
    Clear.render(area, buffer);
    let block = Block::bordered()
        .border_set(theme.frame())
        .border_style(theme.style(Role::DialogBorder))
        .title(ratatui::text::Span::styled(
            format!(" {title} "),
            theme.style(Role::DialogTitle),
        ))
        .style(theme.style(Role::Dialog));
    let inside = block.inner(area);
    block.render(area, buffer);
    let side = PADDING.min(inside.width / 2);
    Rect::new(
        inside.x + side,
        inside.y,
        inside.width.saturating_sub(2 * side),
        inside.height,
    )
}

/// Writes one line of text if row `y` lies within the area.
pub(crate) fn put(buffer: &mut Buffer, area: Rect, y: u16, text: &str, style: Style) {
    let area = area.intersection(buffer.area);
    if area.contains(Position::new(area.x, y)) {
        buffer.set_stringn(area.x, y, text, usize::from(area.width), style);
    }
}

/// Pasted text for a line: its line ends and control characters become spaces.
fn one_line(text: &str) -> String {
    text.trim_matches(['\r', '\n'])
        .chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect()
}
