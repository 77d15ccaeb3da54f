//! Masking of typed rows, column by column.

use std::borrow::Cow;
use std::collections::BTreeMap;

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

impl<'e> RowsMasker<'e> {
    /// A masker for rows of these columns.
    pub fn new(engine: &'e Engine, columns: &[ColumnHint]) -> Self {
        let mut columns: Vec<Column> = columns
            .iter()
            .map(|hint| match (&hint.table, hint.source.is_empty()) {
                (Some(table), true) => {
                    let source = [(table.clone(), hint.name.clone())];
                    Column::sourced(&hint.name, &source, hint.is_open, engine)
                }
                _ => Column::sourced(&hint.name, &hint.source, hint.is_open, engine),
            })
            .collect();
        Column::settle(&mut columns);
        Self {
            engine,
            columns: columns.into_iter().map(Slot::new).collect(),
            counts: BTreeMap::new(),
        }
    }

    /// Shows the values of a batch of rows of `width` columns, before its cells are
    /// masked. `values` gives those of one column that are not null. A column on which
    /// earlier values have decided is not asked for again.
    pub fn vote<V, I>(&mut self, width: usize, values: impl Fn(usize) -> I)
    where
        V: AsRef<str>,
        I: Iterator<Item = V>,
    {
        self.widen(width);
        for (number, slot) in self.columns.iter_mut().enumerate().take(width) {
            slot.voted = slot.voted || slot.column.vote(values(number), self.engine);
        }
    }

    /// Masks one cell that is not null; `None` is null. A cell beyond the known columns is
    /// judged by its looks alone.
    pub fn cell<'a>(&mut self, column: usize, value: &'a str) -> Option<Cow<'a, str>> {
        self.widen(column + 1);
        let slot = self.columns.get_mut(column)?;
        let masked = cell::mask(value, &slot.column, self.engine, &mut self.counts);
        slot.changed |= !matches!(masked, Some(Cow::Borrowed(_)));
        masked
    }

    /// Masks rows of cells; `None` is null. The rows come back in the same shape.
    pub fn mask<'a>(&mut self, rows: &[Vec<Option<&'a str>>]) -> Vec<Vec<Option<Cow<'a, str>>>> {
        let widest = rows.iter().map(Vec::len).max().unwrap_or(0);
        self.vote(widest, |column| {
            rows.iter()
                .filter_map(move |row| row.get(column).copied().flatten())
        });
        rows.iter()
            .map(|row| {
                row.iter()
                    .enumerate()
                    .map(|(column, value)| self.cell(column, (*value)?))
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

    fn widen(&mut self, width: usize) {
        while self.columns.len() < width {
            self.columns.push(Slot::new(Column::key("")));
        }
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
        let id = |row: &str| row.to_owned();
        rows.mask(&[vec![Some("1"), None, None]]);
        assert!(!rows.is_masked(1), "nothing has been seen of it");
        rows.vote(3, |column| {
            [["2", "Okafor", "x"], ["3", "de Vries", "y"]]
                .map(|row| row.map(id))
                .into_iter()
                .filter_map(move |row| row.get(column).cloned())
        });
        assert!(rows.is_masked(1), "decided before a cell of it was masked");
        assert_eq!(rows.cell(1, "Okafor"), Some("<PERSON>".into()));
        assert_eq!(rows.cell(2, "plain"), Some("plain".into()));
        assert!(!rows.is_masked(0) && !rows.is_masked(2));
        assert_eq!(
            rows.cell(2, "to jo@example.com").as_deref(),
            Some("to <EMAIL_ADDRESS>")
        );
        assert!(rows.is_masked(2) && !rows.is_masked(0));
        assert_eq!(
            rows.cell(7, "jo@example.com").as_deref(),
            Some("<EMAIL_ADDRESS>")
        );
        assert!(rows.is_masked(7) && !rows.is_masked(6) && !rows.is_masked(8));
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
