//! Positions that survive edits, and their compact form for the wire.
//!
//! An anchor holds on to a character, not to a number, so it means the same place on every
//! replica that has that character, however much they differ otherwise. Anchors come from other
//! machines: decoding and resolving them must bear any bytes.

use loro::{
    ContainerID, ContainerType, ID, LoroDoc, LoroText, PeerID,
    cursor::{Cursor, Side},
};

use super::Bias;

/// The container whose name is not spelled out on the wire.
const USUAL_CONTAINER: &str = "main";
/// The longest container name in bytes that an anchor may carry.
const MAX_NAME_BYTES: usize = 128;
/// Loro keeps names that start like this for itself.
const RESERVED_PREFIX: &str = "🤝:";

/// A position in a text container that follows the text around it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Anchor {
    container: String,
    place: Place,
}

/// What the position holds on to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    /// The start of the text, whatever comes in there.
    Start,
    /// The end of the text, whatever comes in there.
    End,
    /// The left side of a character: text put in before it pushes the position on.
    LeftOf(Character),
    /// The right side of a character: text put in behind it leaves the position alone.
    RightOf(Character),
}

/// The operation that typed a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Character {
    peer: PeerID,
    /// Loro counts in an `i32` and never below zero.
    counter: u32,
}

/// Why bytes are not an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnchorError {
    /// The bytes end too early.
    #[error("the anchor is cut short")]
    Truncated,
    /// There is more than an anchor.
    #[error("the anchor is followed by something else")]
    TrailingBytes,
    /// It is of a kind that this version doesn't know.
    #[error("the anchor is of an unknown kind")]
    UnknownKind,
    /// Its container cannot have such a name.
    #[error("the anchor names no text container")]
    InvalidContainer,
    /// It holds on to an operation that cannot exist.
    #[error("the anchor's operation number is out of range")]
    InvalidCounter,
}

impl Anchor {
    /// Anchors a position (characters) of the root text container `container`, in the document
    /// as it is now.
    ///
    /// With [`Bias::Before`] it holds on to the character before it, with [`Bias::After`] to the
    /// one behind it. Returns `None` if the position lies behind the end of the text, or if no
    /// container can have that name.
    pub fn at(doc: &LoroDoc, container: &str, position: usize, bias: Bias) -> Option<Self> {
        if !is_container_name(container) {
            return None;
        }
        Self::in_text(&doc.get_text(container), container, position, bias)
    }

    /// The same, but a position behind the end of the text means its end.
    pub fn at_or_end(doc: &LoroDoc, container: &str, position: usize, bias: Bias) -> Option<Self> {
        if !is_container_name(container) {
            return None;
        }
        let text = doc.get_text(container);
        Self::in_text(&text, container, position.min(text.len_unicode()), bias)
    }

    /// The same for any text container, one inside of others too.
    pub fn in_container(
        doc: &LoroDoc,
        container: &ContainerID,
        position: usize,
        bias: Bias,
    ) -> Option<Self> {
        match container {
            ContainerID::Root { name, .. } => Self::at(doc, name.as_str(), position, bias),
            ContainerID::Normal { .. } => {
                let text = doc.try_get_text(container.clone())?;
                Self::in_text(&text, &container.to_string(), position, bias)
            }
        }
    }

    fn in_text(text: &LoroText, container: &str, position: usize, bias: Bias) -> Option<Self> {
        let length = text.len_unicode();
        let character = |index| {
            let id = text.get_cursor(index, Side::Left)?.id?;
            Some(Character {
                peer: id.peer,
                counter: u32::try_from(id.counter).ok()?,
            })
        };
        let place = match bias {
            _ if position > length => return None,
            Bias::Before if position == 0 => Place::Start,
            Bias::Before => Place::RightOf(character(position - 1)?),
            Bias::After if position == length => Place::End,
            Bias::After => Place::LeftOf(character(position)?),
        };
        Some(Self {
            container: container.to_owned(),
            place,
        })
    }

    /// Returns the name of the root text container that it lies in; for a container inside of
    /// others, its id as Loro writes it.
    pub fn container(&self) -> &str {
        &self.container
    }

    /// Returns the id of the text container that it lies in.
    pub fn container_id(&self) -> ContainerID {
        match ContainerID::try_from(self.container.as_str()) {
            Ok(id @ ContainerID::Normal { .. }) => id,
            Ok(_) | Err(_) => ContainerID::new_root(&self.container, ContainerType::Text),
        }
    }

    /// Returns the Loro peer id of whoever typed the character that it holds on to. `None` at the
    /// start or the end of the text.
    pub fn author(&self) -> Option<PeerID> {
        match self.place {
            Place::Start | Place::End => None,
            Place::LeftOf(character) | Place::RightOf(character) => Some(character.peer),
        }
    }

    /// Returns on which side text put in exactly there will be.
    pub fn bias(&self) -> Bias {
        match self.place {
            Place::Start | Place::RightOf(_) => Bias::Before,
            Place::End | Place::LeftOf(_) => Bias::After,
        }
    }

