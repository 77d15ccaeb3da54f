//! The house rules. Each file holds one of them.

pub mod crates;
pub mod direction;
pub mod documents;
pub mod files;
pub mod migrations;
pub mod purity;
pub mod walls;
pub mod wording;

use std::fmt;

use crate::fault::Fault;
use crate::manifest;
use crate::tree::Tree;

/// One place where a rule is broken.
#[derive(Debug)]
pub struct Violation {
    /// Path from the root of the workspace.
    pub file: String,
    /// Line in it, counted from 1, when the rule is about one.
    pub line: Option<usize>,
    /// Name of the rule.
    pub rule: &'static str,
    /// What is wrong, as a sentence.
    pub message: String,
}

impl Violation {
    /// A violation by a file as a whole.
    pub fn of(file: &str, rule: &'static str, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            rule,
            message: message.into(),
        }
    }

    /// The same, at the line with index `index` counted from 0.
    pub fn on(mut self, index: usize) -> Self {
        self.line = Some(index + 1);
        self
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": [{}] {}", self.rule, self.message)
    }
}

/// Checks every rule.
///
/// # Errors
/// A file that cannot be read or understood; broken rules are the answer.
pub fn check(tree: &Tree) -> Result<Vec<Violation>, Fault> {
    let manifests = manifest::read(tree)?;
    let mut violations = direction::check(&manifests);
    violations.extend(purity::check(tree)?);
    violations.extend(walls::check(tree, &manifests)?);
    violations.extend(crates::check(tree, &manifests)?);
    violations.extend(files::check(tree)?);
    violations.extend(wording::check(tree)?);
    violations.extend(migrations::check(tree)?);
    violations.extend(documents::check(tree)?);
    Ok(violations)
}

/// What a rule says, line by line.
#[cfg(test)]
pub fn told(found: Result<Vec<Violation>, Fault>) -> Vec<String> {
    let found = found.unwrap();
    found.iter().map(ToString::to_string).collect()
}
