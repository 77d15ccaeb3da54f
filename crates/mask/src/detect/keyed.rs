//! Values behind a key: `password=…`, `"ssn": 123`, `name="…"`, `--token …`.

use super::{Findings, Region, Token, UNDERSCORE, names, whole};
use crate::entity::{Entity as T, EntitySet};
use crate::evidence::{self, Evidence};

/// Types that may be nothing but letters, so that only a whole value shows them.
const SHAPELESS: EntitySet = EntitySet::of(&[T::Person, T::Location, T::Nrp]);

/// Longest value that is judged by its key, in bytes.
const LONGEST_VALUE: usize = 4096;

/// Whether a token followed by `next` can be a key.
pub(super) fn may_be_key(region: &Region<'_>, token: Token, next: u8) -> bool {
    match next {
        b'=' | b':' | b'"' | b'\'' | b'\\' => true,
        b' ' => {
            token.has(UNDERSCORE)
                || matches!(region.byte(token.end + 1), b'=' | b':')
                || (region.previous(token.start) == b'-' && token.len() > 3)
                || is_password_word(region.str(token.start, token.end))
        }
        _ => false,
    }
}

pub(super) fn is_password_word(word: &str) -> bool {
    word.len() >= 3
        && matches!(
            word.as_bytes().first(),
            Some(b'p' | b'P' | b's' | b'S' | b'c' | b'C')
        )
        && [
            "password",
            "passwd",
            "pwd",
            "passphrase",
            "passwort",
            "senha",
            "contraseña",
        ]
        .iter()
        .any(|w| word.eq_ignore_ascii_case(w))
}

/// Where a value lies, and how it is set off.
struct Value {
    start: usize,
    end: usize,
    quoted: bool,
}

