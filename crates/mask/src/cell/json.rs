//! JSON cells: every string and number is judged under its key. What is not masked is
//! copied byte for byte, so numbers and the order of keys stay as they are.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use serde::de::IgnoredAny;

use super::Counts;
use crate::column::Column;
use crate::engine::Engine;

/// Masks the leaves of a JSON document; `None` when the value is none.
pub(super) fn mask<'a>(
    value: &'a str,
    column: &Column,
    engine: &Engine,
    counts: &mut Counts,
) -> Option<Cow<'a, str>> {
    serde_json::from_str::<IgnoredAny>(value).ok()?;
    let mut walk = Walk {
        value,
        out: String::with_capacity(value.len()),
        column,
        keys: HashMap::new(),
        path: Vec::new(),
        key: None,
        changed: false,
    };
    walk.run(engine, counts)?;
    Some(match walk.changed {
        true => Cow::Owned(walk.out),
        false => Cow::Borrowed(value),
    })
}

/// A walk over a document that is known to be valid.
struct Walk<'a, 'c> {
    value: &'a str,
    out: String,
    /// Judges what stands under no key.
    column: &'c Column,
    keys: HashMap<String, Column>,
    /// The key that each open container stands under.
    path: Vec<Option<String>>,
    /// The key of the value that comes next.
    key: Option<String>,
    changed: bool,
}

impl Walk<'_, '_> {
    fn run(&mut self, engine: &Engine, counts: &mut Counts) -> Option<()> {
        let bytes = self.value.as_bytes();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            at = match byte {
                b'{' | b'[' => {
                    self.path.push(self.key.clone());
                    self.copy(at, at + 1)?
                }
                b'}' | b']' => {
                    self.key = self.path.pop().flatten();
                    self.copy(at, at + 1)?
                }
                b',' => {
                    self.key = self.path.last().cloned().flatten();
                    self.copy(at, at + 1)?
                }
                b'"' => self.string(at, engine, counts)?,
                b'-' | b'0'..=b'9' => {
                    let length = bytes
                        .get(at..)?
                        .iter()
                        .take_while(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
                        .count();
                    self.leaf(
                        at..at + length,
                        Cow::Borrowed(self.value.get(at..at + length)?),
                        engine,
                        counts,
                    )?
                }
                _ => {
                    let rest = self.value.get(at..)?;
                    let length = rest.chars().next()?.len_utf8();
                    self.copy(at, at + length)?
                }
            };
        }
        Some(())
    }

    fn copy(&mut self, start: usize, end: usize) -> Option<usize> {
        self.out.push_str(self.value.get(start..end)?);
        Some(end)
    }

    /// A string: a key when a colon follows, else a leaf.
    fn string(&mut self, start: usize, engine: &Engine, counts: &mut Counts) -> Option<usize> {
        let bytes = self.value.as_bytes();
        let mut end = start + 1;
        while bytes.get(end)? != &b'"' {
            end += if bytes.get(end) == Some(&b'\\') { 2 } else { 1 };
        }
        end += 1;
        let text: String = serde_json::from_str(self.value.get(start..end)?).ok()?;
        let colon = bytes.get(end..)?.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b':');
        if colon {
            self.key = Some(text);
            return self.copy(start, end);
        }
        self.leaf(start..end, Cow::Owned(text), engine, counts)
    }

    fn leaf(
        &mut self,
        place: Range<usize>,
        text: Cow<'_, str>,
        engine: &Engine,
        counts: &mut Counts,
    ) -> Option<usize> {
        let column = match &self.key {
            Some(key) => match self.keys.contains_key(key) {
                true => self.keys.get(key)?,
                false => self
                    .keys
                    .entry(key.clone())
                    .or_insert_with(|| Column::key(key)),
            },
            None => self.column,
        };
        let masked = super::plain(&text, column, engine, counts);
        if masked.as_deref() == Some(text.as_ref()) {
            return self.copy(place.start, place.end);
        }
        self.changed = true;
        let number = self.value.as_bytes().get(place.start) != Some(&b'\"');
        match masked {
            Some(masked)
                if number && serde_json::from_str::<serde_json::Number>(&masked).is_ok() =>
            {
                self.out.push_str(&masked)
            }
            Some(masked) => self.out.push_str(&serde_json::to_string(&masked).ok()?),
            None => self.out.push_str("null"),
        }
        Some(place.end)
    }
}
