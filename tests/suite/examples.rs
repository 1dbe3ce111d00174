//! Runs the examples as a reader of the documentation would.

use std::{
    io::Read,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// Far more than any of them needs; each ends by itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where cargo puts the examples. `cargo test` builds them; `cargo test --test suite` alone does
/// not, and needs a `cargo test --examples` before it.
fn path_of(example: &str) -> PathBuf {
    let own = std::env::current_exe().expect("the test knows where it is");
    let profile = own.ancestors().nth(2).expect("it is in target/…/deps");
    profile
        .join("examples")
        .join(example)
        .with_extension(std::env::consts::EXE_EXTENSION)
}

/// Runs an example to its end, and returns what it printed.
#[track_caller]
fn output_of(example: &str) -> String {
    let mut child = Command::new(path_of(example))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{example} cannot be run: {error}"));
    let (sender, receiver) = mpsc::channel();
    let (mut stdout, mut stderr) = pipes_of(&mut child);
    thread::spawn(move || {
        let (mut printed, mut complaints) = (String::new(), String::new());
        let read = stdout
            .read_to_string(&mut printed)
            .and_then(|_| stderr.read_to_string(&mut complaints));
        // Nobody waits any more if the time is over.
        let _ = sender.send(read.map(|_| (printed, complaints)));
    });
    let Ok(read) = receiver.recv_timeout(PATIENCE) else {
        // It may have ended in this very moment.
        let _ = child.kill();
        panic!("{example} did not end within {PATIENCE:?}");
    };
    let (printed, complaints) = read.expect("its output can be read");
    let status = child.wait().expect("it has ended");
    assert!(
        status.success(),
        "{example}: {status}\n{printed}{complaints}"
    );
    assert_eq!(complaints, "", "{example} complains");
    printed
}

fn pipes_of(child: &mut Child) -> (impl Read + Send + 'static, impl Read + Send + 'static) {
    let stdout = child.stdout.take().expect("it was asked for");
    let stderr = child.stderr.take().expect("it was asked for");
    (stdout, stderr)
}

/// Asserts that an example prints each of these, and not much more.
#[track_caller]
fn prints(example: &str, wanted: &[&str]) {
    let printed = output_of(example);
    for words in wanted {
        assert!(printed.contains(words), "{words:?} is missing:\n{printed}");
    }
    let lines = printed.lines().count();
    assert!(
        lines <= 20,
        "{lines} lines are too many to read:\n{printed}"
    );
}

#[test]
fn the_chat_ends_with_the_same_messages_for_both() {
    prints(
        "chat",
        &[
            "Alice reads  Bob: I am!",
            "as both see it",
            "  Alice: Anybody here?\n  Bob: I am!\n",
            "  Alice: Where shall we meet?\n",
            "  Bob: Tea?\n",
        ],
    );
}

#[test]
fn the_whiteboard_keeps_what_both_did_at_once() {
    prints(
        "whiteboard",
        &[
            "Alice sees   Bob at the board",
            "as both see it",
            "  group at 0, 0\n    circle at 40, 25\n",
            "  square at 70, 10\n",
        ],
    );
}

#[test]
fn a_document_and_another_protocol_share_a_router() {
    prints(
        "router",
        &[
            "the greeter says: Good day, Bob!",
            "the document says: Untitled",
            "the server has the new title: Travel plans",
            "Good day, Bob again!",
        ],
    );
}

#[test]
fn a_conflict_is_answered_by_code() {
    prints(
        "conflicts",
        &[
            "conflict: Both changed the same word.",
            "Phone: The meeting is at 4.",
            "Laptop: The meeting is at 3 pm.",
            "answered: The meeting is at 4 pm. Bring coffee and cake.",
            "phone:    The meeting is at 4 pm. Bring coffee and cake.",
            "open on the phone: 0",
        ],
    );
}
