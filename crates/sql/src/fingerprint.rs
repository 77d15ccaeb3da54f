//! What stays the same when only literals, case and white space differ.

use sha2::{Digest, Sha256};

use crate::facts::Dialect;
use crate::lexer::{Lexer, TokenKind};

/// 16 hex digits for a text.
pub(crate) fn fingerprint(text: &str, dialect: Dialect) -> String {
    let mut folded = String::with_capacity(text.len() + text.len() / 4);
    for token in Lexer::new(text, dialect).filter(|token| token.is_solid()) {
        match token.kind {
            TokenKind::Text | TokenKind::Number => folded.push('?'),
            _ => folded.push_str(token.text),
        }
        folded.push(' ');
    }
    folded.make_ascii_lowercase();
    let mut hex = String::with_capacity(16);
    for byte in Sha256::digest(folded).iter().take(8) {
        for nibble in [byte >> 4, byte & 15] {
            hex.extend(char::from_digit(u32::from(nibble), 16));
        }
    }
    hex
}
