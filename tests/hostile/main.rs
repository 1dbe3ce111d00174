//! An editor with bad intentions sends updates that nobody wrote: honest people lose nothing.
//!
//! Some of these updates panic inside Loro, and some ask for so much memory that the process dies.
//! So the one who receives them is a process of its own, with little memory, that keeps a journal
//! and a note of whose update it imports, as copad does; when it dies, the next one goes on. What
//! honest people wrote must be there at the end, each character of it.
//!
//! `HOSTILE_UPDATES` says how many; 400 unless it does.

mod crafted;

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use iroh_loro_realtime::{
    DocumentId, ImportGuard as _, NodeId, PeerAddress, Role, UserInfo,
    crdt::SharedDocument,
    net::{
        message::{Hello, Message, Part, Prove, Welcome},
        session::{AccessConfig, Input, Output, Session, SessionConfig},
    },
    store::{ImportMarker, ReplicaId, Store},
};
use loro::{ExportMode, LoroDoc, VersionVector};
use mimalloc::MiMalloc;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// As copad has it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const OURS: NodeId = NodeId([1; 32]);
const MALLORY: NodeId = NodeId([3; 32]);
const DOCUMENT: DocumentId = DocumentId([9; 32]);
const USUAL_UPDATES: u64 = 400;
/// Bytes of memory that the victim may have.
const MEMORY: u64 = 3 << 30;
/// Honest people write after so many crafted updates.
const HONEST_EVERY: u64 = 20;
/// Names the folder of the victim in its environment.
const VICTIM: &str = "HOSTILE_VICTIM";

/// One that receives what Mallory sends.
struct Victim {
    session: Session,
    document: SharedDocument,
    now: Duration,
    connection: u64,
}

impl Victim {
    fn new(journal: &[Vec<u8>]) -> Self {
        let doc = LoroDoc::new();
        for update in journal {
            doc.import(update).expect("what was kept can be read");
        }
        let config = SessionConfig {
            node: OURS,
            document: Some(DOCUMENT),
            title: "notes.md".to_owned(),
            user: user("Ana"),
            address: PeerAddress::unknown(OURS),
            degree_limit: 0,
            access: AccessConfig::default(),
        };
        Self {
            session: Session::new(config, 1),
            document: SharedDocument::new(doc),
            now: Duration::from_secs(1),
            connection: 0,
        }
    }

    fn receive(&mut self, message: Message) -> Vec<Output> {
        let connection = self.connection;
        self.session.handle(
            Input::Received {
                connection,
                message,
            },
            self.now,
            &mut self.document,
        )
    }

    /// Mallory comes in as an editor, however the last connection ended.
    fn let_mallory_in(&mut self) {
        self.connection += 1;
        self.now += Duration::from_secs(60);
        let opened = Input::Opened {
            node: MALLORY,
            connection: self.connection,
            address: None,
            binding: [0; 32],
        };
        self.session.handle(opened, self.now, &mut self.document);
        self.receive(Message::Hello(Hello {
            minor_version: 0,
            document: None,
            user: user("Mallory"),
            address: PeerAddress::unknown(MALLORY),
        }));
        self.receive(Message::Challenge { nonce: [0; 32] });
        self.receive(Message::Prove(Box::<Prove>::default()));
        self.receive(Message::Welcome(Box::new(Welcome {
            document: Some(DOCUMENT),
            title: String::new(),
            role: Role::Editor,
            roster: None,
            admissions: Vec::new(),
            members: Vec::new(),
        })));
        self.receive(Message::SyncRequest {
            version_vector: VersionVector::new().encode(),
            received: 0,
            waiting: false,
        });
        self.receive(Message::SyncResponse(Part {
            last: true,
            updates: Vec::new(),
        }));
    }

    fn write(&self, word: &str) -> Vec<u8> {
        let before = self.document.doc().oplog_vv();
        let guard = self.document.lock();
        let text = guard.doc().get_text("honest");
        text.insert(text.len_unicode(), word).expect("inside");
        guard.doc().commit();
        drop(guard);
        self.document
            .doc()
            .export(ExportMode::updates(&before))
            .expect("it can be exported")
    }
}

fn user(name: &str) -> UserInfo {
    UserInfo {
        name: name.to_owned(),
        color: "#4ECDC4".to_owned(),
        avatar_url: None,
    }
}

fn word(number: u64) -> String {
    format!("word {number}, ")
}

