//! Giving a document up for another: what is opened next, and where the text stays.

use std::path::PathBuf;

use super::app::App;
use crate::{
    NodeId,
    store::{self, Places},
};

/// What is opened in place of a document.
pub(super) struct Successor {
    /// Who broke the document before, so that it is opened again without them.
    pub(super) culprit: Option<NodeId>,
    /// The node id or the ticket of the replica that is joined. `None`: the same as before.
    pub(super) host: Option<String>,
    /// Where the text was put that the host's replaces.
    set_aside: Option<PathBuf>,
    /// What to tell the person.
    message: Option<String>,
}

impl Successor {
    /// A person joins another document from an empty one.
    pub(super) fn join(host: String) -> Self {
        Self {
            culprit: None,
            host: Some(host),
            set_aside: None,
            message: None,
        }
    }

    /// The host's content goes on in place of ours.
    pub(super) fn replace(host: NodeId, set_aside: PathBuf) -> Self {
        let message = format!(
            "Your copy differed from the others' by a fault and starts anew from theirs; your text is in {}",
            set_aside.display()
        );
        Self {
            culprit: None,
            host: Some(host.to_string()),
            set_aside: Some(set_aside),
            message: Some(message),
        }
    }

    /// The document is opened again as it was stored. `text` is where it stands as it was shown.
    pub(super) fn restore(culprit: NodeId, name: &str, text: Option<PathBuf>) -> Self {
        let kept = text.map_or_else(String::new, |path| {
            format!(", as it was in {}", path.display())
        });
        let message = format!(
            "An edit from {name} broke the document: {name} is shut out, and it is open again from what was stored{kept}"
        );
        Self {
            culprit: Some(culprit),
            host: None,
            set_aside: None,
            message: Some(message),
        }
    }

    /// Whether the document before has no future.
    pub(super) fn replaces(&self) -> bool {
        self.set_aside.is_some()
    }

    /// Returns what to tell the person, if they did not ask for this.
    pub(super) fn message(&self) -> Option<String> {
        self.message.clone()
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
        let joined = Successor::join(host.to_string());
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
