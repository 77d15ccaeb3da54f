//! Identifiers of digits alone, written in one piece or in groups.

use super::{Findings, Region, Token, dates, network, phone};
use crate::checksum::{
    asia_pacific as asia, europe, latin_america as latin, luhn, north_america as us,
};
use crate::entity::Entity as T;

/// Most groups of one number.
const MOST_GROUPS: usize = 8;
/// Least digits of a number that can be somebody's.
const LEAST_DIGITS: usize = 6;
/// Most digits of one number.
const MOST_DIGITS: usize = 20;

/// Groups of digits with single marks between them.
pub(super) struct Number {
    pub(super) start: usize,
    pub(super) end: usize,
    groups: [u8; MOST_GROUPS],
    marks: [u8; MOST_GROUPS],
    ends: [usize; MOST_GROUPS],
    pub(super) count: usize,
    digits: [u8; MOST_DIGITS],
    total: usize,
}

impl Number {
    /// Reads the number that begins at `start`: groups joined by a space, hyphen, dot
    /// or slash.
    pub(super) fn read(region: &Region<'_>, start: usize) -> Option<Self> {
        let mut number = Self {
            start,
            end: start,
            groups: [0; MOST_GROUPS],
            marks: [0; MOST_GROUPS],
            ends: [0; MOST_GROUPS],
            count: 0,
            digits: [0; MOST_DIGITS],
            total: 0,
        };
        let mut at = start;
        while number.count < MOST_GROUPS {
            let end = region.run(at, |b| b.is_ascii_digit());
            if end == at || number.total + (end - at) > MOST_DIGITS {
                break;
            }
            for digit in region.slice(at, end) {
                *number.digits.get_mut(number.total)? = digit - b'0';
                number.total += 1;
            }
            *number.groups.get_mut(number.count)? = (end - at) as u8;
            *number.ends.get_mut(number.count)? = end;
            number.count += 1;
            number.end = end;
            let mark = region.byte(end);
            if !matches!(mark, b' ' | b'-' | b'.' | b'/') || !region.byte(end + 1).is_ascii_digit()
            {
                break;
            }
            *number.marks.get_mut(number.count - 1)? = mark;
            at = end + 1;
        }
        (number.count > 0).then_some(number)
    }

    pub(super) fn digits(&self) -> &[u8] {
        self.digits.get(..self.total).unwrap_or_default()
    }

    pub(super) fn groups(&self) -> &[u8] {
        self.groups.get(..self.count).unwrap_or_default()
    }

    pub(super) fn marks(&self) -> &[u8] {
        self.marks
            .get(..self.count.saturating_sub(1))
            .unwrap_or_default()
    }

    /// Whether every mark is `mark`.
    fn all(&self, mark: u8) -> bool {
        self.marks().iter().all(|m| *m == mark)
    }

    fn uniform(&self) -> bool {
        self.marks().windows(2).all(|w| w.first() == w.last())
    }

    /// The number without its last group.
    fn shorten(&mut self) {
        let dropped = self.groups().last().copied().unwrap_or(0);
        self.count -= 1;
        self.total -= usize::from(dropped);
        self.end = self
            .ends
            .get(self.count.saturating_sub(1))
            .copied()
            .unwrap_or(self.start);
    }
}

/// Offers a token of digits.
pub(super) fn offer(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let next = region.byte(token.end);
    let grouped = matches!(next, b' ' | b'-' | b'.' | b'/' | b')')
        && (region.byte(token.end + 1).is_ascii_alphanumeric() || next == b')');
    if token.len() < 7 && !grouped {
        return None;
    }
    let before = region.previous(token.start);
    if token.len() <= 4
        && grouped
        && let Some(end) = dates::at(region, token.start, out)
    {
        return Some(end);
    }
    if (before == b'+' || before == b'(')
        && let Some(end) = phone::marked(region, token, out)
    {
        return Some(end);
    }
    // The tail of `ORD-2024-905908`, a fraction, a path.
    if matches!(before, b'-' | b'/' | b'.' | b'_' | b':' | b'$' | b'#')
        && !starts_value(region, token.start)
    {
        return match before {
            b':' | b'#' => bare(region, token, out),
            _ => None,
        };
    }
    if token.len() == 8 && next == b'-' && region.byte(token.end + 1).is_ascii_uppercase() {
        return super::codes::offer(region, token, out);
    }
    if token.len() == 6
        && matches!(next, b'-' | b'+')
        && let Some(end) = super::codes::hyphenated(region, token, out)
    {
        return Some(end);
    }
    let mut number = Number::read(region, token.start)?;
    if number.total < LEAST_DIGITS {
        let dotted = number.count == 4 && number.all(b'.');
        return dotted
            .then(|| network::ipv4(region, number.start, number.end, out))
            .flatten();
    }
    let whole = number.end;
    // Groups that are all alike belong together: no part of a card is an Aadhaar.
    let alike = number.count > 3
        && number.uniform()
        && number.groups().windows(2).all(|w| w.first() == w.last());
    loop {
        if let Some(end) = judge(region, &number, whole, out) {
            return Some(end);
        }
        if number.count < 2 || alike {
            return None;
        }
        number.shorten();
    }
}

