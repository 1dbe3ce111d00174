//! Comparing two sides, and keeping what a person should look at.

use std::{
    sync::atomic::Ordering,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use loro::LoroDoc;

use super::{
    ConflictError, ConflictInfo, ConflictSettings, Inner, Resolution, Reunion, Strategy, locked,
};
use crate::{
    crdt::conflict::{
        self, Author, Choice, ConflictAnswer, ConflictContent, ConflictId, ConflictSide,
        ConflictState, Grade, Side,
    },
    net::access::Role,
};

/// What a comparison led to.
pub(super) struct Examined {
    /// Conflicts that a person should look at.
    pub(super) asked: Vec<(ConflictId, Grade)>,
    /// What happened meanwhile.
    pub(super) reunion: Reunion,
}

impl Inner {
    /// A copy of the document that may be taken through its history.
    pub(super) fn copy(&self) -> Result<LoroDoc, ConflictError> {
        let kept = self.document.lock().export_to_keep()?;
        let copy = LoroDoc::new();
        copy.import(&kept)?;
        Ok(copy)
    }

    /// Compares two sides, and keeps or settles what is found.
    pub(super) fn examine(
        &self,
        copy: &LoroDoc,
        ours: &Side,
        theirs: &Side,
        apart: Duration,
    ) -> Result<Examined, ConflictError> {
        let settings = locked(&self.settings).clone();
        let options = settings.options();
        let cancelled = || self.cancelled.load(Ordering::Relaxed);
        let lowest = settings.lowest();
        let compared = conflict::compare(copy, ours, theirs, &options, lowest, &cancelled)?;
        copy.checkout_to_latest();
        let now = seconds_since_1970();
        let age = Duration::from_secs(u64::try_from(now - compared.since).unwrap_or(0));
        let long = compared.since == 0 || age >= apart;
        let guard = self.document.lock();
        let doc = guard.doc();
        let clashes = if long { compared.clashes } else { Vec::new() };
        let asked = self.keep(doc, clashes, &settings)?;
        let theirs = theirs.heads.first().map(|head| head.peer);
        let author = theirs.and_then(|peer| Author::of(doc, peer));
        Ok(Examined {
            reunion: Reunion {
                name: author.unwrap_or_default().name,
                apart: if compared.since == 0 {
                    Duration::ZERO
                } else {
                    age
                },
                ours: compared.places[0],
                theirs: compared.places[1],
                conflicts: asked.len(),
            },
            asked,
        })
    }

    /// Keeps what a person should look at, and settles what the settings settle. Returns what is
    /// left to ask.
    pub(super) fn keep(
        &self,
        doc: &LoroDoc,
        mut clashes: Vec<conflict::Clash>,
        settings: &ConflictSettings,
    ) -> Result<Vec<(ConflictId, Grade)>, ConflictError> {
        let writes = self.must_write().is_ok();
        let is_kept = |clash: &conflict::Clash| {
            writes && settings.strategy(clash.record.grade) != Strategy::KeepMerged
        };
        clashes.retain(is_kept);
        let mut asked = Vec::new();
        for clash in conflict::keep(doc, clashes)? {
            let strategy = settings.strategy(clash.record.grade);
            if !self.settle_by(doc, &clash, strategy)? {
                asked.push((clash.id, clash.record.grade));
            }
        }
        doc.commit();
        Ok(asked)
    }

    /// Settles a conflict without a person, if that is wanted. Only one of the two sides does it.
    fn settle_by(
        &self,
        doc: &LoroDoc,
        clash: &conflict::Clash,
        strategy: Strategy,
    ) -> Result<bool, ConflictError> {
        let mine = self.side_of(&clash.record.sides);
        let resolution = match strategy {
            Strategy::Ask => return Ok(false),
            Strategy::KeepMerged => return Ok(true),
            Strategy::PreferMine => Resolution::Mine,
            Strategy::PreferTheirs => Resolution::Theirs,
            Strategy::KeepBoth => Resolution::Both,
        };
        if mine == Some(1) {
            return Ok(true);
        }
        let choice = resolution.choice(mine);
        let Some(outcome) = clash.record.outcome(choice) else {
            return Ok(true);
        };
        conflict::settle(doc, &clash.record, &outcome)?;
        self.write_answer(doc, clash.id, choice, outcome, false)?;
        Ok(true)
    }

    /// What a viewer writes stays on this replica, which would have another text than all others.
    pub(super) fn must_write(&self) -> Result<(), ConflictError> {
        match self.access.borrow().role {
            Role::Viewer => Err(ConflictError::Viewer),
            Role::Owner | Role::Editor => Ok(()),
        }
    }

    pub(super) fn write_answer(
        &self,
        doc: &LoroDoc,
        id: ConflictId,
        choice: Choice,
        outcome: ConflictContent,
        withdrawn: bool,
    ) -> Result<(), ConflictError> {
        self.must_write()?;
        let answer = ConflictAnswer {
            choice,
            by: doc.peer_id(),
            name: self.author.name.clone(),
            time: seconds_since_1970(),
            outcome,
            withdrawn,
        };
        conflict::write_answer(doc, id, &answer)?;
        doc.commit();
        Ok(())
    }

    pub(super) fn open(&self) -> Vec<ConflictInfo> {
        let states = conflict::read(self.document.lock().doc()).into_iter();
        let mut open: Vec<_> = states
            .filter(|(_, state)| state.answer().is_none())
            // Locked anew for each, so that somebody who types need not wait for all.
            .filter_map(|(id, state)| self.info(self.document.lock().doc(), id, state))
            .filter(|info| info.open)
            .collect();
        open.sort_by_key(|info| {
            let start = info.range.as_ref().map(|range| range.start);
            (info.container.to_string(), start, info.id)
        });
        open
    }

    pub(super) fn info(
        &self,
        doc: &LoroDoc,
        id: ConflictId,
        state: ConflictState,
    ) -> Option<ConflictInfo> {
        let mine = self.side_of(&state.record.sides);
        ConflictInfo::of(doc, id, state, mine)
    }

    /// Which side this replica wrote.
    pub(super) fn side_of(&self, sides: &[ConflictSide; 2]) -> Option<usize> {
        let own = locked(&self.own);
        let is_own = |side: &ConflictSide| {
            side.replica == self.author.replica
                || side.author == self.document.doc().peer_id()
                || own.contains(&side.author)
        };
        sides.iter().position(is_own)
    }
}

pub(super) fn seconds_since_1970() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    // Rounded as Loro rounds.
    let seconds = |now: Duration| (now + Duration::from_millis(500)).as_secs();
    now.map_or(0, |now| i64::try_from(seconds(now)).unwrap_or(i64::MAX))
}
