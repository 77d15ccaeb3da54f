//! Types and values of PostgreSQL.

use std::time::{Duration, Instant};

use testkit::servers::Postgres;

use crate::recorder::{Ask, run, say, server};

#[tokio::test]
async fn types_that_are_not_built_in_have_names() {
    let postgres = Postgres::shared();
    let database = postgres.database();
    let setup = "create extension hstore; create extension citext;
        create schema \"other Place\"; grant all on schema \"other Place\", public to owner";
    postgres.psql(&database.name, setup);
    let target = server("postgres", &database, &[]);
    let script = "create type mood as enum ('happy', 'sad'); create type pair as (a int, b text);
        create type \"other Place\".\"Odd[]\" as enum ('?'); create domain whole as int check (value > 0);
        create table t (m mood, ms mood[], p pair, w whole, ws whole[], h hstore, c citext,
            o \"other Place\".\"Odd[]\");
        insert into t values ('sad', '{happy,sad}', (1, 'x'), 7, '{8}', 'k=>v', 'C', '?')";
    assert_eq!(say(&*target, script).await.1, 0);
    let expected = "# m:mood:Text|ms:mood[]:Text|p:pair:Text|w:int4:Integer|ws:whole[]:Text|\
        h:hstore:Text|c:citext:Text|o:\"other Place\".\"Odd[]\":Text|i:circle[]:Text\n\
        sad|{happy,sad}|(1,x)|7|{8}|\"k\"=>\"v\"|C|?|{}\ndone \"\" None\n";
    let asked = "select *, '{}'::circle[] as i from t";
    for read_only in [false, true] {
        let ask = Ask {
            input: asked,
            read_only,
            ..Ask::default()
        };
        assert_eq!(run(&*target, ask).await.0.text, expected);
    }
    // A name is asked for anew once something was changed.
    assert_eq!(say(&*target, "alter type mood rename to humor").await.1, 0);
    let (said, _) = say(&*target, "select m from t; select row(1, 'a') as r").await;
    let expected = "# m:humor:Text\nsad\ndone \"\" None\n# r:record:Text\n(1,a)\ndone \"\" None\n";
    assert_eq!(said, expected);
    // No other session sees a type that is still being made.
    let making = "begin; create type late as enum ('x')";
    let asked = "select 'x'::late";
    let (said, code) = say(&*target, &format!("{making}; {asked}")).await;
    assert!(code == 0 && said.contains("# late:oid:"), "{said}");
    let (said, _) = say(&*target, &format!("{making}; commit; {asked}")).await;
    assert!(
        said.ends_with("# late:late:Text\nx\ndone \"\" None\n"),
        "{said}"
    );
}

#[tokio::test]
async fn a_run_does_not_depend_on_names_of_types() {
    let postgres = Postgres::shared();
    let database = postgres.database();
    postgres.psql(
        &database.name,
        "create type mood as enum ('sad'); create role lonely login connection limit 1",
    );
    postgres.psql(
        &database.name,
        "alter role lonely password 'correct horse''s battery'; grant all on schema public to lonely",
    );
    let target = server("postgres", &database, &[("USER", "lonely")]);
    let begun = Instant::now();
    let (said, code) = say(&*target, "select 'sad'::mood; select 'sad'::mood").await;
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!((said.matches(":oid:").count(), code), (2, 0), "{said}");
}

#[tokio::test]
async fn names_of_types_are_asked_for_only_when_needed() {
    let postgres = Postgres::shared();
    let database = postgres.database();
    let target = server("postgres", &database, &[]);
    let sessions = || {
        let asked = "select count(*) from pg_stat_activity where datname = ";
        let count = postgres.psql("postgres", &format!("{asked}'{}'", database.name));
        count.trim().parse::<usize>().unwrap()
    };
    assert_eq!(say(&*target, "select 1, '{}'::text[], now()").await.1, 0);
    assert_eq!(sessions(), 1);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let script = "create type mood as enum ('sad')";
    assert_eq!(say(&*target, script).await.1, 0);
    for _ in 0..3 {
        // A session is cleaned beside the next run.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let (said, _) = say(&*target, "select 'sad'::mood, 'sad'::mood").await;
        assert!(
            said.starts_with("# mood:mood:Text|mood:mood:Text"),
            "{said}"
        );
    }
    assert_eq!(sessions(), 2);
}

#[tokio::test]
async fn floating_point_numbers_lose_nothing() {
    let postgres = Postgres::shared();
    let database = postgres.database();
    // Servers before version 12 round unless asked otherwise, as this one
    // does for a login with their default.
    postgres.psql(
        "postgres",
        &format!(
            "alter role owner in database {} set extra_float_digits = 0",
            database.name
        ),
    );
    let target = server("postgres", &database, &[]);
    let wide = [
        0.1,
        1.0 / 3.0,
        0.1 + 0.2,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
        -9_007_199_254_740_993.5,
    ];
    let narrow = [
        0.1,
        1.0 / 3.0,
        f32::MAX,
        f32::MIN_POSITIVE,
        1e-45,
        16_777_217.5,
    ];
    let sent: Vec<String> = wide
        .iter()
        .map(|number| format!("'{number:e}'::float8"))
        .chain(narrow.iter().map(|number| format!("'{number:e}'::float4")))
        .collect();
    // The second run is in a session that was cleaned.
    for _ in 0..2 {
        let (said, _) = say(&*target, &format!("select {}", sent.join(", "))).await;
        let cells: Vec<&str> = said.lines().nth(1).unwrap().split('|').collect();
        let (first, last) = cells.split_at(wide.len());
        let first: Vec<u64> = first
            .iter()
            .map(|cell| cell.parse::<f64>().unwrap().to_bits())
            .collect();
        let last: Vec<u32> = last
            .iter()
            .map(|cell| cell.parse::<f32>().unwrap().to_bits())
            .collect();
        assert_eq!(first, wide.map(f64::to_bits), "{said}");
        assert_eq!(last, narrow.map(f32::to_bits), "{said}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (said, _) = say(&*target, "select 'NaN'::float8, '-Infinity'::float4").await;
    assert_eq!(said.lines().nth(1), Some("NaN|-Infinity"));
}

#[tokio::test]
async fn values_of_every_type_are_those_of_the_server() {
    let postgres = Postgres::shared();
    let target = server("postgres", &postgres.database(), &[]);
    for (value, expected) in [
        ("'NaN'::numeric", "numeric:Decimal\nNaN"),
        ("'-Infinity'::numeric", "numeric:Decimal\n-Infinity"),
        ("1e-20::numeric", "numeric:Decimal\n0.00000000000000000001"),
        (
            "123456789012345678901234567890.10::numeric",
            "numeric:Decimal\n123456789012345678901234567890.10",
        ),
        (
            "'-9223372036854775808'::int8",
            "int8:Integer\n-9223372036854775808",
        ),
        (
            "'1 year -2 days 03:04:05.6'::interval",
            "interval:Text\n1 year -2 days +03:04:05.6",
        ),
        ("'[1,5)'::int4range", "int4range:Text\n[1,5)"),
        ("'empty'::tstzrange", "tstzrange:Text\nempty"),
        (
            "'{[1,2),[4,5)}'::int4multirange",
            "int4multirange:Text\n{[1,2),[4,5)}",
        ),
        ("b'101'", "bit:Text\n101"),
        ("'10'::varbit(5)", "varbit:Text\n10"),
        ("12.5::money", "money:Text\n$12.50"),
        ("point(1, -2.5)", "point:Text\n(1,-2.5)"),
        ("'((0,0),(1,1))'::box", "box:Text\n(1,1),(0,0)"),
        ("'<(1,2),3>'::circle", "circle:Text\n<(1,2),3>"),
        (
            "'((0,0),(1,1),(2,0))'::polygon",
            "polygon:Text\n((0,0),(1,1),(2,0))",
        ),
        (
            "'0044-03-15 12:00 BC'::timestamp",
            "timestamp:Text\n0044-03-15 12:00:00 BC",
        ),
        ("'infinity'::timestamptz", "timestamptz:Text\ninfinity"),
        ("'-infinity'::date", "date:Text\n-infinity"),
        ("'24:00:00'::time", "time:Text\n24:00:00"),
        ("'12:00:00+05:30'::timetz", "timetz:Text\n12:00:00+05:30"),
        ("'\\x00ff'::bytea", "bytea:Binary\n\\x00ff"),
        ("''::bytea", "bytea:Binary\n\\x"),
        (
            "'{\"b\": 1, \"a\": [null]}'::jsonb",
            "jsonb:Json\n{\"a\": [null], \"b\": 1}",
        ),
        ("'10.0.0.0/8'::cidr", "cidr:Text\n10.0.0.0/8"),
        ("'{{1,NULL},{3,4}}'::int[]", "_int4:Text\n{{1,NULL},{3,4}}"),
        ("'<a/>'::xml", "xml:Text\n<a/>"),
        ("4294967295::oid", "oid:Integer\n4294967295"),
        ("''::text", "text:Text\n"),
    ] {
        let (said, _) = say(&*target, &format!("select {value} as v")).await;
        assert_eq!(said, format!("# v:{expected}\ndone \"\" None\n"), "{value}");
    }
}

#[tokio::test]
async fn bytes_are_hexadecimal_whatever_the_login_prefers() {
    let postgres = Postgres::shared();
    let database = postgres.database();
    let prefer = format!(
        "alter role owner in database {} set bytea_output = escape",
        database.name
    );
    postgres.psql("postgres", &prefer);
    let target = server("postgres", &database, &[]);
    let (said, _) = say(&*target, "select 'ab'::bytea").await;
    assert_eq!(said.lines().nth(1), Some("\\x6162"));
}
