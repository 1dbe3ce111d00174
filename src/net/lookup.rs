//! Finding endpoints on the same machine by node id, through small files in one folder.
//!
//! Each live endpoint keeps one file, named by its node id, that holds where it listens. iroh asks
//! here as it asks DNS elsewhere, so a node id alone connects two terminals with no network at
//! all. The owner holds a lock on its file; the system releases it however the process ends, so a
//! file without a lock is stale, whatever became of its writer. Knows nothing of documents and
//! sessions.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use iroh::{
    EndpointAddr, EndpointId,
    address_lookup::{AddressLookup, EndpointData, EndpointInfo, Error, Item},
};
use n0_future::{boxed::BoxStream, stream};
use serde::{Deserialize, Serialize};

use crate::net::node::{NodeId, PeerAddress};

/// How iroh names this lookup in its logs.
const PROVENANCE: &str = "same machine";
/// Bytes of a file at most: a node id and some dozens of addresses.
const MAX_FILE: u64 = 4096;

/// Publishes one endpoint in the folder, and finds the others there. The file goes with the value.
#[derive(Debug)]
pub(crate) struct SameMachineLookup {
    directory: PathBuf,
    node: NodeId,
    /// Tells this process from an earlier or a later one of the same node.
    process: u64,
    published: Mutex<Published>,
}

/// What a file holds.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    address: PeerAddress,
    process: u64,
}

#[derive(Debug, Default)]
struct Published {
    /// Loopback addresses of our sockets: what others on this machine can always reach.
    sockets: Vec<SocketAddr>,
    /// What the file says; kept open, because its lock shows that we live.
    file: Option<(PeerAddress, File)>,
}

impl SameMachineLookup {
    pub(crate) fn new(directory: PathBuf, node: NodeId) -> Self {
        Self {
            directory,
            node,
            process: rand::random(),
            published: Mutex::default(),
        }
    }

    /// Publishes the sockets at once, before iroh has found out under which addresses the rest of
    /// the world might reach them.
    pub(crate) fn publish_sockets(&self, sockets: &[SocketAddr]) {
        let mut published = self.published();
        published.sockets = sockets.iter().copied().map(on_this_machine).collect();
        self.write(&mut published, Vec::new(), None);
    }

    fn write(&self, published: &mut Published, found: Vec<SocketAddr>, relay: Option<String>) {
        let mut direct = published.sockets.clone();
        direct.extend(found);
        direct.sort_unstable();
        direct.dedup();
        let address = PeerAddress {
            node: self.node,
            direct,
            relay,
        };
        if published.file.as_ref().map(|(old, _)| old) == Some(&address) {
            return;
        }
        let process = self.process;
        let entry = Entry { address, process };
        match replace_file(&self.directory, &entry) {
            Ok(file) => published.file = Some((entry.address, file)),
            Err(error) => {
                let directory = self.directory.display();
                tracing::warn!("others on this machine cannot find us in {directory}: {error}");
            }
        }
    }

    fn published(&self) -> MutexGuard<'_, Published> {
        self.published
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl AddressLookup for SameMachineLookup {
    fn publish(&self, data: &EndpointData) {
        let relay = data.relay_urls().next().map(ToString::to_string);
        let found = data.ip_addrs().copied().collect();
        self.write(&mut self.published(), found, relay);
    }

    fn resolve(&self, endpoint_id: EndpointId) -> Option<BoxStream<Result<Item, Error>>> {
        let address = find(&self.directory, endpoint_id.into())?;
        let address = EndpointAddr::try_from(&address).ok()?;
        let item = Item::new(EndpointInfo::from(address), PROVENANCE, None);
        Some(Box::pin(stream::once(Ok(item))))
    }
}

impl Drop for SameMachineLookup {
    fn drop(&mut self) {
        let file = self.published().file.take();
        if let Some((_, file)) = file {
            remove_if_same(&path_of(&self.directory, self.node), &file);
        }
    }
}

/// Returns where a live endpoint of this machine listens. A stale file is removed.
pub(crate) fn find(directory: &Path, node: NodeId) -> Option<PeerAddress> {
    read(directory, node).map(|entry| entry.address)
}

/// Returns a number that is another for each process that had this node's live endpoint.
pub(crate) fn process_of(directory: &Path, node: NodeId) -> Option<u64> {
    read(directory, node).map(|entry| entry.process)
}

fn read(directory: &Path, node: NodeId) -> Option<Entry> {
    let path = path_of(directory, node);
    let file = File::open(&path).ok()?;
    if is_stale(&file) {
        remove_if_same(&path, &file);
        return None;
    }
    let mut bytes = Vec::new();
    (&file).take(MAX_FILE).read_to_end(&mut bytes).ok()?;
    let entry: Entry = postcard::from_bytes(&bytes).ok()?;
    (entry.address.node == node).then_some(entry)
}

/// Returns when the endpoint's file was last written, or `None` when no live endpoint of this
/// machine has that node id. Cheap enough to ask a few times a second.
pub(crate) fn published_at(directory: &Path, node: NodeId) -> Option<SystemTime> {
    let file = File::open(path_of(directory, node)).ok()?;
    if is_stale(&file) {
        return None;
    }
    file.metadata().ok()?.modified().ok()
}

fn path_of(directory: &Path, node: NodeId) -> PathBuf {
    directory.join(node.to_string())
}

/// Writes beside and renames, so that a reader sees the old file or the new one, never half of
/// one, and never one without its owner's lock.
fn replace_file(directory: &Path, entry: &Entry) -> io::Result<File> {
    create_private_directory(directory)?;
    let path = path_of(directory, entry.address.node);
    let draft = path.with_extension("new");
    let mut file = create_private_file(&draft)?;
    file.try_lock()?;
    let bytes = postcard::to_stdvec(entry).map_err(io::Error::other)?;
    file.write_all(&bytes)?;
    fs::rename(&draft, &path)?;
    Ok(file)
}

/// The owner keeps the file to itself, so whoever can share it has found one without an owner.
/// The lock taken here ends with the file handle and keeps no other reader away.
fn is_stale(file: &File) -> bool {
    file.try_lock_shared().is_ok()
}

/// The wildcard addresses listen on loopback too; there is nothing shorter on one machine.
fn on_this_machine(socket: SocketAddr) -> SocketAddr {
    let ip = match socket.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, socket.port())
}

