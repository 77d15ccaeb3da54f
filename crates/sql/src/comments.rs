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
        bare.push_str(if is_comment(token.kind) {
            " "
        } else {
            token.text
        });
    }
    Cow::Owned(bare)
}
