//! What `sql` says of statements, compared with what real servers make of them.

use std::collections::BTreeSet;

use mysql_async::prelude::Queryable as _;
use sql::{Catalog, Dialect, Facts, Kind, ToldRelation, facts, lineage};
use testkit::servers::{Database, MariaDb, Postgres};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

const SCHEMA: &str = include_str!("../../../sql/tests/corpus/schema_postgres.sql");
const MYSQL_SCHEMA: &str = include_str!("../../../sql/tests/corpus/schema_mysql.sql");
const CASES: &str = include_str!("../../../sql/tests/corpus/statements.jsonl");

/// A statement of the labelled corpus of `sql`.
#[derive(serde::Deserialize)]
struct Case {
    dialect: Dialect,
    client: Option<String>,
    sql: String,
}

/// One line for everything that a statement could have changed.
const DIGEST: &str = "select md5(string_agg(x, '|')) from (
    select query_to_xml(format('select * from %s order by 1', t.oid::regclass), true, true, '')::text
        from pg_class t join pg_namespace n on n.oid = t.relnamespace
        where t.relkind in ('r', 'm', 'S') and n.nspname in ('public', 'hr')
    union all select string_agg(relname, ',' order by oid) from pg_class
    union all select string_agg(proname || proacl::text, ',' order by oid) from pg_proc
    union all select string_agg(rolname || rolsuper, ',' order by oid) from pg_roles
    union all select string_agg(relname || relacl::text, ',' order by oid) from pg_class
    union all select count(*)::text from pg_largeobject_metadata
    union all select count(*)::text from pg_locks where locktype = 'advisory') s (x)";

fn of(dialect: Dialect) -> Vec<Case> {
    let mine = |case: &Case| case.dialect == dialect && case.client.is_none();
    let cases = CASES
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    cases.filter(mine).collect()
}

