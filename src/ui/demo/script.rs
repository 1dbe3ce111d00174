//! What happens in the demonstration, and when: a table of steps, and a pure machine that walks
//! through it. It is told the time and what there is to see, and knows no document and no network.

use std::time::Duration;

/// One of those who act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Ada,
    Ben,
}

impl Who {
    /// Everybody, in the order in which their things are kept.
    pub(super) const ALL: [Self; 2] = [Self::Ada, Self::Ben];

    /// What the others see them called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ada => "Ada",
            Self::Ben => "Ben",
        }
    }
}

/// Something to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Say at the bottom what is shown.
    Say(&'static str),
    /// Come into the document.
    Join(Who),
    /// Put the caret behind these words.
    GoBehind(Who, &'static str),
    /// Select these words.
    Select(Who, &'static str),
    /// Type a character, over what is selected.
    Type(Who, char),
    /// Lift the hands from the keys.
    Pause(Who),
    /// Cut all connections.
    GoOffline(Who),
    /// Connect again.
    GoOnline(Who),
}

/// What there is to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Who has the document and is connected, as in [`Who::ALL`].
    pub(super) here: [bool; 2],
    /// Conflicts that wait for an answer.
    pub(super) conflicts: usize,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Do this, and ask again.
    Act(Act),
    /// Nothing before this time, on the clock that was given; sooner or later than that is no harm.
    Wait(Duration),
}

/// A line of the table.
#[derive(Clone, Copy, Debug)]
enum Step {
    Do(Act),
    /// They type these at the same time, letter by letter.
    Write(&'static [(Who, &'static str)]),
    /// Nothing happens for so many milliseconds.
    Rest(u64),
    Until(Condition),
}

/// What a step waits for.
#[derive(Clone, Copy, Debug)]
enum Condition {
    Here(Who),
    /// A conflict is found; if none is, the person wrote over the place, and the story goes on.
    Conflict,
    /// Somebody has answered every conflict.
    Settled,
}

use Act::{GoBehind, GoOffline, GoOnline, Join, Say, Select};
use Step::{Do, Rest, Until, Write};
use Who::{Ada, Ben};

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How long a conflict may take to be found.
const PATIENCE: Duration = Duration::from_secs(15);

/// The story. In what is said, `{command}` stands for the key of that command.
const STORY: &[Step] = &[
    Do(Say(
        "Ada and Ben are coming: two real peers, in this process, over the loopback",
    )),
    Rest(1_200),
    Do(Join(Ada)),
    Until(Condition::Here(Ada)),
    Rest(600),
    Do(Join(Ben)),
    Until(Condition::Here(Ben)),
    Rest(600),
    Do(Say("Everybody writes at the same time. Write with them!")),
    Do(GoBehind(Ada, "Ada:")),
    Do(GoBehind(Ben, "Ben:")),
    Rest(800),
    Write(&[(Ada, " lemonade, a blanket"), (Ben, " bread and cheese")]),
    Rest(800),
    Do(Say("Ben selects: everybody sees what, in his colour")),
    Do(Select(Ben, "something to eat")),
    Rest(2_500),
    Do(GoBehind(Ben, "something to eat")),
    Write(&[(Ben, " and to drink")]),
    Rest(600),
    Do(Say(
        "Ben goes offline and goes on writing. You see it when he is back",
    )),
    Do(GoOffline(Ben)),
    Rest(1_500),
    Do(Select(Ben, "3pm")),
    Rest(300),
    Write(&[(Ben, "4pm")]),
    Rest(500),
    Do(Say(
        "Meanwhile Ada, who cannot know, changes the same words",
    )),
    Do(Select(Ada, "3pm")),
    Rest(900),
    Write(&[(Ada, "noon")]),
    Rest(1_500),
    Do(Say("Ben comes back. Whatever does not clash is merged")),
    Do(GoOnline(Ben)),
    Until(Condition::Here(Ben)),
    Until(Condition::Conflict),
    Do(Say(
        "They clash over the time. Settle it for all: {conflicts} shows the card",
    )),
    Until(Condition::Settled),
    Do(Say(
        "It is settled, for everybody. {undo} takes it back, like any edit",
    )),
    Do(GoBehind(Ada, "Ben: bread and cheese")),
    Do(GoBehind(Ben, "You:")),
    Rest(2_500),
    Write(&[(Ada, ", apples"), (Ben, " whatever you like")]),
    Rest(1_500),
    Do(Say(
        "{show-authors} shows who wrote what: in colours, and by name at your caret",
    )),
    Rest(4_000),
    Do(Say(
        "That was all; stay and try things. {help} lists every key. {quit} quits",
    )),
];

/// Walks through the story.
#[derive(Debug, Default)]
pub(super) struct Script {
    /// The step that comes next.
    step: usize,
    /// What was done of the step so far: letters that were typed.
    done: usize,
    /// When to go on.
    due: Duration,
    /// Since when the step's condition is waited for.
    waiting: Option<Duration>,
}

impl Script {
    /// Returns what comes next. `now` is monotonic, since any fixed start.
    pub(super) fn next(&mut self, now: Duration, seen: &Seen) -> Next {
        if now < self.due {
            return Next::Wait(self.due);
        }
        match STORY.get(self.step) {
            None => Next::Wait(now + LOOK),
            Some(Do(act)) => {
                self.go_on();
                Next::Act(*act)
            }
            Some(Rest(milliseconds)) => {
                self.due = now + Duration::from_millis(*milliseconds);
                self.go_on();
                Next::Wait(self.due)
            }
            Some(Write(texts)) => self.write(texts, now),
            Some(Until(condition)) => {
                let since = *self.waiting.get_or_insert(now);
                if !holds(*condition, seen, now - since) {
                    return Next::Wait(now + LOOK);
                }
                self.go_on();
                Next::Wait(now)
            }
        }
    }

