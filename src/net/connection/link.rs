//! A connection at work: tasks that read its two streams and write them.
//!
//! Whoever holds the [`Link`] hands messages in without waiting; what arrives goes to the driver's
//! inbox. When a peer reads so slowly that too many bytes of updates wait for it, the
//! connection is ended; the peer comes back and one sync from its version replaces all that was
//! queued. One that asks and asks and never reads is let go of in the same way. That needs no second book of what was dropped, so it cannot be wrong.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use iroh::endpoint::{Connection, SendStream};
use tokio::{
    runtime::Handle,
    sync::{Notify, mpsc},
    task::JoinHandle,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    Streams, close,
    reader::{Place, Reader},
};
use crate::net::{
    event::Reason,
    frame::frame,
    message::{CloseReason, Message, PresenceRelay, PresenceUpdate},
    node::NodeId,
    session::ConnectionId,
};

/// Messages that are written in one go.
const BATCH: usize = 32;
/// Between two presence updates on the wire; only the newest of those in between is sent.
const PRESENCE_INTERVAL: Duration = Duration::from_millis(30);
/// How long a closing connection waits for its last messages to arrive.
const DRAIN: Duration = Duration::from_millis(400);
/// How long a closed connection waits until its goodbye has left.
const GOODBYE: Duration = Duration::from_millis(100);

/// What a connection's tasks report.
#[derive(Debug)]
pub(crate) enum FromLink {
    /// A message arrived.
    Received(Received),
    /// What arrived is not a message of this stream.
    Broken { connection: ConnectionId },
    /// The connection is over, and everything that arrived over it was reported.
    Ended {
        connection: ConnectionId,
        reason: Reason,
    },
    /// A connection that we closed has told the other side so, or cannot.
    SaidGoodbye,
}

/// A message that arrived. It gives its place to another when it was handled.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) connection: ConnectionId,
    pub(crate) message: Box<Message>,
    pub(crate) place: Place,
}

/// Takes what a connection's tasks report; never waits.
pub(crate) type Report = Arc<dyn Fn(FromLink) + Send + Sync>;

/// The peer reads too slowly: too much is waiting for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overflow;

/// Answers that wait for a peer at most. One that reads what it asked for never has more: it asks
/// again when it has the one, and that is taken off the account a little later.
const MAX_ANSWERS: usize = 2;

/// A message that waits, and how many bytes of it count against the bound.
struct Queued {
    message: Message,
    size: usize,
    ends_answer: bool,
}

/// What waits for a peer.
#[derive(Debug, Default)]
struct Waiting {
    /// Bytes of updates that it did not ask for.
    bytes: AtomicUsize,
    /// Answers, however large.
    answers: AtomicUsize,
}

/// The sending end of a connection at work. It ends by [`Link::close`] or [`Link::close_now`].
pub(crate) struct Link {
    pub(crate) node: NodeId,
    connection: Connection,
    queue: mpsc::UnboundedSender<Queued>,
    waiting: Arc<Waiting>,
    max_queued: usize,
    /// Whether what is handed in is part of an answer. The peer asked for it, so it may be large.
    answering: bool,
    /// Whether the last part of an answer is still to be handed in.
    in_answer: bool,
    presence: Arc<PresenceSlot>,
    writer: JoinHandle<()>,
    _presence_writer: EndsWithLink,
    report: Report,
}

/// A task that would wait for ever after the connection is gone, and hold what is left of it.
struct EndsWithLink(JoinHandle<()>);

impl Drop for EndsWithLink {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Link {
    /// Starts reading and writing.
    pub(crate) fn start(
        id: ConnectionId,
        node: NodeId,
        streams: Streams,
        max_queued: usize,
        runtime: &Handle,
        report: Report,
    ) -> Self {
        let Streams {
            connection,
            sync,
            presence,
        } = streams;
        let (queue, queue_end) = mpsc::unbounded_channel();
        let waiting = Arc::new(Waiting::default());
        let slot = Arc::new(PresenceSlot::default());
        let reader = Reader::new(id, Arc::clone(&report));
        runtime.spawn(reader.run(connection.clone(), sync.receive, presence.receive));
        let writer = runtime.spawn(write_messages(
            connection.clone(),
            sync.send,
            queue_end,
            Arc::clone(&waiting),
        ));
        let presence_writer = runtime.spawn(write_presence(presence.send, Arc::clone(&slot)));
        Self {
            node,
            connection,
            queue,
            waiting,
            max_queued,
            answering: false,
            in_answer: false,
            presence: slot,
            writer,
            _presence_writer: EndsWithLink(presence_writer),
            report,
        }
    }

