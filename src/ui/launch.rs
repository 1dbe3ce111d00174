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
    app::{App, AppOptions},
    config::{Config, ConfigError},
    disk::Disk,
    keymap::Keymap,
    opening::{self, Opening, OpeningError},
    theme::{self, ColorDepth, ColorError, Theme, ThemeError},
};
use crate::{
    DocumentId, InvalidNodeId, NetworkKind, NodeId, PeerAddress, UserInfo,
    store::{FileError, NoHome, Places, Replica, ReplicaId, Store, StoreError},
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
    /// The node id of a replica whose document is joined.
    pub connect: Option<String>,
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
    Color(#[from] ColorError),
    /// The node id is none.
    #[error(transparent)]
    NodeId(#[from] InvalidNodeId),
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
pub(crate) struct Launched {
    pub app: App,
    pub disk: Disk,
    pub network: NetworkKind,
    pub lookup_directory: PathBuf,
    pub document: Option<DocumentId>,
    pub title: String,
    pub user: UserInfo,
    /// The replica that was named on the command line.
    pub host: Option<NodeId>,
    /// Peers from before.
    pub known_peers: Vec<PeerAddress>,
    /// What is in the file, while it is not decided what becomes of it.
    pub aside: Option<opening::Aside>,
    /// Something to tell once the screen is open.
    pub message: Option<String>,
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
            crate::store::read_file(file)?;
            store.replica_for(file)?
        }
        None => unnamed_replica(&store)?,
    };
    Ok(replica.node_id())
}

/// Opens what the command line asks for.
pub(crate) fn open(options: Options) -> Result<Launched, LaunchError> {
    let places = Places::of_this_process()?;
    if let Some(path) = &options.log {
        start_log(path)?;
    }
    let config = Config::load(&places.config)?;
    let theme_name = options.theme.as_deref().or(config.theme.as_deref());
    let depth = ColorDepth::from_environment(|name| std::env::var(name).ok());
    let theme = Theme::load(theme_name.unwrap_or(Theme::DEFAULT), Some(&places.config.join("themes")), depth)?;
    let color = options.color.as_ref().or(config.color.as_ref());
    let color = color.map(|color| theme::parse_color(color).map(|_| color.clone())).transpose()?;
    let host: Option<NodeId> = options.connect.as_deref().map(str::parse).transpose()?;
    let store = Store::open(&places.state)?;
    let replica = choose_replica(&store, options.file.as_deref(), host)?;
    let node = replica.node_id();
    if let Some(host) = host.filter(|host| *host == node) {
        return Err(LaunchError::OwnNodeId { node: host, title: replica.title });
    }
    let file = options.file.as_deref().map(store::read_file).transpose()?;
    // Checked late: what is wrong with the arguments is worth more to know.
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        return Err(LaunchError::NoTerminal);
    }
    let lock = lock(&store, &replica)?;
    let known_peers: Vec<_> = store.peers(replica.id)?.into_iter().map(|peer| peer.address).collect();
    let opening = match host {
        Some(host) if !known_peers.iter().any(|peer| peer.node == host) => opening::join(file),
        Some(_) | None => opening::reopen(&store, &replica, file)?,
    };
    store.record_opened(replica.id, SystemTime::now())?;

    let user = UserInfo {
        name: options.name.or_else(|| config.name.clone()).unwrap_or_else(login_name),
        color: color.unwrap_or_else(|| theme::color_for(&node, &theme)),
        avatar_url: None,
    };
    let app = App::new(AppOptions {
        document: opening.document,
        path: options.file,
        format: opening.format,
        title: replica.title.clone(),
        modified: opening.modified,
        theme,
        keymap: Keymap::from_config(&config),
        user: user.clone(),
        node,
        config: config.clone(),
    });
    Ok(Launched {
        app,
        network: options.network.or(config.network).unwrap_or_default(),
        lookup_directory: places.runtime,
        document_id: opening.document_id,
        title: replica.title.clone(),
        disk: Disk::new(store, replica, lock),
        user,
        host,
        known_peers,
        aside: opening.aside,
        message: opening.message,
    })
}

/// Finds the replica that the command line means.
fn choose_replica(store: &Store, file: Option<&Path>, host: Option<NodeId>) -> Result<Replica, LaunchError> {
    let replica = match (file, host) {
        (Some(file), _) => store.replica_for(file)?,
        (None, Some(host)) => match store.replicas_joined_through(host)?.into_iter().next() {
            Some(joined) => joined,
            None => store.create_replica(UNTITLED)?,
        },
        (None, None) => unnamed_replica(store)?,
    };
    Ok(replica)
}

fn lock(store: &Store, replica: &Replica) -> Result<ReplicaLock, LaunchError> {
    store.try_lock(replica.id)?.ok_or_else(|| LaunchError::OpenElsewhere {
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
    let failed = |source| LaunchError::Log { path: path.to_owned(), source };
    let file = OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    // Fails only where a log was started before, as in tests; that one goes on then.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Mutex::new(file)).try_init();
    Ok(())
}
