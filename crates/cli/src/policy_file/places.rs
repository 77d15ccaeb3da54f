//! In which line of a file something stands.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// Where the parts of a file stand.
pub(crate) struct Places(Option<Spanned<Part>>);

/// A part of a file, without its values.
enum Part {
    Map(BTreeMap<String, Spanned<Self>>),
    List(Vec<Spanned<Self>>),
    Value,
}

impl Places {
    /// The places of a text; none when it cannot be read.
    pub(super) fn of(text: &str) -> Self {
        Self(super::parse(text).ok())
    }

    /// The line of what a JSON pointer (RFC 6901) leads to, or of the innermost part
    /// around it.
    pub(crate) fn line(&self, pointer: &str) -> Option<u64> {
        let mut part = self.0.as_ref()?;
        let mut line = part.referenced.line();
        for key in pointer.split('/').skip(1) {
            let inner = match &part.value {
                Part::Map(parts) => parts.get(key),
                Part::List(parts) => key.parse().ok().and_then(|index: usize| parts.get(index)),
                Part::Value => None,
            };
            let Some(inner) = inner else {
                break;
            };
            part = inner;
            line = part.referenced.line();
        }
        Some(line)
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(AnyPart)
    }
}

struct AnyPart;

impl<'de> Visitor<'de> for AnyPart {
    type Value = Part;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any part of a file")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Part, A::Error> {
        let mut parts = BTreeMap::new();
        while let Some((key, part)) = entries.next_entry()? {
            parts.insert(key, part);
        }
        Ok(Part::Map(parts))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Part, A::Error> {
        let mut parts = Vec::new();
        while let Some(part) = entries.next_element()? {
            parts.push(part);
        }
        Ok(Part::List(parts))
    }

    fn visit_unit<E>(self) -> Result<Part, E> {
        Ok(Part::Value)
    }

    fn visit_none<E>(self) -> Result<Part, E> {
        Ok(Part::Value)
    }

    fn visit_some<D: Deserializer<'de>>(self, reader: D) -> Result<Part, D::Error> {
        reader.deserialize_any(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Part, E> {
        Ok(Part::Value)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Part, E> {
        Ok(Part::Value)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Part, E> {
        Ok(Part::Value)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Part, E> {
        Ok(Part::Value)
    }

    fn visit_str<E>(self, _: &str) -> Result<Part, E> {
        Ok(Part::Value)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, reader: D) -> Result<Part, D::Error> {
        IgnoredAny::deserialize(reader).map(|_| Part::Value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_leads_to_the_line() {
        let places = Places::of(
            "version: 1\nguardrails:\n  - name: a\n    input:\n      rules:\n        - type: sql\n  \
             - name: b\n    connections:\n      - x\n      - yes\n      - 7\n",
        );
        for (pointer, line) in [
            ("/guardrails/0/name", 3),
            ("/guardrails/0/input/rules/0/type", 6),
            ("/guardrails/1/connections/2", 11),
            // What is missing is told where it would be.
            ("/guardrails/1/input", 7),
            ("/attributes/0", 1),
        ] {
            assert_eq!(places.line(pointer), Some(line), "{pointer}");
        }
        assert_eq!(Places::of(": [").line("/a"), None);
    }
}
