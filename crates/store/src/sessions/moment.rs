//! A time of a session, told from its beginning.

use std::fmt;

use model::Timestamp;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time: as a number, microseconds from the time at which its session
/// was made; as text, RFC 3339, which rows of earlier versions hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// Microseconds after the beginning.
    After(i64),
    /// The time itself.
    At(Timestamp),
}

impl Moment {
    /// The time `at` in a session that was made at `start`.
    pub(super) const fn of(at: Timestamp, start: Timestamp) -> Self {
        Self::After(at.micros().wrapping_sub(start.micros()))
    }

    /// The time in a session that was made at `start`. Undoes [`Moment::of`] for
    /// every two times, also for those that lie too far apart for a number.
    pub(super) const fn at(self, start: Timestamp) -> Timestamp {
        match self {
            Self::After(micros) => Timestamp::from_micros(start.micros().wrapping_add(micros)),
            Self::At(time) => time,
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::After(micros) => serializer.serialize_i64(*micros),
            Self::At(time) => time.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl Visitor<'_> for Reader {
    type Value = Moment;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("microseconds or an RFC 3339 time")
    }

    fn visit_i64<E: de::Error>(self, micros: i64) -> Result<Moment, E> {
        Ok(Moment::After(micros))
    }

    fn visit_u64<E: de::Error>(self, micros: u64) -> Result<Moment, E> {
        i64::try_from(micros)
            .map(Moment::After)
            .map_err(|_| E::custom("too many microseconds"))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Moment, E> {
        Timestamp::parse(text)
            .map(Moment::At)
            .ok_or_else(|| E::custom("expected an RFC 3339 time"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_time_is_read_back_whatever_the_beginning(at: i64, start: i64) {
            let (at, start) = (Timestamp::from_micros(at), Timestamp::from_micros(start));
            let text = serde_json::to_string(&Moment::of(at, start)).unwrap();
            let read: Moment = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(read.at(start), at);
        }
    }

    #[test]
    fn a_time_of_an_earlier_version_is_read() {
        let at = Timestamp::from_micros(1_790_000_000_000_001);
        let text = serde_json::to_string(&at).unwrap();
        let read: Moment = serde_json::from_str(&text).unwrap();
        assert_eq!(read.at(Timestamp::from_micros(7)), at);
        for wrong in ["\"now\"", "18446744073709551615", "null", "1.5"] {
            assert!(serde_json::from_str::<Moment>(wrong).is_err(), "{wrong}");
        }
    }
}
