//! Real keystrokes of two people, kept apart for longer than they were, and merged: how many
//! conflicts a person would have to look at.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    env,
    fs::File,
    path::Path,
};

use flate2::read::GzDecoder;
use iroh_loro_realtime::crdt::conflict::{self, DetectOptions, Grade, Rule};
use loro::{ExportMode, ID, IdSpan, LoroDoc, LoroText, cursor::Side};
use serde_json::Value;

/// One writer's transaction: what it took out and put in, by the characters around it.
struct Edit {
    agent: usize,
    /// The characters on its left, the nearest last; it goes behind the first that is there.
    left: Vec<ID>,
    deleted: Vec<ID>,
    inserted: String,
    /// The first of the characters that it put in.
    first: ID,
}

/// How many characters on the left are remembered.
const LEFT: usize = 64;

fn transactions() -> Option<Value> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = env::var_os("TRACES").unwrap_or_else(|| "../shared/traces".into());
    let path = package.join(folder).join("friendsforever.json.gz");
    let Ok(file) = File::open(&path) else {
        println!("skipped: there is no {}", path.display());
        return None;
    };
    serde_json::from_reader(GzDecoder::new(file)).ok()
}

fn id_at(text: &LoroText, place: usize) -> ID {
    let cursor = text.get_cursor(place, Side::Left);
    cursor.and_then(|cursor| cursor.id).expect("a character")
}

fn end_of(doc: &LoroDoc, peer: u64) -> i32 {
    doc.oplog_vv().get(&peer).copied().unwrap_or(0)
}

/// Replays the trace as it was, and notes every edit by its characters instead of places.
fn edits(trace: &Value, most: usize) -> Vec<Edit> {
    let docs = [1, 2].map(|peer| {
        let doc = LoroDoc::new();
        doc.set_peer_id(peer).unwrap();
        doc
    });
    let (mut done, mut seen, mut edits) = (Vec::new(), [0; 2], Vec::new());
    for transaction in trace["txns"].as_array().unwrap().iter().take(most) {
        let agent = transaction["agent"].as_u64().unwrap() as usize;
        let doc = &docs[agent];
        for parent in transaction["parents"].as_array().unwrap() {
            let (writer, end): (usize, i32) = done[parent.as_u64().unwrap() as usize];
            if writer != agent && end > seen[agent] {
                let span = IdSpan::new(writer as u64 + 1, seen[agent], end);
                let update = docs[writer].export(ExportMode::updates_in_range(vec![span]));
                doc.import(&update.unwrap()).unwrap();
                seen[agent] = end;
            }
        }
        let text = doc.get_text("main");
        let peer = agent as u64 + 1;
        for patch in transaction["patches"].as_array().unwrap() {
            let number = |index: usize| patch[index].as_u64().unwrap() as usize;
            let (place, count) = (number(0), number(1));
            let inserted = patch[2].as_str().unwrap().to_owned();
            let left = place.saturating_sub(LEFT)..place;
            let left = left.map(|place| id_at(&text, place)).collect();
            let gone = (place..place + count).map(|place| id_at(&text, place));
            let deleted = gone.collect();
            text.delete(place, count).unwrap();
            doc.commit();
            let first = ID::new(peer, end_of(doc, peer));
            text.insert(place, &inserted).unwrap();
            doc.commit();
            edits.push(Edit {
                agent,
                left,
                deleted,
                inserted,
                first,
            });
        }
        done.push((agent, end_of(doc, peer)));
    }
    edits
}

/// A writer's document while they are kept apart.
struct Apart {
    doc: LoroDoc,
    peer: u64,
    /// The character of the trace at each place.
    characters: Vec<ID>,
    /// The characters of the trace by those of this story, which both writers' documents share.
    names: HashMap<ID, ID>,
    /// What was to be deleted but had not come from the other yet.
    pending: BTreeSet<ID>,
}

impl Apart {
    fn new(peer: u64) -> Self {
        let doc = LoroDoc::new();
        doc.set_peer_id(peer).unwrap();
        Self {
            doc,
            peer,
            characters: Vec::new(),
            names: HashMap::new(),
            pending: BTreeSet::new(),
        }
    }

    fn place_of(&self, id: ID) -> Option<usize> {
        self.characters.iter().position(|other| *other == id)
    }

    fn delete(&mut self, id: ID) {
        match self.place_of(id) {
            Some(place) => {
                self.doc.get_text("main").delete(place, 1).unwrap();
                self.characters.remove(place);
            }
            None => _ = self.pending.insert(id),
        }
    }

    fn apply(&mut self, edit: &Edit) {
        edit.deleted.iter().for_each(|id| self.delete(*id));
        let left = edit.left.iter().rev();
        let place = left.filter_map(|id| self.place_of(*id)).next();
        let place = place.map_or(0, |place| place + 1);
        self.doc.commit();
        let first = end_of(&self.doc, self.peer);
        let text = self.doc.get_text("main");
        text.insert(place, &edit.inserted).unwrap();
        self.doc.commit();
        let count = edit.inserted.chars().count();
        let named = (0..count as i32).map(|offset| {
            let id = ID::new(edit.first.peer, edit.first.counter + offset);
            (ID::new(self.peer, first + offset), id)
        });
        self.names.extend(named.clone());
        let ids = named.map(|(_, id)| id);
        self.characters.splice(place..place, ids);
    }

