//! The catalog of a whole database, as its server tells it.
//!
//! Names keep their schema here, and a view is told beside what it shows: a rule may be
//! about either.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{Catalog, Relation};
use crate::facts::Dialect;
use crate::tree::Name;

/// Schemas of PostgreSQL's own that no search path leads to by itself.
const OUT_OF_THE_WAY: &str = "information_schema.";

/// A table or view as a server tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToldRelation<'a> {
    /// Schema; the database where the two are one.
    pub schema: &'a str,
    /// Name.
    pub name: &'a str,
    /// Its columns in order; those of a view may be missing when `definition` is there.
    pub columns: Vec<&'a str>,
    /// Whether it is a view whose columns come from elsewhere.
    pub is_view: bool,
    /// The query of the view, or the statement that makes it.
    pub definition: Option<&'a str>,
    /// Schemas and names of the tables that it inherits from, directly or not.
    pub ancestors: Vec<(&'a str, &'a str)>,
}

/// How names are looked up.
#[derive(Clone, Debug)]
pub(super) struct Lookup {
    /// The schema of names without one, where there is exactly one.
    default_schema: Option<String>,
}

impl Catalog {
    /// The catalog of a database. A view that cannot be read keeps its columns, which
    /// then surely come from it and may come from anywhere else. Relations with a dot in
    /// a name are left out: what they answer stays unknown.
    pub fn of_database(
        dialect: Dialect,
        default_schema: Option<&str>,
        relations: &[ToldRelation<'_>],
    ) -> Self {
        let fold = |name: &str| match dialect {
            Dialect::Postgres => name.to_owned(),
            Dialect::Mysql | Dialect::Mssql | Dialect::Sqlite | Dialect::Oracle => {
                name.to_lowercase()
            }
        };
        let mut catalog = Self {
            database: Some(Lookup {
                default_schema: default_schema.map(fold),
            }),
            ..Self::default()
        };
        let mut views = Vec::new();
        for told in relations {
            if told.schema.contains('.') || told.name.contains('.') {
                continue;
            }
            let name = vec![fold(told.schema), fold(told.name)];
            let columns: Vec<String> = told.columns.iter().map(|name| fold(name)).collect();
            if told.is_view {
                views.push((name, columns, told.definition));
                continue;
            }
            let ancestors = told.ancestors.iter();
            let ancestors = ancestors.map(|(schema, name)| (fold(schema), fold(name)));
            catalog.add_told(&name, columns, ancestors.collect());
        }
        catalog.add_told_views(views, dialect);
        catalog
    }

    /// A table; its columns are those of its ancestors too.
    fn add_told(
        &mut self,
        name: &[String],
        columns: Vec<String>,
        ancestors: Vec<(String, String)>,
    ) {
        let key = name.join(".");
        if ancestors.is_empty() {
            self.insert(key, Relation::Table(columns));
            return;
        }
        let derived = columns.into_iter().map(|column| {
            let inherited = ancestors.iter();
            let inherited = inherited.map(|(schema, name)| format!("{schema}.{name}.{column}"));
            let bases = inherited.chain([format!("{key}.{column}")]).collect();
            (column, bases, true)
        });
        self.insert(key.clone(), Relation::Derived(derived.collect()));
    }

    /// Views, each after those it shows. Those that show each other, or cannot be read,
    /// come last.
    fn add_told_views(
        &mut self,
        mut left: Vec<(Name, Vec<String>, Option<&str>)>,
        dialect: Dialect,
    ) {
        let names: HashSet<String> = left.iter().map(|(name, ..)| name.join(".")).collect();
        let mut uses: HashMap<String, BTreeSet<String>> = HashMap::new();
        for (name, _, definition) in &left {
            let own = name.join(".");
            let facts = definition.map(|text| crate::facts(text, dialect));
            let statements = facts.into_iter().flat_map(|facts| facts.statements);
            let tables = statements.flat_map(|statement| statement.tables);
            let tables = tables.map(|table| self.with_schema(table.name));
            let views = tables.filter(|table| *table != own && names.contains(table));
            let views = views.collect();
            uses.insert(own, views);
        }
        loop {
            let before = left.len();
            left.retain(|(name, columns, definition)| {
                let is_ready = uses.get(&name.join(".")).is_none_or(|views| {
                    let mut views = views.iter();
                    views.all(|view| self.relations.contains_key(view))
                });
                if is_ready {
                    self.add_told_view(name, columns, *definition, dialect);
                }
                !is_ready
            });
            if left.is_empty() {
                return;
            }
            if left.len() == before {
                break;
            }
        }
        for (name, columns, _) in left {
            self.add_told_view(&name, &columns, None, dialect);
        }
    }

    /// A name with its schema.
    fn with_schema(&self, name: String) -> String {
        let lookup = self.database.as_ref();
        match lookup.and_then(|lookup| lookup.default_schema.as_ref()) {
            Some(schema) if !name.contains('.') => format!("{schema}.{name}"),
            _ => name,
        }
    }

    fn add_told_view(
        &mut self,
        name: &[String],
        columns: &[String],
        definition: Option<&str>,
        dialect: Dialect,
    ) {
        let key = name.join(".");
        let shown = definition.and_then(|text| {
            let shown = crate::lineage::columns(text, dialect, self).ok()??;
            (columns.is_empty() || shown.len() == columns.len()).then_some(shown)
        });
        let derived: Vec<(String, BTreeSet<String>, bool)> = match shown {
            Some(shown) => {
                let named = shown.into_iter().enumerate().map(|(place, column)| {
                    let name = columns.get(place).cloned().or(column.name);
                    let name = name.unwrap_or_default();
                    let mut bases = column.origin.bases;
                    let is_sure = column.origin.is_sure && self.knows_all(&bases);
                    bases.insert(format!("{key}.{name}"));
                    (name, bases, is_sure)
                });
                named.collect()
            }
            None => {
                let unknown = columns.iter().map(|name| {
                    let bases = BTreeSet::from([format!("{key}.{name}")]);
                    (name.clone(), bases, false)
                });
                unknown.collect()
            }
        };
        // A view of which nothing is known is better not known at all.
        if !derived.is_empty() {
            self.insert(key, Relation::Derived(derived));
        }
    }

    /// The full name of a relation of a database. A name that may be one of several is
    /// none: which one it is depends on settings that are not known.
    pub(super) fn key_in(&self, database: &Lookup, name: &[String]) -> Option<String> {
        if let [.., schema, relation] = name {
            let key = format!("{schema}.{relation}");
            return self.relations.contains_key(&key).then_some(key);
        }
        let [relation] = name else { return None };
        if let Some(schema) = &database.default_schema {
            let key = format!("{schema}.{relation}");
            return self.relations.contains_key(&key).then_some(key);
        }
        let known = self.by_last.get(relation)?;
        let mut near = known.iter().filter(|key| !key.starts_with(OUT_OF_THE_WAY));
        match (near.next(), near.next()) {
            (Some(only), None) => Some(only.clone()),
            _ => None,
        }
    }

    /// Whether it knows the tables of all base columns. In a whole database one that it
    /// does not know may be a view of any other; elsewhere that is not asked.
    pub(crate) fn knows_all(&self, bases: &BTreeSet<String>) -> bool {
        let table = |base: &String| base.rsplit_once('.').map(|(table, _)| table.to_owned());
        let is_known = |base| table(base).is_some_and(|table| self.has(&table));
        !self.is_of_database() || bases.iter().all(is_known)
    }

    /// Whether it is of a whole database: what it does not know may be anything.
    pub(crate) const fn is_of_database(&self) -> bool {
        self.database.is_some()
    }

    /// Whether it knows a relation and where all of its columns come from.
    pub fn is_sure(&self, name: &str) -> bool {
        let parts: Name = name.split('.').map(str::to_owned).collect();
        let relation = self.key(&parts).and_then(|key| self.relations.get(&key));
        match relation {
            Some(Relation::Table(_)) => true,
            Some(Relation::Derived(columns)) => columns.iter().all(|(.., is_sure)| *is_sure),
            None => false,
        }
    }

    /// Where the values of a column come from: base columns as `schema.table.column`,
    /// the column itself among them, and whether these are surely all. `None` for a
    /// column that is not known.
    pub fn sources(
        &self,
        schema: &str,
        relation: &str,
        column: &str,
    ) -> Option<(BTreeSet<String>, bool)> {
        let key = format!("{schema}.{relation}");
        match self.relations.get(&key)? {
            Relation::Table(columns) => {
                let base = format!("{key}.{column}");
                let is_there = columns.iter().any(|known| known == column);
                is_there.then(|| (BTreeSet::from([base]), true))
            }
            Relation::Derived(columns) => {
                let mut columns = columns.iter();
                let (_, bases, is_sure) = columns.find(|(known, ..)| known == column)?;
                Some((bases.clone(), *is_sure))
            }
        }
    }
}
