//! Rows keep their shape, JSON stays JSON, and a cell that is left alone is left as it is.
//! The first line holds the names of the columns, every other line a row; a tab ends a cell.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mask::{ColumnHint, Engine, Keys, RowsMasker};
use serde_json::Value;

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::everything(Keys::new(b"k", "fuzz")));

fuzz_target!(|text: &str| {
    let (head, body) = text.split_once('\n').unwrap_or(("", text));
    let hints: Vec<ColumnHint> = head.split('\t').map(ColumnHint::named).collect();
    let rows: Vec<Vec<Option<&str>>> = body
        .split('\n')
        .map(|line| {
            line.split('\t')
                .map(|it| (it != "NULL").then_some(it))
                .collect()
        })
        .collect();
    let mut masker = RowsMasker::new(&ENGINE, &hints);
    let masked = masker.mask(&rows);
    assert_eq!(masked.len(), rows.len());
    for (row, masked) in rows.iter().zip(&masked) {
        assert_eq!(masked.len(), row.len());
        for (number, (cell, masked)) in row.iter().zip(masked).enumerate() {
            let (Some(cell), Some(masked)) = (cell, masked) else {
                assert!(cell.is_some() || masked.is_none());
                continue;
            };
            assert!(masker.is_masked(number) || cell == masked);
            if is_document(cell) && !masker.is_masked(number) {
                assert!(is_document(masked));
            }
        }
    }
});

fn is_document(cell: &str) -> bool {
    matches!(
        serde_json::from_str(cell),
        Ok(Value::Object(_) | Value::Array(_))
    )
}
