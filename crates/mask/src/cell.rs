//! One cell of a row: plain, JSON, array, composite or encoded.

mod encoded;
mod json;
mod nested;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::column::Column;
use crate::engine::{Engine, Masked};

/// Counts of masked values by type.
type Counts = BTreeMap<String, u64>;

/// Masks a cell; `None` is null. In one that `is_clean` a look at it as a whole, with the
/// same column, found nothing.
pub(crate) fn mask<'a>(
    value: &'a str,
    column: &Column,
    is_clean: bool,
    engine: &Engine,
    counts: &mut Counts,
) -> Option<Cow<'a, str>> {
    if let Some(kind) = column.rule() {
        engine.count(kind, counts);
        return engine.treat(kind, value).map(Cow::Owned);
    }
    let first = value.trim_start().bytes().next();
    if matches!(first, Some(b'{' | b'['))
        && let Some(masked) = json::mask(value, column, engine, counts)
    {
        return Some(masked);
    }
    if matches!(first, Some(b'{' | b'('))
        && let Some(masked) = nested::mask(value, column, engine, counts)
    {
        return Some(masked);
    }
    let masked = match is_clean {
        true => Cow::Borrowed(value),
        false => plain(value, column, engine, counts)?,
    };
    if matches!(masked, Cow::Borrowed(_))
        && let Some(decoded) = encoded::mask(value, engine, counts)
    {
        return Some(Cow::Owned(decoded));
    }
    Some(masked)
}

/// Masks a value that has no structure.
fn plain<'a>(
    value: &'a str,
    column: &Column,
    engine: &Engine,
    counts: &mut Counts,
) -> Option<Cow<'a, str>> {
    let mut found = Vec::new();
    column.judge(value, 0..value.len(), engine, &mut found);
    engine.select(&mut found);
    match found.as_slice() {
        [] => return Some(Cow::Borrowed(value)),
        [one] if one.start == 0 && one.end == value.len() => {
            engine.count(one.kind, counts);
            return engine.treat(one.kind, value).map(Cow::Owned);
        }
        _ => {}
    }
    let mut masked = Masked {
        text: String::with_capacity(value.len()),
        counts: std::mem::take(counts),
    };
    engine.rewrite(value, 0..value.len(), &found, &mut masked);
    *counts = masked.counts;
    Some(Cow::Owned(masked.text))
}
