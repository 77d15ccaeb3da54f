//! Units of text: a line, a private key over several lines, a quoted row.

use std::sync::LazyLock;

use memchr::{memchr, memmem};

use super::Window;
use super::shape::Shape;

/// Longest unit in bytes. A longer line is cut; what follows is read as a line of its
/// own.
pub(crate) const LONGEST: usize = 64 * 1024;
/// How far before the cut of a long line a mark is looked for to cut at.
const CUT_BACK: usize = 4 * 1024;

/// A stretch that is judged at once.
pub(super) struct Unit {
    pub(super) start: usize,
    /// The end without the line break.
    pub(super) content_end: usize,
    /// The end with the line break.
    pub(super) end: usize,
    /// Whether it is a line and no piece of one.
    pub(super) whole: bool,
}

impl Unit {
    /// The text without the line break.
    pub(super) fn line<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.start..self.content_end).unwrap_or_default()
    }
}

/// The line that starts at `at`, with all of a private key that starts in it; `None`
/// while it is not complete.
pub(super) fn unit(window: &Window<'_>, at: usize) -> Option<Unit> {
    let unit = line(window, at)?;
    Some(match key_end(window, &unit) {
        Key::None => unit,
        Key::Ends(end) => end,
        Key::Open => return None,
    })
}

/// A row of a table. Quoted cells of CSV may hold line breaks.
pub(super) fn row(window: &Window<'_>, at: usize, shape: Shape) -> Option<Unit> {
    let mut row = unit(window, at)?;
    if !shape.quotes() {
        return Some(row);
    }
    while row.whole && quotes(window.text, row.start, row.end) % 2 == 1 {
        if row.end >= window.text.len() {
            return window.last.then_some(row);
        }
        let next = line(window, row.end)?;
        if next.end - row.start > LONGEST {
            break;
        }
        row = Unit {
            start: row.start,
            ..next
        };
    }
    Some(row)
}

fn quotes(text: &str, start: usize, end: usize) -> usize {
    let bytes = text.as_bytes().get(start..end).unwrap_or_default();
    memchr::memchr_iter(b'"', bytes).count()
}

/// The line at `at`. One that is too long is cut, behind a mark if there is one.
fn line(window: &Window<'_>, at: usize) -> Option<Unit> {
    let rest = window.text.as_bytes().get(at..)?;
    if rest.is_empty() {
        return None;
    }
    let within = rest.get(..LONGEST + 1).unwrap_or(rest);
    match memchr(b'\n', within) {
        Some(end) => {
            let content = match end.checked_sub(1).and_then(|i| within.get(i)) {
                Some(b'\r') => end - 1,
                _ => end,
            };
            Some(Unit {
                start: at,
                content_end: at + content,
                end: at + end + 1,
                whole: true,
            })
        }
        None if within.len() > LONGEST => {
            let end = cut(window.text, at);
            Some(Unit {
                start: at,
                content_end: end,
                end,
                whole: false,
            })
        }
        None => window.last.then_some(Unit {
            start: at,
            content_end: at + rest.len(),
            end: at + rest.len(),
            whole: true,
        }),
    }
}

/// Where a line that is too long is cut: after a mark that parts values, else between
/// two characters.
fn cut(text: &str, at: usize) -> usize {
    let limit = at + LONGEST;
    let tail = text
        .as_bytes()
        .get(limit - CUT_BACK..limit)
        .unwrap_or_default();
    let parts = |b: &u8| matches!(b, b'\t' | b',' | b';' | b'}');
    let mark = tail
        .iter()
        .rposition(parts)
        .or_else(|| tail.iter().rposition(|b| *b == b' '));
    let mut end = mark.map_or(limit, |i| limit - CUT_BACK + i + 1);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

/// Built once: building it costs more than searching a line.
static BEGIN: LazyLock<memmem::Finder<'static>> =
    LazyLock::new(|| memmem::Finder::new(b"-----BEGIN "));

enum Key {
    None,
    Open,
    Ends(Unit),
}

/// Extends a line in which a private key begins to the line in which it ends.
fn key_end(window: &Window<'_>, unit: &Unit) -> Key {
    let line = unit.line(window.text).as_bytes();
    let Some(begin) = BEGIN.find(line) else {
        return Key::None;
    };
    let rest = line.get(begin..).unwrap_or_default();
    if memmem::find(rest, b"PRIVATE KEY").is_none() || memmem::find(rest, b"-----END ").is_some() {
        return Key::None;
    }
    let mut end = unit.end;
    let mut material = unit.end;
    while end - unit.start <= LONGEST {
        if end >= window.text.len() {
            if !window.last {
                return Key::Open;
            }
            break;
        }
        let Some(next) = self::line(window, end) else {
            return Key::Open;
        };
        let content = next.line(window.text).as_bytes();
        let found = memmem::find(content, b"-----END ").is_some();
        end = next.end;
        if found || (material == next.start && is_material(content)) {
            material = next.end;
        }
        if found {
            break;
        }
    }
    // A key that was cut off is still a key: its lines go with it.
    Key::Ends(Unit {
        start: unit.start,
        content_end: material,
        end: material,
        whole: true,
    })
}

/// Whether a line looks like a part of a private key.
fn is_material(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    line.len() <= 80
        && !line.contains(&b' ')
        && line
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
}
