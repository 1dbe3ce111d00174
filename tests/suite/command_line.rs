//! What copad says, and with which exit code, before its screen opens.

use crate::terminal::{Machine, Person};

/// Runs copad with bad input: it must end with code 2 and one sentence that holds `named`.
#[track_caller]
fn refuses(person: &Person, arguments: &[&str], named: &str) {
    let (code, output, error) = person.run(arguments);
    assert_eq!(code, 2, "{arguments:?} printed {output}{error}");
    assert!(
        error.contains(named),
        "{arguments:?} should name {named:?}: {error}"
    );
    assert_eq!(
        error.trim_end().lines().count(),
        1,
        "one sentence, not {error}"
    );
}

#[test]
fn bad_input_is_refused_with_one_sentence() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    std::fs::create_dir(ada.path("folder")).expect("a folder can be made");
    std::fs::write(ada.path("latin.txt"), b"caf\xe9").expect("a file can be written");
    ada.file("notes.md", "hello\n");
    let own = ada.node_id(&ada.path("notes.md"));

    refuses(&ada, &["folder"], "folder");
    refuses(&ada, &["latin.txt"], "latin.txt");
    refuses(&ada, &["no/such/folder/notes.md"], "no/such/folder");
    refuses(&ada, &["--color", "blue", "notes.md"], "blue");
    refuses(&ada, &["--connect", "nonsense", "notes.md"], "nonsense");
    refuses(&ada, &["--connect", &own, "notes.md"], &own[..10]);
    refuses(&ada, &["--theme", "plaid", "notes.md"], "plaid");
    refuses(
        &ada,
        &["--log", "no/such/folder/log", "notes.md"],
        "no/such/folder/log",
    );
}

#[test]
fn a_broken_config_or_theme_is_named_with_its_line() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let config = ada.path("config/copad");
    std::fs::create_dir_all(config.join("themes")).expect("a folder can be made");

    std::fs::write(
        config.join("config.toml"),
        "name = \"Ada\"\ntab_width = \"wide\"\n",
    )
    .expect("a file can be written");
    refuses(&ada, &["notes.md"], "config.toml");
    refuses(&ada, &["notes.md"], "line 2");

    std::fs::write(config.join("config.toml"), "theme = \"mine\"\n")
        .expect("a file can be written");
    std::fs::write(
        config.join("themes/mine.toml"),
        "inherits = \"dark\"\n[roles\n",
    )
    .expect("a file can be written");
    refuses(&ada, &["notes.md"], "mine.toml");
}

#[test]
fn a_file_keeps_its_node_id() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let notes = ada.file("notes.md", "");
    let other = ada.file("other.md", "");
    let id = ada.node_id(&notes);
    assert_eq!(id.len(), 64);
    assert!(id.chars().all(|c| c.is_ascii_hexdigit()));
    assert_eq!(ada.node_id(&notes), id);
    assert_ne!(ada.node_id(&other), id);
}

#[test]
fn help_names_every_option_and_command() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let commands: &[(&[&str], &[&str])] = &[
        (
            &["--help"],
            &[
                "--name",
                "--color",
                "--connect",
                "--network",
                "--theme",
                "--log",
                "local",
                "lan",
                "internet",
                "id",
                "serve",
                "status",
                "docs",
                "forget",
                "export",
                "./docs",
            ],
        ),
        (
            &["serve", "--help"],
            &["--name", "--connect", "--network", "--log", "FILE"],
        ),
        (&["forget", "--help"], &["--yes", "FILE", "not its file"]),
        (&["export", "--help"], &["--at", "10m", "unsaved edits"]),
        (&["status", "--help"], &["running"]),
        (&["docs", "--help"], &["List"]),
    ];
    for (arguments, words) in commands {
        let (code, help, _) = ada.run(arguments);
        assert_eq!(code, 0);
        for word in *words {
            assert!(help.contains(word), "{word} is missing in\n{help}");
        }
    }
}

#[test]
fn a_file_that_is_named_like_a_command_can_be_opened() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    ada.file("docs", "a file\n");
    ada.open(&["./docs"]).sees(&["a file"]);
}