/// Whether a colon or hash before `start` ends a label.
fn starts_value(region: &Region<'_>, start: usize) -> bool {
    start == region.start
}

fn bare(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let number = Number::read(region, token.start)?;
    judge(region, &number, number.end, out)
}

/// Judges one way to read a number; `whole` is where its longest reading ends.
fn judge(
    region: &Region<'_>,
    number: &Number,
    whole: usize,
    out: &mut Findings<'_>,
) -> Option<usize> {
    let after = region.byte(number.end);
    // A reading that stops inside what a hyphen, dot or slash joins is no number.
    let cut = after.is_ascii_alphanumeric()
        || (number.end < whole && !(after == b' ' && number.total >= 7))
        || (matches!(after, b'-' | b'.' | b'/' | b'_')
            && region.byte(number.end + 1).is_ascii_alphanumeric());
    if cut || !number.uniform() && number.count < 4 && number.total < 10 {
        return None;
    }
    if number.count == 4 && number.all(b'.') {
        return network::ipv4(region, number.start, number.end, out);
    }
    let mut best = 0.0f32;
    let span = (number.start, number.end);
    let mut evidence = None;
    let mut add = |entity: T, base: f32| {
        let evidence = *evidence.get_or_insert_with(|| region.evidence(span.0));
        let score = evidence.weigh(entity, base);
        best = best.max(score);
        out.add(span.0, span.1, entity, score);
    };
    match number.count {
        1 => single(number.digits(), &mut add),
        _ => grouped(number, &mut add),
    }
    if best < 0.5 {
        let evidence = *evidence.get_or_insert_with(|| region.evidence(span.0));
        if let Some(entity) = called(region, number, evidence) {
            best = 0.85;
            out.add(span.0, span.1, entity, best);
        } else if number.end == whole {
            best = best.max(phone::national(number, evidence, out));
        }
    }
    (best >= 0.5).then_some(number.end)
}

/// A document without a check digit that the evidence calls for.
fn called(region: &Region<'_>, number: &Number, evidence: crate::evidence::Evidence) -> Option<T> {
    if evidence.hints.is_empty() || number.total < 6 {
        return None;
    }
    let value = region.str(number.start, number.end);
    evidence
        .hints
        .iter()
        .find(|e| super::whole::document(*e, value))
}

/// Numbers in one piece. Their base is low: without a word for it an order number is
/// as likely.
fn single(digits: &[u8], add: &mut impl FnMut(T, f32)) {
    if (13..=19).contains(&digits.len()) && card(digits) {
        add(T::CreditCard, 0.7);
    }
    match digits.len() {
        9 => {
            if us::ssn(digits) {
                add(T::UsSsn, 0.1);
            }
            if us::itin(digits) {
                add(T::UsItin, 0.15);
            }
            if asia::tfn(digits) {
                add(T::AuTfn, 0.2);
            }
            if asia::acn(digits) {
                add(T::AuAcn, 0.15);
            }
            if us::aba(digits) {
                add(T::AbaRouting, 0.15);
            }
        }
        10 => {
            if europe::nhs(digits) {
                add(T::UkNhs, 0.25);
            }
            if asia::medicare(digits) {
                add(T::AuMedicare, 0.2);
            }
            if us::npi(digits) {
                add(T::MedicalLicense, 0.2);
            }
        }
        11 => eleven(digits, add),
        12 if asia::aadhaar(digits) => add(T::InAadhaar, 0.3),
        13 => {
            if asia::thai(digits) {
                add(T::ThTnin, 0.25);
            }
            if asia::rrn(digits) {
                add(T::KrRrn, 0.4);
            }
        }
        14 if latin::cnpj(digits) => add(T::BrCnpj, 0.55),
        _ => {}
    }
}

