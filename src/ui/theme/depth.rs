//! How many colours a terminal shows.

/// How many colours the terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColorDepth {
    /// No colours: bold, dim, underlined and reversed text have to do.
    None,
    /// The terminal's own sixteen.
    Ansi16,
    /// The 6×6×6 cube and the greys.
    Ansi256,
    /// Eight bits for each of red, green and blue.
    True,
}

impl ColorDepth {
    /// Judges by the environment of this process.
    pub fn of_this_process() -> Self {
        let variable = |name| std::env::var(name).ok();
        let (no_color, colorterm) = (variable("NO_COLOR"), variable("COLORTERM"));
        let term = variable("TERM");
        Self::from_environment(no_color.as_deref(), colorterm.as_deref(), term.as_deref())
    }

    /// Judges by the environment: the values of `NO_COLOR`, `COLORTERM` and `TERM`.
    ///
    /// `NO_COLOR` counts when it is there and not empty, as <https://no-color.org> has it.
    pub fn from_environment(
        no_color: Option<&str>,
        colorterm: Option<&str>,
        term: Option<&str>,
    ) -> Self {
        let term = term.unwrap_or_default();
        if no_color.is_some_and(|value| !value.is_empty()) || term == "dumb" {
            return Self::None;
        }
        let colorterm = colorterm.unwrap_or_default();
        if matches!(colorterm, "truecolor" | "24bit") || is_true_color(term) {
            return Self::True;
        }
        if term.contains("256color") {
            return Self::Ansi256;
        }
        // Terminals that say nothing else may be a console or a serial line.
        Self::Ansi16
    }
}

/// Terminals that show all colours even where `COLORTERM` got lost on the way, as over SSH.
fn is_true_color(term: &str) -> bool {
    const NAMES: [&str; 7] = [
        "-direct",
        "kitty",
        "alacritty",
        "ghostty",
        "foot",
        "wezterm",
        "contour",
    ];
    NAMES.iter().any(|name| term.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_decides() {
        use ColorDepth as D;
        for (no_color, colorterm, term, expected) in [
            (None, None, Some("xterm-256color"), D::Ansi256),
            (None, Some("truecolor"), Some("xterm-256color"), D::True),
            (None, Some("24bit"), None, D::True),
            (None, Some("yes"), Some("xterm"), D::Ansi16),
            (None, None, Some("linux"), D::Ansi16),
            (None, None, Some("xterm-kitty"), D::True),
            (None, None, Some("xterm-direct"), D::True),
            (None, None, Some("screen-256color"), D::Ansi256),
            (None, None, None, D::Ansi16),
            (Some("1"), Some("truecolor"), Some("xterm-kitty"), D::None),
            (Some(""), Some("truecolor"), Some("xterm"), D::True),
            (None, Some("truecolor"), Some("dumb"), D::None),
        ] {
            assert_eq!(
                D::from_environment(no_color, colorterm, term),
                expected,
                "{no_color:?} {colorterm:?} {term:?}"
            );
        }
    }
}
