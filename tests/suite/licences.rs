//! What the crates that copad is made of allow: no licence reaches beyond a crate's own files.

use std::process::Command;

use serde_json::Value;

/// Licences that may be used; an expression is fine if it can be met with these alone.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "MPL-2.0+",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "Unlicense",
    "WTFPL",
    "Zlib",
];

#[test]
fn every_crate_may_be_used() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        // Crates of other systems need not be here.
        .args(["--filter-platform", &this_system()])
        .args(["--all-features", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .expect("cargo runs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    let packages = metadata["packages"].as_array().expect("there are packages");
    assert!(packages.len() > 100);
    let refused: Vec<String> = packages
        .iter()
        .filter(|package| {
            let licence = package["license"].as_str();
            !licence.is_some_and(may_be_used)
        })
        .map(|package| format!("{} ({})", package["name"], package["license"]))
        .collect();
    assert!(refused.is_empty(), "not allowed: {refused:#?}");
}

/// Returns what the compiler calls the system that it runs on.
fn this_system() -> String {
    let output = Command::new("rustc").arg("-vV").output();
    let output = output.expect("the compiler runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("it says where it runs").to_owned()
}

/// Reads an SPDX expression: `AND` asks for both sides, `OR` and the older `/` for one of them.
fn may_be_used(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ");
    let mut words = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .split_whitespace()
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
        .peekable();
    any_side(&mut words)
}

type Words = std::iter::Peekable<std::vec::IntoIter<String>>;

fn any_side(words: &mut Words) -> bool {
    let mut fine = both_sides(words);
    while words.next_if(|word| word == "OR").is_some() {
        fine |= both_sides(words);
    }
    fine
}

fn both_sides(words: &mut Words) -> bool {
    let mut fine = one(words);
    while words.next_if(|word| word == "AND").is_some() {
        fine &= one(words);
    }
    fine
}

fn one(words: &mut Words) -> bool {
    if words.next_if(|word| word == "(").is_some() {
        let fine = any_side(words);
        words.next();
        return fine;
    }
    let mut licence = words.next().unwrap_or_default();
    if words.next_if(|word| word == "WITH").is_some() {
        licence = format!("{licence} WITH {}", words.next().unwrap_or_default());
    }
    ALLOWED.contains(&licence.as_str())
}

#[test]
fn expressions_are_read_as_they_are_meant() {
    for (expression, fine) in [
        ("MIT", true),
        ("GPL-3.0-only", false),
        ("MIT OR GPL-3.0-only", true),
        ("MIT/Apache-2.0", true),
        ("MIT AND GPL-3.0-only", false),
        ("(MIT OR GPL-3.0-only) AND ISC", true),
        ("(MIT AND GPL-3.0-only) OR ISC", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("GPL-2.0 WITH Classpath-exception-2.0", false),
        ("", false),
    ] {
        assert_eq!(may_be_used(expression), fine, "{expression}");
    }
}
