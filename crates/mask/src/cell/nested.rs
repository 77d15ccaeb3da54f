//! Arrays and composite values in PostgreSQL's text form: `{a,"b c",NULL}` and
//! `(1,"x y",)` (PostgreSQL documentation, 8.15.6 and 8.16.6).

use std::borrow::Cow;

use super::Counts;
use crate::column::Column;
use crate::engine::Engine;

/// Masks every element; `None` when the value has not this form.
pub(super) fn mask<'a>(
    value: &'a str,
    column: &Column,
    engine: &Engine,
    counts: &mut Counts,
) -> Option<Cow<'a, str>> {
    let bytes = value.as_bytes();
    let composite = bytes.first() == Some(&b'(');
    if bytes.last() != Some(if composite { &b')' } else { &b'}' }) {
        return None;
    }
    let mut out = String::with_capacity(value.len());
    let mut changed = false;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'}' | b'(' | b')' | b',' => {
                out.push(char::from(*byte));
                at += 1;
            }
            b'"' => {
                let end = quoted_end(bytes, at)?;
                let inner = unescape(value.get(at + 1..end)?);
                let masked = super::plain(&inner, column, engine, counts);
                let same = masked.as_deref() == Some(inner.as_str());
                changed |= !same;
                match masked {
                    _ if same => out.push_str(value.get(at..=end)?),
                    Some(masked) => out.push_str(&quote(&masked)),
                    None => out.push_str(if composite { "" } else { "NULL" }),
                }
                at = end + 1;
            }
            _ => {
                let rest = bytes.get(at..)?;
                let length = rest
                    .iter()
                    .position(|b| matches!(b, b',' | b'{' | b'}' | b'(' | b')' | b'"'))?;
                let element = value.get(at..at + length)?;
                let masked = super::plain(element, column, engine, counts);
                changed |= masked.as_deref() != Some(element);
                match masked {
                    Some(masked) if masked.contains([',', '"', '{', '}', '(', ')']) => {
                        out.push_str(&quote(&masked))
                    }
                    Some(masked) => out.push_str(&masked),
                    None => out.push_str(if composite { "" } else { "NULL" }),
                }
                at += length;
            }
        }
    }
    Some(match changed {
        true => Cow::Owned(out),
        false => Cow::Borrowed(value),
    })
}

/// Where the quoted element that begins at `at` ends: a backslash or a doubled quote
/// does not end it.
fn quoted_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = at + 1;
    loop {
        match (bytes.get(end)?, bytes.get(end + 1)) {
            (b'\\', _) | (b'"', Some(b'"')) => end += 2,
            (b'"', _) => return Some(end),
            _ => end += 1,
        }
    }
}

fn unescape(inner: &str) -> String {
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        let escapes = c == '\\' || (c == '"' && chars.peek() == Some(&'"'));
        match escapes {
            true => out.extend(chars.next()),
            false => out.push(c),
        }
    }
    out
}

fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}
