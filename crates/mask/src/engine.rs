//! The engine: masking rules compiled into detectors, thresholds and treatments.

mod compile;
mod custom;
mod rules;

use std::collections::BTreeMap;
use std::ops::Range;

use model::MaskingRule;

use crate::detect::{self, Region};
use crate::entity::{Entity, EntitySet};
use crate::finding::{self, Finding, Kind};
use crate::flow::{Flow, Window};
use crate::invalid::Invalid;
use crate::strategy::{Keys, Treatment};
use custom::CustomTypes;
use rules::ColumnRules;

pub use rules::NO_TYPE;

/// Score below which findings are dropped unless a rule says otherwise.
pub(crate) const DEFAULT_THRESHOLD: f32 = 0.5;

/// Something found in a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
    /// Name of the type, such as `EMAIL_ADDRESS`.
    pub entity: String,
    /// 0 to 1.
    pub score: f32,
}

/// A text after masking.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Masked {
    /// The text without what was found.
    pub text: String,
    /// How many of each type were masked.
    pub counts: BTreeMap<String, u64>,
}

/// What happens to one kind of finding.
#[derive(Debug, Clone)]
struct Action {
    name: String,
    threshold: f32,
    treatment: Treatment,
}

/// A detector of another kind, such as a language model for names. It runs beside the
/// built-in ones and its findings compete with theirs under the same rules.
pub trait Detector: Send + Sync {
    /// The findings in `text`, which is one line, cell or value: start and end in bytes,
    /// type, and score from 0 to 1. Spans that do not lie on the borders of characters
    /// are ignored.
    fn detect(&self, text: &str) -> Vec<(usize, usize, Entity, f32)>;
}

/// Finds and masks personal data and secrets as a list of masking rules says.
///
/// An engine is immutable and can be shared between threads; streams and rows borrow it.
pub struct Engine {
    wanted: EntitySet,
    /// By number of the entity.
    built_in: Vec<Option<Action>>,
    custom: CustomTypes,
    columns: ColumnRules,
    keys: Keys,
    detectors: Vec<Box<dyn Detector>>,
}

impl Engine {
    /// Compiles masking rules that keep the limits of `policy`; where several ask for one
    /// type the strictest strategy and the lowest threshold hold.
    ///
    /// # Errors
    ///
    /// The first thing that cannot be applied: an unknown type, a regular expression that
    /// does not compile or is too large, too many words.
    pub fn compile(rules: &[MaskingRule], keys: Keys) -> Result<Self, Invalid> {
        compile::compile(rules, keys)
    }

    /// An engine for every built-in type but `DATE_TIME`, which would take every
    /// timestamp, with the `redact` strategy.
    pub fn everything(keys: Keys) -> Self {
        compile::everything(keys)
    }

    /// Adds a detector of another kind.
    #[must_use]
    pub fn with_detector(mut self, detector: Box<dyn Detector>) -> Self {
        self.detectors.push(detector);
        self
    }

    /// Everything in `text`, disjoint and in order.
    pub fn find(&self, text: &str) -> Vec<Span> {
        self.findings(text)
            .into_iter()
            .map(|f| Span {
                start: f.start,
                end: f.end,
                entity: self.name(f.kind).to_owned(),
                score: f.score,
            })
            .collect()
    }

    /// `text` with everything found in it masked.
    pub fn mask_text(&self, text: &str) -> Masked {
        let mut masked = Masked {
            text: String::with_capacity(text.len()),
            counts: BTreeMap::new(),
        };
        self.rewrite(text, 0..text.len(), &self.findings(text), &mut masked);
        masked
    }

    pub(crate) fn findings(&self, text: &str) -> Vec<Finding> {
        let mut found = Vec::new();
        Flow::new().advance(
            self,
            Window {
                text,
                at: 0,
                last: true,
            },
            &mut found,
        );
        found
    }

