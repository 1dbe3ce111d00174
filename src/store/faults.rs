//! The places where the disk can refuse, so that tests can make each of them do it.
//!
//! Every call of the store that writes or reads a disk passes a [`Point`] on its way. In tests a
//! point can be armed for one folder, and the next call that passes it there fails as it would on
//! a full, broken or closed disk. In every other build passing a point is nothing at all.

use std::{
    io::{self, Write},
    path::Path,
};

macro_rules! points {
    ($($name:ident: $meaning:literal,)*) => {
        /// A call to the disk.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Point {
            $(#[doc = $meaning] $name,)*
        }

        #[cfg(test)]
        impl Point {
            /// Every point, so that a test that walks through them misses none.
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

points! {
    ReadFile: "Reading a person's file.",
    CreateTemporary: "Making the new file that shall take the old one's place.",
    WriteTemporary: "Writing it.",
    SyncTemporary: "Waiting until it is on the disk.",
    RenameTemporary: "Giving it the old file's name.",
    SyncFolder: "Waiting until names in a folder are on the disk.",
    OpenInPlace: "Opening a file that has to be written over.",
    CreateBackup: "Making a file for what it held.",
    WriteBackup: "Writing that.",
    SyncBackup: "Waiting until that is on the disk.",
    WriteInPlace: "Writing over a file.",
    CutInPlace: "Cutting what is left of the old text behind the new one.",
    SyncInPlace: "Waiting until the file that was written over is on the disk.",
    RestoreInPlace: "Writing back what a file held, after writing over it failed.",
    OpenDatabase: "Opening the database.",
    BeginTransaction: "Beginning to write in the database.",
    CommitTransaction: "Waiting until what was written there is on the disk.",
    ReadDatabase: "Beginning to read in the database.",
    AppendEntry: "Writing changes into the journal.",
    StoreSnapshot: "Writing a snapshot.",
    RemoveFolded: "Removing the entries of the journal that a snapshot made superfluous.",
    RecordSave: "Recording what a file holds.",
    LoadSnapshot: "Reading a snapshot.",
    LoadEntries: "Reading the journal.",
}

#[cfg(not(test))]
mod inert {
    use super::*;

    /// Passes a point.
    #[inline(always)]
    pub(in crate::store) fn pass(_: Point, _: &Path) -> io::Result<()> {
        Ok(())
    }

    /// Passes a point of the database.
    #[inline(always)]
    pub(in crate::store) fn pass_database(_: Point, _: &Path) -> rusqlite::Result<()> {
        Ok(())
    }

    /// Passes a point with everything that is written.
    #[inline(always)]
    pub(in crate::store) fn writer<W: Write>(_: Point, _: &Path, inner: W) -> W {
        inner
    }
}

#[cfg(not(test))]
pub(super) use inert::{pass, pass_database, writer};

#[cfg(test)]
mod armed;
#[cfg(test)]
pub(crate) use armed::{Fault, arm, fired};
#[cfg(test)]
pub(super) use armed::{pass, pass_database, writer};

#[cfg(test)]
mod real;
#[cfg(test)]
mod tests;
