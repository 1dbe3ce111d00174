//! Notes on two devices: both change the same sentence while they are offline, and code answers
//! what clashes.
//!
//! Two replicas in one process, without a network between them: updates go from hand to hand, so
//! the application itself says what to compare. Where nodes are connected, the library finds
//! conflicts by itself when they meet again. Run it with `cargo run --example conflicts`.

use std::error::Error;

use iroh_loro_realtime::{
    ConflictResolution, NodeId, RealtimeLoroProtocol, Resolution, SharedDocument, UserInfo,
};
use loro::{ExportMode, IdSpan, LoroDoc, LoroResult};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// One device with its replica of the notes.
struct Device {
    protocol: RealtimeLoroProtocol,
}

impl Device {
    fn start(name: &str, key: u8, doc: LoroDoc) -> Outcome<Self> {
        let user = UserInfo {
            name: name.to_string(),
            color: "#4ECDC4".to_string(),
            avatar_url: None,
        };
        // In earnest: the id of an iroh endpoint.
        let node = NodeId::of_key(&[key; 32]);
        let document = SharedDocument::new(doc);
        let protocol = RealtimeLoroProtocol::builder(document, node, user).spawn()?;
        Ok(Self { protocol })
    }

    fn note(&self) -> String {
        self.protocol.doc().get_text("note").to_string()
    }

    async fn write(&self, change: impl FnOnce(&LoroDoc) -> LoroResult<()>) -> Outcome<()> {
        Ok(self.protocol.apply_local_change(change).await?)
    }

    /// The operations that this device made and the other does not have.
    fn ops_unknown_to(&self, other: &Device) -> Vec<IdSpan> {
        let (ours, theirs) = (
            self.protocol.doc().oplog_vv(),
            other.protocol.doc().oplog_vv(),
        );
        ours.sub_iter(&theirs).collect()
    }

    /// Gets everything that the other device has.
    fn import_from(&self, other: &Device) -> Outcome<()> {
        let guard = self.protocol.document().lock();
        let known = guard.doc().oplog_vv();
        let updates = other.protocol.doc().export(ExportMode::updates(&known))?;
        guard.doc().import(&updates)?;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let doc = LoroDoc::new();
    doc.get_text("note")
        .insert(0, "The meeting is at 3. Bring coffee.")?;
    doc.commit();
    let phone = Device::start("Phone", 1, doc.fork())?;
    let laptop = Device::start("Laptop", 2, doc)?;

    // Offline, both change the time of the meeting; one of them something else, too.
    phone
        .write(|doc| {
            let note = doc.get_text("note");
            note.insert(33, " and cake")?;
            note.delete(18, 1)?;
            note.insert(18, "4")
        })
        .await?;
    laptop
        .write(|doc| {
            let note = doc.get_text("note");
            note.insert(19, " pm")
        })
        .await?;

    let local_ops = laptop.ops_unknown_to(&phone);
    let remote_ops = phone.ops_unknown_to(&laptop);
    laptop.import_from(&phone)?;
    println!("merged:   {}", laptop.note());

    let resolver = laptop.protocol.conflict_resolver();
    match resolver
        .handle_concurrent_edits(&local_ops, &remote_ops)
        .await?
    {
        ConflictResolution::AutoMerged => println!("nobody needs to look"),
        ConflictResolution::RequiresUserInput { conflict_id } => {
            let info = resolver.get_conflict_info(&conflict_id).await;
            let info = info.ok_or("the conflict was there a moment ago")?;
            println!("conflict: {}", info.record.rule.info().help);
            for side in &info.record.sides {
                let text = side.content.as_text().unwrap_or_default();
                println!("{:>8}: {text}", side.name);
            }
            let edited = Resolution::Edited("The meeting is at 4 pm.".to_string());
            resolver.resolve(&conflict_id, edited).await?;
        }
    }
    println!("answered: {}", laptop.note());

    // The answer is an edit like any other, and the other device need not answer again.
    phone.import_from(&laptop)?;
    println!("phone:    {}", phone.note());
    println!(
        "open on the phone: {}",
        phone.protocol.conflict_resolver().open_conflicts().len()
    );
    phone.protocol.shutdown().await;
    laptop.protocol.shutdown().await;
    Ok(())
}
