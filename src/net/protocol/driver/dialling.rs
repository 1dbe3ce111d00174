//! Getting from a wish for a peer, or from a knock of it, to one connection with it.

use iroh::{Endpoint, EndpointAddr, Watcher as _, endpoint::Connection};
use n0_future::StreamExt as _;
use std::time::Duration;
use tokio::{sync::oneshot, time::sleep};

use super::{Attached, Driver, Waiting, with_places_of};
use crate::net::{
    connection::{DialError, Link, Streams, close, dial, open},
    event::{PeerState, Reason},
    message::CloseReason,
    node::{NodeId, PeerAddress},
    peer::keeps_incoming,
    protocol::{RealtimeLoroProtocol, arrival::Arrivals, error::ConnectError, wake::Wake},
    session::Input,
};

/// How long a peer's new connection waits when the older one seems to live, besides two round
/// trips of that.
const SECOND_THOUGHT: Duration = Duration::from_millis(250);

/// Keeps what we take from a connection's encryption apart from what others take.
const BINDING_LABEL: &[u8] = b"EXPORTER-iroh-loro-realtime-1";

/// A connection in the making. There is at most one for each peer.
pub(super) struct Attempt {
    number: u64,
    kind: Kind,
    /// Ends the attempt when it is dropped.
    _withdraw: oneshot::Sender<()>,
    /// Whether the session waits to hear of a failure.
    asked: bool,
}

impl Attempt {
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// We dial.
    Dialling,
    /// The peer dialled, and we take its connection.
    Taking,
}

impl Driver {
    pub(super) fn attach(&mut self, endpoint: Endpoint) {
        let attached = self.endpoint.as_ref().map(|old| &old.endpoint);
        if attached.is_some_and(|old| old.bound_sockets() == endpoint.bound_sockets()) {
            return;
        }
        if NodeId::from(endpoint.id()) != self.node {
            tracing::error!("an endpoint with another node id cannot be attached");
            return;
        }
        let mut addresses = endpoint.watch_addr().stream();
        let closed = endpoint.closed();
        let wake = self.wake.clone();
        let watcher = self.runtime.spawn(closed.run_until(async move {
            while let Some(address) = addresses.next().await {
                let changed = Input::AddressChanged(address.into());
                if wake.send(Wake::Input(changed)).is_err() {
                    return;
                }
            }
        }));
        let old = self.endpoint.replace(Attached {
            endpoint,
            watcher: watcher.abort_handle(),
        });
        if let Some(old) = old {
            old.watcher.abort();
        }
    }

    pub(super) fn connect(
        &mut self,
        address: PeerAddress,
        reply: oneshot::Sender<Result<(), ConnectError>>,
    ) {
        let node = address.node;
        let state = self
            .session
            .peers()
            .find(|peer| peer.node == node)
            .map(|peer| peer.state);
        if matches!(state, Some(PeerState::Connected | PeerState::Unstable)) {
            let _ = reply.send(Ok(()));
            return;
        }
        if self.offline {
            let _ = reply.send(Err(ConnectError::GivenUp { node }));
            return;
        }
        if self.session.bans(node) {
            let _ = reply.send(Err(ConnectError::ShutOut { node }));
            return;
        }
        self.waiting.push(Waiting {
            node,
            reply,
            known: state.is_some(),
        });
        self.handle(Input::Dial(address));
    }

    /// Dials as the session wishes. The answer is always an [`Input::Opened`] or an
    /// [`Input::DialFailed`].
    pub(super) fn start_dial(&mut self, address: PeerAddress) {
        let node = address.node;
        if let Some(attempt) = self.attempts.get_mut(&node) {
            attempt.asked = true;
            return;
        }
        let (withdraw, withdrawn) = oneshot::channel();
        let number = self.start_attempt(node, Kind::Dialling, withdraw, true);
        let wake = self.wake.clone();
        let dialled = match self.dialled(address) {
            Ok((endpoint, address)) => {
                dial(endpoint, address, RealtimeLoroProtocol::ALPN, withdrawn)
            }
            Err(error) => {
                let _ = wake.send(Wake::Settled {
                    node,
                    attempt: number,
                    result: Err(error),
                });
                return;
            }
        };
        self.runtime.spawn(async move {
            let result = dialled.await;
            let _ = wake.send(Wake::Settled {
                node,
                attempt: number,
                result,
            });
        });
    }

