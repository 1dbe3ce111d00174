//! Neighbours chosen by iroh-gossip: its membership protocol, HyParView, and nothing else of it.
//!
//! All replicas of a document meet in one topic, which only who knows the document's id can name.
//! No document travels there, and who is in the topic is not let in for that. Knows of the session
//! only how to tell it its neighbours.

use std::{collections::BTreeSet, sync::mpsc, time::Duration};

use iroh::EndpointId;
use iroh_gossip::{
    api::{ApiError, Event, GossipReceiver, GossipSender},
    net::Gossip,
    proto::TopicId,
};
use n0_future::StreamExt as _;
use tokio::{
    sync::{
        broadcast::{self, error::RecvError},
        watch,
    },
    time::sleep,
};

use super::{
    published::{DocumentInfo, Published, SessionState},
    wake::Wake,
};
use crate::net::{
    event::{ConnectionEvent, PeerState},
    node::{DocumentId, NodeId},
    session::Input,
};

/// Keeps the topic's name apart from all other hashes.
const TOPIC_CONTEXT: &str = "iroh-loro-realtime gossip topic 1";
/// How long to wait before the topic is joined anew, after somebody filled it with messages.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells the session its neighbours, as long as it lasts.
pub(super) struct Overlay {
    gossip: Gossip,
    wake: mpsc::Sender<Wake>,
    info: watch::Receiver<DocumentInfo>,
    state: watch::Receiver<SessionState>,
    connections: broadcast::Receiver<ConnectionEvent>,
    /// With whom the session is connected: whoever is in the topic may lead us to the others.
    connected: BTreeSet<NodeId>,
}

/// There is nobody any more to choose neighbours for.
struct Over;

impl Overlay {
    pub(super) fn new(gossip: Gossip, wake: mpsc::Sender<Wake>, published: &Published) -> Self {
        Self {
            gossip,
            wake,
            info: published.info.subscribe(),
            state: published.state.subscribe(),
            connections: published.connections.subscribe(),
            connected: BTreeSet::new(),
        }
    }

    /// Works until the session ends.
    pub(super) async fn run(mut self) {
        let mut state = self.state.clone();
        let ended = state.wait_for(|state| *state != SessionState::Running);
        tokio::select! {
            _ = ended => {}
            _ = self.choose() => {}
        }
    }

    async fn choose(&mut self) -> Result<(), Over> {
        let document = {
            let known = self.info.wait_for(|info| info.document.is_some()).await;
            known.map_err(|_| Over)?.document.ok_or(Over)?
        };
        let topic = topic_of(document);
        loop {
            if let Err(error) = self.take_part(topic).await? {
                tracing::warn!("the members' topic is joined anew: {error:#}");
            }
            sleep(PAUSE).await;
        }
    }

    /// Follows the topic until it breaks off.
    async fn take_part(&mut self, topic: TopicId) -> Result<Result<(), ApiError>, Over> {
        let known = self.connected.iter().copied().filter_map(endpoint_id);
        let subscribed = self.gossip.subscribe(topic, known.collect()).await;
        let (sender, mut receiver) = match subscribed {
            Ok(topic) => topic.split(),
            Err(error) => return Ok(Err(error)),
        };
        loop {
            tokio::select! {
                event = receiver.next() => match event {
                    Some(Ok(Event::NeighborUp(_) | Event::NeighborDown(_))) => {
                        self.tell(&receiver)?;
                    }
                    // Members have nothing to say to each other here.
                    Some(Ok(Event::Received(_))) => continue,
                    Some(Ok(Event::Lagged)) | None => return Ok(Ok(())),
                    Some(Err(error)) => return Ok(Err(error)),
                },
                event = self.connections.recv() => match event {
                    Ok(event) => self.note(&event),
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return Err(Over),
                },
            }
            if let Err(error) = self.join_if_alone(&sender, &receiver).await {
                return Ok(Err(error));
            }
        }
    }

    fn tell(&self, receiver: &GossipReceiver) -> Result<(), Over> {
        let neighbours = receiver.neighbors().map(NodeId::from).collect();
        let input = Input::Neighbours(neighbours);
        self.wake.send(Wake::Input(input)).map_err(|_| Over)
    }

    fn note(&mut self, event: &ConnectionEvent) {
        match event.to {
            PeerState::Connected => self.connected.insert(event.node),
            PeerState::Disconnected => self.connected.remove(&event.node),
            PeerState::Connecting
            | PeerState::Syncing
            | PeerState::Unstable
            | PeerState::Disconnecting => false,
        };
    }

    /// Whom we are connected with knows the others.
    async fn join_if_alone(
        &self,
        sender: &GossipSender,
        receiver: &GossipReceiver,
    ) -> Result<(), ApiError> {
        if receiver.is_joined() || self.connected.is_empty() {
            return Ok(());
        }
        let known = self.connected.iter().copied().filter_map(endpoint_id);
        sender.join_peers(known.collect()).await
    }
}

fn endpoint_id(node: NodeId) -> Option<EndpointId> {
    EndpointId::try_from(node).ok()
}

fn topic_of(document: DocumentId) -> TopicId {
    TopicId::from_bytes(blake3::derive_key(TOPIC_CONTEXT, &document.0))
}
