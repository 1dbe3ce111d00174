//! One open document of a person's, without a screen: its history, its file, its place in the store.
//!
//! What the editor and the server have in common. Uses the library's public names as any other
//! application would. Never knows a terminal, nor who looks at the document.
//!
//! | file | what it is for |
//! | --- | --- |
//! | `opening` | what a document starts from: its history, its file |
//! | `disk`, `save` | what it keeps on disk while it is open |
//! | `sharing` | the document among its peers |
//! | `entrance` | whom it lets in |
//! | `retrial` | whether somebody's edit ended the last copad, or chance |
//! | `beside` | a second copad on the same file |
//! | `control`, `saves_asked` | how running copads of one person talk with each other |

mod beside;
mod control;
mod disk;
mod entrance;
mod opening;
mod retrial;
mod save;
mod saves_asked;
mod sharing;
mod words;

pub(crate) use beside::{Beside, TakenOver, claim_beside, open_beside, peers_beside};
pub(crate) use control::{Answer, Asked, ControlSocket, Question, Running, running};
pub use control::{DocumentStatus, PeerStatus, ProcessStatus};
pub(crate) use disk::{Claim, Disk, Stamp};
pub use entrance::Trust;
pub(crate) use entrance::{Doorkeeper, Entrance, Visitors};
pub use opening::OpeningError;
pub(crate) use opening::{
    Aside, LastSaved, Opening, Preparation, join, new_host, reopen, reopen_at_once,
};
pub use retrial::{Retrial, RetrialError, try_again};
#[cfg(all(test, feature = "tui"))]
pub(crate) use save::write;
pub use save::{SaveError, SaveRequest, SavedFile};
pub(crate) use saves_asked::SavesAsked;
pub(crate) use sharing::{Sharing, SharingEvents, SharingOptions};
pub(crate) use words::age;

/// What a person is called who did not say so.
pub(crate) fn login_name() -> String {
    whoami::username().unwrap_or_else(|_| "somebody".to_owned())
}
