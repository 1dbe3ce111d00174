//! How everything stands, in words that are true and fit.

use super::words::{count, shorten};
use crate::ui::{
    app::{FileStanding, JournalState, Others, Standing},
    theme::Role,
};

/// Columns of somebody's name at most.
const NAME: usize = 16;

/// Some words, with the role that they are drawn in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Phrase {
    /// The words.
    pub(crate) text: String,
    /// How they look.
    pub(crate) role: Role,
}

/// How many ways there are to say it.
pub(crate) const LENGTHS: usize = 3;

/// Says how everything stands, in one of [`LENGTHS`] ways: 0 is the longest, each further one is
/// shorter.
pub(crate) fn phrases(standing: &Standing, length: usize) -> Vec<Phrase> {
    let [long, short, shortest] = ways(standing);
    let mut phrases = match length {
        0 => long,
        1 => short,
        _ => shortest,
    };
    phrases.retain(|phrase| !phrase.text.is_empty());
    phrases
}

/// What can be said of one thing, the longest first, and how it looks.
type Ways = ([String; LENGTHS], Role);

fn ways(standing: &Standing) -> [Vec<Phrase>; LENGTHS] {
    let kept = standing.journal == JournalState::Works;
    let things = [
        file_ways(&standing.file, kept),
        journal_ways(&standing.journal),
        others_ways(&standing.others, standing.unsent, kept),
    ];
    [0, 1, 2].map(|length| {
        let said = things.iter().map(|(texts, role)| Phrase {
            text: texts[length].clone(),
            role: *role,
        });
        said.collect()
    })
}

fn say(
    long: impl Into<String>,
    short: impl Into<String>,
    shortest: impl Into<String>,
) -> [String; LENGTHS] {
    [long.into(), short.into(), shortest.into()]
}

fn file_ways(file: &FileStanding, kept: bool) -> Ways {
    let unsaved = || say("not saved", "not saved", "unsaved");
    match file {
        FileStanding::NoFile { unsaved: false } => (
            say("no file yet", "no file yet", "no file"),
            Role::StatusFaint,
        ),
        FileStanding::NoFile { unsaved: true } | FileStanding::Unsaved => {
            (unsaved(), Role::StatusWarning)
        }
        FileStanding::Saved => (say("saved", "saved", "saved"), Role::StatusGood),
        FileStanding::Contested => (
            say(
                "file changed too: save to decide",
                "file changed too",
                "file changed",
            ),
            Role::StatusWarning,
        ),
        FileStanding::Gone if kept => (
            say("file is gone, text kept here", "file is gone", "file gone"),
            Role::StatusError,
        ),
        FileStanding::Gone => (
            say("file is gone", "file is gone", "file gone"),
            Role::StatusError,
        ),
        FileStanding::Unreadable => (
            say("file cannot be read", "file unreadable", "unreadable"),
            Role::StatusError,
        ),
        FileStanding::Failed(reason) => {
            let where_kept = if kept { ", kept in the journal" } else { "" };
            let long = format!("saving failed: {reason}{where_kept}");
            let short = format!("saving failed: {reason}");
            (
                say(long, short, format!("unsaved: {reason}")),
                Role::StatusError,
            )
        }
    }
}

fn journal_ways(journal: &JournalState) -> Ways {
    match journal {
        JournalState::Works => (say("", "", ""), Role::StatusGood),
        JournalState::Fails(reason) => (
            say(
                format!("edits are only in memory: {reason}"),
                format!("only in memory: {reason}"),
                "only in memory",
            ),
            Role::StatusError,
        ),
    }
}

