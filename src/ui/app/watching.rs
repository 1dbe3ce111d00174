//! The file on disk, as far as the application knows it: what it holds, what another program made
//! of it, and when the text goes there by itself.
//!
//! Reads nothing: it asks for a look with [`Effect::LookAtFile`] and takes in what was found. A
//! change of the file that touches nothing unsaved is taken into the text at once, as one edit that
//! can be undone; otherwise the person is asked.

use std::{path::Path, sync::Arc, time::Duration};

use super::{
    App, Effect, MessageKind, Person,
    event::{FileChange, FileFound, FileLook, FileLookRequest},
    file_state::{Question, Reload, Retry, Trouble},
};
use crate::{
    crdt::{AppliedChange, EditContext, EditKind, Origin},
    store::{Outcome, Trail},
};

/// A question waits for a pause of this length in typing, so that no key answers it by accident.
const PAUSE: Duration = Duration::from_secs(1);
/// How often in a row a save gives way to another program, and a look to what others write.
const YIELDS: u8 = 5;
/// Others who have the document may have the same file open. What another program writes into it is
/// taken in by one; who looks later finds it in the text already, and comes after so much time for
/// each who comes first,
const TURN: Duration = Duration::from_millis(700);
/// of whom so many count at most.
const MOST_TURNS: u32 = 3;

/// What the person wants of a file that changed where the text did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileAnswer {
    /// Both.
    Merge,
    /// The text as it is.
    KeepMine,
    /// The text as it is in the file.
    TakeTheirs,
}

/// How the text and its file stand to one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FileStanding {
    /// It has none; whether there is something of ours to save.
    NoFile { unsaved: bool },
    /// The file holds the text.
    Saved,
    /// The file lacks something.
    Unsaved,
    /// Another program changed it, and the person has to decide.
    Contested,
    /// The file is not there any more.
    Gone,
    /// What is there cannot be read as text.
    Unreadable,
    /// Saving failed, for this reason.
    Failed(String),
}

impl App {
    /// The file that the document has.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// How the text and its file stand to one another.
    pub(crate) fn file_standing(&self) -> FileStanding {
        let unsaved = self.modified();
        if let Some((reason, _)) = self.file.failure.as_ref().filter(|_| unsaved) {
            return FileStanding::Failed(reason.clone());
        }
        match (&self.path, &self.file.question, &self.file.trouble) {
            (None, ..) => FileStanding::NoFile { unsaved },
            (Some(_), Some(_), _) => FileStanding::Contested,
            (Some(_), None, Some(trouble)) if trouble.gone => FileStanding::Gone,
            (Some(_), None, Some(_)) => FileStanding::Unreadable,
            (Some(_), None, None) if unsaved => FileStanding::Unsaved,
            (Some(_), None, None) => FileStanding::Saved,
        }
    }

    /// Whether the text differs from the file for a reason that no edit explains.
    pub(super) fn file_is_off(&self) -> bool {
        self.file.trouble.is_some() || self.file.question.is_some()
    }

    /// Something may have happened to the file: looks at it when it is our turn.
    pub(super) fn file_touched(&mut self) {
        let first = |person: &&Person| person.is_connected() && person.node < self.node;
        let before = self.people.values().filter(first).take(MOST_TURNS as usize);
        match before.count() as u32 {
            0 => self.look_at_file(),
            turns => {
                let turn = self.now + TURN * turns;
                self.file.turn.get_or_insert(turn);
            }
        }
    }

    /// Asks for a look at the file. The answer comes to [`Self::file_seen`].
    fn look_at_file(&mut self) {
        self.file.turn = None;
        if self.defers_look_at_file() {
            return;
        }
        let Some(path) = self.path.clone().filter(|_| !self.file.waits) else {
            return;
        };
        if self.file.looking {
            self.file.look_again = true;
            return;
        }
        self.file.looking = true;
        self.file.trail.see(self.document.rope());
        if self.file.reload == Reload::Wanted {
            self.file.reload = Reload::Asked;
        }
        self.effects
            .push(Effect::LookAtFile(Box::new(FileLookRequest {
                path,
                known: self.file.hash,
                trail: self.file.trail.clone(),
                text: self.rope().clone(),
                version: self.version,
                shared: self.file.reopened || !self.people.is_empty(),
                whole: self.file.reload == Reload::Asked,
                options: self.conflict_settings().options(),
            })));
    }

