//! Text without comments.

use std::borrow::Cow;

use crate::facts::Dialect;
use crate::lexer::{Lexer, TokenKind};

/// The text with each comment replaced by one space. Strings, dollar quotes and quoted
/// names stay as they are, and so does the text in comments that MySQL runs
/// (`/*! … */`). Without a dialect it is not known what a comment is: the text stays.
pub fn without_comments(text: &str, dialect: Option<Dialect>) -> Cow<'_, str> {
    let Some(dialect) = dialect else {
        return Cow::Borrowed(text);
    };
    let is_comment = |kind| kind == TokenKind::Comment;
    if !Lexer::new(text, dialect).any(|token| is_comment(token.kind)) {
        return Cow::Borrowed(text);
    }
    let mut bare = String::with_capacity(text.len());
    for token in Lexer::new(text, dialect) {
        if !is_comment(token.kind) {
            bare.push_str(token.text);
            continue;
        }
        // To MySQL two dashes are a comment only with a space behind them, which must
        // not come from here.
        if dialect == Dialect::Mysql && bare.ends_with("--") {
            let dashes = bare.len() - bare.trim_end_matches('-').len();
            bare.truncate(bare.len() - dashes);
            bare.push_str("- ".repeat(dashes).trim_end());
        }
        bare.push(' ');
    }
    Cow::Owned(bare)
}
