//! A document beside another protocol, on one iroh router and one endpoint.
//!
//! An application that speaks iroh already keeps its endpoint, its router and its other
//! protocols; the document is one more line. Here the other protocol answers a greeting.
//! Run it with `cargo run --example router`.

use std::error::Error;

use iroh::{
    Endpoint, EndpointAddr, SecretKey,
    endpoint::Connection,
    protocol::{AcceptError, ProtocolHandler, Router},
};
use iroh_loro_realtime::{
    DocumentEvent, NetworkKind, PresenceEvent, RealtimeLoroProtocol, UserInfo, bind,
};
use loro::LoroDoc;
use tokio::sync::broadcast::{self, error::RecvError};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The application's own protocol: takes a name, answers with a greeting.
#[derive(Clone, Debug)]
struct Greeter;

impl Greeter {
    const ALPN: &'static [u8] = b"example/greeter/1";
    const LONGEST: usize = 100;
}

impl ProtocolHandler for Greeter {
    async fn accept(&self, connection: Connection) -> Result<(), AcceptError> {
        let (mut answer, mut question) = connection.accept_bi().await?;
        let name = question
            .read_to_end(Self::LONGEST)
            .await
            .map_err(AcceptError::from_err)?;
        let greeting = format!("Good day, {}!", String::from_utf8_lossy(&name));
        answer
            .write_all(greeting.as_bytes())
            .await
            .map_err(AcceptError::from_err)?;
        answer.finish()?;
        connection.closed().await;
        Ok(())
    }
}

/// Speaks the application's own protocol as a client.
async fn greet(endpoint: &Endpoint, server: EndpointAddr, name: &str) -> Outcome<String> {
    let connection = endpoint.connect(server, Greeter::ALPN).await?;
    let (mut question, mut answer) = connection.open_bi().await?;
    question.write_all(name.as_bytes()).await?;
    question.finish()?;
    let greeting = answer.read_to_end(Greeter::LONGEST * 2).await?;
    connection.close(0_u32.into(), b"thank you");
    Ok(String::from_utf8(greeting)?)
}

/// Makes a document collaborative on an endpoint that exists already.
async fn share(
    endpoint: &Endpoint,
    name: &str,
    color: &str,
) -> Outcome<(RealtimeLoroProtocol, broadcast::Receiver<DocumentEvent>)> {
    let user = UserInfo {
        name: name.to_string(),
        color: color.to_string(),
        avatar_url: None,
    };
    let (update_tx, updates) = broadcast::channel(100);
    let (presence_tx, _) = broadcast::channel::<PresenceEvent>(100);
    let protocol =
        RealtimeLoroProtocol::new(LoroDoc::new(), endpoint.id(), user, update_tx, presence_tx)
            .await?;
    Ok((protocol, updates))
}

fn title_of(protocol: &RealtimeLoroProtocol) -> Option<String> {
    let title = protocol.doc().get_map("settings").get("title")?;
    Some(title.into_value().ok()?.as_string()?.to_string())
}

#[tokio::main]
async fn main() -> Outcome<()> {
    // The server: one endpoint, one router, two protocols.
    let endpoint = bind(NetworkKind::Local, SecretKey::generate(), None).await?;
    let (server, mut updates) = share(&endpoint, "Server", "#4ECDC4").await?;
    let router = Router::builder(endpoint.clone())
        .accept(Greeter::ALPN, Greeter)
        .accept(RealtimeLoroProtocol::ALPN, server.clone())
        .spawn();
    server
        .apply_local_change(|doc| doc.get_map("settings").insert("title", "Untitled"))
        .await?;

    // The client speaks both, over one endpoint of its own.
    let clients_endpoint = bind(NetworkKind::Local, SecretKey::generate(), None).await?;
    let greeting = greet(&clients_endpoint, endpoint.addr(), "Bob").await?;
    println!("the greeter says: {greeting}");

    let (client, _updates) = share(&clients_endpoint, "Bob", "#FF6B6B").await?;
    client.connect(&clients_endpoint, endpoint.addr()).await?;
    println!(
        "the document says: {}",
        title_of(&client).unwrap_or_default()
    );

    client
        .apply_local_change(|doc| doc.get_map("settings").insert("title", "Travel plans"))
        .await?;
    while title_of(&server).as_deref() != Some("Travel plans") {
        match updates.recv().await {
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(closed @ RecvError::Closed) => return Err(closed.into()),
        }
    }
    println!("the server has the new title: Travel plans");

    // A document on the wire does not disturb the neighbours.
    let greeting = greet(&clients_endpoint, endpoint.addr(), "Bob again").await?;
    println!("the greeter says: {greeting}");

    client.shutdown().await;
    clients_endpoint.close().await;
    // Ends every protocol on it, the document's included.
    router.shutdown().await?;
    Ok(())
}
