//! Theme files: TOML with `inherits`, `[palette]` and `[roles]`.

use std::{collections::HashMap, fs, path::Path};

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;
use toml::Spanned;

use super::{
    Role, ThemeError,
    color::{ANSI16, Rgb, parse_color},
};
use crate::ui::source::{Source, SourceError, suggestion};

/// The themes that are part of the program, the default first.
pub(super) const BUILT_IN: [(&str, &str); 10] = [
    ("dark", include_str!("../../../themes/dark.toml")),
    ("light", include_str!("../../../themes/light.toml")),
    ("ocean", include_str!("../../../themes/ocean.toml")),
    ("forest", include_str!("../../../themes/forest.toml")),
    ("dusk", include_str!("../../../themes/dusk.toml")),
    ("mono", include_str!("../../../themes/mono.toml")),
    ("sepia", include_str!("../../../themes/sepia.toml")),
    ("dawn", include_str!("../../../themes/dawn.toml")),
    (
        "high-contrast",
        include_str!("../../../themes/high-contrast.toml"),
    ),
    ("sixteen", include_str!("../../../themes/sixteen.toml")),
];

/// The styles that a theme and those it inherits from give, each as written.
pub(super) type Styles = HashMap<Role, Style>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ThemeFile {
    inherits: Option<String>,
    #[serde(default)]
    palette: HashMap<String, Spanned<String>>,
    #[serde(default)]
    roles: HashMap<Spanned<String>, Spanned<toml::Value>>,
}

/// A file that was read, and the text for telling where something is wrong in it.
struct Ancestor {
    source: Source,
    file: ThemeFile,
}

/// Reads a theme with everything it inherits.
pub(super) fn read(name: &str, directory: Option<&Path>) -> Result<Styles, ThemeError> {
    let ancestors = read_ancestors(name, directory)?;
    let mut palette = HashMap::new();
    for ancestor in ancestors.iter().rev() {
        for (name, value) in &ancestor.file.palette {
            let color = literal_color(value.get_ref())
                .ok_or_else(|| ancestor.color_error(value, std::iter::empty()))?;
            palette.insert(name.as_str(), color);
        }
    }
    let mut styles = Styles::new();
    for ancestor in ancestors.iter().rev() {
        ancestor.add_roles(&palette, &mut styles)?;
    }
    Ok(styles)
}

/// Reads the file and those it inherits from; the theme asked for comes first.
fn read_ancestors(name: &str, directory: Option<&Path>) -> Result<Vec<Ancestor>, ThemeError> {
    let mut ancestors: Vec<Ancestor> = Vec::new();
    let mut seen: Vec<(String, bool)> = Vec::new();
    let mut next = Some(name.to_owned());
    while let Some(name) = next.take() {
        // A theme of one's own may extend the built-in one whose name it takes.
        let extends_itself = seen.last().is_some_and(|(last, own)| *own && *last == name);
        let directory = if extends_itself { None } else { directory };
        let (source, own) = find(&name, directory)?;
        if seen.contains(&(name.clone(), own)) {
            let chain = seen.iter().map(|(name, _)| name.as_str());
            let chain: Vec<&str> = chain.chain([name.as_str()]).collect();
            return Err(ThemeError::Cycle(chain.join(" → ")));
        }
        let file: ThemeFile = source.parse()?;
        next = file.inherits.clone();
        seen.push((name, own));
        ancestors.push(Ancestor { source, file });
    }
    Ok(ancestors)
}

