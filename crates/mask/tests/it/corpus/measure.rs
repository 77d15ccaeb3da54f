//! Measures an engine on the labelled corpus.
//!
//! The corpus is packed because its invented keys look like real ones to secret scanners.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;

use flate2::read::GzDecoder;
use mask::{Engine, Entity};
use serde::Deserialize;

/// A document with its labels.
#[derive(Deserialize)]
pub struct Document {
    id: String,
    /// What a client printed.
    pub text: String,
    spans: Vec<Gold>,
    negs: Vec<Negative>,
}

#[derive(Deserialize)]
struct Gold {
    start: usize,
    end: usize,
    #[serde(rename = "type")]
    entity: String,
    ctx: String,
}

#[derive(Deserialize)]
struct Negative {
    start: usize,
    end: usize,
}

/// Every document.
pub fn documents() -> Vec<Document> {
    let packed: &[u8] = include_bytes!("../../corpus/dev.jsonl.gz");
    let mut text = String::new();
    GzDecoder::new(packed)
        .read_to_string(&mut text)
        .expect("the corpus is packed well");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line is a document"))
        .collect()
}

/// Sums over labelled spans.
#[derive(Default, Debug, Clone)]
pub struct Sums {
    /// Labelled spans.
    pub spans: f64,
    /// Their shares that nothing covers.
    pub leaked: f64,
    /// Spans that are found with their type.
    pub found: f64,
    /// Findings.
    pub predicted: f64,
}

/// What the engine does on the corpus.
#[derive(Default, Debug)]
pub struct Report {
    /// By type.
    pub types: BTreeMap<String, Sums>,
    /// All types but names and places.
    pub patterns: Sums,
    /// Names and places in columns whose header tells.
    pub headed: Sums,
    /// Share of harmless letters and digits that are masked.
    pub overmasked: f64,
    /// Share of labelled hard negatives that are touched.
    pub negatives_hit: f64,
}

fn is_named(entity: &str) -> bool {
    matches!(entity, "PERSON" | "LOCATION")
}

/// A text as code points, with the predictions on them.
struct Page {
    chars: Vec<char>,
    predicted: Vec<Found>,
    covered: Vec<bool>,
}

/// What an engine found: where it begins and ends in code points, and its type.
pub type Found = (usize, usize, String);

/// What `engine` finds in a text.
pub fn found(engine: &Engine, text: &str) -> Vec<Found> {
    let points: HashMap<usize, usize> = text
        .char_indices()
        .enumerate()
        .map(|(point, (byte, _))| (byte, point))
        .chain([(text.len(), text.chars().count())])
        .collect();
    let spans = engine.find(text).into_iter();
    spans
        .map(|span| (points[&span.start], points[&span.end], span.entity))
        .collect()
}

impl Page {
    fn of(text: &str, predicted: Vec<Found>) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let mut covered = vec![false; chars.len()];
        for (start, end, _) in &predicted {
            covered[*start..*end].fill(true);
        }
        Self {
            chars,
            predicted,
            covered,
        }
    }

    /// The share of letters and digits that no prediction covers.
    fn leak(&self, start: usize, end: usize) -> f64 {
        let sensitive: Vec<usize> = (start..end)
            .filter(|i| self.chars[*i].is_alphanumeric())
            .collect();
        let open = sensitive.iter().filter(|i| !self.covered[**i]).count();
        open as f64 / sensitive.len().max(1) as f64
    }

    fn finds(&self, gold: &Gold) -> bool {
        self.predicted.iter().any(|(start, end, entity)| {
            let shared = (*end)
                .min(gold.end)
                .saturating_sub((*start).max(gold.start)) as f64;
            let union = (*end).max(gold.end) as f64 - (*start).min(gold.start) as f64;
            Entity::from_name(entity) == Entity::from_name(&gold.entity) && shared / union >= 0.5
        })
    }
}

/// Runs the engine over every document.
pub fn measure(engine: &Engine) -> Report {
    measure_by(|_, text| Some(found(engine, text)))
}

/// Measures what `find` finds in each document by its name and text, and leaves those out
/// that it does not know.
pub fn measure_by(mut find: impl FnMut(&str, &str) -> Option<Vec<Found>>) -> Report {
    let mut report = Report::default();
    let (mut plain, mut over, mut negatives, mut hit) = (0.0, 0.0, 0.0, 0.0);
    for document in documents() {
        let Some(predicted) = find(&document.id, &document.text) else {
            continue;
        };
        let page = Page::of(&document.text, predicted);
        let mut labelled = vec![false; page.chars.len()];
        for gold in &document.spans {
            labelled[gold.start..gold.end].fill(true);
            let one = Sums {
                spans: 1.0,
                leaked: page.leak(gold.start, gold.end),
                found: f64::from(page.finds(gold)),
                predicted: 0.0,
            };
            let name = Entity::from_name(&gold.entity).map_or("", Entity::name);
            report.types.entry(name.to_owned()).or_default().add(&one);
            match (is_named(name), gold.ctx.as_str()) {
                (false, _) => report.patterns.add(&one),
                (true, "col") => report.headed.add(&one),
                (true, _) => {}
            }
        }
        for (.., entity) in &page.predicted {
            report.types.entry(entity.clone()).or_default().predicted += 1.0;
            report.patterns.predicted += f64::from(!is_named(entity));
        }
        for (i, c) in page.chars.iter().enumerate() {
            if c.is_alphanumeric() && !labelled[i] {
                plain += 1.0;
                over += f64::from(page.covered[i]);
            }
        }
        for negative in &document.negs {
            negatives += 1.0;
            hit += f64::from(page.covered[negative.start..negative.end].contains(&true));
        }
    }
    report.overmasked = over / plain;
    report.negatives_hit = hit / negatives;
    report
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.spans += other.spans;
        self.leaked += other.leaked;
        self.found += other.found;
        self.predicted += other.predicted;
    }

    /// Mean share of a span that nothing covers.
    pub fn leak(&self) -> f64 {
        self.leaked / self.spans
    }

    /// Share of the spans that are found with their type.
    pub fn recall(&self) -> f64 {
        self.found / self.spans
    }

    /// Share of the findings that are labelled so.
    pub fn precision(&self) -> f64 {
        self.found / self.predicted
    }
}
