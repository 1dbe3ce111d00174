use super::{reader::KEYS, *};
use crate::ui::keymap::Lookup;

fn parse(text: &str) -> Result<Config, SourceError> {
    Config::parse("config.toml", text)
}

#[test]
fn no_file_means_the_defaults() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(
        Config::load(folder.path()).expect("defaults"),
        Config::default()
    );
    assert_eq!(
        Config::load(&folder.path().join("absent")).expect("defaults"),
        Config::default()
    );
    assert_eq!(parse("").expect("defaults"), Config::default());
}

#[test]
fn everything_can_be_set() {
    let text = r##"
        name = "Ada"
        color = "#1e90ff"
        theme = "light"
        network = "lan"
        tab_width = 8
        wrap = false
        show_peers = false
        mouse = false
        autosave = 5
        [keys]
        save = "F12"
        quit = ["Ctrl-Q", "F10"]
        suspend = []
    "##;
    let config = parse(text).expect("a configuration");
    assert_eq!(config.name.as_deref(), Some("Ada"));
    assert_eq!(config.color.as_deref(), Some("#1E90FF"));
    assert_eq!(config.theme.as_deref(), Some("light"));
    assert_eq!(config.network, Some(NetworkKind::Lan));
    assert_eq!((config.tab_width, config.wrap), (8, false));
    assert_eq!((config.show_peers, config.mouse), (false, false));
    assert_eq!(config.autosave, Some(Duration::from_secs(5)));
    assert_eq!(parse("autosave = \"off\"").expect("off").autosave, None);
    let keymap = config.keymap();
    let key = |text: &str| text.parse().expect("a key");
    assert_eq!(keymap.lookup(key("F12")), Some(Command::Save));
    assert_eq!(keymap.lookup(key("Ctrl-S")), None);
    assert_eq!(keymap.lookup(key("F10")), Some(Command::Quit));
    assert_eq!(keymap.keys_for(Command::Suspend), []);
}

#[test]
fn mistakes_are_told_with_line_and_what_is_expected() {
    for (text, expected) in [
        (
            "\ntab_widht = 4",
            "line 2: there is no setting \"tab_widht\"; did you mean \"tab_width\"?",
        ),
        ("zzz = 1", "line 1: there is no setting \"zzz\""),
        (
            "tab_width = 0",
            "line 1: \"tab_width\" must be a whole number from 1 to 16",
        ),
        ("tab_width = \"4\"", "must be a whole number"),
        (
            "autosave = 0",
            "\"autosave\" must be \"off\" or whole seconds from 1 to 3600",
        ),
        ("autosave = true", "\"autosave\" must be \"off\" or"),
        ("wrap = \"yes\"", "\"wrap\" must be true or false"),
        (
            "name = \"\"",
            "\"name\" must be a text of 1 to 32 characters",
        ),
        ("color = \"blue\"", "\"blue\" is no colour"),
        (
            "network = \"wan\"",
            "\"network\" must be \"local\", \"lan\" or \"internet\"",
        ),
        ("theme = 3", "\"theme\" must be the name of a theme"),
        ("keys = 3", "\"keys\" must be a table"),
        (
            "[keys]\nsvae = \"F1\"",
            "line 2: there is no command \"svae\"; did you mean \"save\"?",
        ),
        ("[keys]\nsave = \"Crtl-S\"", "line 2: \"Crtl-S\" is no key"),
        ("[keys]\nsave = 3", "\"save\" must be a key like"),
        ("[keys]\nsave = \"s\"", "s is needed for typing"),
        (
            "[keys]\nsave = \"F7\"\nquit = [\n\"F8\",\n\"F7\"]",
            "line 5: F7 is given to both save and quit",
        ),
        (
            "[keys]\nsave = \"Ctrl-K Ctrl-S\"\nquit = \"Ctrl-K\"",
            "line 3: Ctrl-K Ctrl-S for save and Ctrl-K for quit begin alike",
        ),
        ("[keys]\nsave = \"s Ctrl-S\"", "s is needed for typing"),
        (
            "[keys]\nsave = \"Ctrl-K Esc\"",
            "Esc gives up what was begun",
        ),
        (
            "[keys]\nsave = \"Ctrl-K a b c d\"",
            "\"Ctrl-K a b c d\" has more than 4 keys",
        ),
        ("wrap = = 1", "config.toml, line 1: "),
        ("wrap = true\nwrap = true", "line 2: "),
    ] {
        let error = parse(text).expect_err(text).to_string();
        assert!(error.contains(expected), "{error:?} lacks {expected:?}");
        assert!(error.starts_with("config.toml, line "), "{error:?}");
        assert!(!error.contains('\n'), "{error:?}");
    }
}

