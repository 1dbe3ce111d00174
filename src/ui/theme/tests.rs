use std::fs;

use super::*;

/// Those that bring all their colours with them.
const DESIGNED: [&str; 9] = [
    "dark",
    "light",
    "ocean",
    "forest",
    "dusk",
    "mono",
    "sepia",
    "dawn",
    "high-contrast",
];
const DEPTHS: [ColorDepth; 4] = [
    ColorDepth::None,
    ColorDepth::Ansi16,
    ColorDepth::Ansi256,
    ColorDepth::True,
];

#[track_caller]
fn built_in(name: &str) -> Theme {
    Theme::load(name, None).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Loads the theme `own` out of a folder with these files, each a name and a text.
fn load_own(files: &[(&str, &str)]) -> Result<Theme, ThemeError> {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(format!("{name}.toml")), text).expect("written");
    }
    Theme::load("own", Some(folder.path()))
}

/// Returns the text and the ground of a role as they are seen: overlays over text.
fn seen(theme: &Theme, role: Role) -> (Option<Rgb>, Option<Rgb>) {
    let style = theme.style(Role::Text).patch(theme.style(role));
    (style.fg.and_then(rgb_of), style.bg.and_then(rgb_of))
}

#[test]
fn every_built_in_theme_is_whole() {
    for name in Theme::names(None) {
        let theme = built_in(&name);
        assert_eq!(theme.name(), name);
    }
    let with_sixteen: Vec<_> = DESIGNED.iter().chain(&["sixteen"]).collect();
    assert_eq!(Theme::names(None).iter().collect::<Vec<_>>(), with_sixteen);
    for depth in DEPTHS {
        built_in(Theme::default_name(depth));
    }
}

#[test]
fn a_light_terminal_gets_a_light_theme() {
    for (depth, colors, expected) in [
        (ColorDepth::True, None, "dark"),
        (ColorDepth::True, Some("15;0"), "dark"),
        (ColorDepth::True, Some("0;15"), "light"),
        (ColorDepth::Ansi256, Some("0;default;7"), "light"),
        (ColorDepth::True, Some("12;8"), "dark"),
        (ColorDepth::True, Some("nonsense"), "dark"),
        (ColorDepth::True, Some(""), "dark"),
        (ColorDepth::Ansi16, Some("0;15"), "sixteen"),
    ] {
        assert_eq!(Theme::usual_name(depth, colors), expected, "{colors:?}");
    }
}

#[test]
fn everything_that_must_be_read_has_contrast() {
    // Marks and numbers that may stay in the background.
    let quiet = [
        Role::LineNumber,
        Role::Faint,
        Role::DialogBorder,
        Role::Whitespace,
    ];
    for name in DESIGNED {
        let theme = built_in(name);
        for role in Role::ALL {
            let (Some(text), Some(ground)) = seen(&theme, *role) else {
                panic!("{name} leaves {} to the terminal", role.name());
            };
            let least = match name {
                _ if *role == Role::Separator => 1.3,
                "high-contrast" => 7.0,
                _ if quiet.contains(role) => 2.6,
                _ => 4.5,
            };
            let contrast = text.contrast(ground);
            assert!(
                contrast >= least,
                "{name}: {} has {contrast:.2}",
                role.name()
            );
        }
    }
}

#[test]
fn selections_can_be_seen() {
    for name in DESIGNED {
        let theme = built_in(name);
        let ground = theme.ground.expect("a ground");
        let (_, selected) = seen(&theme, Role::Selection);
        let contrast = selected.expect("a ground").contrast(ground);
        assert!(contrast >= 1.35, "{name}: the selection has {contrast:.2}");
    }
}

