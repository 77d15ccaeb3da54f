//! Text to facts, for all dialects.

use crate::assess::assess;
use crate::catalog::Catalog;
use crate::facts::{Dialect, Facts, Statement};
use crate::fingerprint::fingerprint;
use crate::lexer::{Lexer, Token};
use crate::nesting::is_too_deep;
use crate::postgres;
use crate::stack::with_room;
use crate::standard;
use crate::tree::Lowered;

/// The longest text that is read, in bytes.
pub const MOST_BYTES: usize = 256 * 1024;
/// The most tokens of a text that is read, without white space and comments.
pub const MOST_TOKENS: usize = 20_000;

/// Texts of at most this many bytes are read however deep they are.
const SHORT: usize = 1_024;

/// What is known about a script: a text of one or more statements.
///
/// A text that is not understood as a whole has `parsed` false and says why in
/// `parse_error`; nothing may be concluded from it. Neither is one of more than
/// [`MOST_BYTES`] bytes or [`MOST_TOKENS`] tokens, or with a NUL, where servers stop
/// reading.
pub fn facts(text: &str, dialect: Dialect) -> Facts {
    facts_with(text, dialect, &Catalog::new())
}

/// The same with the columns of tables and views known, so that `*` and names without
/// a table are resolved.
pub fn facts_with(text: &str, dialect: Dialect, catalog: &Catalog) -> Facts {
    let statements = understood(text, dialect, |lowered| {
        lowered
            .iter()
            .map(|lowered| assess(lowered, dialect, catalog))
            .collect::<Option<Vec<Statement>>>()
            .ok_or_else(|| "the statement is too involved".to_owned())
    });
    let fingerprint = fingerprint(text, dialect);
    match statements {
        Ok(statements) => Facts {
            dialect,
            parsed: true,
            parse_error: None,
            fingerprint,
            statements,
        },
        Err(reason) => Facts {
            dialect,
            parsed: false,
            parse_error: Some(reason),
            fingerprint,
            statements: Vec::new(),
        },
    }
}

/// Parses a text and hands its statements to `work`, with enough stack for both.
///
/// # Errors
///
/// Why the text is not understood, or what `work` says.
pub(crate) fn understood<R: Send>(
    text: &str,
    dialect: Dialect,
    work: impl FnOnce(&[Lowered]) -> Result<R, String> + Send,
) -> Result<R, String> {
    if text.len() > MOST_BYTES {
        return Err(format!("longer than {MOST_BYTES} bytes"));
    }
    if text.contains('\0') {
        return Err("a NUL ends the text for some servers".to_owned());
    }
    let read = with_room(text, dialect, || {
        let lowered = lower(text, dialect)?;
        work(&lowered)
    });
    read.unwrap_or_else(|| Err("no room to read the text".to_owned()))
}

/// The statements of a text.
fn lower(text: &str, dialect: Dialect) -> Result<Vec<Lowered>, String> {
    // Few bytes cannot be many tokens.
    if text.len() > MOST_TOKENS {
        let tokens = Lexer::new(text, dialect).filter(Token::is_solid);
        if tokens.take(MOST_TOKENS + 1).count() > MOST_TOKENS {
            return Err(format!("more than {MOST_TOKENS} tokens"));
        }
    }
    if text.len() > SHORT && is_too_deep(text, dialect) {
        return Err("nested too deeply".to_owned());
    }
    match dialect {
        Dialect::Postgres => postgres::lower(text),
        _ => standard::lower(text, dialect),
    }
}
