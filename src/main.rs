//! `copad`: arguments in, exit code out.

use std::{path::PathBuf, process::ExitCode};

use mimalloc::MiMalloc;

use clap::{Args, Parser, Subcommand, ValueEnum};
use iroh_loro_realtime::{
    NetworkKind, Role,
    ui::{
        self,
        entrance::{self, Trust},
        invite::{self, InviteOptions},
        launch::{LaunchError, Options},
    },
};

/// Loro reads lengths that a crafted update made up and asks for that much memory: this allocator
/// hands out room that is never touched, where the system's would end the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

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
    /// Make a ticket for FILE: whoever has it is let in while FILE is open here
    Invite(InviteArguments),
    /// Print the node id under which FILE is shared, and exit
    Id {
        /// The file; without it, the buffer that has no file
        file: Option<PathBuf>,
    },
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
    /// The colours of the screen [default: config, else dark]
    #[arg(long)]
    theme: Option<String>,
    /// Write a log here; its level comes from RUST_LOG
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
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

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.action {
        Some(Action::Id { file }) => {
            ui::launch::node_id(file.as_deref()).map(|id| println!("{id}"))
        }
        Some(Action::Invite(arguments)) => invite(arguments),
        None => options(arguments.edit).and_then(ui::run),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("copad: {error}");
            ExitCode::from(2)
        }
    }
}

fn invite(arguments: InviteArguments) -> Result<(), LaunchError> {
    let file = &arguments.file;
    if arguments.list {
        for line in invite::list(file)? {
            println!("{line}");
        }
        return Ok(());
    }
    if let Some(which) = &arguments.revoke {
        let revoked = invite::revoke(file, which)?;
        eprintln!("{revoked} revoked");
        return Ok(());
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
    println!("{ticket}");
    eprintln!("{terms}");
    Ok(())
}

/// Reads a time such as 30m, 24h or 7d as seconds; 0 is for ever.
fn seconds(text: &str) -> Result<u64, String> {
    if text == "never" {
        return Ok(0);
    }
    let wrong = || "it is a number of minutes, hours or days (30m, 24h, 7d), or never".to_owned();
    let unit = match text.chars().last() {
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    number
        .checked_mul(unit)
        .filter(|seconds| *seconds > 0)
        .ok_or_else(wrong)
}

fn options(edit: EditArguments) -> Result<Options, LaunchError> {
    Ok(Options {
        file: edit.file,
        name: edit.name,
        color: edit.color,
        banned: Vec::new(),
        joins_from_input: edit.connect.as_deref() == Some("-"),
        connect: entrance::whom_to_join(edit.connect)?,
        trust: match edit.trust {
            Some(Trusted::Ask) | None => Trust::Ask,
            Some(Trusted::Anyone) => Trust::Anyone,
        },
        network: edit.network.map(|network| match network {
            Network::Local => NetworkKind::Local,
            Network::Lan => NetworkKind::Lan,
            Network::Internet => NetworkKind::Internet,
        }),
        theme: edit.theme,
        log: edit.log,
    })
}
