//! Other programs at the file: what becomes of everybody's edits.

use std::{cell::RefCell, collections::VecDeque, path::PathBuf};

use loro::ExportMode;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::*;
use crate::{
    crdt::{SharedDocument, encode},
    ui::{dialog::Dialog, watching},
    workspace,
};

/// Words that are in files before anybody writes.
const WORDS: [&str; 8] = [
    "the", "quick", "brown", "fox", "jumps", "över", "日本", "dog",
];

/// Whose turn it is first, second, third.
const NODES: [NodeId; 3] = [ADA, LINUS, MARGARET];

/// Several replicas of one document, and a file that some of them have.
struct World {
    random: StdRng,
    desks: Vec<Desk>,
    /// What each has asked of the disk and not got yet, and answers that it has not heard yet.
    asked: Vec<VecDeque<Effect>>,
    answers: Vec<VecDeque<Event>>,
    /// How many of the desks have the file.
    at_file: usize,
    folder: tempfile::TempDir,
    written: u32,
    /// What everybody wrote; each is to be found once in the end.
    markers: Vec<String>,
    /// Everything that happened, to be read when a seed fails.
    story: RefCell<Vec<String>>,
}

impl World {
    fn new(seed: u64, desks: usize, at_file: usize) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let folder = tempfile::tempdir().expect("a folder");
        let text = first_text(&mut random);
        std::fs::write(folder.path().join("notes.md"), &text).expect("a file");
        let file = crate::store::read_file(&folder.path().join("notes.md")).expect("a text");
        let first = TextDocument::from_text(&file.text);
        let snapshot = first.shared().snapshot().expect("a snapshot");
        let mut world = Self {
            random,
            desks: Vec::new(),
            asked: vec![VecDeque::new(); desks],
            answers: vec![VecDeque::new(); desks],
            at_file,
            folder,
            written: 0,
            markers: Vec::new(),
            story: RefCell::new(vec![format!("{text:?}")]),
        };
        let theme = Theme::load("dark", None).expect("a built-in theme");
        for (index, node) in NODES.into_iter().take(desks).enumerate() {
            let shared = SharedDocument::from_snapshot(&snapshot).expect("our own snapshot");
            let has_file = index < at_file;
            let app = App::new(AppOptions {
                document: TextDocument::new(shared),
                path: has_file.then(|| world.path()),
                format: file.format,
                title: "notes.md".to_owned(),
                modified: false,
                file: has_file.then(|| FileOnDisk {
                    hash: file.hash,
                    exists: true,
                    text: Rope::from_str(&file.text),
                    waits: false,
                    since: None,
                }),
                theme: theme.clone(),
                keymap: Keymap::default(),
                config: Config {
                    highlight: false,
                    ..Config::default()
                },
                user: user_of(node),
                node,
            });
            let mut desk = Desk {
                app,
                now: Duration::from_secs(100),
                effects: Vec::new(),
                works: true,
            };
            let others = NODES[..desks].iter().filter(|other| **other != node);
            desk.send(Event::Peers(others.map(|other| row(*other)).collect()));
            world.desks.push(desk);
        }
        world
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("notes.md")
    }

    fn tell(&self, what: impl FnOnce() -> String) {
        self.story.borrow_mut().push(what());
    }

    fn marker(&mut self, whose: char) -> String {
        self.written += 1;
        let marker = format!("«{whose}{}»", self.written);
        self.markers.push(marker.clone());
        marker
    }

    fn chance(&mut self, of: u32) -> bool {
        self.random.random_range(0..of) == 0
    }

    /// One thing happens, to anybody.
    fn step(&mut self) {
        let who = self.random.random_range(0..self.desks.len());
        match self.random.random_range(0..12) {
            0..=2 => self.writes(who),
            3 => self.deletes(who),
            4 => self.sync(),
            5 | 6 => self.another_program(),
            7 => self.tells_of_the_file(),
            8 => self.saves(),
            9 => self.disk_works(who),
            10 => self.waits(who),
            _ => self.hears(who),
        }
    }

    /// Somebody types, in a place that is not inside of what somebody wrote in one piece.
    fn writes(&mut self, who: usize) {
        let text = self.desks[who].app.rope().to_string();
        let place = free_place(&text, &mut self.random);
        let marker = self.marker((b'A' + who as u8) as char);
        self.tell(|| format!("{who} types {marker} at {place} of {text:?}"));
        let desk = &mut self.desks[who];
        // A person who is asked something cannot type; the next one can.
        if desk.app.dialog.is_some() {
            self.markers.pop();
            return;
        }
        desk.app.selection = TextSelection::caret(place);
        desk.write(&marker);
        self.take_effects(who);
    }

    /// Somebody deletes a word that was there at the start.
    fn deletes(&mut self, who: usize) {
        let text = self.desks[who].app.rope().to_string();
        if self.desks[who].app.dialog.is_some() {
            return;
        }
        if let Some((start, end)) = a_word(&text, &mut self.random) {
            self.tell(|| format!("{who} deletes {start}..{end} of {text:?}"));
            let desk = &mut self.desks[who];
            desk.app.selection = TextSelection {
                anchor: start,
                head: end,
            };
            desk.keys("Backspace");
            self.take_effects(who);
        }
    }

    /// Another program writes into the file, takes words out, or writes it anew.
    fn another_program(&mut self) {
        let Ok(mut text) = std::fs::read_to_string(self.path()) else {
            return;
        };
        for _ in 0..self.random.random_range(1..3) {
            if self.chance(3)
                && let Some((start, end)) = a_word(&text, &mut self.random)
            {
                let (start, end) = (byte(&text, start), byte(&text, end));
                text.replace_range(start..end, "");
                continue;
            }
            let marker = self.marker('X');
            let place = match self.chance(2) {
                true => text.len(),
                false => byte(&text, free_place(&text, &mut self.random)),
            };
            text.insert_str(place, &marker);
        }
        self.tell(|| format!("the file becomes {text:?}"));
        if self.chance(2) {
            let other = self.folder.path().join("new");
            std::fs::write(&other, &text).expect("a file");
            std::fs::rename(other, self.path()).expect("a file");
        } else {
            std::fs::write(self.path(), &text).expect("a file");
        }
    }

    fn tells_of_the_file(&mut self) {
        for who in 0..self.at_file {
            self.desks[who].send(Event::FileTouched);
            self.take_effects(who);
        }
    }

    fn saves(&mut self) {
        let who = self.random.random_range(0..self.at_file);
        self.answers_question(who);
        self.desks[who].keys("Ctrl-S");
        self.take_effects(who);
    }

    fn take_effects(&mut self, who: usize) {
        for effect in self.desks[who].effects.drain(..) {
            if matches!(effect, Effect::Save(_) | Effect::LookAtFile(_)) {
                self.asked[who].push_back(effect);
            }
        }
    }

    /// The disk does the next thing that somebody asked of it.
    fn disk_works(&mut self, who: usize) {
        let Some(effect) = self.asked[who].pop_front() else {
            return;
        };
        if self.at_file > 1 {
            // Between two copads at one file the network is faster than the look at the disk, and
            // whose turn it is first is done when the next one looks.
            if who > 0 && matches!(effect, Effect::LookAtFile(_)) {
                self.settle(0);
            }
            self.sync();
        }
        let answer = match effect {
            Effect::Save(request) => {
                self.tell(|| format!("{who} saves {:?}", request.text.to_string()));
                Event::Saved(workspace::write(&request))
            }
            Effect::LookAtFile(request) => {
                let look = watching::look_with(*request, || {});
                self.tell(|| format!("{who} sees {}", seen(&look.found)));
                Event::FileSeen(Box::new(look))
            }
            _ => return,
        };
        self.answers[who].push_back(answer);
    }

    /// All that somebody asked of the disk is done.
    fn settle(&mut self, who: usize) {
        while !(self.asked[who].is_empty() && self.answers[who].is_empty()) {
            self.disk_works(who);
            self.hears(who);
        }
    }

    /// Time passes for somebody.
    fn waits(&mut self, who: usize) {
        self.desks[who].wait(Duration::from_secs(1));
        self.take_effects(who);
    }

    /// Somebody's copad hears of what the disk did, and asks if it has to.
    fn hears(&mut self, who: usize) {
        if let Some(answer) = self.answers[who].pop_front() {
            self.desks[who].send(answer);
            let text = self.desks[who].app.rope().to_string();
            self.tell(|| format!("{who} heard of it and has {text:?}"));
            self.take_effects(who);
        }
    }

    /// Somebody who is asked decides, mostly for both.
    fn answers_question(&mut self, who: usize) {
        self.desks[who].wait(Duration::from_secs(2));
        self.take_effects(who);
        if !matches!(self.desks[who].app.dialog, Some(Dialog::Changed(_))) {
            return;
        }
        let choices = ["Enter", "Enter", "Enter", "Tab Enter", "Tab Tab Enter"];
        let choice = match self.at_file {
            1 => choices[self.random.random_range(0..choices.len())],
            // Two who decide differently about one file take turns at it; that is theirs to settle.
            _ => "Enter",
        };
        self.desks[who].keys(choice);
        self.take_effects(who);
        self.tell(|| format!("{who} answers {choice}"));
        if choice != "Enter" {
            // What is neither here nor with others is what the person did not want.
            self.sync();
            let text = self.desks[who].app.rope().to_string();
            self.markers.retain(|marker| text.contains(marker));
        }
    }

    /// Everybody gets what everybody has.
    fn sync(&mut self) {
        for _ in 0..2 {
            for from in 0..self.desks.len() {
                for to in (0..self.desks.len()).filter(|to| *to != from) {
                    let theirs = self.desks[to].app.document().shared().clone();
                    let version = theirs.lock().doc().oplog_vv();
                    let ours = self.desks[from].app.document().shared().clone();
                    if version.includes_vv(&ours.lock().doc().oplog_vv()) {
                        continue;
                    }
                    let updates = ours.lock().doc().export(ExportMode::updates(&version));
                    let updates = updates.expect("an export");
                    theirs.lock().doc().import(&updates).expect("an update");
                    self.desks[to].send(Event::DocumentChanged);
                }
            }
        }
        for who in 0..self.desks.len() {
            self.take_effects(who);
        }
    }

    /// Everything that is under way arrives, everybody decides and saves.
    fn finish(&mut self) {
        for _ in 0..60 {
            self.sync();
            self.tells_of_the_file();
            for who in 0..self.at_file {
                self.waits(who);
                self.answers_question(who);
                if self.desks[who].app.modified() {
                    self.desks[who].keys("Ctrl-S");
                    self.take_effects(who);
                }
                while !(self.asked[who].is_empty() && self.answers[who].is_empty()) {
                    self.disk_works(who);
                    self.hears(who);
                    self.waits(who);
                    self.answers_question(who);
                }
            }
            self.sync();
            if (0..self.at_file).all(|who| !self.desks[who].app.modified()) {
                return;
            }
        }
        self.fail("they save for ever");
    }

    #[track_caller]
    fn fail(&self, what: &str) -> ! {
        panic!("{what}\n{}", self.story.borrow().join("\n"));
    }

    /// Nothing is lost, nothing is there twice, and everybody has the same.
    #[track_caller]
    fn check(&self) {
        let text = self.desks[0].app.rope().to_string();
        for desk in &self.desks {
            if *desk.app.rope() != text.as_str() {
                self.fail("the replicas differ");
            }
        }
        let app = &self.desks[0].app;
        let bytes: Vec<_> = encode(app.rope(), app.format).collect();
        if std::fs::read(self.path()).expect("the file") != bytes.concat() {
            self.fail("the file is not the document");
        }
        for marker in &self.markers {
            let count = text.matches(marker.as_str()).count();
            if count != 1 {
                self.fail(&format!("{marker} is {count} times in {text:?}"));
            }
        }
    }
}

