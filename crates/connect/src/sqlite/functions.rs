//! Functions of the library that take quadratic time, in linear time: while a
//! function computes, no stop is seen, and two long values keep the library's
//! own busy for hours.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};

use memchr::memmem;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Error, Result, ffi};

thread_local! {
    static CASTS: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

/// Text of any bytes, as the library has it.
struct Text(Vec<u8>);

/// Where a text is trimmed.
#[derive(Clone, Copy)]
struct Ends {
    left: bool,
    right: bool,
}

/// Puts the functions in the place of the library's own.
///
/// # Errors
/// Those of the library.
pub(super) fn replace_slow(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("instr", 2, flags, |context| Ok(instr(context)))?;
    connection.create_scalar_function("replace", 3, flags, replace)?;
    connection.create_scalar_function("unhex", 2, flags, |context| Ok(unhex(context)))?;
    for (name, left, right) in [
        ("trim", true, true),
        ("ltrim", true, false),
        ("rtrim", false, true),
    ] {
        let ends = Ends { left, right };
        connection
            .create_scalar_function(name, 2, flags, move |context| Ok(trim(context, ends)))?;
    }
    Ok(())
}

impl ToSql for Text {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(&self.0)))
    }
}

/// `instr(X, Y)`: the place of Y in X from 1, in characters, or in bytes when
/// both are blobs; 0 when it is not there.
fn instr(context: &Context<'_>) -> Option<i64> {
    let (first, second) = (context.get_raw(0), context.get_raw(1));
    let (text, sought) = (bytes(first)?, bytes(second)?);
    let is_binary = matches!((first, second), (ValueRef::Blob(_), ValueRef::Blob(_)));
    let is_inner = |byte: &u8| byte & 0xc0 == 0x80;
    let at = match sought.first() {
        // No character begins like this; only at the beginning it is looked for.
        Some(byte) if !is_binary && is_inner(byte) => text.starts_with(&sought).then_some(0),
        _ => memmem::find(&text, &sought),
    };
    let Some(before) = at.and_then(|at| text.get(..at)) else {
        return Some(0);
    };
    let inner = before.iter().skip(1).filter(|byte| is_inner(byte)).count();
    let place = before.len() - if is_binary { 0 } else { inner };
    i64::try_from(place + 1).ok()
}

/// `replace(X, Y, Z)`: X with Z for each Y.
fn replace(context: &Context<'_>) -> Result<Option<Text>> {
    let (text, old) = (bytes(context.get_raw(0)), bytes(context.get_raw(1)));
    let (Some(text), Some(old)) = (text, old) else {
        return Ok(None);
    };
    // So the library does, whatever comes after the NUL.
    if old.first().is_none_or(|byte| *byte == 0) {
        return Ok(Some(Text(text.into_owned())));
    }
    let Some(new) = bytes(context.get_raw(2)) else {
        return Ok(None);
    };
    let finder = memmem::Finder::new(&old);
    let times = finder.find_iter(&text).count();
    let length = text.len() - times * old.len() + times * new.len();
    if length > super::fence::LONGEST as usize {
        return Err(Error::SqliteFailure(
            ffi::Error::new(ffi::SQLITE_TOOBIG),
            None,
        ));
    }
    let mut replaced = Vec::with_capacity(length);
    let mut rest = 0;
    for at in finder.find_iter(&text) {
        replaced.extend_from_slice(&text[rest..at]);
        replaced.extend_from_slice(&new);
        rest = at + old.len();
    }
    replaced.extend_from_slice(&text[rest..]);
    Ok(Some(Text(replaced)))
}

/// `trim(X, Y)` and its halves: X without the characters of Y at its ends.
fn trim(context: &Context<'_>, ends: Ends) -> Option<Text> {
    let (text, set) = (bytes(context.get_raw(0))?, bytes(context.get_raw(1))?);
    let characters: HashSet<&[u8]> = characters(&set).collect();
    let lengths: BTreeSet<usize> = characters.iter().map(|one| one.len()).collect();
    let mut text = text.as_ref();
    while ends.left
        && let Some(length) = lengths.iter().find(|length| {
            text.get(..**length)
                .is_some_and(|first| characters.contains(first))
        })
    {
        text = &text[*length..];
    }
    while ends.right
        && let Some(rest) = lengths.iter().find_map(|length| {
            let rest = text.len().checked_sub(*length)?;
            characters.contains(&text[rest..]).then_some(rest)
        })
    {
        text = &text[..rest];
    }
    Some(Text(text.to_owned()))
}

/// `unhex(X, Y)`: the bytes that X tells in hexadecimal digits, between which
/// there may be characters of Y.
fn unhex(context: &Context<'_>) -> Option<Vec<u8>> {
    let (text, others) = (bytes(context.get_raw(0))?, bytes(context.get_raw(1))?);
    let text = String::from_utf8_lossy(&text);
    let others: HashSet<char> = String::from_utf8_lossy(&others).chars().collect();
    let mut told = Vec::new();
    let mut letters = text.chars().take_while(|letter| *letter != '\0');
    while let Some(letter) = letters.next() {
        if let Some(high) = letter.to_digit(16) {
            let low = letters.next()?.to_digit(16)?;
            told.push(u8::try_from(high * 16 + low).ok()?);
        } else if !others.contains(&letter) {
            return None;
        }
    }
    Some(told)
}

