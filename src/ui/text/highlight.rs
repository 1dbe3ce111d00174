//! Colours for languages: which part of the text is a comment, a keyword, a heading.
//!
//! Lines are read from top to bottom, since a comment may have begun anywhere above. The state
//! between two lines is a value that can be kept as a checkpoint, to go on from there later. Only
//! what a grammar says of the text is taken over, as [`Role`]s; the colours are the theme's.
//!
//! Slow: some megabytes a second. Never to be called while somebody waits for a key to be drawn.

use std::{
    ops::Range,
    path::Path,
    sync::{LazyLock, OnceLock},
};

use ropey::Rope;
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

use super::grapheme::Line;
use crate::ui::theme::Role;

/// Lines longer than this many characters stay without colours, and do not change the state.
const LONGEST_LINE: usize = 2_000;

/// There is a checkpoint at most this many lines from another.
const EVERY: usize = 64;

/// How the scopes of the grammars are coloured; of several that fit, the longest.
const ROLES: &[(&str, Role)] = &[
    ("comment", Role::Comment),
    ("string", Role::String),
    ("string.other.link", Role::Link),
    ("constant", Role::Constant),
    ("keyword", Role::Keyword),
    ("keyword.operator", Role::Operator),
    ("keyword.operator.word", Role::Keyword),
    ("storage", Role::Keyword),
    ("variable.language", Role::Keyword),
    ("variable.function", Role::Function),
    ("variable.annotation", Role::Attribute),
    ("entity.name", Role::Type),
    ("entity.name.function", Role::Function),
    ("entity.name.macro", Role::Function),
    ("entity.name.section", Role::Heading),
    ("entity.other.inherited-class", Role::Type),
    ("entity.other.attribute-name", Role::Attribute),
    ("support.function", Role::Function),
    ("support.macro", Role::Function),
    ("support.type", Role::Type),
    ("support.type.property-name", Role::Attribute),
    ("support.class", Role::Type),
    ("support.constant", Role::Constant),
    ("meta.annotation", Role::Attribute),
    ("meta.mapping.key", Role::Attribute),
    ("meta.preprocessor", Role::Attribute),
    ("meta.diff.header", Role::Heading),
    ("meta.diff.range", Role::Attribute),
    ("markup.heading", Role::Heading),
    ("markup.bold", Role::Strong),
    ("markup.italic", Role::Emphasis),
    ("markup.raw", Role::Code),
    ("markup.quote", Role::Quote),
    ("markup.underline.link", Role::Link),
    ("markup.inserted", Role::Inserted),
    ("markup.deleted", Role::Deleted),
    ("punctuation.definition.heading", Role::Markup),
    ("punctuation.definition.bold", Role::Markup),
    ("punctuation.definition.italic", Role::Markup),
    ("punctuation.definition.blockquote", Role::Markup),
    ("punctuation.definition.list_item", Role::Markup),
    ("markup.list.unnumbered.bullet", Role::Markup),
    ("markup.list.numbered.bullet", Role::Markup),
    ("punctuation.definition.thematic-break", Role::Markup),
    ("punctuation.definition.raw", Role::Markup),
];

/// All grammars. Reading them takes some dozen milliseconds, once.
fn grammars() -> &'static SyntaxSet {
    static GRAMMARS: OnceLock<SyntaxSet> = OnceLock::new();
    GRAMMARS.get_or_init(two_face::syntax::extra_newlines)
}

static SCOPES: LazyLock<Vec<(Scope, Role)>> = LazyLock::new(|| {
    let scopes = ROLES.iter();
    scopes
        .filter_map(|(name, role)| Some((Scope::new(name).ok()?, *role)))
        .collect()
});

/// A language with a grammar.
#[derive(Clone, Copy, Debug)]
pub struct Language {
    grammar: &'static SyntaxReference,
}

impl Language {
    /// Finds the language of a file by its name, or else by its first line. `None`: it is none, or
    /// has no grammar here.
    pub fn of(path: &Path, first_line: &str) -> Option<Self> {
        let grammars = grammars();
        let name = path.file_name().and_then(|name| name.to_str());
        let extension = path.extension().and_then(|extension| extension.to_str());
        let by_name = [name, extension].into_iter().flatten();
        let grammar = by_name
            .filter_map(|token| grammars.find_syntax_by_extension(token))
            .next()
            .or_else(|| grammars.find_syntax_by_first_line(first_line))?;
        (grammar.name != "Plain Text").then_some(Self { grammar })
    }