fn others_ways(others: &Others, unsent: usize, kept: bool) -> Ways {
    // Without a journal they are not kept, but they are not with the others all the same.
    let fate = if kept { "kept here" } else { "not sent" };
    let short_fate = if kept { "kept" } else { "not sent" };
    let with_edits = |state: &str, shortest: &str| match unsent {
        0 => say(state, state, shortest),
        _ => say(
            format!("{state}, {} {fate}", count(unsent, "edit")),
            format!("{state}, {unsent} {fate}"),
            format!("{shortest}, {unsent} {short_fate}"),
        ),
    };
    let name = |name: &String| shorten(name, NAME);
    match others {
        Others::Nobody => (say("", "", ""), Role::StatusFaint),
        Others::Offline => (with_edits("offline", "offline"), Role::StatusWarning),
        Others::Synced(only, count) => {
            let with = only.as_ref().map_or_else(|| count.to_string(), name);
            let words = format!("synced with {with}");
            (say(words.clone(), words, "synced"), Role::StatusGood)
        }
        Others::Waiting(_) if unsent > 0 => {
            let words = say(
                format!("{} not sent yet", count(unsent, "edit")),
                format!("{unsent} not sent yet"),
                format!("{unsent} not sent"),
            );
            (words, Role::StatusWarning)
        }
        Others::Waiting(slow) => {
            let words = format!("waiting for {}", name(slow));
            (say(words.clone(), words, "waiting"), Role::StatusWarning)
        }
        Others::Syncing(Some(percent)) => {
            let words = format!("syncing {percent} %");
            (
                say(words.clone(), words.clone(), words),
                Role::StatusWarning,
            )
        }
        Others::Syncing(None) => (say("syncing…", "syncing…", "syncing…"), Role::StatusWarning),
        Others::Connecting => {
            let words = "connecting…";
            (say(words, words, words), Role::StatusWarning)
        }
        Others::Unreachable(who) => {
            let who = name(who);
            let long = format!("cannot reach {who}, trying again…");
            let short = format!("cannot reach {who}");
            (say(long, short, "calling…"), Role::StatusWarning)
        }
        Others::Reconnecting => (with_edits("reconnecting…", "apart"), Role::StatusWarning),
        Others::Left(who) => {
            let left = format!("{} left", name(who));
            (with_edits(&left, "alone"), Role::StatusFaint)
        }
        Others::SentAway(who) => {
            let gone = format!("{} was sent away", name(who));
            (with_edits(&gone, "alone"), Role::StatusFaint)
        }
        Others::AllLeft => (with_edits("everyone left", "alone"), Role::StatusFaint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::pane::words::width;

    fn said(standing: &Standing, length: usize) -> String {
        let phrases = phrases(standing, length);
        let texts: Vec<_> = phrases.into_iter().map(|phrase| phrase.text).collect();
        texts.join(" · ")
    }

    #[test]
    fn what_is_said_is_true_in_each_length() {
        use FileStanding::*;
        let works = JournalState::Works;
        let fails = JournalState::Fails("disk full".to_owned());
        let full = || Failed("disk full".to_owned());
        let ada = || "Ada".to_owned();
        let table = [
            (
                Saved,
                &works,
                0,
                Others::Nobody,
                ["saved", "saved", "saved"],
            ),
            (
                Saved,
                &works,
                0,
                Others::Synced(None, 2),
                [
                    "saved · synced with 2",
                    "saved · synced with 2",
                    "saved · synced",
                ],
            ),
            (
                Unsaved,
                &works,
                0,
                Others::Synced(Some(ada()), 1),
                [
                    "not saved · synced with Ada",
                    "not saved · synced with Ada",
                    "unsaved · synced",
                ],
            ),
            (
                Unsaved,
                &works,
                34,
                Others::Waiting(ada()),
                [
                    "not saved · 34 edits not sent yet",
                    "not saved · 34 not sent yet",
                    "unsaved · 34 not sent",
                ],
            ),
            (
                Saved,
                &works,
                0,
                Others::Waiting(ada()),
                [
                    "saved · waiting for Ada",
                    "saved · waiting for Ada",
                    "saved · waiting",
                ],
            ),
            (
                Saved,
                &works,
                34,
                Others::Offline,
                [
                    "saved · offline, 34 edits kept here",
                    "saved · offline, 34 kept here",
                    "saved · offline, 34 kept",
                ],
            ),
            (
                Unsaved,
                &works,
                1,
                Others::Reconnecting,
                [
                    "not saved · reconnecting…, 1 edit kept here",
                    "not saved · reconnecting…, 1 kept here",
                    "unsaved · apart, 1 kept",
                ],
            ),
            (
                full(),
                &works,
                0,
                Others::Nobody,
                [
                    "saving failed: disk full, kept in the journal",
                    "saving failed: disk full",
                    "unsaved: disk full",
                ],
            ),
            (
                full(),
                &fails,
                3,
                Others::Offline,
                [
                    "saving failed: disk full · edits are only in memory: disk full · offline, 3 edits not sent",
                    "saving failed: disk full · only in memory: disk full · offline, 3 not sent",
                    "unsaved: disk full · only in memory · offline, 3 not sent",
                ],
            ),
            (
                NoFile { unsaved: false },
                &works,
                0,
                Others::Syncing(Some(40)),
                [
                    "no file yet · syncing 40 %",
                    "no file yet · syncing 40 %",
                    "no file · syncing 40 %",
                ],
            ),
            (
                NoFile { unsaved: true },
                &works,
                2,
                Others::Left(ada()),
                [
                    "not saved · Ada left, 2 edits kept here",
                    "not saved · Ada left, 2 kept here",
                    "unsaved · alone, 2 kept",
                ],
            ),
            (
                NoFile { unsaved: true },
                &works,
                1,
                Others::SentAway(ada()),
                [
                    "not saved · Ada was sent away, 1 edit kept here",
                    "not saved · Ada was sent away, 1 kept here",
                    "unsaved · alone, 1 kept",
                ],
            ),
            (
                Contested,
                &works,
                0,
                Others::AllLeft,
                [
                    "file changed too: save to decide · everyone left",
                    "file changed too · everyone left",
                    "file changed · alone",
                ],
            ),
            (
                Gone,
                &works,
                0,
                Others::Connecting,
                [
                    "file is gone, text kept here · connecting…",
                    "file is gone · connecting…",
                    "file gone · connecting…",
                ],
            ),
            (
                Unreadable,
                &works,
                0,
                Others::Unreachable(ada()),
                [
                    "file cannot be read · cannot reach Ada, trying again…",
                    "file unreadable · cannot reach Ada",
                    "unreadable · calling…",
                ],
            ),
        ];
        for (file, journal, unsent, others, expected) in table {
            let standing = Standing {
                file,
                journal: journal.clone(),
                unsent,
                others,
            };
            for (length, expected) in expected.into_iter().enumerate() {
                assert_eq!(said(&standing, length), expected);
            }
            let widths = [0, 1, 2].map(|length| width(&said(&standing, length)));
            assert!(widths.is_sorted_by(|longer, shorter| longer >= shorter));
        }
    }
}
