//! The setting `network`: a word for the reach, or a table with servers of one's own.

use toml::de::DeValue;

use super::reader::{Reader, Value, in_order};
use crate::{
    Discovery, NetworkKind, ServerUrl, Servers,
    ui::source::{SourceError, suggestion},
};

const KEYS: [&str; 4] = ["reach", "relay", "pkarr", "discovery"];

const DISCOVERIES: [(&str, Discovery); 3] = [
    ("multicast", Discovery::Multicast),
    ("pkarr", Discovery::Pkarr),
    ("dns", Discovery::Dns),
];

impl Reader<'_> {
    /// Reads `network = "lan"`, or the table with `reach`, `relay`, `pkarr` and `discovery`.
    pub(super) fn network(
        &self,
        value: &Value<'_>,
    ) -> Result<(Option<NetworkKind>, Servers), SourceError> {
        let mut servers = Servers::default();
        let DeValue::Table(table) = value.get_ref() else {
            return Ok((Some(self.reach("network", value)?), servers));
        };
        let mut kind = None;
        for (key, value) in in_order(table) {
            match key.as_ref().as_ref() {
                "reach" => kind = self.note(self.reach("reach", value)).or(kind),
                "relay" => servers.relay = self.note(self.server("relay", value)),
                "pkarr" => servers.pkarr = self.note(self.server("pkarr", value)),
                "discovery" => servers.discovery = self.note(self.discovery(value)),
                unknown => {
                    let hint = suggestion(unknown, KEYS);
                    let message =
                        format!("there is no setting \"{unknown}\" for the network{hint}");
                    self.note::<()>(Err(self.source.error(Some(key.span()), message)));
                }
            }
        }
        Ok((kind, servers))
    }

    fn reach(&self, key: &str, value: &Value<'_>) -> Result<NetworkKind, SourceError> {
        let text = value.get_ref().as_str().unwrap_or_default();
        text.parse()
            .map_err(|_| self.expected(key, value, "\"local\", \"lan\" or \"internet\""))
    }

    fn server(&self, key: &str, value: &Value<'_>) -> Result<ServerUrl, SourceError> {
        let text = value.get_ref().as_str().unwrap_or_default();
        text.parse().map_err(|_| {
            self.expected(
                key,
                value,
                "the address of a server, like \"https://relay.example.org\"",
            )
        })
    }

    fn discovery(&self, value: &Value<'_>) -> Result<Vec<Discovery>, SourceError> {
        let list = value.get_ref().as_array().ok_or_else(|| {
            self.expected(
                "discovery",
                value,
                "a list, like [\"multicast\", \"pkarr\"]",
            )
        })?;
        list.iter()
            .map(|value| self.one_of("discovery", value, &DISCOVERIES))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    #[test]
    fn servers_of_ones_own_can_be_named() {
        let text = "[network]\nreach = \"internet\"\nrelay = \"https://relay.example.org\"\n\
                    pkarr = \"http://10.0.0.1:8080/pkarr\"\ndiscovery = [\"pkarr\"]\n";
        let config = Config::parse("config.toml", text).expect("settings");
        assert_eq!(config.network, Some(NetworkKind::Internet));
        assert_eq!(
            config.servers.relay,
            "https://relay.example.org".parse().ok()
        );
        assert_eq!(
            config.servers.pkarr,
            "http://10.0.0.1:8080/pkarr".parse().ok()
        );
        assert_eq!(config.servers.discovery, Some(vec![Discovery::Pkarr]));
        let word = Config::parse("config.toml", "network = \"lan\"").expect("a word");
        assert_eq!(word.network, Some(NetworkKind::Lan));
        assert_eq!(word.servers, Servers::default());
    }

    #[test]
    fn mistakes_are_told_with_their_lines() {
        let text = "[network]\nreach = \"wan\"\nrelay = \"relay.example.org\"\nrelais = 3\n\
                    discovery = [\"mdns\"]\n";
        let problems: Vec<String> = Config::check("config.toml", text)
            .iter()
            .map(ToString::to_string)
            .collect();
        let expected = [
            "line 2: \"reach\" must be \"local\", \"lan\" or \"internet\"",
            "line 3: \"relay\" must be the address of a server",
            "line 4: there is no setting \"relais\" for the network; did you mean \"relay\"?",
            "line 5: \"discovery\" must be one of \"multicast\", \"pkarr\", \"dns\"",
        ];
        assert_eq!(problems.len(), expected.len(), "{problems:?}");
        for (problem, expected) in problems.iter().zip(expected) {
            assert!(problem.contains(expected), "{problem:?} lacks {expected:?}");
        }
    }
}
