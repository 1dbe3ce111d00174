//! Whole documents, apart and together again.
use std::collections::BTreeSet;

use loro::{ExportMode, IdSpan, LoroDoc, LoroValue};

use super::*;

fn pair(text: &str) -> [LoroDoc; 2] {
    let docs = [1, 2].map(|peer| {
        let doc = LoroDoc::new();
        doc.set_peer_id(peer).unwrap();
        doc
    });
    docs[0].get_text("main").insert(0, text).unwrap();
    docs[0].commit();
    send(&docs[0], &docs[1]);
    docs
}

fn send(from: &LoroDoc, to: &LoroDoc) {
    let updates = from.export(ExportMode::updates(&to.oplog_vv())).unwrap();
    to.import(&updates).unwrap();
}

fn replace(doc: &LoroDoc, old: &str, new: &str) {
    let text = doc.get_text("main");
    let content = text.to_string();
    let at = content[..content.find(old).unwrap()].chars().count();
    text.delete(at, old.chars().count()).unwrap();
    text.insert(at, new).unwrap();
    doc.commit();
}

fn all_of(doc: &LoroDoc, peer: u64) -> IdSpan {
    IdSpan::new(peer, 0, doc.oplog_vv().get(&peer).copied().unwrap_or(0))
}

fn clashes(doc: &LoroDoc, own: u64, other: u64) -> Vec<Clash> {
    let found = blocks(doc, &BTreeSet::from([own]), all_of(doc, other));
    let copy = doc.fork();
    let compare = |block: Block| {
        let options = DetectOptions::default();
        compare(
            &copy,
            &block.ours,
            &block.theirs,
            &options,
            Grade::Soft,
            &|| false,
        )
        .unwrap()
        .clashes
    };
    found.into_iter().flat_map(compare).collect()
}

#[test]
fn both_sides_find_the_same_conflict() {
    let [ada, ben] = pair("Intro 🙂.\nThe fox jumped.\nThe end.\n");
    replace(&ada, "fox", "quick fox");
    replace(&ada, "Intro", "An intro");
    replace(&ben, "jumped", "slept");
    send(&ada, &ben);
    send(&ben, &ada);
    // Neither is disturbed by what is typed since.
    replace(&ada, "end", "very end");
    replace(&ben, "intro", "foreword");
    let found = clashes(&ada, 1, 2);
    assert_eq!(found, clashes(&ben, 2, 1));
    let [clash] = &found[..] else {
        panic!("{found:?}")
    };
    let record = &clash.record;
    assert_eq!(record.rule, Rule::SameSentence);
    let text = |text: &str| ConflictContent::Text(text.to_owned());
    assert_eq!(record.before, text("The fox jumped."));
    assert_eq!(record.sides[0].content, text("The quick fox jumped."));
    assert_eq!(record.sides[1].content, text("The fox slept."));
    assert_eq!(record.now(&ada), Some(text("The quick fox slept.")));
    assert_eq!(record.now(&ben), Some(text("The quick fox slept.")));

    // Kept, answered and read again.
    write(&ada, clash.id, record).unwrap();
    write(&ben, clash.id, record).unwrap();
    let outcome = record.outcome(Choice::Both).unwrap();
    assert!(settle(&ada, record, &outcome).unwrap());
    let answer = ConflictAnswer {
        choice: Choice::Both,
        by: 1,
        name: "Ada".to_owned(),
        time: 5,
        outcome,
        withdrawn: false,
    };
    write_answer(&ada, clash.id, &answer).unwrap();
    ada.commit();
    ben.commit();
    send(&ada, &ben);
    send(&ben, &ada);
    assert_eq!(read(&ada), read(&ben));
    assert_eq!(read(&ben)[&clash.id].answer(), Some(&answer));
    assert_eq!(
        ben.get_text("main").to_string().lines().nth(1),
        Some("The quick fox jumped. The fox slept.")
    );
}

#[test]
fn what_was_known_is_no_conflict() {
    let [ada, ben] = pair("The fox jumped.\n");
    replace(&ada, "fox", "cat");
    send(&ada, &ben);
    replace(&ben, "cat", "dog");
    send(&ben, &ada);
    assert_eq!(clashes(&ada, 1, 2), []);
    assert_eq!(clashes(&ben, 2, 1), []);
}

