//! One walk over a region of text that offers every token to the detectors it may
//! concern.
//!
//! A token is a run of letters, digits, `_` and characters beyond ASCII. The walk looks
//! at each byte once through a table of classes; everything dearer happens only at
//! tokens whose shape asks for it, which keeps harmless text cheap.

mod codes;
mod commands;
mod dates;
pub(crate) mod keyed;
pub(crate) mod names;
mod network;
mod numbers;
pub(crate) mod phone;
mod secrets;
pub(crate) mod whole;

use crate::entity::{Entity, EntitySet};
use crate::evidence::{self, Evidence};
use crate::finding::{Finding, Kind};

/// Bits of the classes of bytes.
const DIGIT: u8 = 1;
const LOWER: u8 = 2;
const UPPER: u8 = 4;
const UNDERSCORE: u8 = 8;
const HIGH: u8 = 16;

static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'z' => LOWER,
            b'A'..=b'Z' => UPPER,
            b'_' => UNDERSCORE,
            0x80.. => HIGH,
            _ => 0,
        };
        byte += 1;
    }
    table
}

fn class(byte: u8) -> u8 {
    CLASS.get(usize::from(byte)).copied().unwrap_or(0)
}

/// A part of a text that is judged on its own: a line, a cell, a value.
#[derive(Clone, Copy)]
pub(crate) struct Region<'t> {
    /// The text that positions refer to.
    pub(crate) text: &'t str,
    /// First byte of the region.
    pub(crate) start: usize,
    /// Byte after the region.
    pub(crate) end: usize,
    /// What the name of the field says; nothing in free text.
    pub(crate) field: Evidence,
    /// The types that rules ask for.
    pub(crate) wanted: EntitySet,
    /// The text up to the end of the region.
    bytes: &'t [u8],
}

impl<'t> Region<'t> {
    /// The region `text[start..end]`.
    pub(crate) fn new(
        text: &'t str,
        start: usize,
        end: usize,
        field: Evidence,
        wanted: EntitySet,
    ) -> Self {
        Self {
            text,
            start,
            end,
            field,
            wanted,
            bytes: text.as_bytes().get(..end).unwrap_or_default(),
        }
    }

    fn bytes(&self) -> &'t [u8] {
        self.bytes
    }

    fn byte(&self, at: usize) -> u8 {
        self.bytes().get(at).copied().unwrap_or(0)
    }

    /// The byte before `at`, 0 at the start of the region.
    fn previous(&self, at: usize) -> u8 {
        match at > self.start {
            true => self.byte(at - 1),
            false => 0,
        }
    }

    fn slice(&self, start: usize, end: usize) -> &'t [u8] {
        self.bytes().get(start..end).unwrap_or_default()
    }

    fn str(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// The end of the run of bytes from `at` on that `accept` takes.
    fn run(&self, at: usize, accept: impl Fn(u8) -> bool) -> usize {
        let rest = self.bytes().get(at..).unwrap_or_default();
        at + rest.iter().position(|b| !accept(*b)).unwrap_or(rest.len())
    }

    /// [`Region::run`], but no longer than `most` bytes. Runs that may begin again inside
    /// themselves need the limit: without it hostile text takes quadratic time.
    fn run_within(&self, at: usize, most: usize, accept: impl Fn(u8) -> bool) -> usize {
        let end = self.end.min(at.saturating_add(most));
        let rest = self.slice(at, end);
        at + rest.iter().position(|b| !accept(*b)).unwrap_or(rest.len())
    }

    /// The last border between characters at or before `at`.
    fn floor(&self, mut at: usize) -> usize {
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    /// What stands before `at`: a label of its own, else the name of the field.
    pub(crate) fn evidence(&self, at: usize) -> Evidence {
        let near = evidence::before(self.text, self.start, at);
        match near == Evidence::NONE {
            true => self.field,
            false => near,
        }
    }
}

/// Where findings of a walk go.
pub(crate) struct Findings<'o> {
    out: &'o mut Vec<Finding>,
}

impl<'o> Findings<'o> {
    pub(crate) fn into(out: &'o mut Vec<Finding>) -> Self {
        Self { out }
    }

    /// Notes a finding; scores below zero are nothing.
    fn add(&mut self, start: usize, end: usize, entity: Entity, score: f32) {
        if score > 0.0 {
            self.out.push(Finding {
                start,
                end,
                kind: Kind::BuiltIn(entity),
                score: score.min(1.0),
            });
        }
    }

    /// Notes a finding whose looks are worth `base`, weighed by the evidence.
    fn weigh(&mut self, span: (usize, usize), entity: Entity, base: f32, evidence: Evidence) {
        self.add(span.0, span.1, entity, evidence.weigh(entity, base));
    }
}

