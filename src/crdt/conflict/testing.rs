//! Conflicts for the tests of other rooms.

use std::collections::BTreeSet;

use loro::{ExportMode, IdSpan, LoroDoc};

use super::{
    ConflictId, ConflictState, DetectOptions, Grade, TextKind, blocks, compare, read, write,
};
use crate::crdt::{SharedDocument, TextDocument};

/// The replica of the other person; ours is another.
pub(crate) const OTHER: u64 = 1;
const OURS: u64 = 2;

fn replace(doc: &LoroDoc, (old, new): (&str, &str)) {
    let text = doc.get_text(TextDocument::CONTAINER);
    let content = text.to_string();
    let byte = content.find(old).expect("the words are in the text");
    let at = content[..byte].chars().count();
    text.delete(at, old.chars().count()).expect("it fits");
    text.insert(at, new).expect("it fits");
    doc.commit();
}

/// Replaces words on two replicas that are apart, and merges them. Returns the conflicts, which
/// the document keeps, and the other replica's document.
pub(crate) fn clash(
    shared: &SharedDocument,
    kind: TextKind,
    ours: &[(&str, &str)],
    theirs: &[(&str, &str)],
) -> (Vec<(ConflictId, ConflictState)>, LoroDoc) {
    let guard = shared.lock();
    let doc = guard.doc();
    doc.commit();
    let other = doc.fork();
    other.set_peer_id(OTHER).expect("nothing is pending");
    doc.set_peer_id(OURS).expect("nothing is pending");
    ours.iter().for_each(|words| replace(doc, *words));
    theirs.iter().for_each(|words| replace(&other, *words));
    let updates = other.export(ExportMode::updates(&doc.oplog_vv()));
    doc.import(&updates.expect("it can be exported"))
        .expect("it can be imported");
    let news = IdSpan::new(OTHER, 0, other.oplog_vv().get(&OTHER).copied().unwrap_or(0));
    let copy = doc.fork();
    let options = DetectOptions {
        kind,
        ..DetectOptions::default()
    };
    for block in blocks(doc, &BTreeSet::from([OURS]), news) {
        let found = compare(
            &copy,
            &block.ours,
            &block.theirs,
            &options,
            Grade::Likely,
            &|| false,
        );
        for clash in found.expect("they can be compared").clashes {
            write(doc, clash.id, &clash.record).expect("it can be written");
        }
    }
    doc.commit();
    (read(doc).into_iter().collect(), other)
}
