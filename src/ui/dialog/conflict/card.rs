//! One conflict on a card: what stood there, what each side made of it, what the merge made.

use ratatui::style::{Modifier, Style};

use super::words::{Piece, compared, set, visible};
use crate::{
    ConflictInfo,
    ui::{
        pane::words::{shorten, width},
        theme::{Role, Theme},
    },
};

/// The longest text that is compared word by word, in bytes. Longer ones are shown plain.
const COMPARED: usize = 20_000;

/// What the screen knows of a conflict, with words for it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Card {
    /// What was found, as it is now.
    pub(crate) info: ConflictInfo,
    /// Where: "notes.md:42".
    pub(crate) place: String,
    /// The line before it and the one behind it, for those who see only the card.
    pub(crate) context: [String; 2],
    /// The sides' names, clean; `None` is the person at the keyboard.
    pub(crate) names: [Option<String>; 2],
    /// When each side wrote: "14:02", or "3 days ago"; empty if nobody noted it.
    pub(crate) times: [String; 2],
}

/// A line of the card.
pub(super) struct CardLine {
    pub(super) label: String,
    pub(super) label_style: Style,
    pub(super) text: Vec<Piece>,
    /// At the right edge.
    pub(super) note: String,
}

impl Card {
    /// "same sentence · apart 14 min".
    pub(super) fn why(&self) -> String {
        let why = self.info.record.rule.info().words;
        match self.info.apart().as_secs() {
            0 => why.to_owned(),
            seconds => format!("{why} · apart {}", super::lasting(seconds)),
        }
    }

    /// What the keys for one side and for the other are called: "mine" and "theirs", or whose they
    /// are if neither is the person's at the keyboard.
    pub(super) fn labels(&self) -> [String; 2] {
        if self.info.mine.is_some() {
            return ["mine", "theirs"].map(str::to_owned);
        }
        let names = self.names.each_ref().map(Option::as_deref);
        // First names are enough to tell people apart, unless they are not.
        let first = names.map(|name| name.and_then(|name| name.split_whitespace().next()));
        let names = if first[0] == first[1] { names } else { first };
        [0, 1].map(|side| match names[side] {
            Some(name) => format!("{}'s", shorten(name, 12)),
            None => ["first", "other"][side].to_owned(),
        })
    }

    fn text_of(&self, side: usize) -> String {
        let content = &self.info.record.sides[side].content;
        content.as_text().unwrap_or_default().to_owned()
    }

    fn before(&self) -> String {
        let before = self.info.record.before.as_text();
        before.unwrap_or_default().to_owned()
    }

    fn merged(&self) -> String {
        let merged = self.info.merged.as_ref();
        let text = merged.and_then(|merged| merged.as_text());
        text.unwrap_or_default().to_owned()
    }

    /// What the field for another text starts with.
    pub(super) fn proposal(&self) -> String {
        self.merged()
    }

    /// The sides in the order in which they are shown: ours first.
    fn order(&self) -> [usize; 2] {
        match self.info.mine {
            Some(1) => [1, 0],
            Some(_) | None => [0, 1],
        }
    }

