//! Dates: any for `DATE_TIME`, those that their context calls a birth for
//! `DATE_OF_BIRTH`.

use super::{Findings, Region, Token};
use crate::checksum::is_day;
use crate::entity::Entity;

/// Offers a token such as `2024-01-02T10` or `2nd`; numbers alone come by [`at`].
pub(super) fn leading(region: &Region<'_>, token: Token, out: &mut Findings<'_>) {
    if region.byte(token.start + 4) == b'-' {
        at(region, token.start, out);
    }
}

/// A date that begins with the name of a month at `start`.
pub(super) fn worded(region: &Region<'_>, start: usize, out: &mut Findings<'_>) -> Option<usize> {
    let end = start + month_first(region.slice(start, (start + 24).min(region.end)))?;
    if region.evidence(start).hints_at(Entity::DateOfBirth) {
        out.add(start, end, Entity::DateOfBirth, 0.9);
    }
    out.add(start, end, Entity::DateTime, 0.6);
    Some(end)
}

/// A date that starts at `start`; answers its end, a time of day included.
pub(super) fn at(region: &Region<'_>, start: usize, out: &mut Findings<'_>) -> Option<usize> {
    if matches!(region.previous(start), b'-' | b'/' | b'.') {
        return None;
    }
    let end = length(region.slice(start, (start + 40).min(region.end)))? + start;
    let after = region.byte(end);
    if after.is_ascii_digit()
        || (matches!(after, b'-' | b'/') && region.byte(end + 1).is_ascii_digit())
    {
        return None;
    }
    let time = time_end(region, end);
    let evidence = region.evidence(start);
    if evidence.hints_at(Entity::DateOfBirth) {
        out.add(start, end, Entity::DateOfBirth, 0.9);
    }
    out.add(start, time, Entity::DateTime, 0.6);
    Some(time)
}

/// The end of a time of day that follows a date, with fraction and zone (ISO 8601).
fn time_end(region: &Region<'_>, end: usize) -> usize {
    let body = match region.byte(end) {
        b'T' | b' ' | b':' | b't' => end + 1,
        _ => return end,
    };
    let clock = region.run(body, |b| {
        b.is_ascii_digit() || matches!(b, b':' | b'.' | b',')
    });
    let clocked = region.slice(body, clock);
    if clocked.len() < 5 || clocked.get(2) != Some(&b':') {
        return end;
    }
    let zone = match region.byte(clock) {
        b'Z' => clock + 1,
        b'+' | b'-' => region.run(clock + 1, |b| b.is_ascii_digit() || b == b':'),
        _ => clock,
    };
    zone.min(region.end)
}

const MONTHS: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// The length of the date that `text` begins with: `2001-02-03`, `2001/02/03`,
/// `03.02.2001`, `02/03/2001`, `3-2-01` with separators of one kind, `03 Feb 2001`.
pub(super) fn length(text: &[u8]) -> Option<usize> {
    let (first, a) = number(text, 0)?;
    let mark = *text.get(a)?;
    if mark == b' ' || (mark == b'-' && text.get(a + 1).is_some_and(u8::is_ascii_alphabetic)) {
        return named(text, first, a);
    }
    if !matches!(mark, b'-' | b'/' | b'.') {
        return None;
    }
    let (second, b) = number(text, a + 1)?;
    if text.get(b) != Some(&mark) {
        return None;
    }
    let (third, c) = number(text, b + 1)?;
    let digits = (a, b - a - 1, c - b - 1);
    let valid = match digits {
        (4, 1..=2, 1..=2) => is_day(first, second, third) && (1000..2200).contains(&first),
        (1..=2, 1..=2, 4) => {
            (1000..2200).contains(&third)
                && (is_day(third, second, first) || is_day(third, first, second))
        }
        (2, 2, 2) if mark != b'.' => is_day(2000, second, first) || is_day(2000, first, second),
        _ => false,
    };
    valid.then_some(c)
}

/// `03 Feb 2001`, `3 February 2001`, `03-Feb-2001`.
fn named(text: &[u8], day: u32, mut at: usize) -> Option<usize> {
    at += 1;
    let word: Vec<u8> = text
        .get(at..)?
        .iter()
        .take_while(|b| b.is_ascii_alphabetic())
        .map(u8::to_ascii_lowercase)
        .collect();
    let prefix = std::str::from_utf8(word.get(..3)?).ok()?;
    MONTHS.iter().position(|m| *m == prefix)?;
    at += word.len();
    while matches!(text.get(at), Some(b' ' | b'-' | b',' | b'.')) {
        at += 1;
    }
    let (year, end) = number(text, at)?;
    ((1..=31).contains(&day) && end - at == 4 && (1000..2200).contains(&year)).then_some(end)
}

/// The length of a date that starts with the name of a month: `Feb 3, 2001`.
pub(super) fn month_first(text: &[u8]) -> Option<usize> {
    let word: Vec<u8> = text
        .iter()
        .take_while(|b| b.is_ascii_alphabetic())
        .map(u8::to_ascii_lowercase)
        .collect();
    let prefix = std::str::from_utf8(word.get(..3)?).ok()?;
    MONTHS.iter().position(|m| *m == prefix)?;
    let mut at = word.len();
    while matches!(text.get(at), Some(b' ' | b'.')) {
        at += 1;
    }
    let (day, after) = number(text, at)?;
    at = after;
    while matches!(
        text.get(at),
        Some(b' ' | b',' | b's' | b't' | b'h' | b'n' | b'd' | b'r')
    ) {
        at += 1;
    }
    let (year, end) = number(text, at)?;
    ((1..=31).contains(&day) && end - at == 4 && (1000..2200).contains(&year)).then_some(end)
}

fn number(text: &[u8], at: usize) -> Option<(u32, usize)> {
    let mut value = 0u32;
    let mut end = at;
    while let Some(digit) = text.get(end).filter(|b| b.is_ascii_digit()) {
        value = value
            .checked_mul(10)?
            .checked_add(u32::from(digit - b'0'))?;
        end += 1;
        if end - at > 4 {
            return None;
        }
    }
    (end > at).then_some((value, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_dates_are_read() {
        for date in [
            "2001-02-03",
            "31/12/1999",
            "12/31/1999",
            "03.02.2001",
            "06 May 1975",
            "3-Feb-2001",
        ] {
            assert_eq!(length(date.as_bytes()), Some(date.len()), "{date}");
        }
        assert_eq!(month_first(b"May 6, 1975"), Some(11));
        for not in [
            "2001-13-03",
            "1.2.3",
            "45/45/2000",
            "12 Foo 2000",
            "2001-02",
        ] {
            assert_eq!(length(not.as_bytes()), None, "{not}");
        }
    }
}
