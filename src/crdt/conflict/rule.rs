//! How grave an overlap is: every rule once, with its grade. Tests, documentation and the
//! configuration read this table.

use serde::{Deserialize, Serialize};

/// How much an overlap matters.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum Grade {
    /// Not at all: the merge is what both meant.
    #[default]
    None,
    /// Hardly: the edits are near each other.
    Soft,
    /// The merge may be nonsense: both changed the same sentence or line.
    Likely,
    /// The merge is most likely nonsense: both changed the same word or place.
    Hard,
}

impl Grade {
    /// Every grade, the gravest last.
    pub const ALL: [Self; 4] = [Self::None, Self::Soft, Self::Likely, Self::Hard];

    /// Returns the name of the grade in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Soft => "soft",
            Self::Likely => "likely",
            Self::Hard => "hard",
        }
    }

    /// Finds a grade by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grade| grade.name() == name)
    }
}

/// Writes the enum and its table in one go, so that neither can miss a rule of the other.
macro_rules! rules {
    ($($rule:ident $name:literal, $grade:ident, $words:literal, $help:literal;)*) => {
        /// What two edits have to do with each other. A later rule is graver than an earlier one
        /// of the same grade.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub enum Rule {
            $(#[doc = $help] $rule,)*
        }

        /// Every rule, the gravest last.
        pub const RULES: &[RuleInfo] = &[
            $(RuleInfo {
                rule: Rule::$rule,
                name: $name,
                grade: Grade::$grade,
                words: $words,
                help: $help,
            },)*
        ];
    };
}

/// One row of the table of rules.
#[derive(Clone, Copy, Debug)]
pub struct RuleInfo {
    /// The rule.
    pub rule: Rule,
    /// Its name in the configuration, in kebab case.
    pub name: &'static str,
    /// How grave it is by default.
    pub grade: Grade,
    /// What a card says of it, in few words.
    pub words: &'static str,
    /// What it says of two edits.
    pub help: &'static str,
}

rules! {
    Disjoint "disjoint", None, "apart", "The edits have nothing to do with each other.";
    Identical "identical", None, "same edit", "Both made the same edit.";
    BothDeleted "both-deleted", None, "both deleted it", "Both only deleted, and some of it is the same text.";
    WhiteSpace "white-space", None, "white space", "One of them changed nothing but white space.";
    NeighbouringLines "neighbouring-lines", Soft, "neighbouring lines", "The edits are in neighbouring lines, or in one line but in different sentences.";
    LinesAdded "lines-added", Soft, "lines at one place", "Both added whole lines at one place.";
    SameLine "same-line", Likely, "same line", "Both changed the same line of code.";
    SameSentence "same-sentence", Likely, "same sentence", "Both changed the same sentence of prose.";
    SameKey "same-key", Likely, "same key", "Both set the same key of a map to different values.";
    SamePlace "same-place", Hard, "same place", "Both put different text in at one place.";
    InsideDeleted "inside-deleted", Hard, "deleted text", "One put text into what the other deleted or replaced.";
    SameWord "same-word", Hard, "same word", "Both changed the same word.";
}

impl Rule {
    /// Returns the rule's row in the table.
    pub fn info(self) -> &'static RuleInfo {
        &RULES[self as usize]
    }

    /// Finds a rule by its name.
    pub fn from_name(name: &str) -> Option<Self> {
        RULES
            .iter()
            .find(|info| info.name == name)
            .map(|info| info.rule)
    }
}

/// The grade of each rule: those of the table, unless somebody wants others.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Grades {
    changed: Vec<(Rule, Grade)>,
}

impl Grades {
    /// Returns the grade of a rule.
    pub fn of(&self, rule: Rule) -> Grade {
        let changed = self.changed.iter().find(|(changed, _)| *changed == rule);
        changed.map_or(rule.info().grade, |(_, grade)| *grade)
    }

    /// Gives a rule another grade.
    pub fn set(&mut self, rule: Rule, grade: Grade) {
        self.changed.retain(|(changed, _)| *changed != rule);
        self.changed.push((rule, grade));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum_and_of_the_grades() {
        for (index, info) in RULES.iter().enumerate() {
            assert_eq!(info.rule as usize, index);
            assert_eq!(Rule::from_name(info.name), Some(info.rule));
            assert_eq!(Grades::default().of(info.rule), info.grade);
        }
        assert!(RULES.is_sorted_by_key(|info| info.grade));
        assert_eq!(Rule::from_name("nonsense"), None);
    }

    #[test]
    fn grades_can_be_changed_and_have_names() {
        let mut grades = Grades::default();
        grades.set(Rule::LinesAdded, Grade::Hard);
        grades.set(Rule::LinesAdded, Grade::Likely);
        assert_eq!(grades.of(Rule::LinesAdded), Grade::Likely);
        for grade in Grade::ALL {
            assert_eq!(Grade::from_name(grade.name()), Some(grade));
        }
    }
}
