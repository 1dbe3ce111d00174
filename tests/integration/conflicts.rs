//! Edits made apart, found and answered when the nodes meet again.

use std::time::Duration;

use iroh_loro_realtime::{
    ConflictEvent, ConflictInfo, ConflictResolution, ConflictSettings, Resolution, Settlement,
    crdt::conflict::ConflictContent,
};
use loro::IdSpan;
use tokio::{sync::broadcast, time::timeout};

use crate::nodes::{Machine, Node, until};

const PATIENCE: Duration = Duration::from_secs(30);
const TEXT: &str = "An intro.\nThe fox jumped.\nThe end.\n";

/// Two connected nodes for whom every moment apart counts.
async fn pair(machine: &Machine) -> (Node, Node) {
    let ada = machine.host("Ada", TEXT).await;
    let ben = machine.join("Ben", &ada).await;
    for node in [&ada, &ben] {
        node.protocol
            .conflict_resolver()
            .set_settings(ConflictSettings {
                apart: Duration::ZERO,
                ..ConflictSettings::default()
            });
    }
    (ada, ben)
}

async fn replace(node: &Node, old: &str, new: &str) {
    let text = node.text();
    let place = text[..text.find(old).unwrap()].chars().count();
    let change = |doc: &loro::LoroDoc| {
        let text = doc.get_text("main");
        text.delete(place, old.chars().count())?;
        text.insert(place, new)
    };
    node.protocol.apply_local_change(change).await.unwrap();
}

/// Both change the same sentence while they are apart, and meet again.
async fn clash(ada: &Node, ben: &Node) {
    ada.protocol.connection_manager().go_offline();
    until("they are apart", || !ben.is_connected_to(ada)).await;
    replace(ada, "fox", "quick fox").await;
    replace(ben, "jumped", "slept").await;
    replace(ben, "An intro", "A word before").await;
    ada.protocol.connection_manager().go_online();
    until("they have the same", || {
        ada.text() == ben.text() && ada.text().contains("quick fox slept")
    })
    .await;
    until("both know of one conflict", || {
        open(ada).len() == 1 && open(ben).len() == 1
    })
    .await;
}

fn open(node: &Node) -> Vec<ConflictInfo> {
    node.protocol.conflict_resolver().open_conflicts()
}

async fn event(
    events: &mut broadcast::Receiver<ConflictEvent>,
    wanted: impl Fn(&ConflictEvent) -> bool,
) -> ConflictEvent {
    let waiting = async {
        loop {
            let event = events.recv().await.unwrap();
            if wanted(&event) {
                return event;
            }
        }
    };
    timeout(PATIENCE, waiting).await.expect("no such news")
}

fn text_of(content: &ConflictContent) -> &str {
    content.as_text().unwrap()
}

#[tokio::test]
async fn both_are_shown_the_same_and_one_answer_settles_it_for_all() {
    let machine = Machine::new();
    let (ada, ben) = pair(&machine).await;
    let mut news = ada.protocol.conflict_resolver().subscribe();
    clash(&ada, &ben).await;

    let (hers, his) = (open(&ada).remove(0), open(&ben).remove(0));
    assert_eq!((hers.id, hers.range.clone()), (his.id, his.range.clone()));
    assert_eq!(text_of(&hers.record.before), "The fox jumped.");
    assert_eq!(hers.record, his.record);
    let [mine, theirs] = [hers.mine.unwrap(), his.mine.unwrap()];
    assert_ne!(mine, theirs);
    assert_eq!(hers.record.sides[mine].name, "Ada");
    assert_eq!(
        text_of(&hers.record.sides[mine].content),
        "The quick fox jumped."
    );
    assert_eq!(
        text_of(&hers.record.sides[theirs].content),
        "The fox slept."
    );
    let met = event(&mut news, |event| matches!(event, ConflictEvent::Met(_))).await;
    let ConflictEvent::Met(reunion) = met else {
        unreachable!()
    };
    assert_eq!((reunion.name.as_str(), reunion.ours), ("Ben", 1));

    // A conflict that is answered before it was told of is not told of at all.
    let new = |event: &ConflictEvent| matches!(event, ConflictEvent::New { .. });
    event(&mut news, new).await;
    let resolver = ben.protocol.conflict_resolver();
    resolver.resolve(&his.id, Resolution::Mine).await.unwrap();
    let settled = event(&mut news, |event| {
        matches!(event, ConflictEvent::Settled { .. })
    });
    let expected = ConflictEvent::Settled {
        conflict_id: his.id,
        how: Settlement::Answered,
    };
    assert_eq!(settled.await, expected);
    assert!(open(&ada).is_empty() && open(&ben).is_empty());
    assert_eq!(ada.text(), "A word before.\nThe fox slept.\nThe end.\n");
    let known = ada.protocol.conflict_resolver();
    let known = known.get_conflict_info(&his.id).await.unwrap();
    assert_eq!(known.answer.unwrap().name, "Ben");
    let before = resolver.before_merge(&his.id, mine).await.unwrap();
    assert!(
        before
            .get_text("main")
            .to_string()
            .contains("quick fox jumped")
    );

    // An answer can be taken back.
    resolver.reopen(&his.id).unwrap();
    assert!(open(&ben).is_empty(), "what stands there is one's version");
    replace(&ben, "slept", "dozed").await;
    event(&mut news, |event| {
        matches!(event, ConflictEvent::New { .. })
    })
    .await;
    ada.stop().await;
    ben.stop().await;
}