    /// Queues a message; presence goes to its own stream.
    pub(crate) fn send(&mut self, message: Message) -> Result<(), Overflow> {
        let message = match message {
            Message::PresenceUpdate(update) => {
                self.presence.put(update);
                return Ok(());
            }
            Message::PresenceRelay(relay) => {
                self.presence.put_relay(*relay);
                return Ok(());
            }
            other => other,
        };
        self.answering = match &message {
            Message::SyncAhead { .. } => true,
            Message::SyncResponse(part) => self.answering && !part.last,
            _ => self.answering,
        };
        let ends_answer = self.count_answer(&message)?;
        let size = if self.answering {
            0
        } else {
            message.news_size()
        };
        let before = self.waiting.bytes.fetch_add(size, Ordering::Relaxed);
        if size > 0 && before > 0 && before + size > self.max_queued {
            return Err(Overflow);
        }
        // The writer is gone when the connection is; its end is on the way to the inbox.
        let _ = self.queue.send(Queued {
            message,
            size,
            ends_answer,
        });
        Ok(())
    }

    /// Notes that an answer begins, if it does with this message. Returns whether one ends with it.
    fn count_answer(&mut self, message: &Message) -> Result<bool, Overflow> {
        let ends = match message {
            Message::SyncAhead { .. } => false,
            Message::SyncResponse(part) => part.last,
            _ => return Ok(false),
        };
        if !self.in_answer && self.waiting.answers.fetch_add(1, Ordering::Relaxed) >= MAX_ANSWERS {
            return Err(Overflow);
        }
        self.in_answer = !ends;
        Ok(ends)
    }

    /// Returns the round trip over the path in use.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.connection
            .paths()
            .iter()
            .find(|path| path.is_selected())
            .map(|path| path.rtt())
    }

    /// Returns whether the connection still stands, as far as this side knows.
    pub(crate) fn is_open(&self) -> bool {
        self.connection.close_reason().is_none()
    }

    /// Returns the connection, for waiting until it ends.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Lets queued messages arrive, for a moment at most, and ends the connection.
    pub(crate) fn close(self, reason: CloseReason, runtime: &Handle) {
        let Self {
            connection,
            queue,
            writer,
            report,
            ..
        } = self;
        drop(queue);
        runtime.spawn(async move {
            let _ = timeout(DRAIN, writer).await;
            close(&connection, reason);
            goodbye_sent(&connection).await;
            report(FromLink::SaidGoodbye);
        });
    }

    /// Ends the connection at once; queued messages are lost.
    pub(crate) fn close_now(self, reason: CloseReason, runtime: &Handle) {
        // In this order: a writer that is stopped ends its stream, in the midst of a message.
        close(&self.connection, reason);
        self.writer.abort();
        let report = Arc::clone(&self.report);
        let connection = self.connection.clone();
        runtime.spawn(async move {
            goodbye_sent(&connection).await;
            report(FromLink::SaidGoodbye);
        });
    }
}

/// Waits until the closing packet was handed to the socket: a program that exits before that
/// leaves its peers waiting for the idle timeout.
async fn goodbye_sent(connection: &Connection) {
    let waiting = async {
        while connection.stats().frame_tx.connection_close == 0 {
            sleep(Duration::from_millis(1)).await;
        }
    };
    let _ = timeout(GOODBYE, waiting).await;
}

