use proptest::prelude::*;

use super::*;

/// A document in which each of two writers typed some of the text.
fn two_writers() -> LoroDoc {
    let doc = LoroDoc::new();
    doc.set_peer_id(7).expect("nothing is pending");
    doc.get_text("main").insert(0, "漢one").expect("inside");
    doc.get_text("notes").insert(0, "other").expect("inside");
    doc.get_map("settings").insert("key", 1).expect("attached");
    doc.commit();
    doc.set_peer_id(PeerID::MAX - 1)
        .expect("nothing is pending");
    doc.get_text("main").insert(4, "👨‍👩‍👧two").expect("inside");
    doc.commit();
    doc
}

#[test]
fn anchors_follow_by_their_bias() {
    let doc = two_writers();
    let length = doc.get_text("main").len_unicode();
    let anchors = |bias| {
        let at = |position| Anchor::at(&doc, "main", position, bias).expect("inside");
        (0..=length).map(at).collect::<Vec<_>>()
    };
    let (before, after) = (anchors(Bias::Before), anchors(Bias::After));
    for position in 0..=length {
        assert_eq!(before[position].resolve(&doc), Some(position));
        assert_eq!(after[position].resolve(&doc), Some(position));
    }
    for (position, text) in [(length, "end"), (4, "middle"), (0, "start")] {
        doc.get_text("main").insert(position, text).expect("inside");
    }
    doc.commit();
    assert_eq!(before[0].resolve(&doc), Some(0));
    assert_eq!(after[0].resolve(&doc), Some(5));
    assert_eq!(before[4].resolve(&doc), Some(9));
    assert_eq!(after[4].resolve(&doc), Some(15));
    assert_eq!(before[length].resolve(&doc), Some(length + 11));
    assert_eq!(after[length].resolve(&doc), Some(length + 14));
}

#[test]
fn anchors_of_deleted_characters_stay_in_their_place() {
    let doc = two_writers();
    let at = |position, bias| Anchor::at(&doc, "main", position, bias).expect("inside");
    let anchors = [at(2, Bias::Before), at(2, Bias::After), at(3, Bias::After)];
    doc.get_text("main").delete(1, 3).expect("inside");
    doc.commit();
    for anchor in &anchors {
        assert_eq!(anchor.resolve(&doc), Some(1));
    }
    doc.get_text("main").insert(0, "xx").expect("inside");
    doc.commit();
    for anchor in &anchors {
        assert_eq!(anchor.resolve(&doc), Some(3));
    }
}

#[test]
fn impossible_places_have_no_anchor() {
    let doc = two_writers();
    assert_eq!(Anchor::at(&doc, "main", 99, Bias::After), None);
    for name in ["", "a/b", "nul\0", "🤝:x", &"long".repeat(40)] {
        assert_eq!(Anchor::at(&doc, name, 0, Bias::Before), None, "{name:?}");
    }
    let empty = Anchor::at(&doc, "empty", 0, Bias::After).expect("any text has an end");
    assert_eq!(empty.resolve(&doc), Some(0));
}

#[test]
fn a_place_behind_the_end_can_mean_the_end() {
    let doc = two_writers();
    let length = doc.get_text("main").len_unicode();
    for bias in [Bias::Before, Bias::After] {
        for position in [length, length + 1, usize::MAX] {
            let end = Anchor::at_or_end(&doc, "main", position, bias);
            assert_eq!(end, Anchor::at(&doc, "main", length, bias));
        }
        assert_eq!(Anchor::at_or_end(&doc, "a/b", 0, bias), None);
    }
    let empty = Anchor::at_or_end(&doc, "empty", 150, Bias::Before).expect("a text");
    assert_eq!(empty.resolve(&doc), Some(0));
}

