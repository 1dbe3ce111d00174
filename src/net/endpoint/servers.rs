//! Which servers and ways of finding peers an endpoint uses that reaches beyond its network.

use std::str::FromStr;

use iroh::{
    RelayMode, RelayUrl,
    address_lookup::{DnsAddressLookup, PkarrPublisher, PkarrResolver},
    endpoint::Builder,
};
use thiserror::Error;

/// The address of a server, such as `https://relay.example.org`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrl(RelayUrl);

/// The text is no address of a server.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is no address of a server: it looks like https://relay.example.org")]
pub struct InvalidServerUrl(String);

impl FromStr for ServerUrl {
    type Err = InvalidServerUrl;

    fn from_str(text: &str) -> Result<Self, InvalidServerUrl> {
        let url: Result<RelayUrl, _> = text.parse();
        let url = url.ok().filter(|url| {
            let known = matches!(url.scheme(), "http" | "https");
            known && url.has_host()
        });
        url.map(Self)
            .ok_or_else(|| InvalidServerUrl(text.to_owned()))
    }
}

/// A way of finding out where a node id can be dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Discovery {
    /// Multicast DNS in the networks that the machine is attached to.
    Multicast,
    /// A pkarr server: our address is published there, and others' are looked up.
    Pkarr,
    /// Number 0's DNS server, which has what their pkarr server has.
    Dns,
}

/// Servers of one's own, and how peers are found. What an endpoint does not reach by its
/// [`NetworkKind`](super::NetworkKind) it does not ask either. By default they are the public ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Servers {
    /// The relay through which peers are reached who cannot be reached directly; `None`: iroh's
    /// public ones.
    pub relay: Option<ServerUrl>,
    /// The pkarr server; `None`: iroh's public one.
    pub pkarr: Option<ServerUrl>,
    /// How peers are found; `None`: in every way, but for [`Discovery::Dns`] where the pkarr server
    /// is one's own, since public DNS knows nothing of it.
    pub discovery: Option<Vec<Discovery>>,
}

impl Servers {
    /// Whether peers are to be found in this way.
    pub fn uses(&self, discovery: Discovery) -> bool {
        match &self.discovery {
            Some(wanted) => wanted.contains(&discovery),
            None => discovery != Discovery::Dns || self.pkarr.is_none(),
        }
    }

    /// Puts them into an endpoint that is for the internet.
    pub(super) fn configure(&self, builder: Builder) -> Builder {
        let mut builder = builder.proxy_from_env();
        if let Some(ServerUrl(relay)) = &self.relay {
            builder = builder.relay_mode(RelayMode::custom([relay.clone()]));
        }
        builder = builder.clear_address_lookup();
        if self.uses(Discovery::Pkarr) {
            builder = match &self.pkarr {
                Some(ServerUrl(url)) => builder
                    .address_lookup(PkarrPublisher::builder(url.clone().into()))
                    .address_lookup(PkarrResolver::builder(url.clone().into())),
                None => builder
                    .address_lookup(PkarrPublisher::n0_dns())
                    .address_lookup(PkarrResolver::n0_dns()),
            };
        }
        if self.uses(Discovery::Dns) {
            builder = builder.address_lookup(DnsAddressLookup::n0_dns());
        }
        builder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_servers_are_checked() {
        for (text, valid) in [
            ("https://relay.example.org", true),
            ("http://127.0.0.1:3340", true),
            ("https://dns.example.org/pkarr", true),
            ("relay.example.org", false),
            ("ftp://relay.example.org", false),
            ("https://", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<ServerUrl>().is_ok(), valid, "{text}");
        }
    }

    #[test]
    fn an_own_pkarr_server_takes_the_place_of_public_dns() {
        let own = Servers {
            pkarr: "https://pkarr.example.org".parse().ok(),
            ..Servers::default()
        };
        let some = Servers {
            discovery: Some(vec![Discovery::Dns]),
            ..own.clone()
        };
        use Discovery::{Dns, Multicast, Pkarr};
        let used = |servers: &Servers| [Multicast, Pkarr, Dns].map(|one| servers.uses(one));
        assert_eq!(used(&Servers::default()), [true, true, true]);
        assert_eq!(used(&own), [true, true, false]);
        assert_eq!(used(&some), [false, false, true]);
    }
}
