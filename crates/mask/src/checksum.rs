//! Check digits of public schemes. Digits are values 0 to 9, most significant first.

pub(crate) mod asia_pacific;
pub(crate) mod chain;
pub(crate) mod europe;
pub(crate) mod latin_america;
pub(crate) mod north_america;

/// The sum of `digits` weighted by `weights`, place by place.
fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits
        .iter()
        .zip(weights)
        .map(|(d, w)| u32::from(*d) * w)
        .sum()
}

/// Luhn check of ISO/IEC 7812-1, annex B.
pub(crate) fn luhn(digits: &[u8]) -> bool {
    let mut sum = 0u32;
    for (place, digit) in digits.iter().rev().enumerate() {
        let value = u32::from(*digit);
        sum += match (place % 2, value * 2) {
            (0, _) => value,
            (_, doubled) if doubled > 9 => doubled - 9,
            (_, doubled) => doubled,
        };
    }
    digits.len() > 1 && sum.is_multiple_of(10)
}

/// The remainder of ISO/IEC 7064 MOD 97-10 over letters and digits, with the first four
/// moved to the end (ISO 13616): 1 for a valid IBAN.
pub(crate) fn mod97(compact: &[u8]) -> u32 {
    let (head, tail) = compact.split_at(compact.len().min(4));
    tail.iter().chain(head).fold(0, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        b'A'..=b'Z' => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
        b'a'..=b'z' => (rest * 100 + u32::from(byte - b'a') + 10) % 97,
        _ => 0,
    })
}

/// Whether year, month and day (each digits) can be a day of a calendar.
pub(crate) fn is_day(year: u32, month: u32, day: u32) -> bool {
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// The number that two digits write.
fn pair(digits: &[u8], at: usize) -> u32 {
    let digit = |i: usize| digits.get(i).map_or(0, |d| u32::from(*d));
    digit(at) * 10 + digit(at + 1)
}

/// Values of the digits in `text`, for tests.
#[cfg(test)]
pub(crate) fn digits(text: &str) -> Vec<u8> {
    text.bytes()
        .filter(u8::is_ascii_digit)
        .map(|b| b - b'0')
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luhn_takes_valid_numbers_alone() {
        assert!(luhn(&digits("4111 1111 1111 1111")));
        assert!(!luhn(&digits("4111 1111 1111 1112")));
        assert!(!luhn(&[0]));
    }

    #[test]
    fn iban_remainder_is_one() {
        assert_eq!(mod97(b"GB82WEST12345698765432"), 1);
        assert_ne!(mod97(b"GB82WEST12345698765433"), 1);
    }

    #[test]
    fn days_follow_the_calendar() {
        assert!(is_day(2000, 2, 29) && !is_day(1900, 2, 29) && !is_day(2001, 4, 31));
    }
}
