//! JSON that names no key twice. RFC 8259 section 4 leaves doubled names to the
//! reader; a gateway must not judge one value and use the other.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::Refusal;

/// Reads one JSON object; an empty text is an empty object.
///
/// # Errors
/// `invalid_argument` when the text is no JSON, no object, deeper than 128
/// levels or names a key twice.
pub fn strict_object(text: &[u8]) -> Result<Map<String, Value>, Refusal> {
    if text.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match strict_value(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Refusal::invalid("/", "a JSON object")),
        Err(error) => Err(Refusal::invalid("/", format!("valid JSON ({error})"))),
    }
}

/// Reads one JSON value.
///
/// # Errors
/// When the text is no JSON, deeper than 128 levels, or names a key twice; the
/// last is an error of data, the others are of syntax.
pub fn strict_value(text: &[u8]) -> Result<Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Strict.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number is too large"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Strict)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(Strict)?;
            if object.contains_key(&key) {
                return Err(A::Error::custom("a key is given twice"));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_doubled_key_is_refused_at_any_depth() {
        assert!(strict_object(br#"{"a":1,"a":1}"#).is_err());
        assert!(strict_object(br#"{"a":{"b":[{"c":1,"c":2}]}}"#).is_err());
        assert!(strict_object(br#"{"a":{"c":1},"b":{"c":2}}"#).is_ok());
    }

    #[test]
    fn only_one_object_is_read() {
        for bad in ["[]", "1", "{} {}", "{", "{\"a\":1e999}", "nul"] {
            assert!(strict_object(bad.as_bytes()).is_err(), "{bad}");
        }
        assert_eq!(strict_object(b" \n").unwrap(), Map::new());
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(strict_object(deep.as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn no_text_is_a_panic(text in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = strict_object(&text);
        }

        #[test]
        fn what_serde_writes_is_read_back(keys in prop::collection::btree_map("[a-z]{1,4}", any::<i64>(), 0..8)) {
            let text = serde_json::to_vec(&keys).unwrap();
            let read = strict_object(&text).unwrap();
            prop_assert_eq!(serde_json::to_vec(&read).unwrap(), text);
        }
    }
}
