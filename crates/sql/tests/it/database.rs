//! Lineage with the catalog of a whole database.

use sql::{Catalog, Dialect, ToldRelation, facts_with, lineage, lineages};

fn table<'a>(schema: &'a str, name: &'a str, columns: &[&'a str]) -> ToldRelation<'a> {
    ToldRelation {
        schema,
        name,
        columns: columns.to_vec(),
        ..ToldRelation::default()
    }
}

fn view<'a>(
    schema: &'a str,
    name: &'a str,
    columns: &[&'a str],
    definition: Option<&'a str>,
) -> ToldRelation<'a> {
    ToldRelation {
        is_view: true,
        definition,
        ..table(schema, name, columns)
    }
}

/// Sources of the columns of a script's last answer; `?` after those that may come from
/// elsewhere too.
fn told(script: &str, dialect: Dialect, catalog: &Catalog) -> Vec<String> {
    let columns = lineage(script, dialect, catalog).unwrap_or_default();
    let columns = columns.into_iter().map(|column| {
        let sources: Vec<String> = column.sources.into_iter().collect();
        let mark = if column.is_certain { "" } else { "?" };
        format!("{}{mark}", sources.join("+"))
    });
    columns.collect()
}

fn shop() -> Catalog {
    let part = ToldRelation {
        ancestors: vec![("public", "people")],
        ..table("public", "people_1", &["id", "email"])
    };
    let relations = [
        // Each view stands before what it shows.
        view(
            "public",
            "second",
            &["post"],
            Some("SELECT f.mail FROM public.first f"),
        ),
        view(
            "public",
            "first",
            &["mail"],
            Some("SELECT lower(people.email) AS mail FROM public.people"),
        ),
        view("public", "secret", &["x"], None),
        view(
            "public",
            "round",
            &["x"],
            Some("SELECT x FROM public.round"),
        ),
        table("public", "people", &["id", "email"]),
        part,
        table("hr", "staff", &["id", "salary"]),
        table("public", "twice", &["a"]),
        table("hr", "twice", &["a"]),
        table("hr", "dot.ted", &["a"]),
    ];
    Catalog::of_database(Dialect::Postgres, None, &relations)
}

#[test]
fn columns_are_followed_through_views_and_parents() {
    let catalog = shop();
    for (script, sources) in [
        ("SELECT email FROM people", &["public.people.email"][..]),
        (
            "SELECT upper(p.email) || 'x' AS y, 1 AS one FROM people p",
            &["public.people.email", ""],
        ),
        (
            "SELECT post FROM second",
            &["public.first.mail+public.people.email+public.second.post"],
        ),
        (
            "SELECT * FROM public.people_1",
            &[
                "public.people.id+public.people_1.id",
                "public.people.email+public.people_1.email",
            ],
        ),
        ("SELECT salary FROM staff", &["hr.staff.salary"]),
        ("SELECT count(*) FROM people", &[""]),
        // What cannot be read may come from anywhere.
        ("SELECT x FROM secret", &["public.secret.x?"]),
        ("SELECT x FROM round", &["public.round.x?"]),
        // A name of several, and one of none.
        ("SELECT a FROM twice", &["twice.a?"]),
        ("SELECT a FROM nowhere", &["nowhere.a?"]),
        ("SELECT a FROM hr.twice", &["hr.twice.a"]),
        ("SELECT a FROM hr.\"dot.ted\"", &["hr.dot.ted.a?"]),
    ] {
        assert_eq!(
            told(script, Dialect::Postgres, &catalog),
            sources,
            "{script}"
        );
    }
}

#[test]
fn a_predicate_on_a_view_is_one_on_what_it_shows() {
    let facts = facts_with(
        "SELECT 1 FROM second WHERE post LIKE 'a%'",
        Dialect::Postgres,
        &shop(),
    );
    let filtered: Vec<&str> = facts.statements[0]
        .filtered
        .iter()
        .map(String::as_str)
        .collect();
    assert_eq!(
        filtered,
        [
            "public.first.mail",
            "public.people.email",
            "public.second.post"
        ]
    );
}

#[test]
fn every_answer_of_a_script_has_its_columns() {
    let script = "SELECT 1 AS one; UPDATE people SET email = ''; SHOW search_path;
        SELECT lower(email) AS x FROM people";
    let all = lineages(script, Dialect::Postgres, &shop()).unwrap();
    let widths: Vec<Option<usize>> = all.iter().map(|one| one.as_ref().map(Vec::len)).collect();
    assert_eq!(widths, [Some(1), None, Some(1)]);
}

#[test]
fn other_servers_find_names_in_any_case_and_in_their_own_database() {
    let relations = [
        table("Shop", "People", &["Id", "Email"]),
        table("other", "people", &["id", "mail"]),
        view(
            "shop",
            "mails",
            &["mail"],
            Some("select `Shop`.`People`.`Email` AS `mail` from `Shop`.`People`"),
        ),
    ];
    let catalog = Catalog::of_database(Dialect::Mysql, Some("Shop"), &relations);
    for (script, sources) in [
        ("select upper(EMAIL) as x from PEOPLE", "shop.people.email"),
        ("select mail from other.people", "other.people.mail"),
        (
            "select mail from mails",
            "shop.mails.mail+shop.people.email",
        ),
        ("select mail from gone.people", "gone.people.mail?"),
    ] {
        assert_eq!(
            told(script, Dialect::Mysql, &catalog),
            [sources],
            "{script}"
        );
    }
    assert!(
        catalog
            .sources("shop", "people", "email")
            .is_some_and(|(_, sure)| sure)
    );
    assert!(catalog.sources("shop", "people", "phone").is_none());
}

#[test]
fn a_view_of_sqlite_is_read_from_the_statement_that_makes_it() {
    let relations = [
        view(
            "main",
            "post",
            &[],
            Some("CREATE VIEW post (p) AS SELECT mail FROM mails"),
        ),
        view(
            "main",
            "mails",
            &[],
            Some("CREATE VIEW mails AS SELECT lower(email) AS mail FROM people"),
        ),
        table("main", "people", &["id", "email"]),
        view(
            "main",
            "broken",
            &[],
            Some("CREATE VIEW broken AS SELECT * FROM gone"),
        ),
    ];
    let catalog = Catalog::of_database(Dialect::Sqlite, Some("main"), &relations);
    assert_eq!(
        told("SELECT p FROM post", Dialect::Sqlite, &catalog),
        ["main.mails.mail+main.people.email+main.post.p"]
    );
    assert!(lineage("SELECT * FROM broken", Dialect::Sqlite, &catalog).is_none());
}
