//! Giving a document up for another: what is opened next, and where the text stays.

use std::path::PathBuf;

use super::app::App;
use crate::{
    NodeId,
    store::{self, Places},
};

/// What is opened in place of a document.
pub(super) struct Successor {
    /// The replica that is joined.
    pub(super) host: NodeId,
    /// Where the text was put that the host's replaces.
    set_aside: Option<PathBuf>,
}

impl Successor {
    /// A person joins another document from an empty one.
    pub(super) fn join(host: NodeId) -> Self {
        Self {
            host,
            set_aside: None,
        }
    }

    /// The host's content goes on in place of ours.
    pub(super) fn replace(host: NodeId, set_aside: PathBuf) -> Self {
        Self {
            host,
            set_aside: Some(set_aside),
        }
    }

    /// Whether the document before has no future.
    pub(super) fn replaces(&self) -> bool {
        self.set_aside.is_some()
    }

    /// Returns what to tell the person, if they did not ask for this.
    pub(super) fn message(&self) -> Option<String> {
        let path = self.set_aside.as_ref()?;
        Some(format!(
            "Your copy differed from the others' by a fault and starts anew from theirs; your text is in {}",
            path.display()
        ))
    }
}

/// Writes the text beside its file, or into the state folder if it has none. Returns where it is,
/// or what went wrong.
pub(super) fn keep(app: &App) -> Result<PathBuf, String> {
    let text = app.document().rope().to_string();
    let kept = match app.path() {
        Some(path) => store::set_aside(path, &text),
        None => {
            let places = Places::of_this_process().map_err(|error| error.to_string())?;
            store::set_aside(&places.state.join("set-aside").join("text"), &text)
        }
    };
    kept.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_did_not_ask_is_told() {
        let host = NodeId::of_key(&[1; 32]);
        let joined = Successor::join(host);
        assert!(!joined.replaces());
        assert_eq!(joined.message(), None);
        let replaced = Successor::replace(host, PathBuf::from("/notes.md.diverged"));
        assert!(replaced.replaces());
        assert!(
            replaced
                .message()
                .is_some_and(|text| text.ends_with("/notes.md.diverged"))
        );
    }
}
