//! Tables and views whose columns are known.

mod database;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::rc::Rc;

use crate::facts::Dialect;
use crate::resolve::Resolver;
use crate::resolve::rows::{Column, Origin, Rows};
use crate::tree::{Definition, Name};
use crate::understand::understood;

pub use database::ToldRelation;

/// The tables and views of a database, with their columns in order.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// By folded name without the default schema; with it in a catalog of a database.
    relations: HashMap<String, Relation>,
    /// Full names by their last part, for names without a schema.
    by_last: HashMap<String, Vec<String>>,
    /// Where names are looked up, in a catalog of a whole database.
    database: Option<database::Lookup>,
}

/// A relation of the catalog.
#[derive(Clone, Debug)]
enum Relation {
    /// A table: its columns are base columns.
    Table(Vec<String>),
    /// A view and the like: its columns, each with the base columns it shows and
    /// whether these are surely all.
    Derived(Vec<(String, BTreeSet<String>, bool)>),
}

/// Why a catalog could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogError {
    /// The text is not SQL of the dialect; the reason.
    Unparsed(String),
    /// The columns of this view cannot be known.
    View(String),
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unparsed(reason) => write!(f, "the schema was not understood: {reason}"),
            Self::View(name) => write!(f, "the columns of view {name} cannot be known"),
        }
    }
}

impl std::error::Error for CatalogError {}

/// Schemas that a name without one is looked up in.
const DEFAULT_SCHEMAS: &[&str] = &["public", "pg_catalog", "dbo", "main"];

/// The name without a default schema.
pub(crate) fn without_default_schema(name: &[String]) -> &[String] {
    match name {
        [.., schema, _] if DEFAULT_SCHEMAS.contains(&schema.as_str()) => {
            name.get(name.len() - 1..).unwrap_or_default()
        }
        _ => name,
    }
}

impl Catalog {
    /// A catalog without tables.
    pub fn new() -> Self {
        Self::default()
    }

    /// The tables and views that a text of DDL makes. Views are read after all tables, in
    /// order; other statements are passed over.
    ///
    /// # Errors
    ///
    /// `Unparsed` if the text is not understood. A view whose columns cannot be known is
    /// left out, so that what it answers stays unknown.
    pub fn from_ddl(text: &str, dialect: Dialect) -> Result<Self, CatalogError> {
        let read = understood(text, dialect, |statements| {
            let mut catalog = Self::new();
            let made = || {
                let made = statements.iter();
                made.filter_map(|it| Some((it.defines.as_ref()?, it.query.as_ref())))
            };
            for (table, query) in made() {
                if query.is_none() {
                    catalog.add_defined(table);
                }
            }
            for (view, query) in made() {
                let Some(query) = query else { continue };
                let mut resolver = Resolver::new(dialect, &catalog);
                let rows = resolver.query(query).rename(&view.columns);
                if rows.is_closed() && !resolver.is_exhausted() {
                    catalog.add_derived(&view.name, rows.columns);
                }
            }
            Ok(catalog)
        });
        read.map_err(CatalogError::Unparsed)
    }

    /// Adds a table with the columns of those it is like.
    fn add_defined(&mut self, table: &Definition) {
        let mut columns: Vec<String> = Vec::new();
        for like in &table.like {
            let Some(rows) = self.rows(like) else { return };
            columns.extend(rows.columns.into_iter().filter_map(|column| column.name));
        }
        columns.extend(table.columns.iter().cloned());
        self.add_table(&table.name.join("."), columns);
    }

    /// Adds a table. `name` is folded as the dialect folds, with its schema in front
    /// unless that is the default one; `columns` are its columns in order.
    pub fn add_table<S: Into<String>>(&mut self, name: &str, columns: impl IntoIterator<Item = S>) {
        let parts: Name = name.split('.').map(str::to_owned).collect();
        let key = without_default_schema(&parts).join(".");
        let columns = columns.into_iter().map(Into::into).collect();
        self.insert(key, Relation::Table(columns));
    }

    /// Adds a view by the query it keeps, which is read with what the catalog knows
    /// so far.
    ///
    /// # Errors
    ///
    /// `Unparsed` if the query is not understood, `View` if it answers all columns of
    /// something that the catalog does not know.
    pub fn add_view(
        &mut self,
        name: &str,
        query: &str,
        dialect: Dialect,
    ) -> Result<(), CatalogError> {
        let parts: Name = name.split('.').map(str::to_owned).collect();
        let columns = crate::lineage::columns(query, dialect, self)?
            .ok_or_else(|| CatalogError::View(name.to_owned()))?;
        self.add_derived(&parts, columns);
        Ok(())
    }

    /// Adds a view whose columns are resolved.
    pub(crate) fn add_derived(&mut self, name: &[String], columns: Vec<Column>) {
        let key = without_default_schema(name).join(".");
        let columns = columns.into_iter().map(|column| {
            (
                column.name.unwrap_or_default(),
                column.origin.bases,
                column.origin.is_sure,
            )
        });
        let columns = columns.collect();
        self.insert(key, Relation::Derived(columns));
    }

    /// Whether it knows a relation of this name.
    pub fn has(&self, name: &str) -> bool {
        let parts: Name = name.split('.').map(str::to_owned).collect();
        self.key(&parts).is_some()
    }

    fn insert(&mut self, key: String, relation: Relation) {
        let last = key.rsplit('.').next().unwrap_or(&key).to_owned();
        let known = self.by_last.entry(last).or_default();
        if !known.contains(&key) {
            known.push(key.clone());
        }
        self.relations.insert(key, relation);
    }

    /// The full name of a relation.
    fn key(&self, name: &[String]) -> Option<String> {
        if let Some(database) = &self.database {
            return self.key_in(database, name);
        }
        let name = without_default_schema(name);
        let full = name.join(".");
        if self.relations.contains_key(&full) {
            return Some(full);
        }
        // A name without a schema is found on a search path that is not known.
        match (name, self.by_last.get(name.last()?)?.as_slice()) {
            ([_], [only]) => Some(only.clone()),
            _ => None,
        }
    }

    /// The columns of a relation.
    pub(crate) fn rows(&self, name: &[String]) -> Option<Rows> {
        let key = self.key(name)?;
        let column = |name: &String, bases: BTreeSet<String>, is_sure| Column {
            name: Some(name.clone()),
            origin: Origin { bases, is_sure },
        };
        let columns = match self.relations.get(&key)? {
            Relation::Table(names) => {
                let base = |name| BTreeSet::from([format!("{key}.{name}")]);
                let columns = names.iter().map(|name| column(name, base(name), true));
                columns.collect()
            }
            Relation::Derived(columns) => {
                let shown = columns.iter();
                shown
                    .map(|(name, bases, is_sure)| column(name, bases.clone(), *is_sure))
                    .collect()
            }
        };
        Some(Rows {
            columns,
            rest: Vec::new(),
            unknown: None::<Rc<Origin>>,
        })
    }
}
