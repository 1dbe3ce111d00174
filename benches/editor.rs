//! How long a key takes to be seen: in the cells of a test terminal, and out of the real binary.
//!
//! `cargo bench --bench editor`. `draw`: from the key to all cells drawn, without a terminal, with
//! highlighting on (a line says for each file whether it is), alone and with ten people whose carets
//! are on the screen; baseline: the same 99th percentile in the file of 10 KB. `first` is the time from
//! the text in memory to its first screen. `key`: from a byte written to a pseudo-terminal until the
//! first byte comes out of it, while the document is shared and one peer connected; `other`: until
//! the other one's terminal puts something out. Baseline of these: the median in the file of 10 KB.

use std::{
    thread,
    time::{Duration, Instant},
};

use crossterm::event::{KeyEvent, KeyModifiers};
use iroh_loro_realtime::{
    CursorPosition, NodeId, Presence, PresenceEvent, UserInfo,
    crdt::{TextDocument, TextFormat},
    ui::{
        app::{App, AppOptions, Effect, Event, Job},
        config::Config,
        keymap::{KeyPress, Keymap},
        theme::Theme,
    },
};
use ratatui::{Terminal, backend::TestBackend};

mod common;

use common::{
    Bar, Figures, Times, full_or_quick,
    history::prose,
    is_wanted,
    terminal::{Machine, Terminal as PseudoTerminal},
};

/// A frame at 60 Hz, in microseconds.
const FRAME: Bar = Bar::AtMost(16_000.0);

/// Writing in several places at a time.
const SEVERAL: [&str; 10] = [
    "Ctrl-Home",
    "Ctrl-Alt-Down",
    "Ctrl-Alt-Down",
    "a",
    "Backspace",
    "Ctrl-D",
    "Ctrl-D",
    "b",
    "Ctrl-Z",
    "Esc",
];

/// What a document is made of.
#[derive(Clone, Copy)]
enum Shape {
    Program,
    OneLine,
}

fn text(shape: Shape, bytes: usize) -> String {
    let part = match shape {
        Shape::Program => "    let value = compute(\"text\", 42); // what it is\n",
        Shape::OneLine => "a long line of many words, ",
    };
    part.repeat(bytes / part.len() + 1)
}

/// Opens a text. Returns it with how long that took until the first frame, and whether it is coloured.
fn open(text: &str, people: u8) -> (App, Duration, bool) {
    let started = Instant::now();
    let user = |name: String| UserInfo {
        name,
        color: "#2690FD".to_owned(),
        avatar_url: None,
    };
    let mut app = App::new(AppOptions {
        document: TextDocument::from_text(text),
        path: Some("program.rs".into()),
        format: TextFormat::default(),
        title: String::new(),
        modified: false,
        file: None,
        theme: Theme::load(Theme::DEFAULT, None).expect("the built-in theme"),
        keymap: Keymap::default(),
        config: Config::default(),
        user: user("Ada".to_owned()),
        node: NodeId([255; 32]),
    });
    let effects = app.update(Event::Resize(120, 40), Duration::ZERO);
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).expect("a test terminal");
    terminal.draw(|frame| app.draw(frame)).expect("drawn");
    let taken = started.elapsed();
    let is_coloured = finish(&mut app, effects, Duration::ZERO);
    for number in 0..people {
        let place = usize::from(number) * 100 + 7;
        let presence = Presence {
            user: user(format!("Person {number}")),
            cursor: Some(CursorPosition::new(0, 0, "main".to_owned(), place)),
            selection: None,
            typing: number % 2 == 0,
            away: false,
        };
        let node = NodeId([number; 32]);
        let joined = PresenceEvent::Joined { node, presence };
        work(&mut app, Event::Presence(Box::new(joined)));
    }
    (app, taken, is_coloured)
}

/// Tells the application something, and does what it wants done on another thread.
fn work(app: &mut App, event: Event) {
    let effects = app.update(event, Duration::ZERO);
    finish(app, effects, Duration::ZERO);
}

/// Does what the application wants done. Returns whether colouring was among it.
fn finish(app: &mut App, mut effects: Vec<Effect>, now: Duration) -> bool {
    let mut is_coloured = false;
    while let Some(effect) = effects.pop() {
        if let Effect::Work(job) = effect {
            is_coloured |= matches!(job, Job::Highlight(_));
            effects.extend(app.update(Event::Worked(Box::new(job.run())), now));
        }
    }
    is_coloured
}

/// Presses keys in turn, and returns what each took until it was drawn.
fn press(app: &mut App, keys: &[&str], count: usize) -> Times {
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).expect("a test terminal");
    let mut taken: Vec<Duration> = Vec::with_capacity(count);
    for (index, key) in keys.iter().cycle().take(count).enumerate() {
        let key: KeyPress = key.parse().expect("a key");
        let event = Event::Key(KeyEvent::new(key.code, key.modifiers | KeyModifiers::NONE));
        let now = Duration::from_millis(index as u64 * 50);
        let started = Instant::now();
        let effects = app.update(event, now);
        terminal.draw(|frame| app.draw(frame)).expect("drawn");
        taken.push(started.elapsed());
        finish(app, effects, now);
    }
    Times::of(taken)
}

