use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

/// Reads a text with one side's edits marked in it: `{new}` was put in, `[old|new]` replaced and
/// `[old]` taken out. Returns the text before, and the edits.
fn read(marked: &str, author: u64) -> (String, Vec<Edit>) {
    let (mut base, mut edits) = (String::new(), Vec::new());
    let mut rest = marked;
    while let Some(next) = rest.find(['{', '[']) {
        base.push_str(&rest[..next]);
        let close = if rest[next..].starts_with('{') {
            '}'
        } else {
            ']'
        };
        let end = next + rest[next..].find(close).expect("a mark is closed");
        let inside = &rest[next + 1..end];
        let (old, new) = match close {
            '}' => ("", inside),
            _ => inside.split_once('|').unwrap_or((inside, "")),
        };
        let start = base.chars().count();
        base.push_str(old);
        edits.push(Edit {
            range: start..base.chars().count(),
            inserted: new.to_owned(),
            author,
            time: 0,
        });
        rest = &rest[end + 1..];
    }
    base.push_str(rest);
    (base, edits)
}

/// The gravest rule that holds for two marked texts.
#[track_caller]
fn judge(kind: TextKind, left: &str, right: &str) -> (Grade, Rule) {
    let (base, left) = read(left, 1);
    let (same, right) = read(right, 2);
    assert_eq!(base, same, "both sides must have had the same text");
    let rope = Rope::from_str(&base);
    let (left, right) = (prepare(&rope, &left, kind), prepare(&rope, &right, kind));
    let rules = left.iter().flat_map(|ours| {
        let rope = &rope;
        right
            .iter()
            .map(move |theirs| classify(rope, kind, ours, theirs))
    });
    rules
        .map(|rule| (rule.info().grade, rule))
        .max()
        .unwrap_or((Grade::None, Rule::Disjoint))
}

