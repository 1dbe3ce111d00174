//! Colours for languages, and what becomes of them while somebody writes.

use proptest::prelude::*;

use super::*;
use crate::ui::theme::Role;

fn desk(text: &str, name: &str) -> Desk {
    let mut desk = Desk::new(text);
    desk.app.path = Some(name.into());
    desk.app.toggle_highlighting();
    desk.wait(Duration::from_secs(20));
    desk
}

/// The roles of all characters.
fn roles(desk: &Desk) -> Vec<Option<Role>> {
    let length = desk.app.rope().len_chars();
    (0..length)
        .map(|position| desk.app.syntax_at(position))
        .collect()
}

/// What was to be done and is not.
fn jobs(desk: &mut Desk) -> Vec<Job> {
    let effects = desk.effects.drain(..);
    let jobs = effects.filter_map(|effect| match effect {
        Effect::Work(job) => Some(job),
        _ => None,
    });
    jobs.collect()
}

const PROGRAM: &str = "\
//! A module.
use std::fmt; // here

/* Several
   lines */
#[derive(Debug)]
pub struct Point<T> {
    x: T,
}

impl<T: fmt::Display> Point<T> {
    fn show(&self, name: &str) -> String {
        let escaped = \"a\\n日本\";
        format!(\"{name}: {} {escaped}\", self.x + 42)
    }
}
";

const PROSE: &str = "\
# Minutes

Some *soft*, **loud** and `code` words, and a [link](https://loro.dev).

> Somebody said this.

1. First
2. Second
   - nested item, which is long enough to go on in the next row of the screen
- [ ] a task

```rust
fn main() {} // in a fence
```

| a | b |
|---|---|
| 1 | 2 |
";

#[test]
fn screens_with_colours() {
    desk(PROGRAM, "point.rs").assert_screen("highlight__rust", 80, 24);
    desk(PROSE, "minutes.md").assert_screen("highlight__markdown", 80, 24);
    let mut desk = desk(PROGRAM, "point.rs");
    let theme = Theme::load("dark", None).expect("a theme");
    desk.app.theme = theme.with_depth(crate::ui::theme::ColorDepth::None);
    desk.assert_screen("highlight__without_colours", 80, 24);
}

#[test]
fn colours_move_with_the_text_before_they_are_looked_at_again() {
    let mut desk = desk("let a = 1; // one\nlet b = 2;\n", "a.rs");
    desk.works = false;
    desk.others_insert(0, "\n");
    assert_eq!(desk.app.syntax_at(1), Some(Role::Keyword));
    assert_eq!(desk.app.syntax_at(12), Some(Role::Comment));
    assert_eq!(desk.app.syntax_at(19), Some(Role::Keyword));
    // A comment that is opened above colours what is below as soon as a job was done.
    desk.app.selection = TextSelection::caret(0);
    desk.write("/*");
    desk.works = true;
    for job in jobs(&mut desk) {
        desk.send(Event::Worked(Box::new(job.run())));
    }
    assert_eq!(desk.app.syntax_at(5), Some(Role::Comment));
}

#[test]
fn the_far_end_is_coloured_by_a_guess_and_then_for_certain() {
    let mut text = String::from("/*\n");
    text.push_str(&"let a = 1;\n".repeat(5_000));
    let mut desk = desk(&text, "a.rs");
    desk.works = false;
    desk.keys("Ctrl-End");
    let mut seen = Vec::new();
    let end = desk.app.rope().len_chars() - 5;
    while let Some(job) = jobs(&mut desk).pop() {
        desk.send(Event::Worked(Box::new(job.run())));
        seen.push(desk.app.syntax_at(end - 4));
    }
    let last = seen.last().copied().flatten();
    assert_ne!(
        seen.first().copied().flatten(),
        Some(Role::Comment),
        "a guess"
    );
    assert_eq!(last, Some(Role::Comment), "all of it is a comment");
    assert!(seen.len() < 10);
}

#[test]
fn without_a_language_nobody_works() {
    let mut desk = desk("some text", "notes.txt");
    desk.works = false;
    desk.effects.clear();
    desk.write("more");
    let works = desk
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::Work(_)));
    assert!(!works);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn colours_after_edits_are_those_of_the_text_read_anew(
        edits in prop::collection::vec((any::<usize>(), 0usize..6, "[a-z/*\"\n {}#`]{0,4}"), 1..12),
    ) {
        let mut desk = desk(PROGRAM, "point.rs");
        for (at, deleted, inserted) in edits {
            let length = desk.app.rope().len_chars();
            let start = at % (length + 1);
            let delta = crate::crdt::Delta::replace(start..(start + deleted).min(length), &inserted);
            desk.send(Event::Edit(delta));
        }
        desk.keys("Ctrl-Home");
        let anew = super::highlighting::desk(&desk.app.rope().to_string(), "point.rs");
        let visible = desk.app.visible_rows();
        let end = visible.last().map_or(0, |row| row.end);
        prop_assert_eq!(&roles(&desk)[..end], &roles(&anew)[..end]);
    }
}
