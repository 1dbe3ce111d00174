//! Finding and replacing, by keys, with others writing at the same time.

use super::*;

fn status_of_bar(desk: &mut Desk) -> String {
    let rows = desk.text_of_screen(100, 24);
    rows[21..23].join("\n")
}

#[test]
fn typing_finds_and_keys_go_on() {
    let mut desk = Desk::marked("|one two\nOne three\nalone");
    desk.keys("Ctrl-F");
    desk.write("one");
    assert_eq!(desk.marks(), "[one|] two\nOne three\nalone");
    assert!(status_of_bar(&mut desk).contains("1 of 3"));
    desk.keys("Enter");
    assert_eq!(desk.marks(), "one two\n[One|] three\nalone");
    desk.keys("Down Down");
    assert_eq!(desk.marks(), "[one|] two\nOne three\nalone");
    assert!(
        desk.status().contains("from the start"),
        "{}",
        desk.status()
    );
    desk.keys("Up");
    assert_eq!(desk.marks(), "one two\nOne three\nal[one|]");
    // Whole words, then with a capital letter.
    desk.keys("Alt-W");
    assert!(status_of_bar(&mut desk).contains("of 2"));
    desk.keys("Alt-C");
    assert!(status_of_bar(&mut desk).contains("1 of 1"));
    desk.keys("Esc");
    assert!(desk.app.dialog.is_none());
    // The next match can be found with the line closed.
    desk.keys("Alt-C Alt-N");
    assert!(desk.marks().contains("[one|]"));
}

#[test]
fn what_is_before_the_caret_is_found_too_and_nothing_leaves_it_where_it_was() {
    let mut desk = Desk::marked("one t|wo");
    desk.keys("Ctrl-F");
    desk.write("tw");
    assert_eq!(desk.marks(), "one [tw|]o");
    desk.write("x");
    assert_eq!(desk.marks(), "one t|wo");
    assert!(desk.status().contains("\"twx\" is not in the text"));
}

#[test]
fn what_is_selected_is_looked_for() {
    let mut desk = Desk::marked("[one|] two one");
    desk.keys("Ctrl-F Enter");
    assert_eq!(desk.marks(), "one two [one|]");
    desk.keys("Esc");
    let mut desk = Desk::marked("[one\ntwo|] one");
    desk.keys("Ctrl-F");
    desk.write("o");
    assert!(status_of_bar(&mut desk).contains("of 3"));
}

#[test]
fn patterns_that_are_none_are_explained() {
    let mut desk = Desk::marked("|a(b");
    desk.keys("Ctrl-F Alt-X");
    desk.write("(");
    assert!(status_of_bar(&mut desk).contains("Not a regular expression: unclosed group"));
    desk.keys("Alt-X");
    assert_eq!(desk.marks(), "a[(|]b");
}

#[test]
fn matches_are_replaced_one_by_one() {
    let mut desk = Desk::marked("|cat cat cat");
    desk.keys("Alt-R");
    desk.write("cat");
    desk.keys("Tab");
    desk.write("dog");
    desk.keys("Enter");
    assert_eq!(desk.marks(), "dog [cat|] cat");
    desk.keys("Enter");
    assert_eq!(desk.marks(), "dog dog [cat|]");
    desk.keys("Esc Ctrl-Z");
    assert_eq!(desk.app.rope().to_string(), "dog cat cat");
}

