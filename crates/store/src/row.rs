//! What columns mean: identifiers, times, flags, words, JSON.

use model::{Id, Timestamp};
use serde::de::DeserializeOwned;

use crate::Error;
use crate::db::Row;

impl Row {
    /// The next column as an identifier.
    pub(crate) fn id<T: Id>(&mut self) -> Result<T, Error> {
        parse_id(&self.text()?)
    }

    /// The next column as an identifier or null.
    pub(crate) fn opt_id<T: Id>(&mut self) -> Result<Option<T>, Error> {
        self.opt_text()?.as_deref().map(parse_id).transpose()
    }

    /// The next column as a time.
    pub(crate) fn time(&mut self) -> Result<Timestamp, Error> {
        self.int().map(Timestamp::from_micros)
    }

    /// The next column as a time or null.
    pub(crate) fn opt_time(&mut self) -> Result<Option<Timestamp>, Error> {
        Ok(self.opt_int()?.map(Timestamp::from_micros))
    }

    /// The next column as a flag.
    pub(crate) fn flag(&mut self) -> Result<bool, Error> {
        Ok(self.int()? != 0)
    }

    /// The next column as a word that `parse` knows.
    pub(crate) fn word<T>(&mut self, parse: impl Fn(&str) -> Option<T>) -> Result<T, Error> {
        known(&self.text()?, parse)
    }

    /// The next column as a word that `parse` knows, or null.
    pub(crate) fn opt_word<T>(
        &mut self,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        self.opt_text()?.map(|word| known(&word, parse)).transpose()
    }

    /// The next column as JSON.
    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        Ok(serde_json::from_str(&self.text()?)?)
    }
}

/// A word that the store wrote itself.
fn known<T>(word: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, Error> {
    parse(word).ok_or_else(|| Error::Corrupt(format!("unknown word {word:?}")))
}

/// An identifier that the store wrote itself.
pub(crate) fn parse_id<T: Id>(text: &str) -> Result<T, Error> {
    T::parse(text).ok_or_else(|| Error::Corrupt(format!("no identifier: {text:?}")))
}