#[test]
fn the_list_of_settings_is_the_one_that_is_read() {
    for key in KEYS {
        let error = parse(&format!("{key} = 1979-05-27")).expect_err("a date fits nothing");
        assert!(!error.message.contains("there is no setting"), "{error}");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("config.toml")).expect("a folder in its place");
    let error = Config::load(folder.path())
        .expect_err("a folder")
        .to_string();
    assert!(error.contains("config.toml cannot be read: "), "{error}");
}

#[test]
fn everything_that_is_wrong_is_told_in_its_order() {
    let text = "wrap = 3\nname = \"\"\n[keys]\nsvae = \"F1\"\nsave = \"s\"\nquit = \"F10\"\n";
    let lines: Vec<_> = Config::check("config.toml", text)
        .into_iter()
        .map(|problem| problem.line)
        .collect();
    assert_eq!(lines, [Some(1), Some(2), Some(4), Some(5)]);
    assert!(Config::check("config.toml", "").is_empty());
}

#[test]
fn the_documented_default_is_the_default_and_names_everything() {
    let text = Config::documented_default();
    let config = parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(config.keymap(), Keymap::default());
    let without_keys = Config {
        keys: Vec::new(),
        ..config
    };
    assert_eq!(without_keys, Config::default());
    for key in KEYS {
        assert!(text.contains(key), "{key} is not explained");
    }
    for info in COMMANDS {
        assert!(
            text.contains(&format!("\n{} = [", info.name)),
            "{}",
            info.name
        );
    }
}

#[test]
fn the_keys_of_emacs_are_whole_and_can_be_changed() {
    let problems = Config::check("emacs.toml", include_str!("emacs.toml"));
    assert_eq!(problems, []);
    let config = parse("keymap = \"emacs\"\n[keys]\nfind = \"F12\"\n").expect("settings");
    let keymap = config.keymap();
    let key = |text: &str| text.parse().expect("a key");
    assert_eq!(keymap.lookup(key("Ctrl-A")), Some(Command::MoveLineStart));
    assert_eq!(keymap.lookup(key("Ctrl-Y")), Some(Command::Paste));
    assert_eq!(keymap.lookup(key("F12")), Some(Command::Find));
    assert_eq!(keymap.lookup(key("Ctrl-S")), None);
    let saves = keymap.look_up(&[key("Ctrl-X"), key("Ctrl-S")]);
    assert_eq!(saves, Lookup::Command(Command::Save));
    // Whoever cannot find a key must find the list of commands, and the way out.
    for command in [
        Command::Help,
        Command::Palette,
        Command::Save,
        Command::Quit,
        Command::Undo,
        Command::Share,
        Command::Connect,
        Command::TogglePeers,
        Command::Conflicts,
        Command::GoToPerson,
        Command::FollowPerson,
    ] {
        assert!(!keymap.keys_for(command).is_empty(), "{command}");
    }
    let mut seen = std::collections::HashSet::new();
    for info in COMMANDS {
        for key in keymap.keys_for(info.command) {
            assert!(seen.insert(key.clone()), "{key} is there twice");
        }
    }
}
