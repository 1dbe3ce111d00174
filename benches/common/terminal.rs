//! The real binary in a pseudo-terminal, with the time at which each of its bytes comes out.

use std::{
    env,
    ffi::OsString,
    io::{Read, Write},
    path::PathBuf,
    process::Command,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

/// The binary that is measured: the one that `COPAD` names, or else the one that cargo has built for
/// the benches.
fn copad() -> OsString {
    env::var_os("COPAD").unwrap_or_else(|| env!("CARGO_BIN_EXE_copad").into())
}

/// Longer than anything takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A machine on which several people work.
pub struct Machine {
    folder: TempDir,
}

/// A person with a home of their own.
pub struct Person {
    home: PathBuf,
    runtime: PathBuf,
}

/// A running copad and the terminal it draws on.
pub struct Terminal {
    output: Receiver<(Instant, Vec<u8>)>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    started: Instant,
    _master: Box<dyn MasterPty + Send>,
}

impl Machine {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
        }
    }

    pub fn person(&self, name: &str) -> Person {
        let home = self.folder.path().join(name);
        let runtime = self.folder.path().join("run");
        std::fs::create_dir_all(&home).expect("a home can be made");
        std::fs::create_dir_all(&runtime).expect("the runtime folder can be made");
        Person { home, runtime }
    }
}

impl Person {
    /// Writes a file into this person's home.
    pub fn file(&self, name: &str, content: &str) {
        std::fs::write(self.home.join(name), content).expect("a file can be written");
    }

    /// Where this person's copad keeps what must outlive it.
    pub fn state(&self) -> PathBuf {
        self.home.join("state/copad")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.join(name)
    }

    fn environment(&self) -> [(&'static str, PathBuf); 4] {
        [
            ("HOME", self.home.clone()),
            ("XDG_STATE_HOME", self.home.join("state")),
            ("XDG_CONFIG_HOME", self.home.join("config")),
            ("XDG_RUNTIME_DIR", self.runtime.clone()),
        ]
    }

    /// The node id under which this person shares a file.
    pub fn node_id(&self, file: &str) -> String {
        let output = Command::new(copad())
            .args(["id", file])
            .current_dir(&self.home)
            .envs(self.environment())
            .output()
            .expect("copad starts");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Opens copad in a terminal of 120 by 40, on this machine's network only.
    pub fn open(&self, arguments: &[&str]) -> Terminal {
        let size = PtySize {
            rows: 40,
            cols: 120,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system()
            .openpty(size)
            .expect("a pseudo-terminal can be opened");
        let mut command = CommandBuilder::new(copad());
        command.args(["--network", "local"]);
        command.args(arguments);
        command.cwd(&self.home);
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env_remove("DISPLAY");
        command.env_remove("WAYLAND_DISPLAY");
        for (name, value) in self.environment() {
            command.env(name, value);
        }
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).expect("copad starts");
        let reader = pair.master.try_clone_reader();
        let (told, output) = mpsc::channel();
        let mut reader = reader.expect("a terminal can be read");
        thread::spawn(move || {
            let mut bytes = [0; 65536];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if told
                    .send((Instant::now(), bytes[..count].to_vec()))
                    .is_err()
                {
                    return;
                }
            }
        });
        let keyboard = pair.master.take_writer();
        Terminal {
            output,
            keyboard: keyboard.expect("a terminal can be written to"),
            child,
            started,
            _master: pair.master,
        }
    }
}

impl Terminal {
    /// Waits for a text that is written in one piece, and returns how long after the start of the
    /// program it came.
    pub fn shows(&mut self, text: &str) -> Duration {
        let end = Instant::now() + PATIENCE;
        let mut all = Vec::new();
        while Instant::now() < end {
            let Ok((at, bytes)) = self.output.recv_timeout(PATIENCE) else {
                break;
            };
            all.extend(bytes);
            if all.windows(text.len()).any(|part| part == text.as_bytes()) {
                return at - self.started;
            }
        }
        panic!("{text:?} never came: {}", String::from_utf8_lossy(&all));
    }

    /// Waits until nothing more comes for a while.
    pub fn settles(&mut self, quiet: Duration) {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end && self.output.recv_timeout(quiet).is_ok() {}
    }

    /// Presses keys, given as the bytes that a terminal sends for them. Returns the moment.
    pub fn press(&mut self, bytes: &str) -> Instant {
        let at = Instant::now();
        let pressed = self.keyboard.write_all(bytes.as_bytes());
        pressed.expect("copad takes keys");
        self.keyboard.flush().expect("copad takes keys");
        at
    }

    /// Waits for the first bytes that come out, and returns when they did.
    pub fn answers(&mut self) -> Option<Instant> {
        match self.output.recv_timeout(Duration::from_secs(5)) {
            Ok((at, _)) => Some(at),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
        }
    }

    /// The program, for what the system tells about it.
    pub fn process(&self) -> String {
        let id = self.child.process_id();
        id.expect("a running child has a process id").to_string()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
