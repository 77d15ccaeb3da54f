//! Names to tables and columns: what a statement reads, writes and calls.

mod changes;
mod columns;
pub(crate) mod rows;

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use crate::catalog::{Catalog, without_default_schema};
use crate::facts::{Access, Dialect, Kind, Risk, TableUse};
use crate::harmless;
use crate::tree::{Body, Cte, Expr, Item, Name, Query, Select, Source, SourceKind};
use rows::{Column, Origin, Rows};

/// Steps that resolving one statement may take. Common table expressions that name
/// each other can double with every one of them.
const MOST_STEPS: usize = 1_000_000;
/// Rounds after which a recursive query is taken to mix all its columns.
const MOST_ROUNDS: usize = 4;

/// What a statement was found to do.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub tables: BTreeSet<TableUse>,
    /// Columns that are named or read.
    pub columns: BTreeSet<String>,
    /// Columns whose values are read.
    pub read: BTreeSet<String>,
    /// Columns that rows are chosen, joined, grouped or ordered by.
    pub filtered: BTreeSet<String>,
    /// Tables of which whole rows are read.
    pub whole_rows: BTreeSet<String>,
    pub functions: BTreeSet<String>,
    /// Kinds that decide the kind of the statement.
    pub kinds: BTreeSet<Kind>,
    /// Further effects.
    pub effects: BTreeSet<Kind>,
    pub risks: BTreeSet<Risk>,
    /// Whether some change has no real filter; `None` without changes that filter.
    pub is_filtered: Option<bool>,
    /// Whether a change limits its rows.
    pub is_limited: Option<bool>,
}

/// Resolves the names of one statement.
pub(crate) struct Resolver<'c> {
    catalog: &'c Catalog,
    dialect: Dialect,
    pub found: Findings,
    ctes: HashMap<String, Vec<Rc<Rows>>>,
    steps: usize,
}

/// A source under its name in a query.
struct Relation {
    alias: Option<String>,
    /// The name of its table, where it is one.
    table: Option<Name>,
    rows: Rc<Rows>,
}

/// The sources that a part of a query can name.
struct Scope<'p> {
    relations: Vec<Relation>,
    /// The rows of the table that is changed: `excluded`, `old`, `new` and others.
    changed: Option<Rc<Rows>>,
    outer: Option<&'p Scope<'p>>,
}

/// What an expression is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Answer,
    Filter,
}

impl<'c> Resolver<'c> {
    pub fn new(dialect: Dialect, catalog: &'c Catalog) -> Self {
        Self {
            catalog,
            dialect,
            found: Findings::default(),
            ctes: HashMap::new(),
            steps: 0,
        }
    }

    /// Whether it gave up because the statement has too many paths.
    pub fn is_exhausted(&self) -> bool {
        self.steps > MOST_STEPS
    }

    /// The rows that a query answers.
    pub fn query(&mut self, query: &Query) -> Rows {
        self.query_in(query, None)
    }

    /// Resolves expressions that stand in no query.
    pub fn values(&mut self, values: &[Expr]) {
        let scope = Scope {
            relations: Vec::new(),
            changed: None,
            outer: None,
        };
        for value in values {
            self.value(value, &scope, Purpose::Answer);
        }
    }

    /// Notes the use of a table.
    pub fn uses(&mut self, table: &[String], access: Access) {
        // A variable that holds rows is no table.
        let is_variable = table.first().is_some_and(|part| part.starts_with('@'));
        if table.is_empty() || is_variable {
            return;
        }
        let mut name = table.join(".");
        // `users@link` of Oracle is a table of another server.
        if self.dialect == Dialect::Oracle
            && let Some(at) = name.find('@')
        {
            name.truncate(at);
            self.found.risks.insert(Risk::Exfiltration);
        }
        self.found.tables.insert(TableUse { name, access });
    }

    /// Notes columns that are read by name.
    pub fn reads(&mut self, table: Option<&[String]>, column: &str) {
        let name = match table {
            Some(table) => format!("{}.{column}", table.join(".")),
            None => column.to_owned(),
        };
        if let (Some(table), "*") = (table, column) {
            self.found.whole_rows.insert(table.join("."));
        }
        self.found.read.insert(name.clone());
        self.found.columns.insert(name);
    }

    /// Counts work; `false` if there was too much of it.
    fn goes_on(&mut self, steps: usize) -> bool {
        self.steps = self.steps.saturating_add(steps).saturating_add(1);
        !self.is_exhausted()
    }

