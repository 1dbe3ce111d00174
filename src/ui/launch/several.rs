//! Opening all files that the command line names.

use std::path::{Path, PathBuf};

use super::{LaunchError, Launched, Options, TerminalOptions, open};
use crate::store;

/// All documents that the command line names.
pub(in crate::ui) struct AllLaunched {
    /// Each with what it was opened with; there is at least one.
    pub(in crate::ui) documents: Vec<(Options, Launched)>,
    pub(in crate::ui) terminal: TerminalOptions,
    /// Where programs on this machine find each other.
    pub(in crate::ui) lookup_directory: PathBuf,
}

/// Opens what the command line asks for.
pub(in crate::ui) fn open_all(options: Options) -> Result<AllLaunched, LaunchError> {
    let launched = open(options.clone())?;
    let (terminal, lookup_directory) =
        (launched.terminal, launched.sharing.lookup_directory.clone());
    let canonical = |path: &Path| store::canonical_path(path).ok();
    let mut known: Vec<_> = options.file.iter().map(|file| canonical(file)).collect();
    let more = options.more_files.clone();
    let mut documents = vec![(options, launched)];
    for file in more {
        let path = canonical(&file);
        // Named twice, or by two names, it is still one document.
        if path.is_some() && known.contains(&path) {
            continue;
        }
        known.push(path);
        let options = Options {
            file: Some(file),
            more_files: Vec::new(),
            connect: None,
            ..documents[0].0.clone()
        };
        let launched = open(options.clone())?;
        documents.push((options, launched));
    }
    Ok(AllLaunched {
        documents,
        terminal,
        lookup_directory,
    })
}
