//! Values behind a key: `password=…`, `"ssn": 123`, `name="…"`, `--token …`.

use super::{Findings, Region, Token, UNDERSCORE, names, whole};
use crate::entity::{Entity as T, EntitySet};
use crate::evidence::{self, Evidence};

/// Types that may be nothing but letters, so that only a whole value shows them.
const SHAPELESS: EntitySet = EntitySet::of(&[T::Person, T::Location, T::Nrp]);

/// Longest value that is judged by its key, in bytes.
pub(super) const LONGEST_VALUE: usize = 4096;

/// Most words of a label and the space behind them, and most bytes of it.
const MOST_LABEL_WORDS: usize = 3;
const LONGEST_LABEL: usize = 48;

/// Whether a token followed by `next` can be a key.
pub(super) fn may_be_key(region: &Region<'_>, token: Token, next: u8) -> bool {
    match next {
        b'=' | b':' | b'"' | b'\'' | b'\\' | b'>' => true,
        b' ' => {
            token.has(UNDERSCORE)
                || matches!(region.byte(token.end + 1), b'=' | b':')
                || is_option(region, token)
                || is_password_word(region.str(token.start, token.end))
        }
        _ => false,
    }
}

/// Whether a token is an option of a command, such as `--token`, and no end of a word.
pub(super) fn is_option(region: &Region<'_>, token: Token) -> bool {
    let dash = token.start.saturating_sub(1);
    token.len() > 3
        && region.previous(token.start) == b'-'
        && !region.previous(dash).is_ascii_alphanumeric()
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
    let is_element = region.byte(token.end) == b'>';
    let (value_start, spaced) = match is_element {
        true => (token.end + 1, false),
        false => separator(region, token.end)?,
    };
    let mut key_start = token.start;
    while token.end - key_start < 64
        && matches!(region.previous(key_start), b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'.')
    {
        key_start -= 1;
    }
    match region.previous(key_start) {
        b'<' | b':' if is_element => {}
        // What stands behind `=` or `:` is a value, not a key.
        _ if is_element => return None,
        b'=' | b':' => return None,
        _ => {}
    }
    let label = label_start(region, key_start, token.end);
    let labelled = label.map(|start| evidence::of_name(region.str(start, token.end)));
    let evidence = match labelled {
        Some(labelled) if !labelled.hints.is_empty() => {
            key_start = label.unwrap_or(key_start);
            labelled
        }
        _ => evidence::of_name(region.str(key_start, token.end)),
    };
    if evidence.hints.is_empty() {
        return None;
    }
    let is_parameter = matches!(region.previous(key_start), b'?' | b'&');
    let value = match (is_element, is_parameter) {
        (true, _) => enclosed(region, value_start, |b| b != b'<'),
        (_, true) => enclosed(region, value_start, |b| {
            b > b' ' && !matches!(b, b'&' | b'"' | b'\'' | b'<')
        }),
        _ => value(region, key_start, value_start),
    }?;
    let text = region.str(value.start, value.end);
    if evidence.hints_at(T::Location) && !value.quoted && !line_of_its_own(region, key_start) {
        // "mac address" is no place: the words before the key count as well.
        let called = region.evidence(value.start).hints_at(T::Location);
        return called
            .then(|| names::place(region, value.start, out))
            .flatten();
    }
    let (entity, score) = match whole::judge(&plain(text, &value), evidence) {
        None if is_parameter => whole::judge(&unescaped(text), evidence)?,
        judged => judged?,
    };
    if SHAPELESS.has(entity) && !value.quoted && !line_of_its_own(region, key_start) {
        return None;
    }
    if entity == T::Password
        && !value.quoted
        && !is_password(text, spaced || region.byte(token.end) == b':')
    {
        return None;
    }
    // The shell keeps its folder there.
    if entity == T::Password
        && text.starts_with('/')
        && region.str(key_start, token.end).ends_with("PWD")
    {
        return None;
    }
    out.add(value.start, value.end, entity, score);
    // Other detectors may know better what it is, but not what a password is.
    (entity == T::Password).then_some(value.end)
}

/// A value as it is read: JSON may write a name in escapes.
fn plain(text: &str, value: &Value) -> String {
    match value.quoted && text.contains("\\u") {
        true => serde_json::from_str::<String>(&format!("\"{text}\""))
            .unwrap_or_else(|_| text.to_owned()),
        false => text.to_owned(),
    }
}

/// The text of a parameter in an address (`application/x-www-form-urlencoded`).
fn unescaped(text: &str) -> String {
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match (byte, digit(bytes.get(at)), digit(bytes.get(at + 1))) {
            (b'+', _, _) => plain.push(b' '),
            (b'%', Some(high), Some(low)) => {
                plain.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 2;
            }
            _ => plain.push(*byte),
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// The value from `start` on that is set off on both sides.
fn enclosed(region: &Region<'_>, start: usize, within: impl Fn(u8) -> bool) -> Option<Value> {
    let end = region.run_within(start, LONGEST_VALUE, within);
    floor(region, start, region.floor(end), true)
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

/// The start of a label of some words, such as `Contact person:`, that begins its line;
/// its last word lies at `last..end`.
fn label_start(region: &Region<'_>, last: usize, end: usize) -> Option<usize> {
    if region.byte(end) != b':' || region.previous(last) != b' ' {
        return None;
    }
    let head = region.str(
        region
            .floor(last.saturating_sub(LONGEST_LABEL))
            .max(region.start),
        last,
    );
    let line = head
        .rfind('\n')
        .map_or(head, |at| head.get(at + 1..).unwrap_or_default());
    let label = line.trim_start_matches([' ', '\t', '-']);
    let is_label = label.split(' ').count() <= MOST_LABEL_WORDS
        && label
            .chars()
            .all(|c| c.is_alphabetic() || matches!(c, ' ' | '-'));
    let start = last - label.len();
    (is_label && line_of_its_own(region, start)).then_some(start)
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
    // Behind a colon or a word no further parameter follows.
    let is_form = region.byte(start.saturating_sub(1)) == b'=';
    let mut end = region.run_within(start, LONGEST_VALUE, |b| {
        b > b' '
            && !(is_form && b == b'&')
            && !matches!(b, b',' | b';' | b'"' | b'\'' | b'}' | b']' | b'|' | b'<')
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
