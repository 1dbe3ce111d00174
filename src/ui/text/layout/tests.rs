use proptest::prelude::*;
use ratatui::{
    buffer::{Buffer, CellWidth},
    layout::Rect,
    style::Style,
};
use unicode_segmentation::UnicodeSegmentation;

use super::*;
use crate::ui::text::{
    grapheme::SEGMENT,
    samples::{mixed_document, mixed_line, monotonous_line},
};

fn wrapping(width: u16) -> LayoutOptions {
    LayoutOptions {
        width,
        tab_width: 4,
        wrap: true,
    }
}

fn unwrapped(width: u16) -> LayoutOptions {
    LayoutOptions {
        wrap: false,
        ..wrapping(width)
    }
}

fn all_rows(rope: &Rope, options: &LayoutOptions) -> Vec<Row> {
    let start = RowPosition { line: 0, start: 0 };
    rows_from(rope, options, start, usize::MAX)
}

/// The rows of a text as they are drawn.
fn drawn(text: &str, width: u16) -> Vec<String> {
    let rope = Rope::from_str(text);
    let options = wrapping(width);
    let rows = all_rows(&rope, &options);
    let symbols = rows.iter().map(|row| {
        let cells = cells(&rope, &options, row);
        let indent = " ".repeat(row.indent.into());
        indent
            + &cells
                .into_iter()
                .map(|cell| cell.symbol)
                .collect::<String>()
    });
    symbols.collect()
}

#[test]
fn rows_break_between_words() {
    for (text, width, expected) in [
        ("", 5, vec![""]),
        ("one two three", 20, vec!["one two three"]),
        ("one two three", 8, vec!["one two ", "three"]),
        // The space behind a word that fills the row hangs over.
        ("one two three", 7, vec!["one two", "three"]),
        ("onetwothree", 4, vec!["onet", "woth", "ree"]),
        ("see longlonglong", 6, vec!["see ", "longlo", "nglong"]),
        ("    indented", 6, vec!["    in", "   den", "   ted"]),
        ("  one two three", 8, vec!["  one ", "  two ", "  three"]),
        ("\tone two", 8, vec!["    one ", "    two"]),
        ("- one two", 7, vec!["- one ", "  two"]),
        ("  - one two", 9, vec!["  - one ", "    two"]),
        ("12. one two", 8, vec!["12. one ", "    two"]),
        ("> one two", 6, vec!["> one ", "  two"]),
        ("-one two", 5, vec!["-one ", "two"]),
        ("well-known fact", 6, vec!["well-", "known ", "fact"]),
        ("--verbose x", 6, vec!["--verb", "ose x"]),
        ("a\n\nb\n", 5, vec!["a", "", "b", ""]),
        ("a\r\nb", 5, vec!["a", "b"]),
        ("漢字漢字漢", 5, vec!["漢字", "漢字", "漢"]),
        ("漢字漢。字", 6, vec!["漢字", "漢。字"]),
        ("漢「字」漢", 4, vec!["漢", "「字", "」漢"]),
        ("ab漢", 3, vec!["ab", "漢"]),
        ("a\tb\tc", 6, vec!["a   b ", "c"]),
        ("abcdef\tg", 6, vec!["abcdef", "    g"]),
        ("x\u{202e}y", 5, vec!["x", "<U+2…", "y"]),
    ] {
        assert_eq!(drawn(text, width), expected, "{text:?} in {width}");
    }
}

#[test]
fn a_position_at_a_break_belongs_to_the_row_below() {
    let rope = Rope::from_str("one two three\r\nfour");
    let options = wrapping(8);
    for (position, line, start) in [
        (0, 0, 0),
        (7, 0, 0),
        (8, 0, 8),
        (13, 0, 8),
        (14, 0, 8),
        (15, 1, 15),
        (99, 1, 15),
    ] {
        let row = row_at(&rope, &options, position);
        assert_eq!(
            row.position,
            RowPosition { line, start },
            "position {position}"
        );
    }
}

#[test]
fn columns_and_positions_of_a_row() {
    let rope = Rope::from_str("a\t漢e\u{301}x\nb");
    let options = wrapping(20);
    let row = row_at(&rope, &options, 0);
    for (position, column) in [
        (0, 0),
        (1, 1),
        (2, 4),
        (3, 6),
        (4, 6),
        (5, 7),
        (6, 8),
        (7, 8),
    ] {
        assert_eq!(
            column_of(&rope, &options, &row, position),
            column,
            "position {position}"
        );
    }
    for (column, position) in [
        (0, 0),
        (1, 1),
        (3, 1),
        (4, 2),
        (5, 2),
        (6, 3),
        (7, 5),
        (8, 6),
        (99, 6),
    ] {
        assert_eq!(
            position_at(&rope, &options, &row, column),
            position,
            "column {column}"
        );
    }
}

#[test]
fn right_of_a_row_that_goes_on_is_its_last_character() {
    let rope = Rope::from_str("one two three");
    let options = wrapping(7);
    let row = row_at(&rope, &options, 0);
    assert_eq!((row.end, row.ends_line), (8, false));
    // The hanging space.
    assert_eq!(position_at(&rope, &options, &row, 7), 7);
    assert_eq!(position_at(&rope, &options, &row, 6), 6);
}

#[test]
fn parts_of_a_row_without_wrapping() {
    let rope = Rope::from_str("0123\t漢89");
    let options = unwrapped(4);
    let row = row_at(&rope, &options, 0);
    let symbols = |columns: Range<u16>| -> String {
        let cells = cells_within(&rope, &options, &row, columns);
        cells.into_iter().map(|cell| cell.symbol).collect()
    };
    assert_eq!(symbols(0..4), "0123");
    assert_eq!(symbols(2..5), "23    ");
    assert_eq!(symbols(9..11), "漢8");
    assert_eq!(symbols(90..95), "");
}

