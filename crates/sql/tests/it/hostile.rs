//! Texts that are made to break something.

use std::borrow::Cow;

use proptest::prelude::*;
use sql::{Catalog, Client, Dialect, facts, facts_for_client, lineage, without_comments};

const DIALECTS: [Dialect; 5] = [
    Dialect::Postgres,
    Dialect::Mysql,
    Dialect::Mssql,
    Dialect::Sqlite,
    Dialect::Oracle,
];

fn survives(text: &str) {
    for dialect in DIALECTS {
        let facts = facts(text, dialect);
        assert_eq!(facts.parsed, facts.parse_error.is_none());
        assert_eq!(facts.fingerprint.len(), 16);
        let _ = lineage(text, dialect, &Catalog::new());
        let once = without_comments(text, Some(dialect));
        assert_eq!(without_comments(&once, Some(dialect)), once, "{text:?}");
    }
    for (client, dialect) in [
        (Client::Psql, Dialect::Postgres),
        (Client::Mysql, Dialect::Mysql),
        (Client::Sqlcmd, Dialect::Mssql),
    ] {
        let _ = facts_for_client(text, dialect, client, &Catalog::new());
    }
}

#[test]
fn deep_and_long_texts_survive() {
    let times = |part: &str, count: usize| part.repeat(count);
    let deep = [
        format!("SELECT {}1{}", times("(", 9_000), times(")", 9_000)),
        format!("SELECT {}", times("(", 19_000)),
        format!("SELECT 1{}", times(" UNION ALL SELECT 1", 4_900)),
        format!("SELECT 1{}", times(" OR 1", 9_900)),
        format!("SELECT 1{}", times(" + 1", 9_900)),
        format!("SELECT {} true", times("NOT ", 19_000)),
        format!("SELECT {}1", times("- ", 19_000)),
        format!("SELECT {}1{}", times("(SELECT ", 6_000), times(")", 6_000)),
        format!("SELECT {}", times("CASE WHEN ", 9_000)),
        format!("SELECT * FROM {}t", times("(", 15_000)),
        format!("DELETE FROM t WHERE {}1", times("NOT ", 19_000)),
        times("/*", 100_000),
        times("/*!", 60_000),
        times("'", 100_001),
        times("$a", 100_000),
        times("[", 100_000),
        times(";", 200_000),
        times("\\", 100_000),
        format!("SELECT x{}", times("::int", 9_000)),
        format!("SELECT a{}", times("[1]", 6_000)),
        format!("SELECT a{}", times(".a", 9_000)),
    ];
    for text in deep {
        survives(&text);
    }
}

/// Texts that are short, however they nest, are read on the stack of the caller. It is
/// that of a task, 2 MiB; here half of it must do. The parser is the same for all dialects
/// but PostgreSQL's, whose frames are small.
#[test]
fn short_texts_need_little_room() {
    let texts = || {
        let shapes = [
            ("", ""),
            ("SELECT ", "1"),
            ("SELECT 1 FROM t ", "t "),
            ("SELECT a ", "a "),
        ];
        let words = sqlparser::keywords::ALL_KEYWORDS;
        let words = words.iter().chain(&["=", "*", "a.", "::a", ",", "->"]);
        words.flat_map(move |word| {
            shapes.map(|(before, after)| {
                let count = (512 - before.len()) / (word.len() + 1 + after.len());
                format!("{before}{}", format!("{word} {after}").repeat(count))
            })
        })
    };
    let read = move || {
        for text in texts() {
            let _ = facts(&text, Dialect::Mysql);
        }
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20);
    let thread = thread.spawn(read).expect("a thread starts");
    thread.join().expect("the room is enough");
}

#[test]
fn twenty_thousand_unions_are_refused_or_read_but_never_end_the_process() {
    let text = format!("SELECT 1{}", " UNION SELECT 1".repeat(20_000));
    survives(&text);
    assert!(!facts(&text, Dialect::Postgres).parsed);
}

#[test]
fn what_doubles_with_every_step_is_refused() {
    let mut text = "WITH c0 AS (SELECT 1 AS a)".to_owned();
    for step in 1..60 {
        let before = step - 1;
        text.push_str(&format!(
            ", c{step} AS (SELECT x.*, y.* FROM c{before} x, c{before} y)"
        ));
    }
    text.push_str(" SELECT * FROM c59");
    for dialect in DIALECTS {
        assert!(!facts(&text, dialect).parsed, "{dialect:?}");
    }
}

#[test]
fn texts_that_servers_read_differently_are_refused() {
    assert!(!facts("SELECT 1\0; DROP TABLE x", Dialect::Postgres).parsed);
    assert!(!facts("SELECT 1 -- x\rDROP TABLE x", Dialect::Mysql).parsed);
    assert!(!facts("SELECT\u{a0}1", Dialect::Mysql).parsed);
    // To PostgreSQL these are parts of a name.
    let facts = facts("DELETE\u{2028}FROM x", Dialect::Postgres);
    assert!(!facts.is_read_only());
}

#[test]
fn comments_end_where_the_server_ends_them() {
    let bare = |text, dialect| without_comments(text, Some(dialect)).into_owned();
    assert_eq!(bare("a/* x /* y */ z */b", Dialect::Postgres), "a b");
    assert_eq!(bare("a/* x /* y */ z */b", Dialect::Mysql), "a  z */b");
    assert_eq!(bare("a--b\rc", Dialect::Postgres), "a \rc");
    assert_eq!(bare("a--b", Dialect::Mysql), "a--b");
    assert_eq!(bare("a #b\nc", Dialect::Mysql), "a  \nc");
    assert_eq!(bare("$x$--$x$--y", Dialect::Postgres), "$x$--$x$ ");
    assert_eq!(
        bare("'--' \"--\" E'\\'--'", Dialect::Postgres),
        "'--' \"--\" E'\\'--'"
    );
    assert_eq!(bare("[--]--x", Dialect::Mssql), "[--] ");
    assert_eq!(bare("q'[it's --]'--x", Dialect::Oracle), "q'[it's --]' ");
    assert_eq!(
        bare("DELETE/*!50000 FROM */x", Dialect::Mysql),
        "DELETE  FROM  x"
    );
    assert!(matches!(
        without_comments("a--b", None),
        Cow::Borrowed("a--b")
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_survives(text in any::<String>()) {
        survives(&text);
    }

    #[test]
    fn any_bytes_survive(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_mix_of_words_survives(parts in prop::collection::vec(prop::sample::select(vec![
        "SELECT", "FROM", "users", "WHERE", "(", ")", ",", "*", "1", "=", "'a'", "\"b\"", "DELETE",
        "UPDATE", "SET", "INSERT", "INTO", "VALUES", "WITH", "AS", "UNION", "/*", "*/", "--", "\n",
        ";", "JOIN", "ON", "ORDER", "BY", "LIMIT", "$$", "$1", "::", "int", "CASE", "WHEN", "END",
        "EXEC", "GO", "DECLARE", "@x", "/*!", "50000", "`", "[", "]", "\\", "!", "EXPLAIN",
        "ANALYZE", "COPY", "TO", "TABLE", "CREATE", "VIEW", "MERGE", "USING", "THEN", "IN", "NOT",
        "BEGIN", "IF", "u", ".", "COMMIT", "RETURNING", "TOP", "GRANT", "EXISTS", "\r", "E'", "'",
    ]), 0..30)) {
        survives(&parts.join(" "));
        survives(&parts.concat());
    }
}
