//! Cells in base64 or hexadecimal that decode to text.

use std::fmt::Write;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Counts;
use crate::engine::Engine;

/// Shortest cell that is decoded, in bytes: shorter ones are words and numbers.
const SHORTEST: usize = 16;
/// Longest cell that is decoded, in bytes.
const LONGEST: usize = 1 << 20;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Masks the text inside an encoded cell and encodes the result in the same way. `None`
/// when the cell is not encoded text or there is nothing to mask in it.
pub(super) fn mask(value: &str, engine: &Engine, counts: &mut Counts) -> Option<String> {
    if !(SHORTEST..=LONGEST).contains(&value.len()) {
        return None;
    }
    let (prefix, digits) = match value
        .strip_prefix(r"\x")
        .or_else(|| value.strip_prefix("0x"))
    {
        Some(digits) => value.split_at(value.len() - digits.len()),
        None => ("", value),
    };
    if let Some(text) = text(from_hex(digits)) {
        let masked = masked(&text, engine, counts)?;
        return Some(format!("{prefix}{}", to_hex(masked.as_bytes())));
    }
    let (text, coder) = match text(STANDARD.decode(value).ok()) {
        Some(text) => (text, STANDARD),
        None => (text(URL_SAFE.decode(value).ok())?, URL_SAFE),
    };
    let masked = masked(&text, engine, counts)?;
    Some(coder.encode(masked))
}

/// Bytes that are text: UTF-8 without control characters but for white space.
fn text(bytes: Option<Vec<u8>>) -> Option<String> {
    let text = String::from_utf8(bytes?).ok()?;
    let readable = text.chars().all(|c| !c.is_control() || c.is_whitespace());
    (readable && text.len() > 7).then_some(text)
}

fn masked(text: &str, engine: &Engine, counts: &mut Counts) -> Option<String> {
    let masked = engine.mask_text(text);
    if masked.counts.is_empty() {
        return None;
    }
    for (name, count) in masked.counts {
        *counts.entry(name).or_default() += count;
    }
    Some(masked.text)
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let bytes = digits.as_bytes();
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    let value = |b: u8| char::from(b).to_digit(16);
    bytes
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(value(*high)? * 16 + value(*low)?).ok(),
            _ => None,
        })
        .collect()
}

fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