#[test]
fn unknown_operations_do_not_resolve() {
    let doc = two_writers();
    let anchor = |container: &str, peer, counter| Anchor {
        container: container.to_owned(),
        place: Place::LeftOf(Character { peer, counter }),
    };
    assert_eq!(anchor("main", 7, 0).resolve(&doc), Some(0));
    assert_eq!(anchor("notes", 7, 5).resolve(&doc), Some(1));
    let unknown = [
        ("main", 8, 0),
        ("main", 7, 4),
        ("main", 7, 9),
        ("main", 7, 10),
        ("main", 7, i32::MAX as u32),
        ("main", 7, u32::MAX),
        ("notes", 7, 0),
        ("settings", 7, 9),
    ];
    for (container, peer, counter) in unknown {
        let found = anchor(container, peer, counter).resolve(&doc);
        assert_eq!(found, None, "{container} {peer} {counter}");
    }
}

#[test]
fn the_wire_form_is_compact() {
    let doc = two_writers();
    for position in 0..=10 {
        for bias in [Bias::Before, Bias::After] {
            let anchor = Anchor::at(&doc, "main", position.min(9), bias).expect("inside");
            assert!(anchor.encode().len() <= 14);
            let other = Anchor::at(&doc, "notes", position.min(5), bias).expect("inside");
            for anchor in [anchor, other] {
                assert_eq!(Anchor::decode(&anchor.encode()), Ok(anchor));
            }
        }
    }
}

#[test]
fn hostile_bytes_are_refused() {
    let peer = [1; 8];
    let with_counter = |counter: &[u8]| [&[LEFT_OF][..], &peer, counter].concat();
    let named = |name: &[u8]| [&[START | NAMED, name.len() as u8][..], name].concat();
    let table = [
        (vec![], AnchorError::Truncated),
        (vec![LEFT_OF, 1, 2], AnchorError::Truncated),
        (vec![START | NAMED, 9, b'a'], AnchorError::Truncated),
        (vec![START, 0], AnchorError::TrailingBytes),
        (vec![8], AnchorError::UnknownKind),
        (vec![0xff, 1, b'a'], AnchorError::UnknownKind),
        (named(b""), AnchorError::InvalidContainer),
        (named(b"a/b"), AnchorError::InvalidContainer),
        (named(b"\xff"), AnchorError::InvalidContainer),
        (named(b"main"), AnchorError::InvalidContainer),
        (named(&[b'x'; 129]), AnchorError::InvalidContainer),
        (with_counter(&[0x80]), AnchorError::Truncated),
        (with_counter(&[0x80, 0]), AnchorError::InvalidCounter),
        (with_counter(&[0xff; 5]), AnchorError::InvalidCounter),
        (
            with_counter(&[0xff, 0xff, 0xff, 0xff, 0x08]),
            AnchorError::InvalidCounter,
        ),
        (
            [&[LEFT_OF][..], &[0xff; 8], &[0]].concat(),
            AnchorError::InvalidCounter,
        ),
    ];
    for (bytes, error) in table {
        assert_eq!(Anchor::decode(&bytes), Err(error), "{bytes:?}");
    }
}

/// Bytes that come closer to an anchor than random ones.
fn nearly_an_anchor() -> impl Strategy<Value = Vec<u8>> {
    let peer = prop_oneof![Just(7_u64), Just(PeerID::MAX - 1), any::<u64>()];
    let name = prop_oneof![Just("notes"), Just("settings"), Just("a/b"), Just("new")];
    (
        0..10_u8,
        name,
        peer,
        prop::collection::vec(any::<u8>(), 0..7),
    )
        .prop_map(|(kind, name, peer, counter)| {
            let mut bytes = vec![kind];
            if kind & NAMED != 0 {
                bytes.push(name.len() as u8);
                bytes.extend_from_slice(name.as_bytes());
            }
            bytes.extend_from_slice(&peer.to_le_bytes());
            bytes.extend_from_slice(&counter);
            bytes
        })
}

proptest! {
    #[test]
    fn any_bytes_are_borne(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            nearly_an_anchor(),
        ]
    ) {
        let doc = two_writers();
        if let Ok(anchor) = Anchor::decode(&bytes) {
            prop_assert_eq!(anchor.encode(), bytes);
            let length = doc.get_text(anchor.container()).len_unicode();
            prop_assert!(anchor.resolve(&doc).is_none_or(|position| position <= length));
        }
    }
}
