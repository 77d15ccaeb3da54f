//! Identifiers of letters and digits: IBAN, national documents, wallets.

use super::{DIGIT, Findings, LOWER, Region, Token, UPPER};
use crate::checksum::{self, asia_pacific, chain, europe, north_america};
use crate::entity::Entity as T;

/// Offers a token of letters and digits.
pub(super) fn offer(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let next = region.byte(token.end);
    if token.only(DIGIT | UPPER) && token.len() >= 4 && !joined(region.previous(token.start)) {
        if let Some(end) = iban(region, token, out) {
            return Some(end);
        }
        if let Some(end) = document(region, token, out) {
            return Some(end);
        }
    }
    if token.len() >= 15
        && token.has(LOWER)
        && token.only(DIGIT | UPPER | LOWER)
        && let Some(end) = iban(region, token, out)
    {
        return Some(end);
    }
    if token.len() >= 25 && token.only(DIGIT | UPPER | LOWER) {
        return wallet(region, token, out);
    }
    if next == b'-' || region.previous(token.start) == b'-' {
        return hyphenated(region, token, out);
    }
    lower_case(region, token, out)
}

/// Offers a token of letters alone; some documents are written in groups.
pub(super) fn worded(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    if token.len() >= 3
        && region.byte(token.start).is_ascii_uppercase()
        && matches!(region.byte(token.end), b' ' | b'.')
        && region.byte(token.end + 1).is_ascii_digit()
    {
        return super::dates::worded(region, token.start, out);
    }
    match token.len() == 2 && token.only(UPPER) && region.byte(token.end) == b' ' {
        true => nino(region, token.start, out),
        false => None,
    }
}

/// Whether a byte joins a token to what is before or behind it.
fn joined(byte: u8) -> bool {
    matches!(byte, b'-' | b'_' | b'/' | b'.') || byte.is_ascii_alphanumeric()
}

/// Length of an IBAN by country (SWIFT, IBAN Registry release 99).
fn iban_length(country: [u8; 2]) -> Option<usize> {
    Some(match &country {
        b"NO" => 15,
        b"BE" => 16,
        b"DK" | b"FI" | b"FK" | b"FO" | b"GL" | b"NL" | b"SD" => 18,
        b"MK" | b"SI" => 19,
        b"AT" | b"BA" | b"EE" | b"KZ" | b"LT" | b"LU" | b"MN" | b"XK" => 20,
        b"CH" | b"HR" | b"LI" | b"LV" => 21,
        b"BG" | b"BH" | b"CR" | b"DE" | b"GB" | b"GE" | b"IE" | b"ME" | b"RS" | b"VA" => 22,
        b"AE" | b"GI" | b"IL" | b"IQ" | b"OM" | b"SO" | b"TL" => 23,
        b"AD" | b"CZ" | b"DZ" | b"ES" | b"MD" | b"PK" | b"RO" | b"SA" | b"SE" | b"SK" | b"TN"
        | b"VG" => 24,
        b"LY" | b"PT" | b"ST" => 25,
        b"IS" | b"TR" => 26,
        b"BI" | b"DJ" | b"FR" | b"GR" | b"IT" | b"MC" | b"MR" | b"SM" => 27,
        b"AL" | b"AZ" | b"BY" | b"CY" | b"DO" | b"GT" | b"HN" | b"HU" | b"LB" | b"NI" | b"PL"
        | b"SV" => 28,
        b"BR" | b"EG" | b"PS" | b"QA" | b"UA" => 29,
        b"JO" | b"KW" | b"MU" | b"YE" => 30,
        b"MT" | b"SC" => 31,
        b"LC" => 32,
        b"RU" => 33,
        _ => return None,
    })
}