#[test]
fn a_key_set_by_both_keeps_the_value_that_lost() {
    let [ada, ben] = pair("");
    for (doc, value) in [(&ada, "red"), (&ben, "blue")] {
        doc.get_map("shape").insert("color", value).unwrap();
        doc.get_map("shape").insert("size", 3).unwrap();
        doc.commit();
    }
    send(&ada, &ben);
    send(&ben, &ada);
    let found = clashes(&ada, 1, 2);
    assert_eq!(found, clashes(&ben, 2, 1));
    let [clash] = &found[..] else {
        panic!("{found:?}")
    };
    let record = &clash.record;
    assert_eq!(record.rule, Rule::SameKey);
    let now = record.now(&ada).unwrap();
    assert!(!record.is_moot(&now));
    let lost = record
        .sides
        .iter()
        .position(|side| side.content != now)
        .unwrap();
    let outcome = record.outcome(Choice::Side(lost as u8)).unwrap();
    assert!(settle(&ada, record, &outcome).unwrap());
    write(&ada, clash.id, record).unwrap();
    ada.commit();
    assert_eq!(record.now(&ada), Some(outcome));
    assert_eq!(read(&ada)[&clash.id].record, *record);
}

#[test]
fn texts_inside_of_others_have_conflicts_too() {
    let [ada, ben] = pair("");
    let note = ada
        .get_map("notes")
        .insert_container("first", loro::LoroText::new())
        .unwrap();
    note.insert(0, "The fox jumped.").unwrap();
    ada.commit();
    send(&ada, &ben);
    let id = loro::ContainerTrait::id(&note);
    ada.get_text(id.clone()).insert(4, "quick ").unwrap();
    ben.get_text(id.clone()).delete(8, 6).unwrap();
    ben.get_text(id.clone()).insert(8, "slept").unwrap();
    ada.commit();
    ben.commit();
    send(&ada, &ben);
    send(&ben, &ada);
    let found = clashes(&ada, 1, 2);
    assert_eq!(found.len(), 1);
    let record = &found[0].record;
    assert_eq!(record.range(&ben), Some(0..20));
    assert!(settle(&ben, record, &record.sides[0].content).unwrap());
    assert_eq!(ben.get_text(id).to_string(), "The quick fox jumped.");
}

#[test]
fn nonsense_in_the_container_is_left_out() {
    let doc = LoroDoc::new();
    let map = doc.get_map(CONTAINER);
    map.insert("x", 1).unwrap();
    map.insert(&"0".repeat(32), LoroValue::Binary(vec![1, 2, 3].into()))
        .unwrap();
    map.insert(&format!("{}/x", "0".repeat(32)), "text")
        .unwrap();
    assert!(read(&doc).is_empty());
    assert_eq!("é".repeat(16).parse::<ConflictId>(), Err(InvalidConflictId));
}

#[test]
fn replacing_keeps_what_is_the_same() {
    for (now, text, expected) in [
        ("abc", "abc", (3..3, "")),
        ("The fox ran.", "The dog ran.", (4..7, "dog")),
        ("aa", "aaa", (2..2, "a")),
        ("🙂x🙂", "🙂🙂", (1..2, "")),
        ("", "new", (0..0, "new")),
    ] {
        assert_eq!(replacement(now, text), expected, "{now} to {text}");
    }
}

#[test]
fn a_comparison_can_be_given_up() {
    let [ada, ben] = pair("The fox jumped.\n");
    replace(&ada, "fox", "cat");
    replace(&ben, "fox", "dog");
    send(&ben, &ada);
    let block = &blocks(&ada, &BTreeSet::from([1]), all_of(&ada, 2))[0];
    let options = DetectOptions::default();
    let given_up = compare(
        &ada.fork(),
        &block.ours,
        &block.theirs,
        &options,
        Grade::Soft,
        &|| true,
    );
    assert!(matches!(given_up, Err(CompareError::Cancelled)));
}
