//! Masking of typed rows, column by column.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::RowBatch;

use crate::cell;
use crate::column::Column;
use crate::engine::Engine;

/// What is known about a column before its values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnHint {
    /// The name in the result.
    pub name: String,
    /// The table the column comes from, when the driver tells.
    pub table: Option<String>,
    /// The `(table, column)` pairs its values come from, when the statement resolves.
    pub source: Vec<(String, String)>,
    /// Whether its values may come from columns beside `source`: then every column rule
    /// may be about it, and the strictest of all is applied.
    pub is_open: bool,
}

impl ColumnHint {
    /// A column of which the name alone is known.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}

/// The columns of a result, judged by what is known before their values. They hold for
/// every result with the same hints, under the engine that judged them.
#[derive(Debug, Clone, Default)]
pub struct Columns(Vec<Column>);

impl Engine {
    /// Judges columns by their hints.
    pub fn columns(&self, hints: &[ColumnHint]) -> Columns {
        let judged = hints
            .iter()
            .map(|hint| match (&hint.table, hint.source.is_empty()) {
                (Some(table), true) => {
                    let source = [(table.clone(), hint.name.clone())];
                    Column::sourced(&hint.name, &source, hint.is_open, self)
                }
                _ => Column::sourced(&hint.name, &hint.source, hint.is_open, self),
            });
        let mut columns: Vec<Column> = judged.collect();
        Column::settle(&mut columns);
        Columns(columns)
    }
}

/// Masks batches of rows of one result set. The first batch with values of a column
/// decides about the column as a whole; later batches follow the decision.
pub struct RowsMasker<'e> {
    engine: &'e Engine,
    columns: Vec<Slot>,
    counts: BTreeMap<String, u64>,
}

/// A column and what has become of it.
struct Slot {
    column: Column,
    /// Whether values have decided about it.
    voted: bool,
    /// Whether a cell of it was changed.
    changed: bool,
}

impl Slot {
    fn new(column: Column) -> Self {
        Self {
            column,
            voted: false,
            changed: false,
        }
    }
}

/// Cells of one column, from the first row on, in which a first look found nothing.
/// Shorter than the column where nobody looked.
type Clean = Vec<bool>;

impl<'e> RowsMasker<'e> {
    /// A masker for rows of columns with these hints.
    pub fn new(engine: &'e Engine, hints: &[ColumnHint]) -> Self {
        Self::of(engine, engine.columns(hints))
    }

    /// A masker for rows of columns that `engine` has judged.
    pub fn of(engine: &'e Engine, columns: Columns) -> Self {
        Self {
            engine,
            columns: columns.0.into_iter().map(Slot::new).collect(),
            counts: BTreeMap::new(),
        }
    }

    /// Masks a batch of rows. Values that are not UTF-8 are read with U+FFFD in the place
    /// of what is not.
    pub fn batch(&mut self, batch: &RowBatch) -> RowBatch {
        let value = |row, column| {
            let (value, _) = batch.value(row, column)?;
            Some(String::from_utf8_lossy(value))
        };
        let clean = self.vote((batch.len(), batch.width()), value);
        let mut masked = RowBatch::new(batch.width());
        for row in 0..batch.len() {
            for (column, clean) in clean.iter().enumerate() {
                let Some((value, is_number)) = batch.value(row, column) else {
                    masked.push_null();
                    continue;
                };
                let is_clean = clean.get(row) == Some(&true);
                match self.cell(column, &String::from_utf8_lossy(value), is_clean) {
                    None => masked.push_null(),
                    Some(text) if is_number && text.as_bytes() == value => {
                        masked.push_number(value);
                    }
                    Some(text) => masked.push(text.as_bytes()),
                }
            }
            masked.end_row();
        }
        masked
    }

