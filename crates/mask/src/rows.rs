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

/// Masks batches of rows of one result set. The first batch that has rows decides about
/// columns as a whole; later batches follow the decision.
pub struct RowsMasker<'e> {
    engine: &'e Engine,
    columns: Vec<Column>,
    voted: bool,
    counts: BTreeMap<String, u64>,
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
            columns,
            voted: false,
            counts: BTreeMap::new(),
        }
    }

    /// Masks rows of cells; `None` is null. Cells beyond the known columns are judged by
    /// their looks alone. The rows come back in the same shape.
    pub fn mask<'a>(&mut self, rows: &[Vec<Option<&'a str>>]) -> Vec<Vec<Option<Cow<'a, str>>>> {
        let widest = rows.iter().map(Vec::len).max().unwrap_or(0);
        while self.columns.len() < widest {
            self.columns.push(Column::key(""));
        }
        if !self.voted && !rows.is_empty() {
            for (i, column) in self.columns.iter_mut().enumerate() {
                let values = rows.iter().filter_map(|row| row.get(i).copied().flatten());
                column.vote(values, self.engine);
            }
            self.voted = true;
        }
        rows.iter()
            .map(|row| {
                row.iter()
                    .zip(&self.columns)
                    .map(|(value, column)| {
                        cell::mask((*value)?, column, self.engine, &mut self.counts)
                    })
                    .collect()
            })
            .collect()
    }

    /// How many of each type have been masked so far.
    pub fn counts(&self) -> &BTreeMap<String, u64> {
        &self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{ColumnRule, Plan, Selection};
    use crate::strategy::{Keys, Strategy};

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
        let plan = Plan {
            column_rules: vec![ColumnRule {
                table: "hr.*".into(),
                column: "salary".into(),
                strategy: Some(Strategy::Nullify),
                ..ColumnRule::default()
            }],
            ..Plan::default()
        };
        let engine = Engine::compile(&[plan], keys()).expect("the plan is valid");
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
        let plan = Plan {
            supported_entity_types: vec![Selection {
                name: "CONTACT_INFORMATION".into(),
                ..Selection::default()
            }],
            strategy: Strategy::Nullify,
            ..Plan::default()
        };
        let engine = Engine::compile(&[plan], keys()).expect("the plan is valid");
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
