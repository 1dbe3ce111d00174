//! Turns arguments into an open document, before the screen opens.
//!
//! Everything that can be refused with a sentence is refused here: a wrong option, a broken config,
//! a file that is none. Nothing here waits for the network.

use std::{
    fs::OpenOptions,
    io::IsTerminal,
    path::{Path, PathBuf},
    sync::Mutex,
    time::SystemTime,
};

use super::{
    app::{App, AppOptions, ShareInfo},
    config::{Config, ConfigError},
    disk::Disk,
    entrance::{Entrance, Trust},
    network,
    opening::{self, Aside, OpeningError},
    terminal::TerminalOptions,
    theme::{ColorDepth, ColorParseError, Theme, ThemeError, color_for, parse_color},
};
use crate::{
    DocumentId, InvalidInvitation, Invitation, NetworkKind, NodeId, PeerAddress, ProtocolError,
    Ticket, UserInfo,
    store::{self, FileError, NoHome, Places, Replica, ReplicaLock, Store, StoreError},
};

/// What a document without a file is called.
const UNTITLED: &str = "untitled";

/// What was asked for on the command line. What is `None` comes from the config file.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The file to edit; it need not exist.
    pub file: Option<PathBuf>,
    /// The name that others see.
    pub name: Option<String>,
    /// The colour that others see, `#RRGGBB`.
    pub color: Option<String>,
    /// The node id or ticket of a replica whose document is joined.
    pub connect: Option<String>,
    /// Whether that was read from standard input, which need not be the terminal then.
    pub joins_from_input: bool,
    /// Who is shut out, because what they sent broke the document.
    pub banned: Vec<NodeId>,
    /// Whom to let in that is not a member.
    pub trust: Trust,
    /// How far peers may be found.
    pub network: Option<NetworkKind>,
    /// The name of a theme.
    pub theme: Option<String>,
    /// Where to write the log.
    pub log: Option<PathBuf>,
}