/// Judges the value behind `token` when the token is a key that calls for something.
pub(super) fn offer(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let (value_start, spaced) = separator(region, token.end)?;
    let mut key_start = token.start;
    while token.end - key_start < 64
        && matches!(region.previous(key_start), b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.')
    {
        key_start -= 1;
    }
    // What stands behind `=` or `:` is a value, not a key.
    if matches!(region.previous(key_start), b'=' | b':') {
        return None;
    }
    let evidence = evidence::of_name(region.str(key_start, token.end));
    if evidence.hints.is_empty() {
        return None;
    }
    let value = value(region, key_start, value_start)?;
    let text = region.str(value.start, value.end);
    // JSON may write a name in escapes.
    let plain = match value.quoted && text.contains("\\u") {
        true => serde_json::from_str::<String>(&format!("\"{text}\""))
            .unwrap_or_else(|_| text.to_owned()),
        false => text.to_owned(),
    };
    if evidence.hints_at(T::Location) && !value.quoted && !line_of_its_own(region, key_start) {
        // "mac address" is no place: the words before the key count as well.
        let called = region.evidence(value.start).hints_at(T::Location);
        return called
            .then(|| names::place(region, value.start, out))
            .flatten();
    }
    let (entity, score) = whole::judge(&plain, evidence)?;
    if SHAPELESS.has(entity) && !value.quoted && !line_of_its_own(region, key_start) {
        return None;
    }
    if entity == T::Password
        && !value.quoted
        && !is_password(text, spaced || region.byte(token.end) == b':')
    {
        return None;
    }
    out.add(value.start, value.end, entity, score);
    // Other detectors may know better what it is, but not what a password is.
    (entity == T::Password).then_some(value.end)
}

/// The password of `-u user:password`, as clients of HTTP take it; `token` is the user.
pub(super) fn login(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let head = region.slice(region.start, token.start);
    if !(head.ends_with(b"-u ") || head.ends_with(b"--user ") || head.ends_with(b"--user=")) {
        return None;
    }
    let start = token.end + 1;
    let end = region.run_within(start, LONGEST_VALUE, |b| {
        b > b' ' && !matches!(b, b'"' | b'\'')
    });
    out.add(
        start,
        end,
        T::Password,
        if end > start { 0.85 } else { 0.0 },
    );
    (end > start).then_some(end)
}

/// A password that is not set off by quotes: in prose only what no word looks like.
fn is_password(text: &str, prose: bool) -> bool {
    let odd = text.chars().any(|c| !c.is_alphabetic());
    let letters = text.chars().any(char::is_alphabetic);
    let mixed =
        text.chars().any(char::is_lowercase) && text.chars().skip(1).any(char::is_uppercase);
    !matches!(text, "reset" | "login")
        && (!prose || ((odd || mixed) && letters && text.len() >= 6) || (odd && text.len() >= 8))
}

/// Whether the key stands at the start of its line or region, as in `.env` and YAML.
fn line_of_its_own(region: &Region<'_>, key_start: usize) -> bool {
    let head = region.slice(region.start, key_start);
    let head = head.strip_suffix(b"export ").unwrap_or(head);
    let before = head
        .iter()
        .rev()
        .find(|b| !matches!(b, b' ' | b'\t' | b'-'));
    matches!(before, None | Some(b'\n'))
}

/// The start of the value behind a key that ends at `at`, and whether only space parts
/// the two.
fn separator(region: &Region<'_>, at: usize) -> Option<(usize, bool)> {
    let mut end = region.run(at, |b| b == b'\\');
    if matches!(region.byte(end), b'"' | b'\'') {
        end += 1;
    }
    let gap = region.run(end, |b| b == b' ');
    match region.byte(gap) {
        b'=' | b':' => {
            let mark = match (region.byte(gap), region.byte(gap + 1)) {
                (b'=', b'>') | (b':', b'=') => gap + 2,
                (b':', b'/' | b':') => return None,
                (b'=', b'=') => return None,
                _ => gap + 1,
            };
            Some((region.run(mark, |b| b == b' '), false))
        }
        _ if gap > end && end == at => {
            let word = region.run(gap, |b| b.is_ascii_alphabetic());
            let start = match region.slice(gap, word) {
                b"is" | b"was" => region.run(word, |b| matches!(b, b' ' | b':')),
                _ => gap,
            };
            Some((start, true))
        }
        _ => None,
    }
}

/// The value that begins at `start`.
fn value(region: &Region<'_>, key_start: usize, start: usize) -> Option<Value> {
    let slashes = region.run_within(start, LONGEST_VALUE, |b| b == b'\\');
    let quote = region.byte(slashes);
    if matches!(quote, b'"' | b'\'' | b'`') {
        let body = slashes + 1;
        let mut end = body;
        let limit = region.end.min(body + LONGEST_VALUE);
        while end < limit {
            match region.byte(end) {
                b'\\' if slashes == start => end += 1,
                b if b == quote => break,
                b'\n' => return None,
                _ => {}
            }
            end += 1;
        }
        let mut end = region.floor(end.min(limit));
        while slashes > start && end > body && region.byte(end - 1) == b'\\' {
            end -= 1;
        }
        return floor(region, body, end, true);
    }
    let mut start = start;
    if line_of_its_own(region, key_start) {
        let end = region.run_within(start, LONGEST_VALUE, |b| b != b'\n' && b != b'\r');
        let text = region.str(start, end).trim_end().len();
        return floor(region, start, start + text, false);
    }
    if region.previous(key_start) == b';' {
        // In a list such as `Server=…;Password=…;` only the semicolon ends a value.
        let end = region.run_within(start, LONGEST_VALUE, |b| {
            !matches!(b, b';' | b'"' | b'\'' | b'\n' | b'\r')
        });
        return floor(region, start, end, false);
    }
    for scheme in ["Bearer ", "Basic ", "Token ", "bearer ", "token "] {
        if region
            .bytes()
            .get(start..)
            .is_some_and(|rest| rest.starts_with(scheme.as_bytes()))
        {
            start += scheme.len();
        }
    }
    let mut end = region.run_within(start, LONGEST_VALUE, |b| {
        b > b' '
            && !matches!(
                b,
                b',' | b';' | b'&' | b'"' | b'\'' | b'}' | b']' | b'|' | b'<'
            )
    });
    while end > start && matches!(region.byte(end - 1), b'.' | b')' | b':') {
        end -= 1;
    }
    floor(region, start, end, false)
}

fn floor(region: &Region<'_>, start: usize, end: usize, quoted: bool) -> Option<Value> {
    let fits =
        end > start && region.text.is_char_boundary(start) && region.text.is_char_boundary(end);
    fits.then_some(Value { start, end, quoted })
}

/// Judges the value of a field by the field's name; answers whether all of it is taken.
pub(crate) fn field(region: &Region<'_>, evidence: Evidence, out: &mut Findings<'_>) -> bool {
    let text = region.str(region.start, region.end);
    let Some((entity, score)) = whole::judge(text, evidence) else {
        return false;
    };
    out.add(region.start, region.end, entity, score);
    true
}
