//! How the first values of a column decide about all of them.

use std::cmp::Reverse;

use super::Column;
use crate::detect::{names, whole};
use crate::engine::Engine;
use crate::entity::{Entity, EntitySet};
use crate::evidence::Evidence;
use crate::finding::{Finding, Kind};

/// Values that make a column without a telling name worth a vote.
const LEAST_VALUES: usize = 3;
/// Numbers that must all be valid to make a column one without a telling name.
const LEAST_NUMBERS: usize = 5;
/// Least score of a number whose check digit holds.
const CHECKED: f32 = 0.15;

/// What a vote came to.
#[derive(Debug, Default)]
pub(crate) struct Vote {
    /// Whether there was anything to decide by.
    pub(crate) is_held: bool,
    /// The values in which nothing was found, in their order. Empty where that says
    /// nothing about the column as it is now.
    pub(crate) clean: Vec<bool>,
}

/// What the first values of a column are.
#[derive(Default)]
struct Tally {
    /// How many there are.
    values: usize,
    /// How many look like names of people.
    people: usize,
    /// How many are of one kind as a whole, by kind.
    kinds: Vec<(Kind, usize)>,
    /// The types that all of them can be by their check digits.
    checked: Option<EntitySet>,
    /// In which of them nothing was found; no for nulls.
    clean: Vec<bool>,
}

impl Column {
    /// Decides by the first values; nulls are `None`. When the name calls for a type,
    /// half of the values must fit; without a name four of five must be of one type.
    pub(crate) fn vote<V: AsRef<str>>(
        &mut self,
        values: impl Iterator<Item = Option<V>>,
        engine: &Engine,
    ) -> Vote {
        if self.ruled {
            return Vote {
                is_held: true,
                ..Vote::default()
            };
        }
        let tally = self.tally(values, engine);
        if tally.values == 0 {
            return Vote::default();
        }
        let before = self.evidence;
        if self.doubtful && tally.people == 0 {
            self.evidence = Evidence::NONE;
        } else {
            self.decided = self.elect(&tally);
        }
        let is_as_before = self.evidence == before && self.decided.is_none();
        Vote {
            is_held: true,
            clean: match is_as_before {
                true => tally.clean,
                false => Vec::new(),
            },
        }
    }

    fn tally<V: AsRef<str>>(
        &self,
        values: impl Iterator<Item = Option<V>>,
        engine: &Engine,
    ) -> Tally {
        let mut tally = Tally::default();
        let mut found = Vec::new();
        for value in values {
            let is_clean = value.is_some_and(|value| {
                let (given, value) = (value.as_ref(), value.as_ref().trim());
                if whole::is_void(value) {
                    return false;
                }
                found.clear();
                self.judge(value, 0..value.len(), engine, &mut found);
                let is_clean = found.is_empty() && given.len() == value.len();
                self.count(value, &mut found, engine, &mut tally);
                is_clean
            });
            tally.clean.push(is_clean);
        }
        tally
    }

    /// Counts a value by what was `found` in it.
    fn count(&self, value: &str, found: &mut Vec<Finding>, engine: &Engine, tally: &mut Tally) {
        tally.values += 1;
        tally.people += usize::from(self.evidence.vague && names::resembles(value));
        // What is no type of all values so far will be none of all.
        if tally.checked != Some(EntitySet::EMPTY) {
            let valid = self.valid_types(value, engine, found);
            tally.checked = Some(tally.checked.map_or(valid, |known| known.both(valid)));
        }
        engine.select(found);
        if let [one] = found.as_slice()
            && (one.start, one.end) == (0, value.len())
        {
            match tally.kinds.iter_mut().find(|(kind, _)| *kind == one.kind) {
                Some((_, votes)) => *votes += 1,
                None => tally.kinds.push((one.kind, 1)),
            }
        }
    }

    /// What all values of a column with such first ones are.
    fn elect(&self, tally: &Tally) -> Option<Kind> {
        // One number in ten has the right check digit by chance, a whole column has not.
        if let Some(entity) = tally.checked.and_then(|all| all.iter().next())
            && tally.values >= LEAST_NUMBERS
            && self.evidence == Evidence::NONE
        {
            return Some(Kind::BuiltIn(entity));
        }
        let most = |(kind, votes): &&(Kind, usize)| (*votes, Reverse(rank(*kind)));
        let (kind, votes) = *tally.kinds.iter().max_by_key(most)?;
        let called = matches!(kind, Kind::BuiltIn(e) if self.evidence.hints_at(e));
        let person = kind == Kind::BuiltIn(Entity::Person);
        let is_half = votes * 2 >= tally.values;
        let agreed = match (called, self.evidence.vague && person) {
            (true, true) => tally.people * 4 >= tally.values && is_half,
            (true, false) => is_half,
            (false, _) => {
                let is_most = tally.values >= LEAST_VALUES && votes * 5 >= tally.values * 4;
                !self.evidence.denies && !person && is_most
            }
        };
        agreed.then_some(kind)
    }

    /// The types that all of `value` can be by its check digits and its groups, were it
    /// called one, among what was found in it.
    fn valid_types(&self, value: &str, engine: &Engine, found: &[Finding]) -> EntitySet {
        let mut types = EntitySet::EMPTY;
        if self.evidence != Evidence::NONE {
            return types;
        }
        for finding in found
            .iter()
            .filter(|f| f.start == 0 && f.end == value.len() && f.score >= CHECKED)
        {
            if let Kind::BuiltIn(entity) = finding.kind
                && engine.wanted().has(entity)
                && entity != Entity::ApiKey
                && entity != Entity::DateTime
                && !matches!(
                    entity,
                    Entity::Person | Entity::Location | Entity::PhoneNumber
                )
            {
                types.insert(entity);
            }
        }
        types
    }
}

fn rank(kind: Kind) -> u16 {
    match kind {
        Kind::BuiltIn(entity) => entity as u16,
        Kind::Custom(i) | Kind::Column(i) => 1000 + i,
    }
}
