//! `copad demo`: a text in which two others write, to see in a minute what copad is for.
//!
//! The others are real peers inside this process, connected over the loopback. What happens is
//! in `script`, which is pure; this file carries it out. Everything is kept in a temporary folder
//! that goes with the program; only the settings of the person are read.

mod companion;
mod script;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use self::{
    companion::{Companion, Meeting},
    script::{Act, Next, Script, Seen, Who},
};
use super::{
    app::Event,
    editor::News,
    launch::{self, AllLaunched, LaunchError, Launched, Options},
    run::run_beside,
};
use crate::{ConflictSettings, NetworkKind, serve::Trust, store::Places};

/// What the text is called.
const TITLE: &str = "picnic.md";
const TEXT: &str = include_str!("demo/sample.md");

/// How long the others must not have known of an edit for it to be a conflict. The story is short.
const APART: Duration = Duration::from_secs(2);

/// Shows what copad is for, and returns when the person quits. The file, the host and the network
/// of the options are left alone.
///
/// # Errors
///
/// Fails as [`run`](super::run) does, and when there is no room for temporary files.
pub fn run(options: Options) -> Result<(), LaunchError> {
    let folder = tempfile::Builder::new().prefix("copad-demo-").tempdir()?;
    let (options, launched) = launch(options, folder.path())?;
    let stage = Stage::new(&launched, folder.path());
    let all = AllLaunched {
        terminal: launched.terminal,
        lookup_directory: launched.sharing.lookup_directory.clone(),
        documents: vec![(options, launched)],
    };
    let result = run_beside(all, |tell| stage.play(tell));
    folder.close()?;
    result
}

/// Opens the text as if it were any other, with everything in this folder.
fn launch(options: Options, folder: &Path) -> Result<(Options, Launched), LaunchError> {
    let file = folder.join(TITLE);
    fs::write(&file, TEXT)?;
    let places = Places {
        config: Places::of_this_process()?.config,
        state: folder.join("state"),
        runtime: folder.join("run"),
    };
    let options = Options {
        file: Some(file),
        connect: None,
        network: Some(NetworkKind::Local),
        trust: Trust::Anyone,
        ..options
    };
    let mut launched = launch::open_in(options.clone(), &places)?;
    launched.app.demonstrate(ConflictSettings {
        apart: APART,
        ..ConflictSettings::default()
    });
    launched.sharing.conflicts = launched.app.conflict_settings();
    Ok((options, launched))
}

/// Where the story is played.
struct Stage {
    script: Script,
    meeting: Meeting,
    companions: [Option<Companion>; 2],
    started: Instant,
}

impl Stage {
    fn new(launched: &Launched, folder: &Path) -> Self {
        Self {
            script: Script::default(),
            meeting: Meeting {
                host: crate::NodeId::of_key(&launched.sharing.key),
                title: launched.sharing.title.clone(),
                lookup_directory: launched.sharing.lookup_directory.clone(),
                folder: folder.to_owned(),
                conflicts: launched.sharing.conflicts.clone(),
            },
            companions: [None, None],
            started: Instant::now(),
        }
    }

    /// Plays until nobody looks any more.
    async fn play(mut self, tell: mpsc::UnboundedSender<News>) {
        while !tell.is_closed() {
            self.companions
                .iter_mut()
                .flatten()
                .for_each(Companion::catch_up);
            match self.script.next(self.started.elapsed(), &self.seen()) {
                Next::Act(act) => {
                    if let Err(error) = self.carry_out(act, &tell) {
                        say(&tell, format!("The demonstration cannot go on: {error}"));
                        tell.closed().await;
                    }
                }
                Next::Wait(until) => {
                    let until = self.started + until;
                    tokio::select! {
                        () = tokio::time::sleep_until(until.into()) => {}
                        () = tell.closed() => {}
                    }
                }
            }
        }
        let [ada, ben] = self.companions.map(leave);
        tokio::join!(ada, ben);
    }

    fn seen(&self) -> Seen {
        let companions = self.companions.iter().flatten();
        Seen {
            here: Who::ALL.map(|who| {
                let companion = self.companions[who as usize].as_ref();
                companion.is_some_and(Companion::is_here)
            }),
            conflicts: companions
                .map(Companion::open_conflicts)
                .max()
                .unwrap_or_default(),
        }
    }

    fn carry_out(
        &mut self,
        act: Act,
        tell: &mpsc::UnboundedSender<News>,
    ) -> Result<(), LaunchError> {
        let now = self.started.elapsed();
        match act {
            Act::Say(words) => say(tell, words.to_owned()),
            Act::Join(who) => {
                self.companions[who as usize] = Some(Companion::join(who, &self.meeting)?);
            }
            Act::GoBehind(who, words) => self.with(who, |one| one.go_behind(words)),
            Act::Select(who, words) => self.with(who, |one| one.select(words)),
            Act::Type(who, character) => self.with(who, |one| one.type_character(character, now)),
            Act::Pause(who) => self.with(who, Companion::pause),
            Act::GoOffline(who) => self.with(who, |one| one.set_offline(true)),
            Act::GoOnline(who) => self.with(who, |one| one.set_offline(false)),
        }
        Ok(())
    }

    fn with(&mut self, who: Who, act: impl FnOnce(&mut Companion)) {
        self.companions[who as usize].as_mut().map(act);
    }
}

fn say(tell: &mpsc::UnboundedSender<News>, words: String) {
    // Nobody looks any more when the editor closes.
    let _ = tell.send(News::App(Event::Demonstrated(words)));
}

async fn leave(companion: Option<Companion>) {
    if let Some(companion) = companion {
        companion.leave().await;
    }
}
