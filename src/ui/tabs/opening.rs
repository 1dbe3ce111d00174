//! Opening documents beside those that are open, and showing another one.

use std::path::{Path, PathBuf};

use super::{Tab, Tabs};
use crate::{
    store::canonical_path,
    ui::{
        app::{Event, MessageKind, SaveError, SaveRequest},
        editor::TerminalEffect,
        folder,
        launch::{self, LaunchError, Options},
    },
    workspace::Trust,
};

impl Tabs {
    /// Shows the tab that has this file, or opens one. Who asked is told what came of it.
    pub(super) async fn open_file(&mut self, asker: u64, path: &Path) {
        let there = canonical_path(path).ok().and_then(|it| self.tab_of(&it));
        let opened = match there {
            Some(index) => {
                self.show(index);
                Ok(())
            }
            None => self.open_tab(Some(path.to_owned())).await,
        };
        let problem = opened.err().map(|error| error.to_string());
        if let Some(tab) = self.open.iter_mut().find(|tab| tab.id == asker) {
            tab.editor.update(Event::Opened(problem));
        }
    }

    /// Saves a document under a name that may be that of another tab, which then keeps it: two
    /// documents with one file would take its text from each other.
    pub(super) fn save_as(&mut self, asker: u64, request: SaveRequest) {
        let meant = canonical_path(&folder::meant(&request.path)).ok();
        let taken = meant.and_then(|path| self.tab_of(&path));
        let taken = taken.is_some_and(|index| self.open[index].id != asker);
        let Some(tab) = self.open.iter_mut().find(|tab| tab.id == asker) else {
            return;
        };
        if taken {
            let refused = SaveError::Taken(request.path);
            return tab.editor.update(Event::Saved(Err(refused)));
        }
        tab.editor.save(request);
    }

    /// Opens a document without a file.
    pub(super) async fn open_new(&mut self) {
        if let Err(error) = self.open_tab(None).await {
            let problem = Some(error.to_string());
            self.active_tab().editor.update(Event::Opened(problem));
        }
    }

    /// Opens a document behind the one that is shown, and shows it. One in which nobody ever wrote
    /// makes room for a file.
    async fn open_tab(&mut self, file: Option<PathBuf>) -> Result<(), LaunchError> {
        // A document that is still being closed cannot be opened.
        let problems = self.let_go().await;
        self.tell_of_problems(problems);
        let app = self.open[self.active].editor.app();
        let replaces = file.is_some() && app.is_spare();
        let options = Options {
            fresh: file.is_none(),
            file,
            more_files: Vec::new(),
            connect: None,
            // What was said of the document on the command line holds for that one.
            banned: Vec::new(),
            trust: Trust::default(),
            name: Some(app.user.name.clone()),
            ..self.open[self.active].options.clone()
        };
        let launched = launch::open(options.clone())?;
        let mut tab = Tab::open(self.next_id(), launched, options)?;
        if self.lets_in_anyone && tab.editor.app().has_file() {
            let sentence = "You are asked who may join this one; --trust anyone was not said of it";
            let told = Event::Message(MessageKind::Info, sentence.to_owned());
            tab.editor.update(told);
        }
        self.open.insert(self.active + 1, tab);
        self.show(self.active + 1);
        if replaces {
            self.remove(self.active - 1);
        }
        self.fit();
        Ok(())
    }

    /// Goes so many documents further, and from the last one to the first.
    pub(super) fn turn_by(&mut self, by: isize) {
        let count = self.open.len().max(1);
        let next = (self.active + count).saturating_add_signed(by % count as isize) % count;
        self.show(next);
    }

    /// Shows another document.
    pub(super) fn show(&mut self, index: usize) {
        if index == self.active || index >= self.open.len() {
            return;
        }
        let left = self.active_tab();
        left.seen = left.editor.app().state();
        left.editor.update(Event::FocusLost);
        self.active = index;
        self.shown();
    }

    /// The document that is shown is another one now.
    pub(super) fn shown(&mut self) {
        self.shows += 1;
        let shows = self.shows;
        let tab = self.active_tab();
        tab.shown = shows;
        // As with a window: its file may have changed meanwhile.
        tab.editor.update(Event::FocusGained);
        let title = tab.editor.app().window_title();
        self.for_terminal.push(TerminalEffect::SetTitle(title));
    }
}
