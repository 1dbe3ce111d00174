//! Tickets on the command line: making them with `copad invite`, while the editor runs or not, and
//! coming in with them.

use std::{
    io::{self, BufRead as _, IsTerminal as _, Read as _},
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use super::launch::LaunchError;
use crate::{
    NodeId, PeerAddress, Role, Ticket, TicketId, TicketTerms,
    store::{self, Places, Replica, Store, StoredTicket},
};

/// Where a ticket may stand, so that it need not be among the arguments that everybody on this
/// machine can read.
const VARIABLE: &str = "COPAD_CONNECT";
/// Characters that are read from standard input at most.
const MAX_INPUT: u64 = 8 * 1024;

/// Returns the node id or ticket to join: what was given on the command line, or for "-" the first
/// line of standard input, or else what the environment says.
///
/// # Errors
///
/// Fails when standard input cannot be read.
pub fn whom_to_join(argument: Option<String>) -> Result<Option<String>, LaunchError> {
    match argument.as_deref() {
        Some("-") => {
            if io::stdin().is_terminal() {
                eprint!("Node id or ticket: ");
            }
            let mut line = String::new();
            let input = io::stdin().lock();
            input.take(MAX_INPUT).read_line(&mut line)?;
            Ok(Some(line))
        }
        Some(_) => Ok(argument),
        None => Ok(std::env::var(VARIABLE)
            .ok()
            .filter(|text| !text.trim().is_empty())),
    }
}

/// What a new ticket is to be good for; what is `None` is as usual for its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InviteOptions {
    /// As what it lets in.
    pub role: Role,
    /// For how many seconds from now. 0: forever.
    pub expires: Option<u64>,
    /// How many nodes it lets in. 0: any number.
    pub uses: Option<u32>,
}

/// Makes a ticket for a file and returns its text and what it is good for, as a sentence.
///
/// # Errors
///
/// Fails when the document in the file has another owner, was never opened, or the state folder
/// cannot be used.
pub fn invite(file: &Path, options: InviteOptions) -> Result<(String, String), LaunchError> {
    let (store, replica) = open(file)?;
    let key = store
        .access(replica.id)?
        .document_key
        .ok_or_else(|| match replica.document {
            Some(_) => LaunchError::NotOwner {
                title: replica.title.clone(),
            },
            None => LaunchError::NeverOpened {
                title: replica.title.clone(),
            },
        })?;
    let now = now();
    let mut terms = TicketTerms::usual(options.role, now);
    if let Some(seconds) = options.expires {
        terms.expires = (seconds > 0).then(|| now.saturating_add(seconds));
    }
    if let Some(uses) = options.uses {
        terms.uses = (uses > 0).then_some(uses);
    }
    let node = NodeId::of_key(&replica.node_key.to_bytes());
    let ticket = Ticket::issue(&key, PeerAddress::unknown(node), terms);
    store.record_ticket(replica.id, ticket.id(), &terms)?;
    Ok((ticket.to_string(), terms_in_words(&terms, now)))
}

/// Lists the tickets of a file, one line each.
///
/// # Errors
///
/// Fails when the state folder cannot be used.
pub fn list(file: &Path) -> Result<Vec<String>, LaunchError> {
    let (store, replica) = open(file)?;
    let now = now();
    let line = |ticket: StoredTicket| {
        let state = match ticket.terms.check(ticket.uses, ticket.revoked, now) {
            Ok(()) => terms_in_words(&ticket.terms, now),
            Err(refusal) => refusal.to_string(),
        };
        let used = match ticket.uses {
            0 => "never used".to_owned(),
            1 => "used once".to_owned(),
            times => format!("used {times} times"),
        };
        let role = ticket.terms.role.name();
        format!("{}  {role}  {used}  {state}", short(ticket.id))
    };
    Ok(store.tickets(replica.id)?.into_iter().map(line).collect())
}

/// Takes a ticket back that begins with these digits, or every ticket for `all`. Returns how many.
///
/// # Errors
///
/// Fails when no ticket begins so, or several do, or the state folder cannot be used.
pub fn revoke(file: &Path, which: &str) -> Result<usize, LaunchError> {
    let (store, replica) = open(file)?;
    let mut tickets = store.tickets(replica.id)?;
    if which != "all" {
        let wanted = which.to_ascii_lowercase();
        tickets.retain(|ticket| hexadecimal(ticket.id).starts_with(&wanted));
        if tickets.len() != 1 || wanted.is_empty() {
            return Err(LaunchError::NoSuchTicket {
                which: which.to_owned(),
                found: tickets.len(),
            });
        }
    }
    for ticket in &tickets {
        store.revoke_ticket(replica.id, ticket.id)?;
    }
    Ok(tickets.len())
}

/// Describes what a ticket is good for. `now` is in seconds since 1970.
pub(super) fn terms_in_words(terms: &TicketTerms, now: u64) -> String {
    let who = match terms.role {
        Role::Viewer => "to read",
        Role::Editor | Role::Owner => "to read and write",
    };
    let uses = match terms.uses {
        None => "any number of people".to_owned(),
        Some(1) => "one person".to_owned(),
        Some(people) => format!("{people} people"),
    };
    let until = match terms.expires {
        None => "until you revoke it".to_owned(),
        Some(expires) => format!("within {}", time_in_words(expires.saturating_sub(now))),
    };
    format!("It lets {uses} in {who}, {until}.")
}

fn time_in_words(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (86_400, "day"),
        (3_600, "hour"),
        (60, "minute"),
        (1, "second"),
    ];
    // A day is better called 24 hours: nobody wonders when it began.
    let fits = |&&(unit, _): &&(u64, &str)| seconds >= 2 * unit || unit == 1;
    let (unit, name) = UNITS.iter().find(fits).unwrap_or(&UNITS[3]);
    let count = seconds.div_ceil(*unit);
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {name}{plural}")
}

fn open(file: &Path) -> Result<(Store, Replica), LaunchError> {
    let store = Store::open(&Places::of_this_process()?.state)?;
    store::read_file(file)?;
    let replica = store.replica_for(file)?;
    Ok((store, replica))
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

fn short(id: TicketId) -> String {
    hexadecimal(id)[..8].to_owned()
}

fn hexadecimal(id: TicketId) -> String {
    id.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_said_in_words() {
        let now = 1_000_000;
        let usual = |role| TicketTerms::usual(role, now);
        let few = TicketTerms {
            uses: Some(3),
            expires: Some(now + 90),
            ..usual(Role::Viewer)
        };
        for (terms, words) in [
            (
                usual(Role::Viewer),
                "It lets any number of people in to read, until you revoke it.",
            ),
            (
                usual(Role::Editor),
                "It lets one person in to read and write, within 24 hours.",
            ),
            (few, "It lets 3 people in to read, within 90 seconds."),
        ] {
            assert_eq!(terms_in_words(&terms, now), words);
        }
    }
}
