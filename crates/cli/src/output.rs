//! The only place that prints.

use std::io::{self, IsTerminal as _, Write};

use crate::failure::Failure;
use crate::globals::OutputFormat;

/// Standard output and standard error, and the form of results.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// How results are printed.
    pub(crate) format: OutputFormat,
}

impl Output {
    /// Prints a result as it stands.
    ///
    /// # Errors
    /// When standard output cannot be written.
    #[expect(
        clippy::unused_self,
        reason = "printing is a right that only an output gives"
    )]
    pub(crate) fn raw(self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .map_err(Failure::Output)
    }

    /// Prints a result, ended by a line break.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub(crate) fn line(self, text: &str) -> Result<(), Failure> {
        self.raw(text)?;
        if text.ends_with('\n') {
            Ok(())
        } else {
            self.raw("\n")
        }
    }

    /// Tells something beside the result. Nothing is lost when nobody can hear it.
    #[expect(
        clippy::unused_self,
        reason = "printing is a right that only an output gives"
    )]
    pub(crate) fn note(self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{}", harmless(text));
    }

    /// Tells why a command did not succeed.
    pub(crate) fn failure(self, failure: &Failure) {
        if failure.is_broken_pipe() {
            return;
        }
        self.note(&format!("error: {failure}"));
        if let Failure::Api(error) = failure {
            for (key, value) in error.details.iter().flatten() {
                self.note(&format!("  {key}: {}", crate::view::cell(value)));
            }
        }
        if let Some(hint) = failure.hint() {
            self.note(&format!("hint: {hint}"));
        }
        if let Failure::Api(error) = failure
            && error.status >= 500
            && let Some(id) = &error.request_id
        {
            self.note(&format!("request id: {id}"));
        }
    }

    /// Whether a person reads standard output.
    pub(crate) fn is_terminal(self) -> bool {
        io::stdout().is_terminal()
    }
}

/// The text without control characters, which could steer a terminal.
pub(crate) fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\n' && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        assert_eq!(harmless("a\u{1b}[31mb\u{9b}c"), "a\u{fffd}[31mb\u{fffd}c");
    }
}
