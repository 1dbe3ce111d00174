//! Writing a log, if the command line asks for one.

use std::{fs::OpenOptions, path::Path, sync::Mutex};

use super::LaunchError;

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
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    // Fails only where a log was started before, as in tests; that one goes on then.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(Mutex::new(file))
        .try_init();
    Ok(())
}
