//! Frames: how messages lie on a stream.
//!
//! Four bytes, little endian, say how many bytes follow; those are one encoded message. When the
//! highest bit is set, the message is compressed: four more bytes say how long it really is, and
//! what follows them is one LZ4 block. Both lengths are checked before anything is allocated, so
//! no frame makes its reader take more than its limit, whatever it holds. Knows nothing of what
//! the bytes mean.

use bytes::Bytes;
use iroh::endpoint::{ReadError, ReadExactError, RecvStream};
use lz4_flex::block::{compress, decompress_into};
use n0_future::future::now_or_never;
use thiserror::Error;

use crate::net::message::MAX_FRAME;

/// Bytes of a length.
const LENGTH: usize = 4;
/// Says, in the first length, that the message is compressed.
const COMPRESSED: u32 = 1 << 31;
/// Messages up to this size are not compressed: it would save next to nothing.
const WORTH_COMPRESSING: usize = 1024;

/// The stream broke, or what came is no frame.
#[derive(Debug, Error)]
pub enum FrameError {
    /// More bytes were announced than a frame may have.
    #[error("a frame of {0} bytes is larger than the protocol allows")]
    TooLarge(usize),
    /// What follows the lengths is not what they announce.
    #[error("a compressed frame cannot be read")]
    Garbled,
    /// The stream ended inside a frame.
    #[error("the stream was cut")]
    Cut,
    /// The whole connection is gone.
    #[error("the connection is gone")]
    Lost,
}

/// Where frames are read from.
pub(crate) trait Source {
    /// Fills the buffer, or fails.
    fn fill(
        &mut self,
        buffer: &mut [u8],
    ) -> impl Future<Output = Result<(), ReadExactError>> + Send;
}

impl Source for RecvStream {
    async fn fill(&mut self, buffer: &mut [u8]) -> Result<(), ReadExactError> {
        self.read_exact(buffer).await
    }
}

/// Bytes in memory are a stream that ends behind them.
impl Source for &[u8] {
    async fn fill(&mut self, buffer: &mut [u8]) -> Result<(), ReadExactError> {
        match self.split_at_checked(buffer.len()) {
            Some((bytes, rest)) => {
                buffer.copy_from_slice(bytes);
                *self = rest;
                Ok(())
            }
            None => Err(ReadExactError::FinishedEarly(std::mem::take(self).len())),
        }
    }
}

/// Reads the message of the frame that these bytes start with, by the same steps as from a
/// connection, and leaves the rest; `None` if there are no bytes.
///
/// # Errors
///
/// Fails where a connection would be ended.
pub fn read_from_memory(bytes: &mut &[u8], limit: usize) -> Result<Option<Vec<u8>>, FrameError> {
    let reading = async {
        match read_head(bytes, limit).await? {
            Some(head) => read_body(bytes, head).await.map(Some),
            None => Ok(None),
        }
    };
    // Memory never keeps a reader waiting.
    now_or_never(reading).unwrap_or(Err(FrameError::Cut))
}

/// Returns the lengths and the rest, to be written one after the other.
///
/// # Errors
///
/// Fails if the message is larger than a frame may be.
pub fn frame(message: Vec<u8>) -> Result<[Bytes; 2], FrameError> {
    if message.len() > MAX_FRAME {
        return Err(FrameError::TooLarge(message.len()));
    }
    if message.len() > WORTH_COMPRESSING {
        let smaller = compress(&message);
        if smaller.len() + LENGTH < message.len() {
            let mut lengths = Vec::with_capacity(2 * LENGTH);
            lengths.extend((length_on_wire(&smaller)? | COMPRESSED).to_le_bytes());
            lengths.extend(length_on_wire(&message)?.to_le_bytes());
            return Ok([lengths.into(), smaller.into()]);
        }
    }
    let length = length_on_wire(&message)?.to_le_bytes();
    Ok([Bytes::copy_from_slice(&length), message.into()])
}

/// What a frame's lengths say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHead {
    /// Bytes that follow.
    length: usize,
    /// Bytes of the message when it is not compressed any more, if it is compressed.
    inflated: Option<usize>,
}

impl FrameHead {
    /// Returns how many bytes the message takes once it is read.
    pub(crate) fn size(self) -> usize {
        self.inflated.unwrap_or(self.length)
    }
}

/// Reads the lengths of the next frame; `None` when the peer has properly ended the stream.
/// `limit` is what its message may take.
///
/// Not cancel safe: what was read is lost when the future is dropped. So are all here.
pub(crate) async fn read_head(
    stream: &mut impl Source,
    limit: usize,
) -> Result<Option<FrameHead>, FrameError> {
    let mut bytes = [0; LENGTH];
    match stream.fill(&mut bytes).await {
        Ok(()) => {}
        Err(ReadExactError::FinishedEarly(0)) => return Ok(None),
        Err(error) => return Err(FrameError::from(error)),
    }
    let first = u32::from_le_bytes(bytes);
    let length = within(first & !COMPRESSED, limit)?;
    let mut inflated = None;
    if first & COMPRESSED != 0 {
        stream.fill(&mut bytes).await?;
        inflated = Some(within(u32::from_le_bytes(bytes), limit)?);
    }
    Ok(Some(FrameHead { length, inflated }))
}

