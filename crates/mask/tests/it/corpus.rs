//! The labelled corpus: how much leaks, how much is masked for nothing.

mod measure;

use mask::{Engine, Keys};
use measure::{documents, measure};

#[test]
fn the_corpus_is_masked_within_bounds() {
    let report = measure(&Engine::everything(Keys::new(b"test", "corpus")));
    let (patterns, headed) = (&report.patterns, &report.headed);
    assert!(
        patterns.spans > 10_000.0 && headed.spans > 1000.0,
        "the corpus is whole"
    );
    assert!(patterns.leak() < 0.01, "leak: {patterns:?}");
    assert!(patterns.recall() >= 0.98, "recall: {patterns:?}");
    assert!(patterns.precision() >= 0.95, "precision: {patterns:?}");
    assert!(
        headed.recall() >= 0.95,
        "names and places under headers: {headed:?}"
    );
    assert!(
        report.overmasked < 0.005,
        "masked for nothing: {}",
        report.overmasked
    );
    assert!(
        report.negatives_hit < 0.03,
        "hard negatives: {}",
        report.negatives_hit
    );
    for (name, sums) in &report.types {
        assert!(sums.leak() < 0.03, "{name}: {sums:?}");
    }
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
