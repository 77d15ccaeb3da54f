//! Names among the tokens of a statement.

use crate::lexer::TokenKind;
use crate::standard::segment::Segment;
use crate::tree::{Expr, Name};

/// Words that stand before a name and are none.
const BEFORE: &[&str] = &[
    "if",
    "not",
    "exists",
    "table",
    "only",
    "into",
    "low_priority",
    "quick",
    "ignore",
    "delayed",
    "high_priority",
];

/// The dotted name at a token, after words such as `IF EXISTS`.
pub(super) fn name_at(segment: &Segment, index: usize) -> Option<Name> {
    Some(name_and_end(segment, index)?.0)
}

/// The same with where it ends.
pub(super) fn name_and_end(segment: &Segment, mut index: usize) -> Option<(Name, usize)> {
    while BEFORE.contains(&segment.word(index)) {
        index += 1;
    }
    let mut name = Name::new();
    loop {
        let token = segment.tokens.get(index)?;
        if !(token.is_name() || token.is("*")) {
            break;
        }
        name.push(token.word.clone());
        index += 1;
        let mut dots = 0;
        while segment.tokens.get(index).is_some_and(|it| it.is(".")) {
            index += 1;
            dots += 1;
        }
        if dots == 0 {
            break;
        }
        if segment.tokens.get(index).is_none() {
            break;
        }
    }
    (!name.is_empty()).then_some((name, index))
}

/// The names of a list, `a, b.c READ, d`.
pub(super) fn list(segment: &Segment, mut index: usize) -> Vec<Name> {
    let mut names = Vec::new();
    while let Some((name, end)) = name_and_end(segment, index) {
        names.push(name);
        let rest = segment.tokens.iter().enumerate().skip(end);
        let mut commas = rest.filter(|(_, it)| it.depth == 0 && it.is(","));
        match commas.next() {
            Some((at, _)) => index = at + 1,
            None => break,
        }
    }
    names
}

/// Every function that is called: a name before a parenthesis.
pub(super) fn calls(segment: &Segment) -> Vec<Expr> {
    let mut found = Vec::new();
    for (index, token) in segment.tokens.iter().enumerate() {
        if !token.is("(") || index == 0 {
            continue;
        }
        let mut name = Name::new();
        let mut at = index;
        while let Some(before) = at.checked_sub(1).and_then(|at| segment.tokens.get(at)) {
            if !before.is_name() {
                break;
            }
            name.insert(0, before.word.clone());
            at -= 1;
            let dot = at.checked_sub(1).and_then(|at| segment.tokens.get(at));
            if !dot.is_some_and(|it| it.is(".")) {
                break;
            }
            at -= 1;
        }
        let is_word = segment
            .tokens
            .get(index - 1)
            .is_some_and(|it| it.kind == TokenKind::Word && KEYWORDS.contains(&it.word.as_str()));
        if !(name.is_empty() || is_word && name.len() == 1) {
            found.push(Expr::Call(name, Vec::new()));
        }
    }
    found
}

/// Words that stand before a parenthesis and are no functions.
pub(super) const KEYWORDS: &[&str] = &[
    "all",
    "and",
    "any",
    "apply",
    "as",
    "between",
    "by",
    "case",
    "check",
    "distinct",
    "else",
    "except",
    "exists",
    "explain",
    "from",
    "having",
    "in",
    "index",
    "intersect",
    "into",
    "is",
    "join",
    "key",
    "like",
    "limit",
    "not",
    "on",
    "option",
    "or",
    "order",
    "over",
    "partition",
    "primary",
    "references",
    "returning",
    "select",
    "set",
    "some",
    "table",
    "then",
    "top",
    "union",
    "unique",
    "update",
    "using",
    "values",
    "when",
    "where",
    "with",
    "within",
    "int",
    "integer",
    "varchar",
    "char",
    "decimal",
    "numeric",
    "nvarchar",
    "nchar",
    "varbinary",
    "binary",
    "float",
    "number",
    "varchar2",
    "datetime2",
    "time",
    "timestamp",
    "bit",
    "grouping",
    "engine",
    "enum",
    "output",
    "if",
    "while",
    "return",
    "print",
];
