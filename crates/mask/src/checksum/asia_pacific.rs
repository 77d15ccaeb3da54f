//! Australia, India, Singapore, Korea and Thailand.

use super::{is_day, pair, weighted};

/// Tax file number: weights modulo 11 (ATO, software developers' guide).
pub(crate) fn tfn(digits: &[u8]) -> bool {
    digits.len() == 9
        && digits.iter().any(|d| *d != 0)
        && weighted(digits, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11)
}

/// Business number: first digit less one, weights modulo 89 (Australian Business
/// Register, "Format of the ABN").
pub(crate) fn abn(digits: &[u8]) -> bool {
    let sum = weighted(digits, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    digits.len() == 11 && digits.first().is_some_and(|d| *d > 0) && sum % 89 == 10
}

/// Company number: weights 8 to 1, complement modulo 10 (ASIC, "ACN check digit").
pub(crate) fn acn(digits: &[u8]) -> bool {
    let sum = weighted(digits, &[8, 7, 6, 5, 4, 3, 2, 1]);
    digits.len() == 9
        && digits.iter().any(|d| *d != 0)
        && digits.last().map(|d| u32::from(*d)) == Some((10 - sum % 10) % 10)
}

/// Medicare card: first digit 2 to 6, check digit at place nine, issue number not 0
/// (Department of Health, "Medicare card number").
pub(crate) fn medicare(digits: &[u8]) -> bool {
    let check = weighted(digits, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10;
    matches!(digits.len(), 10 | 11)
        && matches!(digits.first(), Some(2..=6))
        && digits.get(8).map(|d| u32::from(*d)) == Some(check)
        && digits.get(9) != Some(&0)
}

/// Multiplication in the dihedral group of order ten.
const DIHEDRAL: [[u8; 10]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
    [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
    [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
    [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
    [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
    [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
    [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
    [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
    [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
];

/// The permutation of Verhoeff for each place, modulo eight.
const PERMUTATION: [[u8; 10]; 8] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
    [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
    [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
    [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
    [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
    [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
    [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
];

/// Aadhaar: twelve digits, first 2 to 9, Verhoeff check (UIDAI; J. Verhoeff, "Error
/// detecting decimal codes", 1969).
pub(crate) fn aadhaar(digits: &[u8]) -> bool {
    let table = |row: &[[u8; 10]], i: usize, j: u8| {
        row.get(i)
            .and_then(|r| r.get(usize::from(j)))
            .copied()
            .unwrap_or(0)
    };
    let check = digits
        .iter()
        .rev()
        .enumerate()
        .fold(0u8, |state, (place, digit)| {
            let permuted = table(&PERMUTATION, place % 8, *digit);
            table(&DIHEDRAL, usize::from(state), permuted)
        });
    digits.len() == 12 && matches!(digits.first(), Some(2..=9)) && check == 0
}

/// Permanent account number: five letters with the holder's kind at place four, four
/// digits, a letter (Income Tax Department, Form 49A).
pub(crate) fn pan(token: &[u8]) -> bool {
    token.len() == 10
        && token.iter().enumerate().all(|(i, b)| match i {
            3 => b"ABCEFGHJLPT".contains(b),
            5..=8 => b.is_ascii_digit(),
            _ => b.is_ascii_uppercase(),
        })
        && token.get(5..9) != Some(b"0000")
}

/// GSTIN: state, PAN, entity, `Z`, and a check character over base 36 (GSTN).
pub(crate) fn gstin(token: &[u8]) -> bool {
    let value = |b: u8| match b {
        b'0'..=b'9' => u32::from(b - b'0'),
        b'A'..=b'Z' => u32::from(b - b'A') + 10,
        _ => 36,
    };
    if token.len() != 15 || !token.get(2..12).is_some_and(pan) || token.get(13) != Some(&b'Z') {
        return false;
    }
    let mut sum = 0;
    for (i, byte) in token.iter().take(14).enumerate() {
        let product = value(*byte) * (1 + (i as u32 % 2));
        sum += product / 36 + product % 36;
    }
    token.iter().take(2).all(u8::is_ascii_digit)
        && token.last().map(|b| value(*b)) == Some((36 - sum % 36) % 36)
}

/// NRIC and FIN: weights 2 7 6 5 4 3 2, an offset by series, and the letters of the
/// series (Immigration and Checkpoints Authority of Singapore).
pub(crate) fn nric(token: &[u8]) -> bool {
    let [series, body @ .., check] = token else {
        return false;
    };
    let digits: Vec<u8> = body.iter().map(|b| b.wrapping_sub(b'0')).collect();
    if digits.len() != 7 || digits.iter().any(|d| *d > 9) {
        return false;
    }
    let (offset, letters) = match series {
        b'S' => (0, b"JZIHGFEDCBA"),
        b'T' => (4, b"JZIHGFEDCBA"),
        b'F' => (0, b"XWUTRQPNMLK"),
        b'G' => (4, b"XWUTRQPNMLK"),
        b'M' => (3, b"KLJNPQRTUWX"),
        _ => return false,
    };
    let rest = (weighted(&digits, &[2, 7, 6, 5, 4, 3, 2]) + offset) % 11;
    letters.get(match series {
        b'M' => 10 - rest as usize,
        _ => rest as usize,
    }) == Some(check)
        || (*series == b'M' && letters.get(rest as usize) == Some(check))
}

/// Resident registration number: birth date, century digit, weights modulo 11; from
/// October 2020 on the last digits are random, so a later birth needs no check
/// (Ministry of the Interior and Safety of Korea).
pub(crate) fn rrn(digits: &[u8]) -> bool {
    let century = match digits.get(6) {
        Some(1 | 2 | 5 | 6) => 1900,
        Some(3 | 4 | 7 | 8) => 2000,
        Some(0 | 9) => 1800,
        _ => return false,
    };
    let year = century + pair(digits, 0);
    let sum = weighted(digits, &[2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]);
    let check = (11 - sum % 11) % 10;
    digits.len() == 13
        && is_day(year, pair(digits, 2), pair(digits, 4))
        && (year >= 2020 || digits.last().map(|d| u32::from(*d)) == Some(check))
}

/// Thai identity number: weights 13 to 2, complement modulo 11 (Department of
/// Provincial Administration).
pub(crate) fn thai(digits: &[u8]) -> bool {
    let sum = weighted(digits, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    digits.len() == 13
        && matches!(digits.first(), Some(1..=8))
        && digits.last().map(|d| u32::from(*d)) == Some((11 - sum % 11) % 10)
}

#[cfg(test)]
mod tests {
    use super::super::digits;
    use super::*;

    #[test]
    fn australian_numbers() {
        assert!(tfn(&digits("123 456 782")) && !tfn(&digits("123 456 783")));
        assert!(abn(&digits("51 824 753 556")) && !abn(&digits("51 824 753 557")));
        assert!(acn(&digits("004 085 616")) && !acn(&digits("004 085 617")));
        assert!(medicare(&digits("2123 45670 1")) && !medicare(&digits("2123 45671 1")));
    }

    #[test]
    fn indian_numbers() {
        assert!(aadhaar(&digits("2341 2341 2346")) && !aadhaar(&digits("2341 2341 2347")));
        assert!(pan(b"ABCPE1234F") && !pan(b"ABCXE1234F"));
        assert!(gstin(b"27AAPFU0939F1ZV") && !gstin(b"27AAPFU0939F1ZW"));
    }

    #[test]
    fn other_numbers() {
        assert!(nric(b"S1234567D") && !nric(b"S1234567E"));
        assert!(rrn(&digits("900101-1234568")) && !rrn(&digits("900101-1234567")));
        let valid = (0..10)
            .filter(|d| thai(&digits(&format!("1-1012-34567-89-{d}"))))
            .count();
        assert_eq!(valid, 1);
    }
}
