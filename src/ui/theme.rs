//! How things look: a style for every [`Role`], from a theme file, at the terminal's colour depth.
//!
//! Knows nothing of what is on the screen. Nothing is told by colour alone: where there are no
//! colours every role falls back to modifiers, and people have names beside their colours.

mod borders;
pub mod color;
mod depth;
mod file;
mod participant;
mod role;

use std::path::{Path, PathBuf};

use ratatui::style::{Color, Modifier, Style};

pub use borders::Borders;
pub(crate) use borders::Mark;
pub use color::{ColorParseError, parse_color};
pub use depth::ColorDepth;
pub use participant::{ParticipantColors, color_for, other_color};
pub use role::{Layer, Role};

use color::{ANSI16, Rgb};

use super::source::SourceError;

/// Why a theme cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// No theme has this name.
    #[error("there is no theme \"{name}\"; there are {known}")]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The file is there but cannot be read.
    #[error("the theme {} cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Something in a file is wrong.
    #[error(transparent)]
    Broken(#[from] SourceError),
    /// Themes inherit from each other in a circle.
    #[error("themes inherit in a circle: {0}")]
    Cycle(String),
    /// A role is given by neither the theme nor those it inherits from.
    #[error("theme \"{theme}\" says nothing about the role \"{role}\"; inherits = \"dark\" would")]
    MissingRole {
        /// The theme that was asked for.
        theme: String,
        /// The role that is missing.
        role: &'static str,
    },
}

/// A style for every role.
#[derive(Clone, Debug)]
pub struct Theme {
    name: String,
    depth: ColorDepth,
    /// As the files have them, in the order of [`Role::ALL`].
    written: Vec<Style>,
    /// As they are shown at this depth, in the same order.
    shown: Vec<Style>,
    /// The colour behind the text; `None` when it is the terminal's own.
    ground: Option<Rgb>,
    /// The colour of the text; `None` when it is the terminal's own.
    text: Option<Rgb>,
    borders: Borders,
}

impl Theme {
    /// The theme for terminals with many colours.
    pub const DEFAULT: &'static str = "dark";

    /// Returns the theme to take when nobody chose one. With sixteen colours that is the one made
    /// of the terminal's own, which fits any background.
    pub fn default_name(depth: ColorDepth) -> &'static str {
        match depth {
            ColorDepth::None | ColorDepth::Ansi16 => "sixteen",
            ColorDepth::Ansi256 | ColorDepth::True => Self::DEFAULT,
        }
    }

    /// Returns the theme to take when nobody chose one, for a terminal that tells its colours in
    /// `COLORFGBG`, as "15;0" or "0;default;15": the ground is the last of them.
    pub fn usual_name(depth: ColorDepth, colorfgbg: Option<&str>) -> &'static str {
        let ground = colorfgbg.and_then(|colors| colors.rsplit(';').next()?.parse::<u8>().ok());
        match (Self::default_name(depth), ground) {
            (Self::DEFAULT, Some(7 | 9..=15)) => "light",
            (usual, _) => usual,
        }
    }

    /// Returns the names of all themes: the built-in ones, then those in the folder.
    pub fn names(themes_dir: Option<&Path>) -> Vec<String> {
        file::names(themes_dir)
    }

    /// Reads a theme with all its colours, from the folder or, if it has none of that name, from
    /// the program itself.
    ///
    /// # Errors
    ///
    /// A name that is none, and whatever can be wrong in a file, each as one sentence.
    pub fn load(name: &str, themes_dir: Option<&Path>) -> Result<Self, ThemeError> {
        let styles = file::read(name, themes_dir)?;
        let written = Role::ALL.iter().map(|role| {
            let own = styles.get(role).ok_or(ThemeError::MissingRole {
                theme: name.to_owned(),
                role: role.name(),
            });
            own.map(|own| layered(*role, *own, &styles))
        });
        let written: Vec<Style> = written.collect::<Result<_, _>>()?;
        let text = written[Role::Text as usize];
        Ok(Self {
            name: name.to_owned(),
            depth: ColorDepth::True,
            shown: written.clone(),
            ground: text.bg.and_then(rgb_of),
            text: text.fg.and_then(rgb_of),
            written,
            borders: Borders::default(),
        })
    }

    /// Returns the theme as a terminal with this many colours shows it.
    pub fn with_depth(mut self, depth: ColorDepth) -> Self {
        self.depth = depth;
        self.shown = Role::ALL
            .iter()
            .map(|role| self.reduced(*role, depth))
            .collect();
        self
    }

    /// Returns the name of the theme.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns how many colours the theme uses.
    pub fn depth(&self) -> ColorDepth {
        self.depth
    }

    /// Returns the style of a role. It is whole, but for roles whose layer is
    /// [`Layer::Overlay`]: those are to be patched over the style of what is below.
    pub fn style(&self, role: Role) -> Style {
        self.shown[role as usize]
    }

    fn reduced(&self, role: Role, depth: ColorDepth) -> Style {
        let written = self.written[role as usize];
        if depth == ColorDepth::None {
            return Style::new().add_modifier(role.plain());
        }
        let reduce = |style: Style| Style {
            fg: style.fg.map(|color| at_depth(color, depth)),
            bg: style.bg.map(|color| at_depth(color, depth)),
            ..style
        };
        let mut style = reduce(written);
        if depth != ColorDepth::Ansi16 {
            return style;
        }
        // Sixteen colours make neighbours equal: then modifiers must tell them apart.
        let text = self.written[Role::Text as usize];
        let (below, below_plain) = match role.layer() {
            Layer::Ground => return readable(style),
            Layer::On(role) => (self.written[role as usize], role.plain()),
            Layer::Overlay => (text, Modifier::empty()),
        };
        let (seen, below_seen) = (below.patch(written), reduce(below));
        let lost_ground = seen.bg != text.bg && below_seen.patch(style).bg == reduce(text).bg;
        let lost_all = seen != below && below_seen.patch(style) == below_seen;
        if lost_ground {
            // What was on a ground of its own is no less important than before.
            style = style.add_modifier(role.plain() - Modifier::DIM);
        } else if lost_all {
            style = style.add_modifier(role.plain() - below_plain);
        }
        if role.layer() != Layer::Overlay {
            return readable(style);
        }
        if style.bg.is_none() {
            return readable_over(style, reduce(text), role.plain());
        }
        readable(Style {
            fg: style.fg.or(reduce(text).fg),
            ..style
        })
    }
}

