//! What the name and the first values of a column say about all its values.

mod vote;

use std::ops::Range;

use crate::detect::{Findings, Region, keyed, whole};
use crate::engine::Engine;
use crate::entity::{Entity, EntitySet};
use crate::evidence::{self, Evidence};
use crate::finding::{Finding, Kind};

/// Below this many bytes a value without marks is too small to hold anything.
const SMALL: usize = 16;
/// Fewer digits than this are nobody's number.
const FEW_DIGITS: u32 = 6;
/// Score of a value that is masked because its column is.
const BY_COLUMN: f32 = 0.84;

/// Types of columns whose cells need no second look: nothing in them can be of a type
/// that says more.
const SETTLED: EntitySet = EntitySet::of(&[
    Entity::Person,
    Entity::Location,
    Entity::EmailAddress,
    Entity::PhoneNumber,
    Entity::IpAddress,
    Entity::MacAddress,
    Entity::CreditCard,
    Entity::IbanCode,
    Entity::DateOfBirth,
    Entity::UsSsn,
]);

/// A column of a result.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    evidence: Evidence,
    /// What every value is, once known.
    decided: Option<Kind>,
    /// Whether a column rule decided.
    ruled: bool,
    /// Whether the name tells a property of goods.
    goods: bool,
    /// Whether it calls for people but stands beside properties of goods.
    doubtful: bool,
}

impl Column {
    /// A column known by its name alone.
    pub(crate) fn named(name: &str, engine: &Engine) -> Self {
        Self::sourced(name, &[], false, engine)
    }

    /// A column with the `(table, column)` pairs it comes from. Column rules match the
    /// source where it is known, else the name; all of them match when it is open, so that
    /// its values may come from elsewhere too.
    pub(crate) fn sourced(
        name: &str,
        sources: &[(String, String)],
        is_open: bool,
        engine: &Engine,
    ) -> Self {
        let mut evidence = evidence::of_name(name);
        if evidence.hints.is_empty() {
            // `SELECT email AS a`: the source knows better than the alias.
            if let Some(known) = sources
                .iter()
                .map(|(_, c)| evidence::of_name(c))
                .find(|e| !e.hints.is_empty())
            {
                evidence = known;
            }
        }
        let ruled = engine.column_rule(name, sources, is_open);
        Self {
            evidence,
            decided: ruled,
            ruled: ruled.is_some(),
            goods: evidence::is_of_goods(name),
            doubtful: false,
        }
    }

    /// A key inside a value, which no column rule is about.
    pub(crate) fn key(name: &str) -> Self {
        Self {
            evidence: evidence::of_name(name),
            decided: None,
            ruled: false,
            goods: false,
            doubtful: false,
        }
    }

    /// Doubts columns such as `name` in tables of goods, where a column beside them tells
    /// a property of goods and none a property of people. Unless a known first name is
    /// among their first values they are not taken for people.
    pub(crate) fn settle(columns: &mut [Self]) {
        const OF_PEOPLE: EntitySet = EntitySet::of(&[
            Entity::EmailAddress,
            Entity::PhoneNumber,
            Entity::DateOfBirth,
            Entity::Person,
            Entity::Location,
            Entity::UsSsn,
            Entity::Password,
        ]);
        let people = columns
            .iter()
            .any(|c| !c.evidence.vague && c.evidence.hints.meets(OF_PEOPLE));
        if people || !columns.iter().any(|c| c.goods) {
            return;
        }
        for column in columns
            .iter_mut()
            .filter(|c| c.evidence.vague && c.evidence.hints_at(Entity::Person))
        {
            column.doubtful = true;
        }
    }

    /// The kind that a column rule gives to every value.
    pub(crate) fn rule(&self) -> Option<Kind> {
        self.decided.filter(|_| self.ruled)
    }

    /// Whether its name says nothing about its values, and no rule does.
    pub(crate) fn is_silent(&self) -> bool {
        self.decided.is_none() && self.evidence.hints.is_empty()
    }

    /// Whether every value is of one type.
    pub(crate) fn is_decided(&self) -> bool {
        self.decided.is_some()
    }

    /// Finds everything in the cell `text[start..end]`.
    pub(crate) fn judge(
        &self,
        text: &str,
        cell: Range<usize>,
        engine: &Engine,
        out: &mut Vec<Finding>,
    ) {
        let bytes = text.as_bytes().get(cell.clone()).unwrap_or_default();
        let lead = bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let bytes = bytes.get(lead..).unwrap_or_default().trim_ascii_end();
        if bytes.is_empty() || (self.is_silent() && engine.is_plain() && is_small(bytes)) {
            return;
        }
        let start = cell.start + lead;
        let end = start + bytes.len();
        let value = text.get(start..end).unwrap_or_default();
        if let Some(kind) = self.decided {
            if !self.ruled && whole::is_void(value) {
                return;
            }
            let score = if self.ruled { 1.0 } else { BY_COLUMN };
            out.push(Finding {
                start,
                end,
                kind,
                score,
            });
            let settled = matches!(kind, Kind::BuiltIn(e) if SETTLED.has(e)) && engine.is_plain();
            if self.ruled || settled {
                return;
            }
        }
        let region = Region::new(text, start, end, self.evidence, engine.wanted());
        if !self.evidence.hints.is_empty() {
            keyed::field(&region, self.evidence, &mut Findings::into(out));
        }
        engine.scan(&region, out);
    }
}

/// What a byte adds to the sum by which [`is_small`] judges: digits count in the lowest
/// byte, spaces in the next, everything that may be part of something above.
static WEIGHTS: [u32; 256] = weights();

const fn weights() -> [u32; 256] {
    let mut table = [1 << 16; 256];
    let mut byte = 0;
    while byte < 256 {
        match byte as u8 {
            b'0'..=b'9' => table[byte] = 1,
            b' ' => table[byte] = 1 << 8,
            b'a'..=b'z' | b'.' | b'-' | b'_' | b'/' | b'$' | b'%' => table[byte] = 0,
            _ => {}
        }
        byte += 1;
    }
    table
}

/// Whether a value without a telling name is too small to hold anything: few digits, no
/// capitals, no mark of an address or a key. Most cells of most results are.
fn is_small(value: &[u8]) -> bool {
    if value.len() >= SMALL {
        return false;
    }
    let sum: u32 = value
        .iter()
        .map(|b| WEIGHTS.get(usize::from(*b)).copied().unwrap_or(1 << 16))
        .sum();
    let (digits, spaces) = (sum & 0xff, (sum >> 8) & 0xff);
    sum < 1 << 16 && digits < FEW_DIGITS && (spaces == 0 || digits == 0)
}
