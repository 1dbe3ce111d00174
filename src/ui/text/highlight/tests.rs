use super::*;

#[track_caller]
fn language(name: &str) -> Language {
    Language::of(Path::new(name), "").unwrap_or_else(|| panic!("{name} has no language"))
}

fn all(rope: &Rope, language: Language) -> Found {
    let lines = 0..rope.len_lines();
    read(rope, State::start(language), lines.clone(), &lines)
}

/// The text of each span with the name of its role.
fn spans(name: &str, text: &str) -> Vec<(String, &'static str)> {
    let rope = Rope::from_str(text);
    let found = all(&rope, language(name));
    let spans = found.spans.iter();
    spans
        .map(|span| (rope.slice(span.chars.clone()).to_string(), span.role.name()))
        .collect()
}

#[track_caller]
fn check(name: &str, text: &str, expected: &[(&str, &str)]) {
    let found = spans(name, text);
    for (part, role) in expected {
        let there = found
            .iter()
            .any(|(text, found)| text.trim() == *part && found == role);
        assert!(there, "{part:?} is no {role} in {found:#?}");
    }
}

#[test]
fn languages_are_known_by_the_name_or_by_the_first_line() {
    for (name, first_line, expected) in [
        ("main.rs", "", Some("Rust")),
        ("a.py", "", Some("Python")),
        ("notes.md", "", Some("Markdown")),
        ("Cargo.toml", "", Some("TOML")),
        ("Makefile", "", Some("Makefile")),
        ("Dockerfile", "", Some("Dockerfile")),
        ("script", "#!/bin/bash", Some("Bourne Again Shell (bash)")),
        ("notes.txt", "", None),
        ("untitled", "", None),
    ] {
        let found = Language::of(Path::new(name), first_line).map(Language::name);
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn programs_have_their_colours() {
    check(
        "a.rs",
        "// hello\nfn main() {\n    let x = \"日本\"; // end\n    println!(\"{}\", 42);\n}\n",
        &[
            ("// hello", "comment"),
            ("fn", "keyword"),
            ("main", "function"),
            ("\"日本\"", "string"),
            ("// end", "comment"),
            ("42", "constant"),
        ],
    );
    check(
        "a.py",
        "class A:\n    def b(self): return 1 # c\n",
        &[
            ("class", "keyword"),
            ("A", "type"),
            ("b", "function"),
            ("# c", "comment"),
        ],
    );
    check(
        "a.json",
        "{\"a\": \"b\"}",
        &[("\"a\"", "attribute"), ("\"b\"", "string")],
    );
    check(
        "a.diff",
        "+new\n-old\n",
        &[("+new", "inserted"), ("-old", "deleted")],
    );
}

#[test]
fn prose_has_its_colours() {
    check(
        "a.md",
        "# Title\n\nSome *soft* and **loud** words, `code`, a [name](http://there).\n\n> said\n\n- item\n",
        &[
            ("Title", "heading"),
            ("soft", "emphasis"),
            ("loud", "strong"),
            ("code", "code"),
            ("http://there", "link"),
            ("said", "quote"),
            ("-", "markup"),
        ],
    );
}

#[test]
fn a_checkpoint_leads_to_the_same_colours() {
    let mut text = String::new();
    for number in 0..300 {
        text.push_str(match number % 7 {
            0 => "/* a comment\n",
            3 => "that ends */ fn f() { \"a\n",
            4 => "b\" }\n",
            _ => "let x = 1; // x\n",
        });
    }
    let rope = Rope::from_str(&text);
    let rust = language("a.rs");
    let whole = all(&rope, rust);
    assert_eq!(whole.checkpoints.len(), 4);
    for (line, state) in whole.checkpoints {
        let rest = line..rope.len_lines();
        let found = read(&rope, state, rest.clone(), &rest);
        let start = rope.line_to_char(line);
        let expected: Vec<_> = whole
            .spans
            .iter()
            .filter(|span| span.chars.start >= start)
            .collect();
        assert_eq!(
            found.spans.iter().collect::<Vec<_>>(),
            expected,
            "from line {line}"
        );
    }
}

#[test]
fn long_lines_stay_without_colours() {
    let text = format!("let a = 1;\n/*{}\nlet b = 2;\n", "x".repeat(LONGEST_LINE));
    let found = spans("a.rs", &text);
    assert_eq!(found.iter().filter(|(text, _)| text == "let").count(), 2);
}
