//! Whether a database's write-ahead log lost something that was in it.
//!
//! SQLite reads a log up to the first frame that fails its check, and says nothing: after a crash
//! that is where the last transaction stops. But a transaction that was committed behind that frame
//! was on the disk once, with everything before it. The format is described at
//! <https://sqlite.org/fileformat2.html#the_write_ahead_log>.

use std::{fs, io, path::Path};

/// Bytes before the frames, and before each frame's page.
const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// Numbers are summed up as big-endian ones if this bit of the first is set.
const BIG_ENDIAN: u32 = 1;
const MAGIC: u32 = 0x377f_0682;
/// A log is not larger than this, unless something is very wrong.
const MAX_SIZE: u64 = 256 << 20;

/// Returns whether committed transactions stand behind a place where the log is damaged. Nobody may
/// write in it meanwhile.
///
/// # Errors
///
/// Fails when the log is there and cannot be read.
pub(super) fn lost_something(log: &Path) -> io::Result<bool> {
    match fs::metadata(log) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
        Ok(metadata) if metadata.len() > MAX_SIZE => return Ok(false),
        Ok(_) => {}
    }
    let bytes = fs::read(log)?;
    Ok(bytes.len() > HEADER + FRAME_HEADER && lost_in(&bytes).unwrap_or(true))
}

/// `None`: the header is damaged.
fn lost_in(bytes: &[u8]) -> Option<bool> {
    let (header, frames) = bytes.split_at_checked(HEADER)?;
    let magic = number(header, 0)?;
    let page = usize::try_from(number(header, 8)?).ok()?;
    let mut sum = Sum {
        big_endian: magic & BIG_ENDIAN != 0,
        first: 0,
        second: 0,
    };
    sum.add(header.get(..24)?);
    if magic & !BIG_ENDIAN != MAGIC || !sum.is_at(header, 24) || !(512..=65536).contains(&page) {
        return None;
    }
    let mut sound = true;
    for frame in frames.chunks_exact(FRAME_HEADER + page) {
        // Left over from before the log was begun anew.
        let is_of_this_log = frame.get(8..16) == header.get(16..24);
        if sound && is_of_this_log {
            sum.add(frame.get(..8)?);
            sum.add(frame.get(FRAME_HEADER..)?);
            sound = sum.is_at(frame, 16);
        } else {
            sound = false;
        }
        let is_commit = number(frame, 4)? != 0;
        if !sound && is_of_this_log && is_commit {
            return Some(true);
        }
    }
    Some(false)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes(four.try_into().ok()?))
}

/// SQLite's checksum of a log, which goes on from frame to frame.
struct Sum {
    big_endian: bool,
    first: u32,
    second: u32,
}

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        for pair in bytes.as_chunks::<8>().0 {
            let [a, b, c, d, e, f, g, h] = *pair;
            let read = |four| match self.big_endian {
                true => u32::from_be_bytes(four),
                false => u32::from_le_bytes(four),
            };
            let (one, other) = (read([a, b, c, d]), read([e, f, g, h]));
            self.first = self.first.wrapping_add(one).wrapping_add(self.second);
            self.second = self.second.wrapping_add(other).wrapping_add(self.first);
        }
    }

    /// Whether the sum so far is the one that is written there.
    fn is_at(&self, bytes: &[u8], at: usize) -> bool {
        number(bytes, at) == Some(self.first) && number(bytes, at + 4) == Some(self.second)
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// The log of a database in which this many transactions were made since it was begun.
    fn log(transactions: usize) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("database");
        let database = Connection::open(&path).unwrap();
        database.pragma_update(None, "journal_mode", "wal").unwrap();
        database
            .execute_batch("CREATE TABLE numbers (number)")
            .unwrap();
        let insert = "INSERT INTO numbers VALUES (randomblob(3000))";
        for _ in 0..20 {
            database.execute(insert, []).unwrap();
        }
        // Begins the log anew at the next transaction, over what is in it.
        let checkpoint = "PRAGMA wal_checkpoint(RESTART)";
        database.query_row(checkpoint, [], |_| Ok(())).unwrap();
        for _ in 0..transactions {
            database.execute(insert, []).unwrap();
        }
        fs::read(folder.path().join("database-wal")).unwrap()
    }

    #[test]
    fn a_sound_log_lost_nothing_wherever_it_ends() {
        assert!(!lost_something(Path::new("/no/such/log")).unwrap());
        for transactions in [1, 5] {
            let log = log(transactions);
            for end in (0..log.len()).step_by(997) {
                assert_ne!(lost_in(&log[..end]), Some(true), "{end} of {}", log.len());
            }
            assert_eq!(lost_in(&log), Some(false));
        }
    }

    #[test]
    fn a_log_that_is_damaged_before_its_end_lost_something() {
        let log = log(5);
        let frame = FRAME_HEADER + 4096;
        for at in [HEADER + 40, HEADER + frame + 3000] {
            let mut damaged = log.clone();
            damaged[at] ^= 1;
            assert_eq!(lost_in(&damaged), Some(true), "{at}");
        }
        let mut damaged = log;
        damaged[17] ^= 1;
        assert_eq!(lost_in(&damaged), None);
    }
}
