//! What databases consist of, read from their targets and kept for a while: it takes
//! that to follow the columns of an answer back to where they come from.

mod script;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use connect::{Fault, Relation, Relations, Stage, Target, relations};
use model::{Column, ColumnSource, Connection, ConnectionId};
use moka::{Expiry, future, sync};
use parking_lot::Mutex;
use sql::{Catalog, Dialect, Kind, Risk, ToldRelation};

pub(crate) use script::{Expected, Meaning, Origins, Script};

/// How long a database is taken to be as it was read, at least. A table that is made
/// meanwhile is not known, and what it answers of open origin.
const FRESH: Duration = Duration::from_secs(60);

/// How long at most: reading one that is large must not become its main load.
const FRESH_AT_MOST: Duration = Duration::from_secs(900);

/// Part of the time that may go into reading a database: one in this many.
const SHARE: u32 = 200;

/// Bytes that all databases may take together, by estimate.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// Bytes of scripts whose columns are kept for each database, by estimate.
const MOST_SCRIPT_BYTES: u64 = 4 * 1024 * 1024;

/// Bytes that a column takes in a catalog, by estimate.
const COLUMN_BYTES: usize = 96;

/// Relations of PostgreSQL and MySQL that show values of the columns of others.
const SHOWS_OTHERS: &[&str] = &[
    "column_statistics",
    "pg_statistic",
    "pg_statistic_ext_data",
    "pg_stats",
    "pg_stats_ext",
    "pg_stats_ext_exprs",
];

/// The databases that are known. A connection that changes is another one.
pub(crate) struct Databases {
    known: future::Cache<Key, Arc<Database>>,
}

type Key = (ConnectionId, i64, Option<String>);

/// A database and the scripts that were asked of it.
pub(crate) struct Database {
    dialect: Dialect,
    catalog: Catalog,
    by_id: HashMap<u32, Numbered>,
    scripts: sync::Cache<String, Arc<Script>>,
    bytes: u32,
    fresh: Duration,
}

/// Each database is kept as long as it is fresh.
struct Freshness;

impl Expiry<Key, Arc<Database>> for Freshness {
    fn expire_after_create(
        &self,
        _: &Key,
        database: &Arc<Database>,
        _: Instant,
    ) -> Option<Duration> {
        Some(database.fresh)
    }
}

/// A relation whose columns results tell by number.
struct Numbered {
    schema: String,
    name: String,
    columns: Vec<(i16, String)>,
}

impl Default for Databases {
    fn default() -> Self {
        let weigher = |_: &Key, database: &Arc<Database>| database.bytes;
        Self {
            known: future::Cache::builder()
                .weigher(weigher)
                .max_capacity(MOST_BYTES)
                .expire_after(Freshness)
                .build(),
        }
    }
}

impl Databases {
    /// The database that a run on a connection is in. One that does not tell its tables
    /// is known to have none.
    ///
    /// # Errors
    /// When the target is not reached.
    pub(crate) async fn of(
        &self,
        connection: &Connection,
        dialect: Dialect,
        target: &dyn Target,
        database: Option<&str>,
    ) -> Result<Arc<Database>, Arc<Fault>> {
        let key = (
            connection.id,
            connection.version,
            database.map(str::to_owned),
        );
        if let Some(known) = self.known.get(&key).await {
            return Ok(known);
        }
        let kind = (connection.kind, connection.subtype.as_str());
        let read = async {
            let began = Instant::now();
            let told = match relations(target, kind, database).await {
                Ok(told) => told,
                Err(fault) if fault.stage == Stage::Ready => {
                    tracing::warn!(connection_id = %connection.id, %fault,
                        "the tables of a database cannot be read; what it answers counts as of unknown origin");
                    Relations::default()
                }
                Err(fault) => return Err(fault),
            };
            // Views are parsed, which takes a while when there are many.
            let made = tokio::task::spawn_blocking(move || Database::new(dialect, told)).await;
            let mut made = made.unwrap_or_else(|_| Database::unknown(dialect));
            made.fresh = (began.elapsed() * SHARE).clamp(FRESH, FRESH_AT_MOST);
            Ok(Arc::new(made))
        };
        self.known.try_get_with(key, read).await
    }

    /// Reads a database anew at the next run in it: a run changed what it consists of.
    pub(crate) async fn forget(&self, connection: &Connection, database: Option<&str>) {
        let key = (
            connection.id,
            connection.version,
            database.map(str::to_owned),
        );
        self.known.invalidate(&key).await;
    }
}

impl Database {
    /// A database of which nothing is known.
    pub(crate) fn unknown(dialect: Dialect) -> Self {
        Self::new(dialect, Relations::default())
    }

