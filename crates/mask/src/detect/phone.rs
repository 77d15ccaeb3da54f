//! Telephone numbers.
//!
//! International numbers are recognized by their shape (ITU-T E.164), North American
//! ones by their groups (NANPA); other national forms need a label or a header, for no
//! shape tells them from order numbers.

use super::numbers::Number;
use super::{Findings, Region, Token};
use crate::entity::Entity;
use crate::evidence::Evidence;

/// Whether `code` begins with a country code that the ITU has assigned.
fn country(digits: &[u8]) -> bool {
    match digits {
        [1 | 7, ..] => true,
        [2, 0 | 7, ..] => true,
        [2, 1..=6 | 8 | 9, ..] => true,
        [3, 0..=9, ..] => true,
        [4, 0..=9, ..] => true,
        [5, 0..=9, ..] => true,
        [6, 0..=9, ..] => true,
        [8, 0..=9, ..] => !matches!(digits, [8, 3 | 9, ..]),
        [9, 0..=9, ..] => !matches!(digits, [9, 7, 8 | 9, ..]),
        _ => false,
    }
}

/// A number with a plus or parentheses around its first group.
pub(super) fn marked(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let before = region.previous(token.start);
    let plus = before == b'+';
    let mut start = token.start;
    if plus || before == b'(' {
        start -= 1;
    }
    if before == b'(' && region.previous(start) == b'+' {
        start -= 1;
    }
    if region.previous(start).is_ascii_alphanumeric() {
        return None;
    }
    let end = extent(region, token.start);
    let digits = super::codes::values(region.slice(start, end));
    let evidence = region.evidence(start);
    let international = plus || region.byte(start) == b'+';
    let base = match (international, digits.len()) {
        (true, 8..=15) if country(&digits) => 0.8,
        (true, 7..=15) if country(&digits) => 0.55,
        (false, 10) if before == b'(' && area(&digits) => 0.75,
        (false, 7..=12) => 0.4,
        _ => return None,
    };
    let score = evidence
        .weigh(Entity::PhoneNumber, base)
        .max(match international {
            true => base - 0.2,
            false => 0.0,
        });
    out.add(start, end, Entity::PhoneNumber, score);
    (score >= 0.5).then_some(end)
}

/// The end of a telephone number: digits with single marks or `) ` between them.
fn extent(region: &Region<'_>, start: usize) -> usize {
    let mut end = region.run(start, |b| b.is_ascii_digit());
    let mut digits = end - start;
    loop {
        let gap = region.run(end, |b| {
            matches!(b, b' ' | b'-' | b'.' | b'(' | b')' | b'/')
        });
        let next = region.run(gap, |b| b.is_ascii_digit());
        if gap - end > 2
            || next == gap
            || digits + (next - gap) > 15
            || (gap > end && region.slice(end, gap) == b"  ")
        {
            return extension(region, end);
        }
        digits += next - gap;
        end = next;
    }
}

/// The end with an extension: `x123`, ` ext. 12`.
fn extension(region: &Region<'_>, end: usize) -> usize {
    let rest = region
        .bytes()
        .get(end..region.end.min(end + 12))
        .unwrap_or_default();
    for mark in [&b" ext. "[..], b" ext ", b" x", b"x"] {
        if let Some(tail) = rest.strip_prefix(mark) {
            let digits = tail.iter().take_while(|b| b.is_ascii_digit()).count();
            if (1..=6).contains(&digits) && !tail.get(digits).is_some_and(u8::is_ascii_alphanumeric)
            {
                return end + mark.len() + digits;
            }
        }
    }
    end
}

/// Whether ten digits are a North American number: area code and exchange begin with 2
/// to 9 and are no service code.
fn area(digits: &[u8]) -> bool {
    matches!(digits, [2..=9, _, _, 2..=9, ..])
        && digits.len() == 10
        && digits.get(1..3) != Some(&[1, 1])
}

/// Judges groups of digits as a national number; answers the score.
pub(super) fn national(number: &Number, evidence: Evidence, out: &mut Findings<'_>) -> f32 {
    let digits = number.digits();
    if !(7..=15).contains(&digits.len()) || number.marks().contains(&b'/') && number.count > 2 {
        return 0.0;
    }
    let called = evidence.hints_at(Entity::PhoneNumber);
    let base = match number.groups() {
        [3, 3, 4] if area(digits) => match number.marks() {
            b"--" | b".." => 0.6,
            b"  " => 0.45,
            _ => 0.2,
        },
        [1, 3, 3, 4] if digits.first() == Some(&1) && digits.get(1..).is_some_and(area) => 0.6,
        _ if called => 0.8,
        _ => 0.1,
    };
    let score = evidence.weigh(Entity::PhoneNumber, base);
    if score >= 0.3 {
        out.add(number.start, number.end, Entity::PhoneNumber, score);
    }
    score
}

/// Whether a whole value can be a telephone number, written in any national way.
pub(crate) fn plausible(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let (number, extension) = value.split_once(['x', 'X']).unwrap_or((value, ""));
    let number = number.trim_end_matches("e").trim();
    (6..=18).contains(&digits)
        && number
            .bytes()
            .all(|b| b.is_ascii_digit() || b" +-.()/".contains(&b))
        && extension
            .bytes()
            .all(|b| b.is_ascii_digit() || b"t. ".contains(&b))
}
