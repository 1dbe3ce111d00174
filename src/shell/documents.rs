//! The documents that are known here: listing, forgetting and writing them out.

use std::{
    collections::BTreeSet,
    io::{self, BufRead, IsTerminal, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use ropey::Rope;

use super::{Moment, ShellError, words};
use crate::{
    NodeId,
    crdt::{TextFormat, encode},
    store::{self, Places, Replica, ReplicaSummary, Store},
    workspace::age,
};

/// Hexadecimal digits that name a document at least.
const SHORTEST_ID: usize = 4;
/// Names that are listed of a document's participants.
const NAMES: usize = 4;

/// Writes a table of all documents that are known: id, size, age, people, file.
///
/// # Errors
///
/// Fails when the state folder cannot be used or the output not be written.
pub fn docs(out: &mut impl Write) -> Result<(), ShellError> {
    let store = open_store()?;
    let mut replicas = store.summaries()?;
    let own: BTreeSet<_> = replicas
        .iter()
        .map(|known| node_of(&known.replica))
        .collect();
    for known in &mut replicas {
        known
            .participants
            .retain(|peer| !own.contains(&peer.address.node));
    }
    let replicas = documents(replicas);
    if replicas.is_empty() {
        writeln!(out, "No documents yet: copad notes.md makes one.")?;
        return Ok(());
    }
    let header = ["ID", "SIZE", "LAST OPENED", "WITH", "FILE"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for replica in &replicas {
        rows.push(row(replica));
    }
    out.write_all(words::table(&rows).as_bytes())?;
    Ok(())
}

/// Removes a document with its history, node id and peers, after asking. The file stays.
/// `document` is its file, or the beginning of its node id.
///
/// # Errors
///
/// Fails when there is no such document, when it is open, and when there is nobody to ask.
pub fn forget(document: &Path, yes: bool, out: &mut impl Write) -> Result<(), ShellError> {
    let store = open_store()?;
    let replica = find(&store, document)?;
    let name = name(&replica);
    if !yes && !asked(&store, &replica, &name, out)? {
        writeln!(out, "Nothing was forgotten.")?;
        return Ok(());
    }
    store.forget(replica.id)?;
    forget_copies(&store, &replica)?;
    writeln!(out, "Forgot {name}")?;
    Ok(())
}

/// Writes the text of a document as its file would be, with what was not saved; with `at`, as it
/// was then, to the minute. `document` is its file, or the beginning of its node id.
///
/// # Errors
///
/// Fails when there is no such document, when it cannot be read, or the output not be written.
pub fn export(document: &Path, at: Option<Moment>, out: &mut impl Write) -> Result<(), ShellError> {
    let store = open_store()?;
    let replica = find(&store, document)?;
    let title = words::plain(&replica.title);
    if !store.has_history(replica.id)? {
        return Err(ShellError::NothingStored { title });
    }
    let text = match at.map(|at| at.resolve(SystemTime::now())) {
        None => store.text(replica.id)?,
        Some(at) => store
            .text_at(replica.id, at)?
            .ok_or(ShellError::NotThen { title })?,
    };
    for part in encode(&Rope::from(text), format_of(&replica)) {
        out.write_all(&part)?;
    }
    out.flush()?;
    Ok(())
}

fn open_store() -> Result<Store, ShellError> {
    Ok(Store::open(&Places::of_this_process()?.state)?)
}

/// Leaves out replicas without a file of documents that have one here: what a second copad on that
/// file wrote.
fn documents(mut replicas: Vec<ReplicaSummary>) -> Vec<ReplicaSummary> {
    let with_file: BTreeSet<_> = replicas
        .iter()
        .map(|known| &known.replica)
        .filter(|replica| replica.path.is_some())
        .filter_map(|replica| replica.document)
        .collect();
    let is_beside = |replica: &Replica| {
        let document = replica.document.as_ref();
        replica.path.is_none() && document.is_some_and(|document| with_file.contains(document))
    };
    replicas.retain(|known| !is_beside(&known.replica));
    replicas
}

fn node_of(replica: &Replica) -> NodeId {
    NodeId::of_key(&replica.node_key.to_bytes())
}

/// What to call a document in a sentence.
fn name(replica: &Replica) -> String {
    super::name_of(replica.path.as_deref(), &replica.title)
}

fn row(known: &ReplicaSummary) -> Vec<String> {
    let replica = &known.replica;
    let opened = match replica.last_opened {
        Some(opened) => age(SystemTime::now().duration_since(opened).unwrap_or_default()),
        None => "never".to_owned(),
    };
    let people = known.participants.iter();
    let mut people: Vec<_> = people.filter_map(|peer| peer.name.clone()).collect();
    // The last seen come first, and may have come with several replicas.
    let mut seen = BTreeSet::new();
    people.retain(|name| seen.insert(name.clone()));
    let more = people.len().saturating_sub(NAMES);
    people.truncate(NAMES);
    let mut with = words::plain(&people.join(", "));
    if more > 0 {
        with.push_str(&format!(" and {more} more"));
    }
    if with.is_empty() {
        with.push('-');
    }
    let id = node_of(replica).short();
    vec![id, words::size(known.size), opened, with, name(replica)]
}

/// Finds the document that a person means.
fn find(store: &Store, document: &Path) -> Result<Replica, ShellError> {
    let replicas = store.replicas()?;
    // The folder of a file that is long gone cannot be looked at any more.
    let path = store::canonical_path(document).or_else(|_| std::path::absolute(document));
    let path = path.unwrap_or_else(|_| PathBuf::from(document));
    if let Some(found) = replicas.iter().find(|one| one.path.as_ref() == Some(&path)) {
        return Ok(found.clone());
    }
    let unknown = || ShellError::Unknown(document.to_owned());
    let id = document.to_str().ok_or_else(unknown)?.to_ascii_lowercase();
    let is_id = id.len() >= SHORTEST_ID && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_id {
        return Err(unknown());
    }
    let mut named = replicas
        .into_iter()
        .filter(|replica| node_of(replica).to_string().starts_with(&id));
    match (named.next(), named.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(ShellError::Ambiguous(id)),
        (None, _) => Err(unknown()),
    }
}

/// Asks whether a document may go, and says what would go with it.
fn asked(
    store: &Store,
    replica: &Replica,
    name: &str,
    out: &mut impl Write,
) -> Result<bool, ShellError> {
    if !io::stdin().is_terminal() {
        let title = words::plain(&replica.title);
        return Err(ShellError::NobodyToAsk { title });
    }
    let kept = match &replica.path {
        Some(path) if is_saved(store, replica, path) => "the file itself stays",
        Some(_) => "the file itself stays, WITHOUT WHAT WAS NOT SAVED IN IT",
        None => "its text as well, since it has no file",
    };
    write!(
        out,
        "Forget {name}? Its history, its node id and the people it met will be gone; {kept}. [y/N] "
    )?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    let answer = answer.trim().to_ascii_lowercase();
    Ok(matches!(answer.as_str(), "y" | "yes"))
}

/// Removes what second copads on a file kept of its document, unless other files hold it as well.
fn forget_copies(store: &Store, replica: &Replica) -> Result<(), ShellError> {
    let Some(document) = replica.document else {
        return Ok(());
    };
    let copies = store.replicas_of(document)?;
    if replica.path.is_some() && copies.iter().all(|copy| copy.path.is_none()) {
        for copy in copies {
            store.forget(copy.id)?;
        }
    }
    Ok(())
}

/// Whether a file holds all that is stored of its document.
fn is_saved(store: &Store, replica: &Replica, path: &Path) -> bool {
    match (store.text(replica.id), store::read_file(path)) {
        (Ok(stored), Ok(file)) => stored == file.text,
        (Ok(stored), Err(_)) => stored.is_empty(),
        (Err(_), _) => false,
    }
}

/// How the document's file is written, also when somebody changed that since it was saved here.
fn format_of(replica: &Replica) -> TextFormat {
    let file = replica.path.as_deref().map(store::read_file);
    match file {
        Some(Ok(file)) if !file.is_new => file.format,
        Some(Ok(_) | Err(_)) | None => replica.format,
    }
}
