//! The commands and keys as a table for the README, from the table of commands.

use std::fmt::Write;

use super::command::{COMMANDS, Group};

/// What stands before the table in the README.
pub const START: &str = "<!-- commands: made by `COPAD_README=1 cargo test --lib reference` -->\n";
/// What stands behind it.
pub const END: &str = "<!-- end of commands -->\n";

/// Returns every command with its keys and its name in the settings, as Markdown.
pub fn commands_as_markdown() -> String {
    let mut text = String::new();
    for group in Group::ALL {
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "\n| {} | keys | name |\n| --- | --- | --- |\n",
            group.title()
        );
        for info in COMMANDS.iter().filter(|info| info.group == group) {
            let keys: Vec<_> = info.keys.iter().map(|key| format!("**{key}**")).collect();
            let keys = keys.join(", ");
            let _ = writeln!(text, "| {} | {keys} | `{}` |", info.help, info.name);
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_the_table_as_it_is() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        let readme = std::fs::read_to_string(path).expect("a README");
        let (before, rest) = readme.split_once(START).expect("the table begins");
        let (table, after) = rest.split_once(END).expect("the table ends");
        let expected = commands_as_markdown();
        if std::env::var_os("COPAD_README").is_some() {
            let written = format!("{before}{START}{expected}{END}{after}");
            std::fs::write(path, written).expect("the README can be written");
        } else {
            assert_eq!(table, expected, "make it again as its first line says");
        }
    }
}