    /// Lets the values of some rows decide about the columns about which none did before.
    fn vote<'v>(
        &mut self,
        (rows, width): (usize, usize),
        value: impl Fn(usize, usize) -> Option<Cow<'v, str>>,
    ) -> Vec<Clean> {
        let engine = self.engine;
        while self.columns.len() < width {
            self.columns.push(Slot::new(Column::key("")));
        }
        let slots = self.columns.iter_mut().take(width).enumerate();
        let looked = slots.map(|(column, slot)| {
            if slot.voted {
                return Clean::new();
            }
            let vote = slot
                .column
                .vote((0..rows).map(|row| value(row, column)), engine);
            slot.voted = vote.is_held;
            vote.clean
        });
        looked.collect()
    }

    /// Masks one cell that is not null; `None` is null. One that `is_clean` is looked at
    /// for what it may contain, and not for what it is.
    fn cell<'a>(&mut self, column: usize, value: &'a str, is_clean: bool) -> Option<Cow<'a, str>> {
        let slot = self.columns.get_mut(column)?;
        let masked = cell::mask(value, &slot.column, is_clean, self.engine, &mut self.counts);
        slot.changed |= !matches!(masked, Some(Cow::Borrowed(_)));
        masked
    }

    /// Masks rows of cells; `None` is null. The rows come back in the same shape.
    pub fn mask<'a>(&mut self, rows: &[Vec<Option<&'a str>>]) -> Vec<Vec<Option<Cow<'a, str>>>> {
        let widest = rows.iter().map(Vec::len).max().unwrap_or(0);
        let clean = self.vote((rows.len(), widest), |row, column| {
            let value = rows.get(row)?.get(column).copied().flatten()?;
            Some(Cow::Borrowed(value))
        });
        let is_clean = |row: usize, column: usize| {
            clean.get(column).and_then(|clean| clean.get(row)) == Some(&true)
        };
        rows.iter()
            .enumerate()
            .map(|(row, cells)| {
                cells
                    .iter()
                    .enumerate()
                    .map(|(column, value)| self.cell(column, (*value)?, is_clean(row, column)))
                    .collect()
            })
            .collect()
    }

    /// Whether the column is masked: as a whole, by a rule or by what its name and values
    /// say, or in one of its cells so far.
    pub fn is_masked(&self, column: usize) -> bool {
        self.columns
            .get(column)
            .is_some_and(|slot| slot.changed || slot.column.is_decided())
    }

    /// How many of each type have been masked so far.
    pub fn counts(&self) -> &BTreeMap<String, u64> {
        &self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::Keys;
    use model::{ColumnRule, EntitySelection, MaskingRule, Strategy};

    fn keys() -> Keys {
        Keys::new(b"k", "c")
    }

    fn one(engine: &Engine, name: &str, value: &str) -> Option<String> {
        let mut rows = RowsMasker::new(engine, &[ColumnHint::named(name)]);
        let masked = rows.mask(&[vec![Some(value)]]);
        masked
            .into_iter()
            .flatten()
            .next()
            .flatten()
            .map(Cow::into_owned)
    }

    #[test]
    fn columns_are_masked_as_a_whole() {
        let engine = Engine::everything(keys());
        let mut rows = RowsMasker::new(
            &engine,
            &[ColumnHint::named("id"), ColumnHint::named("last_name")],
        );
        let masked = rows.mask(&[
            vec![Some("1"), Some("Okafor")],
            vec![Some("2"), None],
            vec![Some("3"), Some("de Vries")],
        ]);
        let names: Vec<_> = masked.iter().map(|r| r.get(1).cloned().flatten()).collect();
        assert_eq!(
            names,
            [Some("<PERSON>".into()), None, Some("<PERSON>".into())]
        );
        assert_eq!(
            masked.first().and_then(|r| r.first().cloned()).flatten(),
            Some("1".into())
        );
        assert_eq!(rows.counts().get("PERSON"), Some(&2));
    }

    #[test]
    fn the_first_values_of_a_column_decide_and_nulls_do_not() {
        let engine = Engine::everything(keys());
        let hints = ["id", "last_name", "c"].map(ColumnHint::named);
        let mut rows = RowsMasker::new(&engine, &hints);
        rows.mask(&[vec![Some("1"), None, None]]);
        assert!(!rows.is_masked(1), "nothing has been seen of it");
        let mut batch = RowBatch::new(3);
        for row in [["2", "Okafor", "x"], ["3", "de Vries", "to jo@example.com"]] {
            row.iter().for_each(|cell| batch.push(cell.as_bytes()));
            batch.end_row();
        }
        let masked = rows.batch(&batch);
        let cell = |row, column| masked.value(row, column).map(|(value, _)| value.to_vec());
        assert!(rows.is_masked(1), "its values decided");
        assert_eq!(cell(0, 1), Some(b"<PERSON>".to_vec()));
        assert_eq!(cell(0, 2), Some(b"x".to_vec()));
        assert_eq!(cell(1, 2), Some(b"to <EMAIL_ADDRESS>".to_vec()));
        assert!(rows.is_masked(2) && !rows.is_masked(0));
    }

    #[test]
    fn columns_beyond_the_known_ones_are_judged_by_their_looks() {
        let engine = Engine::everything(keys());
        let mut rows = RowsMasker::new(&engine, &[]);
        rows.mask(&[vec![Some("1"), Some("jo@example.com")]]);
        assert!(rows.is_masked(1) && !rows.is_masked(0) && !rows.is_masked(2));
    }

    #[test]
    fn numbers_stay_numbers_and_what_is_no_text_is_read_as_such() {
        let engine = Engine::everything(keys());
        let mut batch = RowBatch::new(3);
        batch.push_number(b"17");
        batch.push_null();
        batch.push(b"caf\xe9");
        batch.end_row();
        let masked = RowsMasker::new(&engine, &[]).batch(&batch);
        assert_eq!(masked.value(0, 0), Some((b"17".as_slice(), true)));
        assert_eq!(masked.value(0, 1), None);
        let text = "caf\u{fffd}".as_bytes();
        assert_eq!(masked.value(0, 2), Some((text, false)));
    }

    #[test]
    fn the_source_speaks_for_an_alias() {
        let engine = Engine::everything(keys());
        let hint = ColumnHint {
            name: "x".into(),
            source: vec![("users".into(), "first_name".into())],
            ..ColumnHint::default()
        };
        let masked = RowsMasker::new(&engine, &[hint]).mask(&[vec![Some("Quux")]]);
        assert_eq!(masked, [[Some(Cow::Borrowed("<PERSON>"))]]);
    }

    #[test]
    fn column_rules_mask_whatever_is_there() {
        let rule = MaskingRule {
            column_rules: vec![ColumnRule {
                table: "hr.*".into(),
                column: "salary".into(),
                strategy: Some(Strategy::Nullify),
                ..ColumnRule::default()
            }],
            ..MaskingRule::default()
        };
        let engine = Engine::compile(&[rule], keys()).expect("the rule is valid");
        let hint = |table: &str| ColumnHint {
            name: "s".into(),
            source: vec![(table.into(), "salary".into())],
            ..ColumnHint::default()
        };
        let masked = RowsMasker::new(&engine, &[hint("hr.staff"), hint("shop.items")])
            .mask(&[vec![Some("10"), Some("20")]]);
        assert_eq!(masked, [[None, Some(Cow::Borrowed("20"))]]);
        // What may come from anywhere may come from there.
        let open = ColumnHint {
            is_open: true,
            ..hint("shop.items")
        };
        let masked = RowsMasker::new(&engine, &[open]).mask(&[vec![Some("20")]]);
        assert_eq!(masked, [[None]]);
    }

    #[test]
    fn values_inside_values_are_found() {
        let engine = Engine::everything(keys());
        let json = r#"{"a":[{"email":"x@example.com"},{"n":1.50}],"surname":"\u6751"}"#;
        assert_eq!(
            one(&engine, "data", json).as_deref(),
            Some(r#"{"a":[{"email":"<EMAIL_ADDRESS>"},{"n":1.50}],"surname":"<PERSON>"}"#)
        );
        assert_eq!(
            one(&engine, "data", r#"{"ssn":536904399}"#).as_deref(),
            Some(r#"{"ssn":"<US_SSN>"}"#)
        );
        assert_eq!(
            one(&engine, "first_names", r#"{Ada,"Mary Ann",NULL}"#).as_deref(),
            Some(r#"{<PERSON>,"<PERSON>",NULL}"#)
        );
        assert_eq!(
            one(&engine, "r", r#"(1,"jo@example.com",x)"#).as_deref(),
            Some(r#"(1,"<EMAIL_ADDRESS>",x)"#)
        );
    }

    #[test]
    fn encoded_text_is_decoded_and_encoded_again() {
        let engine = Engine::everything(keys());
        // "mail jo@example.com" in hexadecimal and base64.
        assert_eq!(
            one(&engine, "body", r"\x6d61696c206a6f406578616d706c652e636f6d").as_deref(),
            Some(r"\x6d61696c203c454d41494c5f414444524553533e")
        );
        assert_eq!(
            one(&engine, "body", "bWFpbCBqb0BleGFtcGxlLmNvbQ==").as_deref(),
            Some("bWFpbCA8RU1BSUxfQUREUkVTUz4=")
        );
        assert_eq!(
            one(&engine, "body", "68656c6c6f2c20776f726c64").as_deref(),
            Some("68656c6c6f2c20776f726c64")
        );
    }

    #[test]
    fn nullify_makes_nulls() {
        let rule = MaskingRule {
            supported_entity_types: vec![EntitySelection {
                name: "CONTACT_INFORMATION".into(),
                ..EntitySelection::default()
            }],
            strategy: Strategy::Nullify,
            ..MaskingRule::default()
        };
        let engine = Engine::compile(&[rule], keys()).expect("the rule is valid");
        assert_eq!(one(&engine, "c", "jo@example.com"), None);
        assert_eq!(
            one(&engine, "c", "to jo@example.com").as_deref(),
            Some("to ")
        );
        assert_eq!(
            one(&engine, "c", r#"["jo@example.com"]"#).as_deref(),
            Some("[null]")
        );
    }
}