fn first_text(random: &mut StdRng) -> String {
    let mut text = String::new();
    let end = ["\n", "\r\n"][random.random_range(0..2)];
    for _ in 0..random.random_range(0..6) {
        for _ in 0..random.random_range(0..5) {
            text += WORDS[random.random_range(0..WORDS.len())];
            text += " ";
        }
        text += end;
    }
    if random.random_range(0..3) == 0 {
        text.truncate(text.trim_end().len());
    }
    text
}

/// A place in a text, in characters, that is not inside a marker nor a line end.
fn free_place(text: &str, random: &mut StdRng) -> usize {
    let characters: Vec<char> = text.chars().collect();
    let mut inside = false;
    let mut places = Vec::new();
    for (index, character) in characters.iter().enumerate() {
        let in_line_end = *character == '\n' && index > 0 && characters[index - 1] == '\r';
        if !inside && !in_line_end {
            places.push(index);
        }
        inside = (inside || *character == '«') && *character != '»';
    }
    places.push(characters.len());
    places[random.random_range(0..places.len())]
}

/// A word of the first text that is still there, in characters.
fn a_word(text: &str, random: &mut StdRng) -> Option<(usize, usize)> {
    let word = WORDS[random.random_range(0..WORDS.len())];
    let start = text.find(word)?;
    let start = text[..start].chars().count();
    Some((start, start + word.chars().count()))
}

