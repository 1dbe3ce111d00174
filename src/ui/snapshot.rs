//! Prints a screen for snapshots: its text, then a letter for the style of each cell with a
//! legend, then where the cursor is. Ratatui's own test backend prints only the text.

use std::fmt::Write;

use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::{Buffer, Cell},
    layout::Position,
    style::{Color, Modifier, Style},
};
use unicode_width::UnicodeWidthStr;

use super::{
    app::App,
    theme::{Layer, Role, Theme},
};

/// Letters for styles, in the order in which they come up; the commonest style is a dot.
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Draws the application on a screen of this size and prints it.
pub(crate) fn print(app: &mut App, columns: u16, rows: u16) -> String {
    let (buffer, cursor) = draw(app, columns, rows);
    let mut out = String::new();
    print_text(&buffer, &mut out);
    print_styles(&buffer, &app.theme, &mut out);
    match cursor {
        Some(Position { x, y }) => writeln!(out, "cursor: column {x}, row {y}"),
        None => writeln!(out, "cursor: hidden"),
    }
    .expect("a string takes everything");
    out
}

/// Prints cells that were drawn: their text and their styles.
pub(crate) fn print_cells(buffer: &Buffer, theme: &Theme) -> String {
    let mut out = String::new();
    print_text(buffer, &mut out);
    print_styles(buffer, theme, &mut out);
    out
}

/// Draws the application on a screen of this size.
pub(crate) fn draw(app: &mut App, columns: u16, rows: u16) -> (Buffer, Option<Position>) {
    let mut terminal =
        Terminal::new(TestBackend::new(columns, rows)).expect("a test terminal never fails");
    terminal
        .draw(|frame| app.draw(frame))
        .expect("a test terminal never fails");
    let backend = terminal.backend();
    let cursor = backend.cursor_visible().then(|| backend.cursor_position());
    (backend.buffer().clone(), cursor)
}

/// Compares a printed screen with the snapshot of this name.
#[track_caller]
pub(crate) fn assert_screen(name: &str, printed: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, printed));
}

fn print_text(buffer: &Buffer, out: &mut String) {
    for row in rows(buffer) {
        let mut line = String::new();
        let mut hidden = 0;
        for cell in row {
            if hidden == 0 {
                line.push_str(cell.symbol());
                hidden = cell.symbol().width().max(1);
            }
            hidden -= 1;
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

fn print_styles(buffer: &Buffer, theme: &Theme, out: &mut String) {
    let mut seen: Vec<(Style, usize)> = Vec::new();
    for cell in buffer.content() {
        match seen.iter_mut().find(|(style, _)| *style == cell.style()) {
            Some((_, count)) => *count += 1,
            None => seen.push((cell.style(), 1)),
        }
    }
    let commonest = seen
        .iter()
        .max_by_key(|(_, count)| *count)
        .map(|(style, _)| *style);
    let others: Vec<Style> = seen
        .iter()
        .map(|(style, _)| *style)
        .filter(|style| Some(*style) != commonest)
        .collect();
    let letter = |style: Style| {
        let index = others.iter().position(|other| *other == style);
        index.map_or('.', |index| LETTERS.chars().nth(index).unwrap_or('?'))
    };
    out.push_str("styles:\n");
    for row in rows(buffer) {
        out.extend(row.iter().map(|cell| letter(cell.style())));
        out.push('\n');
    }
    for style in commonest.iter().chain(&others) {
        writeln!(out, "{}  {}", letter(*style), describe(*style, theme))
            .expect("a string takes everything");
    }
}

fn rows(buffer: &Buffer) -> impl Iterator<Item = &[Cell]> {
    buffer
        .content()
        .chunks(usize::from(buffer.area.width).max(1))
}

/// Names the roles that look like this, and says how it looks.
fn describe(style: Style, theme: &Theme) -> String {
    let ground = Style::reset().patch(theme.style(Role::Text));
    let looks = look(style);
    // What is laid over something else is named only where nothing else looks like this.
    let (laid_over, own): (Vec<Role>, Vec<Role>) = Role::ALL
        .iter()
        .filter(|role| look(ground.patch(theme.style(**role))) == looks)
        .partition(|role| role.layer() == Layer::Overlay);
    let roles = if own.is_empty() { laid_over } else { own };
    let roles: Vec<&str> = roles.iter().map(|role| role.name()).collect();
    if roles.is_empty() {
        looks
    } else {
        format!("{looks}  ({})", roles.join(", "))
    }
}

fn look(style: Style) -> String {
    let mut words = Vec::new();
    for (name, color) in [("", style.fg), ("on ", style.bg)] {
        match color {
            None | Some(Color::Reset) => {}
            Some(color) => words.push(format!("{name}{color}")),
        }
    }
    for (name, _) in style.add_modifier.iter_names() {
        words.push(name.to_lowercase());
    }
    if style.add_modifier == Modifier::empty() && words.is_empty() {
        words.push("plain".to_owned());
    }
    words.join(" ")
}