async fn connect(database: &Database) -> Client {
    let mut config = tokio_postgres::Config::new();
    config
        .host(&database.host)
        .port(database.port)
        .user(&database.user)
        .password(&database.password)
        .dbname(&database.name);
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn code(error: &tokio_postgres::Error) -> String {
    let code = error.code().map(|code| code.code().to_owned());
    code.unwrap_or_default()
}

async fn one(client: &Client, query: &str) -> String {
    let answers = client.simple_query(query).await.unwrap();
    let row = answers.into_iter().find_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    row.unwrap_or_default()
}

struct Shop {
    _server: std::sync::Arc<Postgres>,
    database: Database,
}

fn shop() -> Shop {
    let server = Postgres::shared();
    let database = server.database();
    server.psql(&database.name, SCHEMA);
    server.psql(
        &database.name,
        "grant all on schema public, hr to owner;
        grant all on all tables in schema public to owner; grant all on all tables in schema hr to owner;
        grant all on all sequences in schema public to owner",
    );
    Shop {
        _server: server,
        database,
    }
}

#[tokio::test]
async fn postgres_reads_the_same_grammar() {
    let shop = shop();
    let client = connect(&shop.database).await;
    let (mut refused, mut lax) = (Vec::new(), Vec::new());
    let cases = of(Dialect::Postgres);
    for case in &cases {
        // All of a message is parsed before the first statement runs, and that fails.
        let probe = format!("select 1/0; {}", case.sql);
        let error = client.simple_query(&probe).await.unwrap_err();
        let is_sql = code(&error) != "42601";
        match (is_sql, facts(&case.sql, Dialect::Postgres).parsed) {
            (true, false) => refused.push(&case.sql),
            (false, true) => lax.push(&case.sql),
            _ => {}
        }
    }
    assert!(cases.len() > 200);
    assert!(refused.len() * 100 <= cases.len(), "{refused:#?}");
    assert!(lax.len() * 100 <= cases.len(), "{lax:#?}");
}

#[tokio::test]
async fn what_reads_only_changes_nothing_in_postgres() {
    let shop = shop();
    let watcher = connect(&shop.database).await;
    let before = one(&watcher, DIGEST).await;
    let mut ran = 0;
    for case in of(Dialect::Postgres) {
        if !facts(&case.sql, Dialect::Postgres).is_read_only() {
            continue;
        }
        let client = connect(&shop.database).await;
        let _ = client.simple_query("set statement_timeout = '5s'").await;
        ran += usize::from(client.simple_query(&case.sql).await.is_ok());
        assert_eq!(one(&watcher, DIGEST).await, before, "{}", case.sql);
    }
    assert!(ran > 80, "{ran} statements ran");
    one(&watcher, "insert into users (id) values (1000) returning 1").await;
    assert_ne!(
        one(&watcher, DIGEST).await,
        before,
        "the digest sees changes"
    );
}

/// The relations of a plan, as `schema.name`.
fn planned(plan: &serde_json::Value, found: &mut BTreeSet<String>) {
    match plan {
        serde_json::Value::Object(fields) => {
            if let (Some(schema), Some(name)) = (fields.get("Schema"), fields.get("Relation Name"))
            {
                let name = format!("{}.{}", schema.as_str().unwrap(), name.as_str().unwrap());
                found.insert(name.trim_start_matches("public.").to_owned());
            }
            fields.values().for_each(|value| planned(value, found));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| planned(item, found)),
        _ => {}
    }
}

fn named(facts: &Facts) -> BTreeSet<String> {
    let tables = facts.statements.iter().flat_map(|it| &it.tables);
    let bare = |name: &String| name.trim_start_matches("public.").to_owned();
    let mut named: BTreeSet<String> = tables.map(|table| bare(&table.name)).collect();
    // The only view of the schema.
    if named.contains("active_users") {
        named.insert("users".to_owned());
    }
    named
}

#[tokio::test]
async fn every_table_of_a_plan_is_told() {
    let shop = shop();
    let client = connect(&shop.database).await;
    let mut compared = 0;
    for case in of(Dialect::Postgres) {
        let facts = facts(&case.sql, Dialect::Postgres);
        let is_planned = matches!(
            facts.statements.as_slice(),
            [only] if matches!(only.kind, Kind::Select | Kind::Insert | Kind::Update | Kind::Delete | Kind::Merge)
        );
        let explain = format!("explain (format json, verbose) {}", case.sql);
        if !is_planned || case.sql.trim_start().to_lowercase().starts_with("explain") {
            continue;
        }
        let Ok(answers) = client.simple_query(&explain).await else {
            continue;
        };
        let lines = answers.iter().filter_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        let text: String = lines.collect();
        let mut plan = BTreeSet::new();
        planned(&serde_json::from_str(&text).unwrap(), &mut plan);
        let named = named(&facts);
        let system = |name: &&String| !name.starts_with("pg_catalog.");
        let untold: Vec<_> = plan
            .iter()
            .filter(system)
            .filter(|it| !named.contains(*it))
            .collect();
        assert!(untold.is_empty(), "{untold:?} of {}", case.sql);
        compared += 1;
    }
    assert!(compared > 100, "{compared} plans were compared");
}

async fn catalog(client: &Client) -> Catalog {
    let columns = "select n.nspname, c.relname, a.attname,
        case when c.relkind in ('v', 'm') and n.nspname in ('public', 'hr')
            then pg_get_viewdef(c.oid) end
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relkind in ('r', 'v', 'm') order by c.oid, a.attnum";
    let rows = client.query(columns, &[]).await.unwrap();
    let mut relations: Vec<ToldRelation<'_>> = Vec::new();
    for row in &rows {
        let (schema, name, column): (&str, &str, &str) = (row.get(0), row.get(1), row.get(2));
        let definition: Option<&str> = row.get(3);
        match relations.last_mut() {
            Some(last) if (last.schema, last.name) == (schema, name) => last.columns.push(column),
            _ => relations.push(ToldRelation {
                schema,
                name,
                columns: vec![column],
                is_view: definition.is_some(),
                definition,
                ..ToldRelation::default()
            }),
        }
    }
    Catalog::of_database(Dialect::Postgres, None, &relations)
}

#[tokio::test]
async fn columns_come_from_where_postgres_says() {
    let shop = shop();
    let client = connect(&shop.database).await;
    let catalog = catalog(&client).await;
    let origin = "select n.nspname || '.' || c.relname || '.' || a.attname from pg_attribute a
        join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
        where c.oid = $1 and a.attnum = $2";
    let (mut compared, mut unknown) = (0, Vec::new());
    for case in of(Dialect::Postgres) {
        let Ok(statement) = client.prepare(&case.sql).await else {
            continue;
        };
        // A plan and a setting come from no column.
        let facts = facts(&case.sql, Dialect::Postgres);
        let mut effects = facts.statements.iter().flat_map(|it| &it.effects);
        if statement.columns().is_empty()
            || effects.any(|it| matches!(it, Kind::Explain | Kind::Show))
        {
            continue;
        }
        let Some(columns) = lineage(&case.sql, Dialect::Postgres, &catalog) else {
            unknown.push(case.sql);
            continue;
        };
        assert_eq!(columns.len(), statement.columns().len(), "{}", case.sql);
        for (ours, theirs) in columns.iter().zip(statement.columns()) {
            if let Some(name) = &ours.name {
                assert_eq!(name, theirs.name(), "{}", case.sql);
            }
            let (Some(table), Some(number)) = (theirs.table_oid(), theirs.column_id()) else {
                continue;
            };
            let told = client.query_one(origin, &[&table, &number]).await.unwrap();
            let told: String = told.get(0);
            let is_told = ours.sources.contains(&told);
            assert!(is_told, "{told} is not in {:?}: {}", ours.sources, case.sql);
            compared += 1;
        }
    }
    assert!(compared > 80, "{compared} columns were compared");
    assert!(unknown.len() < 3, "{unknown:#?}");
}

#[tokio::test]
async fn mariadb_agrees_on_grammar_and_on_what_reads_only() {
    let server = MariaDb::shared();
    let database = server.database();
    server.mariadb(&format!("use {};\n{MYSQL_SCHEMA}", database.name));
    let login = || {
        let options = mysql_async::OptsBuilder::default()
            .ip_or_hostname(database.host.clone())
            .tcp_port(database.port)
            .user(Some(&database.user))
            .pass(Some(&database.password))
            .db_name(Some(&database.name));
        mysql_async::Conn::new(options)
    };
    let digest = "checksum table users, orders, payments, sessions, audit_log";
    let mut watcher = login().await.unwrap();
    let before: Vec<(String, Option<u64>)> = watcher.query(digest).await.unwrap();
    let (mut ran, mut refused, mut prepared) = (0, Vec::new(), 0);
    for case in of(Dialect::Mysql) {
        let facts = facts(&case.sql, Dialect::Mysql);
        let mut client = login().await.unwrap();
        // Several statements cannot be prepared; neither can some kinds.
        if let Ok(statement) = client.prep(case.sql.as_str()).await {
            prepared += 1;
            if !facts.parsed {
                refused.push(case.sql.clone());
            }
            let _ = client.close(statement).await;
        }
        if facts.is_read_only() {
            let _ = client.query_drop("set max_statement_time = 5").await;
            ran += usize::from(client.query_drop(case.sql.as_str()).await.is_ok());
            let now: Vec<(String, Option<u64>)> = watcher.query(digest).await.unwrap();
            assert_eq!(now, before, "{}", case.sql);
        }
    }
    assert!(
        ran > 20 && prepared > 50,
        "{ran} ran, {prepared} were prepared"
    );
    assert!(refused.len() * 100 <= prepared, "{refused:#?}");
}
