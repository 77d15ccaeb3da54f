//! What stays the same when only literals, case and white space differ.

use sha2::{Digest, Sha256};

use crate::facts::Dialect;
use crate::lexer::{Lexer, TokenKind};

/// 16 hex digits for a text.
pub(crate) fn fingerprint(text: &str, dialect: Dialect) -> String {
    let mut digest = Sha256::new();
    let mut folded = String::new();
    for token in Lexer::new(text, dialect).filter(|token| token.is_solid()) {
        folded.clear();
        match token.kind {
            TokenKind::Text | TokenKind::Number => folded.push('?'),
            _ => folded.extend(token.text.chars().map(|c| c.to_ascii_lowercase())),
        }
        folded.push(' ');
        digest.update(folded.as_bytes());
    }
    let mut hex = String::with_capacity(16);
    for byte in digest.finalize().iter().take(8) {
        for nibble in [byte >> 4, byte & 15] {
            hex.extend(char::from_digit(u32::from(nibble), 16));
        }
    }
    hex
}
