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
async fn postgres_tells_columns_of_every_kind() {
    let postgres = Postgres::shared();
    let database = postgres.database();
    let target = server("postgres", &database, &[]);
    let setup = "create table keyed (a int, b int, c int, primary key (b, a) include (c));
        create table made (i int generated always as identity primary key,
            d int default 7, g int generated always as (d * 2) stored);
        create table parts (a int, b text) partition by range (a);
        create table parts_1 partition of parts for values from (0) to (9);
        create table \"a\tb\" (\"c\td\" int);
        create extension file_fdw; create server files foreign data wrapper file_fdw;
        create foreign table away (x text) server files options (filename '/dev/null');
        create table other_key (a int not null unique, b int); grant all on all tables in schema public to owner";
    postgres.psql(&database.name, setup);
    let tables = SchemaAsk::Tables {
        database: database.name.clone(),
    };
    assert_eq!(
        ask(&*target, "postgres", tables).await,
        "# schema|name|type\npublic|a\tb|table\npublic|away|table\npublic|keyed|table\n\
         public|made|table\npublic|other_key|table\npublic|parts|table\npublic|parts_1|table\n"
    );
    let asked = async |table| {
        let told = ask(
            &*target,
            "postgres",
            columns(&database.name, "public", table),
        )
        .await;
        let rows = told.split_once('\n').unwrap().1;
        rows.to_owned()
    };
    assert_eq!(
        asked("keyed").await,
        "a|integer|false|NULL|1|true\nb|integer|false|NULL|2|true\nc|integer|true|NULL|3|false\n"
    );
    assert_eq!(
        asked("made").await,
        "i|integer|false|NULL|1|true\nd|integer|true|7|2|false\ng|integer|true|NULL|3|false\n"
    );
    let parts = "a|integer|true|NULL|1|false\nb|text|true|NULL|2|false\n";
    assert_eq!(asked("parts").await, parts);
    assert_eq!(asked("parts_1").await, parts);
    assert_eq!(asked("a\tb").await, "c\td|integer|true|NULL|1|false\n");
    assert_eq!(asked("away").await, "x|text|true|NULL|1|false\n");
    assert_eq!(
        asked("other_key").await,
        "a|integer|false|NULL|1|false\nb|integer|true|NULL|2|false\n"
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

#[tokio::test]
async fn mariadb_tells_columns_of_every_kind() {
    let mariadb = MariaDb::shared();
    let database = mariadb.database();
    let target = server("mysql", &database, &[]);
    let setup = "create table other_key (a int not null unique, b int);
        create table keyed (a int, b int, c int, primary key (b, a));
        create table made (i int auto_increment primary key, d int default 7,
            g int generated always as (d * 2) stored);
        create table `a\tb` (`c\td` int);
        create table parts (a int) partition by range (a) (partition p values less than (9))";
    assert_eq!(say(&*target, setup).await.1, 0);
    let asked = async |table| {
        let told = ask(&*target, "mysql", columns(&database.name, "", table)).await;
        let rows = told.split_once('\n').unwrap().1;
        rows.to_owned()
    };
    assert_eq!(
        asked("other_key").await,
        "a|int(11)|false|NULL|1|false\nb|int(11)|true|NULL|2|false\n"
    );
    assert_eq!(
        asked("keyed").await,
        "a|int(11)|false|NULL|1|true\nb|int(11)|false|NULL|2|true\nc|int(11)|true|NULL|3|false\n"
    );
    assert_eq!(
        asked("made").await,
        "i|int(11)|false|NULL|1|true\nd|int(11)|true|7|2|false\ng|int(11)|true|NULL|3|false\n"
    );
    assert_eq!(asked("a\tb").await, "c\td|int(11)|true|NULL|1|false\n");
    assert_eq!(asked("parts").await, "a|int(11)|true|NULL|1|false\n");
}