    /// Has the text of the file taken, whatever was typed. Returns whether there is a file to read.
    pub(super) fn read_file_again(&mut self) -> bool {
        if self.file.waits {
            return false;
        }
        self.file.reload = Reload::Wanted;
        self.look_at_file();
        true
    }

    /// Takes the text that was read because the person wanted it.
    fn reload_with(&mut self, found: FileFound, version: u64) {
        let name = self.name();
        let change = match found {
            FileFound::Changed(change) => change,
            FileFound::Missing => {
                self.file.reload = Reload::No;
                return self.file_is_gone();
            }
            FileFound::Unusable(sentence) => {
                self.file.reload = Reload::No;
                return self.tell_of_file(false, sentence);
            }
            // Another copad takes care of the file, and both have its text.
            FileFound::Holds(_) => {
                self.file.reload = Reload::No;
                return self.reply(format!("{name} is open in another copad, which reads it"));
            }
        };
        if self.refuses_to_write() {
            self.file.reload = Reload::No;
            return;
        }
        self.file.overtaken += 1;
        let comparable = self.file.trail.since(change.version).is_some();
        if !comparable || self.is_overtaken(version) && self.file.overtaken < YIELDS {
            self.file.reload = Reload::Wanted;
            return self.look_at_file();
        }
        self.file.overtaken = 0;
        self.file.reload = Reload::No;
        self.file.trouble = None;
        self.file.question = None;
        self.close_file_question();
        let words = match self.go_on_with(&change, FileAnswer::TakeTheirs) {
            true => format!("{name} is read again; undo brings your text back"),
            false => format!("{name} holds this text already"),
        };
        self.reply(words);
    }

    /// Takes in what a look at the file found.
    pub(super) fn file_seen(&mut self, look: FileLook) {
        self.file.looking = false;
        let again = std::mem::take(&mut self.file.look_again);
        if self.path.as_ref() != Some(&look.path) {
            return;
        }
        if self.file.reload == Reload::Asked {
            return self.reload_with(look.found, look.version);
        }
        match look.found {
            FileFound::Missing => self.file_is_gone(),
            FileFound::Unusable(sentence) => self.tell_of_file(false, sentence),
            FileFound::Holds(hash) if hash == self.file.hash => self.file_is_as_known(),
            // We wrote it meanwhile, or decided; what was compared is out of date.
            FileFound::Holds(_) => return self.look_at_file(),
            FileFound::Changed(change) if change.hash == self.file.hash => self.file_is_as_known(),
            FileFound::Changed(change) => {
                let outdated =
                    look.known != self.file.hash || self.file.trail.since(look.version).is_none();
                self.file.overtaken += 1;
                if outdated || self.is_overtaken(look.version) && self.file.overtaken < YIELDS {
                    return self.look_at_file();
                }
                self.file.overtaken = 0;
                self.file.trouble = None;
                self.file.exists = true;
                self.file_has_changed(Arc::from(change));
            }
        }
        if again || self.file.reload == Reload::Wanted {
            self.look_at_file();
        }
    }

    /// Whether others may have taken in since what was compared with the text of this number.
    fn is_overtaken(&self, version: u64) -> bool {
        version != self.version && !self.people.is_empty()
    }

    /// The file holds what we think it does.
    fn file_is_as_known(&mut self) {
        self.file.merging = false;
        if self.file.trouble.take().is_some() {
            self.notify(MessageKind::Info, format!("{} is back", self.name()));
        }
        let then_save = self.file.question.take().is_some_and(|q| q.then_save);
        self.close_file_question();
        self.save_after(then_save);
    }

    fn file_is_gone(&mut self) {
        if self.file.exists {
            self.file.question = None;
            self.close_file_question();
            let name = self.name();
            let sentence = format!(
                "{name} is gone from the disk; its text is kept here, and saving makes the file again"
            );
            self.tell_of_file(true, sentence);
        }
    }

    /// Says what is wrong with the file, once.
    fn tell_of_file(&mut self, gone: bool, sentence: String) {
        let trouble = Trouble { gone, sentence };
        if self.file.trouble.as_ref() != Some(&trouble) {
            self.complain(trouble.sentence.clone());
            self.file.trouble = Some(trouble);
        }
    }

