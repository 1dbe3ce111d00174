//! Reading the two streams of a connection.
//!
//! A reader stops when [`UNHANDLED`] messages of its peer wait to be handled; QUIC's flow control
//! then stops the peer.

use std::sync::Arc;

use iroh::endpoint::{Connection, RecvStream};
use tokio::sync::Semaphore;

use super::{FromLink, Purpose, Report, reason_of};
use crate::net::{
    frame::{FrameError, read_frame},
    message::{Message, MessageError},
    session::ConnectionId,
};

/// Messages of one peer that may wait to be handled.
const UNHANDLED: usize = 64;
/// Reads both streams of one connection.
pub(super) struct Reader {
    id: ConnectionId,
    report: Report,
    unhandled: Arc<Semaphore>,
}

impl Reader {
    pub(super) fn new(id: ConnectionId, report: Report) -> Self {
        Self {
            id,
            report,
            unhandled: Arc::new(Semaphore::new(UNHANDLED)),
        }
    }

    pub(super) async fn run(self, connection: Connection, sync: RecvStream, presence: RecvStream) {
        tokio::join!(
            self.read(sync, Purpose::Sync),
            self.read(presence, Purpose::Presence),
        );
        let error = connection.closed().await;
        (self.report)(FromLink::Ended {
            connection: self.id,
            reason: reason_of(&error),
        });
    }

    async fn read(&self, mut stream: RecvStream, purpose: Purpose) {
        loop {
            let Ok(permit) = Arc::clone(&self.unhandled).acquire_owned().await else {
                return;
            };
            match read_message(&mut stream, purpose).await {
                Ok(Some(message)) => (self.report)(FromLink::Received {
                    connection: self.id,
                    message,
                    permit,
                }),
                Ok(None) => return,
                Err(what) => {
                    tracing::warn!("a peer broke the protocol: {what}");
                    (self.report)(FromLink::Broken {
                        connection: self.id,
                    });
                    return;
                }
            }
        }
    }
}

/// Returns the next message, `None` at the end, and a sentence about what breaks the protocol.
async fn read_message(
    stream: &mut RecvStream,
    purpose: Purpose,
) -> Result<Option<Message>, String> {
    loop {
        let payload = match read_frame(stream).await {
            Ok(Some(payload)) => payload,
            Ok(None) | Err(FrameError::Lost) => return Ok(None),
            Err(error @ (FrameError::TooLarge(_) | FrameError::Cut)) => {
                return Err(error.to_string());
            }
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
        return Ok(Some(message));
    }
}
