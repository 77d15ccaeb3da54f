//! Queries of PostgreSQL.

use squawk_parser::SyntaxKind::{self, *};

use super::change::change;
use super::expression::expr;
use super::from::{source_of_table, sources};
use super::name::{child, has_token, leaf, path};
use super::syntax::SyntaxNode;
use crate::tree::{Body, Cte, Expr, Item, Name, Query, Select};

/// Whether nodes of this kind are queries or changes.
pub(super) fn is_query(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SELECT
            | SELECT_INTO
            | COMPOUND_SELECT
            | PAREN_SELECT
            | VALUES
            | TABLE
            | INSERT
            | UPDATE
            | DELETE
            | MERGE
    )
}

/// The first query among the children of `node`.
pub(super) fn query_below(node: &SyntaxNode<'_>) -> Option<Query> {
    node.children()
        .find(|child| is_query(child.kind()))
        .map(|child| query(&child))
}

/// Lowers a query.
pub(super) fn query(node: &SyntaxNode<'_>) -> Query {
    let mut frame = Query::of(Body::Values(Vec::new()));
    let mut operands = Vec::new();
    let mut rest = Vec::new();
    for part in node.children() {
        match part.kind() {
            WITH_CLAUSE => with(&part, &mut frame),
            ORDER_BY_CLAUSE | OFFSET_CLAUSE => frame.order.push(expr(&part)),
            LIMIT_CLAUSE | FETCH_CLAUSE => {
                frame.is_limited = child(&part, ALL).is_none();
                frame.order.push(expr(&part));
            }
            LOCKING_CLAUSE => frame.locks = true,
            UNION | EXCEPT | INTERSECT => {}
            kind if is_query(kind) => operands.push(part),
            _ => rest.push(part),
        }
    }
    match node.kind() {
        SELECT | SELECT_INTO => frame.body = Body::Select(Box::new(select(&rest))),
        VALUES => frame.body = Body::Values(rest.iter().flat_map(rows).collect()),
        TABLE => frame.body = Body::Select(Box::new(whole_table(&rest))),
        INSERT | UPDATE | DELETE | MERGE => {
            rest.extend(operands);
            frame.body = Body::Change(Box::new(change(node.kind(), &rest)));
        }
        _ => set(&operands, &mut frame),
    }
    frame
}

/// The common table expressions of a `WITH`.
fn with(node: &SyntaxNode<'_>, frame: &mut Query) {
    frame.is_recursive = has_token(node, RECURSIVE_KW);
    for table in node.children() {
        let Some(query) = query_below(&table) else {
            continue;
        };
        frame.ctes.push(Cte {
            name: child(&table, CTE_NAME).map_or_else(String::new, |name| leaf(&name)),
            columns: child(&table, COLUMN_LIST).map_or_else(Vec::new, |list| names(&list)),
            query,
        });
        // `CYCLE … SET` and `SEARCH … SET` add columns of no table.
    }
}

/// The rows of several queries. Long chains are nested to the left.
fn set(operands: &[SyntaxNode<'_>], frame: &mut Query) {
    let mut parts = Vec::new();
    let mut pending: Vec<SyntaxNode<'_>> = operands.iter().rev().copied().collect();
    while let Some(node) = pending.pop() {
        let is_plain = node
            .children()
            .all(|part| is_query(part.kind()) || matches!(part.kind(), UNION | EXCEPT | INTERSECT));
        if matches!(node.kind(), COMPOUND_SELECT | PAREN_SELECT) && is_plain {
            let below = node.children().filter(|part| is_query(part.kind()));
            let mut below: Vec<SyntaxNode<'_>> = below.collect();
            below.reverse();
            pending.extend(below);
        } else {
            parts.push(query(&node));
        }
    }
    let is_alone = parts.len() == 1;
    match parts.pop() {
        Some(part) if is_alone && frame.ctes.is_empty() && frame.order.is_empty() => {
            let locks = frame.locks || part.locks;
            let is_limited = frame.is_limited || part.is_limited;
            *frame = part;
            frame.locks = locks;
            frame.is_limited = is_limited;
        }
        Some(part) => {
            parts.push(part);
            frame.body = Body::Set(parts);
        }
        None => {}
    }
}

/// `TABLE x`.
fn whole_table(parts: &[SyntaxNode<'_>]) -> Select {
    Select {
        items: vec![Item {
            name: None,
            value: Expr::Star(Name::new()),
        }],
        sources: parts.iter().filter_map(source_of_table).collect(),
        ..Select::default()
    }
}

/// The rows of `VALUES`.
fn rows(list: &SyntaxNode<'_>) -> Vec<Vec<Expr>> {
    list.children()
        .map(|row| row.children().map(|value| expr(&value)).collect())
        .collect()
}

/// The clauses of a `SELECT`.
fn select(parts: &[SyntaxNode<'_>]) -> Select {
    let mut select = Select::default();
    for part in parts {
        match part.kind() {
            SELECT_CLAUSE => {
                for below in part.children() {
                    match below.kind() {
                        TARGET_LIST => select.items = items(&below),
                        _ => select.filters.push(expr(&below)),
                    }
                }
            }
            INTO_CLAUSE => select.into = Some(path(part).unwrap_or_default()),
            FROM_CLAUSE => sources(part, &mut select.sources, &mut select.filters),
            kind => {
                select.is_filtered |= kind == WHERE_CLAUSE;
                select.filters.push(expr(part));
            }
        }
    }
    select
}

/// What a list of targets answers.
pub(super) fn items(list: &SyntaxNode<'_>) -> Vec<Item> {
    list.children().map(|target| item(&target)).collect()
}

/// One target.
fn item(target: &SyntaxNode<'_>) -> Item {
    let alias = child(target, AS_NAME)
        .and_then(|alias| child(&alias, COLUMN_NAME))
        .map(|name| leaf(&name));
    let value = target.children().find(|part| part.kind() != AS_NAME);
    let Some(value) = value else {
        return Item {
            name: alias,
            value: Expr::Star(Name::new()),
        };
    };
    Item {
        name: alias.or_else(|| answered_name(&value)),
        value: expr(&value),
    }
}

/// The name that the server gives to a column without an alias.
fn answered_name(value: &SyntaxNode<'_>) -> Option<String> {
    match value.kind() {
        NAME_REF => Some(leaf(value)),
        FIELD_EXPR => value.children().last().map(|last| leaf(&last)),
        CALL_EXPR => {
            let callee = value.children().next()?;
            match callee.kind() {
                NAME_REF => Some(leaf(&callee)),
                FIELD_EXPR => callee.children().last().map(|last| leaf(&last)),
                EXISTS_FN => Some("exists".to_owned()),
                _ => None,
            }
        }
        CAST_EXPR => value
            .children()
            .find_map(|part| answered_name(&part))
            .or_else(|| value.children().find_map(|part| path(&part)?.pop())),
        COLLATE | PAREN_EXPR | INDEX_EXPR => answered_name(&value.children().next()?),
        CASE_EXPR => Some("case".to_owned()),
        ARRAY_EXPR => Some("array".to_owned()),
        TUPLE_EXPR => Some("row".to_owned()),
        _ => None,
    }
}

/// The names in a list.
pub(super) fn names(list: &SyntaxNode<'_>) -> Vec<String> {
    list.children()
        .map(|entry| {
            // A definition holds its name; a name is a leaf.
            let name = child(&entry, COLUMN_NAME);
            leaf(&name.unwrap_or(entry))
        })
        .collect()
}
