//! Where the rows of a PostgreSQL query come from.

use squawk_parser::SyntaxKind::*;

use super::expression::expr;
use super::name::{child, leaf, path};
use super::query::{is_query, names, query};
use super::syntax::SyntaxNode;
use crate::tree::{Expr, Source, SourceKind};

/// Adds the sources below `node`, and the conditions that join them.
pub(super) fn sources(node: &SyntaxNode<'_>, found: &mut Vec<Source>, filters: &mut Vec<Expr>) {
    for part in node.children() {
        source(&part, found, filters);
    }
}

/// Adds one source or condition.
fn source(node: &SyntaxNode<'_>, found: &mut Vec<Source>, filters: &mut Vec<Expr>) {
    match node.kind() {
        RELATION_FROM_ITEM => {
            found.extend(source_of_table(node));
            // `TABLESAMPLE` is a method with arguments.
            filters.extend(child(node, TABLESAMPLE_CLAUSE).iter().flat_map(arguments));
        }
        PAREN_FROM_ITEM => {
            let (alias, columns) = alias(node);
            let kind = group(node, filters);
            found.push(Source {
                alias,
                columns,
                kind,
            });
        }
        JOIN_EXPR | JOIN | PAREN_EXPR => sources(node, found, filters),
        JOIN_USING_CLAUSE => {
            let columns = child(node, COLUMN_REF_LIST).map_or_else(Vec::new, |list| names(&list));
            filters.extend(columns.into_iter().map(|name| Expr::Column(vec![name])));
        }
        kind if is_query(kind) => found.push(Source {
            alias: None,
            columns: Vec::new(),
            kind: SourceKind::Query(Box::new(query(node))),
        }),
        FUNCTION_FROM_ITEM
        | ROWS_FROM_ITEM
        | XML_TABLE_FROM_ITEM
        | JSON_TABLE_FROM_ITEM
        | EXPR_FROM_ITEM
        | GRAPH_TABLE_FROM_ITEM => found.push(calls(node)),
        _ => filters.push(expr(node)),
    }
}

/// What stands in parentheses: a query, or a join.
fn group(node: &SyntaxNode<'_>, filters: &mut Vec<Expr>) -> SourceKind {
    if let Some(inner) = node.children().find(|part| is_query(part.kind())) {
        return SourceKind::Query(Box::new(query(&inner)));
    }
    let mut below = Vec::new();
    for part in node.children().filter(|part| part.kind() != FROM_ALIAS) {
        source(&part, &mut below, filters);
    }
    SourceKind::Group(below)
}

/// The arguments of a sampling method; the method itself only chooses rows.
fn arguments(node: &SyntaxNode<'_>) -> Vec<Expr> {
    let calls = node.children().flat_map(|call| call.children());
    calls
        .filter(|part| part.kind() == ARG_LIST)
        .map(|part| expr(&part))
        .collect()
}

/// Rows of functions.
fn calls(node: &SyntaxNode<'_>) -> Source {
    let (alias, columns) = alias(node);
    let parts = node.children().filter(|part| part.kind() != FROM_ALIAS);
    let mut calls: Vec<Expr> = parts.map(|part| expr(&part)).collect();
    if node.kind() == GRAPH_TABLE_FROM_ITEM {
        // Which tables a property graph stands for is not in the text.
        calls.push(Expr::Call(vec!["graph_table".to_owned()], Vec::new()));
    }
    let own_name = || match calls.as_slice() {
        [Expr::Call(name, _)] => name.last().cloned(),
        _ => None,
    };
    Source {
        alias: alias.or_else(own_name),
        columns,
        kind: SourceKind::Calls(calls),
    }
}

/// A table with its alias.
pub(super) fn source_of_table(node: &SyntaxNode<'_>) -> Option<Source> {
    let table = node.children().find_map(|part| match part.kind() {
        RELATION_NAME | RELATION_NAME_REF | TABLE_RELATION_NAME | TABLE_NAME_REF | PATH_REF => {
            path(&part)
        }
        _ => None,
    })?;
    let (alias, columns) = alias(node);
    Some(Source {
        alias,
        columns,
        kind: SourceKind::Table(table),
    })
}

/// The alias of a source, and the names it gives to columns.
pub(super) fn alias(node: &SyntaxNode<'_>) -> (Option<String>, Vec<String>) {
    let holder = node.children().find(|part| {
        matches!(
            part.kind(),
            FROM_ALIAS | OPTIONAL_AS_ALIAS | REQUIRED_AS_ALIAS
        )
    });
    let Some(holder) = holder else {
        return (None, Vec::new());
    };
    let columns = holder
        .children()
        .find(|part| matches!(part.kind(), COLUMN_LIST | COLUMN_DEF_LIST));
    (
        child(&holder, TABLE_ALIAS).map(|name| leaf(&name)),
        columns.map_or_else(Vec::new, |list| names(&list)),
    )
}
