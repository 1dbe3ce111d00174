//! Closing documents, one or all, and putting another in the place of one.

use tokio::task::JoinError;

use super::{Closed, Tab, Tabs};
use crate::ui::{
    app::{Event, MessageKind},
    launch::{self, LaunchError},
    set_aside::Successor,
};

impl Tabs {
    /// The person wants to leave, and nothing in this tab is in the way: asks in the next one that
    /// has something to save.
    pub(super) fn quit(&mut self, id: u64) {
        let state = |tab: &Tab| (tab.id, tab.editor.app().own_edits());
        let asker = self.open.iter().find(|tab| tab.id == id);
        self.ready.extend(asker.map(state));
        // Who went back to one and wrote there is asked again.
        let waits = |tab: &Tab| tab.editor.app().modified() && !self.ready.contains(&state(tab));
        match self.open.iter().position(waits) {
            Some(index) => {
                self.show(index);
                self.open[index].editor.update(Event::Quit);
            }
            None => self.done = true,
        }
    }

    /// A document is done: another takes its place, or it goes.
    pub(super) async fn end(&mut self, index: usize) -> Result<(), LaunchError> {
        match self.open[index].editor.take_successor() {
            Some(successor) => self.replace(index, successor).await,
            None if self.open.len() == 1 => {
                self.done = true;
                Ok(())
            }
            None => {
                self.remove(index);
                self.fit();
                Ok(())
            }
        }
    }

    /// Puts another document in the place of one.
    async fn replace(&mut self, index: usize, successor: Successor) -> Result<(), LaunchError> {
        let tab = self.open.remove(index);
        let mut options = tab.options;
        options.connect = successor.host.clone().or(options.connect);
        options.fresh = false;
        options.banned.extend(successor.culprit);
        let problem = tab.editor.close(successor.replaces()).await?;
        let opened = launch::open(options.clone()).and_then(|mut launched| {
            launched.message = successor.message().or(launched.message);
            Tab::open(self.next_id(), launched, options)
        });
        match opened {
            Ok(tab) => {
                self.open.insert(index, tab);
                if index == self.active {
                    self.shown();
                }
            }
            Err(error) if self.open.is_empty() => return Err(error),
            Err(error) => {
                if index < self.active {
                    self.active -= 1;
                } else if index == self.active {
                    self.active = index.min(self.open.len() - 1);
                    self.shown();
                }
                self.tell_of_problems([error.to_string()]);
            }
        }
        self.tell_of_problems(problem);
        self.fit();
        Ok(())
    }

    /// Closes a document that is not the only one; it says goodbye in its own time.
    pub(super) fn remove(&mut self, index: usize) {
        let tab = self.open.remove(index);
        self.closing.push(tokio::spawn(tab.editor.close(false)));
        if index == self.active {
            // Back to where the person was before.
            let last = self.open.iter().enumerate().max_by_key(|(_, it)| it.shown);
            self.active = last.map_or(0, |(index, _)| index);
            self.shown();
        } else if index < self.active {
            self.active -= 1;
        }
    }

    /// Says in the document that is shown what went wrong with another.
    pub(super) fn tell_of_problems(&mut self, problems: impl IntoIterator<Item = String>) {
        for sentence in problems {
            let told = Event::Message(MessageKind::Error, sentence);
            self.active_tab().editor.update(told);
        }
    }

    /// Waits until what was closed is closed. Returns what the person has to be told of it.
    pub(super) async fn let_go(&mut self) -> Vec<String> {
        let mut problems = Vec::new();
        for closing in self.closing.drain(..) {
            problems.extend(problem_of(closing.await));
        }
        problems
    }

    /// Stores what was typed and says goodbye to everybody, everywhere. What the person has to be
    /// told of it is printed: the terminal must be theirs again.
    ///
    /// # Errors
    ///
    /// Fails as the first document does that cannot be closed well.
    pub(in crate::ui) async fn close(mut self) -> Result<(), LaunchError> {
        let last = self.open.drain(..);
        let last: Vec<_> = last
            .map(|tab| tokio::spawn(tab.editor.close(false)))
            .collect();
        let mut result = Ok(());
        for closing in last {
            match closing.await {
                Ok(Ok(problem)) => problem.into_iter().for_each(|it| eprintln!("copad: {it}")),
                Ok(Err(error)) => result = result.and(Err(error.into())),
                Err(_) => {}
            }
        }
        for problem in self.let_go().await {
            eprintln!("copad: {problem}");
        }
        result
    }
}

/// What the person has to be told of a document that is closed, if anything.
pub(super) fn problem_of(closed: Result<Closed, JoinError>) -> Option<String> {
    match closed {
        Ok(Ok(problem)) => problem,
        Ok(Err(error)) => Some(format!("A document was not closed well: {error}")),
        Err(error) => {
            tracing::warn!("a document was not closed well: {error}");
            None
        }
    }
}