/// A new owner may have put its own file there in between; that one must stay.
#[cfg(unix)]
fn remove_if_same(path: &Path, file: &File) {
    use std::os::unix::fs::MetadataExt as _;
    let (Ok(opened), Ok(present)) = (file.metadata(), fs::metadata(path)) else {
        return;
    };
    if (opened.dev(), opened.ino()) == (present.dev(), present.ino()) {
        let _ = fs::remove_file(path);
    }
}

#[cfg(not(unix))]
fn remove_if_same(_path: &Path, _file: &File) {}

#[cfg(unix)]
fn create_private_directory(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
}

#[cfg(not(unix))]
fn create_private_directory(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).create(directory)
}

#[cfg(unix)]
fn create_private_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    // Never opened for writing when it is there already: it might be a link to elsewhere.
    let _ = fs::remove_file(path);
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

#[cfg(not(unix))]
fn create_private_file(path: &Path) -> io::Result<File> {
    let _ = fs::remove_file(path);
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)
}

#[cfg(test)]
mod tests {
    use iroh::SecretKey;

    use super::*;

    fn node(seed: u8) -> NodeId {
        SecretKey::from_bytes(&[seed; 32]).public().into()
    }

    fn entry(node: NodeId) -> Entry {
        Entry {
            address: PeerAddress::unknown(node),
            process: 1,
        }
    }

    fn socket(port: u16) -> SocketAddr {
        SocketAddr::from(([0, 0, 0, 0], port))
    }

    #[test]
    fn an_endpoint_is_found_while_it_lives() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("copad");
        let lookup = SameMachineLookup::new(directory.clone(), node(1));
        assert_eq!(find(&directory, node(1)), None);
        lookup.publish_sockets(&[socket(4000)]);
        let found = find(&directory, node(1)).unwrap();
        assert_eq!(found.direct, ["127.0.0.1:4000".parse().unwrap()]);
        assert!(published_at(&directory, node(1)).is_some());
        assert_eq!(find(&directory, node(2)), None);
        drop(lookup);
        assert_eq!(published_at(&directory, node(1)), None);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
    }

    #[test]
    fn another_process_of_a_node_is_told_from_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let first = SameMachineLookup::new(folder.path().into(), node(1));
        assert_eq!(process_of(folder.path(), node(1)), None);
        first.publish_sockets(&[socket(4000)]);
        let process = process_of(folder.path(), node(1));
        assert!(process.is_some());
        first.publish_sockets(&[socket(4001)]);
        assert_eq!(process_of(folder.path(), node(1)), process);
        drop(first);
        let second = SameMachineLookup::new(folder.path().into(), node(1));
        second.publish_sockets(&[socket(4000)]);
        assert_ne!(process_of(folder.path(), node(1)), process);
    }

    #[test]
    fn an_address_learned_later_is_added_to_the_sockets() {
        let folder = tempfile::tempdir().unwrap();
        let lookup = SameMachineLookup::new(folder.path().into(), node(1));
        lookup.publish_sockets(&[socket(4000)]);
        let later: SocketAddr = "192.168.0.7:4000".parse().unwrap();
        lookup.publish(&EndpointData::new(vec![iroh::TransportAddr::Ip(later)]));
        let found = find(folder.path(), node(1)).unwrap();
        assert_eq!(found.direct, ["127.0.0.1:4000".parse().unwrap(), later]);
    }

    #[test]
    #[cfg(unix)]
    fn what_a_dead_process_left_behind_is_ignored_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        drop(replace_file(folder.path(), &entry(node(1))).unwrap());
        assert_eq!(published_at(folder.path(), node(1)), None);
        assert_eq!(find(folder.path(), node(1)), None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_is_not_ours_names_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let other = replace_file(folder.path(), &entry(node(2))).unwrap();
        fs::rename(
            path_of(folder.path(), node(2)),
            path_of(folder.path(), node(1)),
        )
        .unwrap();
        assert_eq!(find(folder.path(), node(1)), None);
        fs::write(path_of(folder.path(), node(1)), [0xff; 8192]).unwrap();
        assert_eq!(find(folder.path(), node(1)), None);
        drop(other);
    }

    #[test]
    #[cfg(unix)]
    fn only_this_user_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("copad");
        let _file = replace_file(&directory, &entry(node(1))).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&directory), 0o700);
        assert_eq!(mode(&path_of(&directory, node(1))), 0o600);
    }
}
