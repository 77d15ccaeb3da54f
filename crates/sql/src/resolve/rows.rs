//! The columns that a part of a query has, and where they come from.

use std::collections::BTreeSet;
use std::rc::Rc;

/// Ends the base of a column that got its name by its place in a table whose columns
/// are not known: `users AS t(a, b)`. It may be any of them.
pub(crate) const ANY_COLUMN: &str = ".?";

/// Where a value comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Base columns: `users.email`; `users.*` where any column of it may be meant.
    pub bases: BTreeSet<String>,
    /// Whether these are surely all.
    pub is_sure: bool,
}

impl Origin {
    /// Comes from nowhere.
    pub fn none() -> Self {
        Self {
            bases: BTreeSet::new(),
            is_sure: true,
        }
    }

    /// Comes from something that is not known.
    pub fn unknown() -> Self {
        Self::default()
    }

    /// Comes from one base column.
    pub fn base(name: String) -> Self {
        Self {
            bases: BTreeSet::from([name]),
            is_sure: true,
        }
    }

    /// Comes from this too.
    pub fn join(&mut self, other: &Self) {
        self.bases.extend(other.bases.iter().cloned());
        self.is_sure &= other.is_sure;
    }
}

/// A column with its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub name: Option<String>,
    pub origin: Origin,
}

/// The columns of a source or of an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    /// Columns that are known, in order.
    pub columns: Vec<Column>,
    /// Tables all of whose columns it has beside, not known by name.
    pub rest: Vec<String>,
    /// Further columns that are not known, from this origin.
    pub unknown: Option<Rc<Origin>>,
}

impl Rows {
    /// The columns of a table that is not in the catalog.
    pub fn of_table(name: String) -> Self {
        Self {
            rest: vec![name],
            ..Self::default()
        }
    }

    /// Whether all columns are known by name and place.
    pub fn is_closed(&self) -> bool {
        self.rest.is_empty() && self.unknown.is_none()
    }

    /// Where any of its columns may come from.
    pub fn origin(&self) -> Origin {
        let mut origin = Origin::none();
        for column in &self.columns {
            origin.join(&column.origin);
        }
        for table in &self.rest {
            origin.join(&Origin::base(format!("{table}.*")));
        }
        if let Some(unknown) = &self.unknown {
            origin.join(unknown);
            origin.is_sure = false;
        }
        origin
    }

    /// Names the first columns anew.
    pub fn rename(mut self, names: &[String]) -> Self {
        if names.is_empty() {
            return self;
        }
        if self.is_closed() {
            for (column, name) in self.columns.iter_mut().zip(names) {
                column.name = Some(name.clone());
            }
            return self;
        }
        // Which column gets which name is not known: each may be any.
        let mut origin = self.origin();
        origin.is_sure = false;
        let tables = self.rest.iter();
        origin
            .bases
            .extend(tables.map(|table| format!("{table}{ANY_COLUMN}")));
        Self {
            columns: names
                .iter()
                .map(|name| Column {
                    name: Some(name.clone()),
                    origin: origin.clone(),
                })
                .collect(),
            rest: self.rest,
            unknown: Some(Rc::new(origin)),
        }
    }

    /// The rows of a `UNION` of both.
    pub fn union(mut self, other: &Self) -> Self {
        let same_width = self.columns.len() == other.columns.len();
        if self.is_closed() && other.is_closed() && same_width {
            for (column, other) in self.columns.iter_mut().zip(&other.columns) {
                column.origin.join(&other.origin);
            }
            return self;
        }
        let mut origin = self.origin();
        origin.join(&other.origin());
        origin.is_sure = false;
        for column in &mut self.columns {
            column.origin.join(&origin);
        }
        self.unknown = Some(Rc::new(origin));
        self
    }
}