/// An IBAN in one piece or in groups of four (ISO 13616).
fn iban(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let head = region.slice(token.start, token.start + 4);
    let [a, b, c, d] = head else { return None };
    let country = [a.to_ascii_uppercase(), b.to_ascii_uppercase()];
    if !(country.iter().all(u8::is_ascii_uppercase) && c.is_ascii_digit() && d.is_ascii_digit()) {
        return None;
    }
    let length = iban_length(country)?;
    let mut compact = Vec::with_capacity(length);
    let mut at = token.start;
    while compact.len() < length {
        let byte = region.byte(at);
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => compact.push(byte.to_ascii_uppercase()),
            b' ' | b'-' if compact.len() % 4 == 0 && region.byte(at - 1) != byte => {}
            _ => return None,
        }
        at += 1;
    }
    let text = std::str::from_utf8(&compact).ok()?;
    let valid = checksum::mod97(&compact) == 1 && text.parse::<iban::BaseIban>().is_ok();
    if !valid || region.byte(at).is_ascii_alphanumeric() {
        return None;
    }
    // In lower case it may as well be a part of a hash.
    let base = if head.first().is_some_and(u8::is_ascii_uppercase) {
        0.95
    } else {
        0.8
    };
    out.weigh(
        (token.start, at),
        T::IbanCode,
        base,
        region.evidence(token.start),
    );
    Some(at)
}

/// National documents in one piece.
fn document(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let bytes = region.slice(token.start, token.end);
    if joined(region.byte(token.end)) && region.byte(token.end + 1).is_ascii_alphanumeric() {
        return None;
    }
    let checked = match bytes.len() {
        16 if europe::codice_fiscale(bytes) => Some((T::ItFiscalCode, 0.95)),
        16 if europe::driver_number(bytes) => Some((T::UkDrivingLicence, 0.85)),
        15 if asia_pacific::gstin(bytes) => Some((T::InGstin, 0.95)),
        13 => vat(bytes).map(|score| (T::ItVatCode, score)),
        11 if europe::hetu(bytes) => Some((T::FiPersonalIdentityCode, 0.8)),
        10 if asia_pacific::pan(bytes) => Some((T::InPan, 0.7)),
        9 => nine(bytes),
        8 => return nino(region, token.start, out).or_else(|| keyed_only(region, token, out)),
        _ => None,
    };
    let Some((entity, base)) = checked else {
        return keyed_only(region, token, out);
    };
    out.weigh(
        (token.start, token.end),
        entity,
        base,
        region.evidence(token.start),
    );
    Some(token.end)
}

fn vat(bytes: &[u8]) -> Option<f32> {
    let digits = values(bytes.strip_prefix(b"IT")?);
    europe::partita_iva(&digits).then_some(0.8)
}

/// Documents of nine characters.
fn nine(bytes: &[u8]) -> Option<(T, f32)> {
    let digits = values(bytes);
    let (first, last) = (*bytes.first()?, *bytes.last()?);
    if asia_pacific::nric(bytes) {
        return Some((T::SgFin, 0.75));
    }
    if digits.len() == 8 && last.is_ascii_uppercase() {
        let number = digits.iter().fold(0, |n, d| n * 10 + u32::from(*d));
        return (europe::dni_letter(number) == last).then_some((T::EsNif, 0.6));
    }
    if matches!(first, b'X' | b'Y' | b'Z') && digits.len() == 7 && last.is_ascii_uppercase() {
        let number = digits
            .iter()
            .fold(u32::from(first - b'X'), |n, d| n * 10 + u32::from(*d));
        return (europe::dni_letter(number) == last).then_some((T::EsNie, 0.8));
    }
    let (prefix, rest) = bytes.split_at(2);
    if matches!(rest, [.., b'A'..=b'D'])
        && digits.len() == 6
        && matches!(prefix, [a, b] if europe::nino_prefix(*a, *b))
    {
        return Some((T::UkNino, 0.8));
    }
    if digits.len() == 7 && north_america::dea(prefix, &digits) {
        return Some((T::MedicalLicense, 0.55));
    }
    None
}

