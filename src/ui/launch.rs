//! Turns arguments into an open document, before the screen opens.
//!
//! Everything that can be refused with a sentence is refused here: a wrong option, a broken config,
//! a file that is none. Nothing here waits for the network.

mod log;
mod several;

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use super::{
    app::{App, AppOptions, FileOnDisk},
    config::{Config, ConfigError},
    properties,
    reload::SettingsWatch,
    terminal::TerminalOptions,
    theme::{ColorDepth, ColorParseError, Theme, ThemeError, color_for, parse_color},
    view::View,
};
use crate::{
    InvalidInvitation, Invitation, NetworkKind, NodeId, PeerAddress, ProtocolError, UserInfo,
    store::{
        self, FileError, Journaled, KnownPeer, LoadedFile, NoHome, Places, Replica, ReplicaLock,
        Store, StoreError,
    },
    workspace::{
        self, Aside, Beside, Claim, Disk, Doorkeeper, Entrance, Opening, OpeningError, Preparation,
        Retrial, SharingOptions, Trust, Visitors,
    },
};

pub(super) use several::{AllLaunched, open_all};

/// What a document without a file is called.
const UNTITLED: &str = "untitled";

/// What was asked for on the command line. What is `None` comes from the config file.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The file to edit; it need not exist.
    pub file: Option<PathBuf>,
    /// Files to open beside it.
    pub more_files: Vec<PathBuf>,
    /// Without a file: a document with nothing in it, not the one that was last left.
    pub fresh: bool,
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
    /// How an edit that may have ended the last process is tried again, so that its sender stays.
    pub retrial: Option<Retrial>,
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
    /// Another document cannot be joined into a file that is open in another copad.
    #[error(
        "{title} is open in another copad{}: close it there before another document is joined \
         into it",
        holder.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    OpenElsewhere {
        /// What the document is called.
        title: String,
        /// The process that has it open.
        holder: Option<u32>,
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
    /// Where the settings are, to take changes over.
    pub(super) settings: SettingsWatch,
    pub(super) disk: Arc<Disk>,
    /// How much of the document is stored.
    pub(super) journaled: Journaled,
    pub(super) sharing: SharingOptions,
    /// Another copad has the file.
    pub(super) beside: Option<Beside>,
    /// Why nothing may be changed, if so.
    pub(super) read_only: Option<String>,
    /// Whether the document is that of a peer, and not here yet.
    pub(super) joins: bool,
    /// What is in the file, while it is not decided what becomes of it.
    pub(super) aside: Option<Aside>,
    /// What is still to be done until the document is there, of which the text is shown already.
    pub(super) preparation: Option<Preparation>,
    /// Who was asked for on the command line and is known already, and what to tell when they are
    /// not there.
    pub(super) absent_host: Option<(NodeId, String)>,
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

/// Opens one document.
pub(super) fn open(options: Options) -> Result<Launched, LaunchError> {
    open_in(options, &Places::of_this_process()?)
}

/// Opens what the command line asks for, with what is kept in these places.
pub(super) fn open_in(options: Options, places: &Places) -> Result<Launched, LaunchError> {
    match try_open(options.clone(), places) {
        // Found on the way. Opened anew, the store rescues what is sound.
        Err(
            LaunchError::Store(StoreError::Damaged { .. })
            | LaunchError::Opening(OpeningError::Store(StoreError::Damaged { .. })),
        ) => try_open(options, places),
        opened => opened,
    }
}

fn try_open(options: Options, places: &Places) -> Result<Launched, LaunchError> {
    if let Some(path) = &options.log {
        log::start(path)?;
    }
    let config = Config::load(&places.config)?;
    let theme = load_theme(&options, &config, places)?;
    let settings = SettingsWatch::new(
        places.config.clone(),
        options.theme.clone(),
        usual_theme(theme.depth()).to_owned(),
        theme.depth(),
    );
    let color = options.color.as_deref().or(config.color.as_deref());
    color.map(parse_color).transpose()?;
    let invitation: Option<Invitation> = options.connect.as_deref().map(str::parse).transpose()?;
    let host = invitation.as_ref().map(|there| there.address().node);
    let file = options.file.as_deref().map(store::read_file).transpose()?;

    let store = Store::open(&places.state)?;
    let is_first_start = store.replicas()?.is_empty();
    let (replica, lock) = choose_replica(&store, &options, host)?;
    if host == Some(node_of(&replica)) {
        let node = node_of(&replica);
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
    let seat = match lock {
        Some(lock) => seat(&store, replica, lock, invitation.as_ref(), file)?,
        None if is_met(&store, &replica, host)? => {
            seat_beside(&store, replica, &places.runtime, file)?
        }
        None => return Err(open_elsewhere(&store, &replica)),
    };
    let Seat {
        replica, opening, ..
    } = seat;
    let view = store.view(replica.id)?;
    store.record_opened(replica.id, SystemTime::now())?;

    let node = node_of(&replica);
    let user = UserInfo {
        name: options
            .name
            .or_else(|| config.name.clone())
            .unwrap_or_else(workspace::login_name),
        color: color.map_or_else(|| color_for(&node, &theme), str::to_owned),
        avatar_url: None,
    };
    let kind = options.network.or(config.network).unwrap_or_default();
    let servers = config.servers.clone();
    let terminal = TerminalOptions {
        mouse: config.mouse,
    };
    let properties = options.file.as_deref().map(properties::of_file);
    let mut app = App::new(AppOptions {
        document: opening.document,
        path: options.file,
        format: opening.format,
        title: seat.title.clone(),
        modified: opening.modified,
        file: seat.file,
        theme,
        keymap: config.keymap(),
        user: user.clone(),
        node,
        config,
    });
    let visitors = Visitors {
        trust: options.trust,
        doorkeeper: Doorkeeper::Person,
        wanted: host.filter(|host| !options.banned.contains(host)),
        banned: options.banned,
        retrial: options.retrial,
    };
    let (entrance, accident) = Entrance::load(&store, replica.id, opening.document_id, visitors)?;
    app.adopt(properties.unwrap_or_default());
    if is_first_start {
        app.greet();
    }
    let view = view.and_then(|bytes| View::decode(&bytes));
    if let Some(place) = view.and_then(|view| view.resolve(app.document())) {
        app.start_at(place);
    }
    let sharing = SharingOptions {
        document: app.document().shared().clone(),
        document_id: opening.document_id,
        title: seat.title,
        key: replica.node_key.to_bytes(),
        user,
        kind,
        servers,
        lookup_directory: places.runtime.clone(),
        conflicts: app.conflict_settings(),
        entrance,
        ticket: invitation.and_then(Invitation::into_ticket),
        peers: seat.peers,
    };
    Ok(Launched {
        app,
        settings,
        sharing,
        disk: Arc::new(Disk::new(store, &replica, seat.lock, seat.claim)),
        journaled: opening.journaled,
        beside: seat.beside,
        read_only: seat.read_only,
        joins: seat.joins,
        aside: opening.aside,
        preparation: opening.preparation,
        absent_host: seat.absent_host,
        terminal,
        message: accident.or(opening.message),
    })
}

/// The replica in which this process works on a document, and what it starts with.
struct Seat {
    replica: Replica,
    lock: ReplicaLock,
    /// The file, while it is another replica's.
    claim: Option<Claim>,
    opening: Opening,
    file: Option<FileOnDisk>,
    /// What others see the document called.
    title: String,
    peers: Vec<PeerAddress>,
    joins: bool,
    absent_host: Option<(NodeId, String)>,
    beside: Option<Beside>,
    read_only: Option<String>,
}

/// Opens a replica that nobody else has open.
fn seat(
    store: &Store,
    mut replica: Replica,
    mut lock: ReplicaLock,
    invitation: Option<&Invitation>,
    file: Option<LoadedFile>,
) -> Result<Seat, LaunchError> {
    let there = invitation.map(Invitation::address);
    let host = there.as_ref().map(|there| there.node);
    let known = store.peers(replica.id)?;
    let absent_host = known.iter().find(|peer| Some(peer.address.node) == host);
    let absent_host = absent_host.map(|host| (host.address.node, absence(host, &replica.title)));
    let mut peers: Vec<_> = known.into_iter().map(|peer| peer.address).collect();
    let new_host = workspace::new_host(&replica, &peers, there);
    let joins = new_host.is_some();
    let mut claim = None;
    let on_disk = file.as_ref().map(|file| FileOnDisk::of(file, joins));
    let warning = file.as_ref().and_then(LoadedFile::warning);
    let mut opening = match new_host {
        Some(host) => {
            if needs_own_replica(store, &replica, file.as_ref())?
                && let Some(path) = replica.path.clone()
            {
                replica = store.replica_for_joining(&path, host.node)?;
                let own = store.try_lock(replica.id)?;
                let own = own.ok_or_else(|| open_elsewhere(store, &replica))?;
                let lock = std::mem::replace(&mut lock, own);
                claim = Some(Claim { path, lock });
            }
            // Peers of the document that was in the file before have another one.
            peers = vec![host];
            workspace::join(store, &replica, file)?
        }
        None => {
            let text = on_disk.as_ref().map(|file| file.text.clone());
            workspace::reopen_at_once(store, &replica, file, text.unwrap_or_default())?
        }
    };
    let on_disk = match opening.last_saved.take() {
        Some(last_saved) => Some(FileOnDisk::last_saved(last_saved)),
        None => on_disk,
    };
    if claim.is_none()
        && let Some(sentence) = waiting_to_join(store, &replica)?
    {
        let other = opening
            .message
            .map_or_else(String::new, |it| format!(". {it}"));
        opening.message = Some(sentence + &other);
    }
    opening.message = opening.message.or(warning);
    Ok(Seat {
        title: replica.title.clone(),
        replica,
        lock,
        claim,
        opening,
        file: on_disk,
        peers,
        joins,
        absent_host,
        beside: None,
        read_only: None,
    })
}

/// Opens a replica of its own for a file that another copad has open, to join that one.
fn seat_beside(
    store: &Store,
    file: Replica,
    runtime: &Path,
    loaded: Option<LoadedFile>,
) -> Result<Seat, LaunchError> {
    let (replica, lock) = workspace::claim_beside(store, &file)?;
    let joins = file.document.is_none();
    let on_disk = loaded.as_ref().map(|file| FileOnDisk::of(file, joins));
    let mut opening = match joins {
        // The other waits for a document itself; what is in the file it knows.
        true => workspace::join(store, &replica, None)?,
        false => workspace::open_beside(store, &file, &replica, loaded)?,
    };
    let beside = Beside::new(&file, runtime);
    let other = beside.as_ref().and_then(|beside| beside.holder(store));
    let other = other.map_or_else(|| "another copad".to_owned(), |id| format!("process {id}"));
    let answers = beside.as_ref().is_some_and(|beside| beside.answers(store));
    let mut read_only = None;
    if answers {
        opening.message = Some(format!("Also open in {other}; joined it"));
    } else {
        read_only = Some(format!(
            "{} is open in {other}, which does not answer: read-only until it does, or ends",
            file.title
        ));
    }
    Ok(Seat {
        peers: workspace::peers_beside(store, &file, &replica)?,
        title: file.title,
        replica,
        lock,
        claim: None,
        opening,
        file: on_disk,
        joins,
        absent_host: None,
        beside,
        read_only,
    })
}

fn load_theme(options: &Options, config: &Config, places: &Places) -> Result<Theme, LaunchError> {
    let depth = ColorDepth::of_this_process();
    let name = options.theme.as_deref().or(config.theme.as_deref());
    let name = name.unwrap_or(usual_theme(depth));
    let theme = Theme::load(name, Some(&places.config.join("themes")))?;
    Ok(theme.with_depth(depth).with_borders(config.borders))
}

/// The theme where nobody chose one.
fn usual_theme(depth: ColorDepth) -> &'static str {
    let colors = std::env::var("COLORFGBG").ok();
    Theme::usual_name(depth, colors.as_deref())
}

/// The node id under which a replica is shared.
fn node_of(replica: &Replica) -> NodeId {
    NodeId::of_key(&replica.node_key.to_bytes())
}

/// Finds and locks the replica that the command line means.
fn choose_replica(
    store: &Store,
    options: &Options,
    host: Option<NodeId>,
) -> Result<(Replica, Option<ReplicaLock>), LaunchError> {
    let candidates = match (&options.file, host) {
        (Some(file), _) => {
            let replica = store.replica_for(file)?;
            let lock = store.try_lock(replica.id)?;
            return Ok((replica, lock));
        }
        (None, Some(host)) => store.replicas_joined_through(host)?,
        (None, None) => unnamed_replicas(store)?,
    };
    for replica in candidates {
        let Some(lock) = store.try_lock(replica.id)? else {
            continue;
        };
        // What cannot be read is left to whoever asks for it.
        if !options.fresh || store.text(replica.id).is_ok_and(|text| text.is_empty()) {
            return Ok((replica, Some(lock)));
        }
    }
    let title = host.map_or_else(|| UNTITLED.to_owned(), |host| host.short());
    let replica = store.create_replica(&title)?;
    let lock = store.try_lock(replica.id)?;
    Ok((replica, lock))
}

/// Whether nobody new is joined: the host is none, or one that the replica met before.
fn is_met(store: &Store, replica: &Replica, host: Option<NodeId>) -> Result<bool, StoreError> {
    let Some(host) = host else { return Ok(true) };
    let peers = store.peers(replica.id)?;
    Ok(peers.iter().any(|peer| peer.address.node == host))
}

/// What to tell while the host of a document is away that was joined before.
fn absence(host: &KnownPeer, title: &str) -> String {
    let short = || host.address.node.short();
    let name = host.name.clone().unwrap_or_else(short);
    let seen = SystemTime::now().duration_since(host.last_seen);
    let age = workspace::age(seen.unwrap_or_default());
    format!("{name}'s {title}, as of {age}; its host is not there yet")
}

/// Says that another document cannot be joined into a file that another copad has open.
fn open_elsewhere(store: &Store, replica: &Replica) -> LaunchError {
    LaunchError::OpenElsewhere {
        title: replica.title.clone(),
        holder: store.lock_holder(replica.id),
    }
}

/// Whether a document that is joined into a file must not touch what is stored of that file, until
/// a person has decided.
fn needs_own_replica(
    store: &Store,
    replica: &Replica,
    file: Option<&LoadedFile>,
) -> Result<bool, StoreError> {
    let has_text = file.is_some_and(|file| !file.text.is_empty());
    Ok(has_text || replica.document.is_some() || store.has_history(replica.id)?)
}

/// Says that something was written for this file while a host was away that never answered.
fn waiting_to_join(store: &Store, replica: &Replica) -> Result<Option<String>, StoreError> {
    let Some(path) = &replica.path else {
        return Ok(None);
    };
    for waiting in store.replicas_meant_for(path)? {
        let host = store.peers(waiting.id)?.into_iter().next();
        if let Some(host) = host.filter(|_| store.text(waiting.id).is_ok_and(|it| !it.is_empty())) {
            let host = host.address.node.short();
            return Ok(Some(format!(
                "What you wrote while waiting for {host} is kept: join it again"
            )));
        }
    }
    Ok(None)
}

/// The replicas of buffers that were opened without a file.
fn unnamed_replicas(store: &Store) -> Result<Vec<Replica>, StoreError> {
    let mut replicas = store.replicas()?;
    replicas.retain(|replica| replica.path.is_none() && replica.title == UNTITLED);
    Ok(replicas)
}
