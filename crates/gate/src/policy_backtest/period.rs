//! From when to when.

use model::{Refusal, Timestamp, Verb};
use store::SessionFilter;

/// Most digits of a number of units: no record is older.
const MOST_DIGITS: usize = 6;

/// A span of time.
#[derive(Clone, Copy)]
pub(super) struct Period {
    pub(super) since: Timestamp,
    pub(super) until: Timestamp,
}

impl Period {
    /// Reads both ends; an end that is left out is now.
    ///
    /// # Errors
    /// `invalid_argument` for what is no time, and when the end is before the beginning.
    pub(super) fn read(since: &str, until: Option<&str>, now: Timestamp) -> Result<Self, Refusal> {
        let read = |path: &str, text: &str| {
            moment(text, now).ok_or_else(|| {
                let expected = "an RFC 3339 time, or how long ago, for instance 12h or 30d";
                Refusal::invalid(path, expected)
            })
        };
        let since = read("/since", since)?;
        let until = until.map_or(Ok(now), |until| read("/until", until))?;
        if until < since {
            return Err(Refusal::invalid("/until", "a time after the beginning"));
        }
        Ok(Self { since, until })
    }

    /// The runs of the period.
    pub(super) fn filter(self, connection: Option<String>, user: Option<String>) -> SessionFilter {
        SessionFilter {
            user,
            connection,
            verb: Some(Verb::Exec),
            start_date: Some(self.since),
            end_date: Some(self.until),
            ..SessionFilter::default()
        }
    }
}

/// A time, or how long before `now`.
fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    let Some((number, unit)) = text
        .find(|letter: char| !letter.is_ascii_digit())
        .and_then(|at| text.split_at_checked(at))
        .filter(|(number, _)| (1..=MOST_DIGITS).contains(&number.len()))
    else {
        return Timestamp::parse(text);
    };
    let seconds = match unit {
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return Timestamp::parse(text),
    };
    let number: i64 = number.parse().ok()?;
    Some(now.plus_seconds(-number * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::parse("2026-03-31T12:00:00Z").unwrap()
    }

    fn read(since: &str) -> Option<String> {
        let period = Period::read(since, None, now());
        period.ok().map(|period| period.since.to_string())
    }

    #[test]
    fn a_time_is_absolute_or_before_now() {
        let midnight = Timestamp::parse("2026-03-01T00:00:00Z").unwrap();
        assert_eq!(moment("2026-03-01T01:00:00+01:00", now()), Some(midnight));
        for (text, seconds) in [
            ("90m", 5400),
            ("12h", 43_200),
            ("30d", 2_592_000),
            ("1w", 604_800),
        ] {
            assert_eq!(
                moment(text, now()),
                Some(now().plus_seconds(-seconds)),
                "{text}"
            );
        }
        assert_eq!(read("0d"), Some(now().to_string()));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "d",
            "30",
            "30 d",
            "-3d",
            "3y",
            "1000000d",
            "yesterday",
            "3é",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
        let refused = Period::read("1d", Some("2d"), now());
        assert!(refused.is_err_and(|refusal| refusal.message.contains("/until")));
    }
}
