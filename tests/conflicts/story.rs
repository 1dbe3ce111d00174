//! Three people with a document each, who are apart and together, and answer what clashes.

use std::collections::BTreeSet;

use iroh_loro_realtime::crdt::conflict::{
    self, Choice, ConflictAnswer, ConflictContent, ConflictId, ConflictState, DetectOptions, Grade,
};
use loro::{ExportMode, IdSpan, LoroDoc};
use rand::{RngExt as _, rngs::StdRng};

const START: &str = "The fox jumped over the dog. It was a sunny day.\nNobody hurried.\n\n\
                     We meet at noon. Bring water and bread.\n- milk\n- eggs\nThe end.\n";

/// Everybody, what they typed, and what they deleted on purpose.
pub struct Story {
    pub docs: Vec<LoroDoc>,
    random: StdRng,
    typed: Vec<String>,
    deleted: BTreeSet<String>,
    clock: i64,
}

impl Story {
    pub fn new(people: u64, random: StdRng) -> Self {
        let first = LoroDoc::new();
        first.set_peer_id(100).unwrap();
        first.get_text("main").insert(0, START).unwrap();
        first.commit();
        let docs = (0..people).map(|person| {
            let doc = first.fork();
            doc.set_peer_id(person + 1).unwrap();
            doc
        });
        Self {
            docs: docs.collect(),
            random,
            typed: Vec::new(),
            deleted: BTreeSet::new(),
            clock: 0,
        }
    }

    pub fn text(&self, who: usize) -> String {
        self.docs[who].get_text("main").to_string()
    }

    fn anybody(&mut self) -> usize {
        self.random.random_range(0..self.docs.len())
    }

    /// Somebody does something: mostly writes a word that nobody has written before.
    pub fn step(&mut self) {
        let who = self.anybody();
        match self.random.random_range(0..10) {
            0..5 => self.write(who),
            5..8 => self.delete(who),
            _ => {
                let other = self.anybody();
                self.send(who, other);
            }
        }
    }

    fn write(&mut self, who: usize) {
        let word = format!("w{}", self.typed.len());
        let text = self.docs[who].get_text("main");
        let place = self.random.random_range(0..=text.len_unicode());
        // Never into another word: it must be found again.
        let content: Vec<char> = self.text(who).chars().collect();
        let place = (place..content.len())
            .find(|place| content[*place] == ' ')
            .unwrap_or(content.len());
        text.insert(place, &format!(" {word}")).unwrap();
        self.docs[who].commit();
        self.typed.push(word);
    }

    fn delete(&mut self, who: usize) {
        let text = self.docs[who].get_text("main");
        let content: Vec<char> = self.text(who).chars().collect();
        let spaces: Vec<usize> = (0..content.len())
            .filter(|place| content[*place] == ' ')
            .collect();
        if spaces.len() < 3 {
            return;
        }
        let first = self.random.random_range(0..spaces.len() - 1);
        let last = (first + self.random.random_range(1..=2)).min(spaces.len() - 1);
        let range = spaces[first]..spaces[last];
        let gone: String = content[range.clone()].iter().collect();
        self.deleted.extend(words(&gone));
        text.delete(range.start, range.len()).unwrap();
        self.docs[who].commit();
    }

    /// Somebody gets what somebody else has, and compares.
    pub fn send(&mut self, from: usize, to: usize) {
        let (source, target) = (&self.docs[from], &self.docs[to]);
        let before = target.oplog_vv();
        let updates = source.export(ExportMode::updates(&before)).unwrap();
        target.import(&updates).unwrap();
        let after = target.oplog_vv();
        let own = BTreeSet::from([target.peer_id()]);
        let mut copy = None;
        let options = DetectOptions::default();
        for (peer, end) in after.iter() {
            let start = before.get(peer).copied().unwrap_or(0);
            if own.contains(peer) || start == *end {
                continue;
            }
            for block in conflict::blocks(target, &own, IdSpan::new(*peer, start, *end)) {
                let copy = copy.get_or_insert_with(|| target.fork());
                let sides = (&block.ours, &block.theirs);
                let lowest = Grade::Likely;
                let found = conflict::compare(copy, sides.0, sides.1, &options, lowest, &|| false);
                conflict::keep(target, found.unwrap().clashes).unwrap();
            }
        }
        target.commit();
    }

