//! What the parser does not know of a `SELECT` of MySQL: where its rows go, and locks.

use crate::facts::Dialect;
use crate::lexer::TokenKind;
use crate::standard::segment::{Piece, Segment};

/// Words of the options behind `INTO OUTFILE 'x'`.
const OPTIONS: &[&str] = &[
    "character",
    "set",
    "charset",
    "fields",
    "columns",
    "terminated",
    "by",
    "optionally",
    "enclosed",
    "escaped",
    "lines",
    "starting",
];

/// A segment without `INTO OUTFILE …`, `INTO @x` and `LOCK IN SHARE MODE`, which are
/// noted on it.
pub(super) fn take(tokens: &[Piece], dialect: Dialect) -> Segment {
    if dialect != Dialect::Mysql {
        return Segment::of(tokens);
    }
    let mut kept: Vec<Piece> = Vec::with_capacity(tokens.len());
    let (mut leaves, mut assigns, mut locks) = (false, false, false);
    let mut index = 0;
    let word = |index: usize| {
        let token = tokens.get(index).filter(|it| it.kind == TokenKind::Word);
        token.map_or("", |it| it.word.as_str())
    };
    while let Some(token) = tokens.get(index) {
        let is_into = token.is_word("into");
        if is_into && matches!(word(index + 1), "outfile" | "dumpfile") {
            leaves = true;
            index = after_options(tokens, index + 2);
        } else if is_into && word(index + 1).starts_with('@') {
            assigns = true;
            index += 2;
            while tokens.get(index).is_some_and(|it| it.is(",")) && word(index + 1).starts_with('@')
            {
                index += 2;
            }
        } else if word(index) == "lock" && word(index + 1) == "in" && word(index + 2) == "share" {
            locks = true;
            index += 4;
        } else if let Some(word) = logical(token, tokens.get(index + 1)) {
            kept.push(Piece {
                kind: TokenKind::Word,
                word: word.to_lowercase(),
                text: format!("{word} "),
                is_apart: true,
                ..token.clone()
            });
            index += 2;
        } else {
            kept.push(token.clone());
            index += 1;
        }
    }
    Segment {
        leaves,
        assigns,
        locks,
        ..Segment::of(&kept)
    }
}

/// The word for `||` and `&&`, which the parser binds otherwise than MySQL does.
fn logical(token: &Piece, next: Option<&Piece>) -> Option<&'static str> {
    let next = next.filter(|next| !next.is_apart && next.word == token.word)?;
    match (token.is("|"), token.is("&"), next.kind) {
        (true, _, TokenKind::Symbol) => Some("OR"),
        (_, true, TokenKind::Symbol) => Some("AND"),
        _ => None,
    }
}

/// Where the options of a file end.
fn after_options(tokens: &[Piece], mut index: usize) -> usize {
    while let Some(token) = tokens.get(index) {
        let is_option = match token.kind {
            TokenKind::Text => true,
            TokenKind::Word => {
                let before = index.checked_sub(1).and_then(|at| tokens.get(at));
                let is_charset =
                    before.is_some_and(|it| it.is_word("set") || it.is_word("charset"));
                OPTIONS.contains(&token.word.as_str()) || is_charset
            }
            _ => false,
        };
        if !is_option {
            break;
        }
        index += 1;
    }
    index
}
