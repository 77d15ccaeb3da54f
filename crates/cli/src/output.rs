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

    /// Prints what somebody else said. A pipe or a file gets it as it is; on a
    /// terminal, text and CSV lose the control characters that could steer it.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub(crate) fn said(self, text: &str) -> Result<(), Failure> {
        if self.is_terminal() && self.format != OutputFormat::Json {
            self.raw(&harmless(text))
        } else {
            self.raw(text)
        }
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

/// The text without control characters, which could steer a terminal. A carriage
/// return stays only as part of a line break.
pub fn harmless(text: &str) -> String {
    let mut letters = text.chars().peekable();
    let mut harmless = String::with_capacity(text.len());
    while let Some(letter) = letters.next() {
        let stays = match letter {
            '\n' | '\t' => true,
            '\r' => letters.peek() == Some(&'\n'),
            other => !other.is_control(),
        };
        harmless.push(if stays { letter } else { '\u{fffd}' });
    }
    harmless
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        assert_eq!(harmless("a\u{1b}[31mb\u{9b}c"), "a\u{fffd}[31mb\u{fffd}c");
        assert_eq!(harmless("a\r\nb\rc\r"), "a\r\nb\u{fffd}c\u{fffd}");
    }
}