/// Writes until the queue is dropped, and then until the peer has everything.
async fn write_messages(
    connection: Connection,
    mut stream: SendStream,
    mut queue: mpsc::UnboundedReceiver<Queued>,
    waiting: Arc<Waiting>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    while queue.recv_many(&mut batch, BATCH).await > 0 {
        let size: usize = batch.iter().map(|queued: &Queued| queued.size).sum();
        let answers = batch.iter().filter(|queued| queued.ends_answer).count();
        let Some(mut frames) = encode_all(&mut batch) else {
            close(&connection, CloseReason::Failed);
            return;
        };
        if stream.write_all_chunks(&mut frames).await.is_err() {
            return;
        }
        waiting.bytes.fetch_sub(size, Ordering::Relaxed);
        waiting.answers.fetch_sub(answers, Ordering::Relaxed);
    }
    if stream.finish().is_ok() {
        let _ = stream.stopped().await;
    }
}

fn encode_all(batch: &mut Vec<Queued>) -> Option<Vec<Bytes>> {
    let mut frames = Vec::with_capacity(2 * batch.len());
    for Queued { message, .. } in batch.drain(..) {
        frames.extend(encode(&message)?);
    }
    Some(frames)
}

/// The session keeps the limits itself, so a message that breaks one is a mistake of ours.
fn encode(message: &Message) -> Option<[Bytes; 2]> {
    let payload = match message.encode() {
        Ok(payload) => payload,
        Err(error) => {
            tracing::error!("a message of ours cannot be sent: {error}");
            return None;
        }
    };
    frame(payload).ok()
}

/// The newest presence of each participant that was not sent yet.
#[derive(Debug, Default)]
struct PresenceSlot {
    newest: Mutex<Unsent>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Unsent {
    own: Option<PresenceUpdate>,
    relayed: BTreeMap<NodeId, PresenceRelay>,
}

impl PresenceSlot {
    fn put(&self, mut update: PresenceUpdate) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(unsent) = newest.own.take() {
            // A name is said only once, so it must not be lost with the update that said it.
            update.user = update.user.or(unsent.user);
        }
        newest.own = Some(update);
        self.filled.notify_one();
    }

    fn put_relay(&self, relay: PresenceRelay) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.relayed.insert(relay.author, relay);
        self.filled.notify_one();
    }

    fn take(&self) -> impl Iterator<Item = Message> {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let Unsent { own, relayed } = std::mem::take(&mut *newest);
        let own = own.map(Message::PresenceUpdate);
        own.into_iter().chain(
            relayed
                .into_values()
                .map(|relay| Message::PresenceRelay(Box::new(relay))),
        )
    }
}

/// Writes the newest presence, the first at once, the others at most every [`PRESENCE_INTERVAL`].
async fn write_presence(mut stream: SendStream, slot: Arc<PresenceSlot>) {
    loop {
        slot.filled.notified().await;
        let next = Instant::now() + PRESENCE_INTERVAL;
        let mut frames: Vec<_> = slot
            .take()
            .filter_map(|message| encode(&message))
            .flatten()
            .collect();
        if stream.write_all_chunks(&mut frames).await.is_err() {
            return;
        }
        sleep_until(next).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::event::UserInfo;

    fn update(sequence: u64, name: Option<&str>) -> PresenceUpdate {
        PresenceUpdate {
            sequence,
            cursor: None,
            selection_start: None,
            typing: false,
            away: false,
            user: name.map(|name| UserInfo {
                name: name.to_owned(),
                color: "#112233".to_owned(),
                avatar_url: None,
            }),
        }
    }

    #[test]
    fn only_the_newest_presence_is_sent_and_a_name_is_not_lost() {
        let slot = PresenceSlot::default();
        slot.put(update(1, Some("old")));
        slot.put(update(2, Some("new")));
        slot.put(update(3, None));
        let newest = Message::PresenceUpdate(update(3, Some("new")));
        assert_eq!(slot.take().collect::<Vec<_>>(), [newest]);
        assert_eq!(slot.take().count(), 0);
    }

    #[test]
    fn only_updates_count_against_the_bound() {
        let part = crate::net::message::Part {
            last: true,
            updates: vec![0; 1000],
        };
        assert_eq!(Message::UpdateBatch(part.clone()).news_size(), 1000);
        assert_eq!(Message::SyncResponse(part).news_size(), 0);
    }
}
