//! What is wrong with a rule, and where.

use std::fmt;

/// A rule that cannot be kept: it is refused when it is saved, and a run that it would
/// reach is blocked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Where in the object, for instance `input.rules[0].pattern_regex`.
    pub path: String,
    /// What is wrong there and what is expected, one sentence.
    pub message: String,
}

impl Invalid {
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for Invalid {}

/// Checks that `text` has `least` to `most` characters.
pub(crate) fn check_length(
    path: impl FnOnce() -> String,
    text: &str,
    least: usize,
    most: usize,
) -> Result<(), Invalid> {
    let length = text.chars().count();
    if (least..=most).contains(&length) {
        return Ok(());
    }
    Err(Invalid::new(
        path(),
        format!("{least} to {most} characters are expected, not {length}"),
    ))
}

/// Checks that a list has `least` to `most` entries.
pub(crate) fn check_count(
    path: impl FnOnce() -> String,
    count: usize,
    least: usize,
    most: usize,
) -> Result<(), Invalid> {
    if (least..=most).contains(&count) {
        return Ok(());
    }
    Err(Invalid::new(
        path(),
        format!("{least} to {most} entries are expected, not {count}"),
    ))
}