/// Why nothing was opened. Each is one sentence for a person.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// Standard input or output is no terminal.
    #[error("copad needs a terminal to draw on")]
    NoTerminal,
    /// No folder to keep things in.
    #[error(transparent)]
    NoHome(#[from] NoHome),
    /// The config file is broken.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The theme is unknown or broken.
    #[error(transparent)]
    Theme(#[from] ThemeError),
    /// The colour is none.
    #[error(transparent)]
    Color(#[from] ColorParseError),
    /// What was given as a node id or ticket is neither.
    #[error(transparent)]
    Invitation(#[from] InvalidInvitation),
    /// Only the owner makes tickets.
    #[error("{title} belongs to somebody else: only its owner makes tickets for it")]
    NotOwner {
        /// What the document is called.
        title: String,
    },
    /// There is no document yet to make a ticket for.
    #[error("{title} was never opened here: open it once before you make a ticket for it")]
    NeverOpened {
        /// What the document is called.
        title: String,
    },
    /// No ticket, or several, begin with these digits.
    #[error("{found} tickets begin with \"{which}\": copad invite FILE --list shows them")]
    NoSuchTicket {
        /// What was given.
        which: String,
        /// How many there are.
        found: usize,
    },
    /// The node id is that of the file itself.
    #[error(
        "{} is the node id of {title} itself: give it to somebody else, or name another file",
        node.short()
    )]
    OwnNodeId {
        /// The id that was to be joined.
        node: NodeId,
        /// What the document is called.
        title: String,
    },
    /// Somebody works on the file in another copad.
    #[error(
        "{title} is open in another copad{}: join that one with copad --connect {node}",
        holder.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    OpenElsewhere {
        /// What the document is called.
        title: String,
        /// The process that has it open.
        holder: Option<u32>,
        /// Its node id.
        node: NodeId,
    },
    /// The state folder cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be edited.
    #[error(transparent)]
    File(#[from] FileError),
    /// The document cannot be opened.
    #[error(transparent)]
    Opening(#[from] OpeningError),
    /// The network part of the program cannot start.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// The log cannot be written.
    #[error("the log cannot be written to {}: {source}", path.display())]
    Log {
        /// Where it was to go.
        path: PathBuf,
        /// Why it cannot.
        source: std::io::Error,
    },
    /// The terminal or the runtime failed.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] std::io::Error),
}

/// A document that is ready for the screen and the network.
pub(super) struct Launched {
    pub(super) app: App,
    pub(super) disk: Disk,
    pub(super) network: NetworkKind,
    /// Where programs on this machine find each other.
    pub(super) lookup_directory: PathBuf,
    /// `None`: it takes the document that is joined.
    pub(super) document_id: Option<DocumentId>,
    pub(super) title: String,
    pub(super) user: UserInfo,
    /// The replica that was named on the command line, and peers from before.
    pub(super) peers: Vec<PeerAddress>,
    /// Whether the document is that of a peer, and not here yet.
    pub(super) joins: bool,
    /// Whether the replica never held a document before.
    pub(super) fresh: bool,
    /// What is in the file, while it is not decided what becomes of it.
    pub(super) aside: Option<Aside>,
    pub(super) entrance: Entrance,
    /// What opens the door of the replica that was named on the command line.
    pub(super) ticket: Option<Ticket>,
    pub(super) share: ShareInfo,
    pub(super) terminal: TerminalOptions,
    /// Something to tell once the screen is open.
    pub(super) message: Option<String>,
}

/// Returns the node id under which a file is shared; without a file, that of the unnamed buffer.
///
/// # Errors
///
/// Fails when the file cannot be one of ours or the state folder cannot be used.
pub fn node_id(file: Option<&Path>) -> Result<NodeId, LaunchError> {
    let store = Store::open(&Places::of_this_process()?.state)?;
    let replica = match file {
        Some(file) => {
            store::read_file(file)?;
            store.replica_for(file)?
        }
        None => match unnamed_replicas(&store)?.into_iter().next() {
            Some(replica) => replica,
            None => store.create_replica(UNTITLED)?,
        },
    };
    Ok(node_of(&replica))
}

/// Opens what the command line asks for.
pub(super) fn open(options: Options) -> Result<Launched, LaunchError> {
    let places = Places::of_this_process()?;
    if let Some(path) = &options.log {
        start_log(path)?;
    }
    let config = Config::load(&places.config)?;
    let theme = load_theme(&options, &config, &places)?;
    let color = options.color.as_deref().or(config.color.as_deref());
    color.map(parse_color).transpose()?;
    let invitation: Option<Invitation> = options.connect.as_deref().map(str::parse).transpose()?;
    let host = invitation.as_ref().map(|there| there.address().node);
    let file = options.file.as_deref().map(store::read_file).transpose()?;

    let store = Store::open(&places.state)?;
    let (replica, lock) = choose_replica(&store, options.file.as_deref(), host)?;
    let node = node_of(&replica);
    if host == Some(node) {
        return Err(LaunchError::OwnNodeId {
            node,
            title: replica.title,
        });
    }
    // Checked late: what is wrong with the arguments is worth more to know.
    // What is read from standard input may come from elsewhere; the keys then come from the
    // terminal itself.
    let keys = std::io::stdin().is_terminal() || options.joins_from_input;
    if !(keys && std::io::stdout().is_terminal()) {
        return Err(LaunchError::NoTerminal);
    }
    let lock = locked(&store, &replica, lock)?;

    let mut peers: Vec<_> = store
        .peers(replica.id)?
        .into_iter()
        .map(|peer| peer.address)
        .collect();
    let new_host = host.filter(|host| !peers.iter().any(|peer| peer.node == *host));
    let opening = match new_host {
        Some(host) => {
            // Peers of the document that was in the file before have another one.
            peers = vec![
                invitation
                    .as_ref()
                    .map_or_else(|| PeerAddress::unknown(host), Invitation::address),
            ];
            opening::join(file)
        }
        None => opening::reopen(&store, &replica, file)?,
    };
    store.record_opened(replica.id, SystemTime::now())?;

    let user = UserInfo {
        name: options
            .name
            .or_else(|| config.name.clone())
            .unwrap_or_else(login_name),
        color: color.map_or_else(|| color_for(&node, &theme), str::to_owned),
        avatar_url: None,
    };
    let network = options.network.or(config.network).unwrap_or_default();
    let terminal = TerminalOptions {
        mouse: config.mouse,
    };
    let app = App::new(AppOptions {
        document: opening.document,
        path: options.file,
        format: opening.format,
        title: replica.title.clone(),
        modified: opening.modified,
        theme,
        keymap: config.keymap(),
        user: user.clone(),
        node,
        config,
    });
    let wanted = host.filter(|host| !options.banned.contains(host));
    let (entrance, accident) = Entrance::load(
        &store,
        replica.id,
        opening.document_id,
        options.trust,
        options.banned,
        wanted,
    )?;
    Ok(Launched {
        app,
        entrance,
        ticket: invitation.and_then(Invitation::into_ticket),
        network,
        lookup_directory: places.runtime,
        document_id: opening.document_id,
        title: replica.title.clone(),
        disk: Disk::new(store, &replica, lock),
        user,
        peers,
        joins: new_host.is_some(),
        fresh: replica.document.is_none(),
        aside: opening.aside,
        share: network::share_info(node, network),
        terminal,
        message: accident.or(opening.message),
    })
}

fn load_theme(options: &Options, config: &Config, places: &Places) -> Result<Theme, LaunchError> {
    let variable = |name| std::env::var(name).ok();
    let (no_color, colorterm, term) = (
        variable("NO_COLOR"),
        variable("COLORTERM"),
        variable("TERM"),
    );
    let depth =
        ColorDepth::from_environment(no_color.as_deref(), colorterm.as_deref(), term.as_deref());
    let name = options.theme.as_deref().or(config.theme.as_deref());
    let name = name.unwrap_or(Theme::default_name(depth));
    let theme = Theme::load(name, Some(&places.config.join("themes")))?;
    Ok(theme.with_depth(depth))
}

/// The node id under which a replica is shared.
fn node_of(replica: &Replica) -> NodeId {
    NodeId::of_key(&replica.node_key.to_bytes())
}

/// Finds and locks the replica that the command line means.
fn choose_replica(
    store: &Store,
    file: Option<&Path>,
    host: Option<NodeId>,
) -> Result<(Replica, Option<ReplicaLock>), LaunchError> {
    let candidates = match (file, host) {
        (Some(file), _) => {
            let replica = store.replica_for(file)?;
            let lock = store.try_lock(replica.id)?;
            return Ok((replica, lock));
        }
        (None, Some(host)) => store.replicas_joined_through(host)?,
        (None, None) => unnamed_replicas(store)?,
    };
    for replica in candidates {
        if let Some(lock) = store.try_lock(replica.id)? {
            return Ok((replica, Some(lock)));
        }
    }
    let title = host.map_or_else(|| UNTITLED.to_owned(), |host| host.short());
    let replica = store.create_replica(&title)?;
    let lock = store.try_lock(replica.id)?;
    Ok((replica, lock))
}

/// The replicas of buffers that were opened without a file.
fn unnamed_replicas(store: &Store) -> Result<Vec<Replica>, StoreError> {
    let mut replicas = store.replicas()?;
    replicas.retain(|replica| replica.path.is_none() && replica.title == UNTITLED);
    Ok(replicas)
}

/// Refuses a file that somebody works on in another copad.
fn locked(
    store: &Store,
    replica: &Replica,
    lock: Option<ReplicaLock>,
) -> Result<ReplicaLock, LaunchError> {
    lock.ok_or_else(|| LaunchError::OpenElsewhere {
        title: replica.title.clone(),
        holder: store.lock_holder(replica.id),
        node: node_of(replica),
    })
}

fn login_name() -> String {
    whoami::username().unwrap_or_else(|_| "somebody".to_owned())
}

/// Sends the log to a file: the screen is taken.
fn start_log(path: &Path) -> Result<(), LaunchError> {
    let failed = |source| LaunchError::Log {
        path: path.to_owned(),
        source,
    };
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(failed)?;
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    // Fails only where a log was started before, as in tests; that one goes on then.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(Mutex::new(file))
        .try_init();
    Ok(())
}