/// The characters up to the first NUL; bytes that belong to none are with the
/// one before.
fn characters(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text.split(|byte| *byte == 0).next().unwrap_or_default();
    std::iter::from_fn(move || {
        let first = *rest.first()?;
        let inner = rest.iter().skip(1).take_while(|byte| **byte & 0xc0 == 0x80);
        let length = if first < 0xc0 { 1 } else { 1 + inner.count() };
        let (character, after) = rest.split_at(length);
        rest = after;
        Some(character)
    })
}

/// The text of a value as the library casts it; `None` for null.
fn bytes(value: ValueRef<'_>) -> Option<Cow<'_, [u8]>> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(Cow::Owned(number.to_string().into_bytes())),
        ValueRef::Real(number) => Some(Cow::Owned(real(number).into_bytes())),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(Cow::Borrowed(bytes)),
    }
}

/// The text of a real number as the library casts it. It rounds in a way of its
/// own, so it is asked, on a connection that is not busy with this function.
fn real(number: f64) -> String {
    CASTS.with_borrow_mut(|casts| {
        let cast = || {
            let connection = match casts {
                Some(connection) => connection,
                none => none.insert(Connection::open_in_memory()?),
            };
            connection.query_row("SELECT CAST(?1 AS TEXT)", [number], |row| row.get(0))
        };
        cast().unwrap_or_else(|_: Error| number.to_string())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rusqlite::types::Value;

    use super::*;

    /// What the library's own functions give, and those here.
    fn both(sql: &str, values: &[Value]) -> (Value, Value) {
        let ask = |connection: &Connection| {
            let values = rusqlite::params_from_iter(values);
            connection.query_row(sql, values, |row| row.get(0)).unwrap()
        };
        let (own, replaced) = (
            Connection::open_in_memory().unwrap(),
            Connection::open_in_memory().unwrap(),
        );
        replace_slow(&replaced).unwrap();
        (ask(&own), ask(&replaced))
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            (-200i64..200).prop_map(Value::Integer),
            (-4000..4000).prop_map(|number| Value::Real(f64::from(number) / 8.0)),
            (-330..330).prop_map(|power| Value::Real(10f64.powi(power))),
            "[aböü1e. -]{0,6}".prop_map(Value::Text),
            proptest::collection::vec(prop_oneof![Just(b'a'), Just(b'1'), Just(b'-')], 0..5)
                .prop_map(Value::Blob),
        ]
    }

    proptest! {
        #[test]
        fn they_give_what_the_library_gives(x in value(), y in value(), z in value()) {
            for sql in [
                "select instr(?1, ?2) from (select ?3)",
                "select replace(?1, ?2, ?3)",
                "select trim(?1, ?2) || ltrim(?1, ?3) || rtrim(?1, ?2)",
                "select unhex(?1, ?2) from (select ?3)",
            ] {
                let (own, replaced) = both(sql, &[x.clone(), y.clone(), z.clone()]);
                prop_assert_eq!(own, replaced, "{}", sql);
            }
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_compared_too() {
        let blob = |bytes: &[u8]| Value::Blob(bytes.to_vec());
        for (x, y) in [
            (blob(b"\xc3\xb6\xb6a"), Value::Text("a".to_owned())),
            (blob(b"\xb6a\xb6"), blob(b"\xb6")),
            (
                Value::Text("a\0b\0".to_owned()),
                Value::Text("\0".to_owned()),
            ),
            (Value::Text("0\0".to_owned()), Value::Text("0\0".to_owned())),
            (Value::Text(" öö".to_owned()), blob(b"\xb6 ")),
        ] {
            for sql in [
                "instr(?1, ?2)",
                "replace(?1, ?2, 'x')",
                "trim(?1, ?2)",
                "unhex(?1, ?2)",
            ] {
                let (own, replaced) = both(&format!("select hex({sql})"), &[x.clone(), y.clone()]);
                assert_eq!(own, replaced, "{sql} {x:?} {y:?}");
            }
        }
    }

    #[test]
    fn long_values_take_no_time() {
        let connection = Connection::open_in_memory().unwrap();
        replace_slow(&connection).unwrap();
        let long = "a".repeat(4_000_000);
        let sought = "a".repeat(2_000_000) + "b";
        let set: String = ('\u{100}'..'\u{ff00}')
            .filter(|c| c.is_alphabetic())
            .collect();
        for (sql, second) in [
            ("instr(?1, ?2)", &sought),
            ("replace(?1, ?2, '')", &sought),
            ("trim(?1, ?2)", &(set.clone() + "a")),
            ("unhex('ff' || replace(?1, 'a', 'z'), ?2)", &(set + "z")),
        ] {
            let sql = format!("select length({sql})");
            let length: i64 = connection
                .query_row(&sql, [&long, second], |row| row.get(0))
                .unwrap();
            assert!(length >= 0);
        }
    }
}
