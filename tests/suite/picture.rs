//! The pictures in the README: real terminals, drawn as SVG.
//!
//! `COPAD_PICTURES=1 cargo test --test suite -- picture demonstration` makes them again.

use std::fmt::Write;

use vt100::{Cell, Color, Screen};

use crate::terminal::Machine;

const COLUMNS: u16 = 80;
const ROWS: u16 = 12;
const CELL_WIDTH: f32 = 8.4;
const CELL_HEIGHT: f32 = 18.0;
const MARGIN: f32 = 14.0;

#[test]
fn the_picture_of_two_people_can_be_drawn() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let poem = "# The fox\n\nThe fox jumped over the fence,\nand the dog pretended to sleep.\n\n- Who writes the second verse?\n";
    let notes = ada.file("fox.md", poem);
    let id = ada.node_id(&notes);
    let mut host = ada.open_sized(
        &["--name", "Ada", "--color", "#FF6B6B", "fox.md"],
        COLUMNS,
        ROWS,
    );
    let mut guest = machine.person("ben").open_sized(
        &["--name", "Ben", "--color", "#4ECDC4", "--connect", &id],
        COLUMNS,
        ROWS,
    );
    guest.sees(&["Ada", "second verse"]);
    host.keys("\x1b[B\x1b[B\x1b[1;5C\x1b[1;5C\x1b[1;6C");
    guest.keys("\x1b[1;5FI do, says Ben.");
    // The news of who joined have gone from the status line.
    let left = host.sees(&["says Ben.", "7:16", "synced with Ben"]);
    let right = guest.sees(&["says Ben.", "3:15", "synced with Ada"]);
    keep("two-people", &[&left, &right]);
}

/// Draws screens one below the other, and keeps the picture under this name if that is asked for.
#[track_caller]
pub fn keep(name: &str, screens: &[&Screen]) {
    let svg = picture(screens);
    assert!(svg.contains(">B</text>") && svg.ends_with("</svg>\n"));
    if std::env::var_os("COPAD_PICTURES").is_some() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots");
        let path = std::path::Path::new(folder).join(format!("{name}.svg"));
        std::fs::write(path, svg).expect("the picture can be written");
    }
}

/// Draws screens one below the other.
fn picture(screens: &[&Screen]) -> String {
    let (rows, columns) = screens[0].size();
    let width = f32::from(columns.get()) * CELL_WIDTH + 2.0 * MARGIN;
    let screen_height = f32::from(rows.get()) * CELL_HEIGHT + 2.0 * MARGIN;
    let height = screen_height * screens.len() as f32;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, Menlo, 'DejaVu Sans Mono', monospace\" font-size=\"14\">\n"
    );
    for (index, screen) in screens.iter().enumerate() {
        let top = index as f32 * screen_height;
        let _ = writeln!(svg, "<g transform=\"translate(0 {top})\">");
        let _ = writeln!(
            svg,
            "<rect x=\"4\" y=\"4\" width=\"{}\" height=\"{}\" rx=\"8\" fill=\"{}\"/>",
            width - 8.0,
            screen_height - 8.0,
            background(screen)
        );
        for row in 0..rows.get() {
            draw_row(&mut svg, screen, row, columns.get());
        }
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

fn background(screen: &Screen) -> String {
    screen.cell(0, 0).map_or_else(
        || "#000000".to_owned(),
        |cell| colour(cell.bgcolor(), "#16181d"),
    )
}

fn draw_row(svg: &mut String, screen: &Screen, row: u16, columns: u16) {
    let y = MARGIN + f32::from(row) * CELL_HEIGHT;
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column) else {
            continue;
        };
        let (fore, back) = colours(cell);
        let x = MARGIN + f32::from(column) * CELL_WIDTH;
        let cursor = !screen.hide_cursor() && screen.cursor_position() == (row, column);
        let back = if cursor { fore.clone() } else { back };
        if back != background(screen) {
            let _ = writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{CELL_WIDTH}\" height=\"{CELL_HEIGHT}\" fill=\"{back}\"/>"
            );
        }
        let text = cell.contents();
        if !text.trim().is_empty() {
            let weight = if cell.bold() {
                " font-weight=\"bold\""
            } else {
                ""
            };
            let line = if cell.underline() {
                " text-decoration=\"underline\""
            } else {
                ""
            };
            let text = text.replace('&', "&amp;").replace('<', "&lt;");
            let baseline = y + 13.5;
            let _ = writeln!(
                svg,
                "<text x=\"{x}\" y=\"{baseline}\" fill=\"{fore}\"{weight}{line}>{text}</text>"
            );
        }
    }
}

fn colours(cell: &Cell) -> (String, String) {
    let fore = colour(cell.fgcolor(), "#d8dee9");
    let back = colour(cell.bgcolor(), "#16181d");
    if cell.inverse() {
        (back, fore)
    } else {
        (fore, back)
    }
}

/// A colour as SVG writes it. The screens are drawn in true colour; `default` is for what is not set.
fn colour(color: Color, default: &str) -> String {
    match color {
        Color::Default | Color::Idx(_) => default.to_owned(),
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
    }
}
