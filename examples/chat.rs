//! A chat: one list of messages, to which everybody appends.
//!
//! Two people in one process, each with their own replica and their own iroh endpoint on
//! 127.0.0.1. Run it with `cargo run --example chat`.

mod common;

use common::{Outcome, Replica};
use iroh_loro_realtime::{ChangeOrigin, ContainerDelta, DocumentEvent};
use loro::{LoroList, ValueOrContainer, event::ListDiffItem, loro_value};
use tokio::sync::broadcast::{self, error::RecvError};

/// One person with their replica of the chat.
struct Member {
    name: &'static str,
    replica: Replica,
    updates: broadcast::Receiver<DocumentEvent>,
}

impl Member {
    async fn start(name: &'static str, color: &str) -> Outcome<Self> {
        let (replica, updates, _) = Replica::start(name, color).await?;
        Ok(Self {
            name,
            replica,
            updates,
        })
    }

    fn messages(&self) -> LoroList {
        self.replica.protocol.doc().get_list("messages")
    }

    async fn say(&self, text: &str) -> Outcome<()> {
        let message = loro_value!({ "from": self.name, "text": text });
        self.replica
            .protocol
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

    bob.replica.connect_to(&alice.replica).await?;
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
    bob.replica.leave().await?;
    alice.replica.leave().await
}
