//! A book of all edits, to find those that are lost or there twice.
//!
//! Each edit also puts its number into a list inside the document, from which nothing is ever
//! taken. Once another replica has imported an edit it is acknowledged: whatever happens later,
//! everybody must have it, exactly once.

use std::collections::BTreeMap;

use loro::{IdSpan, LoroValue};

use super::site::Site;

/// The list of all edits inside each document.
const LIST: &str = "ledger";

/// An edit, by the Loro peer that made it and the last of its operations.
#[derive(Debug)]
struct Entry {
    peer: u64,
    last: i32,
}

/// All edits that were made while the book was kept.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    kept: bool,
    entries: Vec<Entry>,
    /// Up to where another replica has imported what a Loro peer wrote.
    acknowledged: BTreeMap<u64, i32>,
}

impl Ledger {
    pub fn keep(&mut self) {
        self.kept = true;
    }

    pub fn edits(&self) -> usize {
        self.entries.len()
    }

    /// Writes down an edit that is about to be committed.
    pub fn note(&mut self, site: &Site) {
        if !self.kept {
            return;
        }
        let doc = site.document.doc();
        let number = i64::try_from(self.entries.len()).unwrap_or(i64::MAX);
        let pushed = doc.get_list(LIST).push(number);
        debug_assert!(pushed.is_ok(), "a list takes numbers");
        let peer = doc.peer_id();
        let committed = doc.oplog_vv().get(&peer).copied().unwrap_or(0);
        let open = i32::try_from(doc.get_pending_txn_len()).unwrap_or(0);
        self.entries.push(Entry {
            peer,
            last: committed + open - 1,
        });
    }

    /// Notes that a replica has imported these.
    pub fn imported(&mut self, spans: &[IdSpan]) {
        if !self.kept {
            return;
        }
        for span in spans {
            let end = self.acknowledged.entry(span.peer).or_default();
            *end = (*end).max(span.counter.end);
        }
    }

    /// Returns what is wrong with the list at one site.
    pub fn problem(&self, site: &Site) -> Option<String> {
        if !self.kept {
            return None;
        }
        let mut counts = vec![0_u32; self.entries.len()];
        if let LoroValue::List(list) = site.document.doc().get_list(LIST).get_value() {
            for value in list.iter() {
                let number = match value {
                    LoroValue::I64(number) => usize::try_from(*number).ok(),
                    _ => None,
                };
                let Some(count) = number.and_then(|number| counts.get_mut(number)) else {
                    return Some(format!("{value:?} was never written"));
                };
                *count += 1;
            }
        }
        for (number, (entry, count)) in self.entries.iter().zip(counts).enumerate() {
            let end = self.acknowledged.get(&entry.peer).copied().unwrap_or(0);
            let acknowledged = entry.last < end;
            if count > 1 || (acknowledged && count == 0) {
                return Some(format!("edit {number} is there {count} times"));
            }
        }
        None
    }
}