    /// Writes `text[range]` with `findings`, which lie in it, masked.
    pub(crate) fn rewrite(
        &self,
        text: &str,
        range: Range<usize>,
        findings: &[Finding],
        masked: &mut Masked,
    ) {
        let mut at = range.start;
        for finding in findings {
            masked
                .text
                .push_str(text.get(at..finding.start).unwrap_or_default());
            let value = text.get(finding.start..finding.end).unwrap_or_default();
            if let Some(instead) = self.treat(finding.kind, value) {
                masked.text.push_str(&instead);
            }
            self.count(finding.kind, &mut masked.counts);
            at = finding.end;
        }
        masked
            .text
            .push_str(text.get(at..range.end).unwrap_or_default());
    }

    pub(crate) fn count(&self, kind: Kind, counts: &mut BTreeMap<String, u64>) {
        let name = self.name(kind);
        match counts.get_mut(name) {
            Some(count) => *count += 1,
            None => {
                counts.insert(name.to_owned(), 1);
            }
        }
    }

    /// What stands for `value`; `None` is nothing.
    pub(crate) fn treat(&self, kind: Kind, value: &str) -> Option<String> {
        let action = self.action(kind)?;
        action.treatment.apply(value, &action.name, &self.keys)
    }

    /// Drops what no rule asks for or what scores too low, and makes the rest disjoint.
    pub(crate) fn select(&self, found: &mut Vec<Finding>) {
        self.select_from(found, 0);
    }

    /// [`Engine::select`] for the findings after the first `from`.
    pub(crate) fn select_from(&self, found: &mut Vec<Finding>, from: usize) {
        let mut kept = from;
        for i in from..found.len() {
            let Some(mut finding) = found.get(i).copied() else {
                break;
            };
            // Who asks for all dates gets the dates of birth as dates.
            if finding.kind == Kind::BuiltIn(Entity::DateOfBirth)
                && !self.wanted.has(Entity::DateOfBirth)
            {
                finding.kind = Kind::BuiltIn(Entity::DateTime);
            }
            let wanted = self
                .action(finding.kind)
                .is_some_and(|a| finding.score >= a.threshold);
            if wanted && finding.end > finding.start {
                if let Some(place) = found.get_mut(kept) {
                    *place = finding;
                }
                kept += 1;
            }
        }
        found.truncate(kept);
        finding::resolve(found, from, |kind| {
            self.action(kind).map(|a| a.treatment.strategy)
        });
    }

    /// Whether nothing but the built-in detectors can find anything.
    pub(crate) fn is_plain(&self) -> bool {
        self.custom.types.is_empty() && self.detectors.is_empty()
    }

    /// Runs every detector over a region.
    pub(crate) fn scan(&self, region: &Region<'_>, out: &mut Vec<Finding>) {
        if !self.wanted.is_empty() {
            detect::walk(region, out);
        }
        self.custom.scan(region, out);
        for detector in &self.detectors {
            let text = region
                .text
                .get(region.start..region.end)
                .unwrap_or_default();
            for (start, end, entity, score) in detector.detect(text) {
                if start < end && text.get(start..end).is_some() {
                    out.push(Finding {
                        start: region.start + start,
                        end: region.start + end,
                        kind: Kind::BuiltIn(entity),
                        score,
                    });
                }
            }
        }
    }

    pub(crate) fn wanted(&self) -> EntitySet {
        self.wanted
    }

    /// The rule for a column, by its sources or else its name; the strictest of all for
    /// one that is open.
    pub(crate) fn column_rule(
        &self,
        name: &str,
        sources: &[(String, String)],
        is_open: bool,
    ) -> Option<Kind> {
        self.columns.find(name, sources, is_open)
    }

    /// The name that a kind is reported and redacted by.
    pub(crate) fn name(&self, kind: Kind) -> &str {
        self.action(kind).map_or("REDACTED", |a| a.name.as_str())
    }

    fn action(&self, kind: Kind) -> Option<&Action> {
        match kind {
            Kind::BuiltIn(entity) => self.built_in.get(entity as usize)?.as_ref(),
            Kind::Custom(place) => self.custom.action(place),
            Kind::Column(place) => self.columns.action(place),
        }
    }
}
