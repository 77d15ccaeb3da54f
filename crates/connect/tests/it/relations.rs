//! The tables and views of databases, as their servers tell them.

use connect::{Relation, Relations, Target, relations};
use model::ConnectionType;
use testkit::servers::{MariaDb, Postgres};

use crate::recorder::{make, server, spec};

async fn told(target: &dyn Target, subtype: &str) -> Relations {
    let kind = (ConnectionType::Database, subtype);
    relations(target, kind, None).await.unwrap()
}

fn one<'a>(all: &'a Relations, schema: &str, name: &str) -> &'a Relation {
    let mut found = all.all.iter();
    found
        .find(|relation| relation.schema == schema && relation.name == name)
        .unwrap_or_else(|| panic!("{schema}.{name} is not told"))
}

fn columns(relation: &Relation) -> Vec<(i16, &str)> {
    let columns = relation.columns.iter();
    columns.map(|(n, name)| (*n, name.as_str())).collect()
}

#[tokio::test]
async fn postgres_tells_views_with_schemas_and_who_inherits() {
    let postgres = Postgres::shared();
    let database = postgres.database();
    let setup = "create schema shop;
        create table shop.people (id int, gone int, email text);
        alter table shop.people drop column gone;
        create table public.people (other text);
        set search_path = shop;
        create view public.mails as select lower(email) as mail from people;
        create materialized view shop.kept as select id from people;
        create table shop.parts (day date, note text) partition by range (day);
        create table shop.part1 partition of shop.parts for values from ('2026-01-01') to ('2027-01-01');
        grant usage on schema shop to owner";
    postgres.psql(&database.name, setup);
    let target = server("postgres", &database, &[("DB", &database.name)]);
    let all = told(&*target, "postgres").await;
    assert_eq!(all.default_schema, None);
    let people = one(&all, "shop", "people");
    assert_eq!(columns(people), [(1, "id"), (3, "email")]);
    assert!(people.id.is_some() && !people.is_view && people.definition.is_none());
    let view = one(&all, "public", "mails");
    assert!(view.is_view);
    let query = view.definition.as_deref().unwrap();
    assert!(query.contains("FROM shop.people"), "{query}");
    assert!(one(&all, "shop", "kept").definition.is_some());
    let part = one(&all, "shop", "part1");
    assert_eq!(part.parents, [one(&all, "shop", "parts").id.unwrap()]);
    let system = one(&all, "pg_catalog", "pg_tables");
    assert!(system.is_view && system.definition.is_none() && system.columns.len() > 5);
    one(&all, "information_schema", "columns");
}

#[tokio::test]
async fn mariadb_tells_its_databases() {
    let mariadb = MariaDb::shared();
    let database = mariadb.database();
    let target = server("mysql", &database, &[("DB", &database.name)]);
    mariadb.mariadb(&format!(
        "use {}; create table people (id int, email text);
        create view mails as select upper(email) as mail from people",
        database.name
    ));
    let all = told(&*target, "mysql").await;
    assert_eq!(all.default_schema.as_deref(), Some(database.name.as_str()));
    let people = one(&all, &database.name, "people");
    assert_eq!(columns(people), [(1, "id"), (2, "email")]);
    let view = one(&all, &database.name, "mails");
    let query = view.definition.as_deref().unwrap();
    assert!(
        query.contains(&format!("`{}`.`people`", database.name)),
        "{query}"
    );
    let system = all.all.iter().find(|relation| {
        relation.schema == "information_schema" && relation.name.eq_ignore_ascii_case("tables")
    });
    assert!(system.is_some_and(|tables| !tables.is_view));
}

#[tokio::test]
async fn sqlite_tells_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute_batch(
        "create table people (id integer, email text, mail as (lower(email)));
        create view mails as select mail from people; create view broken as select x from gone",
    )
    .unwrap();
    drop(file);
    let target = make(&spec(
        ConnectionType::Database,
        "sqlite",
        &[("PATH", path.to_str().unwrap())],
    ));
    let all = told(&*target, "sqlite").await;
    let people = one(&all, "main", "people");
    assert_eq!(columns(people), [(1, "id"), (2, "email"), (3, "mail")]);
    let view = one(&all, "main", "mails");
    assert!(view.is_view && view.definition.as_deref().unwrap().contains("VIEW mails"));
    assert_eq!(one(&all, "main", "sqlite_master").columns.len(), 5);
}

#[tokio::test]
async fn a_process_has_no_relations() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let target = make(&spec(
        ConnectionType::Database,
        "sqlite",
        &[("PATH", path.to_str().unwrap())],
    ));
    let kind = (ConnectionType::Custom, "bash");
    let fault = relations(&*target, kind, None).await.unwrap_err();
    assert_eq!(fault.code, model::Code::Unsupported);
    // No such file: what the target says comes through.
    let kind = (ConnectionType::Database, "sqlite");
    assert!(relations(&*target, kind, None).await.is_err());
}