    fn go_on(&mut self) {
        self.step += 1;
        self.done = 0;
        self.waiting = None;
    }

    /// Types the next letter. Those who write take turns; who has no letters left pauses.
    fn write(&mut self, texts: &[(Who, &'static str)], now: Duration) -> Next {
        let (turn, letter) = (self.done % texts.len(), self.done / texts.len());
        let (who, text) = texts[turn];
        let longest = texts.iter().map(|(_, text)| text.chars().count()).max();
        self.done += 1;
        if letter >= longest.unwrap_or(0) && turn + 1 == texts.len() {
            self.go_on();
        }
        // Nobody types like a clock.
        let pause = 40 + (self.done as u64 * 37) % 60;
        match text.chars().nth(letter) {
            Some(character) => {
                self.due = now + Duration::from_millis(pause);
                Next::Act(Act::Type(who, character))
            }
            None => Next::Act(Act::Pause(who)),
        }
    }
}

fn holds(condition: Condition, seen: &Seen, waited: Duration) -> bool {
    match condition {
        Condition::Here(who) => seen.here[who as usize],
        Condition::Conflict => seen.conflicts > 0 || waited > PATIENCE,
        Condition::Settled => seen.conflicts == 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::command::Command;

    /// Walks on for so long, with the same to see. Returns what was done.
    fn walk(script: &mut Script, now: &mut Duration, time: Duration, seen: &Seen) -> Vec<Act> {
        let end = *now + time;
        let mut done = Vec::new();
        while *now < end {
            match script.next(*now, seen) {
                Next::Act(act) => done.push(act),
                Next::Wait(until) => *now = until.max(*now + Duration::from_millis(1)),
            }
        }
        done
    }

    const ALL_HERE: Seen = Seen {
        here: [true; 2],
        conflicts: 0,
    };

    #[test]
    fn the_story_waits_for_those_who_come_and_for_the_answer() {
        let mut script = Script::default();
        let mut now = Duration::ZERO;
        let minute = Duration::from_secs(60);
        let nobody = Seen::default();
        let done = walk(&mut script, &mut now, minute, &nobody);
        assert!(matches!(done[..], [Say(_), Join(Ada)]), "{done:?}");

        let conflict = Seen {
            conflicts: 1,
            ..ALL_HERE
        };
        let done = walk(&mut script, &mut now, minute, &conflict);
        let Some(Say(last)) = done.last() else {
            panic!("{done:?}");
        };
        assert!(last.contains("{conflicts}"), "it waits for the answer");
        assert!(walk(&mut script, &mut now, minute, &conflict).is_empty());

        let done = walk(&mut script, &mut now, minute, &ALL_HERE);
        let Some(Say(last)) = done.last() else {
            panic!("{done:?}");
        };
        assert!(last.contains("{quit}"), "it comes to its end");
    }

    #[test]
    fn it_goes_on_without_a_conflict() {
        let (mut script, mut now) = (Script::default(), Duration::ZERO);
        let done = walk(&mut script, &mut now, Duration::from_secs(120), &ALL_HERE);
        assert!(matches!(done.last(), Some(Say(last)) if last.contains("{quit}")));
    }

    #[test]
    fn whoever_writes_pauses_afterwards_and_types_every_letter() {
        let (mut script, mut now) = (Script::default(), Duration::ZERO);
        let done = walk(&mut script, &mut now, Duration::from_secs(120), &ALL_HERE);
        for who in Who::ALL {
            let own = |act: &&Act| match act {
                Act::Type(one, _) | Act::Pause(one) => *one == who,
                _ => false,
            };
            assert!(matches!(done.iter().rfind(own), Some(Act::Pause(_))));
            let typed: String = done
                .iter()
                .filter_map(|act| match act {
                    Act::Type(one, character) if *one == who => Some(*character),
                    _ => None,
                })
                .collect();
            let expected: String = STORY
                .iter()
                .filter_map(|step| match step {
                    Write(texts) => texts.iter().find(|(one, _)| *one == who),
                    _ => None,
                })
                .map(|(_, text)| *text)
                .collect();
            assert_eq!(typed, expected);
        }
    }

    #[test]
    fn what_is_said_names_commands_that_exist_and_fits_a_line() {
        for step in STORY {
            let Do(Say(words)) = step else { continue };
            assert!(words.chars().count() <= 76, "{words:?}");
            for part in words.split('{').skip(1) {
                let name = part.split('}').next().unwrap_or_default();
                assert!(Command::from_name(name).is_some(), "{words:?}");
            }
        }
    }

    #[test]
    fn people_go_to_places_that_are_in_the_text() {
        let mut text = include_str!("sample.md").to_owned();
        let mut selected = "";
        for step in STORY {
            match step {
                Do(GoBehind(_, words) | Select(_, words)) => {
                    selected = words;
                    // What somebody wrote before is found with what was there.
                    let first = words.split(": ").last().unwrap_or_default();
                    assert!(text.contains(first), "{words:?} is not in\n{text}");
                }
                Write(texts) => {
                    for (_, written) in *texts {
                        text.push_str(written);
                    }
                }
                Do(_) | Rest(_) | Until(_) => {}
            }
        }
        assert!(!selected.is_empty());
    }
}
