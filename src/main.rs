//! `copad`: arguments in, exit code out.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use iroh_loro_realtime::{
    NetworkKind,
    ui::{self, launch::Options},
};

/// Write together in the terminal: no account, no server.
#[derive(Parser)]
#[command(name = "copad", version, args_conflicts_with_subcommands = true)]
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

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.action {
        Some(Action::Id { file }) => {
            ui::launch::node_id(file.as_deref()).map(|id| println!("{id}"))
        }
        Some(Action::Config(config)) => return settings(&config),
        Some(Action::Themes) => return themes(),
        Some(Action::Completions { shell }) => return print(&completions(shell)),
        Some(Action::Man) => return manual(),
        None => ui::run(options(arguments.edit)),
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

fn options(edit: EditArguments) -> Options {
    Options {
        file: edit.file,
        name: edit.name,
        color: edit.color,
        connect: edit.connect,
        network: edit.network.map(|network| match network {
            Network::Local => NetworkKind::Local,
            Network::Lan => NetworkKind::Lan,
            Network::Internet => NetworkKind::Internet,
        }),
        theme: edit.theme,
        log: edit.log,
    }
}
