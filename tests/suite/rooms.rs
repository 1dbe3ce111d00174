//! Holds the rules between rooms: which part of the program may know which other.
//!
//! Reads every path in the sources, in `use` lines or written out, after comments are taken off.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// One rule: files below `room` (but for those in `except`) must not name any of `forbidden`.
struct Rule {
    room: &'static str,
    except: &'static [&'static str],
    forbidden: &'static [&'static str],
}

/// The files of `net` that may know iroh and tokio, and a test that keeps failing plans as files.
const DRIVER: &[&str] = &[
    "src/net/connection",
    "src/net/address",
    "src/net/endpoint",
    "src/net/frame",
    "src/net/listener",
    "src/net/lookup",
    "src/net/protocol",
    "src/net/signature",
    "src/net/ticket",
    // Writes down which of its runs failed.
    "src/net/session/tests/schedules",
];

/// The files of `ui` that meet the terminal, the network, the disk and the clock.
const WORLD: &[&str] = &[
    // Lets several of them share a document and a real file.
    "src/ui/app/tests/disk",
    "src/ui/clipboard",
    "src/ui/config",
    "src/ui/demo.rs",
    "src/ui/demo/companion",
    "src/ui/editor",
    "src/ui/folder",
    "src/ui/invite",
    "src/ui/keyboard",
    "src/ui/launch",
    "src/ui/network",
    "src/ui/properties",
    "src/ui/reference",
    "src/ui/reload",
    "src/ui/run",
    "src/ui/set_aside",
    "src/ui/tabs.rs",
    "src/ui/tabs/leaving",
    "src/ui/terminal",
    "src/ui/theme",
    "src/ui/tools",
    "src/ui/watching",
];

const RULES: &[Rule] = &[
    Rule {
        room: "src/crdt",
        except: &[],
        forbidden: &[
            "crate::net",
            "crate::store",
            "crate::ui",
            "iroh",
            "tokio",
            "ratatui",
            "crossterm",
            "rusqlite",
            "std::fs",
            "std::net",
            "Instant::now",
            "SystemTime",
        ],
    },
    Rule {
        room: "src/net",
        except: &[],
        forbidden: &[
            "crate::store",
            "crate::ui",
            "ratatui",
            "crossterm",
            "rusqlite",
        ],
    },
    Rule {
        room: "src/net",
        except: DRIVER,
        forbidden: &[
            "iroh",
            "tokio",
            "n0_future",
            "std::fs",
            "Instant::now",
            "SystemTime",
        ],
    },
    Rule {
        room: "src/store",
        except: &[],
        forbidden: &[
            "crate::net",
            "crate::ui",
            "iroh",
            "tokio",
            "ratatui",
            "crossterm",
            "std::net::Tcp",
        ],
    },
    Rule {
        room: "src/ui",
        except: &[
            // Somebody else's replica, who writes without a screen.
            "src/ui/app/tests/authors",
            "src/ui/demo/companion",
            "src/ui/app/tests/disk",
            // A test shows names as they come out of the session.
            "src/ui/app/tests/names",
        ],
        forbidden: &["crate::net", "iroh", "loro", "rusqlite"],
    },
    Rule {
        room: "src/ui",
        except: WORLD,
        forbidden: &["tokio", "std::fs", "std::io", "Instant::now", "SystemTime"],
    },
    Rule {
        room: "src/workspace",
        except: &[],
        forbidden: &[
            "crate::net",
            "crate::ui",
            "iroh",
            "loro",
            "rusqlite",
            "ratatui",
            "crossterm",
        ],
    },
    Rule {
        room: "src/serve",
        except: &[],
        forbidden: &[
            "crate::net",
            "crate::ui",
            "iroh",
            "loro",
            "rusqlite",
            "ratatui",
            "crossterm",
        ],
    },
    Rule {
        room: "src/shell",
        except: &[],
        forbidden: &[
            "crate::net",
            "crate::ui",
            "iroh",
            "loro",
            "rusqlite",
            "ratatui",
            "crossterm",
            "tokio",
        ],
    },
    Rule {
        room: "src/bin",
        except: &[],
        forbidden: &[
            "iroh",
            "iroh_loro_realtime::net",
            "ratatui",
            "crossterm",
            "rusqlite",
        ],
    },
    Rule {
        room: "src",
        except: &["src/ui", "src/main.rs", "src/lib.rs"],
        forbidden: &["crate::ui", "iroh_loro_realtime::ui"],
    },
];

