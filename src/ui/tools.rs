//! What the command line does without opening the editor: settings and themes.

use std::{fmt::Write, fs, io};

use ratatui::style::{Color, Modifier, Style};

use super::{
    config::{Config, ConfigError},
    launch::LaunchError,
    theme::{ColorDepth, Role, Theme},
};
use crate::store::Places;

/// Returns everything that is wrong with the settings of this person, each as one sentence, or, if
/// nothing is, where they are.
///
/// # Errors
///
/// The settings cannot be read at all.
pub fn check_settings() -> Result<Result<String, Vec<String>>, LaunchError> {
    let folder = Places::of_this_process()?.config;
    let path = folder.join("config.toml");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let path = path.display();
            return Ok(Ok(format!("There is no {path}; the defaults hold.")));
        }
        Err(source) => return Err(ConfigError::Read { path, source }.into()),
    };
    let origin = path.display().to_string();
    let mut problems: Vec<String> = Config::check(&origin, &text)
        .iter()
        .map(ToString::to_string)
        .collect();
    if let Ok(config) = Config::parse(&origin, &text)
        && let Some(theme) = config.theme
        && let Err(error) = Theme::load(&theme, Some(&folder.join("themes")))
    {
        problems.push(error.to_string());
    }
    Ok(match problems.is_empty() {
        true => Ok(format!("{origin} is in order.")),
        false => Err(problems),
    })
}

/// Returns all themes with a sample of each, in as many colours as the terminal has.
///
/// # Errors
///
/// There is no folder for settings.
pub fn preview_themes(depth: ColorDepth) -> Result<String, LaunchError> {
    let folder = Places::of_this_process()?.config.join("themes");
    let mut text = String::new();
    for name in Theme::names(Some(&folder)) {
        match Theme::load(&name, Some(&folder)) {
            Ok(theme) => preview(&theme.with_depth(depth), &mut text),
            Err(error) => {
                // Writing to a string does not fail.
                let _ = writeln!(text, "{name}: {error}");
            }
        }
    }
    Ok(text)
}

/// A few words of code and of the status line.
const SAMPLE: [&[(Role, &str)]; 3] = [
    &[
        (Role::LineNumberCurrent, " 1 "),
        (Role::Keyword, "fn "),
        (Role::Function, "greet"),
        (Role::Operator, "("),
        (Role::Text, "name"),
        (Role::Operator, ": "),
        (Role::Type, "&str"),
        (Role::Operator, ") {"),
        (Role::Comment, "  // says hello"),
    ],
    &[
        (Role::LineNumber, " 2 "),
        (Role::Attribute, "    println!"),
        (Role::Operator, "("),
        (Role::String, "\"Hello, {name}!\""),
        (Role::Text, ", "),
        (Role::Constant, "42"),
        (Role::Operator, ");"),
        (Role::Selection, " selected "),
    ],
    &[
        (Role::StatusTitle, " notes.md "),
        (Role::StatusGood, " saved "),
        (Role::StatusWarning, " offline "),
        (Role::StatusError, " not written "),
    ],
];

/// Columns of a sample.
const COLUMNS: usize = 48;

fn preview(theme: &Theme, out: &mut String) {
    let _ = writeln!(out, "{}", theme.name());
    for line in SAMPLE {
        out.push_str("  ");
        let mut used = 0;
        let ground = match line.first() {
            Some((Role::StatusTitle, _)) => Role::Status,
            _ => Role::Text,
        };
        for (role, words) in line {
            let style = theme.style(ground).patch(theme.style(*role));
            used += words.chars().count();
            write_styled(style, words, out);
        }
        let rest = " ".repeat(COLUMNS.saturating_sub(used));
        write_styled(theme.style(ground), &rest, out);
        out.push('\n');
    }
    out.push('\n');
}

/// Writes words with the escape sequences of their style.
fn write_styled(style: Style, words: &str, out: &mut String) {
    let mut codes = Vec::new();
    for (modifier, code) in [
        (Modifier::BOLD, "1"),
        (Modifier::DIM, "2"),
        (Modifier::ITALIC, "3"),
        (Modifier::UNDERLINED, "4"),
        (Modifier::REVERSED, "7"),
    ] {
        if style.add_modifier.contains(modifier) {
            codes.push(code.to_owned());
        }
    }
    codes.extend(style.fg.and_then(|color| code(color, 30)));
    codes.extend(style.bg.and_then(|color| code(color, 40)));
    if codes.is_empty() {
        out.push_str(words);
    } else {
        let _ = write!(out, "\x1b[{}m{words}\x1b[0m", codes.join(";"));
    }
}

/// The code for a colour; `base` is 30 for text and 40 for the ground.
fn code(color: Color, base: u8) -> Option<String> {
    const NAMED: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    match color {
        Color::Rgb(red, green, blue) => Some(format!("{};2;{red};{green};{blue}", base + 8)),
        Color::Indexed(index) => Some(format!("{};5;{index}", base + 8)),
        Color::Reset => None,
        named => {
            let index = NAMED.iter().position(|known| *known == named)?;
            let index = u8::try_from(index).ok()?;
            Some(match index {
                0..8 => (base + index).to_string(),
                _ => (base + 60 + index - 8).to_string(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_shows_its_words_in_every_depth() {
        for depth in [
            ColorDepth::None,
            ColorDepth::Ansi16,
            ColorDepth::Ansi256,
            ColorDepth::True,
        ] {
            let theme = Theme::load("dark", None)
                .expect("a theme")
                .with_depth(depth);
            let mut text = String::new();
            preview(&theme, &mut text);
            assert!(
                text.starts_with("dark\n") && text.contains("greet"),
                "{text}"
            );
            let has_colours = text.contains(";2;") || text.contains(";5;") || text.contains("[94;");
            assert_eq!(has_colours, depth != ColorDepth::None, "{text}");
        }
    }
}
