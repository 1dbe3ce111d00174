//! A whiteboard: a tree of shapes, each with a map of properties.
//!
//! Two people in one process, each with their own replica and their own iroh endpoint on
//! 127.0.0.1. Run it with `cargo run --example whiteboard`.

mod common;

use common::{Outcome, Replica};
use iroh_loro_realtime::{ChangeOrigin, ContainerDelta, DocumentEvent, PresenceEvent};
use loro::{LoroDoc, LoroResult, LoroTree, TreeID, TreeParentId};
use tokio::sync::broadcast::{self, error::RecvError};

/// The tree of shapes. A group is a shape with children.
fn shapes(doc: &LoroDoc) -> LoroTree {
    doc.get_tree("shapes")
}

/// Puts a shape on the board.
fn draw(doc: &LoroDoc, kind: &str, x: i64, y: i64) -> LoroResult<TreeID> {
    let shape = shapes(doc).create(TreeParentId::Root)?;
    let properties = shapes(doc).get_meta(shape)?;
    properties.insert("kind", kind)?;
    properties.insert("x", x)?;
    properties.insert("y", y)?;
    Ok(shape)
}

/// One person with their replica of the board.
struct Member {
    name: &'static str,
    replica: Replica,
    updates: broadcast::Receiver<DocumentEvent>,
    people: broadcast::Receiver<PresenceEvent>,
}

impl Member {
    async fn start(name: &'static str, color: &str) -> Outcome<Self> {
        let (replica, updates, people) = Replica::start(name, color).await?;
        Ok(Self {
            name,
            replica,
            updates,
            people,
        })
    }

    /// Waits until the board looks as it should, and prints what others do to it meanwhile.
    async fn watch_until(&mut self, holds: impl Fn(&LoroDoc) -> bool) -> Outcome<()> {
        while !holds(self.replica.protocol.doc()) {
            match self.updates.recv().await {
                Ok(event) => self.print_news(&event),
                // We were too slow and lost some events. The document has lost nothing.
                Err(RecvError::Lagged(_)) => println!("{:>5} missed some news", self.name),
                Err(closed @ RecvError::Closed) => return Err(closed.into()),
            }
        }
        while let Ok(event) = self.updates.try_recv() {
            self.print_news(&event);
        }
        Ok(())
    }

    fn print_news(&self, event: &DocumentEvent) {
        if event.origin == ChangeOrigin::Local {
            return;
        }
        let news = match &*event.delta {
            // Moves that were made at once are told as steps, some of which take others back: a
            // board is best drawn from the tree as it is now.
            ContainerDelta::Tree(_) => "shapes come, go, or change places".to_string(),
            ContainerDelta::Map(changes) => {
                let mut names: Vec<&str> = changes.keys().map(String::as_str).collect();
                names.sort_unstable();
                format!("a shape gets {}", names.join(", "))
            }
            _ => return,
        };
        println!("{:>5} sees   {news}", self.name);
    }

    /// Returns the board as an outline.
    fn board(&self) -> Vec<String> {
        let mut lines = Vec::new();
        outline(
            self.replica.protocol.doc(),
            TreeParentId::Root,
            1,
            &mut lines,
        );
        lines
    }
}

fn outline(doc: &LoroDoc, parent: TreeParentId, depth: usize, lines: &mut Vec<String>) {
    for shape in shapes(doc).children(parent).unwrap_or_default() {
        lines.push(format!("{}{}", "  ".repeat(depth), words_of(doc, shape)));
        outline(doc, TreeParentId::Node(shape), depth + 1, lines);
    }
}

/// Describes a shape. Peers may put anything into its properties, or nothing.
fn words_of(doc: &LoroDoc, shape: TreeID) -> String {
    let property = |name| {
        let properties = shapes(doc).get_meta(shape).ok()?;
        properties.get(name)?.into_value().ok()
    };
    let number = |name| property(name)?.as_i64().copied();
    let kind = property("kind").and_then(|kind| Some(kind.as_string()?.to_string()));
    let kind = kind.unwrap_or_else(|| "shape".to_string());
    match (number("x"), number("y")) {
        (Some(x), Some(y)) => format!("{kind} at {x}, {y}"),
        _ => kind,
    }
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut alice = Member::start("Alice", "#4ECDC4").await?;
    let mut bob = Member::start("Bob", "#FF6B6B").await?;
    let circle = alice
        .replica
        .protocol
        .apply_local_change(|doc| draw(doc, "circle", 10, 10))
        .await?;

    bob.replica.connect_to(&alice.replica).await?;
    if let PresenceEvent::Joined { presence, .. } = alice.people.recv().await? {
        println!(
            "{:>5} sees   {} at the board",
            alice.name, presence.user.name
        );
    }

    // At the same time: Bob moves the circle on the board, Alice puts it into a group.
    let moving = bob.replica.protocol.apply_local_change(|doc| {
        let properties = shapes(doc).get_meta(circle)?;
        properties.insert("x", 40)?;
        properties.insert("y", 25)?;
        draw(doc, "square", 70, 10)
    });
    let grouping = alice.replica.protocol.apply_local_change(|doc| {
        let group = draw(doc, "group", 0, 0)?;
        shapes(doc).mov(circle, TreeParentId::Node(group))
    });
    let (moved, grouped) = tokio::join!(moving, grouping);
    moved?;
    grouped?;

    // Neither undid what the other did.
    let settled = |doc: &LoroDoc| {
        let in_group = matches!(shapes(doc).parent(circle), Some(TreeParentId::Node(_)));
        in_group && words_of(doc, circle) == "circle at 40, 25" && shapes(doc).roots().len() == 2
    };
    tokio::try_join!(alice.watch_until(settled), bob.watch_until(settled))?;

    assert_eq!(alice.board(), bob.board());
    println!("\nThe board, as both see it:");
    for line in alice.board() {
        println!("{line}");
    }
    bob.replica.leave().await?;
    alice.replica.leave().await
}