    /// Another program wrote the file.
    fn file_has_changed(&mut self, change: Arc<FileChange>) {
        let old = self.file.question.take();
        let then_save = old.as_ref().is_some_and(|old| old.then_save);
        if !self.may_write() {
            return self.keep_out(&change, then_save);
        }
        if std::mem::take(&mut self.file.merging) {
            self.go_on_with(&change, FileAnswer::Merge);
            return self.save_after(then_save);
        }
        if change.meeting.clashes.is_empty() {
            self.close_file_question();
            let new = self.go_on_with(&change, FileAnswer::Merge);
            if new {
                let name = self.name();
                self.notify(
                    MessageKind::Info,
                    format!(
                        "Another program changed {name}; its changes are in, and can be undone"
                    ),
                );
            }
            return self.save_after(then_save);
        }
        let known = old.is_some_and(|old| old.change.hash == change.hash && old.put_off);
        let asked_for = self.file.retry.take().is_some_and(|retry| !retry.quiet);
        self.file.question = Some(Question {
            change,
            put_off: known && !asked_for,
            then_save: then_save || asked_for,
        });
        // One that is open shows what was so before.
        self.close_file_question();
    }

    /// Another program wrote the file, and a viewer's text is not theirs to change: it stays what
    /// it is for everybody.
    fn keep_out(&mut self, change: &FileChange, then_save: bool) {
        self.file.merging = false;
        self.close_file_question();
        if change.meeting.merge.edit.is_empty() {
            self.go_on_with(change, FileAnswer::Merge);
            return self.save_after(then_save);
        }
        self.go_on_with(change, FileAnswer::KeepMine);
        // Nobody who asked for a save knew what it would replace.
        self.file.retry = None;
        self.stay();
        let name = self.name();
        self.notify(
            MessageKind::Info,
            format!(
                "Another program changed {name}; you are a viewer here, so its changes stay out \
                 of the text, and saving replaces them"
            ),
        );
    }

    /// The person decided.
    pub(super) fn answer_file(&mut self, answer: FileAnswer) {
        let Some(question) = self.file.question.take() else {
            return;
        };
        let answer = match self.may_write() {
            true => answer,
            false => FileAnswer::KeepMine,
        };
        if question.then_save {
            self.file.retry = Some(Retry { quiet: false });
        }
        if answer == FileAnswer::Merge && self.is_overtaken(question.change.version) {
            self.file.merging = true;
            self.look_at_file();
        } else {
            self.go_on_with(&question.change, answer);
            self.save_after(false);
        }
        let name = self.name();
        self.reply(match answer {
            FileAnswer::Merge => format!("The changes of {name} on disk are merged"),
            FileAnswer::KeepMine => format!("Your text stays; saving replaces what is in {name}"),
            FileAnswer::TakeTheirs => {
                format!("The text is what {name} holds; undo brings yours back")
            }
        });
    }

    /// The person wants to decide later.
    pub(super) fn put_off_file_question(&mut self) {
        if let Some(question) = &mut self.file.question {
            question.put_off = true;
            question.then_save = false;
            let name = self.name();
            self.notify(
                MessageKind::Info,
                format!("{name} is not decided yet; saving asks again"),
            );
        }
    }

    /// Whether the person has to decide first; then they are asked, and saving goes on after that.
    pub(super) fn must_decide_before_saving(&mut self) -> bool {
        let Some(question) = &mut self.file.question else {
            return false;
        };
        question.put_off = false;
        question.then_save = true;
        self.file.pressed = Duration::ZERO;
        true
    }

    /// A save found that another program wrote the file: that is taken in first.
    pub(super) fn save_gave_way(&mut self) {
        let quiet = self
            .file
            .saving
            .pop_front()
            .is_some_and(|saving| saving.quiet);
        self.file.yields += 1;
        if self.file.yields > YIELDS {
            self.file.yields = 0;
            self.stay();
            let reason = "the file keeps changing".to_owned();
            self.complain(format!("{} was not saved: {reason}", self.name()));
            self.file.failure = Some((reason, self.now));
            return;
        }
        self.file.retry = Some(Retry { quiet });
        self.file_touched();
    }

    /// Goes on with a save that waited, for the person's answer or for a look at the file.
    fn save_after(&mut self, asked_for: bool) {
        let retry = self.file.retry.take();
        if let Some(path) = self.path.clone()
            && (asked_for || retry.is_some())
        {
            let quiet = !asked_for && retry.is_some_and(|retry| retry.quiet);
            self.request_save(path, true, quiet);
        }
    }