    fn query_in(&mut self, query: &Query, outer: Option<&Scope<'_>>) -> Rows {
        if !self.goes_on(1) {
            return Rows::default();
        }
        for cte in &query.ctes {
            let rows = self.cte(cte, query.is_recursive, outer);
            self.enter(&cte.name, rows);
        }
        if query.locks {
            self.found.effects.insert(Kind::Lock);
        }
        let rows = self.body(query, outer);
        for cte in &query.ctes {
            self.leave(&cte.name);
        }
        rows
    }

    fn enter(&mut self, cte: &str, rows: Rows) {
        let known = self.ctes.entry(cte.to_owned()).or_default();
        known.push(Rc::new(rows));
    }

    fn leave(&mut self, cte: &str) {
        if let Some(known) = self.ctes.get_mut(cte) {
            known.pop();
            if known.is_empty() {
                self.ctes.remove(cte);
            }
        }
    }

    /// The rows of a common table expression. One that names itself is resolved until
    /// nothing new comes.
    fn cte(&mut self, cte: &Cte, is_recursive: bool, outer: Option<&Scope<'_>>) -> Rows {
        if !is_recursive {
            return self.query_in(&cte.query, outer).rename(&cte.columns);
        }
        let first = match &cte.query.body {
            Body::Set(parts) => parts.first(),
            _ => None,
        };
        let mut rows = match first {
            Some(first) => self.query_in(first, outer).rename(&cte.columns),
            None => Rows {
                unknown: Some(Rc::new(Origin::unknown())),
                ..Rows::default()
            },
        };
        for _ in 0..MOST_ROUNDS {
            self.enter(&cte.name, rows.clone());
            let next = self.query_in(&cte.query, outer).rename(&cte.columns);
            self.leave(&cte.name);
            if next == rows {
                return rows;
            }
            rows = next;
        }
        let mut mixed = rows.origin();
        mixed.is_sure = false;
        for column in &mut rows.columns {
            column.origin = mixed.clone();
        }
        rows
    }

    fn body(&mut self, query: &Query, outer: Option<&Scope<'_>>) -> Rows {
        let empty = Scope {
            relations: Vec::new(),
            changed: None,
            outer,
        };
        match &query.body {
            Body::Select(select) => self.select(select, &query.order, outer),
            Body::Change(change) => self.change(change, outer),
            Body::Values(rows) => {
                let mut columns: Vec<Column> = Vec::new();
                for row in rows {
                    for (index, value) in row.iter().enumerate() {
                        let origin = self.value(value, &empty, Purpose::Answer);
                        match columns.get_mut(index) {
                            Some(column) => column.origin.join(&origin),
                            None => columns.push(Column {
                                name: Some(format!("column{}", index + 1)),
                                origin,
                            }),
                        }
                    }
                }
                self.filters(&query.order, &empty, &columns);
                Rows {
                    columns,
                    ..Rows::default()
                }
            }
            Body::Set(parts) => {
                let mut parts = parts.iter();
                let mut rows = match parts.next() {
                    Some(first) => self.query_in(first, outer),
                    None => Rows::default(),
                };
                for part in parts {
                    let next = self.query_in(part, outer);
                    if !self.goes_on(rows.columns.len()) {
                        break;
                    }
                    rows = rows.union(&next);
                }
                let columns = rows.columns.clone();
                self.filters(&query.order, &empty, &columns);
                rows
            }
        }
    }

    fn select(&mut self, select: &Select, order: &[Expr], outer: Option<&Scope<'_>>) -> Rows {
        self.found.effects.insert(Kind::Select);
        if let Some(table) = &select.into {
            self.uses(table, Access::Write);
            self.found.kinds.insert(Kind::Create);
        }
        if select.leaves {
            self.found.risks.insert(Risk::Exfiltration);
            self.found.kinds.insert(Kind::Copy);
        }
        let mut scope = Scope {
            relations: Vec::new(),
            changed: None,
            outer,
        };
        self.enter_sources(&select.sources, &mut scope);
        let rows = self.items(&select.items, &scope);
        self.filters(&select.filters, &scope, &[]);
        self.filters(order, &scope, &rows.columns);
        rows
    }

    /// Notes what rows are chosen by. A plain name may be a column of the answer.
    fn filters(&mut self, filters: &[Expr], scope: &Scope<'_>, answer: &[Column]) {
        for filter in filters {
            self.filter(filter, scope, answer);
        }
    }

