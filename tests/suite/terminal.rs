//! People at terminals: the real binary in a pseudo-terminal, and a screen that tests can read.

use std::{
    io::{Read, Write},
    num::NonZero,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;
use vt100::{Callbacks, Screen};

/// How long a test waits for what must come, before it fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// One machine, on which several people work.
pub struct Machine {
    folder: TempDir,
}

/// A person with a home of their own.
pub struct Person {
    home: PathBuf,
    runtime: PathBuf,
    temporary: PathBuf,
}

/// A running copad and the terminal it draws on.
pub struct Terminal {
    screen: Arc<(Mutex<Parser>, Condvar)>,
    keyboard: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
}

/// A copad without a screen.
pub struct Server {
    child: std::process::Child,
    log: PathBuf,
}

impl Server {
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        signal(self.process_id(), name);
    }

    /// Waits until a line of the log holds all of these, and returns the line.
    #[track_caller]
    pub fn logs(&self, texts: &[&str]) -> String {
        let found = eventually(|| {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            let line = log
                .lines()
                .find(|line| texts.iter().all(|text| line.contains(text)));
            line.map(str::to_owned)
        });
        found.unwrap_or_else(|| {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            panic!("waited in vain until the log tells {texts:?}; it is\n{log}")
        })
    }

    /// Waits until the program ends, and returns its exit code.
    #[track_caller]
    pub fn ends(&mut self) -> Option<i32> {
        let ended = eventually(|| self.child.try_wait().expect("the child can be waited for"));
        ended.expect("copad serve ends").code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks until there is something to see. `None`: there never was.
pub fn eventually<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + PATIENCE;
    loop {
        match look() {
            None if Instant::now() < end => std::thread::sleep(Duration::from_millis(10)),
            seen => return seen,
        }
    }
}

fn signal(process: u32, name: &str) {
    let sent = Command::new("kill")
        .args(["-s", name, &process.to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
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
        let temporary = self.folder.path().join("tmp");
        std::fs::create_dir_all(&temporary).expect("a folder can be made");
        Person {
            home,
            runtime,
            temporary,
        }
    }
}

impl Machine {
    /// Where the copads on this machine find each other.
    pub fn lookup(&self) -> PathBuf {
        self.folder.path().join("run/copad")
    }

    /// How many sockets of running copads there are.
    pub fn control_sockets(&self) -> usize {
        let control = self.folder.path().join("run/copad/control");
        std::fs::read_dir(control).expect("it is there").count()
    }

    /// Makes a running copad one that cannot be asked anything.
    pub fn hide_control_socket(&self, of: &Terminal) {
        let (shown, hidden) = self.control_socket(of);
        // Under any other name it is not looked for.
        let moved = eventually(|| std::fs::rename(&shown, &hidden).ok());
        assert!(moved.is_some(), "a running copad has a socket");
    }

    /// Makes it one that can be asked again.
    pub fn show_control_socket(&self, of: &Terminal) {
        let (shown, hidden) = self.control_socket(of);
        std::fs::rename(hidden, shown).expect("it was hidden");
    }

    fn control_socket(&self, of: &Terminal) -> (PathBuf, PathBuf) {
        let runtime = self.folder.path().join("run/copad");
        let name = of.process_id().to_string();
        (runtime.join("control").join(&name), runtime.join(name))
    }
}

impl Person {
    /// Writes a file into this person's home and returns its path.
    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.home.join(name);
        std::fs::write(&path, content).expect("a file can be written");
        path
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.join(name)
    }

    /// What this person's copads have in the folder for temporary files.
    pub fn temporary_files(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(&self.temporary).expect("it is there");
        files.flatten().map(|file| file.path()).collect()
    }

    /// Where this person's copad keeps what must outlive it.
    pub fn state(&self) -> PathBuf {
        self.home.join("state/copad")
    }

    /// What every copad of this person finds in its environment.
    fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("HOME", self.home.clone()),
            ("XDG_STATE_HOME", self.home.join("state")),
            ("XDG_CONFIG_HOME", self.home.join("config")),
            ("XDG_RUNTIME_DIR", self.runtime.clone()),
            ("TMPDIR", self.temporary.clone()),
        ]
    }

    /// Runs copad without a terminal and returns its exit code, standard output and standard error.
    pub fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_copad"))
            .args(arguments)
            .current_dir(&self.home)
            .envs(self.environment())
            .output()
            .expect("copad starts");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (
            output.status.code().unwrap_or(-1),
            text(output.stdout),
            text(output.stderr),
        )
    }

    /// Starts copad without a terminal, with its log in `serve.log`.
    pub fn serve(&self, arguments: &[&str]) -> Server {
        let log = self.path("serve.log");
        let child = Command::new(env!("CARGO_BIN_EXE_copad"))
            .args(["serve", "--network", "local", "--log"])
            .arg(&log)
            .args(open_door(arguments))
            .args(arguments)
            .current_dir(&self.home)
            .envs(self.environment())
            .env_remove("RUST_LOG")
            .spawn()
            .expect("copad starts");
        Server { child, log }
    }

    /// The node id under which this person shares a file.
    pub fn node_id(&self, file: &Path) -> String {
        let (code, id, error) = self.run(&["id", &file.to_string_lossy()]);
        assert_eq!(code, 0, "copad id failed: {error}");
        id.trim().to_owned()
    }

    /// Opens copad in a terminal of 80 by 24, on this machine's network only.
    pub fn open(&self, arguments: &[&str]) -> Terminal {
        self.open_sized(arguments, 80, 24)
    }

    /// Opens copad in a terminal of any size that is not nothing.
    pub fn open_sized(&self, arguments: &[&str], columns: u16, rows: u16) -> Terminal {
        let all = [&["--network", "local"], open_door(arguments), arguments].concat();
        self.start(&all, &[], columns, rows)
    }

    /// The same with variables in its environment.
    pub fn open_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Terminal {
        let all = [&["--network", "local"], open_door(arguments), arguments].concat();
        self.start(&all, variables, 80, 24)
    }

    /// Runs a command of copad's in a terminal.
    pub fn run_at_terminal(&self, arguments: &[&str]) -> Terminal {
        self.start(arguments, &[], 80, 24)
    }

    fn start(
        &self,
        arguments: &[&str],
        variables: &[(&str, &str)],
        columns: u16,
        rows: u16,
    ) -> Terminal {
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system()
            .openpty(size)
            .expect("a pseudo-terminal can be opened");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_copad"));
        command.args(arguments);
        command.cwd(&self.home);
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env_remove("DISPLAY");
        command.env_remove("WAYLAND_DISPLAY");
        for (name, value) in self.environment() {
            command.env(name, value);
        }
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("copad starts");
        let screen = Arc::new((Mutex::new(parser(columns, rows)), Condvar::new()));
        watch(
            pair.master
                .try_clone_reader()
                .expect("a terminal can be read"),
            screen.clone(),
        );
        let keyboard = pair
            .master
            .take_writer()
            .expect("a terminal can be written to");
        Terminal {
            screen,
            keyboard,
            child,
            _master: pair.master,
        }
    }
}

