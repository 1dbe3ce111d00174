//! What the running copads of this person have open, as they say themselves.

use std::io::Write;

use super::{ShellError, name_of, words};
use crate::{
    store::Places,
    workspace::{DocumentStatus, PeerStatus, ProcessStatus, Running, running},
};

/// Writes what runs: each copad with its documents, and how it goes with their files and peers.
///
/// # Errors
///
/// Fails when the runtime folder cannot be read or the output not be written.
pub fn status(out: &mut impl Write) -> Result<(), ShellError> {
    let running = running(&Places::of_this_process()?.runtime)?;
    if running.is_empty() {
        writeln!(out, "No copad is running.")?;
    }
    for process in &running {
        out.write_all(process_lines(process).as_bytes())?;
    }
    Ok(())
}

fn process_lines(running: &Running) -> String {
    let ProcessStatus {
        process,
        serves,
        documents,
    } = match running {
        Running::Answered(status) => status,
        Running::Silent(process) => return format!("process {process} does not answer\n"),
    };
    let does = if *serves { "serves" } else { "edits" };
    let documents = documents.iter().map(document_lines);
    format!(
        "process {process} {does}\n{}",
        documents.collect::<String>()
    )
}

fn document_lines(document: &DocumentStatus) -> String {
    let name = name_of(document.path.as_deref(), &document.title);
    let saved = match (&document.path, document.saved) {
        (_, false) => "not saved",
        (Some(_), true) => "saved",
        (None, true) => "kept",
    };
    let mut lines = format!("  {name}: {saved}, {}\n", synced(&document.peers));
    lines.push_str(&format!("    id     {}\n", document.node));
    let peers: Vec<_> = document.peers.iter().map(peer).collect();
    if !peers.is_empty() {
        lines.push_str(&format!("    peers  {}\n", peers.join(", ")));
    }
    lines
}

/// Who has everything, in words.
fn synced(peers: &[PeerStatus]) -> String {
    let connected: Vec<_> = peers.iter().filter(|peer| peer.connected).collect();
    let behind = connected.iter().filter(|peer| peer.behind).count();
    match (connected.len(), behind) {
        (0, _) => "nobody is connected".to_owned(),
        (all, 0) => format!("synced with {all}"),
        (all, behind) => format!("syncing with {behind} of {all}"),
    }
}

fn peer(peer: &PeerStatus) -> String {
    let name = peer.name.as_deref().map(words::plain);
    let name = name.unwrap_or_else(|| peer.node.short());
    match (peer.connected, peer.behind) {
        (true, false) => name,
        (true, true) => format!("{name} (behind)"),
        (false, _) => format!("{name} (not connected)"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::NodeId;

    fn peer(name: Option<&str>, connected: bool, behind: bool) -> PeerStatus {
        PeerStatus {
            node: NodeId([0xab; 32]),
            name: name.map(str::to_owned),
            connected,
            behind,
        }
    }

    fn document(path: Option<&str>, saved: bool, peers: Vec<PeerStatus>) -> DocumentStatus {
        DocumentStatus {
            title: "notes\u{1b}.md".to_owned(),
            path: path.map(PathBuf::from),
            document: None,
            node: NodeId([1; 32]),
            saved,
            peers,
        }
    }

    #[test]
    fn a_process_is_told_with_its_documents_and_peers() {
        let peers = vec![
            peer(Some("Ben"), true, false),
            peer(Some("Cleo\n"), true, true),
            peer(None, false, true),
        ];
        let status = ProcessStatus {
            process: 7,
            serves: true,
            documents: vec![
                document(Some("/home/ada/notes.md"), true, peers),
                document(None, false, Vec::new()),
            ],
        };
        let id = "01".repeat(32);
        let expected = format!(
            "process 7 serves\n  \
               /home/ada/notes.md: saved, syncing with 1 of 2\n    \
                 id     {id}\n    \
                 peers  Ben, Cleo\\n (behind), ababababab (not connected)\n  \
               notes\\u{{1b}}.md (no file): not saved, nobody is connected\n    \
                 id     {id}\n"
        );
        assert_eq!(process_lines(&Running::Answered(status)), expected);
        let silent = process_lines(&Running::Silent(8));
        assert_eq!(silent, "process 8 does not answer\n");
    }

    #[test]
    fn who_has_everything_is_counted() {
        let two = [peer(None, true, false), peer(None, true, false)];
        assert_eq!(synced(&two), "synced with 2");
        assert_eq!(synced(&[]), "nobody is connected");
    }
}