    /// Everybody gets everything, until nobody has news.
    pub fn heal(&mut self, repaired: &mut [BTreeSet<ConflictId>]) {
        for round in 0.. {
            assert!(round < 20, "it never comes to rest");
            let people = self.docs.len();
            for from in 0..people {
                for to in (0..people).filter(|to| *to != from) {
                    self.send(from, to);
                }
            }
            for (doc, repaired) in self.docs.iter().zip(&mut *repaired) {
                let own = BTreeSet::from([doc.peer_id()]);
                for (id, state) in conflict::read(doc) {
                    if state.answers.len() > 1 && repaired.insert(id) {
                        conflict::repair(doc, &own, &state).unwrap();
                    }
                }
                doc.commit();
            }
            let version = self.docs[0].oplog_vv();
            if self.docs.iter().all(|doc| doc.oplog_vv() == version) {
                return;
            }
        }
    }

    /// Asserts that everybody has the same text and the same open conflicts, and returns these.
    pub fn agreed(&self) -> Vec<(ConflictId, ConflictState)> {
        let open = conflict::open(&self.docs[0]);
        for (who, doc) in self.docs.iter().enumerate() {
            assert_eq!(self.text(who), self.text(0), "texts differ");
            assert_eq!(conflict::open(doc), open, "conflicts differ");
        }
        open
    }

    /// Somebody answers one of the conflicts that are open for them.
    pub fn answer(&mut self) {
        let who = self.anybody();
        let doc = &self.docs[who];
        let open = conflict::open(doc);
        if open.is_empty() {
            return;
        }
        let (id, state) = &open[self.random.random_range(0..open.len())];
        let record = &state.record;
        let choices = [
            Choice::Merged,
            Choice::Side(0),
            Choice::Side(1),
            Choice::Both,
        ];
        let choice = choices[self.random.random_range(0..choices.len())];
        let now = record.now(doc).unwrap();
        let gone = now.as_text().unwrap_or_default().to_owned();
        let outcome = record.outcome(choice).unwrap_or(now);
        assert!(conflict::settle(doc, record, &outcome).unwrap());
        // Whoever answers sees the card: what is not in the outcome goes on purpose.
        self.deleted.extend(words(&gone));
        self.clock += 1;
        let answer = ConflictAnswer {
            choice,
            by: doc.peer_id(),
            name: String::new(),
            time: self.clock / 3,
            outcome,
            withdrawn: false,
        };
        conflict::write_answer(doc, *id, &answer).unwrap();
        doc.commit();
    }

    /// Asserts that nothing that was typed is lost: it is in the text, on a card, or somebody
    /// deleted it.
    pub fn check_nothing_is_lost(&self) {
        let mut known = self.text(0);
        for state in conflict::read(&self.docs[0]).into_values() {
            let contents = state.record.sides.iter().map(|side| &side.content);
            for content in contents.chain([&state.record.before]) {
                if let ConflictContent::Text(text) = content {
                    known.push(' ');
                    known.push_str(text);
                }
            }
        }
        for word in &self.typed {
            // Merging may have put letters right behind it, but never another digit.
            let found = known.match_indices(word.as_str()).any(|(at, _)| {
                let next = known[at + word.len()..].chars().next();
                !next.is_some_and(|next| next.is_ascii_digit())
            });
            assert!(
                found || self.deleted.contains(word),
                "{word} is lost in {}",
                self.text(0)
            );
        }
    }
}

fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
}
