//! Europe: United Kingdom, Spain, Italy, Poland and Finland.

use super::{is_day, luhn, pair, weighted};

/// NHS number: modulo 11 with weights 10 to 2 (NHS Data Dictionary, "NHS NUMBER").
pub(crate) fn nhs(digits: &[u8]) -> bool {
    let check = 11 - weighted(digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
    digits.len() == 10
        && digits.iter().any(|d| *d != 0)
        && digits.last().map(|d| u32::from(*d)) == Some(check % 11)
        && check != 10
}

/// Prefix of a national insurance number (HMRC manual NIM39110).
pub(crate) fn nino_prefix(first: u8, second: u8) -> bool {
    first.is_ascii_uppercase()
        && second.is_ascii_uppercase()
        && !b"DFIQUV".contains(&first)
        && !b"DFIOQUV".contains(&second)
        && !matches!(
            [first, second],
            [b'B', b'G']
                | [b'G', b'B']
                | [b'K', b'N']
                | [b'N', b'K']
                | [b'N', b'T']
                | [b'T', b'N']
                | [b'Z', b'Z']
        )
}

/// Great Britain driver number: five of the surname filled with 9, decade, month (plus
/// 50 for women), day, year, two initials, a digit or letter, two letters
/// (DVLA, "Driver number").
pub(crate) fn driver_number(token: &[u8]) -> bool {
    if token.len() != 16 {
        return false;
    }
    let (surname, rest) = token.split_at(5);
    let (dates, tail) = rest.split_at(6);
    let letters = surname
        .iter()
        .take_while(|b| b.is_ascii_uppercase())
        .count();
    let date: Vec<u8> = dates.iter().map(|b| b.wrapping_sub(b'0')).collect();
    letters > 0
        && surname.iter().skip(letters).all(|b| *b == b'9')
        && date.iter().all(|d| *d < 10)
        && matches!(pair(&date, 1), 1..=12 | 51..=62)
        && (1..=31).contains(&pair(&date, 3))
        && tail
            .iter()
            .take(2)
            .all(|b| b.is_ascii_uppercase() || *b == b'9')
        && tail
            .iter()
            .skip(2)
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        && tail.iter().skip(3).all(u8::is_ascii_uppercase)
}

/// The letter of a Spanish DNI number: modulo 23 (Real Decreto 1553/2005).
pub(crate) fn dni_letter(number: u32) -> u8 {
    b"TRWAGMYFPDXBNJZSQVHLCKE"
        .get(number as usize % 23)
        .copied()
        .unwrap_or_default()
}

/// Values of the characters at odd places of a codice fiscale
/// (Decreto Ministeriale 23 dicembre 1976).
const ODD: [u8; 26] = [
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23,
];

/// Codice fiscale: shape with the letters that replace digits in homonyms, and check
/// character.
pub(crate) fn codice_fiscale(token: &[u8]) -> bool {
    let digit_like = |b: &u8| b.is_ascii_digit() || b"LMNPQRSTUV".contains(b);
    let shaped = token.len() == 16
        && token.iter().enumerate().all(|(i, b)| match i {
            0..=5 | 11 | 15 => b.is_ascii_uppercase(),
            8 => b"ABCDEHLMPRST".contains(b),
            _ => digit_like(b),
        });
    if !shaped {
        return false;
    }
    let mut sum = 0u32;
    for (i, byte) in token.iter().take(15).enumerate() {
        let ordinal = match byte {
            b'0'..=b'9' => byte - b'0',
            other => other - b'A',
        };
        sum += u32::from(match i % 2 {
            0 => ODD.get(usize::from(ordinal)).copied().unwrap_or(0),
            _ => ordinal,
        });
    }
    token.last().map(|b| u32::from(b - b'A')) == Some(sum % 26)
}

/// Partita IVA: Luhn over eleven digits (D.P.R. 633/1972, art. 35).
pub(crate) fn partita_iva(digits: &[u8]) -> bool {
    digits.len() == 11 && digits.iter().any(|d| *d != 0) && luhn(digits)
}

/// PESEL: date with the century in the month, weights 1 3 7 9
/// (Ustawa z dnia 24 września 2010 r. o ewidencji ludności).
pub(crate) fn pesel(digits: &[u8]) -> bool {
    let coded = pair(digits, 2);
    let century = match coded / 20 {
        0 => 1900,
        1 => 2000,
        2 => 2100,
        3 => 2200,
        _ => 1800,
    };
    digits.len() == 11
        && is_day(century + pair(digits, 0), coded % 20, pair(digits, 4))
        && weighted(digits, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
}

/// Finnish identity code: `ddmmyy`, a century sign, three digits, a check character
/// modulo 31 (Digital and Population Data Services Agency).
pub(crate) fn hetu(token: &[u8]) -> bool {
    if token.len() != 11 {
        return false;
    }
    let number: Vec<u8> = token
        .iter()
        .enumerate()
        .filter(|(i, _)| *i < 6 || (7..10).contains(i))
        .map(|(_, b)| b.wrapping_sub(b'0'))
        .collect();
    let century = match token.get(6) {
        Some(b'+') => 1800,
        Some(b'-' | b'U'..=b'Y') => 1900,
        Some(b'A'..=b'F') => 2000,
        _ => return false,
    };
    if number.iter().any(|d| *d > 9)
        || !is_day(
            century + pair(&number, 4),
            pair(&number, 2),
            pair(&number, 0),
        )
    {
        return false;
    }
    let value = number.iter().fold(0u32, |n, d| n * 10 + u32::from(*d));
    b"0123456789ABCDEFHJKLMNPRSTUVWXY".get(value as usize % 31) == token.last()
}

#[cfg(test)]
mod tests {
    use super::super::digits;
    use super::*;

    #[test]
    fn numbers_with_check_digits() {
        assert!(nhs(&digits("943 476 5919")) && !nhs(&digits("943 476 5918")));
        assert!(pesel(&digits("44051401359")) && !pesel(&digits("44051401358")));
        assert!(partita_iva(&digits("12345670017")) && !partita_iva(&digits("12345670018")));
    }

    #[test]
    fn codes_with_check_characters() {
        assert!(codice_fiscale(b"RSSMRA85T10A562S") && !codice_fiscale(b"RSSMRA85T10A562T"));
        assert!(hetu(b"131052-308T") && !hetu(b"131052-308U"));
        assert_eq!(dni_letter(12_345_678), b'Z');
        assert!(driver_number(b"MORGA753116SM9IJ") && !driver_number(b"MORGA793116SM9IJ"));
        assert!(nino_prefix(b'A', b'B') && !nino_prefix(b'G', b'B'));
    }
}