/// Most tests are not about who is let in.
fn open_door(arguments: &[&str]) -> &'static [&'static str] {
    if arguments.contains(&"--trust") {
        &[]
    } else {
        &["--trust", "anyone"]
    }
}

fn parser(columns: u16, rows: u16) -> Parser {
    let cells = |count| NonZero::new(count).expect("a terminal has cells");
    Parser::new_with_callbacks(cells(rows), cells(columns), 0, Titles::default())
}

type Parser = vt100::Parser<Titles>;

/// All titles that the window ever had.
#[derive(Default)]
struct Titles(String);

impl Callbacks for Titles {
    fn set_window_title(&mut self, _: &mut Screen, title: &[u8]) {
        self.0.push_str(&String::from_utf8_lossy(title));
        self.0.push('\n');
    }
}

/// Draws what comes from the program, until it ends.
fn watch(mut output: Box<dyn Read + Send>, screen: Arc<(Mutex<Parser>, Condvar)>) {
    std::thread::spawn(move || {
        let mut bytes = [0; 65536];
        while let Ok(count @ 1..) = output.read(&mut bytes) {
            screen
                .0
                .lock()
                .expect("no reader panics")
                .process(&bytes[..count]);
            screen.1.notify_all();
        }
    });
}

impl Terminal {
    /// Presses keys, given as the bytes that a terminal sends for them.
    pub fn keys(&mut self, bytes: &str) {
        self.keyboard
            .write_all(bytes.as_bytes())
            .expect("copad takes keys");
        self.keyboard.flush().expect("copad takes keys");
    }

    /// Waits until the screen shows all of these, and returns it.
    #[track_caller]
    pub fn sees(&self, texts: &[&str]) -> Screen {
        self.waits(&format!("the screen shows {texts:?}"), |screen| {
            let contents = screen.contents();
            texts.iter().all(|text| contents.contains(text))
        })
    }

    /// Waits until the screen is as the condition wants it, and returns it.
    #[track_caller]
    pub fn waits(&self, what: &str, condition: impl Fn(&Screen) -> bool) -> Screen {
        let end = Instant::now() + PATIENCE;
        let mut parser = self.screen.0.lock().expect("the watcher does not panic");
        while !condition(parser.screen()) {
            let left = end.saturating_duration_since(Instant::now());
            let shown = parser.screen().contents();
            assert!(
                !left.is_zero(),
                "waited in vain until {what}; the screen is\n{shown}"
            );
            parser = self
                .screen
                .1
                .wait_timeout(parser, left)
                .expect("the watcher does not panic")
                .0;
        }
        parser.screen().clone()
    }

    /// Waits until the program ends, and returns its exit code.
    #[track_caller]
    pub fn ends(&mut self) -> u32 {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the child can be waited for") {
                return status.exit_code();
            }
            let shown = self
                .screen
                .0
                .lock()
                .expect("the watcher does not panic")
                .screen()
                .contents();
            assert!(
                Instant::now() < end,
                "copad does not end; the screen is\n{shown}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends the program a signal by its name: `TERM`, `KILL`, `STOP`, `CONT`.
    pub fn signal(&self, name: &str) {
        signal(self.process_id(), name);
    }

    /// Returns the screen as it is now.
    pub fn shown(&self) -> Screen {
        let parser = self.screen.0.lock().expect("the watcher does not panic");
        parser.screen().clone()
    }

    /// All titles that the window had, a line each.
    pub fn titles(&self) -> String {
        let parser = self.screen.0.lock().expect("the watcher does not panic");
        parser.callbacks().0.clone()
    }

    /// Ends the program as a crash would, with no word to it.
    pub fn crash(&mut self) {
        self.signal("KILL");
        self.child.wait().expect("the child can be waited for");
    }

    pub fn process_id(&self) -> u32 {
        self.child
            .process_id()
            .expect("a running child has a process id")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
