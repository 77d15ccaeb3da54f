//! What keeps a masking rule from being applied.

use std::fmt;

/// What is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The rule, by its place in the list given to the compiler.
    pub rule: usize,
    /// The field, such as `custom_entity_types[0].regex`.
    pub path: String,
    /// What is wrong, as a sentence without a full stop.
    pub message: String,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for Invalid {}
