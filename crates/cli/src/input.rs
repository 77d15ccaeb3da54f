//! Text from files, standard input and prompts.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;

use model::SecretString;

use crate::failure::Failure;

/// The text of a file; `-` is standard input.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    if path == Path::new("-") {
        return standard_input();
    }
    std::fs::read_to_string(path).map_err(|error| Failure::file(path, error))
}

/// What is to be run: the text itself, that of a file, or standard input.
///
/// # Errors
/// When it cannot be read, or none is given and a person would have to type it.
pub(crate) fn script(given: Option<String>, file: Option<&Path>) -> Result<String, Failure> {
    match (given, file) {
        (Some(text), _) => Ok(text),
        (None, Some(path)) => text(path),
        (None, None) if is_terminal() => Err(Failure::usage(
            "nothing to run",
            "give it with -i TEXT, -f FILE, or on standard input",
        )),
        (None, None) => standard_input(),
    }
}

/// A secret in a file, without the line break at its end; `-` is standard input.
///
/// # Errors
/// When it cannot be read or is empty.
pub(crate) fn secret(path: &Path) -> Result<SecretString, Failure> {
    let text = text(path)?;
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    if secret.is_empty() {
        return Err(Failure::usage(format!("{} is empty", path.display()), ""));
    }
    Ok(SecretString::from(secret))
}

/// All of standard input.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn standard_input() -> Result<String, Failure> {
    let mut text = String::new();
    io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::file(Path::new("standard input"), error))?;
    Ok(text)
}

/// Whether a person types.
pub(crate) fn is_terminal() -> bool {
    io::stdin().is_terminal()
}

/// Asks for a line.
///
/// # Errors
/// When nobody can be asked, or the question is left.
pub(crate) fn ask(question: &str, otherwise: &'static str) -> Result<String, Failure> {
    if !is_terminal() {
        return Err(Failure::usage(format!("{question} is missing"), otherwise));
    }
    inquire::Text::new(&format!("{question}:"))
        .prompt()
        .map_err(left)
}

/// Asks for a secret, which is not shown.
///
/// # Errors
/// When nobody can be asked, or the question is left.
pub(crate) fn ask_secret(question: &str, otherwise: &'static str) -> Result<SecretString, Failure> {
    if !is_terminal() {
        return Err(Failure::usage(format!("{question} is missing"), otherwise));
    }
    inquire::Password::new(&format!("{question}:"))
        .without_confirmation()
        .prompt()
        .map(SecretString::from)
        .map_err(left)
}

/// Asks whether to go on; without a terminal the answer is no.
///
/// # Errors
/// When the question is left.
pub(crate) fn confirm(question: &str) -> Result<bool, Failure> {
    if !is_terminal() {
        return Ok(false);
    }
    inquire::Confirm::new(question)
        .with_default(false)
        .prompt()
        .map_err(left)
}

fn left(error: inquire::InquireError) -> Failure {
    Failure::Local(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::ExposeSecret as _;

    #[test]
    fn only_the_last_line_break_is_cut_from_a_secret() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), " a b \n\r\n").unwrap();
        assert_eq!(secret(file.path()).unwrap().expose_secret(), " a b \n");
        std::fs::write(file.path(), "\n").unwrap();
        assert_eq!(secret(file.path()).unwrap_err().exit_code(), 2);
    }
}