/// Documents without a check that a label or header must call for. In a field with a
/// name the value is judged as a whole, so only text is looked at here.
fn keyed_only(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    if !(6..=18).contains(&token.len()) {
        return None;
    }
    let evidence = region.evidence(token.start);
    let value = region.str(token.start, token.end);
    let entity = evidence
        .hints
        .iter()
        .find(|e| super::whole::document(*e, value))?;
    out.add(token.start, token.end, entity, 0.85);
    Some(token.end)
}

/// A national insurance number, compact or in pairs: `AB 12 34 56 C`.
fn nino(region: &Region<'_>, start: usize, out: &mut Findings<'_>) -> Option<usize> {
    let text = region.slice(start, (start + 13).min(region.end));
    let mut compact = Vec::with_capacity(9);
    let mut end = start;
    for byte in text {
        match byte {
            b' ' if compact.len() >= 2 => {}
            b'0'..=b'9' | b'A'..=b'Z' => compact.push(*byte),
            _ => break,
        }
        end += 1;
        if compact.len() == 9 {
            break;
        }
    }
    let [a, b, digits @ .., suffix] = compact.as_slice() else {
        return None;
    };
    let valid = digits.len() == 6
        && digits.iter().all(u8::is_ascii_digit)
        && (b'A'..=b'D').contains(suffix)
        && europe::nino_prefix(*a, *b)
        && !region.byte(end).is_ascii_alphanumeric()
        && !joined(region.previous(start));
    valid.then(|| {
        out.weigh((start, end), T::UkNino, 0.8, region.evidence(start));
        end
    })
}

/// Addresses of wallets.
fn wallet(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let bytes = region.slice(token.start, token.end);
    let score = match bytes {
        [b'0', b'x', hex @ ..] if hex.len() == 40 && hex.iter().all(u8::is_ascii_hexdigit) => 0.75,
        [b'b', b'c', b'1', ..] | [b'B', b'C', b'1', ..] if chain::bech32(bytes) => 0.95,
        _ if chain::base58check(bytes) => 0.95,
        _ => return None,
    };
    out.weigh(
        (token.start, token.end),
        T::Crypto,
        score,
        region.evidence(token.start),
    );
    Some(token.end)
}

/// Codes with hyphens in them: Finnish identity codes, licences, `12345678-Z`.
pub(super) fn hyphenated(
    region: &Region<'_>,
    token: Token,
    out: &mut Findings<'_>,
) -> Option<usize> {
    if joined(region.previous(token.start)) {
        return None;
    }
    let end = region.run(token.start, |b| {
        b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+')
    });
    let bytes = region.slice(token.start, end);
    if bytes.len() > 24 || bytes.len() < 8 || region.byte(end) == b'_' {
        return None;
    }
    let evidence = region.evidence(token.start);
    let compact: Vec<u8> = bytes.iter().copied().filter(|b| *b != b'-').collect();
    let found = if europe::hetu(bytes) {
        Some((T::FiPersonalIdentityCode, 0.9))
    } else if compact.len() == 9 && compact.last().is_some_and(u8::is_ascii_uppercase) {
        nine(&compact)
    } else {
        None
    };
    if let Some((entity, base)) = found {
        out.weigh((token.start, end), entity, base, evidence);
        return Some(end);
    }
    let value = region.str(token.start, end);
    let entity = evidence
        .hints
        .iter()
        .find(|e| super::whole::document(*e, value))?;
    out.add(token.start, end, entity, 0.85);
    Some(end)
}

/// Documents that somebody wrote in lower case; their name must stand before them.
fn lower_case(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    if !token.has(LOWER) || !(9..=16).contains(&token.len()) {
        return None;
    }
    let evidence = region.evidence(token.start);
    if evidence.hints.is_empty() {
        return None;
    }
    let value = region.str(token.start, token.end).to_ascii_uppercase();
    let entity = evidence
        .hints
        .iter()
        .find(|e| super::whole::document(*e, &value))?;
    out.add(token.start, token.end, entity, 0.85);
    Some(token.end)
}

/// The values of the digits in `bytes`.
pub(super) fn values(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .filter(|b| b.is_ascii_digit())
        .map(|b| b - b'0')
        .collect()
}