    /// Returns through what and where to dial. A file of the same-machine lookup is read anew for
    /// each dial: iroh asks its lookups only when it knows no path yet.
    fn dialled(&self, address: PeerAddress) -> Result<(Endpoint, EndpointAddr), DialError> {
        let Some(attached) = &self.endpoint else {
            return Err(DialError::Unreachable("no endpoint is attached".to_owned()));
        };
        let arrivals = self.arrivals.as_ref();
        let found = arrivals.and_then(|arrivals: &Arrivals| arrivals.address_of(address.node));
        let address = EndpointAddr::try_from(&with_places_of(address, found))
            .map_err(|error| DialError::Unreachable(error.to_string()))?;
        Ok((attached.endpoint.clone(), address))
    }

    fn start_attempt(
        &mut self,
        node: NodeId,
        kind: Kind,
        withdraw: oneshot::Sender<()>,
        asked: bool,
    ) -> u64 {
        let number = self.next_number();
        let attempt = Attempt {
            number,
            kind,
            _withdraw: withdraw,
            asked,
        };
        self.attempts.insert(node, attempt);
        number
    }

    /// Decides about a connection that a peer dialled.
    ///
    /// When an older connection to the same peer still stands, the new one waits a little. A peer
    /// that has a connection to us withdraws its own dials; if it does not, it knows nothing of
    /// the older one, because it was restarted or has lost it, and the new one takes over. When
    /// the same-machine lookup proves that it was restarted, there is nothing to wait for.
    pub(super) fn take_incoming(&mut self, connection: Connection) {
        let node = NodeId::from(connection.remote_id());
        if self.offline {
            close(&connection, CloseReason::Leaving);
            return;
        }
        if !self.has_room_for(node) {
            close(&connection, CloseReason::Busy);
            return;
        }
        let own = self.attempts.get(&node);
        let dialling = own.is_some_and(|attempt| attempt.kind == Kind::Dialling);
        if !keeps_incoming(self.node, node, dialling) {
            close(&connection, CloseReason::Duplicate);
            return;
        }
        let asked = own.is_some_and(|attempt| attempt.asked);
        let (withdraw, withdrawn) = oneshot::channel();
        // What was under way with this peer is withdrawn by this.
        let number = self.start_attempt(node, Kind::Taking, withdraw, asked);
        let older = self
            .links
            .values()
            .find(|link| link.node == node && link.is_open())
            .filter(|_| !self.is_restarted(node))
            .map(|link| (link.connection().clone(), patience(link)));
        let wake = self.wake.clone();
        self.runtime.spawn(async move {
            let taking = async {
                if let Some((older, patience)) = older {
                    tokio::select! {
                        _ = connection.closed() => return Err(DialError::Withdrawn),
                        _ = older.closed() => {}
                        () = sleep(patience) => {}
                    }
                }
                open(connection.clone()).await
            };
            let result = tokio::select! {
                result = taking => result,
                _ = withdrawn => Err(DialError::Withdrawn),
            };
            if result.is_err() {
                close(&connection, CloseReason::Duplicate);
            }
            let _ = wake.send(Wake::Settled {
                node,
                attempt: number,
                result,
            });
        });
    }

    /// An attempt came to its end.
    pub(super) fn settle(&mut self, node: NodeId, number: u64, result: Result<Streams, DialError>) {
        let current = self.attempts.get(&node).map(|attempt| attempt.number);
        if current != Some(number) {
            if let Ok(streams) = result {
                close(&streams.connection, CloseReason::Duplicate);
            }
            return;
        }
        let asked = self
            .attempts
            .remove(&node)
            .is_some_and(|attempt| attempt.asked);
        match result {
            Ok(streams) => self.start_link(node, streams),
            Err(error) if asked => {
                tracing::debug!("{} was not reached: {error}", node.short());
                self.fail_waiting(node, |node| failure(node, &error));
                self.handle(Input::DialFailed {
                    node,
                    error: error.to_string(),
                });
            }
            Err(_) => {}
        }
    }

