//! Going to somebody, following them, being away, and who writes elsewhere.

use super::*;

fn long_text() -> String {
    (1..=500).map(|line| format!("line {line}\n")).collect()
}

fn line_start(desk: &Desk, line: usize) -> usize {
    desk.app.rope().line_to_char(line - 1)
}

/// Somebody moves there.
fn moves(desk: &mut Desk, node: NodeId, position: usize, typing: bool) {
    let presence = Presence {
        typing,
        ..presence(node, position, position)
    };
    desk.send(Event::Presence(Box::new(PresenceEvent::Updated {
        node,
        presence,
    })));
}

#[track_caller]
fn assert_visible(desk: &Desk, position: usize) {
    let rows = desk.app.visible_rows();
    assert!(
        rows.iter().any(|row| is_on(row, position)),
        "{position} is not visible"
    );
}

#[test]
fn one_key_leads_to_the_only_other_person() {
    let mut desk = Desk::new(&long_text());
    desk.keys("Alt-T");
    assert!(desk.status().contains("Nobody else is here"));
    let there = line_start(&desk, 340);
    desk.joins(ADA, there, there);
    desk.keys("Alt-T");
    assert_eq!(desk.app.selection, TextSelection::caret(there));
    assert_visible(&desk, there);
}

#[test]
fn of_several_people_one_is_chosen() {
    let mut desk = Desk::new(&long_text());
    let (ada, linus) = (line_start(&desk, 100), line_start(&desk, 340));
    desk.joins(ADA, ada, ada);
    desk.joins(LINUS, linus, linus);
    desk.wait(Duration::from_secs(20));
    desk.keys("Alt-T");
    desk.assert_screen("dialog__people", 80, 24);
    desk.assert_screen("dialog__people_40x12", 40, 12);
    desk.keys("l Enter");
    assert_eq!(desk.app.selection.head, linus);
    desk.keys("Alt-T Down Up Enter");
    assert_eq!(desk.app.selection.head, ada);
}

#[test]
fn whoever_is_followed_stays_on_the_screen_until_a_key_is_pressed() {
    let mut desk = Desk::new(&long_text());
    desk.joins(ADA, 0, 0);
    desk.keys("Alt-Y");
    for line in [340, 345, 20, 500] {
        let there = line_start(&desk, line);
        moves(&mut desk, ADA, there, false);
        assert_visible(&desk, there);
        assert_eq!(desk.app.selection.head, 0, "our caret stays");
    }
    desk.wait(Duration::from_secs(20));
    desk.assert_screen("together__following", 80, 24);
    desk.keys("Esc");
    assert!(desk.status().contains("no longer follow Ada"));
    moves(&mut desk, ADA, 0, false);
    assert!(desk.app.visible_rows()[0].position.line > 400);
    // A key that does something does it, too.
    desk.keys("Alt-Y");
    desk.write("x");
    assert_eq!(desk.app.followed().map(|person| person.node), None);
    assert!(desk.app.rope().to_string().starts_with('x'));
}

#[test]
fn the_wheel_a_click_and_a_paste_end_following() {
    let wheel: fn(&mut Desk) = |desk| desk.mouse(MouseEventKind::ScrollUp, 10, 10);
    let click: fn(&mut Desk) = |desk| desk.click(10, 10);
    let paste: fn(&mut Desk) = |desk| desk.send(Event::Paste("pasted".to_owned()));
    for (act, is_at_caret) in [(wheel, false), (click, false), (paste, true)] {
        let mut desk = Desk::new(&long_text());
        desk.send(Event::Resize(80, 24));
        let there = line_start(&desk, 340);
        desk.joins(ADA, there, there);
        desk.keys("Alt-Y");
        assert_visible(&desk, there);
        act(&mut desk);
        assert!(desk.app.followed().is_none());
        let top = desk.app.visible_rows()[0].position.line;
        assert_eq!(top == 0, is_at_caret, "line {top} is at the top");
    }
}

#[test]
fn a_tag_beside_our_own_caret_is_clicked_where_it_is_drawn() {
    let mut desk = Desk::new(&long_text());
    desk.send(Event::Resize(80, 24));
    // The caret in the first row of the screen.
    let below = line_start(&desk, 340);
    desk.joins(ADA, below, below);
    desk.mouse(MouseEventKind::ScrollDown, 10, 10);
    desk.click(10, 0);
    let above = 0;
    desk.joins(LINUS, above, above);
    moves(&mut desk, LINUS, above, true);
    desk.wait(Duration::from_secs(20));
    let screen = desk.text_of_screen(80, 24);
    let row = screen
        .iter()
        .position(|row| row.contains("Linus Torvalds is writing"))
        .expect("a tag");
    assert_eq!(row, 1, "not in the caret's row");
    desk.click(45, row as u16);
    assert_visible(&desk, above);
}

#[test]
fn following_ends_with_the_one_who_is_followed() {
    let mut desk = Desk::new(&long_text());
    desk.joins(ADA, 0, 0);
    desk.keys("Alt-Y");
    desk.send(Event::Presence(Box::new(PresenceEvent::Left {
        node: ADA,
        user: user_of(ADA),
    })));
    assert!(desk.app.followed().is_none());
}

#[test]
fn whoever_writes_elsewhere_is_told_at_the_edge() {
    let mut desk = Desk::new(&long_text());
    desk.send(Event::Resize(80, 24));
    desk.keys("Ctrl-G");
    desk.write("100");
    desk.keys("Enter");
    let (below, above) = (line_start(&desk, 340), line_start(&desk, 3));
    desk.joins(ADA, below, below);
    desk.joins(LINUS, above, above);
    moves(&mut desk, ADA, below, true);
    moves(&mut desk, LINUS, above, true);
    desk.wait(Duration::from_secs(20));
    desk.assert_screen("together__writing_elsewhere", 80, 24);
    let screen = desk.text_of_screen(80, 24);
    let row = screen
        .iter()
        .position(|row| row.contains("Ada is writing at line 340 ↓"));
    // A click on it shows the place.
    desk.click(45, row.expect("a tag") as u16);
    assert_visible(&desk, below);
    assert!(
        !desk
            .text_of_screen(80, 24)
            .join("")
            .contains("Ada is writing at")
    );
}