fn eleven(digits: &[u8], add: &mut impl FnMut(T, f32)) {
    if latin::cpf(digits) {
        add(T::BrCpf, 0.4);
    }
    if europe::pesel(digits) {
        add(T::PlPesel, 0.4);
    }
    if asia::abn(digits) {
        add(T::AuAbn, 0.4);
    }
    if europe::partita_iva(digits) {
        add(T::ItVatCode, 0.2);
    }
    if latin::cnh(digits) {
        add(T::BrCnh, 0.2);
    }
    if latin::pis(digits) {
        add(T::BrPis, 0.2);
    }
    if asia::medicare(digits) {
        add(T::AuMedicare, 0.15);
    }
}

/// Numbers in the groups that their issuers print.
fn grouped(number: &Number, add: &mut impl FnMut(T, f32)) {
    let digits = number.digits();
    let spaced = number.all(b' ');
    let even = number.uniform() && (spaced || number.all(b'-'));
    match number.groups() {
        [4, 4, 4, 4] | [4, 4, 4, 4, 1..=3] | [4, 6, 5] | [4, 6, 4] if even && card(digits) => {
            add(T::CreditCard, 0.92);
        }
        [3, 2, 4] if even => {
            if us::ssn(digits) {
                add(T::UsSsn, 0.8);
            }
            if us::itin(digits) {
                add(T::UsItin, 0.85);
            }
        }
        [3, 3, 4] if even && europe::nhs(digits) => add(T::UkNhs, 0.6),
        [3, 3, 3] if even => {
            if asia::tfn(digits) {
                add(T::AuTfn, 0.4);
            }
            if asia::acn(digits) {
                add(T::AuAcn, 0.4);
            }
        }
        [2, 3, 3, 3] if even && asia::abn(digits) => add(T::AuAbn, 0.85),
        [4, 5, 1] | [4, 5, 1, 1]
            if (even || number.marks().last() == Some(&b'/')) && asia::medicare(digits) =>
        {
            add(T::AuMedicare, 0.75);
        }
        [4, 4, 4] if even && asia::aadhaar(digits) => add(T::InAadhaar, 0.75),
        [3, 3, 3, 2] if number.marks() == b"..-" && latin::cpf(digits) => add(T::BrCpf, 0.95),
        [2, 3, 3, 4, 2] if number.marks() == b"../-" && latin::cnpj(digits) => add(T::BrCnpj, 0.95),
        [3, 5, 2, 1] if number.marks() == b"..-" && latin::pis(digits) => add(T::BrPis, 0.9),
        [2, 3, 3, 1] if number.marks() == b"..-" => add(T::BrRg, 0.6),
        [6, 7] if number.all(b'-') && asia::rrn(digits) => add(T::KrRrn, 0.8),
        [1, 4, 5, 2, 1] if even && asia::thai(digits) => add(T::ThTnin, 0.85),
        [9, 2] if number.all(b'-') && latin::cpf(digits) => add(T::BrCpf, 0.6),
        _ => {}
    }
}

/// Whether digits are a card of a known network (ISO/IEC 7812 ranges as the networks
/// publish them) with a valid check digit.
pub(super) fn card(digits: &[u8]) -> bool {
    let head = |n: usize| {
        digits
            .iter()
            .take(n)
            .fold(0u32, |v, d| v * 10 + u32::from(*d))
    };
    let network = match digits.len() {
        14 => matches!(head(2), 36 | 38 | 39) || (300..=305).contains(&head(3)),
        15 => matches!(head(2), 34 | 37),
        13 => head(1) == 4,
        16..=19 => {
            head(1) == 4
                || (51..=55).contains(&head(2))
                || (2221..=2720).contains(&head(4))
                || head(4) == 6011
                || matches!(head(2), 65 | 62 | 81 | 60 | 50 | 56..=58 | 67 | 63)
                || (644..=649).contains(&head(3))
                || (3528..=3589).contains(&head(4))
                || matches!(head(4), 2200..=2204)
        }
        12 => matches!(head(2), 50 | 56..=58 | 67 | 63),
        _ => false,
    };
    network && luhn(digits) && digits.iter().any(|d| Some(d) != digits.first())
}
