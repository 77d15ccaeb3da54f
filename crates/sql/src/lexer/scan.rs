//! Where a token ends, by the lexical rules of each server's manual.

use super::{Lexer, TokenKind};
use crate::facts::Dialect;

/// The highest version in `/*!50700 … */` that every server runs: MySQL 5.7 and
/// later run all up to it, MariaDB skips those from 50701 to 99999.
const RUN_BY_ALL: u32 = 50_700;

impl Lexer<'_> {
    /// The kind and length in bytes of the token at the start of `rest`.
    pub(super) fn scan(&mut self, rest: &str) -> (TokenKind, usize) {
        let bytes = rest.as_bytes();
        let first = bytes.first().copied().unwrap_or_default();
        let second = bytes.get(1).copied().unwrap_or_default();
        match first {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C => {
                let is_space = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C);
                let length = bytes.iter().take_while(|b| is_space(b)).count();
                (TokenKind::Space, length)
            }
            b'-' if second == b'-' && self.dashes_comment(bytes.get(2)) => self.line(rest),
            b'#' if self.dialect == Dialect::Mysql => self.line(rest),
            b'/' if second == b'*' => self.block(rest),
            b'*' if second == b'/' && self.is_in_version => {
                self.is_in_version = false;
                (TokenKind::Comment, 2)
            }
            b'\'' => self.quoted(rest, 0, b'\'', self.dialect == Dialect::Mysql),
            b'"' if self.dialect == Dialect::Mysql => self.quoted(rest, 0, b'"', true),
            b'"' => self.named(rest, 0, b'"'),
            b'`' if matches!(self.dialect, Dialect::Mysql | Dialect::Sqlite) => {
                self.named(rest, 0, b'`')
            }
            b'[' if matches!(self.dialect, Dialect::Mssql | Dialect::Sqlite) => {
                self.named(rest, 0, b']')
            }
            b'$' if self.dialect == Dialect::Postgres => self.dollar(rest),
            b'0'..=b'9' => (TokenKind::Number, number(rest)),
            _ if starts_word(first) => self.word(rest),
            _ => (TokenKind::Symbol, 1),
        }
    }

    /// Whether two dashes begin a comment. MySQL wants white space behind them.
    fn dashes_comment(&self, third: Option<&u8>) -> bool {
        self.dialect != Dialect::Mysql
            || third.is_none_or(|third| third.is_ascii_whitespace() || third.is_ascii_control())
    }

    /// A comment to the end of the line.
    fn line(&mut self, rest: &str) -> (TokenKind, usize) {
        let is_postgres = self.dialect == Dialect::Postgres;
        let end = rest.find(|c| c == '\n' || (is_postgres && c == '\r'));
        let end = end.unwrap_or(rest.len());
        let body = rest.get(..end).unwrap_or_default();
        let inner = body.strip_suffix('\r').unwrap_or(body);
        let is_odd = |c: char| matches!(c, '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
        if !is_postgres && inner.contains(is_odd) {
            self.doubt = Some("where a comment ends cannot be told");
        }
        (TokenKind::Comment, end)
    }

    /// A comment between `/*` and `*/`.
    fn block(&mut self, rest: &str) -> (TokenKind, usize) {
        if self.dialect == Dialect::Mysql
            && let Some(opening) = self.version(rest)
        {
            return (TokenKind::Comment, opening);
        }
        let nests = matches!(self.dialect, Dialect::Postgres | Dialect::Mssql);
        let bytes = rest.as_bytes();
        let mut depth = 1_usize;
        let mut at = 2;
        while let Some(pair) = bytes.get(at..at + 2) {
            match pair {
                b"*/" => {
                    depth -= 1;
                    at += 2;
                    if depth == 0 {
                        return (TokenKind::Comment, at);
                    }
                }
                b"/*" if nests => {
                    depth += 1;
                    at += 2;
                }
                _ => at += 1,
            }
        }
        self.doubt = Some("a comment does not end");
        (TokenKind::Comment, rest.len())
    }

    /// The length of what opens a comment that is run, or of all of a comment that
    /// is not; `None` for other comments.
    fn version(&mut self, rest: &str) -> Option<usize> {
        let (body, skipped) = match rest.strip_prefix("/*!") {
            Some(body) => (body, 3),
            None => (rest.strip_prefix("/*M!")?, 4),
        };
        if self.is_in_version {
            self.doubt = Some("a conditional comment in another one");
            return None;
        }
        let digits = body.bytes().take_while(u8::is_ascii_digit).count();
        // A version has five or six digits; fewer are text that is run.
        let (digits, version) = match digits {
            0..5 => (0, 0),
            _ => {
                let digits = digits.min(6);
                let version = body.get(..digits).and_then(|digits| digits.parse().ok());
                (digits, version.unwrap_or(u32::MAX))
            }
        };
        let only_some = version > RUN_BY_ALL || skipped == 4 || digits == 6;
        self.has_versions |= only_some;
        if only_some && !self.runs_versions {
            return None;
        }
        self.is_in_version = true;
        Some(skipped + digits)
    }

    /// A string from `from`, where its quote is.
    fn quoted(
        &mut self,
        rest: &str,
        from: usize,
        quote: u8,
        has_escapes: bool,
    ) -> (TokenKind, usize) {
        (
            TokenKind::Text,
            self.delimited(rest, from, quote, has_escapes),
        )
    }

    /// A quoted name.
    fn named(&mut self, rest: &str, from: usize, quote: u8) -> (TokenKind, usize) {
        (TokenKind::Name, self.delimited(rest, from, quote, false))
    }

    /// Where something ends that begins at `from` and ends with `quote`, which is
    /// doubled inside.
    fn delimited(&mut self, rest: &str, from: usize, quote: u8, has_escapes: bool) -> usize {
        let bytes = rest.as_bytes();
        let mut at = from + 1;
        while let Some(byte) = bytes.get(at) {
            if has_escapes && *byte == b'\\' {
                at += 2;
            } else if *byte != quote {
                at += 1;
            } else if bytes.get(at + 1) == Some(&quote) {
                at += 2;
            } else {
                return at + 1;
            }
        }
        self.doubt = Some("a string does not end");
        rest.len()
    }

    /// A string between dollars, or a parameter.
    fn dollar(&mut self, rest: &str) -> (TokenKind, usize) {
        let inner = rest.get(1..).unwrap_or_default();
        let tag = inner
            .bytes()
            .take_while(|b| continues_word(*b) && *b != b'$');
        let tag = tag.count();
        let is_tag = inner.as_bytes().get(tag) == Some(&b'$')
            && !inner.as_bytes().first().is_some_and(u8::is_ascii_digit);
        if !is_tag {
            let digits = inner.bytes().take_while(u8::is_ascii_digit).count();
            return (TokenKind::Symbol, 1 + digits);
        }
        let opening = tag + 2;
        let (delimiter, body) = rest.split_at(opening);
        match body.find(delimiter) {
            Some(end) => (TokenKind::Text, opening + end + opening),
            None => {
                self.doubt = Some("a string does not end");
                (TokenKind::Text, rest.len())
            }
        }
    }

    /// A word, or a string or name with a prefix.
    fn word(&mut self, rest: &str) -> (TokenKind, usize) {
        let length = rest.bytes().take_while(|b| continues_word(*b)).count();
        let word = rest.get(..length).unwrap_or_default();
        let next = rest.as_bytes().get(length).copied().unwrap_or_default();
        match (self.dialect, next) {
            (Dialect::Postgres, b'\'') if is_prefix(word, &["b", "x", "n"]) => {
                self.quoted(rest, length, b'\'', false)
            }
            (Dialect::Postgres, b'\'') if is_prefix(word, &["e"]) => {
                self.quoted(rest, length, b'\'', true)
            }
            (Dialect::Postgres, b'&') if is_prefix(word, &["u"]) => {
                match rest.as_bytes().get(length + 1) {
                    Some(b'\'') => self.quoted(rest, length + 1, b'\'', false),
                    Some(b'"') => self.named(rest, length + 1, b'"'),
                    _ => (TokenKind::Word, length),
                }
            }
            (Dialect::Oracle, b'\'') if is_prefix(word, &["q", "nq"]) => self.oracle(rest, length),
            _ => (TokenKind::Word, length),
        }
    }

    /// `q'[…]'`.
    fn oracle(&mut self, rest: &str, quote: usize) -> (TokenKind, usize) {
        let body = rest.get(quote + 1..).unwrap_or_default();
        let Some(open) = body.chars().next() else {
            self.doubt = Some("a string does not end");
            return (TokenKind::Text, rest.len());
        };
        let close = match open {
            '[' => ']',
            '(' => ')',
            '{' => '}',
            '<' => '>',
            other => other,
        };
        let ending = format!("{close}'");
        let inner = body.get(open.len_utf8()..).unwrap_or_default();
        match inner.find(&ending) {
            Some(end) => {
                let length = quote + 1 + open.len_utf8() + end + ending.len();
                (TokenKind::Text, length)
            }
            None => {
                self.doubt = Some("a string does not end");
                (TokenKind::Text, rest.len())
            }
        }
    }
}

fn is_prefix(word: &str, prefixes: &[&str]) -> bool {
    prefixes
        .iter()
        .any(|prefix| word.eq_ignore_ascii_case(prefix))
}

/// Whether a byte begins a word. All bytes beyond ASCII do, as in PostgreSQL and MySQL.
fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'@' | 0x80..)
}

fn continues_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'@' | 0x80..)
}

/// The length of a number, with what sticks to it.
fn number(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut length = 0;
    while let Some(byte) = bytes.get(length) {
        let after_exponent = length > 0
            && matches!(byte, b'+' | b'-')
            && matches!(bytes.get(length - 1), Some(b'e' | b'E'))
            && bytes.get(length + 1).is_some_and(u8::is_ascii_digit);
        if !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_') || after_exponent) {
            break;
        }
        length += 1;
    }
    length.max(1)
}
