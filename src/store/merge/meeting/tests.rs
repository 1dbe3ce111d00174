use super::*;

/// A document that started from a file's text, and what was done to it since.
struct Story {
    trail: Trail,
    now: Rope,
    version: u64,
}

impl Story {
    fn new(text: &str) -> Self {
        let now = Rope::from_str(text);
        Self {
            trail: Trail::new(now.clone(), &now, 0),
            now,
            version: 0,
        }
    }

    /// Replaces the first `old` by `new`, by the smallest change.
    fn edit(mut self, old: &str, new: &str) -> Self {
        let text = self.now.to_string();
        self.change(&difference(&text, &text.replacen(old, new, 1)));
        self
    }

    fn change(&mut self, delta: &Delta) {
        delta.apply(&mut self.now);
        self.version += 1;
        self.trail.note(self.version, delta);
        self.trail.see(&self.now);
    }

    fn meets(&self, file: &str, shared: bool) -> Meeting {
        let meeting = meet(
            &self.trail,
            &self.now,
            file,
            shared,
            &DetectOptions::default(),
        );
        for outcome in [&meeting.merge, &meeting.keep, &meeting.take] {
            fits(file, outcome, &self.now);
        }
        assert_eq!(made(&meeting.take, &self.now), file, "the file's");
        meeting
    }
}

/// What becomes of the document.
fn made(outcome: &Outcome, now: &Rope) -> String {
    let mut text = now.clone();
    outcome.edit.apply(&mut text);
    text.to_string()
}

/// The rest must lead from the file's text to the document's: as far as lengths tell, and exactly
/// where nothing is left.
#[track_caller]
fn fits(file: &str, outcome: &Outcome, now: &Rope) {
    let made = made(outcome, now);
    let rest = &outcome.rest;
    let length = file.chars().count() + rest.insertions() - rest.deletions();
    assert_eq!(length, made.chars().count(), "{file:?} to {made:?}");
    assert!(rest.minimum_length() <= file.chars().count());
    if rest.is_empty() {
        assert_eq!(made, file);
    }
}

#[test]
fn both_changes_are_in_and_people_are_asked_only_where_they_touch() {
    let base = "one\ntwo\nthree\n";
    let table = [
        // What we made of it, what is in the file, both together, and how many clashes.
        (
            ("one", "one"),
            "one\ntwo\nthree\nfour\n",
            "one\ntwo\nthree\nfour\n",
            0,
        ),
        (
            ("one", "ONE"),
            "one\ntwo\nthree\nfour\n",
            "ONE\ntwo\nthree\nfour\n",
            0,
        ),
        (("two", "2"), "one\ntwo\n3\n", "one\n2\n3\n", 0),
        // Others put lines in where we typed.
        (
            ("three\n", "three\nmine"),
            "one\ntwo\nthree\nlog\n",
            "one\ntwo\nthree\nlog\nmine",
            0,
        ),
        // The same word.
        (
            ("two", "tow"),
            "one\nzwei\nthree\n",
            "one\nzweio\nthree\n",
            1,
        ),
        // They took away the line that we wrote in.
        (
            ("two", "two and a half"),
            "one\nthree\n",
            "one\n and a halfthree\n",
            1,
        ),
        // We took away the line that they wrote in.
        (("two\n", ""), "one\ntwo!\nthree\n", "one\n!three\n", 1),
        // Both took the same away, and no more.
        (("two\n", ""), "one\nthree\n", "one\nthree\n", 0),
        // Both made the same of it.
        (
            ("two", "zwei"),
            "one\nzwei\nthree\n",
            "one\nzwei\nthree\n",
            0,
        ),
    ];
    for ((old, new), file, merged, clashes) in table {
        let story = Story::new(base).edit(old, new);
        let meeting = story.meets(file, false);
        assert_eq!(made(&meeting.merge, &story.now), merged, "{file:?}");
        assert_eq!(
            meeting.clashes.len(),
            clashes,
            "{file:?}: {:?}",
            meeting.clashes
        );
        assert_eq!(made(&meeting.keep, &story.now), story.now.to_string());
    }
}

#[test]
fn a_clash_shows_the_lines_of_both() {
    let story = Story::new("a\nlet x = 1;\nb\n")
        .edit("a\n", "a\na2\n")
        .edit("1", "2");
    let meeting = story.meets("a\nlet x = 3;\nb\n", false);
    let expected = Clash {
        line: 3,
        mine: "let x = 2;".to_owned(),
        file: "let x = 3;".to_owned(),
    };
    assert_eq!(meeting.clashes, [expected]);
}

#[test]
fn what_is_typed_meanwhile_stays() {
    let mut story = Story::new("one\ntwo\n").edit("two", "2");
    let meeting = story.meets("one\ntwo\nlog\n", false);
    let version = story.version;
    story.change(&Delta::replace(0..0, "start "));
    story.change(&Delta::replace(12..12, "end"));
    for (outcome, expected) in [
        (&meeting.merge, "start one\n2\nlog\nend"),
        (&meeting.keep, "start one\n2\nend"),
        (&meeting.take, "start one\ntwo\nlog\nend"),
    ] {
        let mut outcome = outcome.clone();
        for later in story.trail.since(version).expect("it was just now") {
            outcome.carry(&later);
        }
        assert_eq!(made(&outcome, &story.now), expected);
        fits("one\ntwo\nlog\n", &outcome, &story.now);
    }
}

#[test]
fn a_text_of_a_moment_ago_changes_nothing() {
    // Another copad of this document saved it while we went on typing.
    let story = Story::new("one\n")
        .edit("one\n", "one\ntwo")
        .edit("two", "two three");
    for shared in [false, true] {
        let meeting = story.meets("one\ntwo", shared);
        assert!(meeting.merge.edit.is_empty());
        assert_eq!(meeting.merge.rest.insertions(), 6);
        assert_eq!(meeting.clashes, []);
    }
}

#[test]
fn what_another_copad_saved_before_we_had_all_of_it_is_not_put_in_twice() {
    // Both typed at once: the file has all of theirs, but only some of ours.
    let mut story = Story::new("");
    for (at, typed) in [
        (0, "mine"),
        (0, "theirs "),
        (11, " and mine"),
        (7, "and theirs "),
    ] {
        story.change(&Delta::replace(at..at, typed));
    }
    assert_eq!(story.now, "theirs and theirs mine and mine");
    let meeting = story.meets("theirs and theirs mine", true);
    assert!(meeting.merge.edit.is_empty(), "{:?}", meeting.merge.edit);
    assert_eq!(meeting.merge.rest.insertions(), 9);
}
