//! Colour arithmetic: contrast, mixing, and the nearest colour that a terminal has. Pure.

use ratatui::style::Color;

/// A colour in sRGB, eight bits each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// A text that is no colour.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no colour; colours are written like #1E90FF")]
pub struct ColorParseError(pub String);

/// Reads `#RRGGBB`, and nothing else.
pub fn parse_color(text: &str) -> Result<Rgb, ColorParseError> {
    let error = || ColorParseError(text.to_owned());
    let digits = text.strip_prefix('#').ok_or_else(error)?;
    if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(error());
    }
    let value = u32::from_str_radix(digits, 16).map_err(|_| error())?;
    let [_, red, green, blue] = value.to_be_bytes();
    Ok(Rgb(red, green, blue))
}

impl Rgb {
    /// Black.
    pub const BLACK: Self = Self(0, 0, 0);
    /// White.
    pub const WHITE: Self = Self(255, 255, 255);

    /// Returns the colour as `#RRGGBB`.
    pub fn to_hex(self) -> String {
        format!("#{:02X}{:02X}{:02X}", self.0, self.1, self.2)
    }

    /// Returns the relative luminance as WCAG 2 defines it: 0 for black, 1 for white.
    pub fn luminance(self) -> f64 {
        0.2126 * linear(self.0) + 0.7152 * linear(self.1) + 0.0722 * linear(self.2)
    }

    /// Returns the contrast ratio as WCAG 2 defines it: from 1, for no difference, to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// Mixes in `share` (0 to 1) of another colour.
    pub fn mix(self, other: Self, share: f64) -> Self {
        let channel = |a: u8, b: u8| {
            let mixed = f64::from(a) + (f64::from(b) - f64::from(a)) * share.clamp(0.0, 1.0);
            mixed.round() as u8
        };
        Self(
            channel(self.0, other.0),
            channel(self.1, other.1),
            channel(self.2, other.2),
        )
    }

    /// Returns black or white, whichever can be read better on this colour. One of them always has
    /// a contrast of at least 4.5.
    pub fn readable_text(self) -> Self {
        if self.contrast(Self::BLACK) >= self.contrast(Self::WHITE) {
            Self::BLACK
        } else {
            Self::WHITE
        }
    }

    /// Moves the colour towards black or white, no further than needed, until its contrast with
    /// `ground` is at least `ratio` (at most 4.5, which black or white always reaches).
    pub fn readable_on(self, ground: Self, ratio: f64) -> Self {
        let goal = ground.readable_text();
        (0..=20)
            .map(|step| self.mix(goal, f64::from(step) / 20.0))
            .find(|color| color.contrast(ground) >= ratio)
            .unwrap_or(goal)
    }

    /// Returns the distance as the eye sees it, roughly ("redmean"); black to white is about 765.
    pub fn distance(self, other: Self) -> f64 {
        let mean_red = (f64::from(self.0) + f64::from(other.0)) / 2.0;
        let difference = |a: u8, b: u8| f64::from(a) - f64::from(b);
        let red = difference(self.0, other.0);
        let green = difference(self.1, other.1);
        let blue = difference(self.2, other.2);
        let red_weight = 2.0 + mean_red / 256.0;
        let blue_weight = 2.0 + (255.0 - mean_red) / 256.0;
        (red_weight * red * red + 4.0 * green * green + blue_weight * blue * blue).sqrt()
    }

    /// Returns the nearest colour of the 240 that 256-colour terminals agree on: the 6×6×6 cube and
    /// the greys. The first 16 differ between terminals.
    pub fn to_ansi256(self) -> Color {
        let nearest = (16..=255u8)
            .map(|index| (index, self.distance(ansi256_to_rgb(index))))
            .min_by(|a, b| a.1.total_cmp(&b.1));
        nearest.map_or(Color::Reset, |(index, _)| Color::Indexed(index))
    }

