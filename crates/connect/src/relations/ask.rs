//! What each kind of database is asked, one statement at a time.

use std::collections::HashMap;

use super::{Asking, Relation, Relations};
use crate::Fault;

/// Columns of every table and view.
const POSTGRES_COLUMNS: &str = "SELECT c.oid, n.nspname, c.relname, c.relkind, a.attnum, a.attname
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')
    AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY c.oid, a.attnum";

/// Queries of the views that are not the system's. They are told with the schema of
/// every name while the search path leads to the system's only; the setting ends with
/// the transaction, and naming it keeps the planner from asking before. A part with a
/// volatile function is never merged into the rest.
const POSTGRES_VIEWS: &str = "WITH path AS (
        SELECT pg_catalog.set_config('search_path', 'pg_catalog', true) AS is_set)
    SELECT c.oid, CASE WHEN path.is_set IS NOT NULL THEN pg_catalog.pg_get_viewdef(c.oid) END
    FROM path CROSS JOIN pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('v', 'm') AND n.nspname <> 'information_schema'
    AND pg_catalog.left(n.nspname, 3) <> 'pg_'";

/// Tables that inherit from others, partitions among them.
const POSTGRES_PARENTS: &str = "SELECT i.inhrelid, i.inhparent FROM pg_catalog.pg_inherits i
    JOIN pg_catalog.pg_class c ON c.oid = i.inhparent WHERE c.relkind IN ('r', 'p', 'f')";

const MYSQL_COLUMNS: &str = "SELECT c.table_schema, c.table_name, c.column_name
    FROM information_schema.columns c
    ORDER BY c.table_schema, c.table_name, c.ordinal_position";

const MYSQL_VIEWS: &str = "SELECT v.table_schema, v.table_name, v.view_definition
    FROM information_schema.views v";

const SQLITE_COLUMNS: &str = "SELECT m.name, p.name
    FROM main.sqlite_schema m JOIN pragma_table_xinfo(m.name, 'main') p
    WHERE m.type = 'table' AND p.hidden <> 1 ORDER BY m.rowid, p.cid";

const SQLITE_VIEWS: &str =
    "SELECT m.name, m.sql FROM main.sqlite_schema m WHERE m.type = 'view' ORDER BY m.rowid";

/// Columns of the table that SQLite keeps its schema in.
const SQLITE_SCHEMA: [&str; 5] = ["type", "name", "tbl_name", "rootpage", "sql"];

pub(super) async fn postgres(asking: &Asking<'_>) -> Result<Relations, Fault> {
    let columns = asking.rows(POSTGRES_COLUMNS).await?;
    let mut all: Vec<Relation> = Vec::new();
    for [id, schema, name, kind, number, column] in columns.into_rows() {
        let id = id.parse().ok();
        if all.last().is_none_or(|last| last.id != id) {
            all.push(Relation {
                schema,
                name,
                id,
                is_view: matches!(kind.as_str(), "v" | "m"),
                ..Relation::default()
            });
        }
        if let (Some(last), Ok(number)) = (all.last_mut(), number.parse()) {
            last.columns.push((number, column));
        }
    }
    let mut places: HashMap<u32, usize> = HashMap::new();
    for (place, relation) in all.iter().enumerate() {
        places.extend(relation.id.map(|id| (id, place)));
    }
    let mut with = |id: &str, change: &mut dyn FnMut(&mut Relation)| {
        let place = id.parse().ok().and_then(|id: u32| places.get(&id));
        if let Some(relation) = place.and_then(|place| all.get_mut(*place)) {
            change(relation);
        }
    };
    for [id, query] in asking.rows(POSTGRES_VIEWS).await?.into_rows() {
        with(&id, &mut |view| view.definition = given(&query));
    }
    for [id, parent] in asking.rows(POSTGRES_PARENTS).await?.into_rows() {
        with(&id, &mut |table| {
            table.parents.extend(parent.parse::<u32>())
        });
    }
    Ok(Relations {
        default_schema: None,
        all,
    })
}

pub(super) async fn mysql(asking: &Asking<'_>) -> Result<Relations, Fault> {
    let default = asking.rows("SELECT DATABASE()").await?;
    let default_schema = default.into_rows().next().and_then(|[name]| given(&name));
    let mut all = named(asking.rows(MYSQL_COLUMNS).await?.into_rows());
    let mut views = HashMap::new();
    for [schema, name, query] in asking.rows(MYSQL_VIEWS).await?.into_rows() {
        views.insert((schema, name), query);
    }
    for relation in &mut all {
        let name = (relation.schema.clone(), relation.name.clone());
        if let Some(query) = views.remove(&name) {
            relation.is_view = !is_system(&relation.schema);
            relation.definition = given(&query).filter(|_| relation.is_view);
        }
    }
    Ok(Relations {
        default_schema,
        all,
    })
}

/// Whether a database of a MySQL server belongs to the server. Views there show the
/// server's own state.
fn is_system(schema: &str) -> bool {
    matches!(
        schema.to_ascii_lowercase().as_str(),
        "information_schema" | "mysql" | "performance_schema" | "sys"
    )
}

pub(super) async fn sqlite(asking: &Asking<'_>) -> Result<Relations, Fault> {
    let rows = asking.rows(SQLITE_COLUMNS).await?.into_rows();
    let mut all = named(rows.map(|[table, column]| ["main".to_owned(), table, column]));
    for name in ["sqlite_schema", "sqlite_master"] {
        let columns = SQLITE_SCHEMA.map(|column| ["main", name, column].map(str::to_owned));
        all.extend(named(columns.into_iter()));
    }
    for [name, statement] in asking.rows(SQLITE_VIEWS).await?.into_rows() {
        all.push(Relation {
            schema: "main".to_owned(),
            name,
            definition: given(&statement),
            is_view: true,
            ..Relation::default()
        });
    }
    Ok(Relations {
        default_schema: Some("main".to_owned()),
        all,
    })
}

/// Relations from rows of schema, table and column that lie together.
fn named(rows: impl Iterator<Item = [String; 3]>) -> Vec<Relation> {
    let mut all: Vec<Relation> = Vec::new();
    for [schema, name, column] in rows {
        let is_last = |last: &Relation| last.schema == schema && last.name == name;
        if !all.last().is_some_and(is_last) {
            all.push(Relation {
                schema,
                name,
                ..Relation::default()
            });
        }
        if let Some(last) = all.last_mut() {
            let number = i16::try_from(last.columns.len() + 1).unwrap_or(i16::MAX);
            last.columns.push((number, column));
        }
    }
    all
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
