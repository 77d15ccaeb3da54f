//! What a detector reports, and how overlapping reports become one.

use model::Strategy;

use crate::entity::Entity;

/// What kind of thing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A type that the engine brings along.
    BuiltIn(Entity),
    /// A type that a rule defines, by its place among all.
    Custom(u16),
    /// A column rule, by its place among all.
    Column(u16),
}

/// A stretch of text, in bytes, and what it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Finding {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: Kind,
    /// 0 to 1.
    pub(crate) score: f32,
}

impl Finding {
    fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether the two share a byte.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// Makes findings disjoint and ordered. The longest span wins, then the higher score;
/// `strictness` decides between kinds on the same span. What a loser covers beyond the
/// winner is kept as a finding of its own, so that nothing found stays in the clear.
/// Findings before `from` are left alone.
pub(crate) fn resolve(
    findings: &mut Vec<Finding>,
    from: usize,
    strictness: impl Fn(Kind) -> Option<Strategy>,
) {
    if findings.len() < from + 2 {
        return;
    }
    let mut found = findings.split_off(from);
    found.sort_by(|a, b| {
        let same_span = (a.start, a.end) == (b.start, b.end);
        let strict = match same_span {
            true => strictness(b.kind).cmp(&strictness(a.kind)),
            false => std::cmp::Ordering::Equal,
        };
        a.start
            .cmp(&b.start)
            .then(b.end.cmp(&a.end))
            .then(strict)
            .then(b.score.total_cmp(&a.score))
    });
    for finding in found {
        place(findings, from, finding);
    }
}

/// Puts `next`, which starts no earlier than everything kept, among the ones kept after
/// the first `from`.
fn place(kept: &mut Vec<Finding>, from: usize, mut next: Finding) {
    while let Some(last) = kept.get_mut(from..).and_then(<[Finding]>::last_mut) {
        if !last.meets(&next) {
            break;
        }
        let same_span = (next.start, next.end) == (last.start, last.end);
        let wins = next.len() > last.len()
            || (next.len() == last.len() && next.score > last.score && !same_span);
        if next.end <= last.end && !wins {
            return;
        }
        if !wins {
            next.start = last.end;
            break;
        }
        last.end = next.start;
        if last.start < last.end {
            break;
        }
        kept.pop();
    }
    kept.push(next);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(start: usize, end: usize, entity: Entity, score: f32) -> Finding {
        Finding {
            start,
            end,
            kind: Kind::BuiltIn(entity),
            score,
        }
    }

    #[test]
    fn the_longest_wins_and_nothing_found_is_uncovered() {
        let mut findings = vec![
            finding(0, 4, Entity::Url, 0.9),
            finding(2, 12, Entity::EmailAddress, 0.6),
            finding(5, 8, Entity::Person, 1.0),
        ];
        resolve(&mut findings, 0, |_| None);
        let spans: Vec<_> = findings.iter().map(|f| (f.start, f.end)).collect();
        assert_eq!(spans, [(0, 2), (2, 12)]);
    }

    #[test]
    fn the_stricter_kind_wins_on_one_span() {
        let mut findings = vec![
            finding(0, 4, Entity::Url, 1.0),
            finding(0, 4, Entity::Jwt, 0.5),
        ];
        resolve(&mut findings, 0, |kind| {
            (kind == Kind::BuiltIn(Entity::Jwt)).then_some(Strategy::Redact)
        });
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings.first().map(|f| f.kind),
            Some(Kind::BuiltIn(Entity::Jwt))
        );
    }
}
