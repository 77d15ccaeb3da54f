//! Migrations are never edited: their checksums are on file.
//!
//! `CHECKSUMS` has the format of `sha256sum`, so that
//! `sha256sum --check CHECKSUMS` in the folder of the migrations tells the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::fault::Fault;
use crate::rules::Violation;
use crate::tree::Tree;

const RULE: &str = "migration";
const FOLDER: &str = "crates/store/migrations/";
const RECORD: &str = "crates/store/migrations/CHECKSUMS";

/// Checks the migrations against the record, and the record against the one of
/// the last release when the repository knows a tag of one.
///
/// # Errors
/// A file that cannot be read, or `sha256sum` that cannot be run.
pub fn check(tree: &Tree) -> Result<Vec<Violation>, Fault> {
    let recorded = if tree.has(RECORD) {
        tree.text(RECORD)?
    } else {
        String::new()
    };
    let mut violations = compare(&recorded, &actual(tree)?);
    let released = released_record(tree.root());
    if !recorded.starts_with(&released) {
        let message = "lines of the last release were changed; only append";
        violations.push(Violation::of(RECORD, RULE, message));
    }
    Ok(violations)
}

/// Appends the checksums of new migrations to the record.
///
/// # Errors
/// As [`check`].
pub fn record(root: &Path) -> Result<String, Fault> {
    let tree = Tree::read(root)?;
    let mut text = if tree.has(RECORD) {
        tree.text(RECORD)?
    } else {
        String::new()
    };
    let known = parse(&text);
    let mut added = 0;
    for (name, checksum) in actual(&tree)? {
        if !known.contains_key(&name) {
            text.push_str(&format!("{checksum}  {name}\n"));
            added += 1;
        }
    }
    let path = root.join(RECORD);
    if added > 0 {
        fs::write(&path, text).map_err(|cause| Fault::at(&path, &cause))?;
    }
    Ok(format!("checksums: {added} added"))
}

fn compare(recorded: &str, actual: &BTreeMap<String, String>) -> Vec<Violation> {
    let known = parse(recorded);
    let mut violations = Vec::new();
    for (name, checksum) in actual {
        let message = match known.get(name) {
            Some(known) if known == checksum => continue,
            Some(_) => "was edited; write a new migration instead",
            None => "is not in CHECKSUMS; run `cargo xtask checksums`",
        };
        violations.push(Violation::of(&format!("{FOLDER}{name}"), RULE, message));
    }
    for name in known.keys().filter(|name| !actual.contains_key(*name)) {
        violations.push(Violation::of(
            &format!("{FOLDER}{name}"),
            RULE,
            "is in CHECKSUMS and gone",
        ));
    }
    let names: Vec<&str> = recorded.lines().filter_map(name_of).collect();
    if !names.is_sorted() {
        let message = "is not in order; a new migration comes after all others";
        violations.push(Violation::of(RECORD, RULE, message));
    }
    violations
}

/// File name to checksum.
fn parse(recorded: &str) -> BTreeMap<String, String> {
    recorded
        .lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(checksum, name)| (name.to_owned(), checksum.to_owned()))
        .collect()
}

fn name_of(line: &str) -> Option<&str> {
    line.split_once("  ").map(|(_, name)| name)
}

/// File name to checksum of the migrations as they are.
fn actual(tree: &Tree) -> Result<BTreeMap<String, String>, Fault> {
    let names: Vec<&str> = tree
        .ending(".sql")
        .filter_map(|path| path.strip_prefix(FOLDER))
        .collect();
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let output = Command::new("sha256sum")
        .args(&names)
        .current_dir(tree.root().join(FOLDER))
        .output()
        .map_err(|cause| Fault::new(format!("sha256sum: {cause}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Fault::new(format!("sha256sum: {said}")));
    }
    Ok(parse(&String::from_utf8_lossy(&output.stdout)))
}

/// The record of the last release; empty before the first one.
fn released_record(root: &Path) -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(root)
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        String::from_utf8(output.stdout).ok()
    };
    git(&["describe", "--tags", "--abbrev=0", "--match", "v*"])
        .and_then(|tag| git(&["show", &format!("{}:{RECORD}", tag.trim())]))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::told;
    use crate::tree::sample::Sample;

    fn messages(sample: &Sample) -> Vec<String> {
        told(check(&sample.tree()))
    }

    #[test]
    fn a_new_migration_is_recorded_once_and_then_fixed() {
        let sample = Sample::of(&[(
            "crates/store/migrations/0001_a.sql",
            "create table a (x text);",
        )]);
        assert!(messages(&sample)[0].ends_with("run `cargo xtask checksums`"));
        assert_eq!(record(sample.path()).unwrap(), "checksums: 1 added");
        assert_eq!(record(sample.path()).unwrap(), "checksums: 0 added");
        assert!(messages(&sample).is_empty());

        let file = sample.path().join(FOLDER).join("0001_a.sql");
        fs::write(&file, "create table a (x bigint);").unwrap();
        assert_eq!(
            messages(&sample),
            [
                "crates/store/migrations/0001_a.sql: [migration] was edited; \
              write a new migration instead"
            ]
        );

        fs::remove_file(&file).unwrap();
        assert!(messages(&sample)[0].ends_with("is in CHECKSUMS and gone"));
    }

    #[test]
    fn a_migration_squeezed_in_before_others_is_refused() {
        let found = compare(
            "b  0002_b.sql\na  0001_a.sql\n",
            &parse("a  0001_a.sql\nb  0002_b.sql\n"),
        );
        assert_eq!(found.len(), 1);
        assert!(found[0].message.starts_with("is not in order"));
    }

    #[test]
    fn the_lines_of_a_release_stay() {
        let sample = Sample::of(&[(
            "crates/store/migrations/0001_a.sql",
            "create table a (x text);",
        )]);
        record(sample.path()).unwrap();
        let git = |arguments: &[&str]| {
            let status = Command::new("git")
                .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
                .args([
                    "-c",
                    "commit.gpgsign=false",
                    "-c",
                    "core.hooksPath=/dev/null",
                ])
                .args(arguments)
                .current_dir(sample.path())
                .status()
                .unwrap();
            assert!(status.success(), "{arguments:?}");
        };
        git(&["init", "--quiet"]);
        git(&["add", "."]);
        git(&["commit", "--quiet", "--message", "Release"]);
        git(&["tag", "v0.1.0"]);
        assert!(messages(&sample).is_empty());

        let file = sample.path().join(FOLDER).join("0001_a.sql");
        fs::write(&file, "create table a (x bigint);").unwrap();
        fs::remove_file(sample.path().join(RECORD)).unwrap();
        record(sample.path()).unwrap();
        assert_eq!(
            messages(&sample),
            [
                "crates/store/migrations/CHECKSUMS: [migration] lines of the last release \
              were changed; only append"
            ]
        );
    }
}
