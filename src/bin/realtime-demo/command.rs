//! What can be typed: one line to one command. Knows no document and no network.

use std::{fmt, str::FromStr, time::Duration};

use iroh_loro_realtime::{InvalidNodeId, NodeId};
use loro::LoroText;
use thiserror::Error;

/// What `help` shows.
pub const HELP: &str = r"
insert PLACE TEXT           put text in; PLACE counts characters, or is `end`; \n is a line break
delete PLACE COUNT          take characters out
show                        show the text
peers                       list the peers
cursor PLACE [PLACE]        tell where your caret is, or what you have selected
typing [off]                tell that you are typing
connect NODE_ID             connect to a peer, and again whenever it is lost
disconnect NODE_ID          let a peer go
offline, online             leave the network, and come back
wait sync [SECONDS]         wait until a peer is connected and in sync
wait peers COUNT [SECONDS]  wait until so many peers are here, in sync or not
wait text TEXT              wait until the text contains this
quit                        say goodbye and end
";

/// What to do.
#[derive(Debug, PartialEq)]
pub enum Command {
    Insert(Place, String),
    Delete(Place, usize),
    Show,
    Peers,
    /// A caret, or where a selection starts and ends.
    Cursor(Place, Option<Place>),
    Typing(bool),
    Connect(NodeId),
    Disconnect(NodeId),
    Offline,
    Online,
    /// Until something is so, at most so long.
    Wait(Condition, Option<Duration>),
    Help,
    Quit,
}

/// A place in the text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Place {
    /// Characters from the start.
    At(usize),
    End,
}

impl Place {
    /// Returns how many characters stand before it in this text.
    pub fn in_text(self, text: &LoroText) -> usize {
        match self {
            Self::At(offset) => offset,
            Self::End => text.len_unicode(),
        }
    }
}

/// What can be waited for.
#[derive(Debug, PartialEq)]
pub enum Condition {
    /// Some peer is connected, and both have what the other had.
    Sync,
    /// As many peers are here, in sync or not.
    Peers(usize),
    /// The text contains this.
    Text(String),
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sync => f.write_str("to be in sync with a peer"),
            Self::Peers(count) => write!(f, "to have {count} peers"),
            Self::Text(words) => write!(f, "for the text {words:?}"),
        }
    }
}

/// Why a line is no command.
#[derive(Debug, PartialEq, Error)]
pub enum CommandError {
    #[error("there is no command {0:?}; try help")]
    Unknown(String),
    #[error("{0}: too few words; try help")]
    Missing(&'static str),
    #[error("{0:?} is too much; try help")]
    TooMuch(String),
    #[error("{0:?} is not a number")]
    NoNumber(String),
    #[error(transparent)]
    NoNode(#[from] InvalidNodeId),
}

/// Reads a line. An empty one, or one that starts with `#`, is nothing to do.
pub fn parse(line: &str) -> Result<Option<Command>, CommandError> {
    let line = line.trim_end_matches(['\r', '\n']).trim_start();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let mut words = Words(line);
    let name = words.next().unwrap_or_default();
    let command = match name {
        "insert" => {
            let place = words.place("insert")?;
            Command::Insert(place, words.text("insert")?)
        }
        "delete" => {
            let place = words.place("delete")?;
            Command::Delete(place, words.number("delete")?)
        }
        "show" => Command::Show,
        "peers" => Command::Peers,
        "cursor" => {
            let start = words.place("cursor")?;
            let end = words.next().map(place_of).transpose()?;
            Command::Cursor(start, end)
        }
        "typing" => match words.next() {
            None | Some("on") => Command::Typing(true),
            Some("off") => Command::Typing(false),
            Some(word) => return Err(CommandError::TooMuch(word.to_owned())),
        },
        "connect" => Command::Connect(words.node("connect")?),
        "disconnect" => Command::Disconnect(words.node("disconnect")?),
        "offline" => Command::Offline,
        "online" => Command::Online,
        "wait" => wait(&mut words)?,
        "help" => Command::Help,
        "quit" => Command::Quit,
        _ => return Err(CommandError::Unknown(name.to_owned())),
    };
    match words.next() {
        None => Ok(Some(command)),
        Some(word) => Err(CommandError::TooMuch(word.to_owned())),
    }
}

fn wait(words: &mut Words<'_>) -> Result<Command, CommandError> {
    let condition = match words.next() {
        Some("sync") => Condition::Sync,
        Some("peers") => Condition::Peers(words.number("wait peers")?),
        Some("text") => {
            return Ok(Command::Wait(
                Condition::Text(words.text("wait text")?),
                None,
            ));
        }
        Some(word) => return Err(CommandError::Unknown(format!("wait {word}"))),
        None => return Err(CommandError::Missing("wait")),
    };
    let seconds = words.next().map(number_of).transpose()?;
    Ok(Command::Wait(condition, seconds.map(Duration::from_secs)))
}

/// What is left of the line.
struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let rest = self.0.trim_start();
        let (word, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }

    fn expect(&mut self, command: &'static str) -> Result<&'a str, CommandError> {
        self.next().ok_or(CommandError::Missing(command))
    }

    fn number<N: FromStr>(&mut self, command: &'static str) -> Result<N, CommandError> {
        number_of(self.expect(command)?)
    }

    fn place(&mut self, command: &'static str) -> Result<Place, CommandError> {
        place_of(self.expect(command)?)
    }

    fn node(&mut self, command: &'static str) -> Result<NodeId, CommandError> {
        Ok(self.expect(command)?.parse()?)
    }

    /// Takes the rest as it is, spaces included, with `\n` for a line break and `\\` for `\`.
    fn text(&mut self, command: &'static str) -> Result<String, CommandError> {
        let rest = std::mem::take(&mut self.0);
        if rest.is_empty() {
            return Err(CommandError::Missing(command));
        }
        let mut text = String::new();
        let mut characters = rest.chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' => match characters.next() {
                    Some('n') => text.push('\n'),
                    Some('\\') | None => text.push('\\'),
                    Some(other) => text.extend(['\\', other]),
                },
                _ => text.push(character),
            }
        }
        Ok(text)
    }
}

