//! Genuine messages: what sessions say to each other when they meet.

use std::time::Duration;

use iroh_loro_realtime::{
    NodeId, UserInfo,
    crdt::{Anchor, Bias},
    net::{
        message::{Message, WireAnchor},
        presence::LocalPresence,
        session::{Input, Output},
    },
};
use loro::LoroDoc;

use crate::site::{Site, messages_of, opened};

const HEARTBEAT: Duration = Duration::from_millis(1100);

/// Starts a session whose document has a text of its own, and whose person has everything.
fn site(number: u8) -> Site {
    let doc = LoroDoc::new();
    doc.set_peer_id(number.into()).expect("nothing is pending");
    let text = format!("written by {number}");
    doc.get_text("main").insert(0, &text).expect("inside");
    doc.commit();
    Site::new(number, doc, |config| {
        config.user.name = format!("Person 漢 {number}");
        config.user.avatar_url = Some("https://example.com/me.png".to_owned());
        config.address.direct = vec![
            ([127, 0, 0, 1], 4000).into(),
            ([0, 0, 0, 0, 0, 0, 0, 1], 5).into(),
        ];
    })
}

/// Sessions around one in the middle, whom the tests send things. The connection with the first of
/// the others has number 1, and so on.
pub struct Meeting {
    middle: Site,
    others: Vec<Site>,
    now: Duration,
    /// Everything that was said, encoded.
    said: Vec<Vec<u8>>,
}

impl Meeting {
    fn new(others: u8) -> Self {
        Self {
            middle: site(0),
            others: (1..=others).map(site).collect(),
            now: Duration::from_secs(1),
            said: Vec::new(),
        }
    }

    /// A connection stands, and nobody has said anything yet.
    pub fn arranged() -> Self {
        let mut meeting = Self::new(1);
        let node = meeting.others[0].session.node();
        meeting.input(opened(node, 1));
        meeting
    }

    /// Two sessions are in sync.
    pub fn held() -> Self {
        let mut meeting = Self::new(1);
        meeting.open(1);
        meeting.said.clear();
        meeting
    }

    pub fn doc(&self) -> &LoroDoc {
        self.middle.replica.doc()
    }

    /// Returns how many characters the document in the middle has.
    pub fn length(&self) -> usize {
        self.doc().get_text("main").len_unicode()
    }

    /// Lets time pass for the one in the middle.
    pub fn pass(&mut self, time: Duration) {
        self.now += time;
        self.input(Input::Tick);
    }

    pub fn input(&mut self, input: Input) -> Vec<Output> {
        self.middle.handle(input, self.now)
    }

    /// The one in the middle receives this from the first of the others.
    pub fn receive(&mut self, message: Message) -> Vec<Output> {
        self.input(Input::Received {
            connection: 1,
            message,
        })
    }

    /// Connects the one in the middle with another, and lets them talk.
    fn open(&mut self, connection: u64) {
        let other = &mut self.others[connection as usize - 1];
        let theirs = other.handle(opened(self.middle.session.node(), connection), self.now);
        let ours = opened(other.session.node(), connection);
        let outputs = self.input(ours);
        self.deliver(outputs, theirs, connection);
    }

    /// Carries messages to and fro until nobody says anything any more. Those of an output of one
    /// of the others all go over its one connection.
    fn deliver(&mut self, ours: Vec<Output>, theirs: Vec<Output>, connection: u64) {
        let mut ways: Vec<(bool, u64, Message)> = Vec::new();
        ways.extend(messages_of(ours).map(|(over, message)| (true, over, message)));
        ways.extend(messages_of(theirs).map(|(_, message)| (false, connection, message)));
        while !ways.is_empty() {
            let (outwards, over, message) = ways.remove(0);
            self.said
                .push(message.encode().expect("a session keeps the limits"));
            let input = Input::Received {
                connection: over,
                message,
            };
            if outwards {
                let other = &mut self.others[over as usize - 1];
                let answers = other.handle(input, self.now);
                ways.extend(messages_of(answers).map(|(_, message)| (false, over, message)));
            } else {
                let answers = self.input(input);
                ways.extend(messages_of(answers).map(|(over, message)| (true, over, message)));
            }
        }
    }

    /// One of the others writes a word and puts the caret behind it.
    fn write(&mut self, connection: u64) {
        let other = &mut self.others[connection as usize - 1];
        let doc = other.replica.doc().clone();
        doc.get_text("main").insert(3, "word").expect("inside");
        doc.commit();
        let mut theirs = other.handle(Input::DocumentChanged, self.now);
        let anchor = |place, bias| {
            let anchor = Anchor::at(&doc, "main", place, bias).expect("inside");
            Some(WireAnchor(anchor.encode()))
        };
        let presence = LocalPresence {
            user: UserInfo {
                name: "Another name".to_owned(),
                color: "#123456".to_owned(),
                avatar_url: None,
            },
            cursor: anchor(7, Bias::Before),
            selection_start: anchor(3, Bias::After),
            typing: true,
            away: false,
        };
        self.now += HEARTBEAT;
        theirs.extend(other.handle(Input::LocalPresence(presence), self.now));
        theirs.extend(other.handle(Input::Tick, self.now));
        self.deliver(Vec::new(), theirs, connection);
    }
}

/// Returns every different message of a meeting of three, of whom one leaves.
pub fn messages() -> Vec<Vec<u8>> {
    let mut meeting = Meeting::new(3);
    for connection in 1..=3 {
        meeting.open(connection);
    }
    for connection in 1..=3 {
        meeting.write(connection);
    }
    for _ in 0..3 {
        meeting.now += HEARTBEAT;
        let outputs = meeting.input(Input::Tick);
        meeting.deliver(outputs, Vec::new(), 1);
    }
    let outputs = meeting.input(Input::Forget(NodeId([3; 32])));
    meeting.deliver(outputs, Vec::new(), 1);
    meeting.said.sort();
    meeting.said.dedup();
    meeting.said
}

/// Returns the messages of handshakes.
pub fn handshakes() -> Vec<Vec<u8>> {
    messages()
        .into_iter()
        .filter(|message| {
            matches!(
                Message::decode(message),
                Ok(Message::Hello(_)
                    | Message::Challenge { .. }
                    | Message::Prove(_)
                    | Message::Welcome(_)
                    | Message::SyncRequest { .. })
            )
        })
        .collect()
}

/// Returns the messages about participants.
pub fn presence() -> Vec<Vec<u8>> {
    messages()
        .into_iter()
        .filter(|message| {
            Message::decode(message).is_ok_and(|message| {
                message.is_presence()
                    || matches!(message, Message::UserJoined(_) | Message::UserLeft { .. })
            })
        })
        .collect()
}

/// Returns whether a session can answer it without asking Loro to decode an update.
pub fn is_not_for_loro(message: &Message) -> bool {
    !matches!(message, Message::SyncResponse(_) | Message::UpdateBatch(_))
}