    /// Gets what the other has, and finds the characters again.
    fn meet(&mut self, other: &LoroDoc, names: &HashMap<ID, ID>) {
        let update = other.export(ExportMode::updates(&self.doc.oplog_vv()));
        self.doc.import(&update.unwrap()).unwrap();
        self.names.extend(names);
        let text = self.doc.get_text("main");
        let ids = (0..text.len_unicode()).map(|place| self.names[&id_at(&text, place)]);
        self.characters = ids.collect();
        for id in std::mem::take(&mut self.pending) {
            if self.place_of(id).is_some() {
                self.delete(id);
            }
        }
        self.doc.commit();
    }
}

/// What merging came to.
#[derive(Default)]
struct Tally {
    merges: usize,
    edits: usize,
    rules: BTreeMap<Rule, usize>,
    cards: Vec<String>,
}

/// Keeps both writers apart for so many transactions of both together, again and again.
fn keep_apart(edits: &[Edit], apart: usize) -> Tally {
    let mut sides = [Apart::new(11), Apart::new(12)];
    let mut tally = Tally::default();
    for stretch in edits.chunks(apart.max(2)) {
        let before = [end_of(&sides[0].doc, 11), end_of(&sides[1].doc, 12)];
        for edit in stretch {
            sides[edit.agent].apply(edit);
        }
        tally.edits += stretch.len();
        let [one, two] = &mut sides;
        let (first, second) = (one.doc.fork(), two.doc.fork());
        let (names, others) = (one.names.clone(), two.names.clone());
        one.meet(&second, &others);
        two.meet(&first, &names);
        one.names.extend(&two.names);
        let theirs = IdSpan::new(12, before[1], end_of(&second, 12));
        let own = BTreeSet::from([11]);
        tally.merges += 1;
        for block in conflict::blocks(&one.doc, &own, theirs) {
            let copy = one.doc.fork();
            let options = DetectOptions::default();
            let lowest = Grade::Soft;
            let found =
                conflict::compare(&copy, &block.ours, &block.theirs, &options, lowest, &|| {
                    false
                });
            for clash in found.unwrap().clashes {
                let record = clash.record;
                *tally.rules.entry(record.rule).or_default() += 1;
                let text = |content: &conflict::ConflictContent| {
                    content.as_text().unwrap_or_default().to_owned()
                };
                if record.grade > Grade::Soft {
                    let merged = record.now(&one.doc).map(|now| text(&now));
                    tally.cards.push(format!(
                        "{:?}\n  before {:?}\n  one    {:?}\n  two    {:?}\n  merged {:?}",
                        record.rule,
                        text(&record.before),
                        text(&record.sides[0].content),
                        text(&record.sides[1].content),
                        merged.unwrap_or_default(),
                    ));
                }
            }
        }
        // Both have what the other deleted late.
        let (first, second) = (one.doc.fork(), two.doc.fork());
        let (names, others) = (one.names.clone(), two.names.clone());
        one.meet(&second, &others);
        two.meet(&first, &names);
    }
    tally
}

/// How many transactions are replayed if `CONFLICT_TRANSACTIONS` does not say otherwise.
const TRANSACTIONS: usize = 1_500;

#[test]
fn a_person_is_asked_little_after_a_time_apart() {
    let Some(trace) = transactions() else { return };
    let asked = env::var("CONFLICT_TRANSACTIONS").ok();
    let most = asked.map_or(TRANSACTIONS, |count| count.parse().expect("a number"));
    let edits = edits(&trace, most);
    let stretches = env::var("CONFLICT_APART").unwrap_or("60 600".to_owned());
    for apart in stretches.split_whitespace() {
        let tally = keep_apart(&edits, apart.parse().expect("a number"));
        let of = |grade: Grade| {
            let rules = tally.rules.iter();
            let rules = rules.filter(|(rule, _)| rule.info().grade == grade);
            rules.map(|(_, count)| count).sum::<usize>()
        };
        let per_thousand = |count: usize| count as f64 * 1_000.0 / tally.edits as f64;
        println!(
            "apart {apart}: {} merges, {} edits; for 1,000 edits: hard {:.2}, likely {:.2}, \
             soft {:.2}; cards for each merge {:.3}; {:?}",
            tally.merges,
            tally.edits,
            per_thousand(of(Grade::Hard)),
            per_thousand(of(Grade::Likely)),
            per_thousand(of(Grade::Soft)),
            (of(Grade::Hard) + of(Grade::Likely)) as f64 / tally.merges as f64,
            tally.rules,
        );
        if env::var_os("CONFLICT_CARDS").is_some() {
            tally
                .cards
                .iter()
                .take(60)
                .for_each(|card| println!("{card}"));
        }
        let cards = of(Grade::Hard) + of(Grade::Likely);
        assert!(cards <= 5 * tally.merges, "{cards} cards are too many");
    }
}
