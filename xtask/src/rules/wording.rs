//! Words that mark unfinished work, and tests that never run.

use crate::fault::Fault;
use crate::rules::Violation;
use crate::rules::files::SOURCES;
use crate::tree::Tree;

const RULE: &str = "wording";

// Written in two halves so that this file keeps its own rule.
const MARKS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];
const PHRASES: &[&str] = &[concat!("to", "do!"), concat!("#[", "ignore")];

/// Scripts whose names have no ending.
const SCRIPTS: &[&str] = &["check", ".ci/run"];

/// Checks every line of every source file and script.
///
/// # Errors
/// A file that cannot be read.
pub fn check(tree: &Tree) -> Result<Vec<Violation>, Fault> {
    let mut violations = Vec::new();
    for path in tree.files() {
        let is_source = SOURCES.iter().any(|ending| path.ends_with(ending));
        if !is_source && !SCRIPTS.contains(&path) {
            continue;
        }
        for (index, line) in tree.text(path)?.lines().enumerate() {
            if let Some(found) = unfinished(line) {
                let message = format!("`{found}` marks unfinished work");
                violations.push(Violation::of(path, RULE, message).on(index));
            }
        }
    }
    Ok(violations)
}

fn unfinished(line: &str) -> Option<&'static str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mark = MARKS
        .iter()
        .find(|mark| line.split(|c| !is_word(c)).any(|word| word == **mark));
    let phrase = || {
        PHRASES.iter().find(|phrase| {
            line.match_indices(**phrase)
                .any(|(at, _)| !line[..at].ends_with(is_word))
        })
    };
    mark.or_else(phrase).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::sample::Sample;

    #[test]
    fn every_mark_is_found_in_every_kind_of_source() {
        for words in MARKS.iter().chain(PHRASES) {
            for path in [
                "crates/a/src/a.rs",
                "tests/a.py",
                "tests/a.mjs",
                "tests/a.sh",
                "check",
                ".ci/run",
            ] {
                let sample = Sample::of(&[(path, &format!("x\n  {words} later\n"))]);
                let violations = check(&sample.tree()).unwrap();
                assert_eq!(violations.len(), 1, "{words} in {path}");
                assert!(
                    violations[0]
                        .to_string()
                        .starts_with(&format!("{path}:2: [wording]"))
                );
            }
        }
    }

    #[test]
    fn other_words_that_hold_a_mark_pass() {
        for line in ["let todo = 1;", "autodo!()", "AUTODO", "ignored"] {
            assert_eq!(unfinished(line), None, "{line}");
        }
    }
}
