//! `copad`: arguments in, exit code out.

use std::{
    error::Error,
    io::{self, BufWriter, ErrorKind, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand, ValueEnum};
use iroh_loro_realtime::{
    NetworkKind, serve,
    shell::{self, Moment, ShellError},
    store::Places,
    ui::{self, config::Config, launch::Options},
};

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
    action: Option<Action>,
    #[command(flatten)]
    edit: EditArguments,
}

#[derive(Subcommand)]
enum Action {
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

#[derive(Args)]
struct ServeArguments {
    /// The files to serve; they need not exist yet
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The name that others see [default: config or login name, and "(server)"]
    #[arg(long)]
    name: Option<String>,
    /// Join the document that this node id shares, and save it to the one FILE, which is new
    #[arg(long, value_name = "NODE_ID")]
    connect: Option<String>,
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
    /// Your name, as others see it [default: config, else the login name]
    #[arg(long)]
    name: Option<String>,
    /// Your colour [default: config, else one derived from the node id]
    #[arg(long, value_name = "#RRGGBB")]
    color: Option<String>,
    /// Join the document that this node id shares
    #[arg(long, value_name = "NODE_ID")]
    connect: Option<String>,
    /// How far peers may be found [default: config, else internet]
    #[arg(long, value_enum)]
    network: Option<Network>,
    /// The colours of the screen [default: config, else dark]
    #[arg(long)]
    theme: Option<String>,
    /// Write a log here; its level comes from RUST_LOG
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
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

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.action {
        Some(action) => act(action),
        None => ui::run(options(arguments.edit)).map_err(Into::into),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("copad: {error}");
            ExitCode::from(2)
        }
    }
}

fn act(action: Action) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(io::stdout());
    let answered = match action {
        Action::Id { file } => {
            println!("{}", ui::launch::node_id(file.as_deref())?);
            return Ok(());
        }
        Action::Serve(arguments) => return Ok(serve::run(&serve_options(arguments)?)?),
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
        connect: arguments.connect,
        network: network.or(config.network).unwrap_or_default(),
        log: arguments.log,
    })
}

fn options(edit: EditArguments) -> Options {
    Options {
        file: edit.file,
        name: edit.name,
        color: edit.color,
        connect: edit.connect,
        network: edit.network.map(NetworkKind::from),
        theme: edit.theme,
        log: edit.log,
    }
}
