//! TOML texts that people wrote, and what is wrong with them, told with file and line.

use std::{fmt, ops::Range};

use serde::de::DeserializeOwned;
use toml::{Spanned, de::DeTable};

/// A TOML text and where it came from.
#[derive(Clone, Debug)]
pub struct Source {
    origin: String,
    text: String,
}

/// What is wrong with a TOML text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError {
    /// The file, or whatever else the text came from.
    pub origin: String,
    /// The line, counted from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong and what is expected, without a full stop.
    pub message: String,
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for SourceError {}

impl Source {
    /// Keeps a text together with the name of its origin.
    pub fn new(origin: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            origin: origin.into(),
            text: text.into(),
        }
    }

    /// Reads the text into a type.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, SourceError> {
        toml::from_str(&self.text).map_err(|error| self.syntax(&error))
    }

    /// Reads the text into a table that knows where everything stands.
    pub fn table(&self) -> Result<DeTable<'_>, SourceError> {
        DeTable::parse(&self.text)
            .map(Spanned::into_inner)
            .map_err(|error| self.syntax(&error))
    }

    fn syntax(&self, error: &toml::de::Error) -> SourceError {
        let message = error.message().lines().collect::<Vec<_>>().join("; ");
        self.error(error.span(), message)
    }

    /// Makes an error about a stretch of the text, given in bytes.
    pub fn error(&self, span: Option<Range<usize>>, message: impl Into<String>) -> SourceError {
        let line = span.map(|span| {
            let before = self.text.as_bytes().iter().take(span.start);
            1 + before.filter(|byte| **byte == b'\n').count()
        });
        SourceError {
            origin: self.origin.clone(),
            line,
            message: message.into(),
        }
    }
}

/// Returns the word that a misspelt one was most likely meant to be: at most a third of its letters
/// differ.
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = word.chars().count().div_ceil(3);
    known
        .into_iter()
        .map(|candidate| (edit_distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Returns the sentence part "; did you mean …?" for a misspelt word, or nothing.
pub fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    closest(word, known)
        .map(|meant| format!("; did you mean \"{meant}\"?"))
        .unwrap_or_default()
}

/// Counts the insertions, deletions and replacements between two words (Levenshtein).
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_and_guesses() {
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("", "abc"), 3);
        let known = ["theme", "tab-width", "mouse"];
        assert_eq!(closest("tabwidth", known), Some("tab-width"));
        assert_eq!(closest("thme", known), Some("theme"));
        assert_eq!(closest("zzz", known), None);
    }

    #[test]
    fn errors_carry_file_and_line() {
        let source = Source::new("a.toml", "x = 1\ny = = 2\n");
        let error = source.parse::<toml::Table>().expect_err("broken");
        assert_eq!(error.line, Some(2));
        assert!(error.to_string().starts_with("a.toml, line 2: "), "{error}");
        assert!(!error.to_string().contains('\n'));
    }
}