#[test]
fn no_room_knows_what_it_must_not() {
    let mut broken = Vec::new();
    for file in sources(&root().join("src")) {
        let name = file
            .strip_prefix(root())
            .unwrap_or(&file)
            .to_string_lossy()
            .replace('\\', "/");
        let text = fs::read_to_string(&file).expect("a source file is readable");
        for rule in RULES {
            let applies = under(&name, rule.room) && !rule.except.iter().any(|e| under(&name, e));
            if applies {
                broken.extend(
                    violations(&text, rule)
                        .map(|(line, path)| format!("{name}:{line} names {path}")),
                );
            }
        }
    }
    assert!(
        broken.is_empty(),
        "rooms that know too much:\n{}",
        broken.join("\n")
    );
}

#[test]
fn a_broken_rule_is_seen() {
    let rule = &RULES[0];
    let text = "//! crate::net is fine here\nuse crate::{crdt::Delta, net::session};\nlet x = tokio::spawn(y);\n";
    let found: Vec<_> = violations(text, rule).collect();
    assert_eq!(found, [(2, "crate::net"), (3, "tokio")]);
}

/// Yields the line number and name of every forbidden path in the text.
fn violations<'a>(
    text: &'a str,
    rule: &'a Rule,
) -> impl Iterator<Item = (usize, &'static str)> + 'a {
    paths(text).into_iter().flat_map(move |(line, path)| {
        let named = rule
            .forbidden
            .iter()
            .filter(move |forbidden| starts_with(&path, forbidden));
        named
            .map(move |forbidden| (line, *forbidden))
            .collect::<Vec<_>>()
    })
}

/// Whether `path` is `prefix` or goes on below it.
fn starts_with(path: &str, prefix: &str) -> bool {
    let rest = path.strip_prefix(prefix).or_else(|| {
        // `Instant::now` is forbidden whatever stands before it.
        path.find(prefix)
            .filter(|_| prefix.starts_with(char::is_uppercase))
            .map(|at| &path[at + prefix.len()..])
    });
    rest.is_some_and(|rest| {
        rest.is_empty()
            || rest.starts_with("::")
            || rest.starts_with('_') && prefix == "iroh" && !rest.starts_with("_loro")
    })
}

/// Lists every path of the code with its line; `use a::{b, c::d}` gives `a::b` and `a::c::d`.
fn paths(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut prefixes: Vec<String> = Vec::new();
    let mut current = String::new();
    let mut in_use = false;
    for (index, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        let trimmed = code.trim_start();
        in_use |= trimmed.starts_with("use ")
            || trimmed.starts_with("pub use ")
            || trimmed.starts_with("pub(crate) use ");
        for c in code.chars().chain([' ']) {
            match c {
                '{' if in_use => prefixes.push(std::mem::take(&mut current)),
                '}' if in_use => {
                    finish(&mut current, &prefixes, index + 1, &mut found);
                    prefixes.pop();
                }
                c if c.is_alphanumeric() || c == '_' || c == ':' => current.push(c),
                other => {
                    finish(&mut current, &prefixes, index + 1, &mut found);
                    if other == ';' {
                        in_use = false;
                        prefixes.clear();
                    }
                }
            }
        }
    }
    found
}

fn finish(
    current: &mut String,
    prefixes: &[String],
    line: usize,
    found: &mut Vec<(usize, String)>,
) {
    if !current.is_empty() {
        let path = format!("{}{}", prefixes.concat(), std::mem::take(current));
        if path.contains("::") || !prefixes.is_empty() {
            found.push((line, path));
        }
    }
}

fn under(name: &str, room: &str) -> bool {
    name.strip_prefix(room)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the source folder is readable");
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.expect("a folder entry is readable").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}