fn byte(text: &str, character: usize) -> usize {
    let place = text.char_indices().nth(character);
    place.map_or(text.len(), |(byte, _)| byte)
}

/// What a look found, in short.
fn seen(found: &FileFound) -> String {
    match found {
        FileFound::Changed(change) => {
            let merge = &change.meeting.merge;
            let clashes = change.meeting.clashes.len();
            format!(
                "{:?}: {:?}, {clashes} clashes",
                change.text.to_string(),
                merge.edit
            )
        }
        other => format!("{other:?}"),
    }
}

/// Runs stories of these seeds; `COPAD_SEED` runs one alone.
fn stories(seeds: std::ops::Range<u64>, desks: usize, at_file: usize) {
    let wanted = std::env::var("COPAD_SEED").ok();
    let wanted: Option<u64> = wanted.and_then(|seed| seed.parse().ok());
    for seed in wanted.map_or(seeds, |seed| seed..seed + 1) {
        println!("COPAD_SEED={seed}");
        let mut world = World::new(seed, desks, at_file);
        for _ in 0..40 {
            world.step();
        }
        world.finish();
        world.check();
    }
}

#[test]
fn another_program_and_three_people_lose_nothing() {
    stories(0..500, 3, 1);
}

#[test]
fn another_program_and_one_person_lose_nothing() {
    stories(1000..1100, 1, 1);
}

#[test]
fn two_copads_at_one_file_neither_lose_nor_repeat_anything() {
    stories(2000..2100, 3, 2);
}