#[tokio::test]
async fn two_answers_at_once_settle_to_one() {
    let machine = Machine::new();
    let (ada, ben) = pair(&machine).await;
    clash(&ada, &ben).await;
    let id = open(&ada)[0].id;
    ada.protocol.connection_manager().go_offline();
    until("they are apart", || !ben.is_connected_to(&ada)).await;
    for node in [&ada, &ben] {
        let resolver = node.protocol.conflict_resolver();
        resolver.resolve(&id, Resolution::Mine).await.unwrap();
    }
    ada.protocol.connection_manager().go_online();
    let settled = |text: String| {
        text == "A word before.\nThe quick fox jumped.\nThe end.\n"
            || text == "A word before.\nThe fox slept.\nThe end.\n"
    };
    until("one of the answers holds", || {
        settled(ada.text()) && ada.text() == ben.text()
    })
    .await;
    assert!(open(&ada).is_empty() && open(&ben).is_empty());
    let info = ada.protocol.conflict_resolver();
    assert!(info.get_conflict_info(&id).await.unwrap().disputed);
    ada.stop().await;
    ben.stop().await;
}

#[tokio::test]
async fn an_application_can_ask_about_operations_that_it_imported() {
    let machine = Machine::new();
    let ada = machine.host("Ada", TEXT).await;
    let ben = ada.doc().fork();
    let start = ada.doc().oplog_vv().get(&ada.doc().peer_id()).copied();
    replace(&ada, "jumped", "ran").await;
    ben.get_text("main").insert(24, " high").unwrap();
    ben.commit();
    let updates = ben.export(loro::ExportMode::updates(&ada.doc().oplog_vv()));
    ada.doc().import(&updates.unwrap()).unwrap();
    let ours = IdSpan::new(
        ada.doc().peer_id(),
        start.unwrap(),
        ada.doc().oplog_vv()[&ada.doc().peer_id()],
    );
    let theirs = IdSpan::new(ben.peer_id(), 0, 5);
    let resolver = ada.protocol.conflict_resolver();
    let found = resolver.handle_concurrent_edits(&[ours], &[theirs]).await;
    let ConflictResolution::RequiresUserInput { conflict_id } = found.unwrap() else {
        panic!("both changed the same word")
    };
    let edited = Resolution::Edited("The fox ran high.".to_owned());
    resolver.resolve(&conflict_id, edited).await.unwrap();
    assert_eq!(ada.text(), "An intro.\nThe fox ran high.\nThe end.\n");
    let found = resolver.handle_concurrent_edits(&[ours], &[]).await;
    assert_eq!(found.unwrap(), ConflictResolution::AutoMerged);
    let unknown = IdSpan::new(99, 0, 5);
    let found = resolver.handle_concurrent_edits(&[ours], &[unknown]).await;
    assert!(found.is_err());
    ada.stop().await;
}

#[tokio::test]
async fn the_value_of_a_key_that_lost_is_reported_and_can_be_restored() {
    let machine = Machine::new();
    let (ada, ben) = pair(&machine).await;
    ada.protocol.connection_manager().go_offline();
    until("they are apart", || !ben.is_connected_to(&ada)).await;
    for (node, value) in [(&ada, "red"), (&ben, "blue")] {
        let change = |doc: &loro::LoroDoc| doc.get_map("shape").insert("color", value);
        node.protocol.apply_local_change(change).await.unwrap();
    }
    ada.protocol.connection_manager().go_online();
    until("both know of one conflict", || {
        open(&ada).len() == 1 && open(&ben).len() == 1
    })
    .await;
    let resolver = ada.protocol.conflict_resolver();
    let id = open(&ada)[0].id;
    let info = resolver.get_conflict_info(&id).await.unwrap();
    let contents = info.record.sides.each_ref().map(|side| &side.content);
    let lost = contents
        .iter()
        .position(|content| Some(*content) != info.merged.as_ref())
        .expect("one of the values lost");
    resolver.resolve(&id, Resolution::Side(lost)).await.unwrap();
    let color = |node: &Node| {
        let value = node.doc().get_map("shape").get("color")?;
        Some(ConflictContent::Value(Some(value.into_value().ok()?)))
    };
    until("both have the value that had lost", || {
        [&ada, &ben]
            .iter()
            .all(|node| color(node).as_ref() == Some(contents[lost]) && open(node).is_empty())
    })
    .await;
    ada.stop().await;
    ben.stop().await;
}
