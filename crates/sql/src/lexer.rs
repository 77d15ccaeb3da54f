//! Tokens of all dialects: enough to find comments, strings and statements.

mod scan;

use crate::facts::Dialect;

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// White space.
    Space,
    /// A comment, or the opening or closing of one whose text is run.
    Comment,
    /// A name or keyword without quotes.
    Word,
    /// A quoted name.
    Name,
    /// A string.
    Text,
    /// A number.
    Number,
    /// Any other character.
    Symbol,
}

/// A piece of text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'t> {
    pub kind: TokenKind,
    pub text: &'t str,
    /// Where it begins, in bytes.
    pub start: usize,
}

impl Token<'_> {
    /// Whether it is this word, in any case.
    pub fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it is this character.
    pub fn is(&self, symbol: char) -> bool {
        self.kind == TokenKind::Symbol && self.text.starts_with(symbol)
    }

    /// Whether it means something to the server.
    pub fn is_solid(&self) -> bool {
        !matches!(self.kind, TokenKind::Space | TokenKind::Comment)
    }
}

/// Reads tokens from a text.
#[derive(Clone, Debug)]
pub(crate) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    dialect: Dialect,
    /// Whether text in comments for other versions of MySQL counts as run.
    runs_versions: bool,
    /// Whether it is inside of a comment whose text is run.
    is_in_version: bool,
    /// What cannot be told: where a comment or string ends.
    pub doubt: Option<&'static str>,
    /// Whether it met a comment that only some versions of MySQL run.
    pub has_versions: bool,
}

impl<'t> Lexer<'t> {
    /// A lexer at the start of a text.
    pub fn new(text: &'t str, dialect: Dialect) -> Self {
        Self {
            text,
            at: 0,
            dialect,
            runs_versions: true,
            is_in_version: false,
            doubt: None,
            has_versions: false,
        }
    }

    /// The same, skipping what only some versions of MySQL run.
    pub fn skipping_versions(mut self) -> Self {
        self.runs_versions = false;
        self
    }
}

impl<'t> Iterator for Lexer<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        let rest = self.text.get(self.at..)?;
        if rest.is_empty() {
            if self.is_in_version {
                self.doubt = Some("a comment does not end");
            }
            return None;
        }
        let start = self.at;
        let (kind, length) = self.scan(rest);
        // Progress is at least one character, and never leaves the text.
        let mut end = start.saturating_add(length.max(1)).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        self.at = end;
        Some(Token {
            kind,
            text: self.text.get(start..end).unwrap_or_default(),
            start,
        })
    }
}