/// Finds a theme by name: in the folder, else among the built-in ones. The flag says whether it
/// came from the folder.
fn find(name: &str, directory: Option<&Path>) -> Result<(Source, bool), ThemeError> {
    let is_plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']);
    if let Some(directory) = directory.filter(|_| is_plain) {
        let path = directory.join(format!("{name}.toml"));
        match fs::read_to_string(&path) {
            Ok(text) => return Ok((Source::new(path.display().to_string(), text), true)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(ThemeError::Read { path, source }),
        }
    }
    let built_in = BUILT_IN.iter().find(|(known, _)| *known == name);
    let (_, text) = built_in.ok_or_else(|| ThemeError::Unknown {
        name: name.to_owned(),
        known: names(directory).join(", "),
    })?;
    Ok((Source::new(format!("built-in theme {name}"), *text), false))
}

/// Returns the names of all themes, sorted, the built-in ones first.
pub(super) fn names(directory: Option<&Path>) -> Vec<String> {
    let mut names: Vec<String> = BUILT_IN
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    let mut own: Vec<String> = directory
        .and_then(|directory| fs::read_dir(directory).ok())
        .into_iter()
        .flatten()
        .filter_map(|entry| theme_name(&entry.ok()?.path()))
        .filter(|name| !names.contains(name))
        .collect();
    own.sort();
    names.append(&mut own);
    names
}

fn theme_name(path: &Path) -> Option<String> {
    let is_theme = path
        .extension()
        .is_some_and(|extension| extension == "toml");
    let name = path.file_stem()?.to_str()?;
    (is_theme && !name.starts_with('.')).then(|| name.to_owned())
}

impl Ancestor {
    fn add_roles(
        &self,
        palette: &HashMap<&str, Color>,
        styles: &mut Styles,
    ) -> Result<(), SourceError> {
        for (name, value) in &self.file.roles {
            let role = Role::from_name(name.get_ref()).ok_or_else(|| {
                let known = Role::ALL.iter().map(|role| role.name());
                let hint = suggestion(name.get_ref(), known);
                let message = format!("there is no role \"{}\"{hint}", name.get_ref());
                self.source.error(Some(name.span()), message)
            })?;
            styles.insert(role, self.style(palette, name.get_ref(), value)?);
        }
        Ok(())
    }

    /// Reads what a role is given: a colour for its text, or a table.
    fn style(
        &self,
        palette: &HashMap<&str, Color>,
        role: &str,
        value: &Spanned<toml::Value>,
    ) -> Result<Style, SourceError> {
        let wrong = |message: String| self.source.error(Some(value.span()), message);
        let color = |text: &str| {
            let found = palette.get(text).copied().or_else(|| literal_color(text));
            let spanned = Spanned::new(value.span(), text.to_owned());
            found.ok_or_else(|| self.color_error(&spanned, palette.keys().copied()))
        };
        let table = match value.get_ref() {
            toml::Value::String(text) => return Ok(Style::new().fg(color(text)?)),
            toml::Value::Table(table) => table,
            toml::Value::Integer(_)
            | toml::Value::Float(_)
            | toml::Value::Boolean(_)
            | toml::Value::Datetime(_)
            | toml::Value::Array(_) => {
                return Err(wrong(format!(
                    "role \"{role}\" must be a colour or a table"
                )));
            }
        };
        let mut style = Style::new();
        for (key, value) in table {
            style = match (key.as_str(), value) {
                ("fg", toml::Value::String(text)) => style.fg(color(text)?),
                ("bg", toml::Value::String(text)) => style.bg(color(text)?),
                ("modifiers", toml::Value::Array(list)) => {
                    style.add_modifier(modifiers(list).map_err(wrong)?)
                }
                _ => {
                    return Err(wrong(format!(
                        "role \"{role}\" takes fg = \"colour\", bg = \"colour\" and modifiers = [\"bold\", …]; its {key} is something else"
                    )));
                }
            };
        }
        Ok(style)
    }

    fn color_error<'a>(
        &self,
        value: &Spanned<String>,
        palette: impl Iterator<Item = &'a str>,
    ) -> SourceError {
        let ansi = ANSI16.iter().map(|(name, ..)| *name);
        let hint = suggestion(value.get_ref(), palette.chain(ansi));
        let message = format!(
            "\"{}\" is no colour; expected #RRGGBB, a name from the palette, a terminal colour such as light-blue, or default{hint}",
            value.get_ref()
        );
        self.source.error(Some(value.span()), message)
    }
}

/// Reads a colour that needs no palette.
fn literal_color(text: &str) -> Option<Color> {
    if text == "default" {
        return Some(Color::Reset);
    }
    if let Some((_, color, _)) = ANSI16.iter().find(|(name, ..)| *name == text) {
        return Some(*color);
    }
    let Rgb(red, green, blue) = parse_color(text).ok()?;
    Some(Color::Rgb(red, green, blue))
}

fn modifiers(list: &[toml::Value]) -> Result<Modifier, String> {
    const NAMES: [(&str, Modifier); 6] = [
        ("bold", Modifier::BOLD),
        ("dim", Modifier::DIM),
        ("italic", Modifier::ITALIC),
        ("underlined", Modifier::UNDERLINED),
        ("reversed", Modifier::REVERSED),
        ("crossed-out", Modifier::CROSSED_OUT),
    ];
    list.iter().try_fold(Modifier::empty(), |all, value| {
        let name = value.as_str().unwrap_or_default();
        let found = NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, modifier)| all | *modifier).ok_or_else(|| {
            let known = NAMES.map(|(name, _)| name).join(", ");
            format!("\"{name}\" is no modifier; expected some of {known}")
        })
    })
}
