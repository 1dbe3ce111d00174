//! The log: one JSON object a line.

use std::{fs::OpenOptions, io, path::Path, sync::Mutex};

use tracing_subscriber::EnvFilter;

use super::ServeError;

/// What is told when `RUST_LOG` says nothing: what happens to the documents, and warnings of the
/// network.
const USUAL: &str = "warn,iroh_loro_realtime=info";

/// Sends the log to a file, or to standard error.
pub(super) fn start(path: Option<&Path>) -> Result<(), ServeError> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(USUAL));
    let log = tracing_subscriber::fmt().json().with_env_filter(filter);
    // Fails only where a log was started before, as in tests; that one goes on then.
    let _ = match path {
        None => log.with_writer(io::stderr).try_init(),
        Some(path) => {
            let mut options = OpenOptions::new();
            let file = options.create(true).append(true).open(path);
            let file = file.map_err(|source| ServeError::Log {
                path: path.to_owned(),
                source,
            })?;
            log.with_writer(Mutex::new(file)).try_init()
        }
    };
    Ok(())
}
