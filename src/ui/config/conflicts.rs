//! The table `[conflicts]`: what is held to be a conflict, and what is done about it.

use std::time::Duration;

use toml::de::DeValue;

use super::reader::{Reader, Value, in_order};
use crate::{
    ConflictSettings, Strategy,
    crdt::conflict::{Grade, RULES, Rule},
    ui::source::{SourceError, suggestion},
};

/// The key for how long people must have been apart, in seconds.
const APART: &str = "apart_seconds";

/// The strategies by their names.
const STRATEGIES: [(&str, Strategy); 5] = [
    ("merged", Strategy::KeepMerged),
    ("mine", Strategy::PreferMine),
    ("theirs", Strategy::PreferTheirs),
    ("both", Strategy::KeepBoth),
    ("ask", Strategy::Ask),
];

impl Reader<'_> {
    /// Reads `apart_seconds = 10`, `likely = "ask"` (a strategy for a grade) and
    /// `lines-added = "hard"` (a grade for a rule).
    pub(super) fn conflicts(&self, value: &Value<'_>) -> Result<ConflictSettings, SourceError> {
        let DeValue::Table(table) = value.get_ref() else {
            return Err(self.expected("conflicts", value, "a table, written as [conflicts]"));
        };
        let mut settings = ConflictSettings::default();
        for (key, value) in in_order(table) {
            let name: &str = key.as_ref();
            let text = value.get_ref().as_str().unwrap_or_default();
            let grade = settings
                .strategies
                .iter_mut()
                .find(|(grade, _)| grade.name() == name);
            if name == APART {
                settings.apart = self.apart(value)?;
            } else if let Some((_, strategy)) = grade {
                let found = STRATEGIES.iter().find(|(name, _)| *name == text);
                let expected = "\"merged\", \"mine\", \"theirs\", \"both\" or \"ask\"";
                let found = found.ok_or_else(|| self.expected(name, value, expected))?;
                *strategy = found.1;
            } else if let Some(rule) = Rule::from_name(name) {
                let expected = "\"none\", \"soft\", \"likely\" or \"hard\"";
                let grade = Grade::from_name(text);
                let grade = grade.ok_or_else(|| self.expected(name, value, expected))?;
                settings.grades.set(rule, grade);
            } else {
                let rules = RULES.iter().map(|info| info.name);
                let known = rules.chain([APART, "hard", "likely", "soft"]);
                let hint = suggestion(name, known);
                let message = format!("there is no setting \"{name}\" for conflicts{hint}");
                return Err(self.source.error(Some(key.span()), message));
            }
        }
        Ok(settings)
    }

    fn apart(&self, value: &Value<'_>) -> Result<Duration, SourceError> {
        let number = value.get_ref().as_integer();
        let number =
            number.and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
        number
            .map(|seconds| Duration::from_secs(seconds.into()))
            .ok_or_else(|| self.expected(APART, value, "a whole number of seconds"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    #[test]
    fn times_grades_and_strategies_can_be_set() {
        let text = "[conflicts]\napart_seconds = 3\nlikely = \"merged\"\nlines-added = \"hard\"\n";
        let settings = Config::parse("config.toml", text)
            .expect("settings")
            .conflicts;
        assert_eq!(settings.apart, Duration::from_secs(3));
        assert_eq!(settings.grades.of(Rule::LinesAdded), Grade::Hard);
        assert!(
            settings
                .strategies
                .contains(&(Grade::Likely, Strategy::KeepMerged))
        );
        assert!(settings.strategies.contains(&(Grade::Hard, Strategy::Ask)));
    }

    #[test]
    fn mistakes_are_told() {
        for (text, expected) in [
            ("conflicts = 3", "\"conflicts\" must be a table"),
            (
                "[conflicts]\nsame-wrod = \"hard\"",
                "line 2: there is no setting \"same-wrod\" for conflicts; did you mean \"same-word\"?",
            ),
            (
                "[conflicts]\nsame-word = \"very\"",
                "must be \"none\", \"soft\"",
            ),
            (
                "[conflicts]\nhard = \"yes\"",
                "must be \"merged\", \"mine\"",
            ),
            (
                "[conflicts]\napart_seconds = -1",
                "a whole number of seconds",
            ),
        ] {
            let error = Config::parse("config.toml", text)
                .expect_err(text)
                .to_string();
            assert!(error.contains(expected), "{error:?} lacks {expected:?}");
        }
    }
}
