//! What every crate must have: the lints of the workspace, a README, and one
//! integration-test binary at most.

use crate::fault::Fault;
use crate::manifest::Manifest;
use crate::rules::Violation;
use crate::tree::Tree;

const RULE: &str = "crate";

/// The line that makes a README the documentation of its crate.
const INCLUDED: &str = "#![doc = include_str!(\"../README.md\")]";

/// Checks every crate.
///
/// # Errors
/// A crate root that cannot be read.
pub fn check(tree: &Tree, manifests: &[Manifest]) -> Result<Vec<Violation>, Fault> {
    let mut violations = Vec::new();
    for manifest in manifests {
        if !manifest.house_lints {
            let message = "needs `[lints] workspace = true`";
            violations.push(Violation::of(&manifest.path, RULE, message));
        }
        let readme = format!("{}README.md", manifest.folder);
        if !tree.has(&readme) {
            violations.push(Violation::of(&readme, RULE, "is missing"));
        }
        let library = format!("{}src/lib.rs", manifest.folder);
        if tree.has(&library) && !tree.text(&library)?.lines().any(|line| line == INCLUDED) {
            let message = format!("needs the line `{INCLUDED}`");
            violations.push(Violation::of(&library, RULE, message));
        }
        let tests = format!("{}tests/", manifest.folder);
        for path in tree.files().filter(|path| is_extra_binary(path, &tests)) {
            let message = "integration tests are modules of `tests/it/main.rs`";
            violations.push(Violation::of(path, RULE, message));
        }
    }
    Ok(violations)
}

/// Whether Cargo makes a test binary of `path` that is not the one of `tests`.
/// Each further one links the whole tree again.
fn is_extra_binary(path: &str, tests: &str) -> bool {
    let Some(name) = path.strip_prefix(tests) else {
        return false;
    };
    let is_root = match name.split_once('/') {
        None => name.ends_with(".rs"),
        Some((_, file)) => file == "main.rs",
    };
    is_root && name != "it/main.rs"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest;
    use crate::rules::told;
    use crate::tree::sample::Sample;

    fn messages(files: &[(&str, &str)]) -> Vec<String> {
        let sample = Sample::of(files);
        let tree = sample.tree();
        told(check(&tree, &manifest::read(&tree).unwrap()))
    }

    #[test]
    fn a_bare_crate_lacks_all_three() {
        let found = messages(&[
            ("Cargo.toml", ""),
            ("crates/a/Cargo.toml", "[package]\nname = \"a\"\n"),
            ("crates/a/src/lib.rs", "//! A.\n"),
        ]);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].contains("[lints] workspace = true"));
        assert_eq!(found[1], "crates/a/README.md: [crate] is missing");
        assert!(found[2].contains("include_str!"));
    }

    #[test]
    fn a_complete_crate_passes() {
        let found = messages(&[
            ("Cargo.toml", ""),
            (
                "crates/a/Cargo.toml",
                "[package]\nname = \"a\"\n[lints]\nworkspace = true\n",
            ),
            ("crates/a/README.md", "# a\n"),
            (
                "crates/a/src/lib.rs",
                "#![doc = include_str!(\"../README.md\")]\n",
            ),
        ]);
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn a_second_test_binary_is_refused() {
        for (path, extra) in [
            ("crates/a/tests/it/main.rs", false),
            ("crates/a/tests/it/exec.rs", false),
            ("crates/a/tests/it/exec/main.rs", false),
            ("crates/a/tests/exec.rs", true),
            ("crates/a/tests/slow/main.rs", true),
            ("crates/b/tests/exec.rs", false),
        ] {
            assert_eq!(is_extra_binary(path, "crates/a/tests/"), extra, "{path}");
        }
    }
}
