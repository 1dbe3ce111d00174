//! Writing a log, if the command line asks for one.

use std::{fs::OpenOptions, path::Path, sync::Mutex};

use tracing_subscriber::{Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use super::LaunchError;
use crate::serve::log::levels;

/// Sends the log to a file: the screen is taken.
pub(super) fn start(path: &Path) -> Result<(), LaunchError> {
    let failed = |source| LaunchError::Log {
        path: path.to_owned(),
        source,
    };
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(failed)?;
    let log = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(Mutex::new(file))
        .with_filter(levels("error"));
    // Fails only where a log was started before, as in tests; that one goes on then.
    let _ = tracing_subscriber::registry().with(log).try_init();
    Ok(())
}
