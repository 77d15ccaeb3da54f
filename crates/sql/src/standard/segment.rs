//! One statement of a script as its tokens.

use crate::facts::Risk;
use crate::lexer::{Token, TokenKind};
use crate::tree::Lowered;

/// A statement without comments.
#[derive(Debug, Default)]
pub(super) struct Segment {
    /// Its text for the parser.
    pub text: String,
    /// Its tokens without white space.
    pub tokens: Vec<Piece>,
    /// Whether its rows go to a file: `INTO OUTFILE`.
    pub leaves: bool,
    /// Whether it sets variables: `INTO @x`.
    pub assigns: bool,
    /// Whether it locks the rows that it reads.
    pub locks: bool,
}

/// A token that owns its text.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub kind: TokenKind,
    /// Words in lower case, names without quotes and in lower case.
    pub word: String,
    /// As written.
    pub text: String,
    /// How many parentheses are open around it.
    pub depth: usize,
    /// Whether white space or a comment stands before it.
    pub is_apart: bool,
}

impl Piece {
    /// A token of a text.
    pub fn of(token: &Token<'_>, depth: usize, is_apart: bool) -> Self {
        let word = match token.kind {
            TokenKind::Name => unquoted(token.text),
            _ => token.text.to_lowercase(),
        };
        Self {
            kind: token.kind,
            word,
            text: token.text.to_owned(),
            depth,
            is_apart,
        }
    }

    /// Whether it is this keyword.
    pub fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.word == word
    }

    /// Whether it is this character.
    pub fn is(&self, symbol: &str) -> bool {
        self.kind == TokenKind::Symbol && self.word == symbol
    }

    /// Whether it can be a name.
    pub fn is_name(&self) -> bool {
        matches!(self.kind, TokenKind::Name | TokenKind::Word)
    }
}

/// A quoted name without its quotes, folded.
fn unquoted(text: &str) -> String {
    let mut chars = text.chars();
    let quote = chars.next_back().unwrap_or('"');
    chars.next();
    let doubled: String = [quote, quote].iter().collect();
    chars
        .as_str()
        .replace(&doubled, &quote.to_string())
        .to_lowercase()
}

impl Segment {
    /// A segment of these tokens.
    pub fn of(tokens: &[Piece]) -> Self {
        let mut text = String::new();
        for (index, token) in tokens.iter().enumerate() {
            // Two signs must not become a comment of the parser.
            let is_sign = token.is("-") && text.ends_with('-');
            if index > 0 && (token.is_apart || is_sign) {
                text.push(' ');
            }
            text.push_str(&token.text);
        }
        Self {
            text,
            tokens: tokens.to_vec(),
            ..Self::default()
        }
    }

    /// Its first word, or `(`.
    pub fn first_word(&self) -> String {
        self.tokens.first().map_or_else(String::new, |it| {
            if it.kind == TokenKind::Word || it.is("(") {
                it.word.clone()
            } else {
                String::new()
            }
        })
    }

    /// Its words by number; empty where there is none.
    pub fn word(&self, index: usize) -> &str {
        self.tokens
            .get(index)
            .filter(|it| it.kind == TokenKind::Word)
            .map_or("", |it| it.word.as_str())
    }

    /// Whether it has this word outside of parentheses.
    pub fn has(&self, word: &str) -> bool {
        self.position(word).is_some()
    }

    /// Where this word is outside of parentheses.
    pub fn position(&self, word: &str) -> Option<usize> {
        let mut tokens = self.tokens.iter();
        tokens.position(|it| it.depth == 0 && it.is_word(word))
    }

    /// The part from a token on.
    pub fn from(&self, index: usize) -> Self {
        Self::of(self.tokens.get(index..).unwrap_or_default())
    }

    /// The words before the first query or change, and the part from there on.
    pub fn split_at_query(&self) -> Option<(Vec<String>, Self)> {
        let starts = [
            "select", "with", "values", "insert", "replace", "update", "delete", "merge",
        ];
        let at = self.tokens.iter().skip(1).position(|it| {
            it.is("(") || it.kind == TokenKind::Word && starts.contains(&it.word.as_str())
        })? + 1;
        let before = self.tokens.get(1..at).unwrap_or_default();
        let rest = Self {
            leaves: self.leaves,
            ..self.from(at)
        };
        Some((before.iter().map(|it| it.word.clone()).collect(), rest))
    }

    /// Notes on a lowered statement what was taken out of the text.
    pub fn mark(&self, lowered: &mut Lowered) {
        if self.leaves {
            lowered.risks.insert(Risk::Exfiltration);
        }
        if self.leaves {
            lowered.is_harmless = false;
        }
        // A variable of the session is no lasting change.
        lowered.returns_rows &= !self.leaves && !self.assigns;
        if let Some(query) = &mut lowered.query {
            query.locks |= self.locks;
        }
    }
}
