//! Frames: how messages lie on a stream.
//!
//! Four bytes, little endian, say how many bytes follow; those are one encoded message. The length
//! is checked before anything is allocated. Knows nothing of what the bytes mean.

use bytes::Bytes;
use iroh::endpoint::{ReadError, ReadExactError, RecvStream};
use thiserror::Error;

use crate::net::message::MAX_FRAME;

/// Bytes of the length in front of each payload.
const HEADER: usize = 4;

/// The stream broke, or what came is no frame.
#[derive(Debug, Error)]
pub(crate) enum FrameError {
    /// More bytes were announced than a frame may have.
    #[error("a frame of {0} bytes is larger than the protocol allows")]
    TooLarge(usize),
    /// The stream ended inside a frame.
    #[error("the stream was cut")]
    Cut,
    /// The whole connection is gone.
    #[error("the connection is gone")]
    Lost,
}

/// Returns the length and the payload, to be written one after the other.
pub(crate) fn frame(payload: Vec<u8>) -> Result<[Bytes; 2], FrameError> {
    let length = u32::try_from(payload.len()).map_err(|_| FrameError::TooLarge(payload.len()))?;
    if payload.len() > MAX_FRAME {
        return Err(FrameError::TooLarge(payload.len()));
    }
    Ok([
        Bytes::copy_from_slice(&length.to_le_bytes()),
        Bytes::from(payload),
    ])
}

/// Reads the next payload; `None` when the peer has properly ended the stream.
///
/// Not cancel safe: what was read of a frame is lost when the future is dropped.
pub(crate) async fn read_frame(stream: &mut RecvStream) -> Result<Option<Vec<u8>>, FrameError> {
    let mut header = [0; HEADER];
    match stream.read_exact(&mut header).await {
        Ok(()) => {}
        Err(ReadExactError::FinishedEarly(0)) => return Ok(None),
        Err(error) => return Err(FrameError::from(error)),
    }
    let length = length_of(header)?;
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await?;
    Ok(Some(payload))
}

fn length_of(header: [u8; HEADER]) -> Result<usize, FrameError> {
    let length = u32::from_le_bytes(header);
    match usize::try_from(length) {
        Ok(length) if length <= MAX_FRAME => Ok(length),
        Ok(length) => Err(FrameError::TooLarge(length)),
        Err(_) => Err(FrameError::TooLarge(usize::MAX)),
    }
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
    use super::*;

    #[test]
    fn a_frame_is_its_length_and_its_payload() {
        for length in [0, 1, 255, 256, MAX_FRAME] {
            let [header, payload] = frame(vec![7; length]).unwrap();
            let header = <[u8; HEADER]>::try_from(&header[..]).unwrap();
            assert_eq!(length_of(header).unwrap(), payload.len());
        }
    }

    #[test]
    fn too_large_a_frame_is_refused_before_it_is_read_or_written() {
        assert!(matches!(
            frame(vec![0; MAX_FRAME + 1]),
            Err(FrameError::TooLarge(_))
        ));
        for length in [MAX_FRAME as u32 + 1, u32::MAX] {
            assert!(matches!(
                length_of(length.to_le_bytes()),
                Err(FrameError::TooLarge(_))
            ));
        }
    }
}