    /// Does what was decided. Returns whether the text changed.
    fn go_on_with(&mut self, change: &FileChange, answer: FileAnswer) -> bool {
        let meeting = &change.meeting;
        let mut outcome = match answer {
            FileAnswer::Merge => meeting.merge.clone(),
            FileAnswer::KeepMine => meeting.keep.clone(),
            FileAnswer::TakeTheirs => meeting.take.clone(),
        };
        let Some(later) = self.file.trail.since(change.version) else {
            // So much happened since that it has to be compared anew.
            self.look_at_file();
            return false;
        };
        later.iter().for_each(|later| outcome.carry(later));
        if answer == FileAnswer::Merge {
            self.expect_file_conflicts(change, &later);
        }
        let edited = !outcome.edit.is_empty();
        if edited && !self.take_in_edit(&mut outcome) {
            self.forget_file_conflicts();
            return false;
        }
        self.report_file_conflicts();
        let holds = outcome.rest.is_empty();
        if answer != FileAnswer::KeepMine {
            self.format = change.format;
        }
        self.file.hash = change.hash;
        self.file.exists = true;
        self.saved_version = if holds { self.version } else { u64::MAX };
        self.file.reopened = false;
        self.file.trail = Trail::known(change.text.clone(), outcome.rest, self.version);
        self.effects.push(Effect::RecordFile {
            hash: change.hash,
            holds,
        });
        edited
    }

    /// Makes an edit that comes from elsewhere, without moving what the person looks at.
    fn take_in_edit(&mut self, outcome: &mut Outcome) -> bool {
        let before = self.rope().clone();
        let context = EditContext {
            kind: EditKind::Other,
            selection: self.selection,
            now: self.now,
        };
        let changes = match self.document.edit(&outcome.edit, context) {
            Ok(changes) => changes,
            Err(error) => {
                self.complain(format!("The change on disk did not fit: {error}"));
                return false;
            }
        };
        let held = self.hold_in(&before);
        for change in changes {
            let ours = change.origin == Origin::Edit;
            if !ours {
                outcome.carry(&change.delta.shape());
            }
            // No caret moves with it as with something that was typed.
            self.follow(&AppliedChange {
                origin: Origin::Direct,
                ..change
            });
            if ours {
                self.count_own_edit();
            }
        }
        self.settle(held);
        self.document.close_undo_group();
        true
    }

    /// Does what is due: asks a question, saves by itself, folds what is long past.
    pub(super) fn tend_file(&mut self) {
        self.file.trail.see(self.document.rope());
        let waiting = self.file.looking || self.file.question.is_some();
        if !waiting && self.file.saving.is_empty() {
            self.file.trail.fold();
        }
        if self.file.turn.is_some_and(|turn| turn <= self.now) {
            self.look_at_file();
        }
        if self.question_due().is_some_and(|due| due <= self.now)
            && let Some(question) = &self.file.question
        {
            let change = Arc::clone(&question.change);
            self.ask_about_file(&change);
        }
        if self.autosave_due().is_some_and(|due| due <= self.now)
            && let Some(path) = self.path.clone()
        {
            self.request_save(path, true, true);
        }
    }

    /// When [`Self::tend_file`] has something to do.
    pub(super) fn file_tick(&self) -> Option<Duration> {
        let due = [self.file.turn, self.question_due(), self.autosave_due()];
        due.into_iter().flatten().min()
    }

    fn question_due(&self) -> Option<Duration> {
        let question = self.file.question.as_ref();
        let waits = question.is_some_and(|question| !question.put_off) && !self.has_dialog();
        waits.then(|| self.file.pressed + PAUSE)
    }

    fn autosave_due(&self) -> Option<Duration> {
        let idle = self.config.autosave?;
        let file = &self.file;
        let free = file.exists && !file.waits && !file.looking && file.saving.is_empty();
        // What failed is tried again when there is more to save.
        let failed = |(_, at): &(String, Duration)| *at >= file.changed;
        let tried = file.failure.as_ref().is_some_and(failed);
        // What a viewer could not take in is not replaced unasked.
        let kept_out = !self.may_write() && self.saved_version == u64::MAX;
        let tried = tried || kept_out;
        let wanted = self.path.is_some() && self.modified() && !self.file_is_off() && !tried;
        (free && wanted && !self.has_dialog()).then(|| file.changed + idle)
    }
}