/// Fills what a role's own style leaves open from what the role is drawn upon.
fn layered(role: Role, own: Style, styles: &file::Styles) -> Style {
    match role.layer() {
        Layer::Ground | Layer::Overlay => own,
        Layer::On(below) => {
            let below_own = styles.get(&below).copied().unwrap_or_default();
            let below = layered(below, below_own, styles);
            // Modifiers belong to the role that has them.
            Style {
                fg: own.fg.or(below.fg),
                bg: own.bg.or(below.bg),
                ..own
            }
        }
    }
}

/// Returns the nearest colour that the terminal has. The sixteen and the terminal's own stay.
fn at_depth(color: Color, depth: ColorDepth) -> Color {
    match (color, depth) {
        (Color::Rgb(r, g, b), ColorDepth::Ansi256) => Rgb(r, g, b).to_ansi256(),
        (Color::Rgb(r, g, b), ColorDepth::Ansi16) => Rgb(r, g, b).to_ansi16(),
        (color, _) => color,
    }
}

/// Makes text readable that lost its contrast when its colours were reduced.
fn readable(style: Style) -> Style {
    let (Some(fg), Some(bg)) = (style.fg.and_then(rgb_of), style.bg.and_then(rgb_of)) else {
        return style;
    };
    if fg.contrast(bg) >= 3.0 {
        return style;
    }
    style.fg(bg.readable_text().to_ansi16())
}

/// Takes a colour away that cannot be read over the text's ground; modifiers stand in for it.
fn readable_over(style: Style, text: Style, plain: Modifier) -> Style {
    let (Some(fg), Some(bg)) = (style.fg.and_then(rgb_of), text.bg.and_then(rgb_of)) else {
        return style;
    };
    if fg.contrast(bg) >= 3.0 {
        return style;
    }
    Style { fg: None, ..style }.add_modifier(plain)
}

/// Returns what a colour looks like, as far as that is known.
fn rgb_of(color: Color) -> Option<Rgb> {
    match color {
        Color::Rgb(r, g, b) => Some(Rgb(r, g, b)),
        Color::Indexed(index) if index >= 16 => Some(color::ansi256_to_rgb(index)),
        color => ANSI16
            .iter()
            .find(|(_, ansi, _)| *ansi == color)
            .map(|(.., rgb)| *rgb),
    }
}

#[cfg(test)]
mod tests;
