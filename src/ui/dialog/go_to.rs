//! Going to a line.

use crossterm::event::KeyEvent;
use ratatui::layout::Position;

use super::{
    Answer,
    form::{Form, FormEvent},
};

/// A place to go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GoTo {
    line: Target,
    /// Counted from 1.
    pub(crate) column: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    /// Counted from 1.
    Line(usize),
    /// This many lines further down, or up.
    By(isize),
}

impl GoTo {
    /// The line, counted from 0, as seen from another one.
    pub(crate) fn line_from(self, line: usize) -> usize {
        match self.line {
            Target::Line(number) => number.saturating_sub(1),
            Target::By(lines) => line.saturating_add_signed(lines),
        }
    }
}

/// Asks for a line.
#[derive(Debug)]
pub(crate) struct GoToLine {
    pub(super) form: Form,
}

impl GoToLine {
    /// Asks; the text has so many lines.
    pub(crate) fn new(lines: usize) -> Self {
        Self {
            form: Form::asking(
                "Go to line",
                format!(
                    "A line from 1 to {lines}, as 12 or 12:4 with a column; +5 and -5 count from here."
                ),
                "",
                "Go",
            ),
        }
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Answer {
        let event = self.form.key(key);
        self.answer(event)
    }

    pub(super) fn click(&mut self, at: Position) -> Answer {
        let event = self.form.click(at);
        self.answer(event)
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.form.paste(text.trim());
    }

    fn answer(&mut self, event: FormEvent) -> Answer {
        match event {
            FormEvent::Stay | FormEvent::Edited => Answer::Stay,
            FormEvent::Pressed(0) => match parse(self.form.text()) {
                Some(target) => Answer::GoTo(target),
                None => {
                    self.form.problem = Some("Type the number of a line.".to_owned());
                    Answer::Stay
                }
            },
            FormEvent::Pressed(_) | FormEvent::Close => Answer::Close,
        }
    }
}

fn parse(text: &str) -> Option<GoTo> {
    let text = text.trim();
    let (line, column) = match text.split_once([':', ',']) {
        Some((line, column)) => (line, Some(number(column)?)),
        None => (text, None),
    };
    let line = match line.trim().split_at_checked(1) {
        Some(("+", rest)) => Target::By(number(rest)?.try_into().ok()?),
        Some(("-", rest)) => Target::By(-isize::try_from(number(rest)?).ok()?),
        _ => Target::Line(number(line)?),
    };
    Some(GoTo { line, column })
}

fn number(text: &str) -> Option<usize> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // More digits than fit are a line behind the last one.
    digits.then(|| text.parse().unwrap_or(isize::MAX as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_written_in_several_ways() {
        for (text, from, expected) in [
            ("12", 0, Some((11, None))),
            (" 12:4 ", 0, Some((11, Some(4)))),
            ("12,4", 0, Some((11, Some(4)))),
            ("+5", 10, Some((15, None))),
            ("-5", 10, Some((5, None))),
            ("-50", 10, Some((0, None))),
            ("0", 3, Some((0, None))),
            (
                "99999999999999999999999",
                0,
                Some((isize::MAX as usize - 1, None)),
            ),
            ("", 0, None),
            ("abc", 0, None),
            ("12:", 0, None),
            ("+", 0, None),
            ("1 2", 0, None),
            ("é", 0, None),
        ] {
            let found = parse(text).map(|target| (target.line_from(from), target.column));
            assert_eq!(found, expected, "{text:?}");
        }
    }
}
