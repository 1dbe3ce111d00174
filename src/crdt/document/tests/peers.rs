//! Two replicas, edited at random and exchanging updates at random.

use proptest::{collection::vec, prelude::*};

use super::{context, loro_text, replica_of, send};
use crate::crdt::{
    Anchor, AppliedChange, Bias, Delta, EditKind, Origin, TextDocument, TextSelection, Undone,
    testing::{Place, any_place, any_text},
};

/// A position that is followed in two ways: through the deltas, and by an anchor.
struct Mark {
    anchor: Anchor,
    position: usize,
    bias: Bias,
    /// Whether the character that the anchor holds on to is still there.
    attached: bool,
}

impl Mark {
    /// Goes along with a change of a text that had `length` characters.
    fn follow(&mut self, delta: &Delta, length: usize) {
        let character = match self.bias {
            Bias::Before => self.position.checked_sub(1),
            Bias::After => (self.position < length).then_some(self.position),
        };
        // The sides of a character that is gone meet.
        self.attached &= character.is_none_or(|character| {
            delta.map(character, Bias::After) < delta.map(character + 1, Bias::Before)
        });
        self.position = delta.map(self.position, self.bias);
    }
}

/// A replica with everything that follows its text.
struct Peer {
    document: TextDocument,
    selection: TextSelection,
    marks: Vec<Mark>,
    now: u64,
}

impl Peer {
    fn new(document: TextDocument) -> Self {
        Self {
            document,
            selection: TextSelection::default(),
            marks: Vec::new(),
            now: 0,
        }
    }

    fn length(&self) -> usize {
        self.document.rope().len_chars()
    }

    fn text(&self) -> String {
        self.document.rope().to_string()
    }

    fn edit(&mut self, delta: &Delta, kind: EditKind) {
        let before = self.length();
        let mut context = context(kind, 0, self.now);
        context.selection = self.selection;
        let changes = self.document.edit(delta, context);
        self.follow(before, &changes.expect("the edit fits"));
    }

    fn drain(&mut self) {
        let before = self.length();
        let changes = self.document.drain();
        self.follow(before, &changes);
    }

    /// Goes a step through the undo history and returns whether there was one.
    fn step(&mut self, step: fn(&mut TextDocument) -> Option<Undone>) -> bool {
        let before = self.length();
        let Some(undone) = step(&mut self.document) else {
            return false;
        };
        self.follow(before, &undone.changes);
        self.selection = undone.selection;
        self.check();
        true
    }

    fn mark(&mut self, place: Place, bias: Bias) {
        let position = place.within(self.length());
        let anchor = self.document.anchor(position, bias);
        self.marks.push(Mark {
            anchor: anchor.expect("the position is inside the text"),
            position,
            bias,
            attached: true,
        });
    }

    /// The one path, as an editor walks it, and what must hold behind it.
    fn follow(&mut self, before: usize, changes: &[AppliedChange]) {
        let mut length = before;
        for AppliedChange { delta, origin } in changes {
            for mark in &mut self.marks {
                mark.follow(delta, length);
            }
            self.selection = match origin {
                Origin::Edit => self.selection.after_own(delta),
                Origin::Undo | Origin::Remote | Origin::Direct => self.selection.carried(delta),
            };
            length = length + delta.insertions() - delta.deletions();
        }
        self.check();
    }

    fn check(&self) {
        assert_eq!(self.text(), loro_text(&self.document));
        let length = self.length();
        assert!(self.selection.anchor <= length && self.selection.head <= length);
        for mark in &self.marks {
            let resolved = self.document.resolve(&mark.anchor);
            let resolved = resolved.expect("the anchor was made here");
            assert!(resolved <= length && mark.position <= length);
            if mark.attached {
                assert_eq!(resolved, mark.position, "{:?}", mark.anchor);
            }
        }
    }
}

fn two_peers(text: &str) -> [Peer; 2] {
    let first = TextDocument::from_text(text);
    let second = replica_of(&first);
    [Peer::new(first), Peer::new(second)]
}

fn exchange(peers: &mut [Peer; 2]) {
    send(&peers[0].document, &peers[1].document);
    send(&peers[1].document, &peers[0].document);
    peers.iter_mut().for_each(Peer::drain);
}

