//! What typing costs on the wire.

use std::{collections::BTreeSet, time::Duration};

use iroh_loro_realtime::ChangeOrigin;
use tokio::{
    sync::broadcast::error::TryRecvError,
    time::{MissedTickBehavior, interval},
};

use crate::{
    nodes::{Node, until},
    proxy::{Pair, Weather},
};

/// How many updates a node has imported since it was last asked.
fn imports(node: &mut Node) -> usize {
    let mut batches = BTreeSet::new();
    loop {
        match node.updates.try_recv() {
            Ok(event) if event.origin != ChangeOrigin::Local => {
                batches.insert(event.batch);
            }
            Ok(_) => {}
            Err(TryRecvError::Empty | TryRecvError::Closed) => return batches.len(),
            Err(TryRecvError::Lagged(lost)) => panic!("{lost} updates were not counted"),
        }
    }
}

/// Types at a steady pace, and returns how many updates came of it.
async fn typed(pair: &mut Pair, keys: usize, pause: Duration) -> usize {
    imports(&mut pair.guest);
    let (packets, bytes) = pair.proxy.carried();
    let start = pair.host.text().len();
    let mut ticks = interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for _ in 0..keys {
        ticks.tick().await;
        pair.host.write(0, "x").await;
    }
    until("all keys arrive", || {
        pair.guest.text().len() == start + keys
    })
    .await;
    let updates = imports(&mut pair.guest);
    let (packets_after, bytes_after) = pair.proxy.carried();
    println!(
        "{keys} keys, one every {pause:?}: {updates} updates, {} packets, {} bytes",
        packets_after - packets,
        bytes_after - bytes
    );
    updates
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_typed_faster_than_a_frame_is_one_update() {
    let Some(mut pair) = Pair::start(Weather::GOOD, 1).await else {
        return;
    };
    typed(&mut pair, 100, Duration::from_millis(10)).await;
    // At most one in five milliseconds. A machine that stutters sends fewer in this case, too.
    let together = typed(&mut pair, 500, Duration::from_micros(500)).await;
    assert!(together < 250, "{together} updates");
}
