//! What typing, moving and doing nothing cost on the wire.
//!
//! `cargo bench --bench wire`. Counts the UDP payload of the connection between two endpoints, both
//! ways, as QUIC's own statistics tell it, less what the same connection carries when idle. That
//! holds QUIC's headers, encryption and acknowledgements, which we cannot change; `ours` is what
//! we add to a Loro update: the message around it and its frame, without QUIC. Baseline: the size
//! of the Loro update of one keystroke.

use std::time::Duration;

use iroh_loro_realtime::{
    CursorPosition, DocumentId,
    net::{frame::frame, session::Input},
};
use loro::{ExportMode, LoroDoc};
use tokio::time::{MissedTickBehavior, interval, sleep};

mod common;
#[path = "../tests/decoding/site.rs"]
mod site;

use common::{
    Bar, Figures, full_or_quick,
    history::{copy_of, document_of, prose},
    nodes::{Node, runtime},
};
use site::{Site, messages_of, opened};

/// Bytes and packets so far, both ways.
#[derive(Clone, Copy)]
struct Carried {
    bytes: f64,
    packets: f64,
    /// What the host alone has sent.
    sent: f64,
}

fn carried(host: &Node) -> Carried {
    let stats = host.carried();
    let sum = |of: fn(&iroh::endpoint::ConnectionStats) -> u64| stats.iter().map(of).sum::<u64>();
    Carried {
        bytes: sum(|stats| stats.udp_tx.bytes + stats.udp_rx.bytes) as f64,
        packets: sum(|stats| stats.udp_tx.datagrams + stats.udp_rx.datagrams) as f64,
        sent: sum(|stats| stats.udp_tx.bytes) as f64,
    }
}

/// Does something again and again, and returns what was carried meanwhile in a second.
async fn rate<F: Future<Output = ()>>(
    host: &Node,
    pause: Duration,
    count: usize,
    mut act: impl FnMut(usize) -> F,
) -> Carried {
    sleep(Duration::from_secs(1)).await;
    let before = carried(host);
    let mut ticks = interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    // The first tick is at once.
    ticks.tick().await;
    for number in 0..count {
        act(number).await;
        ticks.tick().await;
    }
    let after = carried(host);
    let seconds = pause.as_secs_f64() * count as f64;
    Carried {
        bytes: (after.bytes - before.bytes) / seconds,
        packets: (after.packets - before.packets) / seconds,
        sent: (after.sent - before.sent) / seconds,
    }
}

async fn measure(figures: &mut Figures, update: f64) {
    let document = document_of(&prose(10_000));
    let id = Some(DocumentId::random());
    let guest = Node::start("Guest", copy_of(&document), id).await;
    let host = Node::start("Host", document, id).await;
    guest.connect_to(&host).await;
    // Both sides come to rest.
    sleep(Duration::from_secs(6)).await;

    let idle_seconds = full_or_quick(60, 10);
    let idle = rate(&host, Duration::from_secs(1), idle_seconds, |_| async {}).await;
    let both = idle.bytes * 60.0;
    let bar = Bar::AtMost(6_000.0);
    figures.add("wire-idle-minute", both, "B", 0.0, bar);
    let sent = idle.sent * 60.0;
    figures.add("wire-idle-minute-sent", sent, "B", both, Bar::None);
    let packets = idle.packets * 60.0;
    figures.add("wire-idle-packets", packets, "1/min", 0.0, Bar::None);

    for (name, per_second, seconds) in [("5", 5, full_or_quick(20, 4)), ("100", 100, 5)] {
        let pause = Duration::from_secs(1) / per_second;
        let count = (per_second * seconds) as usize;
        let key = rate(&host, pause, count, |number| host.write(100 + number, "x")).await;
        let per_key = (key.bytes - idle.bytes) / f64::from(per_second);
        let bar = match per_second {
            100 => Bar::AtMost(30.0),
            _ => Bar::None,
        };
        figures.add(&format!("wire-key-{name}hz"), per_key, "B", update, bar);
        let packets = (key.packets - idle.packets) / f64::from(per_second);
        figures.add(
            &format!("wire-key-{name}hz-packets"),
            packets,
            "packets",
            0.0,
            Bar::None,
        );
    }
    let pause = Duration::from_millis(200);
    let presence = host.protocol.presence_manager();
    let moved = rate(&host, pause, full_or_quick(100, 20), |number| {
        let cursor = CursorPosition::new(0, number, "main".to_owned(), number);
        let presence = presence.clone();
        async move {
            presence.update_cursor(cursor).await.expect("it goes on");
        }
    })
    .await;
    figures.add(
        "wire-cursor-5hz",
        (moved.bytes - idle.bytes) / 5.0,
        "B",
        update,
        Bar::None,
    );
    guest.stop().await;
    host.stop().await;
}

/// Returns the size of a keystroke's update, and of the frame that carries it.
fn sizes() -> (usize, usize) {
    let doc = LoroDoc::new();
    let text = doc.get_text("main");
    text.insert(0, &prose(10_000)).expect("it is empty");
    doc.commit();
    let copy = LoroDoc::new();
    let all = doc.export(ExportMode::all_updates()).expect("updates");
    copy.import(&all).expect("it was exported here");
    let (mut one, mut other) = (Site::new(1, doc, |_| {}), Site::new(2, copy, |_| {}));
    let now = Duration::from_secs(1);
    let mut ways = vec![
        (1, one.handle(opened(other.session.node(), 1), now)),
        (2, other.handle(opened(one.session.node(), 1), now)),
    ];
    while let Some((from, outputs)) = ways.pop() {
        for (connection, message) in messages_of(outputs) {
            let (to, site) = match from {
                1 => (2, &mut other),
                _ => (1, &mut one),
            };
            let input = Input::Received {
                connection,
                message,
            };
            ways.insert(0, (to, site.handle(input, now)));
        }
    }
    let doc = one.replica.doc().clone();
    let before = doc.oplog_vv();
    doc.get_text("main").insert(100, "x").expect("it is inside");
    doc.commit();
    let update = doc.export(ExportMode::updates(&before)).expect("updates");
    let outputs = one.handle(Input::DocumentChanged, now + Duration::from_secs(1));
    let messages = messages_of(outputs).map(|(_, message)| message);
    let message = messages
        .filter(|message| !message.is_presence())
        .last()
        .expect("the other is told");
    let frame = frame(message.encode().expect("it keeps the limits")).expect("it is small");
    (update.len(), frame.iter().map(|part| part.len()).sum())
}

fn main() {
    let mut figures = Figures::new();
    let (update, framed) = sizes();
    let ours = framed.saturating_sub(update) as f64;
    figures.add("wire-key-ours", ours, "B", update as f64, Bar::AtMost(40.0));
    runtime().block_on(measure(&mut figures, update as f64));
}
