//! The line prompt, scripted: two processes with pipes as their standard input.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStderr, ChildStdin, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use tempfile::TempDir;

/// How long anything that must come may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running `realtime-demo`.
struct Demo {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    complaints: ChildStderr,
    seen: Vec<String>,
}

impl Demo {
    /// Starts one that finds others through a folder.
    fn start(lookup: &TempDir, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_realtime-demo"))
            .args(["--network", "local", "--lookup"])
            .arg(lookup.path().join("copad"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        let output = child.stdout.take().expect("it was asked for");
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // Nobody reads on once the test is over.
                let _ = sender.send(line);
            }
        });
        Self {
            input: child.stdin.take(),
            complaints: child.stderr.take().expect("it was asked for"),
            child,
            lines,
            seen: Vec::new(),
        }
    }

    /// Types a script.
    fn type_in(&mut self, script: &str) {
        let input = self.input.as_mut().expect("it has not been ended");
        input.write_all(script.as_bytes()).expect("it reads");
    }

    /// Waits for a line that starts with these words, and returns what follows.
    #[track_caller]
    fn line(&mut self, start: &str) -> String {
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else {
                panic!("no line starts with {start:?}:\n{}", self.seen.join("\n"));
            };
            self.seen.push(line.clone());
            if let Some(rest) = line.strip_prefix(start) {
                return rest.to_owned();
            }
        }
    }

    /// Waits for the end, and returns its status, everything it printed, and its complaints.
    fn end(mut self) -> (ExitStatus, String, String) {
        drop(self.input.take());
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.seen.push(line);
        }
        let mut complaints = String::new();
        self.complaints
            .read_to_string(&mut complaints)
            .expect("its complaints can be read");
        let status = self.child.wait().expect("it has ended");
        (status, self.seen.join("\n"), complaints)
    }

    /// Waits for a good end, and returns everything it printed.
    #[track_caller]
    fn ends_well(self) -> String {
        let (status, printed, complaints) = self.end();
        assert!(status.success(), "{status}: {complaints}\n{printed}");
        assert_eq!(complaints, "", "{printed}");
        printed
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It has ended long before, unless the test failed.
        let _ = self.child.kill();
    }
}

#[test]
fn two_scripts_write_together() {
    let lookup = tempfile::tempdir().expect("a temporary folder can be made");
    let mut alice = Demo::start(&lookup, &["--name", "Alice"]);
    let node = alice.line("node ");
    alice.type_in("insert 0 Hello\nwait text , Bob\n");

    let mut bob = Demo::start(&lookup, &["--name", "Bob", "--connect", &node]);
    bob.type_in("wait sync\nshow\ninsert end , Bob here\\nbye\ncursor 2\ntyping\n");
    assert_eq!(bob.line("| "), "Hello");
    alice.line("Bob is here");
    alice.line("Bob inserts 14 at 5: \", Bob here\\nbye\"");
    alice.line("Bob is at 2 (line 1, column 3), typing");

    // Both write while they are apart.
    bob.type_in("offline\ninsert 0 -> \nshow\n");
    alice.type_in("wait peers 0\ndelete 5 1\nshow\n");
    assert_eq!(alice.line("| "), "Hello Bob here");
    assert_eq!(bob.line("| "), "-> Hello, Bob here");
    bob.type_in("online\nwait sync\nwait text Hello Bob\nshow\npeers\nquit\n");
    alice.type_in("wait text -> Hello Bob\nwait peers 0\nshow\nquit\n");
    assert_eq!(bob.line("| "), "bye");
    assert_eq!(bob.line("| "), "-> Hello Bob here");
    assert!(
        bob.line("peer ")
            .starts_with(&format!("{node} connected, Alice"))
    );
    assert_eq!(alice.line("| "), "bye");
    assert_eq!(alice.line("| "), "-> Hello Bob here");

    bob.ends_well();
    alice.ends_well();
}

#[test]
fn a_script_ends_with_its_input_and_at_its_first_mistake() {
    let lookup = tempfile::tempdir().expect("a temporary folder can be made");
    let mut good = Demo::start(&lookup, &["--name", "Alice"]);
    good.type_in("# no decoration\n\ninsert end one\ninsert 0 two\nshow\nhelp\n");
    let printed = good.ends_well();
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].starts_with("node ") && lines[0].len() == "node ".len() + 64);
    assert_eq!(lines[1], "| twoone");
    assert!(printed.contains("insert PLACE TEXT") && !printed.contains("> "));

    for (script, named) in [
        ("dance\nshow\n", "\"dance\""),
        ("insert 5 x\nshow\n", "cannot be changed"),
        ("connect nobody\nshow\n", "nobody"),
        ("wait sync 0\nshow\n", "in vain"),
    ] {
        let mut bad = Demo::start(&lookup, &[]);
        bad.type_in(script);
        let (status, printed, complaints) = bad.end();
        assert_eq!(status.code(), Some(1), "{script:?}");
        assert!(complaints.contains(named), "{script:?}: {complaints}");
        assert_eq!(complaints.trim_end().lines().count(), 1, "{complaints}");
        assert!(!printed.contains("| "), "{script:?} goes on: {printed}");
    }
}
