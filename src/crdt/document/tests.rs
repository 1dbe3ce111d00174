use super::*;

fn context(kind: EditKind, head: usize, milliseconds: u64) -> EditContext {
    EditContext {
        kind,
        selection: TextSelection::caret(head),
        now: Duration::from_millis(milliseconds),
    }
}

#[test]
fn an_edit_comes_back_as_an_applied_change() {
    let mut document = TextDocument::from_text("hello\r\n");
    let delta = Delta::replace(1..4, "👨‍👩‍👧");
    let changes = document
        .edit(&delta, context(EditKind::Other, 1, 0))
        .expect("it fits");
    let origin = Origin::Edit;
    assert_eq!(changes, [AppliedChange { delta, origin }]);
    assert_eq!(document.rope(), "h👨‍👩‍👧o\r\n");
    let undone = document.undo().expect("there is an edit");
    assert_eq!(undone.selection, TextSelection::caret(1));
    assert_eq!(document.rope(), "hello\r\n");
    document.redo().expect("there is an undone edit");
    assert_eq!(document.rope(), "h👨‍👩‍👧o\r\n");
}
