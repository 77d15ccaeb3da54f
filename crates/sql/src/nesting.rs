//! How deep a text is nested, before it is parsed: the time that a parser takes may
//! grow with the square of the depth.

use crate::facts::Dialect;
use crate::lexer::{Lexer, Token, TokenKind};

/// The deepest nesting that is read. Statements of people have a tenth of it.
const DEEPEST: usize = 200;

/// Words that end a chain of comparisons.
const BETWEEN: &[&str] = &[
    "and", "or", "when", "then", "else", "on", "where", "set", "select", "from", "join",
];

/// Whether a text is nested too deeply: by brackets, by `CASE`, by signs and `NOT` in a
/// row, by dots in a name, or by comparisons of comparisons.
pub(crate) fn is_too_deep(text: &str, dialect: Dialect) -> bool {
    let mut brackets = 0_usize;
    let mut cases = 0_usize;
    let mut signs = 0_usize;
    let mut dots = 0_usize;
    let mut comparisons = 0_usize;
    for token in Lexer::new(text, dialect).filter(Token::is_solid) {
        if token.is('(') || token.is('[') {
            brackets += 1;
        } else if token.is(')') || token.is(']') {
            brackets = brackets.saturating_sub(1);
        } else if token.is_word("case") {
            cases += 1;
        } else if token.is_word("end") {
            cases = cases.saturating_sub(1);
        }
        let is_sign = token.kind == TokenKind::Symbol && !token.is(')') && !token.is(';');
        signs = if is_sign || token.is_word("not") {
            signs + 1
        } else {
            0
        };
        dots = match token.kind {
            TokenKind::Symbol if token.is('.') => dots + 1,
            TokenKind::Word | TokenKind::Name => dots,
            _ => 0,
        };
        if token.is('=') || token.is('<') || token.is('>') {
            comparisons += 1;
        } else if token.is(',') || token.is(';') || BETWEEN.iter().any(|it| token.is_word(it)) {
            comparisons = 0;
        }
        // A statement that ends closes what it left open.
        if token.is(';') {
            (brackets, cases) = (0, 0);
        }
        let deepest = brackets.max(cases).max(signs).max(dots).max(comparisons);
        if deepest > DEEPEST {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_deep(text: &str) -> bool {
        is_too_deep(text, Dialect::Postgres)
    }

    #[test]
    fn each_kind_of_nesting_counts() {
        for part in ["(", "[", "CASE ", "NOT ", "- ", "a.", "a = "] {
            assert!(is_deep(&part.repeat(300)), "{part}");
            assert!(!is_deep(&part.repeat(150)), "{part}");
        }
    }

    #[test]
    fn long_and_flat_is_not_deep() {
        for part in [
            "(1),",
            "a.b,",
            "CASE x END,",
            "1 + ",
            "- 1, ",
            "f(g(1));",
            "a = 1 AND ",
        ] {
            assert!(!is_deep(&part.repeat(1_000)), "{part}");
        }
        assert!(!is_deep(&format!("'{}'", "(".repeat(1_000))));
    }
}