    /// Returns where the position is in the document as it is now, in characters.
    ///
    /// If its character was deleted, that is where the character was. Returns `None` if the
    /// document doesn't have the character's operation, yet or ever. Costs tens of microseconds,
    /// and more for deleted characters: resolve once, then carry the position over deltas.
    pub fn resolve(&self, doc: &LoroDoc) -> Option<usize> {
        let (character, side) = match self.place {
            Place::Start => return Some(0),
            Place::End => return Some(doc.try_get_text(self.container_id())?.len_unicode()),
            Place::LeftOf(character) => (character, Side::Left),
            Place::RightOf(character) => (character, Side::Right),
        };
        let id = ID::new(character.peer, i32::try_from(character.counter).ok()?);
        let container = self.container_id();
        // Loro would search the whole history for an operation that isn't there, and would make
        // the container if it isn't.
        let known = doc.oplog_vv().includes_id(id);
        if !known || !doc.get_changed_containers_in(id, 1).contains(&container) {
            return None;
        }
        let cursor = Cursor::new(Some(id), container, side, 0);
        let found = doc.get_cursor_pos(&cursor).ok()?.current;
        // Loro answers with the place of the character itself, and for a deleted one with the
        // place where it was and the left side.
        Some(found.pos + usize::from(found.side == Side::Right))
    }

    /// Returns its form for the wire: at most 14 bytes for the container `main`.
    pub fn encode(&self) -> Vec<u8> {
        let usual = self.container == USUAL_CONTAINER;
        let mut bytes = vec![self.place.kind() | if usual { 0 } else { NAMED }];
        if !usual {
            // At most MAX_NAME_BYTES, so one byte holds the length.
            bytes.push(self.container.len() as u8);
            bytes.extend_from_slice(self.container.as_bytes());
        }
        if let Place::LeftOf(character) | Place::RightOf(character) = self.place {
            bytes.extend_from_slice(&character.peer.to_le_bytes());
            encode_varint(character.counter, &mut bytes);
        }
        bytes
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    ///
    /// If the bytes are anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, AnchorError> {
        let mut rest = bytes;
        let [kind] = take(&mut rest)?;
        let container = if kind & NAMED == 0 {
            USUAL_CONTAINER.to_owned()
        } else {
            decode_name(&mut rest)?
        };
        let place = match kind & !NAMED {
            START => Place::Start,
            END => Place::End,
            LEFT_OF => Place::LeftOf(decode_character(&mut rest)?),
            RIGHT_OF => Place::RightOf(decode_character(&mut rest)?),
            _ => return Err(AnchorError::UnknownKind),
        };
        if rest.is_empty() {
            Ok(Self { container, place })
        } else {
            Err(AnchorError::TrailingBytes)
        }
    }
}

/// Set in the first byte when the container's name follows.
const NAMED: u8 = 0b100;
const START: u8 = 0;
const END: u8 = 1;
const LEFT_OF: u8 = 2;
const RIGHT_OF: u8 = 3;

impl Place {
    fn kind(self) -> u8 {
        match self {
            Place::Start => START,
            Place::End => END,
            Place::LeftOf(_) => LEFT_OF,
            Place::RightOf(_) => RIGHT_OF,
        }
    }
}

/// Returns whether a root container of Loro can have this name. Loro panics for others.
fn is_container_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_NAME_BYTES
        && !name.contains(['/', '\0'])
        && !name.starts_with(RESERVED_PREFIX)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], AnchorError> {
    let (taken, rest) = bytes.split_first_chunk().ok_or(AnchorError::Truncated)?;
    *bytes = rest;
    Ok(*taken)
}

fn decode_name(bytes: &mut &[u8]) -> Result<String, AnchorError> {
    let [length] = take(bytes)?;
    let (name, rest) = bytes
        .split_at_checked(length.into())
        .ok_or(AnchorError::Truncated)?;
    *bytes = rest;
    let name = std::str::from_utf8(name).map_err(|_| AnchorError::InvalidContainer)?;
    // One place has one form: the usual name is never spelled out.
    if is_container_name(name) && name != USUAL_CONTAINER {
        Ok(name.to_owned())
    } else {
        Err(AnchorError::InvalidContainer)
    }
}

fn decode_character(bytes: &mut &[u8]) -> Result<Character, AnchorError> {
    let peer = PeerID::from_le_bytes(take(bytes)?);
    let counter = decode_varint(bytes)?;
    // Loro keeps the largest peer id for itself.
    if i32::try_from(counter).is_err() || peer == PeerID::MAX {
        return Err(AnchorError::InvalidCounter);
    }
    Ok(Character { peer, counter })
}

/// Writes seven bits a byte, the low ones first.
fn encode_varint(mut value: u32, bytes: &mut Vec<u8>) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn decode_varint(bytes: &mut &[u8]) -> Result<u32, AnchorError> {
    let mut value = 0_u64;
    for shift in (0..35).step_by(7) {
        let [byte] = take(bytes)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            // A needless last zero would give one place two forms.
            if byte == 0 && shift > 0 {
                break;
            }
            return u32::try_from(value).map_err(|_| AnchorError::InvalidCounter);
        }
    }
    Err(AnchorError::InvalidCounter)
}

#[cfg(test)]
mod tests;