    fn start_link(&mut self, node: NodeId, streams: Streams) {
        let older: Vec<_> = self
            .links
            .iter()
            .filter(|(_, link)| link.node == node)
            .map(|(connection, _)| *connection)
            .collect();
        for connection in older {
            let reason = CloseReason::Duplicate.seen_from_other_side();
            self.cut(connection, CloseReason::Duplicate, reason);
        }
        let Some(binding) = binding_of(&streams.connection) else {
            // The connection ended meanwhile.
            close(&streams.connection, CloseReason::Failed);
            return self.handle(Input::DialFailed {
                node,
                error: "the connection ended at once".to_owned(),
            });
        };
        let connection = self.next_number();
        let link = Link::start(
            connection,
            node,
            streams,
            self.max_queued,
            &self.runtime,
            self.report.clone(),
        );
        self.links.insert(connection, link);
        self.strangers.add(connection, self.now());
        if let Some(arrivals) = &mut self.arrivals {
            arrivals.connected(node);
        }
        self.handle(Input::Opened {
            node,
            connection,
            address: None,
            binding,
        });
    }

    pub(super) fn withdraw(&mut self, node: NodeId) {
        self.attempts.remove(&node);
        self.fail_waiting(node, |node| ConnectError::GivenUp { node });
    }

    pub(super) fn withdraw_all(&mut self) {
        let nodes: Vec<_> = self.attempts.keys().copied().collect();
        for node in nodes {
            self.withdraw(node);
        }
    }

    /// Answers everybody who waits for a peer. A peer that only they wanted is forgotten.
    pub(super) fn fail_waiting(&mut self, node: NodeId, why: impl Fn(NodeId) -> ConnectError) {
        let (failed, waiting) = self
            .waiting
            .drain(..)
            .partition::<Vec<_>, _>(|waiting| waiting.node == node);
        self.waiting = waiting;
        if failed.is_empty() {
            return;
        }
        if failed.iter().all(|waiting| !waiting.known) {
            // After what is being handled now, which may concern the same peer, and before
            // whatever the application does with the answer.
            let _ = self.wake.send(Wake::Input(Input::Forget(node)));
        }
        for waiting in failed {
            let _ = waiting.reply.send(Err(why(node)));
        }
    }

    /// Answers everybody who waits for a peer that is in sync now.
    pub(super) fn satisfy_waiting(&mut self, node: NodeId) {
        for waiting in self.waiting.extract_if(.., |waiting| waiting.node == node) {
            let _ = waiting.reply.send(Ok(()));
        }
    }

    /// Answers everybody who waits for a peer whose connection ended.
    pub(super) fn disappoint_waiting(&mut self, node: NodeId, reason: &Reason) {
        self.fail_waiting(node, |node| match reason {
            Reason::Denied(text) => ConnectError::Refused {
                node,
                text: text.clone(),
            },
            Reason::Lost(text) => ConnectError::Unreachable {
                node,
                reason: text.clone(),
            },
            Reason::Left => ConnectError::Refused {
                node,
                text: "the peer left".to_owned(),
            },
            Reason::Silent => ConnectError::Unreachable {
                node,
                reason: "nothing was heard from it any more".to_owned(),
            },
            Reason::Normal | Reason::Requested => ConnectError::GivenUp { node },
        });
    }
}

/// Returns what both ends of a connection, and nobody else, can take from its encryption.
fn binding_of(connection: &Connection) -> Option<[u8; 32]> {
    let mut binding = [0; 32];
    connection
        .export_keying_material(&mut binding, BINDING_LABEL, b"")
        .ok()?;
    Some(binding)
}

fn patience(older: &Link) -> Duration {
    SECOND_THOUGHT + 2 * older.round_trip().unwrap_or_default()
}

fn failure(node: NodeId, error: &DialError) -> ConnectError {
    match error {
        DialError::Unreachable(reason) => ConnectError::Unreachable {
            node,
            reason: reason.clone(),
        },
        DialError::OtherProtocol => ConnectError::OtherProtocol { node },
        DialError::Ended(reason) => ConnectError::Refused {
            node,
            text: reason.text().to_owned(),
        },
        DialError::Withdrawn => ConnectError::GivenUp { node },
    }
}
