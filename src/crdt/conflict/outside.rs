//! Clashes between the document and something that is no replica of it: a file that another
//! program changed while the text had edits that it lacks.
//!
//! Both are in the text already, so nothing is compared here. What was found becomes a conflict
//! like any other, which everybody sees and anybody answers.

use loro::{Frontiers, LoroDoc, PeerID};

use super::{
    Author, Clash, ConflictContent, ConflictId, ConflictPlace, ConflictRecord, ConflictSide, Grade,
    Rule, record::time_of,
};
use crate::crdt::Anchor;

/// A place that the document and something outside of it changed, each without the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideClash {
    /// Around the place, in the text that has both changes.
    pub place: (Anchor, Anchor),
    /// Why it is one.
    pub rule: Rule,
    /// How grave it is.
    pub grade: Grade,
    /// What both started from.
    pub before: String,
    /// What the document made of it.
    pub document: String,
    /// A character that the document's side put in, which tells who did; `None`: this replica.
    pub written: Option<Anchor>,
    /// The document as it was before the other change came in, as
    /// [`SharedDocument::version`](crate::SharedDocument::version) gives it.
    pub version: Vec<u8>,
    /// What the other made of it.
    pub outside: String,
    /// Who the other is.
    pub name: String,
    /// When the other wrote, in seconds since 1970; 0 if nobody knows.
    pub time: i64,
}

impl OutsideClash {
    /// Makes a conflict of it. `own` is who writes into the document here.
    pub fn into_clash(self, doc: &LoroDoc, own: &Author) -> Clash {
        let id = self.name();
        let writer = self.written.as_ref().and_then(Anchor::author);
        let (peer, author) = match writer.filter(|peer| *peer != doc.peer_id()) {
            Some(peer) => (peer, Author::of(doc, peer).unwrap_or_default()),
            None => (doc.peer_id(), own.clone()),
        };
        let document = ConflictSide {
            author: peer,
            replica: author.replica,
            name: author.name,
            color: author.color,
            time: last_time(doc, peer, &self.version),
            content: ConflictContent::Text(self.document),
            version: self.version,
        };
        let outside = ConflictSide {
            author: 0,
            replica: 0,
            name: self.name,
            color: String::new(),
            time: self.time,
            content: ConflictContent::Text(self.outside),
            // It never was a version of the document.
            version: Vec::new(),
        };
        let record = ConflictRecord {
            place: ConflictPlace::Text {
                start: self.place.0.encode(),
                end: self.place.1.encode(),
            },
            rule: self.rule,
            grade: self.grade,
            apart: 0,
            before: ConflictContent::Text(self.before),
            sides: [document, outside],
        };
        let since = record.sides[0].time;
        Clash { id, record, since }
    }

    /// Names it by its place and by what each made of it.
    fn name(&self) -> ConflictId {
        let mut hasher = blake3::Hasher::new_derive_key("copad conflict with an outsider");
        let (start, end) = (self.place.0.encode(), self.place.1.encode());
        let texts = [&self.before, &self.document, &self.outside, &self.name];
        let parts = texts.map(|text| text.as_bytes());
        for part in [&start[..], &end[..]].into_iter().chain(parts) {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let mut name = [0; 16];
        hasher.finalize_xof().fill(&mut name);
        ConflictId(name)
    }
}

/// When a peer last wrote before a version, in seconds since 1970; 0 if nobody noted it.
fn last_time(doc: &LoroDoc, peer: PeerID, version: &[u8]) -> i64 {
    let heads = Frontiers::decode(version).unwrap_or_default();
    let last = heads.iter().find(|id| id.peer == peer && id.counter >= 0);
    last.map_or(0, |id| time_of(doc, id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::{
        Bias, TextDocument,
        conflict::{self, DISK},
    };

    fn clash(doc: &LoroDoc) -> OutsideClash {
        let anchor = |place, bias| Anchor::at(doc, TextDocument::CONTAINER, place, bias).unwrap();
        OutsideClash {
            place: (anchor(7, Bias::Before), anchor(11, Bias::After)),
            rule: Rule::SameWord,
            grade: Grade::Hard,
            before: "10".to_owned(),
            document: "12".to_owned(),
            written: Some(anchor(7, Bias::After)),
            version: doc.state_frontiers().encode(),
            outside: "99".to_owned(),
            name: DISK.to_owned(),
            time: 7,
        }
    }

    #[test]
    fn it_is_kept_and_settled_like_any_other_conflict() {
        let doc = LoroDoc::new();
        let text = doc.get_text(TextDocument::CONTAINER);
        text.insert(0, "size = 9912").unwrap();
        doc.commit();
        let own = Author {
            replica: 7,
            color: "#4ECDC4".to_owned(),
            name: "Ada".to_owned(),
        };
        let found = clash(&doc).into_clash(&doc, &own);
        let names = found.record.sides.each_ref().map(|side| side.name.as_str());
        assert_eq!(names, ["Ada", DISK]);
        assert_eq!(found, clash(&doc).into_clash(&doc, &own), "the same again");
        let kept = conflict::keep(&doc, vec![found]).unwrap();
        doc.commit();
        let open = conflict::open(&doc);
        assert_eq!((kept.len(), open.len()), (1, 1));
        let record = &open[0].1.record;
        let theirs = record.outcome(conflict::Choice::Side(1)).unwrap();
        assert!(conflict::settle(&doc, record, &theirs).unwrap());
        assert_eq!(text.to_string(), "size = 99");
    }

    #[test]
    fn both_versions_are_set_as_the_text_is() {
        let doc = LoroDoc::new();
        doc.get_text(TextDocument::CONTAINER)
            .insert(0, "size = 9912")
            .unwrap();
        doc.commit();
        for (document, outside, expected) in [
            ("A fox.", "A cat.", "A cat. A fox."),
            ("- milk", "- oat milk", "- oat milk\n- milk"),
            ("10. milk", "10. tea", "10. tea\n10. milk"),
            ("## One", "## Two", "## Two\n## One"),
            ("- milk", "milk", "milk - milk"),
            ("3. 4", "3.4 5", "3.4 5 3. 4"),
            ("a\nb", "c", "c\na\nb"),
            ("", "- tea", "- tea"),
        ] {
            let mut found = clash(&doc);
            (found.document, found.outside) = (document.to_owned(), outside.to_owned());
            let mut record = found.into_clash(&doc, &Author::default()).record;
            // The earlier one comes first.
            record.sides[0].time = 8;
            assert_eq!(record.both().as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_somebody_else_wrote_has_their_name() {
        let (ada, ben) = (LoroDoc::new(), LoroDoc::new());
        let named = Author {
            replica: 2,
            color: String::new(),
            name: "Ben".to_owned(),
        };
        let _signing = named.sign(&ben);
        let text = ben.get_text(TextDocument::CONTAINER);
        text.insert(0, "size = 9912").unwrap();
        ben.commit();
        let updates = ben.export(loro::ExportMode::all_updates()).unwrap();
        ada.import(&updates).unwrap();
        let found = clash(&ada).into_clash(&ada, &Author::default());
        assert_eq!(found.record.sides[0].name, "Ben");
        assert_eq!(found.record.sides[0].author, ben.peer_id());
    }
}