/// Reads what follows the lengths: one message.
pub(crate) async fn read_body(
    stream: &mut impl Source,
    head: FrameHead,
) -> Result<Vec<u8>, FrameError> {
    let mut body = vec![0; head.length];
    stream.fill(&mut body).await?;
    match head.inflated {
        Some(size) => inflate(&body, size),
        None => Ok(body),
    }
}

/// Never writes beyond the announced size, whatever the block says.
fn inflate(block: &[u8], size: usize) -> Result<Vec<u8>, FrameError> {
    let mut message = vec![0; size];
    match decompress_into(block, &mut message) {
        Ok(written) if written == size => Ok(message),
        Ok(_) | Err(_) => Err(FrameError::Garbled),
    }
}

fn within(length: u32, limit: usize) -> Result<usize, FrameError> {
    match usize::try_from(length) {
        Ok(length) if length <= limit => Ok(length),
        Ok(length) => Err(FrameError::TooLarge(length)),
        Err(_) => Err(FrameError::TooLarge(usize::MAX)),
    }
}

fn length_on_wire(bytes: &[u8]) -> Result<u32, FrameError> {
    u32::try_from(bytes.len()).map_err(|_| FrameError::TooLarge(bytes.len()))
}

impl From<ReadExactError> for FrameError {
    fn from(error: ReadExactError) -> Self {
        match error {
            ReadExactError::FinishedEarly(_) | ReadExactError::ReadError(ReadError::Reset(_)) => {
                Self::Cut
            }
            ReadExactError::ReadError(
                ReadError::ConnectionLost(_) | ReadError::ClosedStream | ReadError::ZeroRttRejected,
            ) => Self::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the reader makes of it.
    fn read(frame: &[Bytes; 2]) -> Result<Vec<u8>, FrameError> {
        let bytes = frame.concat();
        let mut rest = &bytes[..];
        let message = read_from_memory(&mut rest, MAX_FRAME)?;
        assert!(rest.is_empty());
        Ok(message.unwrap())
    }

    fn noise(length: usize) -> Vec<u8> {
        let mut output = vec![0; length];
        blake3::Hasher::new().finalize_xof().fill(&mut output);
        output
    }

    #[test]
    fn a_frame_carries_its_message() {
        for length in [0, 1, 255, 1024, 1025, MAX_FRAME] {
            for message in [vec![7; length], noise(length)] {
                assert_eq!(read(&frame(message.clone()).unwrap()).unwrap(), message);
            }
        }
    }

    #[test]
    fn only_what_becomes_smaller_is_compressed() {
        let size = |message| {
            frame(message)
                .unwrap()
                .iter()
                .map(Bytes::len)
                .sum::<usize>()
        };
        assert_eq!(size(vec![7; 1024]), LENGTH + 1024);
        assert_eq!(size(noise(2000)), LENGTH + 2000);
        assert!(size(vec![7; 2000]) < 100);
    }

    #[test]
    fn too_large_a_frame_is_refused_before_it_is_read_or_written() {
        assert!(matches!(
            frame(vec![0; MAX_FRAME + 1]),
            Err(FrameError::TooLarge(_))
        ));
        for length in [MAX_FRAME as u32 + 1, u32::MAX] {
            assert!(matches!(
                within(length, MAX_FRAME),
                Err(FrameError::TooLarge(_))
            ));
        }
    }

    #[test]
    fn a_block_that_is_larger_than_it_says_is_refused() {
        let block = compress(&[7; 5000]);
        for size in [0, 1, 4999, 5001, MAX_FRAME] {
            assert!(inflate(&block, size).is_err(), "{size}");
        }
        assert!(inflate(&block, 5000).is_ok());
    }

    proptest! {
        #[test]
        fn no_block_makes_the_reader_panic(
            block in prop::collection::vec(any::<u8>(), 0..200),
            size in 0_usize..5000,
        ) {
            if let Ok(message) = inflate(&block, size) {
                prop_assert_eq!(message.len(), size);
            }
        }

        #[test]
        fn no_damaged_block_makes_the_reader_panic(place in 0_usize..64, bit in 0_u8..8) {
            let text: Vec<u8> = noise(64).iter().cycle().take(3000).copied().collect();
            let mut block = compress(&text);
            let place = place % block.len();
            block[place] ^= 1 << bit;
            if let Ok(message) = inflate(&block, text.len()) {
                prop_assert_eq!(message.len(), text.len());
            }
        }
    }
}