    fn new(dialect: Dialect, told: Relations) -> Self {
        let names: HashMap<u32, &Relation> = told
            .all
            .iter()
            .filter_map(|relation| Some((relation.id?, relation)))
            .collect();
        let relations: Vec<ToldRelation<'_>> = told.all.iter().map(|it| tell(it, &names)).collect();
        let catalog = Catalog::of_database(dialect, told.default_schema.as_deref(), &relations);
        let columns: usize = told.all.iter().map(|it| it.columns.len() + 1).sum();
        let numbered = told.all.into_iter().filter_map(|relation| {
            let numbered = Numbered {
                schema: relation.schema,
                name: relation.name,
                columns: relation.columns,
            };
            Some((relation.id?, numbered))
        });
        let weigher = |script: &String, known: &Arc<Script>| {
            let columns = known.answers.iter().flatten().map(Vec::len).sum::<usize>();
            saturated(script.len() * 4 + columns * COLUMN_BYTES)
        };
        Self {
            dialect,
            catalog,
            by_id: numbered.collect(),
            scripts: sync::Cache::builder()
                .weigher(weigher)
                .max_capacity(MOST_SCRIPT_BYTES)
                .build(),
            bytes: saturated(columns * COLUMN_BYTES),
            fresh: FRESH,
        }
    }

    /// What a script reads and answers.
    pub(crate) fn script(&self, text: &str) -> Arc<Script> {
        if let Some(known) = self.scripts.get(text) {
            return known;
        }
        let facts = sql::facts_with(text, self.dialect, &self.catalog);
        let mut tables = facts.statements.iter().flat_map(|it| &it.tables);
        let reads_unknown = tables.any(|table| !self.catalog.is_sure(&table.name));
        let answering = facts.statements.iter().filter(|it| it.returns_rows);
        let plans = answering.map(|it| {
            let effects = [Kind::Explain, Kind::Show];
            effects.iter().any(|kind| it.effects.contains(kind))
        });
        let read = Arc::new(Script {
            under: Mutex::default(),
            plans: plans.collect(),
            answers: sql::lineages(text, self.dialect, &self.catalog).unwrap_or_default(),
            reads_unknown: reads_unknown || !facts.parsed || facts.has(Risk::Dynamic),
            facts,
        });
        self.scripts.insert(text.to_owned(), Arc::clone(&read));
        read
    }

    /// The base columns of a column by what the target tells of it, as table with schema
    /// and column, and whether these are surely all. `None` when it tells nothing that
    /// is known.
    pub(crate) fn told(&self, column: &Column) -> Option<(Vec<(String, String)>, bool)> {
        let (schema, table, name) = match column.source.as_ref()? {
            ColumnSource::Attribute { table, column } => {
                let relation = self.by_id.get(table)?;
                let mut columns = relation.columns.iter();
                let (_, name) = columns.find(|(number, _)| number == column)?;
                (relation.schema.clone(), relation.name.clone(), name.clone())
            }
            ColumnSource::Named {
                schema,
                table,
                column,
            } => (
                schema.to_lowercase(),
                table.to_lowercase(),
                column.to_lowercase(),
            ),
        };
        let (bases, is_sure) = match self.catalog.sources(&schema, &table, &name) {
            Some((bases, is_sure)) => (pairs(&bases), is_sure),
            None => (Vec::new(), false),
        };
        let own = (format!("{schema}.{table}"), name);
        Some((bases.into_iter().chain([own]).collect(), is_sure))
    }
}

/// A relation as the catalog takes it.
fn tell<'a>(relation: &'a Relation, names: &HashMap<u32, &'a Relation>) -> ToldRelation<'a> {
    let is_system = matches!(
        relation.schema.as_str(),
        "pg_catalog" | "information_schema"
    );
    let shows_others = SHOWS_OTHERS.contains(&relation.name.to_lowercase().as_str());
    let ancestors = ancestors(relation, names).into_iter();
    ToldRelation {
        schema: &relation.schema,
        name: &relation.name,
        columns: relation
            .columns
            .iter()
            .map(|(_, name)| name.as_str())
            .collect(),
        is_view: (relation.is_view && !is_system) || (is_system && shows_others),
        definition: relation.definition.as_deref(),
        ancestors: ancestors
            .map(|it| (it.schema.as_str(), it.name.as_str()))
            .collect(),
    }
}

/// The tables that a table inherits from, directly or not.
fn ancestors<'a>(relation: &Relation, names: &HashMap<u32, &'a Relation>) -> Vec<&'a Relation> {
    let mut found: Vec<&Relation> = Vec::new();
    let mut left = relation.parents.clone();
    while let Some(parent) = left.pop() {
        let known = found.iter().any(|it| it.id == Some(parent));
        if let Some(parent) = names.get(&parent).filter(|_| !known) {
            left.extend(&parent.parents);
            found.push(parent);
        }
    }
    found
}

/// Base columns as table and column.
pub(crate) fn pairs<'a>(bases: impl IntoIterator<Item = &'a String>) -> Vec<(String, String)> {
    let split = |base: &String| {
        let (table, column) = base.rsplit_once('.').unwrap_or(("", base));
        (table.to_owned(), column.to_owned())
    };
    bases.into_iter().map(split).collect()
}

fn saturated(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