/// Something that one of two peers does.
#[derive(Clone, Debug)]
enum Action {
    Replace(Place, usize, String),
    Type(&'static str),
    Pause,
    Mark(Place, Bias),
    Send,
    Drain,
    Undo,
    Redo,
}

fn any_action() -> impl Strategy<Value = (usize, Action)> {
    let pieces = prop::sample::select(&["a", "漢", "\r\n", "👨‍👩‍👧", "\u{301}"][..]);
    let bias = prop_oneof![Just(Bias::Before), Just(Bias::After)];
    let action = prop_oneof![
        4 => (any_place(), 0..6_usize, any_text(3))
            .prop_map(|(place, most, text)| Action::Replace(place, most, text)),
        6 => pieces.prop_map(Action::Type),
        1 => Just(Action::Pause),
        2 => (any_place(), bias).prop_map(|(place, bias)| Action::Mark(place, bias)),
        4 => Just(Action::Send),
        3 => Just(Action::Drain),
        2 => Just(Action::Undo),
        1 => Just(Action::Redo),
    ];
    (0..2_usize, action)
}

fn act(peers: &mut [Peer; 2], who: usize, action: Action) {
    let peer = &mut peers[who];
    match action {
        Action::Replace(place, most, text) => {
            let range = place.range(peer.length(), most);
            peer.edit(&Delta::replace(range, &text), EditKind::Other);
        }
        Action::Type(text) => {
            let caret = peer.selection.head;
            peer.selection = TextSelection::caret(caret);
            peer.edit(&Delta::replace(caret..caret, text), EditKind::Type);
        }
        Action::Pause => peer.now += 1_000,
        Action::Mark(place, bias) => peer.mark(place, bias),
        Action::Send => send(&peers[who].document, &peers[1 - who].document),
        Action::Drain => peer.drain(),
        Action::Undo => _ = peer.step(TextDocument::undo),
        Action::Redo => _ = peer.step(TextDocument::redo),
    }
}

/// Something that happens while the first peer types and erases capitals and nothing else, and
/// the second types everything else and erases anything.
#[derive(Clone, Debug)]
enum Writing {
    First {
        elsewhere: Option<Place>,
        erase: bool,
    },
    Second(Place, usize, String),
    Send(usize),
}

fn any_writing() -> impl Strategy<Value = Writing> {
    let elsewhere = prop::option::weighted(0.3, any_place());
    prop_oneof![
        4 => (elsewhere, prop::bool::weighted(0.3))
            .prop_map(|(elsewhere, erase)| Writing::First { elsewhere, erase }),
        3 => any_second_writing(),
    ]
}

/// What may go on while the first peer undoes and redoes.
fn any_second_writing() -> impl Strategy<Value = Writing> {
    prop_oneof![
        (any_place(), 0..4_usize, any_text(2))
            .prop_map(|(place, most, text)| Writing::Second(place, most, text)),
        (0..2_usize).prop_map(Writing::Send),
    ]
}

fn write(peers: &mut [Peer; 2], writing: Writing) {
    match writing {
        Writing::First { elsewhere, erase } => write_capital(&mut peers[0], elsewhere, erase),
        Writing::Second(place, most, text) => {
            let range = place.range(peers[1].length(), most);
            peers[1].edit(&Delta::replace(range, &text), EditKind::Other);
        }
        Writing::Send(who) => {
            send(&peers[who].document, &peers[1 - who].document);
            let written = not_capitals(&peers[1]);
            peers[1 - who].drain();
            assert_eq!(not_capitals(&peers[1]), written);
        }
    }
}

fn write_capital(peer: &mut Peer, elsewhere: Option<Place>, erase: bool) {
    peer.now += 10;
    if let Some(place) = elsewhere {
        peer.selection = TextSelection::caret(place.within(peer.length()));
        peer.document.close_undo_group();
    }
    let caret = peer.selection.head;
    let rope = peer.document.rope();
    if erase && caret > 0 && rope.char(caret - 1).is_ascii_uppercase() {
        peer.edit(&Delta::replace(caret - 1..caret, ""), EditKind::Erase);
    } else {
        let letter = ["A", "B", "C", "D", "E"][rope.len_chars() % 5];
        peer.edit(&Delta::replace(caret..caret, letter), EditKind::Type);
    }
}

fn capitals(peer: &Peer) -> String {
    let mut text = peer.text();
    text.retain(|char| char.is_ascii_uppercase());
    text
}

fn not_capitals(peer: &Peer) -> String {
    let mut text = peer.text();
    text.retain(|char| !char.is_ascii_uppercase());
    text
}

fn is_subsequence(part: &str, whole: &str) -> bool {
    let mut rest = whole.chars();
    part.chars().all(|char| rest.any(|other| other == char))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn replicas_meet_and_positions_follow(
        text in any_text(8),
        actions in vec(any_action(), 0..50),
    ) {
        let mut peers = two_peers(&text);
        for (who, action) in actions {
            act(&mut peers, who, action);
        }
        exchange(&mut peers);
        let [first, second] = &peers;
        prop_assert_eq!(first.text(), second.text());
        for mark in first.marks.iter().chain(&second.marks) {
            let here = first.document.resolve(&mark.anchor);
            prop_assert_eq!(here, second.document.resolve(&mark.anchor));
        }
    }

    #[test]
    fn undo_takes_back_mine_whatever_others_do(
        text in any_text(8),
        before in vec(any_writing(), 0..40),
        mut meanwhile in vec(any_second_writing(), 0..40),
    ) {
        let mut peers = two_peers(&text);
        for writing in before {
            write(&mut peers, writing);
        }
        exchange(&mut peers);
        let typed = capitals(&peers[0]);

        for direction in [TextDocument::undo, TextDocument::redo, TextDocument::undo] {
            while peers[0].step(direction) {
                let writings = meanwhile.len().saturating_sub(2);
                for writing in meanwhile.split_off(writings) {
                    write(&mut peers, writing);
                }
            }
            exchange(&mut peers);
            prop_assert_eq!(peers[0].text(), peers[1].text());
        }
        prop_assert_eq!(capitals(&peers[0]), "");

        while peers[0].step(TextDocument::redo) {}
        // Others may have erased some of it, but nothing comes twice or in another order.
        prop_assert!(is_subsequence(&capitals(&peers[0]), &typed));
    }

    #[test]
    fn redo_restores_what_undo_took_back(
        text in any_text(8),
        before in vec(any_writing(), 0..40),
    ) {
        let mut peers = two_peers(&text);
        for writing in before {
            write(&mut peers, writing);
        }
        exchange(&mut peers);
        let (written, others) = (peers[0].text(), not_capitals(&peers[0]));
        while peers[0].step(TextDocument::undo) {}
        prop_assert_eq!(peers[0].text(), others);
        while peers[0].step(TextDocument::redo) {}
        prop_assert_eq!(peers[0].text(), written);
    }
}
