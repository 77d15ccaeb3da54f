//! The labelled corpus: how much leaks, how much is masked for nothing.
//!
//! It is packed because its invented keys look like real ones to secret scanners.

use std::collections::HashMap;
use std::io::Read;

use flate2::read::GzDecoder;
use mask::{Engine, Entity, Keys, Span};
use serde::Deserialize;

#[derive(Deserialize)]
struct Document {
    text: String,
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

fn documents() -> Vec<Document> {
    let packed: &[u8] = include_bytes!("../corpus/dev.jsonl.gz");
    let mut text = String::new();
    GzDecoder::new(packed)
        .read_to_string(&mut text)
        .expect("the corpus is packed well");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a line is a document"))
        .collect()
}

/// Sums over the corpus, for one group of types.
#[derive(Default, Debug)]
struct Sums {
    spans: f64,
    leaked: f64,
    found: f64,
    predicted: f64,
    plain: f64,
    overmasked: f64,
    negatives: f64,
    negatives_hit: f64,
}

fn is_named(entity: &str) -> bool {
    matches!(entity, "PERSON" | "LOCATION")
}

/// A text as code points, with the predictions on them.
struct Page {
    chars: Vec<char>,
    predicted: Vec<(usize, usize, String)>,
    covered: Vec<bool>,
}

impl Page {
    fn of(text: &str, spans: &[Span]) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let points: HashMap<usize, usize> = text
            .char_indices()
            .enumerate()
            .map(|(point, (byte, _))| (byte, point))
            .chain([(text.len(), chars.len())])
            .collect();
        let mut covered = vec![false; chars.len()];
        let mut predicted = Vec::new();
        for span in spans {
            let (start, end) = (points[&span.start], points[&span.end]);
            covered[start..end].fill(true);
            predicted.push((start, end, span.entity.clone()));
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

fn measure(engine: &Engine) -> (Sums, Sums) {
    let (mut patterns, mut headed) = (Sums::default(), Sums::default());
    for document in documents() {
        let page = Page::of(&document.text, &engine.find(&document.text));
        let mut labelled = vec![false; page.chars.len()];
        for gold in &document.spans {
            labelled[gold.start..gold.end].fill(true);
            let sums = match (is_named(&gold.entity), gold.ctx.as_str()) {
                (false, _) => &mut patterns,
                (true, "col") => &mut headed,
                (true, _) => continue,
            };
            sums.spans += 1.0;
            sums.leaked += page.leak(gold.start, gold.end);
            sums.found += f64::from(page.finds(gold));
        }
        patterns.predicted += page.predicted.iter().filter(|(.., e)| !is_named(e)).count() as f64;
        for (i, c) in page.chars.iter().enumerate() {
            if c.is_alphanumeric() && !labelled[i] {
                patterns.plain += 1.0;
                patterns.overmasked += f64::from(page.covered[i]);
            }
        }
        for negative in &document.negs {
            patterns.negatives += 1.0;
            patterns.negatives_hit +=
                f64::from(page.covered[negative.start..negative.end].contains(&true));
        }
    }
    (patterns, headed)
}

#[test]
fn the_corpus_is_masked_within_bounds() {
    let engine = Engine::everything(Keys::new(b"test", "corpus"));
    let (patterns, headed) = measure(&engine);
    assert!(
        patterns.spans > 10_000.0 && headed.spans > 1000.0,
        "the corpus is whole"
    );
    assert!(
        patterns.leaked / patterns.spans < 0.01,
        "leak: {patterns:?}"
    );
    assert!(
        patterns.found / patterns.spans >= 0.98,
        "recall: {patterns:?}"
    );
    assert!(
        patterns.found / patterns.predicted >= 0.95,
        "precision: {patterns:?}"
    );
    assert!(
        patterns.overmasked / patterns.plain < 0.005,
        "masked for nothing: {patterns:?}"
    );
    assert!(
        patterns.negatives_hit / patterns.negatives < 0.03,
        "hard negatives: {patterns:?}"
    );
    assert!(
        headed.found / headed.spans >= 0.95,
        "names and places under headers: {headed:?}"
    );
}

#[test]
fn masked_documents_keep_nothing_that_was_found() {
    let engine = Engine::everything(Keys::new(b"test", "corpus"));
    for document in documents().iter().step_by(7) {
        let masked = engine.mask_text(&document.text);
        let spans = engine.find(&document.text);
        assert_eq!(masked.counts.values().sum::<u64>(), spans.len() as u64);
        let gaps: usize = spans.iter().map(|s| s.end - s.start).sum();
        let marks: usize = spans.iter().map(|s| s.entity.len() + 2).sum();
        assert_eq!(masked.text.len(), document.text.len() - gaps + marks);
    }
}