    /// Returns what people call it.
    pub fn name(self) -> &'static str {
        &self.grammar.name
    }
}

/// What has to be known of all lines above a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    parser: ParseState,
    scopes: ScopeStack,
}

impl State {
    /// The state before the first line.
    pub fn start(language: Language) -> Self {
        Self {
            parser: ParseState::new(language.grammar),
            scopes: ScopeStack::new(),
        }
    }
}

/// A part of the text that is something in its language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where, in characters of the document; within one line.
    pub chars: Range<usize>,
    /// What.
    pub role: Role,
}

/// What was found in some lines.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// From the start of the text to its end, without overlaps.
    pub spans: Vec<Span>,
    /// Lines, counted from 0, with the state before each.
    pub checkpoints: Vec<(usize, State)>,
}

/// Reads lines, the first of which has this state before it. Spans are kept of those lines only
/// that are `wanted`.
pub fn read(rope: &Rope, mut state: State, lines: Range<usize>, wanted: &Range<usize>) -> Found {
    let mut found = Found::default();
    let mut text = String::new();
    for index in lines.start..lines.end.min(rope.len_lines()) {
        if index % EVERY == 0 && index > lines.start {
            found.checkpoints.push((index, state.clone()));
        }
        let line = Line::new(rope, index);
        if line.end - line.start > LONGEST_LINE {
            continue;
        }
        text.clear();
        text.extend(rope.slice(line.start..line.end).chunks());
        text.push('\n');
        let spans = wanted.contains(&index).then_some(&mut found.spans);
        if state.read_line(&text, line.start, spans).is_none() {
            // The grammar gave up; what comes below is as good as unknown.
            break;
        }
    }
    found
}

impl State {
    /// Reads a line that starts at a position, and gathers what is in it. `None`: the grammar is at
    /// its end.
    fn read_line(
        &mut self,
        text: &str,
        start: usize,
        mut spans: Option<&mut Vec<Span>>,
    ) -> Option<()> {
        let operations = self.parser.parse_line(text, grammars()).ok()?;
        let text = text.trim_end_matches('\n');
        let (mut byte, mut position) = (0, start);
        let ends = operations.iter().map(|(end, _)| *end).chain([text.len()]);
        let changes = operations.iter().map(|(_, operation)| Some(operation));
        for (end, change) in ends.zip(changes.chain([None])) {
            let end = end.clamp(byte, text.len());
            if end > byte {
                let length = text[byte..end].chars().count();
                if let Some(spans) = &mut spans
                    && let Some(role) = role_of(&self.scopes)
                {
                    push(spans, position..position + length, role);
                }
                (byte, position) = (end, position + length);
            }
            if let Some(change) = change {
                self.scopes.apply(change).ok()?;
            }
        }
        Some(())
    }
}

/// Adds a span, or makes the last one longer.
fn push(spans: &mut Vec<Span>, chars: Range<usize>, role: Role) {
    match spans.last_mut() {
        Some(last) if last.role == role && last.chars.end == chars.start => {
            last.chars.end = chars.end;
        }
        _ => spans.push(Span { chars, role }),
    }
}

/// The innermost scope that has a colour decides.
fn role_of(scopes: &ScopeStack) -> Option<Role> {
    let role = scopes.as_slice().iter().rev().find_map(|scope| {
        SCOPES
            .iter()
            .filter(|(prefix, _)| prefix.is_prefix_of(*scope))
            .max_by_key(|(prefix, _)| prefix.len())
            .map(|(_, role)| *role)
    })?;
    // A key in quotes is a key.
    let is_key = |scope: &Scope| {
        static KEY: LazyLock<Option<Scope>> = LazyLock::new(|| Scope::new("meta.mapping.key").ok());
        KEY.is_some_and(|key| key.is_prefix_of(*scope))
    };
    match role {
        Role::String if scopes.as_slice().iter().any(is_key) => Some(Role::Attribute),
        role => Some(role),
    }
}

#[cfg(test)]
mod tests;
