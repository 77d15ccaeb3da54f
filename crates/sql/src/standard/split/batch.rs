//! Statements of SQL Server, which need no semicolon between them.

use crate::lexer::TokenKind;
use crate::standard::segment::{Piece, Segment};

/// Reserved words that begin a statement.
const STARTS: &[&str] = &[
    "select",
    "insert",
    "update",
    "delete",
    "merge",
    "drop",
    "create",
    "alter",
    "truncate",
    "grant",
    "revoke",
    "deny",
    "exec",
    "execute",
    "declare",
    "set",
    "use",
    "print",
    "if",
    "while",
    "begin",
    "end",
    "else",
    "commit",
    "rollback",
    "save",
    "backup",
    "restore",
    "bulk",
    "dbcc",
    "kill",
    "shutdown",
    "waitfor",
    "raiserror",
    "throw",
    "return",
    "open",
    "fetch",
    "close",
    "deallocate",
    "checkpoint",
    "reconfigure",
    "revert",
];

/// Words of a statement behind which a query or change belongs to it.
const CONTINUES: &[&str] = &[
    "union",
    "all",
    "except",
    "intersect",
    "as",
    "for",
    "then",
    "on",
    "after",
    "of",
    "by",
];

/// Cuts the parts of a batch where a reserved word begins a statement.
pub(super) fn statements(parts: &[Vec<Piece>]) -> Vec<Segment> {
    let mut segments = Vec::new();
    for part in parts {
        let mut from = 0;
        for index in 1..part.len() {
            if begins(part, from, index) {
                segments.extend(part.get(from..index).map(segment));
                from = index;
            }
        }
        segments.extend(part.get(from..).map(segment));
    }
    segments
}

/// A segment without `OPTION (…)`, which tells how to run it and not what.
fn segment(tokens: &[Piece]) -> Segment {
    let option = tokens.iter().enumerate().position(|(index, it)| {
        let next = tokens.get(index + 1);
        it.depth == 0 && it.is_word("option") && next.is_some_and(|next| next.is("("))
    });
    let is_read = tokens
        .first()
        .is_some_and(|it| it.is_word("select") || it.is_word("with"));
    match option.filter(|_| is_read) {
        Some(at) => {
            let rest = tokens.get(at + 1..).unwrap_or_default();
            let end = rest.iter().position(|it| it.depth == 0 && it.is(")"));
            let after = end.map_or(0, |end| rest.len() - end - 1);
            // Whatever follows the option is no part of it.
            Segment::of(
                tokens
                    .get(..if after == 0 { at } else { tokens.len() })
                    .unwrap_or_default(),
            )
        }
        None => Segment::of(tokens),
    }
}

/// Whether a statement begins at `index`, while one runs since `from`.
fn begins(part: &[Piece], from: usize, index: usize) -> bool {
    let Some(token) = part.get(index) else {
        return false;
    };
    let is_start =
        token.depth == 0 && token.kind == TokenKind::Word && STARTS.contains(&token.word.as_str());
    let current = part.get(from..index).unwrap_or_default();
    let first = current.first().map_or("", |it| it.word.as_str());
    let before = current.last().map_or("", |it| it.word.as_str());
    if !is_start || CONTINUES.contains(&before) || before == "," || before == "." {
        return false;
    }
    let has = |word: &str| current.iter().any(|it| it.depth == 0 && it.is_word(word));
    let has_verb = ["select", "insert", "update", "delete", "merge"]
        .iter()
        .any(|verb| has(verb));
    let next = part.get(index + 1).map_or("", |it| it.word.as_str());
    match token.word.as_str() {
        "select" | "exec" | "execute" if first == "insert" => {
            has("select") || has("values") || has("exec") || has("execute") || has("default")
        }
        "set" if first == "merge" => false,
        "set" => !(first == "update" || first == "with") || has("set"),
        // `FETCH NEXT 5 ROWS ONLY`, `DROP TABLE IF EXISTS`, `BULK INSERT`.
        "fetch" if matches!(before, "rows" | "row") => false,
        "if" if matches!(first, "drop" | "alter" | "create") => next != "exists",
        "insert" if first == "bulk" => false,
        _ if first == "with" && !has_verb => false,
        "select" if first == "with" && has("insert") && !has("select") => false,
        _ if matches!(first, "grant" | "revoke" | "deny") => has("to") || has("from"),
        _ if matches!(first, "create" | "alter") && has_body(current) => false,
        _ if first == "declare" && has("cursor") => has("for"),
        "drop" | "alter" | "create" if first == "alter" => !matches!(
            next,
            "column" | "constraint" | "index" | "period" | "member"
        ),
        "end" | "else" if has("case") => false,
        _ => true,
    }
}

fn has_body(current: &[Piece]) -> bool {
    let bodies = ["procedure", "proc", "function", "trigger"];
    let mut head = current.iter().take(6);
    head.any(|it| bodies.contains(&it.word.as_str()))
}
