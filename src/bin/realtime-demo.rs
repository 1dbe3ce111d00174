//! `realtime-demo`: a peer with a line prompt, over the public library only.
//!
//! People type commands, and see what others do as it happens. With a pipe as standard input it
//! is a script: no prompt, `wait` instead of sleeping, and the first command that fails ends it.

#[path = "realtime-demo/command.rs"]
mod command;
#[path = "realtime-demo/news.rs"]
mod news;
#[path = "realtime-demo/prompt.rs"]
mod prompt;

use std::{io, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Parser, ValueEnum};
use iroh_loro_realtime::{
    ChangeError, CursorPosition, DocumentId, EndpointError, Listener, NetworkKind, NodeId,
    PeerAddress, PeerState, PresenceError, ProtocolError, RealtimeLoroProtocol, Selection,
    UserInfo,
    crdt::SharedDocument,
    store::{NoHome, Places},
};
use loro::{LoroDoc, LoroText};
use thiserror::Error;
use tokio::{
    sync::broadcast,
    time::{Instant, timeout_at},
};

use command::{Command, CommandError, Condition};
use news::News;
use prompt::Prompt;

/// The text that everybody writes in; copad uses the same.
const CONTAINER: &str = "main";
/// Events that may pile up before the oldest are lost.
const EVENTS: usize = 1000;
/// How long `wait` waits, unless it is told otherwise.
const PATIENCE: Duration = Duration::from_secs(30);

/// A peer with a line prompt, to try the library and to script it
#[derive(Parser)]
#[command(name = "realtime-demo", version)]
struct Arguments {
    /// Your name, as others see it
    #[arg(long, default_value = "Guest")]
    name: String,
    /// Your colour [default: one derived from the node id]
    #[arg(
        long,
        value_name = "#RRGGBB",
        default_value = "",
        hide_default_value = true
    )]
    color: String,
    /// Join the document of the peer with this node id
    #[arg(long, value_name = "NODE_ID")]
    connect: Option<NodeId>,
    /// How far peers may be found
    #[arg(long, value_enum, default_value = "internet")]
    network: Network,
    /// Where peers on this machine find each other [default: copad's own folder]
    #[arg(long, value_name = "FOLDER")]
    lookup: Option<PathBuf>,
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