#[test]
fn colours_of_languages_can_be_read_in_selections_too() {
    for name in DESIGNED {
        let theme = built_in(name);
        for ground in [Role::Selection, Role::CurrentLine, Role::Match] {
            let ground_style = theme.style(Role::Text).patch(theme.style(ground));
            for role in Role::ALL
                .iter()
                .filter(|role| role.layer() == Layer::Overlay)
            {
                let style = theme.style(*role);
                if style.bg.is_some() || *role == Role::Whitespace {
                    continue;
                }
                // A selection that has a colour for its text goes over all others.
                let style = match theme.style(ground).fg {
                    Some(_) => style.patch(ground_style),
                    None => ground_style.patch(style),
                };
                let (fg, bg) = (style.fg.and_then(rgb_of), style.bg.and_then(rgb_of));
                let contrast = fg.expect("a colour").contrast(bg.expect("a ground"));
                let (role, ground) = (role.name(), ground.name());
                assert!(
                    contrast >= 3.0,
                    "{name}: {role} on {ground} has {contrast:.2}"
                );
            }
        }
    }
}

#[test]
fn nothing_is_told_by_colour_alone() {
    let telling = [
        Role::Selection,
        Role::InputSelection,
        Role::ChoiceCurrent,
        Role::ControlCharacter,
        Role::Status,
        Role::StatusError,
        Role::StatusWarning,
        Role::PeersWarning,
        Role::Input,
    ];
    for name in Theme::names(None) {
        let theme = built_in(&name).with_depth(ColorDepth::None);
        for role in Role::ALL {
            let style = theme.style(*role);
            assert_eq!(
                (style.fg, style.bg),
                (None, None),
                "{name}: {}",
                role.name()
            );
            if telling.contains(role) {
                assert!(!style.add_modifier.is_empty(), "{name}: {}", role.name());
            }
        }
        for (one, other) in [
            (Role::ChoiceCurrent, Role::Choice),
            (Role::StatusWarning, Role::Status),
            (Role::StatusError, Role::StatusWarning),
            (Role::Selection, Role::Text),
        ] {
            assert_ne!(theme.style(one), theme.style(other), "{name}");
        }
    }
}

#[test]
fn sixteen_colours_are_enough_for_every_theme() {
    for name in Theme::names(None) {
        let theme = built_in(&name).with_depth(ColorDepth::Ansi16);
        let selection = theme.style(Role::Text).patch(theme.style(Role::Selection));
        assert_ne!(selection, theme.style(Role::Text), "{name}");
        for role in Role::ALL {
            let style = theme.style(*role);
            for color in [style.fg, style.bg].into_iter().flatten() {
                let is_own = color == Color::Reset || ANSI16.iter().any(|(_, a, _)| *a == color);
                assert!(is_own, "{name}: {} has {color}", role.name());
            }
            if let (Some(text), Some(ground)) = seen(&theme, *role) {
                assert!(text.contrast(ground) >= 3.0, "{name}: {}", role.name());
            }
        }
    }
}

#[test]
fn the_nearest_of_256_colours_stays_readable() {
    for name in DESIGNED {
        let theme = built_in(name).with_depth(ColorDepth::Ansi256);
        for role in Role::ALL {
            let (Some(text), Some(ground)) = seen(&theme, *role) else {
                panic!("{name} leaves {} to the terminal", role.name());
            };
            let contrast = text.contrast(ground);
            let least = if *role == Role::Separator { 1.2 } else { 2.5 };
            assert!(
                contrast >= least,
                "{name}: {} has {contrast:.2}",
                role.name()
            );
        }
    }
}

#[test]
fn what_a_role_leaves_open_comes_from_below() {
    let theme = built_in("dark");
    let status = theme.style(Role::Status);
    let good = theme.style(Role::StatusGood);
    assert_eq!(good.bg, status.bg);
    assert_ne!(good.fg, status.fg);
    assert_eq!(theme.style(Role::Selection).fg, None);
}

