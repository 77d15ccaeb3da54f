//! The one rule of updates: omitted keeps, null clears, a value replaces.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::IntoDeserializer as _;
use serde::{Deserialize, Deserializer};

/// A field of an update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Not given: the stored value stays.
    #[default]
    Keep,
    /// `null`: back to the documented default.
    Clear,
    /// A new value as a whole.
    Set(T),
}

impl<T> Patch<T> {
    /// The stored value after this patch; `default` is what clearing means.
    pub fn apply(self, stored: T, default: T) -> T {
        match self {
            Self::Keep => stored,
            Self::Clear => default,
            Self::Set(value) => value,
        }
    }

    /// What is to be written, when the field was given; the default stands for
    /// what was cleared.
    #[must_use]
    pub fn given(self) -> Option<T>
    where
        T: Default,
    {
        match self {
            Self::Keep => None,
            Self::Clear => Some(T::default()),
            Self::Set(value) => Some(value),
        }
    }

    /// Whether the field was given at all.
    #[must_use]
    pub const fn is_given(&self) -> bool {
        !matches!(self, Self::Keep)
    }

    /// Maps a set value, for instance to its checked form.
    ///
    /// # Errors
    /// Whatever `f` returns.
    pub fn try_map<U, E>(self, f: impl FnOnce(T) -> Result<U, E>) -> Result<Patch<U>, E> {
        Ok(match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(f(value)?),
        })
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

/// Reads a field whose values are words; the empty text clears it, like `null`.
/// For `#[serde(deserialize_with)]`.
///
/// # Errors
/// When the word is none of `T`.
pub fn word_or_empty<'de, D, T>(deserializer: D) -> Result<Patch<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    match Option::<String>::deserialize(deserializer)? {
        Some(word) if !word.is_empty() => T::deserialize(word.into_deserializer()).map(Patch::Set),
        _ => Ok(Patch::Clear),
    }
}

impl<T: JsonSchema> JsonSchema for Patch<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Patch_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<T>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Update {
        #[serde(default)]
        field: Patch<u8>,
    }

    #[test]
    fn omitted_keeps_null_clears_value_replaces() {
        let read = |text: &str| serde_json::from_str::<Update>(text).unwrap().field;
        assert_eq!(read("{}").apply(7, 1), 7);
        assert_eq!(read(r#"{"field":null}"#).apply(7, 1), 1);
        assert_eq!(read(r#"{"field":3}"#).apply(7, 1), 3);
    }

    #[test]
    fn an_empty_word_clears() {
        #[derive(Deserialize)]
        struct Update {
            #[serde(default, deserialize_with = "word_or_empty")]
            mode: Patch<crate::Mode>,
        }
        let read = |text: &str| serde_json::from_str::<Update>(text).map(|update| update.mode);
        assert_eq!(read("{}").unwrap(), Patch::Keep);
        assert_eq!(read(r#"{"mode":null}"#).unwrap(), Patch::Clear);
        assert_eq!(read(r#"{"mode":""}"#).unwrap(), Patch::Clear);
        let set = read(r#"{"mode":"disabled"}"#).unwrap();
        assert_eq!(set, Patch::Set(crate::Mode::Disabled));
        assert!(read(r#"{"mode":"maybe"}"#).is_err());
    }
}
