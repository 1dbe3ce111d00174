//! Where copad's own files live. The only file that knows names of folders; the rest of the store
//! is told where to go.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// The name of our folder inside each of the places.
const OWN_FOLDER: &str = "copad";

/// The three folders that are ours. None of them need exist yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// What a person writes: `config.toml`, and `themes` beside it.
    pub config: PathBuf,
    /// What must outlive a restart: the database, locks, logs.
    pub state: PathBuf,
    /// What must not outlive a restart: how programs on this machine find each other.
    pub runtime: PathBuf,
}

/// Nobody said where to put our files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no home folder: set HOME, or XDG_CONFIG_HOME and XDG_STATE_HOME")]
pub struct NoHome;

impl Places {
    /// Returns the places of the person who runs this process.
    ///
    /// # Errors
    ///
    /// Fails when the environment names neither the places nor a home folder.
    pub fn of_this_process() -> Result<Self, NoHome> {
        let home = etcetera::home_dir().ok();
        Self::from_variables(|name| std::env::var_os(name), home.as_deref())
    }

    /// Returns the places that these environment variables and this home folder lead to.
    ///
    /// Follows the XDG base directory specification on every system: `XDG_CONFIG_HOME`,
    /// `XDG_STATE_HOME` and `XDG_RUNTIME_DIR`, where a value that is empty or not an absolute path
    /// counts as absent. Without them `~/.config`, `~/.local/state`, and for the runtime folder
    /// one inside the state folder.
    ///
    /// # Errors
    ///
    /// Fails when the home folder is needed and absent.
    pub fn from_variables(
        variable: impl Fn(&str) -> Option<OsString>,
        home: Option<&Path>,
    ) -> Result<Self, NoHome> {
        let named = |name: &str| {
            variable(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        let place = |name: &str, in_home: &str| match (named(name), home) {
            (Some(path), _) => Ok(path.join(OWN_FOLDER)),
            (None, Some(home)) => Ok(home.join(in_home).join(OWN_FOLDER)),
            (None, None) => Err(NoHome),
        };
        let state = place("XDG_STATE_HOME", ".local/state")?;
        Ok(Self {
            config: place("XDG_CONFIG_HOME", ".config")?,
            runtime: match named("XDG_RUNTIME_DIR") {
                Some(path) => path.join(OWN_FOLDER),
                None => state.join("run"),
            },
            state,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The places under these variables, written as `config state runtime`.
    fn places(variables: &[(&str, &str)], home: Option<&str>) -> Result<String, NoHome> {
        let variable = |wanted: &str| {
            let found = variables.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| OsString::from(value))
        };
        let places = Places::from_variables(variable, home.map(Path::new))?;
        let [config, state, runtime] = [places.config, places.state, places.runtime]
            .map(|path| path.to_str().unwrap().to_owned());
        Ok(format!("{config} {state} {runtime}"))
    }

    #[test]
    fn places_follow_the_environment() {
        let all = [
            ("XDG_CONFIG_HOME", "/c"),
            ("XDG_STATE_HOME", "/s"),
            ("XDG_RUNTIME_DIR", "/r"),
        ];
        let relative = [("XDG_CONFIG_HOME", "c"), ("XDG_STATE_HOME", "")];
        let in_home = "/h/.config/copad /h/.local/state/copad /h/.local/state/copad/run";
        assert_eq!(places(&all, None).unwrap(), "/c/copad /s/copad /r/copad");
        assert_eq!(places(&[], Some("/h")).unwrap(), in_home);
        assert_eq!(places(&relative, Some("/h")).unwrap(), in_home);
        assert_eq!(
            places(&all[..2], Some("/h")).unwrap(),
            "/c/copad /s/copad /s/copad/run"
        );
        assert_eq!(places(&all[1..], None), Err(NoHome));
        assert_eq!(places(&[], None), Err(NoHome));
    }
}