/// Checks everything that must hold for the layout of a whole document.
#[track_caller]
fn check_document(text: &str, options: &LayoutOptions) {
    let rope = Rope::from_str(text);
    let rows = all_rows(&rope, options);
    let mut line = Line::new(&rope, 0);
    let mut expected = 0;
    for (index, row) in rows.iter().enumerate() {
        // Rows tile the document, line by line.
        assert_eq!(
            row.position,
            RowPosition {
                line: line.index,
                start: expected
            }
        );
        check_row(&rope, options, row);
        assert_eq!(row.ends_line, row.end == line.end);
        expected = row.end;
        if row.ends_line {
            expected = line.next;
            line = Line::new(&rope, line.index + 1);
        }
        // Up and down lead back.
        let above = index.checked_sub(1).map(|index| rows[index]);
        assert_eq!(previous_row(&rope, options, row), above);
        assert_eq!(next_row(&rope, options, row), rows.get(index + 1).copied());
        assert_eq!(row_at(&rope, options, row.position.start), *row);
    }
    assert_eq!(expected, rope.len_chars());
    assert_eq!(
        rows.last().map(|row| row.position.line),
        Some(rope.len_lines() - 1)
    );
    let last = rows[rows.len() - 1];
    assert_eq!(
        rows_before(&rope, options, &last, usize::MAX),
        rows[..rows.len() - 1]
    );
}

/// Checks a row's cells: every character in one cell, columns without gaps, symbols as wide as
/// ratatui takes them to be.
#[track_caller]
fn check_row(rope: &Rope, options: &LayoutOptions, row: &Row) {
    let cells = cells(rope, options, row);
    let mut position = row.position.start;
    let mut column = row.indent;
    for cell in &cells {
        assert_eq!(
            cell.chars.start, position,
            "characters are left out or there twice"
        );
        assert!(!cell.chars.is_empty());
        assert_eq!(cell.column, column, "columns have gaps");
        position = cell.chars.end;
        column += cell.width;
        let widths: u16 = cell.symbol.graphemes(true).map(CellWidth::cell_width).sum();
        assert_eq!(
            widths, cell.width,
            "{:?} is not as wide as it says",
            cell.symbol
        );
        assert_eq!(column_of(rope, options, row, cell.chars.start), cell.column);
        if cell.width > 0 {
            assert_eq!(
                position_at(rope, options, row, cell.column),
                cell.chars.start
            );
            assert_eq!(
                position_at(rope, options, row, column - 1),
                cell.chars.start
            );
        }
        assert_eq!(row_at(rope, options, cell.chars.start), *row);
    }
    assert_eq!(position, row.end);
    assert_eq!(column_of(rope, options, row, row.end), column);
    if options.wrap {
        assert!(
            column <= options.width.max(1),
            "{column} columns in {}",
            options.width
        );
        check_drawn(&cells, options.width.max(1));
    }
}

/// Draws cells as the document pane does and compares what ratatui made of them.
#[track_caller]
fn check_drawn(cells: &[Cell], width: u16) {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, 1));
    for cell in cells {
        let (end, _) = buffer.set_stringn(
            cell.column,
            0,
            &cell.symbol,
            usize::from(cell.width),
            Style::new(),
        );
        assert_eq!(end, cell.column + cell.width, "{:?} was cut", cell.symbol);
    }
    for cell in cells {
        let mut column = cell.column;
        for part in cell.symbol.graphemes(true) {
            assert_eq!(buffer[(column, 0)].symbol(), part, "drawn over");
            column += part.cell_width();
        }
    }
}

#[test]
fn empty_and_tiny_screens_lay_out() {
    for width in [0, 1] {
        for text in ["", "a漢\t\u{202e}b c\n\r\n", "👩\u{200d}👩\u{200d}👧"] {
            check_document(text, &wrapping(width));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rows_tile_mixed_documents(text in mixed_document(4), width in 2u16..40, tab_width in 0u16..9) {
        check_document(&text, &LayoutOptions { width, tab_width, wrap: true });
        check_document(&text, &LayoutOptions { width, tab_width, wrap: false });
    }

    #[test]
    fn a_row_does_not_depend_on_the_text_above_it(text in mixed_document(3), before in mixed_line(10)) {
        let options = wrapping(12);
        let lower = all_rows(&Rope::from_str(&text), &options);
        let both = all_rows(&Rope::from_str(&format!("{before}x\n{text}")), &options);
        let shift = before.chars().count() + 2;
        let shifted: Vec<_> = lower.iter().map(|row| (row.position.start + shift, row.end + shift)).collect();
        let found: Vec<_> = both.iter().filter(|row| row.position.line > 0).map(|row| (row.position.start, row.end)).collect();
        prop_assert_eq!(shifted, found);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn rows_tile_lines_of_several_segments(text in monotonous_line(), width in 20u16..90) {
        let text = text.repeat(2 * SEGMENT / text.chars().count() + 5);
        let rope = Rope::from_str(&text);
        let options = wrapping(width);
        let rows = all_rows(&rope, &options);
        let mut position = 0;
        for (index, row) in rows.iter().enumerate() {
            prop_assert_eq!(row.position.start, position);
            position = row.end;
            if index % 61 == 0 {
                check_row(&rope, &options, row);
                let above = index.checked_sub(1).map(|index| rows[index]);
                prop_assert_eq!(previous_row(&rope, &options, row), above);
            }
        }
        prop_assert_eq!(position, rope.len_chars());
        let last = rows[rows.len() - 1];
        prop_assert_eq!(&rows_before(&rope, &options, &last, 200)[..], &rows[rows.len() - 1 - 200.min(rows.len() - 1)..rows.len() - 1]);
    }
}