/// Why the program ends early. Each is one sentence for a person.
#[derive(Debug, Error)]
enum DemoError {
    #[error(transparent)]
    NoHome(#[from] NoHome),
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    #[error("{0}")]
    Command(#[from] CommandError),
    #[error("the text cannot be changed: {0}")]
    Change(#[from] ChangeError),
    #[error(transparent)]
    Presence(#[from] PresenceError),
    #[error("waited {} s in vain {condition}", seconds.as_secs())]
    InVain {
        seconds: Duration,
        condition: Condition,
    },
    #[error("standard output cannot be written: {0}")]
    Output(#[from] io::Error),
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("realtime-demo: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), DemoError> {
    let lookup = match arguments.lookup {
        Some(folder) => folder,
        None => Places::of_this_process()?.runtime,
    };
    let key: [u8; 32] = rand::random();
    let node = NodeId::of_key(&key);
    let user = UserInfo {
        name: arguments.name,
        color: arguments.color,
        avatar_url: None,
    };
    // Whoever joins takes the document of the host.
    let document = arguments.connect.is_none().then(DocumentId::random);
    let (update_tx, updates) = broadcast::channel(EVENTS);
    let (presence_tx, presence) = broadcast::channel(EVENTS);
    let protocol = RealtimeLoroProtocol::builder(SharedDocument::new(LoroDoc::new()), node, user)
        .document_id(document)
        .title("realtime-demo".to_owned())
        .lookup_directory(Some(lookup.clone()))
        .updates(update_tx)
        .presence(presence_tx)
        .spawn()?;
    let news = News::new(&protocol, updates, presence);
    let listener = Listener::start(arguments.network.into(), key, Some(lookup), &protocol).await?;

    let mut demo = Demo {
        prompt: Prompt::of_this_process(),
        protocol,
        news,
    };
    demo.prompt.say(&format!("node {node}"))?;
    if let Some(host) = arguments.connect {
        demo.connect(host);
    }
    let result = demo.serve().await;
    // Also says goodbye to the peers, and sends what they still lack.
    listener.close().await;
    result
}

/// The running program.
struct Demo {
    prompt: Prompt,
    protocol: RealtimeLoroProtocol,
    news: News,
}

impl Demo {
    /// Carries out commands until the last, and tells the news in between.
    async fn serve(&mut self) -> Result<(), DemoError> {
        loop {
            self.prompt.invite()?;
            let line = tokio::select! {
                line = self.prompt.line() => line,
                news = self.news.next() => {
                    self.prompt.say(&news)?;
                    continue;
                }
            };
            let Some(line) = line else {
                return Ok(());
            };
            let outcome = match command::parse(&line) {
                Ok(None) => continue,
                Ok(Some(Command::Quit)) => return Ok(()),
                Ok(Some(command)) => self.carry_out(command).await,
                Err(error) => Err(error.into()),
            };
            match outcome {
                Ok(()) => {}
                Err(error) if self.prompt.is_interactive() => {
                    self.prompt.say(&format!("error: {error}"))?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn carry_out(&mut self, command: Command) -> Result<(), DemoError> {
        match command {
            Command::Insert(place, words) => {
                let insert = |text: &LoroText| text.insert(place.in_text(text), &words);
                self.edit(insert).await
            }
            Command::Delete(place, count) => {
                let delete = |text: &LoroText| text.delete(place.in_text(text), count);
                self.edit(delete).await
            }
            Command::Show => self.show(),
            Command::Peers => self.list_peers(),
            Command::Cursor(start, end) => {
                let text = self.text().to_string();
                let place = |place: command::Place| cursor(&text, place.in_text(&self.text()));
                let presence = self.protocol.presence_manager();
                match end {
                    None => {
                        presence.update_selection(None).await?;
                        presence.update_cursor(place(start)).await?;
                    }
                    Some(end) => {
                        let selection = Selection::new(place(start), place(end));
                        presence.update_selection(Some(selection)).await?;
                    }
                }
                Ok(())
            }
            Command::Typing(typing) => {
                self.protocol.presence_manager().set_typing(typing).await?;
                Ok(())
            }
            Command::Connect(node) => {
                self.connect(node);
                Ok(())
            }
            Command::Disconnect(node) => {
                self.protocol.connection_manager().disconnect(node);
                Ok(())
            }
            Command::Offline => {
                self.protocol.connection_manager().go_offline();
                // Only then does a later `wait sync` mean a new connection.
                self.wait(Condition::Peers(0), PATIENCE).await
            }
            Command::Online => {
                self.protocol.connection_manager().go_online();
                Ok(())
            }
            Command::Wait(condition, patience) => {
                self.wait(condition, patience.unwrap_or(PATIENCE)).await
            }
            Command::Help => Ok(self.prompt.say(command::HELP.trim_end())?),
            Command::Quit => Ok(()),
        }
    }

    fn text(&self) -> LoroText {
        self.protocol.doc().get_text(CONTAINER)
    }

    async fn edit(
        &self,
        change: impl FnOnce(&LoroText) -> loro::LoroResult<()>,
    ) -> Result<(), DemoError> {
        let change = |doc: &LoroDoc| change(&doc.get_text(CONTAINER));
        Ok(self.protocol.apply_local_change(change).await?)
    }

    fn connect(&self, node: NodeId) {
        let address = PeerAddress::unknown(node);
        self.protocol.connection_manager().connect(address);
    }

    /// Tells the news until something is so.
    async fn wait(&mut self, condition: Condition, patience: Duration) -> Result<(), DemoError> {
        let end = Instant::now() + patience;
        while !self.holds(&condition) {
            let Ok(news) = timeout_at(end, self.news.next()).await else {
                return Err(DemoError::InVain {
                    seconds: patience,
                    condition,
                });
            };
            self.prompt.say(&news)?;
        }
        Ok(())
    }

    fn holds(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Sync => self.peers_in(&[PeerState::Connected, PeerState::Unstable]) > 0,
            Condition::Peers(count) => {
                let here = [
                    PeerState::Syncing,
                    PeerState::Connected,
                    PeerState::Unstable,
                ];
                self.peers_in(&here) == *count
            }
            Condition::Text(words) => self.text().to_string().contains(words),
        }
    }

    fn peers_in(&self, states: &[PeerState]) -> usize {
        let peers = self.protocol.connection_manager().peers();
        peers
            .iter()
            .filter(|peer| states.contains(&peer.state))
            .count()
    }

    fn show(&mut self) -> Result<(), DemoError> {
        for line in self.text().to_string().split('\n') {
            self.prompt.say(&format!("| {}", news::visible(line)))?;
        }
        Ok(())
    }

    fn list_peers(&mut self) -> Result<(), DemoError> {
        for peer in self.protocol.connection_manager().peers() {
            self.prompt.say(&news::words_of_peer(&peer))?;
        }
        Ok(())
    }
}

/// Describes an offset as a caret.
fn cursor(text: &str, offset: usize) -> CursorPosition {
    let (mut line, mut column) = (0, 0);
    for character in text.chars().take(offset) {
        if character == '\n' {
            (line, column) = (line + 1, 0);
        } else {
            column += 1;
        }
    }
    CursorPosition::new(line, column, CONTAINER.to_owned(), offset)
}
