//! A file that another program changed where the text has unsaved edits.

use crossterm::event::KeyEvent;
use ratatui::layout::Position;

use super::{
    Answer,
    conflict::visible,
    form::{Button, Form, FormEvent, Paragraph},
};
use crate::{
    store::Clash,
    ui::{app::FileAnswer, pane::words::count},
};

/// Places that are shown one below the other; the others are counted.
const PLACES: usize = 2;
/// Lines that are shown of each side of a place.
const LINES: usize = 3;

/// Asks which text the person wants.
#[derive(Debug)]
pub(crate) struct ChangedQuestion {
    pub(super) form: Form,
}

impl ChangedQuestion {
    /// Asks about the file of this name. Nothing was touched so far.
    pub(crate) fn new(name: &str, clashes: &[Clash]) -> Self {
        let mut paragraphs = vec![
            Paragraph::Gap,
            Paragraph::words(format!(
                "Another program changed {name} in {} with unsaved edits.",
                match clashes.len() {
                    1 => "a place".to_owned(),
                    places => count(places, "place"),
                },
            )),
            Paragraph::Gap,
        ];
        for clash in clashes.iter().take(PLACES) {
            paragraphs.push(Paragraph::SpareWords(format!("Line {}:", clash.line)));
            paragraphs.extend(side("here   ", &clash.mine));
            paragraphs.extend(side("on disk", &clash.file));
        }
        if clashes.len() > PLACES {
            let more = clashes.len() - PLACES;
            paragraphs.push(Paragraph::SpareWords(format!("… and {more} more")));
        }
        paragraphs.push(Paragraph::Gap);
        let buttons = ["Merge both", "Keep mine", "Take the file's"].map(Button::without_key);
        // It opens unasked. So no letter answers it, and Enter loses nothing.
        Self {
            form: Form::new("The file changed too", paragraphs, buttons.to_vec()),
        }
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Answer {
        answer(self.form.key(key))
    }

    pub(super) fn click(&mut self, at: Position) -> Answer {
        answer(self.form.click(at))
    }
}

/// The lines of one side.
fn side(whose: &str, text: &str) -> Vec<Paragraph> {
    let mut lines: Vec<String> = text
        .lines()
        .take(LINES)
        .enumerate()
        .map(|(index, line)| {
            let margin = if index == 0 { whose } else { "       " };
            format!("{margin} │ {}", visible(line))
        })
        .collect();
    if lines.is_empty() {
        lines.push(format!("{whose} (nothing)"));
    }
    lines.into_iter().map(Paragraph::SpareValue).collect()
}

fn answer(event: FormEvent) -> Answer {
    match event {
        FormEvent::Stay | FormEvent::Edited => Answer::Stay,
        FormEvent::Pressed(0) => Answer::File(FileAnswer::Merge),
        FormEvent::Pressed(1) => Answer::File(FileAnswer::KeepMine),
        FormEvent::Pressed(2) => Answer::File(FileAnswer::TakeTheirs),
        FormEvent::Pressed(_) | FormEvent::Close => Answer::Close,
    }
}