#[test]
fn all_matches_are_replaced_as_one_step_that_spares_others() {
    let mut desk = Desk::marked("|cat Cat\nmy cat");
    desk.works = false;
    desk.keys("Alt-R");
    desk.write("cat");
    desk.keys("Tab");
    desk.write("lion");
    desk.keys("Alt-A");
    // Others write while it is worked out, also in the middle of a match.
    desk.others_insert(0, "A ");
    desk.others_insert(7, "x");
    let jobs: Vec<Job> = desk
        .effects
        .drain(..)
        .filter_map(|effect| match effect {
            Effect::Work(job) => Some(job),
            _ => None,
        })
        .collect();
    for job in jobs {
        desk.send(Event::Worked(Box::new(job.run())));
    }
    let replaced = desk.app.rope().to_string();
    assert!(replaced.starts_with("A lion lion"), "{replaced}");
    assert!(
        replaced.contains('x') && replaced.ends_with("my lion"),
        "{replaced}"
    );
    desk.keys("Esc Ctrl-Z");
    let undone = desk.app.rope().to_string();
    assert_eq!(undone.replace('x', ""), "A cat Cat\nmy cat");
    assert!(undone.contains('x'), "{undone}");
}

#[test]
fn groups_of_an_expression_go_into_the_replacement() {
    let mut desk = Desk::marked("|a=1\nb=2\n");
    desk.keys("Alt-R Alt-X");
    desk.write(r"(\w)=(\w)");
    desk.keys("Tab");
    desk.write("$2: $1");
    desk.keys("Alt-A");
    assert_eq!(desk.app.rope().to_string(), "1: a\n2: b\n");
}

#[test]
fn far_away_matches_are_found_as_soon_as_all_are_counted() {
    let text = format!("|{}needle\n", "hay hay hay\n".repeat(60_000));
    let mut desk = Desk::marked(&text);
    desk.works = false;
    desk.keys("Ctrl-F");
    desk.write("needle");
    assert_eq!(desk.app.selection, TextSelection::caret(0));
    let job = desk.effects.drain(..).find_map(|effect| match effect {
        Effect::Work(job) => Some(job),
        _ => None,
    });
    desk.works = true;
    desk.send(Event::Worked(Box::new(job.expect("a job").run())));
    assert_eq!(desk.app.selected().len(), 6);
}

#[test]
fn who_goes_on_before_all_is_counted_is_not_led_away() {
    let text = format!("|{}needle\n", "hay hay hay\n".repeat(60_000));
    let typing: fn(&mut Desk) = |desk| desk.write("x");
    let moving: fn(&mut Desk) = |desk| desk.keys("Right");
    let closing: fn(&mut Desk) = |_| {};
    for goes_on in [typing, moving, closing] {
        let mut desk = Desk::marked(&text);
        desk.works = false;
        desk.keys("Ctrl-F");
        desk.write("needle");
        desk.keys("Esc");
        goes_on(&mut desk);
        let place = desk.app.selection;
        // A job that counts a text which is not the last one leads to another job.
        for _ in 0..3 {
            let asked = desk.effects.drain(..);
            let jobs = asked.filter_map(|effect| match effect {
                Effect::Work(job) => Some(job),
                _ => None,
            });
            for job in jobs.collect::<Vec<_>>() {
                desk.send(Event::Worked(Box::new(job.run())));
            }
        }
        assert_eq!(desk.app.selection, place);
        assert!(place.is_caret());
    }
}

#[test]
fn the_text_can_be_clicked_while_the_line_is_open() {
    let mut desk = Desk::marked("|one two\nthree");
    desk.keys("Ctrl-F");
    desk.send(Event::Resize(80, 24));
    desk.click(5, 1);
    assert_eq!(desk.marks(), "one two\nt|hree");
    assert!(desk.app.dialog.is_some());
}

#[test]
fn screens_of_searching() {
    let text = "The cat sat.\nA cat, a Cat, concatenated.\n\n日本 cat 語\n";
    let mut desk = Desk::marked(&format!("|{text}"));
    desk.keys("Ctrl-F");
    desk.write("cat");
    desk.assert_screen("search__find", 80, 24);
    desk.assert_screen("search__find_40x12", 40, 12);
    desk.keys("Alt-R Tab");
    desk.write("dog");
    desk.assert_screen("search__replace", 80, 24);
    desk.assert_screen("search__replace_40x12", 40, 12);
    desk.keys("Tab Alt-X");
    desk.write("(");
    desk.assert_screen("search__wrong_pattern", 80, 24);
}
