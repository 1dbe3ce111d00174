//! `copad`: arguments in, exit code out.

use std::{
    error::Error,
    io::{self, BufWriter, ErrorKind, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use iroh_loro_realtime::{
    NetworkKind, Role,
    serve::{self, Trust},
    shell::{self, Moment, ShellError},
    store::Places,
    ui::{
        self,
        config::Config,
        invite::{self, InviteOptions},
        launch::{LaunchError, Options},
    },
    workspace::{self, Retrial},
};
use mimalloc::MiMalloc;

/// Loro reads lengths that a crafted update made up and asks for that much memory: this allocator
/// hands out room that is never touched, where the system's would end the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The command that copad alone gives.
const TRY_AGAIN: &str = "__try-again";

/// Write together in the terminal: no account, no server.
#[derive(Parser)]
#[command(
    name = "copad",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "A file that is named like a command is opened as ./docs."
)]
struct Arguments {
    #[command(subcommand)]
    action: Option<Choice>,
    #[command(flatten)]
    edit: EditArguments,
}

#[derive(Subcommand)]
enum Choice {
    #[command(flatten)]
    Document(Action),
    #[command(flatten)]
    Tool(Tool),
}

/// What has to do with documents.
#[derive(Subcommand)]
enum Action {
    /// Make a ticket for FILE: whoever has it is let in while FILE is open here
    Invite(InviteArguments),
    /// Print the node id under which FILE is shared, and exit
    Id {
        /// The file; without it, the buffer that has no file
        file: Option<PathBuf>,
    },
    /// Keep documents available and saved, without a screen, until SIGTERM or SIGINT
    Serve(ServeArguments),
    /// Tell what the running copads have open, and exit
    Status,
    /// List the documents that are known here, and exit
    Docs,
    /// Forget a document: its history, its node id and its peers, but not its file
    Forget {
        /// Its file, or the beginning of its id in `copad docs`
        #[arg(value_name = "FILE")]
        document: PathBuf,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Write the text of a document, unsaved edits included, to the standard output
    Export {
        /// Its file, or the beginning of its id in `copad docs`
        #[arg(value_name = "FILE")]
        document: PathBuf,
        /// The text as it was then, to the minute: 2026-03-01T14:05:00Z, or 10m for ten minutes
        /// ago (s, m, h, d)
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
    },
}

/// What has to do with copad itself.
#[derive(Subcommand)]
enum Tool {
    /// Show what it is like to write together: a text in which two others write; nothing is kept
    Demo(DemoArguments),
    /// Print the settings with what they mean, or check yours
    Config(ConfigArguments),
    /// Show all themes
    Themes,
    /// Print what makes a shell complete the arguments of copad
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
    /// What copad starts itself with, to see whether an edit of somebody's ends a process
    #[command(name = TRY_AGAIN, hide = true)]
    TryAgain { state: PathBuf, replica: String },
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct ConfigArguments {
    /// Print every setting and key with what it means, as a file to start from
    #[arg(long)]
    default: bool,
    /// Say what is wrong with the settings, line by line
    #[arg(long)]
    check: bool,
}

#[derive(Args)]
struct ServeArguments {
    /// The files to serve; they need not exist yet
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The name that others see [default: config or login name, and "(server)"]
    #[arg(long)]
    name: Option<String>,
    /// Join the document behind this node id or ticket, and save it to the one FILE, which is new
    #[arg(long, value_name = "NODE_ID|TICKET")]
    connect: Option<String>,
    /// Whom to let in that is no member and has no ticket [default: nobody]
    #[arg(long, value_enum)]
    trust: Option<TrustedUnasked>,
    /// How far peers may be found [default: config, else internet]
    #[arg(long, value_enum)]
    network: Option<Network>,
    /// Write the log here instead of to standard error; its level comes from RUST_LOG
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

#[derive(Args)]
struct EditArguments {
    /// The file to write in; it need not exist yet
    file: Option<PathBuf>,
    /// More files, each in a tab of its own
    #[arg(value_name = "FILE")]
    more_files: Vec<PathBuf>,
    /// Your name, as others see it [default: config, else the login name]
    #[arg(long)]
    name: Option<String>,
    /// Your colour [default: config, else one derived from the node id]
    #[arg(long, value_name = "#RRGGBB")]
    color: Option<String>,
    /// Join the document behind this node id or ticket; "-" reads it from standard input, and
    /// COPAD_CONNECT may hold it instead
    #[arg(long, value_name = "NODE_ID|TICKET")]
    connect: Option<String>,
    /// Whom to let in that is no member yet [default: ask]
    #[arg(long, value_enum)]
    trust: Option<Trusted>,
    /// How far peers may be found [default: config, else internet]
    #[arg(long, value_enum)]
    network: Option<Network>,
    /// The colours of the screen [default: config, else what suits the terminal: dark, light on a
    /// ground that COLORFGBG calls light, or sixteen where there are no more colours]
    #[arg(long)]
    theme: Option<String>,
    /// Write a log here; its level comes from RUST_LOG
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

#[derive(Args)]
struct DemoArguments {
    /// Your name, as the others see it [default: config, else the login name]
    #[arg(long)]
    name: Option<String>,
    /// The colours of the screen [default: config, else what suits the terminal: dark, light on a
    /// ground that COLORFGBG calls light, or sixteen where there are no more colours]
    #[arg(long)]
    theme: Option<String>,
}

#[derive(Args)]
struct InviteArguments {
    /// The file whose document others are let in to
    file: PathBuf,
    /// What the ticket lets them do
    #[arg(long, value_enum, default_value = "editor")]
    role: TicketRole,
    /// How long it is good: 30m, 24h, 7d or never [default: 24h for an editor, else never]
    #[arg(long, value_parser = seconds)]
    expires: Option<u64>,
    /// How many people may come in with it; 0 is any number [default: 1 for an editor, else 0]
    #[arg(long)]
    uses: Option<u32>,
    /// List the tickets of this file instead
    #[arg(long, conflicts_with_all = ["role", "expires", "uses", "revoke"])]
    list: bool,
    /// Revoke the ticket that begins with these digits, or all of them, instead
    #[arg(long, value_name = "ID|all", conflicts_with_all = ["role", "expires", "uses"])]
    revoke: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum TicketRole {
    /// Read and write
    Editor,
    /// Only read
    Viewer,
}

#[derive(Clone, Copy, ValueEnum)]
enum Trusted {
    /// Whoever you say yes to
    Ask,
    /// Whoever knows the node id: for your own machines and for tests
    Anyone,
}

#[derive(Clone, Copy, ValueEnum)]
enum Network {
    /// This machine only
    Local,
    /// This network: peers announce themselves to it
    Lan,
    /// Anywhere, with the help of public relays
    Internet,
}

impl From<Network> for NetworkKind {
    fn from(network: Network) -> Self {
        match network {
            Network::Local => Self::Local,
            Network::Lan => Self::Lan,
            Network::Internet => Self::Internet,
        }
    }
}

/// As [`Trusted`], where there is nobody to ask.
#[derive(Clone, Copy, ValueEnum)]
enum TrustedUnasked {
    /// Nobody: whoever is new needs a ticket
    #[value(alias = "ask")]
    Nobody,
    /// Whoever knows the node id: for your own machines and for tests
    Anyone,
}

impl From<TrustedUnasked> for Trust {
    fn from(trusted: TrustedUnasked) -> Self {
        match trusted {
            // The answer to every question is no.
            TrustedUnasked::Nobody => Self::Ask,
            TrustedUnasked::Anyone => Self::Anyone,
        }
    }
}

impl From<Trusted> for Trust {
    fn from(trusted: Trusted) -> Self {
        match trusted {
            Trusted::Ask => Self::Ask,
            Trusted::Anyone => Self::Anyone,
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.action {
        Some(Choice::Tool(tool)) => return use_tool(tool),
        Some(Choice::Document(action)) => act(action),
        None => options(arguments.edit)
            .and_then(ui::run)
            .map_err(Into::into),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("copad: {error}");
            ExitCode::from(2)
        }
    }
}

/// Writes to standard output; a reader that goes away early, as `head` does, is no error.
fn print(bytes: &[u8]) -> ExitCode {
    use std::io::Write;
    match std::io::stdout().write_all(bytes) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => fail(&error),
        _ => ExitCode::SUCCESS,
    }
}

fn use_tool(tool: Tool) -> ExitCode {
    match tool {
        Tool::Demo(arguments) => demonstrate(arguments),
        Tool::Config(arguments) => settings(&arguments),
        Tool::Themes => themes(),
        Tool::Completions { shell } => print(&completions(shell)),
        Tool::Man => manual(),
        Tool::TryAgain { state, replica } => match workspace::try_again(&state, &replica) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => fail(&error),
        },
    }
}

/// How this program tries again what it may have died of. Without its own path it cannot.
fn retrial() -> Option<Retrial> {
    let program = std::env::current_exe().ok()?;
    Some(Retrial::new(program, vec![TRY_AGAIN.into()]))
}

fn fail(error: &dyn std::fmt::Display) -> ExitCode {
    eprintln!("copad: {error}");
    ExitCode::from(2)
}

fn settings(arguments: &ConfigArguments) -> ExitCode {
    if arguments.default {
        return print(ui::config::Config::documented_default().as_bytes());
    }
    match ui::tools::check_settings() {
        Ok(Ok(sentence)) => print(format!("{sentence}\n").as_bytes()),
        Ok(Err(problems)) => {
            for problem in problems {
                eprintln!("{problem}");
            }
            ExitCode::from(1)
        }
        Err(error) => fail(&error),
    }
}

fn demonstrate(arguments: DemoArguments) -> ExitCode {
    let options = Options {
        name: arguments.name,
        theme: arguments.theme,
        ..Options::default()
    };
    match ui::demo::run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn themes() -> ExitCode {
    match ui::tools::preview_themes(ui::theme::ColorDepth::of_this_process()) {
        Ok(text) => print(text.as_bytes()),
        Err(error) => fail(&error),
    }
}

fn completions(shell: clap_complete::Shell) -> Vec<u8> {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "copad", &mut bytes);
    bytes
}

fn manual() -> ExitCode {
    let mut bytes = Vec::new();
    match clap_mangen::Man::new(Arguments::command()).render(&mut bytes) {
        Ok(()) => print(&bytes),
        Err(error) => fail(&error),
    }
}

fn act(action: Action) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(io::stdout());
    let answered = match action {
        Action::Id { file } => {
            let id = ui::launch::node_id(file.as_deref())?;
            writeln!(out, "{id}").map_err(ShellError::Output)
        }
        Action::Serve(arguments) => return Ok(serve::run(&serve_options(arguments)?)?),
        Action::Invite(arguments) => invite(arguments, &mut out)?.map_err(ShellError::Output),
        Action::Status => shell::status(&mut out),
        Action::Docs => shell::docs(&mut out),
        Action::Forget { document, yes } => shell::forget(&document, yes, &mut out),
        Action::Export { document, at } => {
            let at = at.map(|at| at.parse::<Moment>()).transpose()?;
            shell::export(&document, at, &mut out)
        }
    };
    let answered = answered.and_then(|()| Ok(out.flush()?));
    match answered {
        // Whoever read the answer has read enough of it.
        Err(ShellError::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// What is not said on the command line comes from the config file.
fn serve_options(arguments: ServeArguments) -> Result<serve::Options, Box<dyn Error>> {
    let config = Config::load(&Places::of_this_process()?.config)?;
    let configured = config.name.map(|name| format!("{name} (server)"));
    let network = arguments.network.map(NetworkKind::from);
    Ok(serve::Options {
        files: arguments.files,
        name: arguments.name.or(configured),
        connect: invite::whom_to_join(arguments.connect)?,
        trust: arguments.trust.map(Trust::from).unwrap_or_default(),
        retrial: retrial(),
        network: network.or(config.network).unwrap_or_default(),
        servers: config.servers,
        log: arguments.log,
    })
}

/// Makes, lists or revokes tickets. The inner result is that of writing the answer.
fn invite(
    arguments: InviteArguments,
    out: &mut impl io::Write,
) -> Result<io::Result<()>, LaunchError> {
    let file = &arguments.file;
    if arguments.list {
        let mut lines = invite::list(file)?.into_iter();
        return Ok(lines.try_for_each(|line| writeln!(out, "{line}")));
    }
    if let Some(which) = &arguments.revoke {
        let revoked = invite::revoke(file, which)?;
        eprintln!("{revoked} revoked");
        return Ok(Ok(()));
    }
    let options = InviteOptions {
        role: match arguments.role {
            TicketRole::Editor => Role::Editor,
            TicketRole::Viewer => Role::Viewer,
        },
        expires: arguments.expires,
        uses: arguments.uses,
    };
    let (ticket, terms) = invite::invite(file, options)?;
    let written = writeln!(out, "{ticket}").and_then(|()| out.flush());
    eprintln!("{terms}");
    Ok(written)
}

/// Reads a time such as 30m, 24h or 7d as seconds; 0 is for ever.
fn seconds(text: &str) -> Result<u64, String> {
    if text == "never" {
        return Ok(0);
    }
    let time = shell::parse_duration(text).map(|time| time.as_secs());
    time.filter(|seconds| *seconds > 0).ok_or_else(|| {
        "it is a number of seconds, minutes, hours or days (90s, 30m, 24h, 7d), or never".to_owned()
    })
}

fn options(edit: EditArguments) -> Result<Options, LaunchError> {
    Ok(Options {
        file: edit.file,
        more_files: edit.more_files,
        fresh: false,
        name: edit.name,
        color: edit.color,
        banned: Vec::new(),
        joins_from_input: edit.connect.as_deref() == Some("-"),
        connect: invite::whom_to_join(edit.connect)?,
        trust: edit.trust.map(Trust::from).unwrap_or_default(),
        retrial: retrial(),
        network: edit.network.map(NetworkKind::from),
        theme: edit.theme,
        log: edit.log,
    })
}
