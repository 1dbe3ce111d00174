//! Finds edits made apart that touch the same thought. Pure: it is given the text that both sides
//! had, and what each did to it, and knows neither documents nor people.

mod extent;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use ropey::Rope;

use self::extent::Extent;
use super::{Grade, Grades, Rule};
use crate::crdt::{Change, Delta};

/// What kind of text it is: what counts as one thought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TextKind {
    /// A sentence is a thought.
    #[default]
    Prose,
    /// A line is a thought.
    Code,
}

impl TextKind {
    /// Guesses the kind from a file's name: what is not known as prose is code, and what has no
    /// extension is prose.
    pub fn of_file(name: &str) -> Self {
        let Some((_, extension)) = name.rsplit_once('.') else {
            return Self::Prose;
        };
        let prose = [
            "", "md", "markdown", "txt", "text", "rst", "adoc", "org", "tex", "typ", "wiki", "eml",
            "fountain",
        ];
        if prose.contains(&extension.to_lowercase().as_str()) {
            Self::Prose
        } else {
            Self::Code
        }
    }
}

/// One thing that a side did to the text that both had.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edit {
    /// What it took out, in characters of that text. Empty for an insertion.
    pub range: Range<usize>,
    /// What it put in, at the start of the range.
    pub inserted: String,
    /// Who did it.
    pub author: u64,
    /// When, in seconds since 1970; 0 if nobody noted it.
    pub time: i64,
}

impl Edit {
    /// Takes a change apart into its edits, all by one author at one time.
    pub fn all_of(delta: &Delta, author: u64, time: i64) -> Vec<Self> {
        let mut edits: Vec<Self> = Vec::new();
        let mut position = 0;
        for change in delta.changes() {
            match change {
                Change::Retain(length) => position += length,
                Change::Insert(inserted) => edits.push(Self {
                    range: position..position,
                    inserted: inserted.clone(),
                    author,
                    time,
                }),
                Change::Delete(length) => {
                    let end = position + length;
                    match edits.last_mut() {
                        Some(edit) if edit.range == (position..position) => edit.range.end = end,
                        _ => edits.push(Self {
                            range: position..end,
                            inserted: String::new(),
                            author,
                            time,
                        }),
                    }
                    position = end;
                }
            }
        }
        edits
    }

    /// Takes off what the edit took out only to put it in again. `None` if nothing is left.
    fn trimmed(&self, base: &Rope) -> Option<Self> {
        let Range { mut start, mut end } = self.range;
        let mut inserted = self.inserted.as_str();
        while let Some(first) = inserted.chars().next()
            && start < end
            && base.char(start) == first
        {
            start += 1;
            inserted = &inserted[first.len_utf8()..];
        }
        while let Some(last) = inserted.chars().last()
            && start < end
            && base.char(end - 1) == last
        {
            end -= 1;
            inserted = &inserted[..inserted.len() - last.len_utf8()];
        }
        (start < end || !inserted.is_empty()).then(|| Self {
            range: start..end,
            inserted: inserted.to_owned(),
            ..self.clone()
        })
    }

    fn changes_only_white_space(&self, base: &Rope) -> bool {
        self.inserted.chars().all(char::is_whitespace)
            && base
                .slice(self.range.clone())
                .chars()
                .all(char::is_whitespace)
    }

    fn only_deletes(&self) -> bool {
        self.inserted.is_empty()
    }

    fn does_the_same_as(&self, other: &Self) -> bool {
        self.range == other.range && self.inserted == other.inserted
    }
}

/// How to look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DetectOptions {
    /// What counts as one thought.
    pub kind: TextKind,
    /// How grave each rule is.
    pub grades: Grades,
}

/// A place where both sides did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The gravest rule that holds for two of its edits.
    pub rule: Rule,
    /// The grade of that rule.
    pub grade: Grade,
    /// The thought that both changed, in characters of the text that both had.
    pub range: Range<usize>,
    /// Which of the left side's edits belong to it.
    pub left: Vec<usize>,
    /// Which of the right side's.
    pub right: Vec<usize>,
}

