//! Time as an argument: a point in time and the clock that tells it.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Datelike, SecondsFormat, Timelike, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time in microseconds since the Unix epoch.
///
/// On the wire it is RFC 3339 in UTC with `Z` and exactly six fractional
/// digits, so that text order is time order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// A timestamp from microseconds since the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the Unix epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Whole seconds since the Unix epoch.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This point in time moved by a signed number of seconds.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Microseconds from `earlier` to this point in time, never negative.
    #[must_use]
    pub const fn micros_since(self, earlier: Self) -> i64 {
        let gap = self.0.saturating_sub(earlier.0);
        if gap < 0 { 0 } else { gap }
    }

    /// Reads an RFC 3339 time with any offset; `None` when the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|time| Self(time.timestamp_micros()))
    }
}

/// The text of a time with a year of four digits.
type Text = [u8; 27];

impl Timestamp {
    /// Writes the text into `text`. Every record holds several times, and the
    /// formatter of the calendar library takes longer than all else in one.
    fn write<'a>(self, text: &'a mut Text) -> Cow<'a, str> {
        let time = DateTime::<Utc>::from_timestamp_micros(self.0).unwrap_or_default();
        let Some(year @ 0..=9999) = u32::try_from(time.year()).ok() else {
            return time.to_rfc3339_opts(SecondsFormat::Micros, true).into();
        };
        *text = *b"0000-00-00T00:00:00.000000Z";
        for (from, width, number) in [
            (0, 4, year),
            (5, 2, time.month()),
            (8, 2, time.day()),
            (11, 2, time.hour()),
            (14, 2, time.minute()),
            (17, 2, time.second()),
            (20, 6, time.timestamp_subsec_micros()),
        ] {
            let mut rest = number;
            for digit in text[from..from + width].iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
        String::from_utf8_lossy(text)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.write(&mut [0; 27]))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.write(&mut [0; 27]))
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("expected an RFC 3339 time"))
    }
}

impl JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time"})
    }
}

/// Tells the time. The wall clock is banned elsewhere, so that every rule that
/// depends on time can be tested at any moment.
pub trait Clock: Send + Sync {
    /// The current point in time.
    fn now(&self) -> Timestamp;
}

/// The machine's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the wall clock"
    )]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub const fn new(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Moves the clock forward by `seconds`.
    pub fn advance(&self, seconds: i64) {
        self.0
            .fetch_add(seconds.saturating_mul(1_000_000), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_timestamp_round_trips_through_its_text() {
        let time = Timestamp::from_micros(1_790_000_000_123_456);
        assert_eq!(time.to_string(), "2026-09-21T14:13:20.123456Z");
        assert_eq!(Timestamp::parse(&time.to_string()), Some(time));
    }

    proptest! {
        #[test]
        fn the_text_is_that_of_the_calendar(micros in -62_200_000_000_000_000_i64..260_000_000_000_000_000) {
            let time = DateTime::<Utc>::from_timestamp_micros(micros).unwrap();
            let told = Timestamp::from_micros(micros).to_string();
            prop_assert_eq!(told, time.to_rfc3339_opts(SecondsFormat::Micros, true));
        }
    }

    #[test]
    fn an_offset_is_read_as_the_same_moment() {
        assert_eq!(
            Timestamp::parse("2026-09-21T16:13:20+02:00"),
            Timestamp::parse("2026-09-21T14:13:20Z")
        );
        assert_eq!(Timestamp::parse("yesterday"), None);
    }
}
