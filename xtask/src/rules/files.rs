//! Size, name and first line of source files.

use crate::fault::Fault;
use crate::rules::Violation;
use crate::tree::Tree;

const RULE: &str = "file";

/// Most lines of a source file.
const MOST_LINES: usize = 500;

/// Generated files and tables that may be longer, by path.
const LONG_FILES: &[&str] = &[];

/// Endings of the files that these rules are about.
pub const SOURCES: &[&str] = &[".rs", ".py", ".mjs", ".sh"];

/// Names that say nothing about what is inside.
const DRAWERS: &[&str] = &[
    "utils", "util", "helpers", "helper", "common", "manager", "misc",
];

/// Checks every source file.
///
/// # Errors
/// A file that cannot be read.
pub fn check(tree: &Tree) -> Result<Vec<Violation>, Fault> {
    let mut violations = Vec::new();
    for path in tree.files() {
        if !SOURCES.iter().any(|ending| path.ends_with(ending)) {
            continue;
        }
        let text = tree.text(path)?;
        let mut broken = |message: String| violations.push(Violation::of(path, RULE, message));
        let lines = text.lines().count();
        if lines > MOST_LINES && !LONG_FILES.contains(&path) {
            broken(format!("has {lines} lines, more than {MOST_LINES}"));
        }
        for name in path.split('/') {
            let stem = name.split('.').next().unwrap_or(name);
            if DRAWERS.contains(&stem) {
                broken(format!("`{stem}` is a drawer; name the noun"));
            }
        }
        if path.ends_with("/mod.rs") {
            broken("use `foo.rs` beside `foo/` instead of `mod.rs`".to_owned());
        }
        if path.ends_with(".rs") {
            if !opens_with_doc(&text) {
                broken("must start with a `//!` line".to_owned());
            }
            for (index, line) in text.lines().enumerate() {
                if let Some(name) = inline_module(line).filter(|name| DRAWERS.contains(name)) {
                    let message = format!("module `{name}` is a drawer; name the noun");
                    violations.push(Violation::of(path, RULE, message).on(index));
                }
            }
        }
    }
    Ok(violations)
}

fn opens_with_doc(text: &str) -> bool {
    text.starts_with("//!") || text.starts_with("#![doc = include_str!(")
}

/// The name of a module with a body that opens on this line.
fn inline_module(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("mod ")?;
    let opens = before.trim_start();
    if !(opens.is_empty() || opens.starts_with("pub")) {
        return None;
    }
    after.trim_end().strip_suffix('{').map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::told;
    use crate::tree::sample::Sample;

    fn messages(path: &str, text: &str) -> Vec<String> {
        let sample = Sample::of(&[(path, text)]);
        told(check(&sample.tree()))
    }

    #[test]
    fn a_long_file_is_named_with_its_length() {
        let text = "//! A.\n".repeat(501);
        assert_eq!(
            messages("crates/a/src/a.rs", &text),
            ["crates/a/src/a.rs: [file] has 501 lines, more than 500"]
        );
        let text = "//! A.\n".repeat(500);
        assert!(messages("crates/a/src/a.rs", &text).is_empty());
        let text = "x = 1\n".repeat(501);
        assert_eq!(messages("tests/a.py", &text).len(), 1);
    }

    #[test]
    fn drawers_are_refused_as_file_folder_and_module() {
        assert_eq!(messages("crates/a/src/utils.rs", "//! A.\n").len(), 1);
        assert_eq!(messages("crates/a/tests/common/db.rs", "//! A.\n").len(), 1);
        assert_eq!(messages("tests/helpers.mjs", "").len(), 1);
        let found = messages("crates/a/src/a.rs", "//! A.\npub(crate) mod util {\n}\n");
        assert_eq!(
            found,
            ["crates/a/src/a.rs:2: [file] module `util` is a drawer; name the noun"]
        );
        assert!(messages("crates/a/src/utility.rs", "//! A.\n").is_empty());
    }

    #[test]
    fn mod_rs_and_a_missing_first_line_are_refused() {
        assert_eq!(messages("crates/a/src/b/mod.rs", "//! A.\n").len(), 1);
        assert_eq!(messages("crates/a/src/b.rs", "mod c;\n").len(), 1);
        let included = "#![doc = include_str!(\"../README.md\")]\n";
        assert!(messages("crates/a/src/lib.rs", included).is_empty());
    }
}