/// Finds where two sides touched the same thought, from the start of the text to its end.
///
/// `left` and `right` are edits of `base`, each side's in order and without overlaps among
/// themselves, as [`Edit::all_of`] gives them; what reaches beyond the text is left out. Overlaps
/// of grade [`Grade::None`] are not reported. Swapping the sides swaps nothing but the names.
pub fn detect(base: &Rope, left: &[Edit], right: &[Edit], options: &DetectOptions) -> Vec<Overlap> {
    let (left, right) = (
        prepare(base, left, options.kind),
        prepare(base, right, options.kind),
    );
    let pairs = pairs(base, &left, &right, options);
    // Grave pairs that share an edit are one overlap; soft ones must not chain half a text.
    let grave: Vec<_> = pairs
        .iter()
        .filter(|pair| pair.grade > Grade::Soft)
        .collect();
    let mut overlaps = join(&grave, &left, &right);
    let taken_left: BTreeSet<usize> = grave.iter().map(|pair| pair.left).collect();
    let taken_right: BTreeSet<usize> = grave.iter().map(|pair| pair.right).collect();
    let taken = |pair: &&Pair| taken_left.contains(&pair.left) || taken_right.contains(&pair.right);
    let soft: Vec<_> = pairs
        .iter()
        .filter(|pair| pair.grade == Grade::Soft)
        .filter(|pair| !taken(pair))
        .collect();
    let soft = join(&soft, &left, &right);
    overlaps.extend(soft);
    overlaps.sort_by_key(|overlap| (overlap.range.start, overlap.range.end, overlap.rule));
    overlaps
}

/// An edit and what it touches.
struct Touch {
    /// Its number in what was given.
    index: usize,
    edit: Edit,
    extent: Extent,
}

struct Pair {
    left: usize,
    right: usize,
    rule: Rule,
    grade: Grade,
}

fn prepare(base: &Rope, edits: &[Edit], kind: TextKind) -> Vec<Touch> {
    let fits =
        |edit: &Edit| edit.range.start <= edit.range.end && edit.range.end <= base.len_chars();
    let touches = edits.iter().enumerate().filter(|(_, edit)| fits(edit));
    touches
        .filter_map(|(index, edit)| {
            let edit = edit.trimmed(base)?;
            let extent = Extent::of(base, &edit, kind);
            Some(Touch {
                index,
                edit,
                extent,
            })
        })
        .collect()
}

/// Compares each edit of one side with those of the other that are near it.
fn pairs(base: &Rope, left: &[Touch], right: &[Touch], options: &DetectOptions) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut first = 0;
    for (index, ours) in left.iter().enumerate() {
        // A sentence may reach over lines, so what is near is measured by both.
        let near_start = ours.extent.lines.0.saturating_sub(1);
        let far_before = |theirs: &Touch| {
            theirs.extent.lines.1 < near_start
                && theirs.extent.thought.end < ours.edit.range.start
                && theirs.extent.thought.end < ours.extent.thought.start
        };
        while right.get(first).is_some_and(far_before) {
            first += 1;
        }
        for (other, theirs) in right.iter().enumerate().skip(first) {
            let far_behind = theirs.extent.lines.0 > ours.extent.lines.1 + 1
                && theirs.edit.range.start > ours.extent.thought.end
                && theirs.extent.thought.start > ours.extent.thought.end;
            if far_behind {
                break;
            }
            let rule = classify(base, options.kind, ours, theirs);
            let grade = options.grades.of(rule);
            if grade > Grade::None {
                pairs.push(Pair {
                    left: index,
                    right: other,
                    rule,
                    grade,
                });
            }
        }
    }
    pairs
}

