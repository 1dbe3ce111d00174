//! Documents to measure with: plain ones of any size, and one that was written key by key.

use std::{env, fs::File, path::Path};

use flate2::read::GzDecoder;
use iroh_loro_realtime::crdt::{SharedDocument, TextDocument};
use loro::{ExportMode, LoroDoc};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::Value;

use super::full_or_quick;

/// Edits that are made up where there is no trace: as many as the paper took.
const MADE_UP: usize = 260_000;

/// One keystroke: at a character, what is taken out and what is put in.
pub struct Keystroke {
    pub position: usize,
    pub deleted: usize,
    pub inserted: String,
}

impl Keystroke {
    pub fn apply(&self, doc: &LoroDoc) -> loro::LoroResult<()> {
        let text = doc.get_text(TextDocument::CONTAINER);
        if self.deleted > 0 {
            text.delete(self.position, self.deleted)?;
        }
        if !self.inserted.is_empty() {
            text.insert(self.position, &self.inserted)?;
        }
        Ok(())
    }
}

/// How a paper was written: the trace `automerge-paper.json.gz` in the folder that `TRACES` names
/// or beside the package, and otherwise something of the same kind and length from a fixed seed.
pub fn keystrokes() -> Vec<Keystroke> {
    let most = full_or_quick(usize::MAX, 20_000);
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = env::var_os("TRACES").unwrap_or_else(|| "../shared/traces".into());
    let file = File::open(package.join(folder).join("automerge-paper.json.gz"));
    let Ok(file) = file else {
        println!("# no trace: the keystrokes are made up");
        return made_up(MADE_UP.min(most));
    };
    let trace: Value = serde_json::from_reader(GzDecoder::new(file)).expect("a trace is JSON");
    let transactions = trace["txns"].as_array().expect("a trace has transactions");
    let patches = transactions
        .iter()
        .filter_map(|one| one["patches"].as_array())
        .flatten();
    let number = |value: &Value| value.as_u64().expect("a number") as usize;
    let keystrokes = patches.map(|patch| Keystroke {
        position: number(&patch[0]),
        deleted: number(&patch[1]),
        inserted: patch[2].as_str().expect("a text").to_owned(),
    });
    keystrokes.take(most).collect()
}

/// Somebody types runs of words here and there, and takes back about every eighth letter.
fn made_up(count: usize) -> Vec<Keystroke> {
    let mut random = StdRng::seed_from_u64(8);
    let (mut length, mut caret) = (0_usize, 0_usize);
    let mut keystrokes = Vec::with_capacity(count);
    for _ in 0..count {
        if random.random_bool(0.01) {
            caret = random.random_range(0..=length);
        }
        if caret > 0 && random.random_bool(0.12) {
            caret -= 1;
            length -= 1;
            keystrokes.push(Keystroke {
                position: caret,
                deleted: 1,
                inserted: String::new(),
            });
            continue;
        }
        let letter = match random.random_range(0..60) {
            0 => '\n',
            1..=9 => ' ',
            _ => char::from(random.random_range(b'a'..=b'z')),
        };
        keystrokes.push(Keystroke {
            position: caret,
            deleted: 0,
            inserted: letter.to_string(),
        });
        caret += 1;
        length += 1;
    }
    keystrokes
}

/// Prose of about this many bytes, from a fixed seed; it compresses as prose does. The first line
/// starts with `lorem`.
pub fn prose(bytes: usize) -> String {
    let mut random = StdRng::seed_from_u64(9);
    let words: Vec<String> = (0..4_000)
        .map(|_| {
            let length = random.random_range(1..=10);
            let letter = |_| char::from(random.random_range(b'a'..=b'z'));
            (0..length).map(letter).collect()
        })
        .collect();
    let mut text = String::with_capacity(bytes + 100);
    text.push_str("lorem");
    let mut line = text.len();
    while text.len() < bytes {
        let word = &words[random.random_range(0..words.len())];
        let separator = if line + word.len() > 78 { '\n' } else { ' ' };
        line = if separator == '\n' { 0 } else { line + 1 };
        text.push(separator);
        text.push_str(word);
        line += word.len();
    }
    text
}

/// A document that holds a text, as an editor puts it in.
pub fn document_of(text: &str) -> SharedDocument {
    TextDocument::from_text(text).shared().clone()
}

/// A document that was written key by key.
pub fn document_written(keystrokes: &[Keystroke]) -> SharedDocument {
    let doc = LoroDoc::new();
    for keystroke in keystrokes {
        keystroke.apply(&doc).expect("the trace is sound");
        doc.commit();
    }
    SharedDocument::new(doc)
}

/// Another replica that has what this one has.
pub fn copy_of(document: &SharedDocument) -> SharedDocument {
    let snapshot = document.doc().export(ExportMode::Snapshot);
    let copy = LoroDoc::new();
    copy.import(&snapshot.expect("it can be exported"))
        .expect("it was exported here");
    SharedDocument::new(copy)
}
