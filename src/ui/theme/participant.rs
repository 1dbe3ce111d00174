//! The colours of other people: theirs by choice or by node id, made readable here.

use ratatui::style::{Color, Modifier, Style};

use super::{
    ColorDepth, Theme,
    color::{Rgb, parse_color},
};
use crate::NodeId;

/// Colours for people who chose none: easy to tell apart also for those who see red, green or blue
/// weakly or not at all, and neither too dark nor too light for any theme.
const PALETTE: [Rgb; 10] = [
    Rgb(0x26, 0x90, 0xFD),
    Rgb(0xC2, 0x28, 0x86),
    Rgb(0xA0, 0x90, 0x17),
    Rgb(0x96, 0x10, 0xF9),
    Rgb(0x53, 0x71, 0x50),
    Rgb(0xFF, 0x2A, 0x7D),
    Rgb(0x98, 0x5C, 0x25),
    Rgb(0x2D, 0x69, 0xBA),
    Rgb(0x8A, 0x82, 0xBC),
    Rgb(0xFA, 0x01, 0xEF),
];

/// How much of a person's colour is in the ground of what they wrote; more where the terminal has
/// too few colours to show less.
const AUTHORED: [f64; 4] = [0.15, 0.2, 0.25, 0.3];

/// How one person's traces are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParticipantColors {
    /// The label with the name at their caret: contrast of text and ground at least 4.5.
    pub label: Style,
    /// The cell their caret is in: contrast with the theme's ground at least 3.
    pub caret: Style,
    /// The text they selected: put over the text's own style, which stays readable.
    pub selection: Style,
    /// A swatch or a name in their colour on the theme's ground, contrast at least 3.
    pub name: Style,
}

/// Returns the colour of somebody who chose none, as `#RRGGBB`: always the same for the same
/// replica, and readable on the theme.
pub fn color_for(node: &NodeId, theme: &Theme) -> String {
    let [a, b, c, d, ..] = node.0;
    let index = u32::from_le_bytes([a, b, c, d]) as usize % PALETTE.len();
    theme.visible(PALETTE[index]).to_hex()
}

/// Returns the next colour of the palette, `#RRGGBB`, that nobody has, or at least another one than
/// `own`.
pub fn other_color(own: &str, others: &[String], theme: &Theme) -> String {
    let all = PALETTE.map(|color| theme.visible(color).to_hex());
    let at = all.iter().position(|color| color == own);
    let from = at.map_or(0, |index| index + 1);
    let mut next = all.iter().cycle().skip(from).take(all.len());
    let free = next
        .clone()
        .find(|color| *color != own && !others.contains(color));
    free.or_else(|| next.next()).cloned().unwrap_or_default()
}

impl Theme {
    /// Returns how to draw a person whose colour is `color` (`#RRGGBB`; anything else counts as
    /// the first colour of the palette).
    pub fn participant(&self, color: &str) -> ParticipantColors {
        let chosen = parse_color(color).unwrap_or(PALETTE[0]);
        match self.depth {
            ColorDepth::None => ParticipantColors {
                label: Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD),
                caret: Style::new().add_modifier(Modifier::REVERSED | Modifier::UNDERLINED),
                selection: Style::new().add_modifier(Modifier::UNDERLINED),
                name: Style::new().add_modifier(Modifier::BOLD),
            },
            ColorDepth::Ansi16 => self.participant_in_sixteen(chosen),
            ColorDepth::Ansi256 | ColorDepth::True => self.participant_in_full(chosen),
        }
    }

    /// Returns how to draw what a person wrote, whose colour is `color`: weaker than what they have
    /// selected. Without colours only what others wrote stands out.
    pub fn authored(&self, color: &str, is_own: bool) -> Style {
        let chosen = parse_color(color).unwrap_or(PALETTE[0]);
        match (self.depth, self.ground) {
            (ColorDepth::None, _) if is_own => Style::new(),
            (ColorDepth::None, _) => Style::new().add_modifier(Modifier::ITALIC),
            (ColorDepth::Ansi16, _) => Style::new().fg(chosen.to_ansi_hue()),
            (_, Some(ground)) => Style::new().bg(self.weak_tint(ground, chosen)),
            (_, None) => Style::new().fg(self.shown(self.visible(chosen))),
        }
    }

    /// Returns the weakest ground that can be told from the theme's own.
    fn weak_tint(&self, ground: Rgb, chosen: Rgb) -> Color {
        let own = self.shown(ground);
        AUTHORED
            .map(|part| self.shown(ground.mix(chosen, part)))
            .into_iter()
            .find(|tint| *tint != own)
            .unwrap_or(own)
    }

    /// Sixteen colours are too few for a tinted ground: selections are underlined instead.
    fn participant_in_sixteen(&self, chosen: Rgb) -> ParticipantColors {
        let color = chosen.to_ansi_hue();
        let text = super::rgb_of(color).unwrap_or(Rgb::WHITE).readable_text();
        let marked = Style::new().fg(text.to_ansi16()).bg(color);
        ParticipantColors {
            label: marked.add_modifier(Modifier::BOLD),
            caret: marked,
            selection: Style::new().fg(color).add_modifier(Modifier::UNDERLINED),
            name: Style::new().fg(color).add_modifier(Modifier::BOLD),
        }
    }

    fn participant_in_full(&self, chosen: Rgb) -> ParticipantColors {
        let color = self.shown(self.visible(chosen));
        let ground = super::rgb_of(color).unwrap_or(chosen);
        let marked = Style::new()
            .fg(self.shown(ground.readable_text()))
            .bg(color);
        ParticipantColors {
            label: marked,
            caret: marked,
            selection: self.tint(chosen),
            name: Style::new().fg(color),
        }
    }

    /// Returns a ground between the theme's own and the person's colour: as strong as the text on
    /// it stays readable.
    fn tint(&self, chosen: Rgb) -> Style {
        let (Some(ground), Some(text)) = (self.ground, self.text) else {
            let color = self.shown(self.visible(chosen));
            return Style::new().fg(color).add_modifier(Modifier::UNDERLINED);
        };
        let tint = (5..=35)
            .rev()
            .step_by(5)
            .map(|percent| ground.mix(chosen, f64::from(percent) / 100.0))
            .map(|tint| self.shown(tint))
            .find(|tint| super::rgb_of(*tint).is_some_and(|tint| text.contrast(tint) >= 4.5));
        match tint {
            Some(tint) => Style::new().bg(tint),
            None => Style::new().add_modifier(Modifier::UNDERLINED),
        }
    }

    /// Moves a colour until it can be seen on the theme's ground, whatever that is, with the
    /// colours that the terminal has.
    fn visible(&self, color: Rgb) -> Rgb {
        let Some(ground) = self.ground else {
            // The terminal's own ground is unknown: light enough for black, dark enough for white.
            return color
                .readable_on(Rgb::BLACK, 3.0)
                .readable_on(Rgb::WHITE, 3.0);
        };
        let goal = ground.readable_text();
        (0..=20)
            .map(|step| self.shown(color.mix(goal, f64::from(step) / 20.0)))
            .filter_map(super::rgb_of)
            .find(|shown| shown.contrast(ground) >= 3.0)
            .unwrap_or(goal)
    }

    fn shown(&self, color: Rgb) -> Color {
        super::at_depth(Color::Rgb(color.0, color.1, color.2), self.depth)
    }
}