#[test]
fn honest_people_lose_nothing_to_crafted_updates() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let updates: u64 = std::env::var("HOSTILE_UPDATES")
        .ok()
        .map_or(USUAL_UPDATES, |count| count.parse().expect("a number"));
    let store = Store::open(folder.path()).expect("a store can be made");
    let replica = store.create_replica("notes.md").expect("it can be made");
    let (mut next, mut taken, mut panics, mut deaths) = (0, 0, 0, 0);
    while next < updates {
        let child = Command::new(std::env::current_exe().expect("this is a program"))
            .args(["--exact", "victim", "--nocapture", "--ignored"])
            .env(VICTIM, folder.path())
            .env("HOSTILE_RANGE", format!("{next} {updates}"))
            .env("RUST_BACKTRACE", "0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the victim starts");
        let output = child.wait_with_output().expect("the victim ends");
        for line in BufReader::new(&output.stdout[..]).lines() {
            let line = line.expect("it prints text");
            taken += u64::from(line == "taken");
            if line == "panic" {
                println!("update {next} panics");
                panics += 1;
            }
            if let Some(number) = line.strip_prefix("next ") {
                next = number.parse().expect("a number");
            }
        }
        if output.status.success() {
            assert_eq!(next, updates);
            break;
        }
        // It died while it imported: the next start knows of whom, and leaves that update out.
        let marker = ImportMarker::open(&store, replica.id).expect("the note can be read");
        assert_eq!(marker.1, Some(MALLORY), "update {next}");
        deaths += 1;
        next += 1;
    }
    println!("{updates} crafted updates: {taken} taken, {panics} panics, {deaths} deaths");
    assert!(taken > 0, "none was tried in earnest");
    let journal = read_journal(folder.path());
    let victim = Victim::new(&journal);
    // Whatever the crafted ones did, honest words are there, and in their order.
    let honest = victim.document.doc().get_text("honest").to_string();
    let expected: String = (0..updates)
        .filter(|number| number % HONEST_EVERY == 0)
        .map(word)
        .collect();
    assert_eq!(honest, expected);
}

/// Run by the test above, as a process of its own.
#[test]
#[ignore = "only the test above can run it"]
fn victim() {
    let Some(folder) = std::env::var_os(VICTIM).map(PathBuf::from) else {
        return;
    };
    let limit = Rlimit {
        current: Some(MEMORY),
        ..getrlimit(Resource::As)
    };
    setrlimit(Resource::As, limit).expect("memory can be limited");
    let range = std::env::var("HOSTILE_RANGE").expect("the range is given");
    let (from, to) = range.split_once(' ').expect("two numbers");
    let (from, to): (u64, u64) = (from.parse().expect("one"), to.parse().expect("two"));
    let store = Store::open(&folder).expect("the store can be opened");
    let replica: ReplicaId = store.replicas().expect("it can be read")[0].id;
    let (marker, _) = ImportMarker::open(&store, replica).expect("a note can be made");
    let genuine = crafted::genuine();
    let mut journal = read_journal(&folder);
    let mut victim = Victim::new(&journal);
    for number in from..to {
        println!("next {number}");
        let written = victim.document.doc().get_text("honest").to_string();
        if number % HONEST_EVERY == 0 && !written.contains(&word(number)) {
            let update = victim.write(&word(number));
            append(&folder, &update);
            journal.push(update);
        }
        victim.let_mallory_in();
        let updates = crafted::crafted(&genuine, number);
        marker.begins(MALLORY, &[&updates]);
        let message = Message::UpdateBatch(Part {
            last: true,
            updates,
        });
        let before = victim.document.doc().oplog_vv();
        let received = catch_unwind(AssertUnwindSafe(|| {
            let outputs = victim.receive(message);
            let is_news = |output: &Output| matches!(output, Output::Imported { .. });
            // What honest people write next builds upon it.
            let doc = victim.document.doc();
            outputs
                .iter()
                .any(is_news)
                .then(|| doc.export(ExportMode::updates(&before)))
        }));
        match received {
            Ok(None) => {}
            Ok(Some(Ok(update))) => {
                println!("taken");
                append(&folder, &update);
                journal.push(update);
            }
            Ok(Some(Err(_))) | Err(_) => {
                println!("panic");
                // Nothing of the broken document is used, not even to let it go.
                let broken = std::mem::replace(&mut victim, Victim::new(&journal));
                std::mem::forget(broken);
            }
        }
        marker.ends();
    }
    println!("next {to}");
}

/// The journal holds what went into the document, each update behind its length.
fn append(folder: &Path, update: &[u8]) {
    let mut file = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join("journal"))
        .expect("the journal can be written");
    let length = (update.len() as u32).to_le_bytes();
    file.write_all(&[&length[..], update].concat())
        .expect("the journal can be written");
}

fn read_journal(folder: &Path) -> Vec<Vec<u8>> {
    let bytes = fs::read(folder.join("journal")).unwrap_or_default();
    let mut rest = &bytes[..];
    let mut updates = Vec::new();
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let (update, tail) = tail.split_at(u32::from_le_bytes(*length) as usize);
        updates.push(update.to_vec());
        rest = tail;
    }
    updates
}
