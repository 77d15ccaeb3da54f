//! Why a command of the workshop failed.

use std::fmt;
use std::path::Path;

/// A sentence for the person at the terminal.
#[derive(Debug)]
pub struct Fault(String);

impl Fault {
    /// A fault that says `message`.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// A fault with the file that caused it.
    pub fn at(path: &Path, cause: &dyn fmt::Display) -> Self {
        Self(format!("{}: {cause}", path.display()))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}
