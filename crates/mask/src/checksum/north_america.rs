//! United States: SSN, ITIN, ABA routing numbers, DEA registrations and NPIs.

use super::{luhn, pair, weighted};

/// Social security number: area not 000, 666 or 9xx, group not 00, serial not 0000
/// (SSA, "SSN randomization", 20 CFR 422.103).
pub(crate) fn ssn(digits: &[u8]) -> bool {
    let [a, b, c, d, e, rest @ ..] = digits else {
        return false;
    };
    rest.len() == 4
        && *a != 9
        && [*a, *b, *c] != [0, 0, 0]
        && [*a, *b, *c] != [6, 6, 6]
        && (*d, *e) != (0, 0)
        && rest != [0, 0, 0, 0]
}

/// Individual taxpayer number: 9xx with groups 50-65, 70-88, 90-92, 94-99
/// (IRS Publication 1915).
pub(crate) fn itin(digits: &[u8]) -> bool {
    digits.len() == 9
        && digits.first() == Some(&9)
        && matches!(pair(digits, 3), 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

/// Routing transit number: weights 3, 7, 1 modulo 10 and an assigned first pair
/// (ABA Routing Number Policy).
pub(crate) fn aba(digits: &[u8]) -> bool {
    digits.len() == 9
        && matches!(pair(digits, 0), 0..=12 | 21..=32 | 61..=72 | 80)
        && digits.iter().any(|d| *d != 0)
        && weighted(digits, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10)
}

/// DEA registration: two letters, six digits and a check digit
/// (21 CFR 1301; sum of places 1, 3, 5 plus twice the sum of places 2, 4, 6).
pub(crate) fn dea(letters: &[u8], digits: &[u8]) -> bool {
    letters
        .first()
        .is_some_and(|l| b"ABCDEFGHJKLMPRSTUX".contains(l))
        && letters.len() == 2
        && digits.len() == 7
        && weighted(digits, &[1, 2, 1, 2, 1, 2]) % 10 == digits.last().map_or(10, |d| u32::from(*d))
}

/// National provider identifier: Luhn with the prefix 80840 (45 CFR 162.406).
pub(crate) fn npi(digits: &[u8]) -> bool {
    let prefixed: Vec<u8> = [8, 0, 8, 4, 0].iter().chain(digits).copied().collect();
    digits.len() == 10 && matches!(digits.first(), Some(1 | 2)) && luhn(&prefixed)
}

#[cfg(test)]
mod tests {
    use super::super::digits;
    use super::*;

    #[test]
    fn social_security_numbers_skip_unassigned_parts() {
        assert!(ssn(&digits("536-90-4399")));
        for invalid in ["000-12-3456", "666-12-3456", "912-12-3456", "123-00-3456"] {
            assert!(!ssn(&digits(invalid)), "{invalid}");
        }
        assert!(itin(&digits("912-91-3457")) && !itin(&digits("912-93-3457")));
    }

    #[test]
    fn check_digits_hold() {
        assert!(aba(&digits("021000021")) && !aba(&digits("021000022")));
        assert!(dea(b"AB", &digits("1234563")) && !dea(b"AB", &digits("1234564")));
        assert!(npi(&digits("1234567893")) && !npi(&digits("1234567894")));
    }
}