    fn filter(&mut self, filter: &Expr, scope: &Scope<'_>, answer: &[Column]) {
        match filter {
            Expr::Of(parts) => self.filters(parts, scope, answer),
            Expr::Column(name) if !answer.is_empty() => {
                let named = match name.as_slice() {
                    [name] => answer.iter().find(|it| it.name.as_ref() == Some(name)),
                    _ => None,
                };
                match named {
                    Some(column) => {
                        let bases = column.origin.bases.iter().cloned();
                        self.found.filtered.extend(bases);
                    }
                    None => drop(self.value(filter, scope, Purpose::Filter)),
                }
            }
            _ => drop(self.value(filter, scope, Purpose::Filter)),
        }
    }

    /// Resolves sources in order. Later ones may look at earlier ones.
    fn enter_sources(&mut self, sources: &[Source], scope: &mut Scope<'_>) {
        for source in sources {
            if !self.goes_on(1) {
                return;
            }
            let rows = match &source.kind {
                SourceKind::Table(name) => self.table(name),
                SourceKind::Query(query) => {
                    let rows = self.query_in(query, Some(scope));
                    Rc::new(rows)
                }
                SourceKind::Calls(calls) => {
                    let mut origin = Origin::none();
                    for call in calls {
                        origin.join(&self.value(call, scope, Purpose::Answer));
                    }
                    origin.is_sure = false;
                    Rc::new(Rows {
                        unknown: Some(Rc::new(origin)),
                        ..Rows::default()
                    })
                }
                SourceKind::Group(below) => {
                    let from = scope.relations.len();
                    self.enter_sources(below, scope);
                    if source.alias.is_none() {
                        continue;
                    }
                    let hidden = scope.relations.split_off(from.min(scope.relations.len()));
                    let mut all = Rows::default();
                    for relation in &hidden {
                        all.columns.extend(relation.rows.columns.iter().cloned());
                        all.rest.extend(relation.rows.rest.iter().cloned());
                        all.unknown = all.unknown.or_else(|| relation.rows.unknown.clone());
                    }
                    Rc::new(all)
                }
            };
            if !self.goes_on(rows.columns.len()) {
                return;
            }
            let rows = if source.columns.is_empty() {
                rows
            } else {
                Rc::new(Rows::clone(&rows).rename(&source.columns))
            };
            scope.relations.push(Relation {
                alias: source.alias.clone(),
                table: match &source.kind {
                    SourceKind::Table(name) => Some(name.clone()),
                    _ => None,
                },
                rows,
            });
        }
    }

    /// The rows of a table that is read.
    fn table(&mut self, name: &Name) -> Rc<Rows> {
        if let [name] = name.as_slice()
            && let Some(rows) = self.ctes.get(name).and_then(|known| known.last())
        {
            return Rc::clone(rows);
        }
        self.uses(name, Access::Read);
        Rc::new(self.columns_of(name))
    }

    /// The columns of a table, from the catalog where it knows them.
    fn columns_of(&self, name: &Name) -> Rows {
        let known = self.catalog.rows(name).or_else(|| {
            // A database in front of a name: the catalog is of one database.
            let is_database = matches!(self.dialect, Dialect::Mysql | Dialect::Mssql)
                && !self.catalog.is_of_database();
            let last = name.get(name.len().checked_sub(1)?..)?;
            is_database.then(|| self.catalog.rows(last)).flatten()
        });
        known.unwrap_or_else(|| Rows::of_table(name.join(".")))
    }

    /// The columns that a list of items answers.
    fn items(&mut self, items: &[Item], scope: &Scope<'_>) -> Rows {
        let mut rows = Rows::default();
        for item in items {
            if let Expr::Star(qualifier) = &item.value {
                self.star(qualifier, scope, &mut rows);
                continue;
            }
            let origin = self.value(&item.value, scope, Purpose::Answer);
            rows.columns.push(Column {
                name: item.name.clone(),
                origin,
            });
        }
        rows
    }

    /// Whether a call is known to change nothing, and what else it may do.
    fn calls(&mut self, name: &[String]) {
        self.found.functions.insert(name.join("."));
        if !harmless::is_harmless(self.dialect, name) {
            self.found.risks.insert(Risk::SideEffect);
        }
        let risks = harmless::risks(self.dialect, name);
        self.found.risks.extend(risks.iter().copied());
    }

    /// The name of a table as columns are given under it.
    fn is_same_table(name: &[String], other: &[String]) -> bool {
        without_default_schema(name) == without_default_schema(other)
    }
}
