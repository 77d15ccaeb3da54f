//! The statements of the schema tools on their targets.

use connect::{SchemaAsk, Target, schema_job};
use model::ConnectionType;
use testkit::servers::{MariaDb, Postgres};

use crate::recorder::{Ask, make, run, say, server, spec};

async fn ask(target: &dyn Target, subtype: &str, ask: SchemaAsk) -> String {
    let script = schema_job(ConnectionType::Database, subtype, &ask).unwrap();
    let job = Ask {
        input: &script.sql,
        database: script.database.as_deref(),
        read_only: true,
        ..Ask::default()
    };
    let (recorder, finish) = run(target, job).await;
    assert_eq!(finish.unwrap().exit_code, 0, "{}", recorder.text);
    let rows = recorder
        .text
        .lines()
        .filter(|line| !line.starts_with("done"));
    rows.map(|row| match row.strip_prefix("# ") {
        Some(header) => {
            let names: Vec<_> = header
                .split('|')
                .filter_map(|c| c.split(':').next())
                .collect();
            format!("# {}\n", names.join("|"))
        }
        None => format!("{row}\n"),
    })
    .collect()
}

fn columns(database: &str, schema: &str, table: &str) -> SchemaAsk {
    SchemaAsk::Columns {
        database: database.into(),
        schema: schema.into(),
        table: table.into(),
    }
}

#[tokio::test]
async fn postgres_tells_its_schemas() {
    let postgres = Postgres::shared();
    let database = postgres.database();
    let target = server("postgres", &database, &[("DB", "postgres")]);
    let setup = r#"create schema "o'x\"; create table "o'x\"."t'\" (a int primary key, b varchar(3) default 'z', c text not null);
        create view v as select 1 as x; create materialized view m as select 2 as y; grant all on schema "o'x\" to owner"#;
    postgres.psql(&database.name, setup);
    let named = ask(&*target, "postgres", SchemaAsk::Databases).await;
    assert!(named.starts_with("# name\n") && named.contains(&format!("\n{}\n", database.name)));
    assert!(!named.contains("template"));
    let tables = SchemaAsk::Tables {
        database: database.name.clone(),
    };
    assert_eq!(
        ask(&*target, "postgres", tables).await,
        "# schema|name|type\no'x\\|t'\\|table\npublic|m|materialized_view\npublic|v|view\n"
    );
    assert_eq!(
        ask(
            &*target,
            "postgres",
            columns(&database.name, "o'x\\", "t'\\")
        )
        .await,
        "# name|type|nullable|default|position|primary_key
a|integer|false|NULL|1|true
b|character varying(3)|true|'z'::character varying|2|false
c|text|false|NULL|3|false
"
    );
}

#[tokio::test]
async fn sqlite_tells_its_schemas() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    std::fs::write(&path, "").unwrap();
    let path = path.to_str().unwrap();
    let target = make(&spec(ConnectionType::Database, "sqlite", &[("PATH", path)]));
    let setup =
        "create table \"t'\" (a integer primary key autoincrement, b text not null default 'z');
        create view v as select 1 as x";
    assert_eq!(say(&*target, setup).await.1, 0);
    assert_eq!(
        ask(&*target, "sqlite", SchemaAsk::Databases).await,
        "# name\nmain\n"
    );
    let tables = SchemaAsk::Tables {
        database: "main".into(),
    };
    assert_eq!(
        ask(&*target, "sqlite", tables).await,
        "# schema|name|type\nmain|t'|table\nmain|v|view\n"
    );
    assert_eq!(
        ask(&*target, "sqlite", columns("main", "main", "t'")).await,
        "# name|type|nullable|default|position|primary_key
a|INTEGER|true|NULL|=1|true
b|TEXT|false|'z'|=2|false
"
    );
}

#[tokio::test]
async fn mariadb_tells_its_schemas() {
    let mariadb = MariaDb::shared();
    let database = mariadb.database();
    let target = server("mysql", &database, &[]);
    let setup = "create table `t'\\` (a int unsigned primary key, b varchar(3) default 'z', c text not null);
        create view v as select 1 as x";
    assert_eq!(say(&*target, setup).await.1, 0);
    let named = ask(&*target, "mysql", SchemaAsk::Databases).await;
    assert_eq!(named, format!("# name\n{}\n", database.name));
    let tables = SchemaAsk::Tables {
        database: database.name.clone(),
    };
    assert_eq!(
        ask(&*target, "mysql", tables).await,
        format!(
            "# schema|name|type\n{0}|t'\\|table\n{0}|v|view\n",
            database.name
        )
    );
    assert_eq!(
        ask(
            &*target,
            "mysql",
            columns(&database.name, &database.name, "t'\\")
        )
        .await,
        "# name|type|nullable|default|position|primary_key
a|int(10) unsigned|false|NULL|1|true
b|varchar(3)|true|'z'|2|false
c|text|false|NULL|3|false
"
    );
}