fn number_of<N: FromStr>(word: &str) -> Result<N, CommandError> {
    word.parse()
        .map_err(|_| CommandError::NoNumber(word.to_owned()))
}

fn place_of(word: &str) -> Result<Place, CommandError> {
    match word {
        "end" => Ok(Place::End),
        _ => number_of(word).map(Place::At),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        for (line, command) in [
            (
                "insert 0 Hello",
                Command::Insert(Place::At(0), "Hello".to_owned()),
            ),
            (
                "insert end  two  \n",
                Command::Insert(Place::End, " two  ".to_owned()),
            ),
            (
                r"insert 3 a\nb\\n\t",
                Command::Insert(Place::At(3), "a\nb\\n\\t".to_owned()),
            ),
            (" delete 3 2", Command::Delete(Place::At(3), 2)),
            ("cursor 3", Command::Cursor(Place::At(3), None)),
            (
                "cursor 3 end",
                Command::Cursor(Place::At(3), Some(Place::End)),
            ),
            ("typing", Command::Typing(true)),
            ("typing off", Command::Typing(false)),
            ("wait sync", Command::Wait(Condition::Sync, None)),
            (
                "wait peers 2 5",
                Command::Wait(Condition::Peers(2), Some(Duration::from_secs(5))),
            ),
            (
                "wait text so be it",
                Command::Wait(Condition::Text("so be it".to_owned()), None),
            ),
            ("quit", Command::Quit),
        ] {
            assert_eq!(parse(line), Ok(Some(command)), "{line:?}");
        }
        for line in ["", "   ", "# a remark", "\n"] {
            assert_eq!(parse(line), Ok(None), "{line:?}");
        }
    }

    #[test]
    fn other_lines_are_refused_with_a_sentence() {
        for (line, words) in [
            ("dance", "\"dance\""),
            ("insert 0", "insert"),
            ("insert -1 x", "\"-1\""),
            ("delete 0 some", "\"some\""),
            ("quit now", "\"now\""),
            ("wait", "wait"),
            ("wait rain", "wait rain"),
            ("connect abc", "abc"),
        ] {
            let error = parse(line).expect_err(line).to_string();
            assert!(error.contains(words), "{line:?}: {error}");
        }
    }

    #[test]
    fn help_names_every_command() {
        for line in HELP.trim().lines() {
            let name = line.split([' ', ',']).next().unwrap_or_default();
            let known = !matches!(parse(name), Err(CommandError::Unknown(_)));
            assert!(known, "{name:?} is in the help, but no command");
        }
    }
}