    /// Returns the one of the sixteen colours that is meant: for a colour of the rainbow the one of
    /// its hue, dark or light, else the nearest of black, white and the greys. The nearest in
    /// space would often be a grey, and a pale red warning should stay red.
    pub fn to_ansi16(self) -> Color {
        if let Some(index) = self.hue() {
            let light = usize::from(self.luminance() > 0.18);
            return HUES[index][light];
        }
        let greys = ANSI16.iter().filter(|(_, _, rgb)| rgb.hue().is_none());
        let nearest = greys
            .map(|(_, color, rgb)| (*color, self.distance(*rgb)))
            .min_by(|a, b| a.1.total_cmp(&b.1));
        nearest.map_or(Color::Reset, |(color, _)| color)
    }

    /// Returns the one of six colours of the terminal that can be seen best on black and on white,
    /// by hue; greys become blue.
    pub fn to_ansi_hue(self) -> Color {
        const SEEN_BEST: [Color; 6] = [
            Color::LightRed,
            Color::Yellow,
            Color::Green,
            Color::Cyan,
            Color::LightBlue,
            Color::Magenta,
        ];
        SEEN_BEST[self.hue().unwrap_or(4)]
    }

    /// Returns the index in [`HUES`], or `None` for what is nearly grey.
    fn hue(self) -> Option<usize> {
        let [red, green, blue] = [self.0, self.1, self.2].map(f64::from);
        let most = red.max(green).max(blue);
        let chroma = most - red.min(green).min(blue);
        if chroma < 48.0 {
            return None;
        }
        let sixth = if most == red {
            (green - blue) / chroma
        } else if most == green {
            2.0 + (blue - red) / chroma
        } else {
            4.0 + (red - green) / chroma
        };
        // Sixths of the circle; what people call yellow starts early, at orange.
        Some(match sixth {
            sixth if sixth < -0.6 => 5,
            sixth if sixth < 0.4 => 0,
            sixth if sixth < 1.25 => 1,
            sixth if sixth < 2.6 => 2,
            sixth if sixth < 3.3 => 3,
            sixth if sixth < 4.25 => 4,
            _ => 5,
        })
    }
}

/// The colours of the rainbow among the sixteen, dark and light.
const HUES: [[Color; 2]; 6] = [
    [Color::Red, Color::LightRed],
    [Color::Yellow, Color::LightYellow],
    [Color::Green, Color::LightGreen],
    [Color::Cyan, Color::LightCyan],
    [Color::Blue, Color::LightBlue],
    [Color::Magenta, Color::LightMagenta],
];

fn linear(channel: u8) -> f64 {
    let value = f64::from(channel) / 255.0;
    if value <= 0.040_45 {
        value / 12.92
    } else {
        ((value + 0.055) / 1.055).powf(2.4)
    }
}

/// Returns what 256-colour terminals show for the colours 16 to 255.
pub(super) fn ansi256_to_rgb(index: u8) -> Rgb {
    if index >= 232 {
        let grey = 8 + 10 * (index - 232);
        return Rgb(grey, grey, grey);
    }
    let cube = index.saturating_sub(16);
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    Rgb(level(cube / 36), level(cube / 6 % 6), level(cube % 6))
}

