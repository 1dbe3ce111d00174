//! How long a key takes to reach the screen, in small and in huge documents.
//!
//! `cargo bench --bench keys`. Each line is `NAME value unit ratio baseline`: the time from the key to
//! the drawn frame at the 99th percentile, how often that of the file of 10 KB goes into it, and that
//! time. `open` is the time from the text in memory to the first frame. Colouring and counting matches
//! run between the keys, as they do on another thread; a line for each document says whether it is
//! coloured. Ends with code 1 if a key takes longer than a frame of 16 ms. Debug builds take smaller
//! documents, are slower, and only show that it runs.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use crossterm::event::{KeyEvent, KeyModifiers};
use iroh_loro_realtime::{
    NodeId, UserInfo,
    crdt::{TextDocument, TextFormat},
    ui::{
        app::{App, AppOptions, Effect, Event, Job},
        config::Config,
        keymap::{KeyPress, Keymap},
        theme::Theme,
    },
};
use ratatui::{Terminal, backend::TestBackend};

/// A frame at 60 Hz.
const FRAME: Duration = Duration::from_millis(16);
/// Keys of each kind.
const KEYS: usize = if cfg!(debug_assertions) { 10 } else { 300 };

/// Writing in several places at a time.
const SEVERAL: &[&str] = &[
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

/// Opens a document. Returns it with how long that took until the first frame, and whether it is
/// coloured.
fn open(shape: Shape, bytes: usize) -> (App, Duration, bool) {
    let text = text(shape, bytes);
    let started = Instant::now();
    let theme = Theme::load(Theme::DEFAULT, None).expect("the built-in theme");
    let mut app = App::new(AppOptions {
        document: TextDocument::from_text(&text),
        path: Some("program.rs".into()),
        format: TextFormat::default(),
        title: String::new(),
        modified: false,
        file: None,
        theme,
        keymap: Keymap::default(),
        config: Config::default(),
        user: UserInfo {
            name: "Ada".to_owned(),
            color: "#2690FD".to_owned(),
            avatar_url: None,
        },
        node: NodeId([1; 32]),
    });
    let effects = app.update(Event::Resize(120, 40), Duration::ZERO);
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).expect("a test terminal");
    terminal.draw(|frame| app.draw(frame)).expect("drawn");
    let taken = started.elapsed();
    let is_coloured = work(&mut app, effects, Duration::ZERO);
    (app, taken, is_coloured)
}

/// Does what the application wants done on another thread. Returns whether colouring was among it.
fn work(app: &mut App, mut effects: Vec<Effect>, now: Duration) -> bool {
    let mut is_coloured = false;
    while let Some(effect) = effects.pop() {
        if let Effect::Work(job) = effect {
            is_coloured |= matches!(job, Job::Highlight(_));
            effects.extend(app.update(Event::Worked(Box::new(job.run())), now));
        }
    }
    is_coloured
}

/// Prints a figure with its baseline, which is that of the first document.
fn print(name: &str, taken: Duration, baseline: Duration) {
    let ratio = taken.as_secs_f64() / baseline.as_secs_f64().max(f64::EPSILON);
    let (taken_us, baseline_us) = (taken.as_micros(), baseline.as_micros());
    println!("{name} {taken_us} us {ratio:.2} {baseline_us}");
}

/// Presses keys and returns what the 99th percentile of them took until they were drawn.
fn press(app: &mut App, keys: &[&str]) -> Duration {
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).expect("a test terminal");
    let mut taken: Vec<Duration> = Vec::with_capacity(KEYS);
    for (index, key) in keys.iter().cycle().take(KEYS).enumerate() {
        let key: KeyPress = key.parse().expect("a key");
        let event = Event::Key(KeyEvent::new(key.code, key.modifiers | KeyModifiers::NONE));
        let now = Duration::from_millis(index as u64 * 50);
        let started = Instant::now();
        let effects = app.update(event, now);
        terminal.draw(|frame| app.draw(frame)).expect("drawn");
        taken.push(started.elapsed());
        work(app, effects, now);
    }
    taken.sort_unstable();
    taken[taken.len() * 99 / 100]
}

fn main() -> ExitCode {
    let scale = if cfg!(debug_assertions) { 1000 } else { 1 };
    let documents = [
        ("10KB", Shape::Program, 10_000),
        ("10MB", Shape::Program, 10_000_000 / scale),
        ("100MB", Shape::Program, 100_000_000 / scale),
        ("10MB-line", Shape::OneLine, 10_000_000 / scale),
    ];
    let mut baselines: Vec<Duration> = Vec::new();
    let mut opened = None;
    let mut is_slow = false;
    for (name, shape, bytes) in documents {
        let (mut app, taken, is_coloured) = open(shape, bytes);
        let first = *opened.get_or_insert(taken);
        print(&format!("{name}-open"), taken, first);
        let coloured = if is_coloured { "on" } else { "off" };
        println!("# {name}: colouring is {coloured}");
        let kinds: [(&str, &[&str]); 5] = [
            ("page", &["PageDown"]),
            ("type", &["a", "b", "Space", "Enter", "Backspace"]),
            ("end", &["Ctrl-End", "x", "Ctrl-Home", "y"]),
            ("search", &["Ctrl-F", "l", "e", "Backspace", "Down", "Esc"]),
            ("several", SEVERAL),
        ];
        for (index, (kind, keys)) in kinds.into_iter().enumerate() {
            let taken = press(&mut app, keys);
            if baselines.len() <= index {
                baselines.push(taken);
            }
            print(&format!("{name}-{kind}"), taken, baselines[index]);
            is_slow |= taken > FRAME && !cfg!(debug_assertions);
        }
    }
    ExitCode::from(u8::from(is_slow))
}
