//! The log: one JSON object a line.

use std::{env, fs::OpenOptions, io, path::Path, sync::Mutex};

use tracing_subscriber::{
    Layer as _, filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use super::ServeError;

/// What is told when `RUST_LOG` says nothing: what happens to the documents, and warnings of the
/// network.
const USUAL: &str = "warn,iroh_loro_realtime=info";

/// Returns which parts of the program tell how much: what `RUST_LOG` says, or else what is usual.
pub(crate) fn levels(usual: &str) -> Targets {
    let asked = env::var("RUST_LOG").unwrap_or_default();
    [asked.as_str(), usual]
        .into_iter()
        .filter(|levels| !levels.is_empty())
        .find_map(|levels| levels.parse().ok())
        .unwrap_or_default()
}

/// Sends the log to a file, or to standard error.
pub(super) fn start(path: Option<&Path>) -> Result<(), ServeError> {
    let levels = levels(USUAL);
    let log = fmt::layer().json();
    let registry = tracing_subscriber::registry();
    // Fails only where a log was started before, as in tests; that one goes on then.
    let _ = match path {
        None => registry
            .with(log.with_writer(io::stderr).with_filter(levels))
            .try_init(),
        Some(path) => {
            let mut options = OpenOptions::new();
            let file = options.create(true).append(true).open(path);
            let file = file.map_err(|source| ServeError::Log {
                path: path.to_owned(),
                source,
            })?;
            let log = log.with_writer(Mutex::new(file));
            registry.with(log.with_filter(levels)).try_init()
        }
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::filter::LevelFilter;

    #[test]
    fn what_is_usual_can_be_said() {
        let levels: Targets = USUAL.parse().expect("it is our own");
        assert_eq!(levels.default_level(), Some(LevelFilter::WARN));
    }
}
