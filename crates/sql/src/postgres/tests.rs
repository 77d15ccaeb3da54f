//! The flat tree and the glance at its rules beside those of squawk-syntax.

use proptest::prelude::*;
use proptest::sample::select;
use squawk_syntax::SourceFile;
use squawk_syntax::ast::AstNode;

use super::sound::is_sound;
use super::syntax::Tree;

/// Statements whose parts are mixed.
const STATEMENTS: &str = include_str!("../../tests/tables/postgres.txt");
const MORE: &str = include_str!("../../tests/tables/postgres_more.txt");

/// What rules of the grammar are about.
const PARTS: &[&str] = &[
    "select",
    "distinct",
    "from",
    "t",
    "a.b",
    "where",
    "x",
    "=",
    "1",
    "'s'",
    "'s'\n'u'",
    "'s' 'u'",
    "E'\\n'",
    "U&'\\0061'",
    "U&'\\q'",
    "U&\"n\"",
    "uescape '!'",
    "$$q$$",
    "in",
    "not in",
    "(",
    ")",
    "()",
    ",",
    ";",
    "lateral",
    "only",
    "natural",
    "join",
    "left join",
    "cross join",
    "on true",
    "using (a)",
    "left",
    "coalesce(",
    "nullif(1)",
    "any(",
    "overlaps",
    "row(",
    "array[1]",
    "[1]",
    "array(",
    "default",
    "values",
    "insert into t",
    "update t set a =",
    "set (a) =",
    "delete from t",
    "into",
    "union",
    "as x",
    "as x (a)",
    "::numeric(3)",
    "::int[]",
    "cast(1 as text)",
    "~",
    "+-",
    "@>",
    "/* c */",
    "-- d\n",
    "with x as (",
    "order by",
    "limit 1",
    "for update",
    "table t",
    "explain",
    "prepare p as",
    "create table left (a)",
    "do",
    "filter (where",
    "over ()",
    "is null",
    "between",
    "and",
    "case when",
    "end",
    "exists (",
    "json_object(",
    "interval '1'",
    "%",
    "=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=-=",
];

/// Each element of both trees: whether it is a node, its kind and its text.
fn assert_same(text: &str) {
    let flat = Tree::parse(text);
    let root = flat.root().expect("there is a root");
    let flat_parts: Vec<_> = root
        .descendants_with_tokens()
        .map(|part| (part.is_node(), part.kind(), part.text().to_owned()))
        .collect();
    let parse = SourceFile::parse(text);
    let tree = parse.tree();
    let parts: Vec<_> = tree
        .syntax()
        .descendants_with_tokens()
        .map(|part| {
            let is_node = part.as_node().is_some();
            (is_node, part.kind(), part.to_string())
        })
        .collect();
    assert_eq!(flat_parts, parts, "{text}");
    let children: Vec<_> = root.descendants().map(|it| it.children().count()).collect();
    let expected: Vec<_> = tree
        .syntax()
        .descendants()
        .map(|it| it.children().count())
        .collect();
    assert_eq!(children, expected, "{text}");
    let ends = root.descendants().map(|it| {
        let place = |token: Option<_>| {
            token.map(|token: super::syntax::SyntaxNode<'_>| token.text().to_owned())
        };
        (place(it.first_token()), place(it.last_token()))
    });
    let expected = tree.syntax().descendants().map(|it| {
        let place =
            |token: Option<squawk_syntax::SyntaxToken>| token.map(|token| token.text().to_owned());
        (place(it.first_token()), place(it.last_token()))
    });
    assert!(ends.eq(expected), "{text}");
}

/// Whether a glance finds `text` sound. It must not when there is an error.
fn glance(text: &str) -> bool {
    let tree = Tree::parse(text);
    let root = tree.root().expect("there is a root");
    let is_sound = !tree.has_errors() && is_sound(&root);
    if is_sound {
        let errors = SourceFile::parse(text).errors();
        assert!(errors.is_empty(), "{text}: {errors:?}");
    }
    is_sound
}

#[test]
fn the_tables_are_read_alike() {
    let mut sound = 0;
    for line in STATEMENTS.lines().chain(MORE.lines()) {
        assert_same(line);
        sound += usize::from(glance(line));
        // The statement alone, without what is expected of it.
        if let Some((_, statement)) = line.rsplit_once('|') {
            assert_same(statement);
            sound += usize::from(glance(statement));
        }
    }
    assert!(sound > 50, "the glance finds {sound} statements sound");
}

#[test]
fn usual_statements_need_no_second_look() {
    for text in [
        "SELECT u.id, count(o.id) AS n FROM users u JOIN orders o ON o.user_id = u.id \
         WHERE o.status = 'paid' AND o.total > 10 GROUP BY u.id ORDER BY n DESC LIMIT 20",
        "UPDATE users SET name = 'x', email = NULL WHERE id = 1 RETURNING id",
        "INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y') ON CONFLICT (a) DO NOTHING",
        "DELETE FROM t WHERE id IN (1, 2); SELECT coalesce(a, 1) FROM t;",
        "WITH x AS (SELECT 1 AS a) SELECT * FROM x LEFT JOIN (SELECT 2 AS b) y ON x.a = y.b",
        "SELECT CASE WHEN a IS NOT NULL THEN b::text ELSE '' END FROM t WHERE NOT a OR b = $1",
        "EXPLAIN ANALYZE SELECT DISTINCT name FROM t WHERE a BETWEEN 1 AND 2",
    ] {
        assert!(glance(text), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_sound_breaks_no_rule(parts in proptest::collection::vec(select(PARTS), 1..14)) {
        let text = parts.join(" ");
        assert_same(&text);
        glance(&text);
        glance(&format!("select {text}"));
        glance(&format!("select a from t where {text}"));
        glance(&format!("select * from ({text}) x"));
    }

    #[test]
    fn parts_in_statements_break_no_rule(
        line in select(STATEMENTS.lines().chain(MORE.lines()).collect::<Vec<_>>()),
        part in select(PARTS),
        at in any::<prop::sample::Index>(),
    ) {
        let statement = line.rsplit('|').next().unwrap_or(line);
        let words: Vec<&str> = statement.split_inclusive(' ').collect();
        if !words.is_empty() {
            let (before, after) = words.split_at(at.index(words.len() + 1));
            let text = format!("{} {part} {}", before.concat(), after.concat());
            assert_same(&text);
            glance(&text);
        }
    }
}