/// Finds everything in `region` that its own looks or its context give away.
pub(crate) fn walk(region: &Region<'_>, out: &mut Vec<Finding>) {
    let mut findings = Findings { out };
    let bytes = region.bytes();
    let people = region.wanted.has(Entity::Person) || region.wanted.has(Entity::Location);
    let mut at = region.start;
    while let Some(rest) = bytes.get(at..) {
        let Some(gap) = rest.iter().position(|b| class(*b) != 0) else {
            break;
        };
        let start = at + gap;
        let mut kinds = 0;
        let mut length = 0;
        for byte in rest.iter().skip(gap) {
            let kind = class(*byte);
            if kind == 0 {
                break;
            }
            kinds |= kind;
            length += 1;
        }
        at = start + length;
        let token = Token {
            start,
            end: at,
            kinds,
        };
        at = offer(region, token, people, &mut findings).max(at);
    }
}

/// A run of token bytes.
#[derive(Clone, Copy)]
struct Token {
    start: usize,
    end: usize,
    kinds: u8,
}

impl Token {
    fn len(self) -> usize {
        self.end - self.start
    }

    fn has(self, kind: u8) -> bool {
        self.kinds & kind != 0
    }

    fn only(self, kinds: u8) -> bool {
        self.kinds & !kinds == 0
    }
}

/// Offers a word in small letters that stands alone: most tokens of most texts.
fn word(region: &Region<'_>, token: Token, people: bool, out: &mut Findings<'_>) -> Option<usize> {
    let text = region.slice(token.start, token.end);
    if people && matches!(text, b"at" | b"to" | b"in") {
        return names::destination(region, token, out);
    }
    if text == b"by" {
        return commands::identified(region, token, out);
    }
    if text.first() == Some(&b'p')
        && let Some(end) = commands::option(region, token, out)
    {
        return Some(end);
    }
    let key = matches!(region.byte(token.end + 1), b'=' | b':')
        || keyed::is_option(region, token)
        || (matches!(text.first(), Some(b'p' | b's' | b'c'))
            && keyed::is_password_word(region.str(token.start, token.end)));
    match key {
        true => keyed::offer(region, token, out),
        false => None,
    }
}

/// Offers a token of digits alone.
fn digits(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let next = region.byte(token.end);
    let found = match (next, token.len()) {
        (b'@', _) => network::email(region, token, out),
        (b'$', 1) => commands::hashed(region, token, out),
        (b':', 8..=10) => secrets::bot(region, token, out),
        (b':', ..=4) => network::colon(region, token, out),
        (b'-', 2) => network::mac(region, token, out),
        (b'.', 4) => network::dotted_mac(region, token, out),
        (b'/' | b'+', _) => secrets::offer(region, token, out),
        _ => None,
    };
    found.or_else(|| numbers::offer(region, token, out))
}

/// Offers a token of letters to what commands and statements say.
fn commanded(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    match region.byte(token.start) {
        b'p' => commands::option(region, token, out),
        b'B' | b'b' if token.len() == 2 => commands::identified(region, token, out),
        _ => None,
    }
}

/// Offers a token to the detectors; answers where the walk goes on.
fn offer(region: &Region<'_>, token: Token, people: bool, out: &mut Findings<'_>) -> usize {
    let next = region.byte(token.end);
    if token.only(LOWER) && matches!(next, b' ' | b'\t' | b'\n') {
        return word(region, token, people, out).unwrap_or(token.end);
    }
    if token.only(DIGIT) {
        return digits(region, token, out).unwrap_or(token.end);
    }
    if next == b'@'
        && let Some(end) = network::email(region, token, out)
    {
        return end;
    }
    if next == b':'
        && let Some(end) =
            network::colon(region, token, out).or_else(|| commands::login(region, token, out))
    {
        return end;
    }
    if next == b'$'
        && let Some(end) = commands::hashed(region, token, out)
    {
        return end;
    }
    if let Some(end) = commanded(region, token, out) {
        return end;
    }
    if next == b'.'
        && token.len() == 4
        && let Some(end) = network::dotted_mac(region, token, out)
    {
        return end;
    }
    if next == b'-'
        && token.len() == 2
        && let Some(end) = network::mac(region, token, out)
    {
        return end;
    }
    if let Some(end) = secrets::offer(region, token, out) {
        return end;
    }
    if token.has(DIGIT) {
        let first = region.byte(token.start);
        if !token.only(DIGIT | UNDERSCORE | HIGH)
            && let Some(end) = codes::offer(region, token, out)
        {
            return end;
        }
        if first.is_ascii_digit() && token.len() > 3 {
            dates::leading(region, token, out);
        }
    } else if let Some(end) = codes::worded(region, token, out) {
        return end;
    }
    if keyed::may_be_key(region, token, next)
        && let Some(end) = keyed::offer(region, token, out)
    {
        return end;
    }
    if people
        && (token.has(HIGH) || region.byte(token.start).is_ascii_uppercase())
        && !token.has(DIGIT)
    {
        return names::offer(region, token, out).unwrap_or(token.end);
    }
    token.end
}
