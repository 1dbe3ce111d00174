//! Completing the name of a file: which folder a half-typed path is in, and what in there fits.
//!
//! Knows names only. Somebody else lists folders, when [`Completion::wanted`] asks for one.

/// Something in a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FolderEntry {
    /// Its name, as it can be typed.
    pub name: String,
    /// Whether it is a folder itself.
    pub is_folder: bool,
}

impl FolderEntry {
    /// The name, with a slash behind that of a folder.
    pub(crate) fn shown(&self) -> String {
        match self.is_folder {
            true => format!("{}/", self.name),
            false => self.name.clone(),
        }
    }
}

/// What is known of the folder that the typed path is in.
#[derive(Clone, Debug, Default)]
pub(super) struct Completion {
    /// The folder as it is typed, with its slash; empty for the one that copad runs in.
    folder: Option<String>,
    entries: Vec<FolderEntry>,
    /// The folder that was asked for and is not here yet.
    asked: Option<String>,
}

impl Completion {
    /// Returns the folder to be listed for this text, unless it is here or asked for already.
    pub(super) fn wanted(&mut self, text: &str) -> Option<String> {
        let folder = split(text).0;
        if self.folder.as_deref() == Some(folder) || self.asked.as_deref() == Some(folder) {
            return None;
        }
        self.asked = Some(folder.to_owned());
        self.asked.clone()
    }

    /// Takes in what is in a folder. One that was not asked for last is dropped.
    pub(super) fn listed(&mut self, folder: &str, entries: Vec<FolderEntry>) {
        if self.asked.as_deref() == Some(folder) {
            self.folder = self.asked.take();
            self.entries = entries;
        }
    }

    /// What fits the text, as paths that can be typed. Names that begin with a dot only show for one.
    pub(super) fn matches(&self, text: &str) -> Vec<String> {
        let (folder, start) = split(text);
        let fitting = self.fitting(text);
        fitting
            .filter(|entry| start.starts_with('.') || !entry.name.starts_with('.'))
            .map(|entry| format!("{folder}{}", entry.shown()))
            .collect()
    }

    /// The text with everything added that all matches have in common. `None`: there is nothing to
    /// add.
    pub(super) fn completed(&self, text: &str) -> Option<String> {
        let matches = self.matches(text);
        let first = matches.first()?;
        let alike = |other: &String| {
            let pairs = first.chars().zip(other.chars());
            pairs.take_while(|(one, other)| one == other).count()
        };
        let common = matches.iter().map(alike).min()?;
        let completed: String = first.chars().take(common).collect();
        let grown = completed.chars().count() > text.chars().count();
        let only = matches.len() == 1 && completed != text;
        (grown || only).then_some(completed)
    }

    /// Whether the text names a folder that is known to be one, without a slash behind it.
    pub(super) fn is_folder(&self, text: &str) -> bool {
        let name = split(text).1;
        let named = |entry: &FolderEntry| entry.is_folder && entry.name == name;
        !name.is_empty() && self.fitting(text).any(named)
    }

    /// What is in the text's folder and begins as the text does; in the case of the text if there is
    /// such a thing, else in any.
    fn fitting<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a FolderEntry> {
        let (folder, start) = split(text);
        let known = self.folder.as_deref() == Some(folder);
        let entries = if known { self.entries.as_slice() } else { &[] };
        let exact = entries.iter().any(|entry| entry.name.starts_with(start));
        let lower = start.to_lowercase();
        entries.iter().filter(move |entry| match exact {
            true => entry.name.starts_with(start),
            false => entry.name.to_lowercase().starts_with(&lower),
        })
    }
}

/// A typed path as its folder, with the slash, and the beginning of a name.
fn split(text: &str) -> (&str, &str) {
    match text.rfind('/') {
        Some(slash) => text.split_at(slash + 1),
        None => ("", text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(folder: &str, names: &[&str]) -> Completion {
        let mut completion = Completion::default();
        let asked = completion.wanted(folder);
        assert_eq!(asked.as_deref(), Some(folder));
        let entry = |name: &&str| FolderEntry {
            name: name.trim_end_matches('/').to_owned(),
            is_folder: name.ends_with('/'),
        };
        completion.listed(folder, names.iter().map(entry).collect());
        completion
    }

    #[test]
    fn what_begins_alike_is_offered_and_completed() {
        let names = [
            "main.rs",
            "mainly.txt",
            "Notes.md",
            "src/",
            ".config/",
            "naïve",
        ];
        for (text, matches, completed) in [
            ("ma", vec!["main.rs", "mainly.txt"], Some("main")),
            ("main", vec!["main.rs", "mainly.txt"], None),
            ("main.", vec!["main.rs"], Some("main.rs")),
            ("main.rs", vec!["main.rs"], None),
            ("s", vec!["src/"], Some("src/")),
            ("src", vec!["src/"], Some("src/")),
            // Another case if there is none in this one.
            ("no", vec!["Notes.md"], Some("Notes.md")),
            ("na", vec!["naïve"], Some("naïve")),
            (".c", vec![".config/"], Some(".config/")),
            ("x", vec![], None),
            ("other/ma", vec![], None),
        ] {
            let known = known("", &names);
            assert_eq!(known.matches(text), matches, "{text}");
            assert_eq!(known.completed(text).as_deref(), completed, "{text}");
        }
        assert_eq!(known("", &names).matches("").len(), 5, "no dots unasked");
    }

    #[test]
    fn paths_keep_their_folder() {
        let known = known("~/work/", &["a.md", "b/"]);
        assert_eq!(known.matches("~/work/"), ["~/work/a.md", "~/work/b/"]);
        assert_eq!(known.completed("~/work/a").as_deref(), Some("~/work/a.md"));
        assert!(known.is_folder("~/work/b"));
        assert!(!known.is_folder("~/work/a.md") && !known.is_folder("~/work/"));
    }

    #[test]
    fn a_folder_is_asked_for_once_and_only_the_last_one_counts() {
        let mut completion = Completion::default();
        assert_eq!(completion.wanted("a/x").as_deref(), Some("a/"));
        assert_eq!(completion.wanted("a/xy"), None);
        assert_eq!(completion.wanted("b/").as_deref(), Some("b/"));
        let entry = |name: &str| FolderEntry {
            name: name.to_owned(),
            is_folder: false,
        };
        completion.listed("a/", vec![entry("late")]);
        assert!(completion.matches("a/").is_empty());
        completion.listed("b/", vec![entry("new")]);
        assert_eq!(completion.matches("b/"), ["b/new"]);
        assert_eq!(completion.wanted("b/n"), None);
    }
}
