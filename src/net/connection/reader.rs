//! Reading the two streams of a connection, each within its limits.

use std::sync::Arc;

use iroh::endpoint::{Connection, RecvStream, SendStream, VarInt};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use super::{
    FromLink, Purpose, Received, Report,
    limits::{PRESENCE, SYNC, StreamLimits},
    reason_of,
};
use crate::net::{
    frame::{FrameError, read_body, read_head},
    message::{CloseReason, MAX_STREAMS, MAX_UNKNOWN_STREAMS, Message, MessageError},
    session::ConnectionId,
};

/// The right of a message to wait to be handled; dropped when it was.
#[derive(Debug)]
pub(crate) struct Place {
    _message: OwnedSemaphorePermit,
    _bytes: OwnedSemaphorePermit,
}

/// Reads both streams of one connection.
pub(super) struct Reader {
    id: ConnectionId,
    report: Report,
}

impl Reader {
    pub(super) fn new(id: ConnectionId, report: Report) -> Self {
        Self { id, report }
    }

    pub(super) async fn run(self, connection: Connection, sync: RecvStream, presence: RecvStream) {
        // An application's own endpoint may allow far more.
        connection.set_max_concurrent_bi_streams(VarInt::from_u32(MAX_STREAMS));
        connection.set_max_concurrent_uni_streams(VarInt::from_u32(0));
        tokio::join!(
            self.read(sync, Purpose::Sync),
            self.read(presence, Purpose::Presence),
            self.refuse_streams(&connection),
        );
        let error = connection.closed().await;
        (self.report)(FromLink::Ended {
            connection: self.id,
            reason: reason_of(&error),
        });
    }

    async fn read(&self, mut stream: RecvStream, purpose: Purpose) {
        let room = Room::new(purpose);
        loop {
            match room.read_message(&mut stream, purpose).await {
                Ok(Some((message, place))) => (self.report)(FromLink::Received(Received {
                    connection: self.id,
                    message: Box::new(message),
                    place,
                })),
                Ok(None) => return,
                Err(what) => return self.break_off(&what),
            }
        }
    }

    /// A peer of a later version may open streams for something that is not known here.
    async fn refuse_streams(&self, connection: &Connection) {
        let code = VarInt::from_u32(CloseReason::Protocol.code());
        for _ in 0..MAX_UNKNOWN_STREAMS {
            let Ok((mut send, mut receive)): Result<(SendStream, RecvStream), _> =
                connection.accept_bi().await
            else {
                return;
            };
            // Either fails when the peer has given the stream up meanwhile.
            let _ = send.reset(code);
            let _ = receive.stop(code);
        }
        self.break_off("it opened too many streams");
    }

    fn break_off(&self, what: &str) {
        tracing::warn!("a peer broke the protocol: {what}");
        (self.report)(FromLink::Broken {
            connection: self.id,
        });
    }
}

/// How much more of one stream may wait to be handled.
struct Room {
    limits: StreamLimits,
    messages: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

impl Room {
    fn new(purpose: Purpose) -> Self {
        let limits = match purpose {
            Purpose::Sync => SYNC,
            Purpose::Presence => PRESENCE,
        };
        Self {
            limits,
            messages: Arc::new(Semaphore::new(limits.waiting)),
            bytes: Arc::new(Semaphore::new(limits.waiting_bytes)),
        }
    }

    /// Returns the next message, `None` at the end, and a sentence about what breaks the protocol.
    /// Nothing is read for which there is no room.
    async fn read_message(
        &self,
        stream: &mut RecvStream,
        purpose: Purpose,
    ) -> Result<Option<(Message, Place)>, String> {
        loop {
            let head = match read_head(stream, self.limits.message).await {
                Ok(Some(head)) => head,
                Ok(None) => return Ok(None),
                Err(error) => return lost_or(error),
            };
            // Nobody ever closes the semaphores.
            let Ok(place) = self.take(head.size()).await else {
                return Ok(None);
            };
            let payload = match read_body(stream, head).await {
                Ok(payload) => payload,
                Err(error) => return lost_or(error),
            };
            let message = match Message::decode(&payload) {
                Ok(message) => message,
                // A later minor version knows more than we do.
                Err(MessageError::Unknown { .. }) => continue,
                Err(error) => return Err(error.to_string()),
            };
            if message.is_presence() != (purpose == Purpose::Presence) {
                return Err("a message came on the wrong stream".to_owned());
            }
            return Ok(Some((message, place)));
        }
    }

    async fn take(&self, size: usize) -> Result<Place, AcquireError> {
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        Ok(Place {
            _message: Arc::clone(&self.messages).acquire_owned().await?,
            _bytes: Arc::clone(&self.bytes).acquire_many_owned(size).await?,
        })
    }
}

/// A lost connection breaks nothing; its end is reported by itself.
fn lost_or<T>(error: FrameError) -> Result<Option<T>, String> {
    match error {
        FrameError::Lost => Ok(None),
        FrameError::TooLarge(_) | FrameError::Garbled | FrameError::Cut => Err(error.to_string()),
    }
}
