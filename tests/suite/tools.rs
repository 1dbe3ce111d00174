//! What copad prints without opening its screen.

use crate::terminal::Machine;

#[test]
fn settings_are_printed_and_checked() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let (code, text, _) = ada.run(&["config", "--default"]);
    assert_eq!(code, 0);
    assert!(text.contains("tab_width = 4") && text.contains("find = [\"Ctrl-F\"]"));
    let (code, text, _) = ada.run(&["config", "--check"]);
    assert_eq!(
        (code, text.contains("the defaults hold")),
        (0, true),
        "{text}"
    );

    let folder = ada.path("config/copad");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let (_, default, _) = ada.run(&["config", "--default"]);
    std::fs::write(folder.join("config.toml"), default).expect("a file can be written");
    let (code, text, _) = ada.run(&["config", "--check"]);
    assert_eq!((code, text.contains("is in order")), (0, true), "{text}");

    let wrong = "wrap = 3\ntheme = \"dark\"\n[keys]\nsvae = \"F1\"\n";
    std::fs::write(folder.join("config.toml"), wrong).expect("a file can be written");
    let (code, _, problems) = ada.run(&["config", "--check"]);
    assert_eq!(code, 1);
    assert!(
        problems.contains("line 1") && problems.contains("line 4"),
        "{problems}"
    );
    assert_eq!(problems.lines().count(), 2, "{problems}");

    let (code, _, _) = ada.run(&["config"]);
    assert_eq!(code, 2, "it must say what to do with the settings");
}

#[test]
fn themes_completions_and_the_manual_are_printed() {
    let machine = Machine::new();
    let ada = machine.person("ada");
    let (code, text, _) = ada.run(&["themes"]);
    assert_eq!(code, 0);
    for name in [
        "dark",
        "light",
        "ocean",
        "sepia",
        "high-contrast",
        "sixteen",
    ] {
        assert!(text.lines().any(|line| line == name), "{name} is missing");
    }
    for shell in ["bash", "zsh", "fish"] {
        let (code, text, _) = ada.run(&["completions", shell]);
        assert_eq!((code, text.contains("connect")), (0, true), "{shell}");
    }
    let (code, text, _) = ada.run(&["man"]);
    assert_eq!((code, text.starts_with(".ie")), (0, true), "{text}");
}
