//! Lineage with and without a catalog.

use sql::{Catalog, Dialect, ResultColumn, facts_with, lineage, lineages};

fn shop() -> Catalog {
    let ddl = include_str!("../corpus/schema_postgres.sql");
    match Catalog::from_ddl(ddl, Dialect::Postgres) {
        Ok(catalog) => catalog,
        Err(error) => panic!("{error}"),
    }
}

/// The columns as `name<source,source`, with `?` where more may hide.
fn shown(columns: &[ResultColumn]) -> Vec<String> {
    let columns = columns.iter();
    columns
        .map(|column| {
            let sources: Vec<&str> = column.sources.iter().map(String::as_str).collect();
            let name = column.name.as_deref().unwrap_or("-");
            let mark = if column.is_certain { "" } else { "?" };
            format!("{name}<{}{mark}", sources.join(","))
        })
        .collect()
}

fn traced(text: &str, dialect: Dialect) -> Option<Vec<String>> {
    lineage(text, dialect, &shop()).map(|columns| shown(&columns))
}

#[test]
fn columns_are_traced_through_queries() {
    let cases: &[(&str, &[&str])] = &[
        (
            "SELECT id, email FROM users",
            &["id<users.id", "email<users.email"],
        ),
        (
            "SELECT s.* FROM sessions s",
            &[
                "id<sessions.id",
                "user_id<sessions.user_id",
                "token<sessions.token",
                "expires_at<sessions.expires_at",
            ],
        ),
        (
            "SELECT lower(email) || name AS x FROM users",
            &["x<users.email,users.name"],
        ),
        ("SELECT count(*) FROM users", &["count<"]),
        (
            "SELECT u.name, sum(o.total) FROM users u JOIN orders o ON o.user_id = u.id GROUP BY 1",
            &["name<users.name", "sum<orders.total"],
        ),
        (
            "SELECT total, email FROM users, orders",
            &["total<orders.total", "email<users.email"],
        ),
        (
            "SELECT y FROM (SELECT ssn AS y FROM users) q",
            &["y<users.ssn"],
        ),
        (
            "WITH q(v) AS (SELECT ssn FROM users) SELECT v FROM q",
            &["v<users.ssn"],
        ),
        ("SELECT email FROM active_users", &["email<users.email"]),
        (
            "SELECT * FROM mv_totals",
            &["user_id<orders.user_id", "t<orders.total"],
        ),
        (
            "SELECT id FROM orders UNION SELECT salary::int FROM hr.employees",
            &["id<hr.employees.salary,orders.id"],
        ),
        (
            "SELECT (SELECT max(ssn) FROM users) AS m, CASE WHEN status = 'x' THEN total END FROM orders",
            &["m<users.ssn", "case<orders.status,orders.total"],
        ),
        (
            "SELECT to_jsonb(p) FROM payments p",
            &["to_jsonb<payments.amount,payments.card_number,payments.id,payments.order_id"],
        ),
        (
            "WITH RECURSIVE r(n, m) AS (SELECT id, manager_id FROM hr.employees UNION ALL SELECT m, n FROM r) SELECT n FROM r",
            &["n<hr.employees.id,hr.employees.manager_id"],
        ),
        (
            "UPDATE users SET name = 'x' WHERE id = 1 RETURNING email",
            &["email<users.email"],
        ),
        ("SELECT x FROM generate_series(1, 3) AS g(x)", &["x<?"]),
        (
            "SELECT \"where\" FROM \"Weird Table\"",
            &["where<Weird Table.where"],
        ),
        ("SELECT id FROM archive_orders", &["id<archive_orders.id"]),
    ];
    for (text, expected) in cases {
        let found = traced(text, Dialect::Postgres);
        let expected: Vec<String> = expected.iter().map(|it| (*it).to_owned()).collect();
        assert_eq!(found, Some(expected), "{text}");
    }
}

#[test]
fn what_cannot_be_known_is_unknown() {
    for text in [
        "SELECT * FROM elsewhere",
        "SELECT * FROM users, f(1)",
        "EXPLAIN SELECT email FROM users",
        "SHOW statement_timeout",
        "DELETE FROM users",
        "SELECT (",
    ] {
        assert_eq!(traced(text, Dialect::Postgres), None, "{text}");
    }
    let columns = traced("SELECT a, b.c FROM x, y AS b", Dialect::Postgres);
    let expected = ["a<x.a,y.a?", "c<y.c"].map(str::to_owned);
    assert_eq!(columns.unwrap(), expected);
}

#[test]
fn each_answer_of_a_script_has_its_own_columns() {
    let text = "SELECT ssn FROM users; DELETE FROM orders WHERE id = 1; SELECT * FROM nowhere";
    let found = lineages(text, Dialect::Postgres, &shop()).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(shown(found[0].as_ref().unwrap()), ["ssn<users.ssn"]);
    assert_eq!(found[1], None);
}

#[test]
fn other_dialects_are_traced_too() {
    for dialect in [
        Dialect::Mysql,
        Dialect::Mssql,
        Dialect::Sqlite,
        Dialect::Oracle,
    ] {
        let mut catalog = Catalog::new();
        catalog.add_table("users", ["id", "email", "ssn"]);
        catalog
            .add_view("people", "SELECT id, ssn AS number FROM users", dialect)
            .unwrap();
        let found = lineage(
            "SELECT p.*, U.EMAIL FROM people p JOIN users U ON U.id = p.id",
            dialect,
            &catalog,
        );
        let expected = ["id<users.id", "number<users.ssn", "email<users.email"];
        assert_eq!(shown(&found.unwrap()), expected, "{dialect:?}");
    }
    let ddl = include_str!("../corpus/schema_mysql.sql");
    let ddl = ddl.split("DELIMITER").next().unwrap();
    let catalog = Catalog::from_ddl(ddl, Dialect::Mysql).unwrap();
    let found = lineage("SELECT * FROM shop.sessions", Dialect::Mysql, &catalog).unwrap();
    assert_eq!(found.len(), 4);
}

#[test]
fn predicates_are_told_apart_from_answers() {
    let facts = facts_with(
        "SELECT u.name FROM users u JOIN orders o ON o.user_id = u.id WHERE u.ssn LIKE '1%' \
         GROUP BY u.name HAVING max(o.total) > 5 ORDER BY max(u.salary)",
        Dialect::Postgres,
        &shop(),
    );
    let statement = &facts.statements[0];
    let filtered: Vec<&str> = statement.filtered.iter().map(String::as_str).collect();
    assert_eq!(
        filtered,
        [
            "orders.total",
            "orders.user_id",
            "users.id",
            "users.name",
            "users.salary",
            "users.ssn"
        ]
    );
    let star = facts_with("SELECT * FROM users", Dialect::Postgres, &shop());
    assert!(star.statements[0].columns.contains("users.ssn"));
    assert!(star.statements[0].columns.contains("users.*"));
}
