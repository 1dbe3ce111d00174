//! Drawing: what is drawn step by step is what is drawn from nothing, and every cell shows the
//! grapheme that the layout puts there.

use proptest::prelude::*;
use ratatui::{Terminal, backend::TestBackend, buffer::CellWidth};
use unicode_segmentation::UnicodeSegmentation;

use super::{authors::Elsewhere, *};
use crate::{
    crdt::Delta,
    ui::text::{layout, samples::mixed_document},
};

const SIZE: (u16, u16) = (34, 9);

/// What is done between two frames.
#[derive(Clone, Debug)]
enum Step {
    Insert(usize, String),
    Delete(usize, usize),
    Remote(usize, String),
    /// Ada writes, who is known as the author of what she writes.
    Ada(usize, String),
    /// Another caret of our own, and something typed.
    Several(&'static str, char),
    Scroll(isize),
    Place(usize),
    Wrap,
}

fn step() -> impl Strategy<Value = Step> {
    let text = || crate::ui::text::samples::mixed_line(6);
    let several = prop::sample::select(vec!["Ctrl-Alt-Up", "Ctrl-Alt-Down", "Ctrl-D Ctrl-D"]);
    prop_oneof![
        4 => (any::<usize>(), text()).prop_map(|(at, text)| Step::Insert(at, text)),
        2 => (any::<usize>(), 0usize..20).prop_map(|(at, count)| Step::Delete(at, count)),
        2 => (any::<usize>(), text()).prop_map(|(at, text)| Step::Remote(at, text)),
        1 => (any::<usize>(), text()).prop_map(|(at, text)| Step::Ada(at, text)),
        1 => (several, prop::char::range('a', 'z')).prop_map(|(keys, c)| Step::Several(keys, c)),
        2 => (-9isize..9).prop_map(Step::Scroll),
        1 => any::<usize>().prop_map(Step::Place),
        1 => Just(Step::Wrap),
    ]
}

fn take(desk: &mut Desk, ada: &Elsewhere, step: Step) {
    let length = desk.app.rope().len_chars();
    match step {
        Step::Insert(at, text) => {
            let at = at % (length + 1);
            desk.send(Event::Edit(Delta::replace(at..at, &text)));
        }
        Step::Delete(at, count) => {
            let start = at % (length + 1);
            let end = (start + count).min(length);
            desk.send(Event::Edit(Delta::replace(start..end, "")));
        }
        Step::Remote(at, text) => desk.others_insert(at % (length + 1), &text),
        Step::Ada(at, text) => ada.write_somewhere(desk, at, &text),
        Step::Several(keys, letter) => {
            desk.keys(keys);
            desk.write(&letter.to_string());
        }
        Step::Scroll(rows) => desk.app.scroll(rows),
        Step::Place(at) => desk.app.place(at % (length + 1), false),
        Step::Wrap => desk.keys("Alt-Z"),
    }
    // A long notice would cover the text.
    desk.app.notice = None;
    // What was asked of the document for the last screen is asked for this one.
    desk.send(Event::Tick);
}

/// What can be seen of a screen: not the cells that a wide character covers.
fn seen(buffer: &Buffer) -> Vec<(String, ratatui::style::Style)> {
    let mut seen = Vec::new();
    for row in buffer.content().chunks(buffer.area.width.into()) {
        let mut covered = 0;
        for cell in row {
            if covered == 0 {
                covered = cell.symbol().cell_width().max(1);
                seen.push((cell.symbol().to_owned(), cell.style()));
            }
            covered -= 1;
        }
    }
    seen
}

/// Every cell of the text area shows what the layout says, and nothing else is there.
#[track_caller]
fn check_cells(app: &App, buffer: &Buffer) {
    let areas = app.areas();
    let options = app.layout_options_in(&areas);
    let mut drawn = vec![false; buffer.content().len()];
    for (row, y) in app.visible_rows().iter().zip(areas.text.y..) {
        for cell in layout::cells(app.rope(), &options, row) {
            let Some(column) = cell.column.checked_sub(app.left) else {
                continue;
            };
            if column + cell.width > areas.text.width {
                // Names of characters are cut by the edge, wide characters left out.
                let rest = areas.text.x + column..areas.text.right();
                rest.for_each(|x| drawn[buffer.index_of(x, y)] = true);
                continue;
            }
            let mut x = areas.text.x + column;
            for part in cell.symbol.graphemes(true) {
                assert_eq!(buffer[(x, y)].symbol(), part, "in column {x} of row {y}");
                let width = part.cell_width().max(1);
                for covered in x..x + width {
                    drawn[buffer.index_of(covered, y)] = true;
                }
                x += width;
            }
        }
    }
    for y in areas.text.rows().map(|row| row.y) {
        for x in areas.text.x..areas.text.right() {
            let index = buffer.index_of(x, y);
            // What begins left of the edge is cut there.
            let at_edge = app.left > 0 && x < areas.text.x + 12;
            let blank = buffer.content()[index].symbol() == " ";
            assert!(
                drawn[index] || blank || at_edge,
                "something in {x}, {y}: {:?}",
                buffer.content()[index].symbol()
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn drawn_step_by_step_is_drawn_from_nothing(
        text in mixed_document(8),
        steps in prop::collection::vec(step(), 1..5),
        shows_authors in any::<bool>(),
    ) {
        let (columns, rows) = SIZE;
        let mut desk = Desk::new(&text);
        desk.send(Event::Resize(columns, rows));
        let ada = Elsewhere::of(&desk, ADA);
        if shows_authors {
            desk.keys("Ctrl-E");
        }
        let terminal = || Terminal::new(TestBackend::new(columns, rows)).expect("a test terminal");
        let mut kept = terminal();
        kept.draw(|frame| desk.app.draw(frame)).expect("drawn");
        for step in steps {
            take(&mut desk, &ada, step);
            kept.draw(|frame| desk.app.draw(frame)).expect("drawn");
            let mut fresh = terminal();
            // Who wrote what is found out from nothing as well.
            let authorship = std::mem::take(&mut desk.app.authorship);
            desk.send(Event::Tick);
            fresh.draw(|frame| desk.app.draw(frame)).expect("drawn");
            let (kept, fresh) = (kept.backend().buffer(), fresh.backend().buffer());
            let differs = seen(kept).into_iter().zip(seen(fresh)).find(|(kept, fresh)| kept != fresh);
            prop_assert_eq!(differs, None);
            check_cells(&desk.app, fresh);
            desk.app.authorship = authorship;
        }
    }
}