fn drawn(figures: &mut Figures) {
    let documents = [
        ("10KB", Shape::Program, 10_000),
        ("10MB", Shape::Program, full_or_quick(10_000_000, 100_000)),
        ("100MB", Shape::Program, full_or_quick(100_000_000, 200_000)),
        (
            "10MB-line",
            Shape::OneLine,
            full_or_quick(10_000_000, 100_000),
        ),
    ];
    let kinds: [(&str, &[&str], Bar); 5] = [
        (
            "type",
            &["a", "b", "Space", "Enter", "Backspace"],
            Bar::AtMost(2_000.0),
        ),
        ("page", &["PageDown"], Bar::AtMost(2_000.0)),
        (
            "end",
            &["Ctrl-End", "PageUp", "Ctrl-Home", "PageDown"],
            FRAME,
        ),
        (
            "search",
            &["Ctrl-F", "l", "e", "Backspace", "Down", "Esc"],
            FRAME,
        ),
        ("several", &SEVERAL, FRAME),
    ];
    for people in [0, 10] {
        let mut smallest: Vec<Duration> = Vec::new();
        let mut opened = None;
        for (name, shape, bytes) in documents {
            let (mut app, taken, is_coloured) = open(&text(shape, bytes), people);
            let figure = format!("editor-draw-{name}-{people}carets-first");
            let first = *opened.get_or_insert(taken);
            figures.add_time(&figure, taken, first, Bar::None);
            let coloured = if is_coloured { "on" } else { "off" };
            println!("# {name}: highlighting is {coloured}");
            for (index, (kind, keys, bar)) in kinds.into_iter().enumerate() {
                let times = press(&mut app, keys, full_or_quick(500, 50));
                let (median, slow) = (times.median(), times.percentile(99));
                if smallest.len() <= index {
                    smallest.push(slow);
                }
                let name = |what| format!("editor-draw-{name}-{people}carets-{kind}-{what}");
                figures.add_time(&name("p50"), median, smallest[index], Bar::None);
                figures.add_time(&name("p99"), slow, smallest[index], bar);
            }
        }
    }
}

/// Presses letters, and returns how long each took to be answered here, and at the other one's.
fn pressed(own: &mut PseudoTerminal, other: &mut PseudoTerminal, count: usize) -> [Times; 2] {
    let quiet = Duration::from_millis(20);
    let (mut here, mut there) = (Vec::new(), Vec::new());
    for letter in ["a", "b", "c", "d", "e", " "].iter().cycle().take(count) {
        own.settles(quiet);
        other.settles(quiet);
        let at = own.press(letter);
        here.extend(own.answers().map(|answered| answered - at));
        there.extend(other.answers().map(|answered| answered - at));
    }
    [here, there].map(Times::of)
}

fn shared(figures: &mut Figures) {
    let mut smallest = None;
    let sizes = [
        ("10KB", 10_000),
        ("10MB", 10_000_000),
        ("100MB", 100_000_000),
    ];
    for (name, bytes) in &sizes[..full_or_quick(3, 2)] {
        let machine = Machine::new();
        let (ada, ben) = (machine.person("ada"), machine.person("ben"));
        ada.file("notes.txt", &prose(*bytes));
        let id = ada.node_id("notes.txt");
        let mut host = ada.open(&["--name", "Ada", "notes.txt"]);
        host.shows("lorem");
        let mut guest = ben.open(&["--name", "Ben", "--connect", &id]);
        guest.shows("orem"); // The caret of the host is on the first letter.
        // Whatever goes on in the background has ended, and labels have faded.
        let calm = Duration::from_millis(1_500);
        thread::sleep(Duration::from_secs(4));
        host.settles(calm);
        guest.settles(calm);
        let [here, there] = pressed(&mut host, &mut guest, full_or_quick(200, 30));
        let (own, other) = (here.median(), there.median());
        let (own_of_smallest, other_of_smallest) = *smallest.get_or_insert((own, other));
        let figure = |what: &str| format!("editor-{name}-{what}");
        figures.add_time(
            &figure("key-p50"),
            own,
            own_of_smallest,
            Bar::AtMost(1_000.0),
        );
        let slow = here.percentile(99);
        figures.add_time(
            &figure("key-p99"),
            slow,
            own_of_smallest,
            Bar::AtMost(3_000.0),
        );
        figures.add_time(
            &figure("other-p50"),
            other,
            other_of_smallest,
            Bar::AtMost(2_000.0),
        );
        let slow = there.percentile(99);
        figures.add_time(
            &figure("other-p99"),
            slow,
            other_of_smallest,
            Bar::AtMost(8_000.0),
        );
    }
}

fn main() {
    let mut figures = Figures::new();
    if is_wanted("draw") {
        drawn(&mut figures);
    }
    if is_wanted("key") {
        shared(&mut figures);
    }
}
