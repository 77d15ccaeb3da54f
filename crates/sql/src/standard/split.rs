//! A script into statements.

use super::segment::{Piece, Segment};
use crate::facts::Dialect;
use crate::lexer::{Lexer, Token, TokenKind};

mod batch;
mod outfile;

/// A script in parts.
pub(super) struct Split {
    pub segments: Vec<Segment>,
    /// Whether some text is only run by some versions of the server.
    pub has_versions: bool,
}

/// Words behind `CREATE` or `ALTER` whose object has a body of statements.
const WITH_BODY: &[&str] = &[
    "procedure",
    "proc",
    "function",
    "trigger",
    "event",
    "package",
];

/// The statements of a text, taking as run what only some versions run.
pub(super) fn split(text: &str, dialect: Dialect) -> Result<Split, String> {
    let mut lexer = Lexer::new(text, dialect);
    let segments = segments(text, dialect, &mut lexer)?;
    Ok(Split {
        segments,
        has_versions: lexer.has_versions,
    })
}

/// The same, taking that as comments.
pub(super) fn split_skipping(text: &str, dialect: Dialect) -> Result<Vec<Segment>, String> {
    let mut lexer = Lexer::new(text, dialect).skipping_versions();
    segments(text, dialect, &mut lexer)
}

fn segments(text: &str, dialect: Dialect, lexer: &mut Lexer<'_>) -> Result<Vec<Segment>, String> {
    let mut parts: Vec<Vec<Piece>> = vec![Vec::new()];
    let mut batches: Vec<usize> = vec![0];
    let mut depth = 0_usize;
    let mut is_apart = false;
    let mut is_count = false;
    for token in lexer.by_ref() {
        if !token.is_solid() {
            is_apart = true;
            continue;
        }
        if has_odd_space(&token) {
            return Err("white space that servers read differently".to_owned());
        }
        if is_count && token.kind == TokenKind::Number {
            is_count = false;
            continue;
        }
        is_count = false;
        if ends_batch(text, &token, dialect) {
            // `GO 5` runs the batch several times.
            is_count = true;
            depth = 0;
            parts.push(Vec::new());
            batches.push(batches.last().copied().unwrap_or_default() + 1);
            continue;
        }
        if token.is(';') {
            depth = 0;
            parts.push(Vec::new());
            batches.push(batches.last().copied().unwrap_or_default());
            continue;
        }
        if token.is(')') {
            depth = depth.saturating_sub(1);
        }
        if let Some(part) = parts.last_mut() {
            part.push(Piece::of(&token, depth, is_apart));
        }
        if token.is('(') {
            depth += 1;
        }
        is_apart = false;
    }
    if let Some(doubt) = lexer.doubt {
        return Err(doubt.to_owned());
    }
    let parts = parts.into_iter().zip(batches);
    let parts: Vec<(Vec<Piece>, usize)> = parts.filter(|(part, _)| !part.is_empty()).collect();
    let parts = bodies(parts, dialect)?;
    if dialect == Dialect::Mssql {
        return Ok(batch::statements(&parts));
    }
    Ok(parts
        .iter()
        .map(|part| outfile::take(part, dialect))
        .collect())
}

/// Whether a word holds white space beyond ASCII. To MySQL it is part of a name, to
/// others it is not.
fn has_odd_space(token: &Token<'_>) -> bool {
    token.kind == TokenKind::Word && token.text.contains(char::is_whitespace)
}

/// Whether a token stands alone on a line and ends what was before: `GO` of SQL Server,
/// `/` of Oracle.
fn ends_batch(text: &str, token: &Token<'_>, dialect: Dialect) -> bool {
    let is_mark = match dialect {
        Dialect::Mssql => token.is_word("go"),
        Dialect::Oracle => token.is('/'),
        _ => return false,
    };
    if !is_mark {
        return false;
    }
    let before = text.get(..token.start).unwrap_or_default();
    let after = text
        .get(token.start + token.text.len()..)
        .unwrap_or_default();
    let line_before = before.rsplit('\n').next().unwrap_or_default();
    let line_after = after.split('\n').next().unwrap_or_default();
    let is_count = |c: char| c.is_ascii_digit() || c.is_whitespace();
    line_before.trim().is_empty() && line_after.chars().all(is_count)
}

/// Joins the parts of a body, `CREATE PROCEDURE … BEGIN …; … END`, with what it is of.
fn bodies(parts: Vec<(Vec<Piece>, usize)>, dialect: Dialect) -> Result<Vec<Vec<Piece>>, String> {
    let mut joined: Vec<Vec<Piece>> = Vec::new();
    let mut parts = parts.into_iter().peekable();
    while let Some((mut part, batch)) = parts.next() {
        let takes_batch = match dialect {
            Dialect::Mssql => has_body(&part),
            // A block, or a body of PL/SQL: a driver sends it alone.
            Dialect::Oracle => {
                has_body(&part)
                    || part
                        .first()
                        .is_some_and(|it| it.is_word("begin") || it.is_word("declare"))
            }
            _ => false,
        };
        if takes_batch {
            while let Some((more, _)) = parts.next_if(|(_, other)| *other == batch) {
                part.extend(more);
            }
        } else if has_body(&part) && part.iter().any(|it| it.is_word("begin")) {
            let is_closed = part.last().is_some_and(|it| it.is_word("end"));
            let mut is_closed = is_closed && blocks(&part) == 1;
            while !is_closed {
                let Some((more, _)) = parts.next() else {
                    return Err("a body that does not end".to_owned());
                };
                is_closed = more.first().is_some_and(|it| it.is_word("end")) && more.len() == 1;
                if !is_closed && blocks(&more) > 0 {
                    return Err("a body with blocks in it".to_owned());
                }
                part.extend(more);
            }
        }
        joined.push(part);
    }
    Ok(joined)
}

/// Words that open a block, or may.
fn blocks(part: &[Piece]) -> usize {
    let opens = [
        "begin", "case", "if", "loop", "while", "repeat", "for", "end",
    ];
    let words = part.iter().filter(|it| it.kind == TokenKind::Word);
    let count = words.filter(|it| opens.contains(&it.word.as_str()));
    // The `BEGIN` and `END` of the body itself.
    let count = count.count();
    if part.last().is_some_and(|it| it.is_word("end")) {
        count.saturating_sub(1)
    } else {
        count
    }
}

/// Whether a part makes something with a body of statements.
fn has_body(part: &[Piece]) -> bool {
    let makes = part
        .first()
        .is_some_and(|it| it.is_word("create") || it.is_word("alter"));
    makes
        && part
            .iter()
            .take(10)
            .any(|it| it.kind == TokenKind::Word && WITH_BODY.contains(&it.word.as_str()))
}
