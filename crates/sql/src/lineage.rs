//! From the columns of an answer back to base columns.

use std::collections::BTreeSet;

use crate::catalog::{Catalog, CatalogError};
use crate::facts::{Dialect, Kind};
use crate::resolve::Resolver;
use crate::resolve::rows::{ANY_COLUMN, Column, Rows};
use crate::tree::{Lowered, Query};
use crate::understand::understood;

/// A column of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultColumn {
    /// Its name as the server gives it; `None` where the dialect names it at will.
    pub name: Option<String>,
    /// The base columns that its values are made of, as `table.column`, with a schema in
    /// front unless it is the default one; `users.*` where any column of the table may
    /// be meant.
    pub sources: BTreeSet<String>,
    /// Whether these are surely all. If not, the values may come from anywhere.
    pub is_certain: bool,
}

/// The columns of the last statement that answers rows. `None` if the text is not
/// understood, answers no rows, or if the number of columns cannot be known: it has a
/// `*` over something that is not in the catalog.
pub fn lineage(text: &str, dialect: Dialect, catalog: &Catalog) -> Option<Vec<ResultColumn>> {
    lineages(text, dialect, catalog)?.pop()?
}

/// The same for each statement that answers rows, in order.
pub fn lineages(
    text: &str,
    dialect: Dialect,
    catalog: &Catalog,
) -> Option<Vec<Option<Vec<ResultColumn>>>> {
    let answers = understood(text, dialect, |lowered| {
        let answering = lowered.iter().filter(|lowered| lowered.returns_rows);
        Ok(answering
            .map(|lowered| {
                let columns = answered(lowered, dialect, catalog)?;
                let result = |column| ResultColumn::of(column, catalog);
                Some(columns.into_iter().map(result).collect())
            })
            .collect())
    });
    answers.ok()
}

/// The columns that a view has, by its query or the statement that makes it.
pub(crate) fn columns(
    text: &str,
    dialect: Dialect,
    catalog: &Catalog,
) -> Result<Option<Vec<Column>>, CatalogError> {
    understood(text, dialect, |lowered| {
        Ok(match lowered {
            [
                Lowered {
                    defines: Some(view),
                    query: Some(query),
                    ..
                },
            ] => resolved(query, dialect, catalog).map(|rows| rows.rename(&view.columns).columns),
            [lowered] => answered(lowered, dialect, catalog),
            _ => None,
        })
    })
    .map_err(CatalogError::Unparsed)
}

/// The columns that a statement answers, if all of them are known.
fn answered(lowered: &Lowered, dialect: Dialect, catalog: &Catalog) -> Option<Vec<Column>> {
    // What EXPLAIN and SHOW answer is no data of a table, but may quote literals.
    if !lowered.runs || lowered.effects.contains(&Kind::Explain) {
        return None;
    }
    resolved(lowered.query.as_ref()?, dialect, catalog).map(|rows| rows.columns)
}

/// The rows that a query answers, if all of their columns are known.
fn resolved(query: &Query, dialect: Dialect, catalog: &Catalog) -> Option<Rows> {
    let mut resolver = Resolver::new(dialect, catalog);
    let rows = resolver.query(query);
    (!resolver.is_exhausted() && rows.is_closed()).then_some(rows)
}

impl ResultColumn {
    fn of(column: Column, catalog: &Catalog) -> Self {
        let bases = column.origin.bases.into_iter();
        let sources: BTreeSet<String> = bases.filter(|base| !base.ends_with(ANY_COLUMN)).collect();
        Self {
            name: column.name,
            is_certain: column.origin.is_sure && catalog.knows_all(&sources),
            sources,
        }
    }
}
