//! A chat: one list of messages, to which everybody appends.
//!
//! Two people in one process, each with their own replica and their own iroh endpoint on
//! 127.0.0.1. Run it with `cargo run --example chat`.

use std::error::Error;

use iroh::{SecretKey, protocol::Router};
use iroh_loro_realtime::{
    ChangeOrigin, ContainerDelta, DocumentEvent, NetworkKind, RealtimeLoroProtocol, UserInfo, bind,
};
use loro::{LoroDoc, LoroList, ValueOrContainer, event::ListDiffItem, loro_value};
use tokio::sync::broadcast::{self, error::RecvError};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// One person with their replica of the chat.
struct Member {
    name: &'static str,
    protocol: RealtimeLoroProtocol,
    router: Router,
    updates: broadcast::Receiver<DocumentEvent>,
}

impl Member {
    async fn start(name: &'static str, color: &str) -> Outcome<Self> {
        let endpoint = bind(NetworkKind::Local, SecretKey::generate(), None).await?;
        let user = UserInfo {
            name: name.to_string(),
            color: color.to_string(),
            avatar_url: None,
        };
        let (update_tx, updates) = broadcast::channel(100);
        let (presence_tx, _) = broadcast::channel(100);
        let protocol =
            RealtimeLoroProtocol::new(LoroDoc::new(), endpoint.id(), user, update_tx, presence_tx)
                .await?;
        let router = Router::builder(endpoint)
            .accept(RealtimeLoroProtocol::ALPN, protocol.clone())
            .spawn();
        Ok(Self {
            name,
            protocol,
            router,
            updates,
        })
    }

    fn messages(&self) -> LoroList {
        self.protocol.doc().get_list("messages")
    }

    async fn say(&self, text: &str) -> Outcome<()> {
        let message = loro_value!({ "from": self.name, "text": text });
        self.protocol
            .apply_local_change(|doc| doc.get_list("messages").push(message))
            .await?;
        Ok(())
    }

    /// Prints what others say, until the chat has this many messages.
    async fn listen_until(&mut self, count: usize) -> Outcome<()> {
        while self.messages().len() < count {
            match self.updates.recv().await {
                Ok(event) => self.print_news(&event),
                // We were too slow and lost some events. The document has lost nothing.
                Err(RecvError::Lagged(_)) => println!("{:>5} missed some news", self.name),
                Err(closed @ RecvError::Closed) => return Err(closed.into()),
            }
        }
        // The document may be ahead of the events that tell of it.
        while let Ok(event) = self.updates.try_recv() {
            self.print_news(&event);
        }
        Ok(())
    }

    fn print_news(&self, event: &DocumentEvent) {
        let (ChangeOrigin::Peer(_), ContainerDelta::List(changes)) = (event.origin, &*event.delta)
        else {
            return;
        };
        for change in changes {
            if let ListDiffItem::Insert { insert, .. } = change {
                for message in insert {
                    println!("{:>5} reads  {}", self.name, line_of(message));
                }
            }
        }
    }

    /// Returns the whole chat as it is on this person's screen.
    fn screen(&self) -> Vec<String> {
        let mut lines = Vec::new();
        self.messages()
            .for_each(|message| lines.push(line_of(&message)));
        lines
    }

    async fn leave(self) -> Outcome<()> {
        self.protocol.shutdown().await;
        self.router.shutdown().await?;
        Ok(())
    }
}

/// Writes a message as `name: text`. Peers may put anything into the list.
fn line_of(message: &ValueOrContainer) -> String {
    let map = message.as_value().and_then(|value| value.as_map());
    let field = |name| Some(map?.get(name)?.as_string()?.to_string());
    match (field("from"), field("text")) {
        (Some(from), Some(text)) => format!("{from}: {text}"),
        _ => "(not a message)".to_string(),
    }
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut alice = Member::start("Alice", "#4ECDC4").await?;
    let mut bob = Member::start("Bob", "#FF6B6B").await?;
    alice.say("Anybody here?").await?;

    let address = alice.router.endpoint().addr();
    bob.protocol.connect(bob.router.endpoint(), address).await?;
    println!(
        "  Bob is connected and has {} message",
        bob.messages().len()
    );

    bob.say("I am!").await?;
    alice.listen_until(2).await?;
    // Both write at once: everybody ends with the same order, without asking anybody.
    tokio::try_join!(alice.say("Where shall we meet?"), bob.say("Tea?"))?;
    tokio::try_join!(alice.listen_until(4), bob.listen_until(4))?;

    assert_eq!(alice.screen(), bob.screen());
    println!("\nThe chat, as both see it:");
    for line in alice.screen() {
        println!("  {line}");
    }
    bob.leave().await?;
    alice.leave().await
}