#[track_caller]
fn check(kind: TextKind, cases: &[(&str, &str, Rule)]) {
    let mut wrong = Vec::new();
    for (left, right, expected) in cases {
        let (base, ours) = read(left, 1);
        let (_, theirs) = read(right, 2);
        let options = DetectOptions {
            kind,
            grades: Grades::default(),
        };
        let found = detect(&Rope::from_str(&base), &ours, &theirs, &options);
        let grade = found.iter().map(|overlap| overlap.grade).max();
        let (judged, swapped) = (judge(kind, left, right), judge(kind, right, left));
        let right_grade = grade.unwrap_or_default() == expected.info().grade;
        if judged.1 != *expected || swapped != judged || !right_grade {
            wrong.push(format!(
                "{left:?} and {right:?}: {judged:?}, not {expected:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

use Rule::*;

#[test]
fn prose() {
    check(
        TextKind::Prose,
        &[
            // Far apart, or the same.
            (
                "The {red }fox. It ran.\n\nA\nB\nC",
                "The fox. It ran.\n\nA\nB\nC{!}",
                Disjoint,
            ),
            ("The {red }fox.", "The {red }fox.", Identical),
            ("The [fox|dog].", "The [fox|dog].", Identical),
            (
                "The quick[ brown] fox.",
                "The quick[ brown] fox.",
                Identical,
            ),
            (
                "The[ quick brown] fox.",
                "The quick[ brown] fox.",
                BothDeleted,
            ),
            (
                "The[ quick] brown fox.",
                "The[ quick brown] fox.",
                BothDeleted,
            ),
            ("The fox.{  }", "The [fox|dog].", WhiteSpace),
            ("The {  }fox.", "The {red }fox.", WhiteSpace),
            ("One. {\n\n}Two.", "One. [Two|Three].", WhiteSpace),
            // The same word.
            ("The col[ou|o]r.", "The colour{s}.", SameWord),
            ("The fox [jump|leap]ed.", "The fox jump[ed|s].", SameWord),
            ("The [fox|dog].", "The [fox|cat].", SameWord),
            ("The [fox|dog].", "The fox{es}.", SameWord),
            (
                "un{der}stand",
                "understand{ing}".replace("der", "").as_str(),
                SameWord,
            ),
            ("It is don[']t.", "It is {n}don't.", SameWord),
            ("at [3|3:30] sharp", "at [3|4] sharp", SameWord),
            ("snake_[case]_name", "snake_case_name{s}", SameWord),
            // Text in what the other took out.
            (
                "The [quick brown ]fox.",
                "The quick {red }brown fox.",
                InsideDeleted,
            ),
            (
                "The [quick brown|slow] fox.",
                "The quick {red }brown fox.",
                InsideDeleted,
            ),
            (
                "[The fox ran.] It hid.",
                "The {old }fox ran. It hid.",
                InsideDeleted,
            ),
            (
                "[All of this goes.\nAnd this.\n]Rest.",
                "All of this goes.\nAnd {not }this.\nRest.",
                InsideDeleted,
            ),
            (
                "The [quick brown] fox.",
                "The quick [brown fox|dog].",
                InsideDeleted,
            ),
            (
                "[Gone entirely.]",
                "Gone [entirely|for good].",
                InsideDeleted,
            ),
            // The same place.
            (
                "The meeting is at {3}",
                "The meeting is at {4pm}",
                SamePlace,
            ),
            ("The {red }fox.", "The {old }fox.", SamePlace),
            ("End.{ More.}", "End.{ Other.}", SamePlace),
            ("{Once. }The fox.", "{Twice. }The fox.", SamePlace),
            ("The [fox|dog] ran.", "The {old }fox ran.", SamePlace),
            ("a\n{first}\nb", "a\n{second}\nb", SamePlace),
            // The same sentence.
            (
                "The {quick }fox jumped.",
                "The fox [jumped|slept].",
                SameSentence,
            ),
            (
                "The fox jumped{ high}.",
                "The {red }fox jumped.",
                SameSentence,
            ),
            (
                "We meet[ today] at noon.",
                "We meet today at [noon|one].",
                SameSentence,
            ),
            (
                "I [like|love] it, e.g. on Monday.",
                "I like it, e.g. on {a }Monday.",
                SameSentence,
            ),
            (
                "Is it [true|real]? Yes.",
                "{Why }Is it true? Yes.",
                SameSentence,
            ),
            (
                "He said \"[yes|no]\" and left.",
                "He said \"yes\" and {then }left.",
                SameSentence,
            ),
            (
                "A long sentence that is broken by [hand|force] and\ngoes on here.",
                "A long sentence that is broken by hand and\ngoes {straight }on here.",
                SameSentence,
            ),
            (
                "It costs 3.[50|60] euros.",
                "It costs 3.50 {big }euros.",
                SameSentence,
            ),
            ("Wait… [what|why]?", "{No. }Wait… what?", NeighbouringLines),
            // Neighbours.
            (
                "One [thing|fact]. Another one.",
                "One thing. Another {good }one.",
                NeighbouringLines,
            ),
            (
                "One thing.{ New here.} Another one.",
                "One thing. Another {good }one.",
                NeighbouringLines,
            ),
            (
                "One [thing|fact].\nAnother one.",
                "One thing.\nAnother {good }one.",
                NeighbouringLines,
            ),
            (
                "It ended.{ It began.}",
                "It [ended|stopped].",
                NeighbouringLines,
            ),
            (
                "{Before it. }It ended.",
                "It [ended|stopped].",
                NeighbouringLines,
            ),
            (
                "One [thing|fact].\n\n\nAnother one.",
                "One thing.\n\n\nAnother {good }one.",
                Disjoint,
            ),
            (
                "Line one.\n{Line two.\n}End.",
                "Line one.\n{Line 2.\n}End.",
                LinesAdded,
            ),
            ("Line one.{\nLine two.}", "Line one.{\nLine 2.}", LinesAdded),
            ("Line one.{\nLine two.}", "Line [one|1].", NeighbouringLines),
        ],
    );
}

#[test]
fn code() {
    check(
        TextKind::Code,
        &[
            (
                "let a = 1;\nlet b = 2;\nlet c = 3;",
                "let a = 1;\nlet b = 2;\nlet c = 3;",
                Disjoint,
            ),
            (
                "let a = [1|10];\nlet b;\nlet c = 3;",
                "let a = 1;\nlet b;\nlet c = [3|30];",
                Disjoint,
            ),
            (
                "let a = [1|10];\nlet b = 2;",
                "let a = 1;\nlet b = [2|20];",
                NeighbouringLines,
            ),
            ("let [a|x] = 1;", "let a = [1|2];", SameLine),
            ("let a = f({x});", "let a{: u32} = f();", SameLine),
            (
                "if [ready|done] {{\n".replace("{{", "(").as_str(),
                "if ready {&& ok }(\n",
                SameLine,
            ),
            ("call(a{, b});", "call({z, }a);", SameLine),
            ("call([a|first]);", "call([a|second]);", SameWord),
            ("get_[user|owner]()", "get_user{s}()", SameWord),
            ("let x = [10]0;", "let x = 10[0|1];", SameWord),
            ("{    }foo();", "[foo|bar]();", WhiteSpace),
            ("foo();{  }", "foo({x});", WhiteSpace),
            ("{\n}foo();", "[foo|bar]();", WhiteSpace),
            ("[foo();\n]bar();", "foo({x});\nbar();", InsideDeleted),
            (
                "[foo();\nbar();\n]end",
                "foo();\n[bar|baz]();\nend",
                InsideDeleted,
            ),
            ("[foo();\n]bar();", "[foo();\nbar();]", BothDeleted),
            (
                "use a;\n{use b;\n}use z;",
                "use a;\n{use c;\n}use z;",
                LinesAdded,
            ),
            (
                "use a;\n{use b;\n}use z;",
                "use a;\n{use b;\n}use z;",
                Identical,
            ),
            (
                "use a;\n{use b;\n}use z;",
                "use [a|aa];\nuse z;",
                NeighbouringLines,
            ),
            ("f(){ // one}\n", "f(){ // two}\n", SamePlace),
            ("x = {1}\n", "x = {2}\n", SamePlace),
            ("[old_name]()", "[old_name|new_name]()", SameWord),
        ],
    );
}

#[test]
fn lists() {
    check(
        TextKind::Prose,
        &[
            (
                "- milk\n- [bread|rolls]\n",
                "- milk\n- bread{ (two)}\n",
                SameSentence,
            ),
            (
                "- [milk|oat milk]\n- bread\n",
                "- milk\n- bread{ (two)}\n",
                NeighbouringLines,
            ),
            (
                "- milk\n- eggs\n- bread{!}\n",
                "- {cold }milk\n- eggs\n- bread\n",
                Disjoint,
            ),
            ("- milk\n{- tea\n}", "- milk\n{- jam\n}", LinesAdded),
            ("- milk{\n- tea}", "- milk{\n- jam}", LinesAdded),
            ("- milk{, cold}\n", "- milk{, warm}\n", SamePlace),
            (
                "- [ ] milk\n".replace("[ ]", "( )").as_str(),
                "- ( ) {cold }milk\n",
                Disjoint,
            ),
            (
                "1. First [thing|item]\n2. Second\n",
                "1. First thing{ here}\n2. Second\n",
                SameSentence,
            ),
            (
                "1. First [thing|item]\n2. Second\n",
                "1. First thing\n2. {The }Second\n",
                NeighbouringLines,
            ),
            (
                "# [Title|Head]\n\nText.\n",
                "# {My }Title\n\nText.\n",
                SamePlace,
            ),
            (
                "# [Title|Head]\n\nText.\n",
                "# Title\n\n{New }Text.\n",
                Disjoint,
            ),
            ("- [milk\n- ]eggs\n", "- milk{ x}\n- eggs\n", InsideDeleted),
            ("| a | [b|c] |\n", "| {x }a | b |\n", SameSentence),
        ],
    );
}

#[test]
fn chinese_japanese_korean() {
    check(
        TextKind::Prose,
        &[
            ("狐狸[跳|睡]了。", "狐狸[跳|跑]了。", SameWord),
            ("狐狸{快}跳了。", "狐狸{慢}跳了。", SamePlace),
            ("{红}狐狸跳了。", "狐狸跳[了|过]。", SameSentence),
            ("[红]狐狸跳了。", "红狐狸跳[了|过]。", SameSentence),
            ("[狐狸跳|猫]了。", "狐{小}狸跳了。", InsideDeleted),
            ("狐狸跳了。{猫睡了。}", "狐狸[跳|跑]了。", NeighbouringLines),
            (
                "狐狸[跳|跑]了。猫睡了。",
                "狐狸跳了。猫{也}睡了。",
                NeighbouringLines,
            ),
            ("[狐狸]跳了。", "[狐狸跳]了。", BothDeleted),
            (
                "ページを[更新|削除]する。",
                "ページを更新{しない}する。",
                SameSentence,
            ),
            (
                "[ページ|画面]を更新する。",
                "ペー[ジ|ヂ]を更新する。",
                SameWord,
            ),
            ("[페이지|화면]를 고친다.", "페이지[를|은] 고친다.", SameWord),
            (
                "페이지를 [고친다|본다].",
                "{새 }페이지를 고친다.",
                SameSentence,
            ),
        ],
    );
}

#[test]
fn emoji_and_accents() {
    check(
        TextKind::Prose,
        &[
            ("I am [🙂|🙁] today", "I am [🙂|😀] today", SameWord),
            ("I am 🙂{🎉} today", "I am 🙂{🎂} today", SamePlace),
            ("👨‍👩[‍👧]", "👨‍[👩|👨]‍👧", SameWord),
            ("👍{🏽}", "[👍|👎]", SameWord),
            ("🇨🇭{ yes}", "[🇨|🇩]🇭", SameSentence),
            ("[🇨|🇩]🇭", "🇨[🇭|🇪]", SameWord),
            ("e{\u{301}}", "[e|a]", SameWord),
            ("one 🙂 {two }three", "[one|1] 🙂 three", SameSentence),
            ("שלום[ עולם|]", "[שלום|היי] עולם", SameSentence),
            ("🙂{!}\n\n\n🎉", "🙂\n\n\n{?}🎉", Disjoint),
        ],
    );
}

#[test]
fn one_sentence_is_one_overlap_and_soft_ones_do_not_chain() {
    let (base, left) = read(
        "The {quick }fox [jumped|leapt] far. Then it [slept|dozed].",
        1,
    );
    let (_, right) = read("The fox jumped {very }far. Then {there }it slept.", 2);
    let found = detect(
        &Rope::from_str(&base),
        &left,
        &right,
        &DetectOptions::default(),
    );
    let ranges: Vec<_> = found
        .iter()
        .map(|overlap| {
            let text: String = base
                .chars()
                .skip(overlap.range.start)
                .take(overlap.range.len())
                .collect();
            (
                text,
                overlap.rule,
                overlap.left.clone(),
                overlap.right.clone(),
            )
        })
        .collect();
    assert_eq!(
        ranges,
        [
            (
                "The fox jumped far.".to_owned(),
                SameSentence,
                vec![0, 1],
                vec![0]
            ),
            ("Then it slept.".to_owned(), SameSentence, vec![2], vec![1]),
        ]
    );
}

#[test]
fn retyping_the_same_is_no_edit() {
    let (base, left) = read("The [fox|fox] ran[.|!]", 1);
    let (_, right) = read("The fo{o}x ran.", 2);
    let found = detect(
        &Rope::from_str(&base),
        &left,
        &right,
        &DetectOptions::default(),
    );
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].left, [1]);
}

#[test]
fn what_lies_beyond_the_text_is_left_out() {
    let edit = |range| Edit {
        range,
        inserted: "x".to_owned(),
        author: 1,
        time: 0,
    };
    let base = Rope::from_str("short");
    let found = detect(
        &base,
        &[edit(90..95)],
        &[edit(5..5)],
        &DetectOptions::default(),
    );
    assert_eq!(found, []);
}

#[test]
fn kinds_of_files() {
    for (name, kind) in [
        ("notes.md", TextKind::Prose),
        ("README", TextKind::Prose),
        ("a.b/Letter.TXT", TextKind::Prose),
        ("main.rs", TextKind::Code),
        ("config.toml", TextKind::Code),
    ] {
        assert_eq!(TextKind::of_file(name), kind, "{name}");
    }
}

fn any_edits(length: usize) -> impl Strategy<Value = Vec<Edit>> {
    crate::crdt::testing::any_delta(length).prop_map(|delta| Edit::all_of(&delta, 1, 0))
}

fn any_base() -> impl Strategy<Value = String> {
    let pieces = [
        "fox ", "The ", "ran. ", "\n", "- a\n", "漢字", "。", "🙂", "e\u{301}", "x_y",
    ];
    vec(select(pieces.to_vec()), 0..12).prop_map(|pieces| pieces.concat())
}

fn any_clash() -> impl Strategy<Value = (String, Vec<Edit>, Vec<Edit>, TextKind)> {
    any_base().prop_flat_map(|base| {
        let length = base.chars().count();
        let kind = prop_oneof![Just(TextKind::Prose), Just(TextKind::Code)];
        (Just(base), any_edits(length), any_edits(length), kind)
    })
}

proptest! {
    #[test]
    fn swapping_the_sides_swaps_names_only((base, left, right, kind) in any_clash()) {
        let base = Rope::from_str(&base);
        let options = DetectOptions { kind, grades: Grades::default() };
        let found = detect(&base, &left, &right, &options);
        let mut swapped = detect(&base, &right, &left, &options);
        for overlap in &mut swapped {
            std::mem::swap(&mut overlap.left, &mut overlap.right);
        }
        let by_place = |overlap: &Overlap| (overlap.range.start, overlap.range.end, overlap.left.clone());
        let mut found_sorted = found.clone();
        found_sorted.sort_by_key(by_place);
        swapped.sort_by_key(by_place);
        prop_assert_eq!(found_sorted, swapped);
        // The same answer each time.
        prop_assert_eq!(&found, &detect(&base, &left, &right, &options));
        for overlap in found {
            prop_assert!(overlap.range.end <= base.len_chars());
            prop_assert!(!overlap.left.is_empty() && !overlap.right.is_empty());
            prop_assert!(overlap.grade > Grade::None);
        }
    }

    #[test]
    fn identical_edits_are_never_reported((base, left, _, kind) in any_clash()) {
        let one = &left[..left.len().min(1)];
        let options = DetectOptions { kind, grades: Grades::default() };
        prop_assert_eq!(detect(&Rope::from_str(&base), one, one, &options), []);
        let both = judge_all(&base, &left, kind);
        prop_assert!(both.iter().all(|(ours, theirs, rule)| ours != theirs || *rule == Identical));
    }

    #[test]
    fn without_an_overlap_nothing_is_reported(
        first in any_base(),
        second in any_base(),
        left in any_edits(12),
        right in any_edits(12),
    ) {
        let gap = "Between.\n\nBetween.\n\nBetween.\n\n";
        let base = format!("{:20}\n\n{gap}{:20}", first.replace('\n', " "), second.replace('\n', " "));
        let shift = base.chars().count() - 20;
        let right: Vec<Edit> = right
            .into_iter()
            .map(|edit| Edit { range: edit.range.start + shift..edit.range.end + shift, ..edit })
            .collect();
        let found = detect(&Rope::from_str(&base), &left, &right, &DetectOptions::default());
        prop_assert_eq!(found, []);
    }
}

fn judge_all(base: &str, edits: &[Edit], kind: TextKind) -> Vec<(usize, usize, Rule)> {
    let base = Rope::from_str(base);
    let touches = prepare(&base, edits, kind);
    let mut rules = Vec::new();
    for ours in &touches {
        for theirs in &touches {
            rules.push((
                ours.index,
                theirs.index,
                classify(&base, kind, ours, theirs),
            ));
        }
    }
    rules
}