/// The sixteen colours of a terminal: their names in theme files, and how xterm shows them.
pub const ANSI16: [(&str, Color, Rgb); 16] = [
    ("black", Color::Black, Rgb(0, 0, 0)),
    ("red", Color::Red, Rgb(205, 0, 0)),
    ("green", Color::Green, Rgb(0, 205, 0)),
    ("yellow", Color::Yellow, Rgb(205, 205, 0)),
    ("blue", Color::Blue, Rgb(0, 0, 238)),
    ("magenta", Color::Magenta, Rgb(205, 0, 205)),
    ("cyan", Color::Cyan, Rgb(0, 205, 205)),
    ("gray", Color::Gray, Rgb(229, 229, 229)),
    ("dark-gray", Color::DarkGray, Rgb(127, 127, 127)),
    ("light-red", Color::LightRed, Rgb(255, 0, 0)),
    ("light-green", Color::LightGreen, Rgb(0, 255, 0)),
    ("light-yellow", Color::LightYellow, Rgb(255, 255, 0)),
    ("light-blue", Color::LightBlue, Rgb(92, 92, 255)),
    ("light-magenta", Color::LightMagenta, Rgb(255, 0, 255)),
    ("light-cyan", Color::LightCyan, Rgb(0, 255, 255)),
    ("white", Color::White, Rgb(255, 255, 255)),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_six_digits_are_a_colour() {
        assert_eq!(parse_color("#1e90FF"), Ok(Rgb(0x1e, 0x90, 0xff)));
        assert_eq!(Rgb(1, 2, 255).to_hex(), "#0102FF");
        for wrong in [
            "", "#", "#fff", "1e90ff", "#1e90fg", "#+e90ff", "#1e90ff0", "red", "#é0é0",
        ] {
            assert_eq!(parse_color(wrong), Err(ColorParseError(wrong.to_owned())));
        }
        let message = parse_color("blue-ish").expect_err("no colour").to_string();
        assert!(message.contains("blue-ish"), "{message}");
    }

    #[test]
    fn contrast_is_what_the_standard_says() {
        assert!((Rgb::BLACK.contrast(Rgb::WHITE) - 21.0).abs() < 1e-9);
        // The two greys that are known as the edge of 4.5 on white.
        assert!(Rgb(0x76, 0x76, 0x76).contrast(Rgb::WHITE) >= 4.5);
        assert!(Rgb(0x77, 0x77, 0x77).contrast(Rgb::WHITE) < 4.5);
    }

    #[test]
    fn nearest_colours_of_known_ones() {
        assert_eq!(Rgb(255, 0, 0).to_ansi256(), Color::Indexed(196));
        assert_eq!(Rgb(8, 8, 8).to_ansi256(), Color::Indexed(232));
        assert_eq!(Rgb(0, 0, 0).to_ansi256(), Color::Indexed(16));
        assert_eq!(Rgb(250, 10, 5).to_ansi16(), Color::LightRed);
        assert_eq!(Rgb(10, 10, 10).to_ansi16(), Color::Black);
        assert_eq!(Rgb(0xF3, 0x8B, 0x8B).to_ansi16(), Color::LightRed);
        assert_eq!(Rgb(0x93, 0xCB, 0xA1).to_ansi16(), Color::LightGreen);
        assert_eq!(Rgb(0x85, 0x54, 0x00).to_ansi16(), Color::Yellow);
        for (index, [dark, light]) in HUES.into_iter().enumerate() {
            for color in [dark, light] {
                let (.., rgb) = ANSI16
                    .iter()
                    .find(|(_, c, _)| *c == color)
                    .expect("one of them");
                assert_eq!(rgb.hue(), Some(index), "{color}");
            }
        }
    }

    proptest! {
        #[test]
        fn every_ground_has_readable_text(r: u8, g: u8, b: u8, fr: u8, fg: u8, fb: u8) {
            let ground = Rgb(r, g, b);
            prop_assert!(ground.readable_text().contrast(ground) >= 4.5);
            prop_assert!(Rgb(fr, fg, fb).readable_on(ground, 4.5).contrast(ground) >= 4.5);
        }

        #[test]
        fn the_cube_maps_to_itself(index in 16u8..=255) {
            let rgb = ansi256_to_rgb(index);
            let Color::Indexed(found) = rgb.to_ansi256() else { panic!("no index") };
            prop_assert_eq!(ansi256_to_rgb(found), rgb);
        }

        #[test]
        fn hex_comes_back(r: u8, g: u8, b: u8) {
            prop_assert_eq!(parse_color(&Rgb(r, g, b).to_hex()), Ok(Rgb(r, g, b)));
        }
    }
}
