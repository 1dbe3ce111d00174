//! What other documents there are, and how this one looks among them.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{Editor, Event, Request};
use crate::{
    store::canonical_path,
    ui::{
        app::{App, FileList},
        folder,
    },
};

impl Editor {
    /// Returns what concerns other documents.
    pub(crate) fn take_requests(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.requests)
    }

    /// Whether something waits for [`take_requests`](Self::take_requests), or this document is done.
    pub(crate) fn wants_something(&self) -> bool {
        self.done || !self.requests.is_empty()
    }

    /// The document as the person sees it.
    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    /// Draws into a part of the screen that begins at its corner. Returns where the caret is.
    pub(crate) fn draw_into(&mut self, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.app.draw_into(area, buffer)
    }

    pub(super) fn list_folder(&self, name: String) {
        let tell = self.tell.clone();
        tokio::task::spawn_blocking(move || {
            let entries = folder::list(&name);
            let list = FileList::Folder {
                folder: name,
                entries,
            };
            // Nobody listens any more when the editor closes.
            let _ = tell.send(super::News::App(Event::Files(list)));
        });
    }

    pub(super) fn list_recent(&mut self) {
        let own = self.app.path().and_then(|path| canonical_path(path).ok());
        self.on_disk(move |disk| {
            let recent = folder::recent(disk.store(), own.as_deref());
            match recent {
                Ok(recent) => Some(Event::Files(FileList::Recent(recent))),
                Err(error) => Some(super::complain(error)),
            }
        });
    }
}