    /// Sets the card in lines of so many columns, with the lines around the place if they are
    /// wanted.
    pub(super) fn lines(&self, theme: &Theme, columns: usize, context: bool) -> Vec<CardLine> {
        let label = if columns < super::NARROW { 7 } else { 10 };
        let plain = theme.style(Role::Dialog);
        let faint = theme.style(Role::DialogFaint);
        let mut lines = Vec::new();
        let mut row = |name: &str, style: Style, pieces: Vec<Piece>, note: &str| {
            let room = columns.saturating_sub(label + 1);
            let noted = width(note) + 2;
            let note = if room > 4 * noted { note } else { "" };
            let room = if note.is_empty() { room } else { room - noted };
            for (index, text) in set(&pieces, room).into_iter().enumerate() {
                let first = index == 0;
                lines.push(CardLine {
                    label: if first {
                        shorten(name, label)
                    } else {
                        String::new()
                    },
                    label_style: style,
                    text,
                    note: if first {
                        note.to_owned()
                    } else {
                        String::new()
                    },
                });
            }
        };
        let only = |text: &str, style: Style| {
            vec![Piece {
                text: visible(text),
                style,
            }]
        };
        if context && !self.context[0].is_empty() {
            let line = shorten(
                &visible(&self.context[0]),
                columns.saturating_sub(label + 1),
            );
            row("", faint, only(&line, faint), "");
        }
        let before = self.before();
        row("before", faint, self.marked_gone(&before, theme), "");
        let first = ["yours", "first"][usize::from(self.info.mine.is_none())];
        for (place, side) in self.order().into_iter().enumerate() {
            let name = self.names[side].as_deref();
            let name = name.unwrap_or(if place == 0 { first } else { "other" });
            let style = self.style_of(side, theme);
            let text = self.text_of(side);
            let pieces = if text.is_empty() {
                only("(deleted)", faint)
            } else {
                self.marked(&before, &text, theme, |_| Some(style))
            };
            row(
                name,
                style.remove_modifier(Modifier::UNDERLINED),
                pieces,
                &self.times[side],
            );
        }
        let merged = self.merged();
        let texts = [self.text_of(0), self.text_of(1)];
        let styles = [0, 1].map(|side| self.style_of(side, theme));
        let whose = |word: &str| {
            let side = texts.iter().position(|text| text.contains(word))?;
            Some(styles[side])
        };
        row(
            "merged",
            plain,
            self.marked(&before, &merged, theme, whose),
            "",
        );
        if context && !self.context[1].is_empty() {
            let line = shorten(
                &visible(&self.context[1]),
                columns.saturating_sub(label + 1),
            );
            row("", faint, only(&line, faint), "");
        }
        lines
    }

    /// How a side's words look: in its person's colour, ours underlined and others' bold.
    fn style_of(&self, side: usize, theme: &Theme) -> Style {
        let color = &self.info.record.sides[side].color;
        let plain = theme.style(Role::Dialog);
        // The disk has no colour.
        let style = match color.is_empty() {
            true => plain,
            false => plain.patch(theme.participant(color).name),
        };
        let style = style.remove_modifier(Modifier::BOLD | Modifier::UNDERLINED);
        if self.order()[0] == side {
            style.add_modifier(Modifier::UNDERLINED)
        } else {
            style.add_modifier(Modifier::BOLD)
        }
    }

    /// The words of a text; those that the text before does not have are marked.
    fn marked(
        &self,
        before: &str,
        after: &str,
        theme: &Theme,
        style: impl Fn(&str) -> Option<Style>,
    ) -> Vec<Piece> {
        let plain = theme.style(Role::Dialog);
        if before.len() + after.len() > COMPARED {
            return vec![Piece {
                text: visible(after),
                style: plain,
            }];
        }
        let words = compared(before, after).into_iter();
        words
            .map(|(word, same)| {
                let style = match same || word.trim().is_empty() {
                    true => None,
                    false => style(word),
                };
                Piece {
                    text: visible(word),
                    style: style.unwrap_or(plain),
                }
            })
            .collect()
    }

    /// The text before; what either side took out is crossed out.
    fn marked_gone(&self, before: &str, theme: &Theme) -> Vec<Piece> {
        let plain = theme.style(Role::Dialog);
        if before.is_empty() {
            return vec![Piece {
                text: "(nothing)".to_owned(),
                style: theme.style(Role::DialogFaint),
            }];
        }
        let after = [self.text_of(0), self.text_of(1)];
        if before.len() + after[0].len() + after[1].len() > COMPARED {
            return vec![Piece {
                text: visible(before),
                style: plain,
            }];
        }
        let kept = after.map(|after| {
            let words = compared(&after, before);
            words.into_iter().map(|(_, same)| same).collect::<Vec<_>>()
        });
        let words = compared("", before).into_iter().enumerate();
        words
            .map(|(index, (word, _))| {
                let gone = kept.iter().any(|kept| !kept.get(index).unwrap_or(&true));
                let style = if gone && !word.trim().is_empty() {
                    plain.add_modifier(Modifier::CROSSED_OUT)
                } else {
                    plain
                };
                Piece {
                    text: visible(word),
                    style,
                }
            })
            .collect()
    }
}
