//! Making a connection: as the dialler, and as the acceptor.

use iroh::{
    Endpoint, EndpointAddr,
    endpoint::{
        ConnectError, ConnectWithOptsError, ConnectingError, Connection, ConnectionError,
        RecvStream, SendStream, TransportErrorCode,
    },
};
use thiserror::Error;
use tokio::{
    sync::oneshot,
    time::{Instant, timeout, timeout_at},
};

use super::{Channel, DIAL_TIMEOUT, Purpose, Streams, close, peers_reason, words_of};
use crate::net::message::CloseReason;

/// TLS alert 120: the other side speaks none of the protocols that we offered.
const NO_APPLICATION_PROTOCOL: u8 = 120;

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum DialError {
    /// Nobody answered, in time or at all.
    #[error("{0}")]
    Unreachable(String),
    /// Somebody answered who does not speak this protocol.
    #[error("it does not speak this protocol")]
    OtherProtocol,
    /// The peer answered and ended the connection.
    #[error("{}", .0.text())]
    Ended(CloseReason),
    /// We gave it up ourselves.
    #[error("another connection took over")]
    Withdrawn,
}

impl DialError {
    fn timeout() -> Self {
        Self::Unreachable(format!("no answer within {} s", DIAL_TIMEOUT.as_secs()))
    }
}

/// Dials, and waits for the acceptor's word. Takes 5 seconds at most.
///
/// The dial is given up when `withdraw` is completed or dropped. When the acceptor says that its
/// own dial wins, this waits for that: its arrival withdraws this one.
pub(crate) async fn dial(
    endpoint: Endpoint,
    address: EndpointAddr,
    alpn: &'static [u8],
    mut withdraw: oneshot::Receiver<()>,
) -> Result<Streams, DialError> {
    let deadline = Instant::now() + DIAL_TIMEOUT;
    let connection = tokio::select! {
        connected = timeout_at(deadline, endpoint.connect(address, alpn)) => {
            connected.map_err(|_| DialError::timeout())??
        }
        _ = &mut withdraw => return Err(DialError::Withdrawn),
    };
    let taken = tokio::select! {
        taken = timeout_at(deadline, take_streams(&connection)) => {
            taken.unwrap_or(Err(DialError::timeout()))
        }
        _ = &mut withdraw => Err(DialError::Withdrawn),
    };
    match taken {
        Ok((sync, presence)) => Ok(Streams {
            connection,
            sync,
            presence,
        }),
        Err(DialError::Ended(CloseReason::Duplicate)) => {
            match timeout_at(deadline, withdraw).await {
                Ok(_) => Err(DialError::Withdrawn),
                Err(_) => Err(DialError::timeout()),
            }
        }
        Err(error) => {
            close(&connection, CloseReason::Duplicate);
            Err(error)
        }
    }
}

/// Opens the streams of a connection that we accepted: our word that it is the one to use.
pub(crate) async fn open(connection: Connection) -> Result<Streams, DialError> {
    let opening = async {
        let sync = open_stream(&connection, Purpose::Sync).await?;
        let presence = open_stream(&connection, Purpose::Presence).await?;
        Ok::<_, DialError>((sync, presence))
    };
    // Takes no round trip, unless the dialler allows us no streams.
    let (sync, presence) = timeout(DIAL_TIMEOUT, opening)
        .await
        .map_err(|_| DialError::timeout())??;
    Ok(Streams {
        connection,
        sync,
        presence,
    })
}

async fn open_stream(connection: &Connection, purpose: Purpose) -> Result<Channel, DialError> {
    let (mut send, receive) = connection.open_bi().await?;
    if send.write_all(&[purpose.byte()]).await.is_err() {
        return Err(end_of(connection));
    }
    Ok(Channel { send, receive })
}

async fn take_streams(connection: &Connection) -> Result<(Channel, Channel), DialError> {
    let sync = take_stream(connection, Purpose::Sync).await?;
    let presence = take_stream(connection, Purpose::Presence).await?;
    Ok((sync, presence))
}

/// Streams are handed out in the order in which the acceptor opened them.
async fn take_stream(connection: &Connection, purpose: Purpose) -> Result<Channel, DialError> {
    let (send, mut receive): (SendStream, RecvStream) = connection.accept_bi().await?;
    let mut first = [0];
    if receive.read_exact(&mut first).await.is_err() {
        return Err(end_of(connection));
    }
    if Purpose::of_byte(first[0]) != Some(purpose) {
        close(connection, CloseReason::Protocol);
        return Err(DialError::OtherProtocol);
    }
    Ok(Channel { send, receive })
}

/// Returns why a connection ended whose stream just broke.
fn end_of(connection: &Connection) -> DialError {
    match connection.close_reason() {
        Some(error) => error.into(),
        None => DialError::Unreachable("the peer closed its stream".to_owned()),
    }
}

impl From<ConnectionError> for DialError {
    fn from(error: ConnectionError) -> Self {
        if let Some(reason) = peers_reason(&error) {
            return Self::Ended(reason);
        }
        match &error {
            ConnectionError::ConnectionClosed(closed)
                if closed.error_code == TransportErrorCode::crypto(NO_APPLICATION_PROTOCOL) =>
            {
                Self::OtherProtocol
            }
            ConnectionError::TimedOut => Self::timeout(),
            ConnectionError::VersionMismatch
            | ConnectionError::TransportError(_)
            | ConnectionError::ConnectionClosed(_)
            | ConnectionError::ApplicationClosed(_)
            | ConnectionError::Reset
            | ConnectionError::LocallyClosed
            | ConnectionError::CidsExhausted => Self::Unreachable(words_of(&error)),
        }
    }
}

impl From<ConnectError> for DialError {
    fn from(error: ConnectError) -> Self {
        // iroh's enums may grow, so what is not known is shown in iroh's words.
        match error {
            ConnectError::Connection { source, .. } => source.into(),
            ConnectError::Connecting {
                source: ConnectingError::ConnectionError { source, .. },
                ..
            } => source.into(),
            ConnectError::Connect {
                source: ConnectWithOptsError::NoAddress { .. },
                ..
            } => Self::Unreachable("nobody knows where it is".to_owned()),
            other => Self::Unreachable(first_line(&format!("{other:#}"))),
        }
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