#[cfg(test)]
mod eyes;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ui::theme::rgb_of;

    #[track_caller]
    fn colors(style: Style) -> (Rgb, Rgb) {
        let part = |color: Option<Color>| color.and_then(rgb_of).expect("a colour");
        (part(style.fg), part(style.bg))
    }

    #[test]
    fn the_palette_can_be_told_apart_whatever_the_eyes_and_the_theme() {
        for theme in themes()
            .iter()
            .filter(|theme| theme.depth() == ColorDepth::True)
        {
            let shown = PALETTE.map(|color| theme.visible(color));
            for (index, a) in shown.iter().enumerate() {
                for b in &shown[index + 1..] {
                    for (eyes, seen) in eyes::ALL {
                        let distance = eyes::distance(*a, *b, seen);
                        let (a, b, theme) = (a.to_hex(), b.to_hex(), theme.name());
                        assert!(
                            distance > 12.0,
                            "{eyes}, {theme}: {a} and {b}: {distance:.1}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_node_keeps_its_colour_and_nodes_differ() {
        let theme = Theme::load("dark", None).expect("a theme");
        let color = |byte| color_for(&NodeId([byte; 32]), &theme);
        assert_eq!(color(7), color(7));
        let all: std::collections::HashSet<_> = (0..=255).map(color).collect();
        assert_eq!(all.len(), PALETTE.len());
        assert!(all.iter().all(|color| parse_color(color).is_ok()));
    }

    #[test]
    fn nonsense_gets_a_colour_all_the_same() {
        let theme = Theme::load("dark", None).expect("a theme");
        assert_eq!(
            theme.participant("\u{1b}[31m"),
            theme.participant(&PALETTE[0].to_hex())
        );
    }

    #[test]
    fn without_colours_modifiers_tell() {
        let theme = Theme::load("dark", None)
            .expect("a theme")
            .with_depth(ColorDepth::None);
        let person = theme.participant("#FF0000");
        for style in [person.label, person.caret, person.selection, person.name] {
            assert_eq!((style.fg, style.bg), (None, None));
            assert!(!style.add_modifier.is_empty());
        }
    }

    /// The designed themes at the depths that mix colours.
    fn themes() -> &'static [Theme] {
        static THEMES: std::sync::OnceLock<Vec<Theme>> = std::sync::OnceLock::new();
        THEMES.get_or_init(|| {
            let load = |name: &str| Theme::load(name, None).expect("a theme");
            Theme::names(None)
                .iter()
                .filter(|name| *name != "sixteen")
                .flat_map(|name| {
                    [ColorDepth::True, ColorDepth::Ansi256]
                        .map(|depth| load(name).with_depth(depth))
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn every_colour_is_readable_on_every_theme(r: u8, g: u8, b: u8) {
            let chosen = Rgb(r, g, b).to_hex();
            for theme in themes() {
                let name = theme.name();
                let ground = theme.ground.expect("a ground");
                let person = theme.participant(&chosen);
                let (text, label) = colors(person.label);
                prop_assert!(text.contrast(label) >= 4.5, "{name} {chosen} label");
                let authored = theme.authored(&chosen, false).bg.and_then(rgb_of).expect("a tint");
                let text_color = theme.text.expect("a text colour");
                prop_assert!(text_color.contrast(authored) >= 4.5, "{name} {chosen} authored");
                let (_, caret) = colors(person.caret);
                prop_assert!(caret.contrast(ground) >= 3.0, "{name} {chosen} caret");
                if let Some(tint) = person.selection.bg.and_then(rgb_of) {
                    let text = theme.text.expect("a text colour");
                    prop_assert!(text.contrast(tint) >= 4.5, "{name} {chosen} selection");
                } else {
                    prop_assert!(person.selection.add_modifier == Modifier::UNDERLINED);
                }
            }
        }
    }
}