#[test]
fn nobody_at_the_keyboard_for_five_minutes_is_away() {
    let mut desk = Desk::new("text");
    desk.write("x");
    let away = |desk: &Desk| {
        let published = desk.effects.iter().rev().find_map(|effect| match effect {
            Effect::Publish(caret) => Some(caret.away),
            _ => None,
        });
        published.expect("told")
    };
    desk.wait(Duration::from_secs(299));
    assert!(!away(&desk));
    let due = desk
        .app
        .next_tick()
        .expect("a tick that tells of being away");
    desk.wait(due - desk.now);
    assert!(away(&desk));
    assert_eq!(desk.app.next_tick(), None);
    desk.keys("Left");
    assert!(!away(&desk));
}

#[test]
fn beginners_get_a_hint_until_the_first_key() {
    let mut desk = Desk::new("text\n");
    desk.app.greet();
    desk.wait(Duration::from_secs(20));
    desk.assert_screen("hint__first_start", 80, 24);
    desk.assert_screen("hint__first_start_40x12", 40, 12);
    desk.keys("Right");
    assert!(!desk.text_of_screen(80, 24).join("").contains("New here?"));
}

#[test]
fn name_and_colour_are_changed_while_writing() {
    let mut desk = Desk::new("text");
    desk.joins(ADA, 0, 0);
    desk.keys("Ctrl-P");
    desk.write("change the name");
    desk.keys("Enter");
    desk.assert_screen("dialog__rename", 80, 24);
    desk.write(" Hopper");
    desk.keys("Enter Ctrl-P");
    desk.write("another colour");
    desk.keys("Enter");
    let told: Vec<UserInfo> = desk
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Introduce(user) => Some(user.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(told[0].name, "Grace Hopper");
    assert_eq!(told[1].name, "Grace Hopper");
    assert_ne!(told[1].color, user_of(GRACE).color);
    assert_ne!(told[1].color, user_of(ADA).color);
}

#[test]
fn changed_settings_hold_at_once() {
    let mut desk = Desk::new("a\tb\n");
    desk.send(Event::Resize(80, 24));
    let config = Config::parse(
        "config.toml",
        "name = \"Grace H\"\ntab_width = 8\nwrap = false\nline_numbers = \"off\"\n[keys]\nquit = \"F12\"\n",
    );
    let theme = Theme::load("light", None).expect("a theme");
    let told = Box::new((config.expect("settings"), theme));
    desk.send(Event::Configured(told));
    assert_eq!(desk.text_of_screen(80, 24)[0], "a       b");
    assert_eq!(desk.app.theme.name(), "light");
    assert!(!desk.app.wrap);
    assert!(
        desk.effects
            .iter()
            .any(|effect| matches!(effect, Effect::Introduce(user) if user.name == "Grace H"))
    );
    desk.keys("Ctrl-Q");
    assert!(
        !desk
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Quit))
    );
    desk.keys("F12");
    assert!(
        desk.effects
            .iter()
            .any(|effect| matches!(effect, Effect::Quit))
    );
}

#[test]
fn whoever_is_asked_to_come_sees_a_line_and_is_moved_by_nobody() {
    let mut desk = Desk::new(&long_text());
    let (ada, linus) = (line_start(&desk, 342), line_start(&desk, 100));
    desk.joins(ADA, ada, ada);
    desk.joins(LINUS, linus, linus);
    desk.wait(Duration::from_secs(20));
    desk.send(Event::Presence(Box::new(PresenceEvent::Called {
        node: ADA,
    })));
    desk.assert_screen("together__called", 80, 24);
    assert_eq!(desk.app.selection, TextSelection::caret(0));
    assert_eq!(desk.app.top, 0);
    // There are two others, and the key leads to who asked.
    desk.keys("Alt-T");
    assert_eq!(desk.app.selection, TextSelection::caret(ada));

    desk.send(Event::Presence(Box::new(PresenceEvent::Called {
        node: LINUS,
    })));
    desk.wait(Duration::from_secs(30));
    assert!(!desk.status().contains("asks you"), "it goes by itself");
    desk.keys("Alt-T");
    assert!(desk.app.dialog.is_some(), "and one is asked whom to go to");
}

#[test]
fn everybody_is_asked_to_come_once_in_a_while() {
    let mut desk = Desk::new(&long_text());
    let asked = |desk: &Desk| {
        let effects = desk.effects.iter();
        effects
            .filter(|effect| matches!(effect, Effect::CallEveryone))
            .count()
    };
    desk.app.run(crate::ui::command::Command::CallEveryone);
    assert!(desk.status().contains("Nobody else is here"));
    desk.joins(ADA, 0, 0);
    for _ in 0..3 {
        desk.keys("Ctrl-P");
        desk.write("ask everybody");
        desk.keys("Enter");
    }
    assert_eq!(asked(&desk), 1);
    assert!(desk.status().contains("a moment ago"), "{}", desk.status());
    desk.wait(Duration::from_secs(6));
    desk.keys("Ctrl-P");
    desk.write("ask everybody");
    desk.keys("Enter");
    assert_eq!(asked(&desk), 2);
    assert!(
        desk.status()
            .contains("You asked everybody to come to line 1")
    );
}
