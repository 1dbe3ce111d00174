//! What lies beside a file and says how it is to be written: `.editorconfig`.

use std::path::Path;

use ec4rs::property::{FinalNewline, IndentSize, IndentStyle, TabWidth, TrimTrailingWs};

use super::{app::FileProperties, text::indentation::Indentation};

/// The widest step of indentation that is taken over, in columns.
const WIDEST: usize = 16;

/// Returns what the `.editorconfig` files above a path say of it. Nothing that is wrong with them
/// keeps anybody from editing: then it is as if they were not there.
pub(super) fn of_file(path: &Path) -> FileProperties {
    let Ok(path) = std::path::absolute(path) else {
        return FileProperties::default();
    };
    match ec4rs::properties_of(path) {
        Ok(mut properties) => {
            properties.use_fallbacks();
            taken_over(&properties)
        }
        Err(error) => {
            tracing::warn!("the .editorconfig is not used: {error}");
            FileProperties::default()
        }
    }
}

fn taken_over(properties: &ec4rs::Properties) -> FileProperties {
    let columns = |width: usize| {
        u16::try_from(width)
            .ok()
            .filter(|_| (1..=WIDEST).contains(&width))
    };
    let tab_width = match properties.get::<TabWidth>() {
        Ok(TabWidth::Value(width)) => columns(width),
        Err(_) => None,
    };
    let size = match properties.get::<IndentSize>() {
        Ok(IndentSize::Value(width)) => columns(width),
        Ok(IndentSize::UseTabWidth) | Err(_) => tab_width,
    };
    let indentation = match properties.get::<IndentStyle>() {
        Ok(IndentStyle::Tabs) => Some(Indentation::Tabs(tab_width.or(size).unwrap_or(4))),
        Ok(IndentStyle::Spaces) => Some(Indentation::Spaces(size.unwrap_or(4))),
        Err(_) => None,
    };
    FileProperties {
        indentation,
        tab_width,
        trim_on_save: match properties.get::<TrimTrailingWs>() {
            Ok(TrimTrailingWs::Value(trim)) => Some(trim),
            Err(_) => None,
        },
        final_newline: match properties.get::<FinalNewline>() {
            Ok(FinalNewline::Value(newline)) => Some(newline),
            Err(_) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_file_beside_decides_by_the_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = "root = true\n[*]\nindent_style = space\nindent_size = 2\n\
                    trim_trailing_whitespace = true\ninsert_final_newline = true\n\
                    [*.go]\nindent_style = tab\ntab_width = 8\n\
                    [*.bad]\nindent_size = 900\nindent_style = dots\n";
        fs::write(folder.path().join(".editorconfig"), text).expect("written");
        let of = |name: &str| of_file(&folder.path().join(name));
        assert_eq!(
            of("a.rs"),
            FileProperties {
                indentation: Some(Indentation::Spaces(2)),
                tab_width: Some(2),
                trim_on_save: Some(true),
                final_newline: Some(true),
            }
        );
        assert_eq!(of("a.go").indentation, Some(Indentation::Tabs(8)));
        assert_eq!(of("a.bad").indentation, None);
    }

    #[test]
    fn a_broken_file_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(".editorconfig");
        fs::write(path, "root = true\n[*\nindent_style").expect("written");
        let found = of_file(&folder.path().join("a.rs"));
        assert_eq!(found, FileProperties::default());
    }
}
