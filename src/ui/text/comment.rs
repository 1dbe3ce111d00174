//! How each language writes comments, by the name of the file.

use std::path::Path;

/// The marks of a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// What it starts with.
    pub start: &'static str,
    /// What it ends with, where the end of the line is not enough.
    pub end: Option<&'static str>,
}

const fn line(start: &'static str) -> Comment {
    Comment { start, end: None }
}

const fn block(start: &'static str, end: &'static str) -> Comment {
    Comment {
        start,
        end: Some(end),
    }
}

/// Extensions, in lower case, with the marks of their language.
const BY_EXTENSION: &[(&[&str], Comment)] = &[
    (
        &[
            "rs", "c", "h", "cc", "cpp", "cxx", "hh", "hpp", "m", "mm", "java", "kt", "kts",
            "scala", "go", "js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "cs", "swift",
            "dart", "php", "zig", "v", "sv", "proto", "groovy", "gradle", "scss", "sass", "less",
            "styl", "jsonc", "json5", "wgsl", "glsl", "hlsl", "typ", "sol", "odin", "d", "fs",
            "fsx", "kdl", "gleam",
        ],
        line("//"),
    ),
    (
        &[
            "py",
            "pyi",
            "rb",
            "sh",
            "bash",
            "zsh",
            "fish",
            "pl",
            "pm",
            "r",
            "jl",
            "toml",
            "yaml",
            "yml",
            "conf",
            "cfg",
            "tf",
            "nix",
            "ex",
            "exs",
            "cr",
            "nim",
            "awk",
            "sed",
            "tcl",
            "mk",
            "cmake",
            "dockerfile",
            "gd",
            "coffee",
            "ps1",
            "graphql",
            "gql",
            "properties",
            "env",
            "just",
            "po",
            "service",
            "gitignore",
        ],
        line("#"),
    ),
    (
        &[
            "lua", "sql", "hs", "elm", "ada", "adb", "ads", "vhd", "vhdl", "purs",
        ],
        line("--"),
    ),
    (
        &[
            "lisp", "el", "clj", "cljs", "cljc", "edn", "scm", "ss", "rkt", "asm", "s", "ini",
        ],
        line(";"),
    ),
    (
        &["tex", "sty", "cls", "bib", "erl", "hrl", "m4", "pro", "ltx"],
        line("%"),
    ),
    (&["vim"], line("\"")),
    (&["bat", "cmd"], line("REM")),
    (&["f90", "f95", "f03"], line("!")),
    (&["css"], block("/*", "*/")),
    (&["ml", "mli"], block("(*", "*)")),
    (
        &[
            "html", "htm", "xml", "svg", "vue", "svelte", "md", "markdown", "xhtml", "rss",
        ],
        block("<!--", "-->"),
    ),
];

/// Whole names of files, in lower case.
const BY_NAME: &[(&str, Comment)] = &[
    ("makefile", line("#")),
    ("gnumakefile", line("#")),
    ("dockerfile", line("#")),
    ("containerfile", line("#")),
    ("justfile", line("#")),
    ("cmakelists.txt", line("#")),
    ("rakefile", line("#")),
    ("gemfile", line("#")),
    ("jenkinsfile", line("//")),
    (".gitignore", line("#")),
    (".bashrc", line("#")),
    (".zshrc", line("#")),
    (".profile", line("#")),
    (".vimrc", line("\"")),
    (".editorconfig", line("#")),
    ("pkgbuild", line("#")),
];

impl Comment {
    /// Returns the marks for a file, or `None` if its language has no comments or is not known.
    pub fn for_file(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_lowercase();
        if let Some((_, comment)) = BY_NAME.iter().find(|(known, _)| *known == name) {
            return Some(*comment);
        }
        let extension = path.extension()?.to_str()?.to_lowercase();
        BY_EXTENSION
            .iter()
            .find(|(extensions, _)| extensions.contains(&extension.as_str()))
            .map(|(_, comment)| *comment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_file_decides() {
        for (name, start) in [
            ("src/main.rs", Some("//")),
            ("a.PY", Some("#")),
            ("Makefile", Some("#")),
            ("x/.gitignore", Some("#")),
            ("notes.md", Some("<!--")),
            ("a.css", Some("/*")),
            ("a.ml", Some("(*")),
            ("notes.txt", None),
            ("README", None),
        ] {
            let comment = Comment::for_file(Path::new(name));
            assert_eq!(comment.map(|comment| comment.start), start, "{name}");
        }
    }

    #[test]
    fn no_extension_is_there_twice() {
        let mut all: Vec<_> = BY_EXTENSION.iter().flat_map(|(list, _)| *list).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