/// Names the gravest rule that holds for two edits. Treats both sides alike.
fn classify(base: &Rope, kind: TextKind, left: &Touch, right: &Touch) -> Rule {
    let (a, b) = (&left.edit, &right.edit);
    if a.does_the_same_as(b) {
        return Rule::Identical;
    }
    if a.changes_only_white_space(base) || b.changes_only_white_space(base) {
        return Rule::WhiteSpace;
    }
    let share = intersect(&a.range, &b.range);
    if share && a.only_deletes() && b.only_deletes() {
        return Rule::BothDeleted;
    }
    let same_word = intersect(&left.extent.words, &right.extent.words);
    if share || is_inside(a, b) || is_inside(b, a) {
        let one_word = left.extent.words == right.extent.words;
        return if one_word {
            Rule::SameWord
        } else {
            Rule::InsideDeleted
        };
    }
    if a.range.start == b.range.start && !a.only_deletes() && !b.only_deletes() {
        let lines = left.extent.adds_lines && right.extent.adds_lines;
        return if lines {
            Rule::LinesAdded
        } else {
            Rule::SamePlace
        };
    }
    if same_word {
        return Rule::SameWord;
    }
    if intersect(&left.extent.thought, &right.extent.thought) {
        return match kind {
            TextKind::Prose => Rule::SameSentence,
            TextKind::Code => Rule::SameLine,
        };
    }
    let (first, last) = (left.extent.lines, right.extent.lines);
    if first.0 <= last.1 + 1 && last.0 <= first.1 + 1 {
        return Rule::NeighbouringLines;
    }
    Rule::Disjoint
}

fn intersect(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start.max(b.start) < a.end.min(b.end)
}

/// Whether `a` puts text into what `b` takes out.
fn is_inside(a: &Edit, b: &Edit) -> bool {
    !a.only_deletes() && b.range.start < a.range.start && a.range.start < b.range.end
}

/// Makes one overlap of all pairs that hang together by an edit.
fn join(pairs: &[&Pair], left: &[Touch], right: &[Touch]) -> Vec<Overlap> {
    // Left edits come first, then right ones; each points towards the first of its group.
    let mut groups: Vec<usize> = (0..left.len() + right.len()).collect();
    for pair in pairs {
        let one = first_of(&mut groups, pair.left);
        let other = first_of(&mut groups, left.len() + pair.right);
        groups[one.max(other)] = one.min(other);
    }
    let mut overlaps: BTreeMap<usize, Overlap> = BTreeMap::new();
    for pair in pairs {
        let (ours, theirs) = (&left[pair.left], &right[pair.right]);
        let group = first_of(&mut groups, pair.left);
        let overlap = overlaps.entry(group).or_insert_with(|| Overlap {
            rule: pair.rule,
            grade: pair.grade,
            range: ours.whole(),
            left: Vec::new(),
            right: Vec::new(),
        });
        (overlap.grade, overlap.rule) = (overlap.grade, overlap.rule).max((pair.grade, pair.rule));
        for touch in [ours, theirs] {
            let whole = touch.whole();
            overlap.range = overlap.range.start.min(whole.start)..overlap.range.end.max(whole.end);
        }
        overlap.left.push(ours.index);
        overlap.right.push(theirs.index);
    }
    for overlap in overlaps.values_mut() {
        for side in [&mut overlap.left, &mut overlap.right] {
            side.sort_unstable();
            side.dedup();
        }
    }
    overlaps.into_values().collect()
}

/// Finds the first edit of a group, and shortens the way there for the next one who asks.
fn first_of(groups: &mut [usize], mut edit: usize) -> usize {
    while groups[edit] != edit {
        groups[edit] = groups[groups[edit]];
        edit = groups[edit];
    }
    edit
}

impl Touch {
    /// The edit with the thought around it.
    fn whole(&self) -> Range<usize> {
        let (edit, thought) = (&self.edit.range, &self.extent.thought);
        edit.start.min(thought.start)..edit.end.max(thought.end)
    }
}

#[cfg(test)]
mod tests;