#[test]
fn own_themes_extend_and_override() {
    let theme = load_own(&[
        ("own", "inherits = \"paper\"\n[palette]\ntext = \"#112233\"\n"),
        ("paper", "inherits = \"light\"\n[roles]\nhint = { fg = \"red\", modifiers = [\"bold\", \"italic\"] }\n"),
    ])
    .expect("a theme");
    assert_eq!(
        theme.style(Role::Text).fg,
        Some(Color::Rgb(0x11, 0x22, 0x33))
    );
    // "red" is in the palette of the light theme, which goes before the terminal's red.
    assert_eq!(
        theme.style(Role::Hint).fg,
        built_in("light").style(Role::DialogError).fg
    );
    assert_eq!(
        theme.style(Role::Hint).add_modifier,
        Modifier::BOLD | Modifier::ITALIC
    );
}

#[test]
fn a_theme_may_extend_the_built_in_one_of_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "inherits = \"dark\"\n[palette]\nground = \"#000000\"\n";
    fs::write(folder.path().join("dark.toml"), text).expect("written");
    fs::write(folder.path().join("zebra.toml"), "").expect("written");
    let theme = Theme::load("dark", Some(folder.path())).expect("a theme");
    assert_eq!(theme.style(Role::Text).bg, Some(Color::Rgb(0, 0, 0)));
    let names = Theme::names(Some(folder.path()));
    assert_eq!(names.last().map(String::as_str), Some("zebra"));
    assert_eq!(names.iter().filter(|name| *name == "dark").count(), 1);
}

#[test]
fn mistakes_are_told_in_a_sentence() {
    for (files, expected) in [
        (vec![], "there is no theme \"own\"; there are dark, light, "),
        (
            vec![
                ("own", "inherits = \"other\""),
                ("other", "inherits = \"own\""),
            ],
            "themes inherit in a circle: own → other → own",
        ),
        (
            vec![("own", "inherits = \"own\"")],
            "there is no theme \"own\"",
        ),
        (
            vec![("own", "inherits = \"dark\"\n[roles]\n\nhnit = \"red\"")],
            "own.toml, line 4: there is no role \"hnit\"; did you mean \"hint\"?",
        ),
        (
            vec![("own", "inherits = \"dark\"\n[roles]\nhint = \"blu\"")],
            "own.toml, line 3: \"blu\" is no colour",
        ),
        (
            vec![("own", "inherits = \"dark\"\n[roles]\nhint = 3")],
            "role \"hint\" must be a colour or a table",
        ),
        (
            vec![(
                "own",
                "inherits = \"dark\"\n[roles]\nhint = { fg = \"red\", blink = true }",
            )],
            "its blink is something else",
        ),
        (
            vec![(
                "own",
                "inherits = \"dark\"\n[roles]\nhint = { modifiers = [\"bolt\"] }",
            )],
            "\"bolt\" is no modifier",
        ),
        (
            vec![("own", "[palette]\nink = \"#12345\"")],
            "own.toml, line 2: \"#12345\" is no colour",
        ),
        (vec![("own", "palete = 3")], "unknown field `palete`"),
        (
            vec![("own", "[roles]\ntext = \"red\"")],
            "theme \"own\" says nothing about the role \"selection\"",
        ),
        (vec![("own", "[roles\n")], "own.toml, line 1: "),
    ] {
        let error = load_own(&files).expect_err("a mistake").to_string();
        assert!(error.contains(expected), "{error:?} lacks {expected:?}");
        assert!(!error.contains('\n'), "{error:?}");
    }
}

#[test]
fn names_do_not_lead_out_of_the_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let inside = folder.path().join("themes");
    fs::create_dir(&inside).expect("a folder");
    fs::write(folder.path().join("x.toml"), "inherits = \"dark\"").expect("written");
    for name in ["../x", "", ".", ".hidden", "/etc/passwd"] {
        let error = Theme::load(name, Some(&inside)).expect_err("no theme");
        assert!(matches!(error, ThemeError::Unknown { .. }), "{error}");
    }
}
