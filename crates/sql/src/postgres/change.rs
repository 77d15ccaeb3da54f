//! Changes of rows in PostgreSQL.

use squawk_parser::SyntaxKind::{self, *};

use super::expression::expr;
use super::from::sources;
use super::name::{child, has_token, leaf, path};
use super::query::{is_query, items, query};
use super::syntax::SyntaxNode;
use crate::facts::Kind;
use crate::tree::{Change, Expr, Filter, Source, SourceKind};

/// Lowers the parts of an `INSERT`, `UPDATE`, `DELETE` or `MERGE`.
pub(super) fn change(kind: SyntaxKind, parts: &[SyntaxNode<'_>]) -> Change {
    let mut change = Change::of(match kind {
        INSERT => Kind::Insert,
        UPDATE => Kind::Update,
        DELETE => Kind::Delete,
        _ => Kind::Merge,
    });
    if matches!(change.kind, Kind::Insert | Kind::Merge) {
        change.filter = Filter::Never;
    }
    for part in parts {
        add(part, &mut change);
    }
    change
}

/// Adds one part.
fn add(part: &SyntaxNode<'_>, change: &mut Change) {
    match part.kind() {
        RELATION_NAME | RELATION_NAME_REF | TABLE_RELATION_NAME | TABLE_NAME_REF => {
            change.targets.push(Source {
                alias: None,
                columns: Vec::new(),
                kind: SourceKind::Table(path(part).unwrap_or_default()),
            });
        }
        OPTIONAL_AS_ALIAS | REQUIRED_AS_ALIAS | FROM_ALIAS => {
            if let Some(target) = change.targets.last_mut() {
                target.alias = child(part, TABLE_ALIAS).map(|name| leaf(&name));
            }
        }
        WHERE_CLAUSE => change.filter = Filter::Where(condition(part)),
        WHERE_CURRENT_OF => change.filter = Filter::Cursor,
        FROM_CLAUSE | USING_CLAUSE => sources(part, &mut change.sources, &mut change.conditions),
        USING_ON_CLAUSE => sources(part, &mut change.sources, &mut change.conditions),
        RETURNING_CLAUSE => {
            if let Some(list) = child(part, TARGET_LIST) {
                change.returning = items(&list);
            }
        }
        SET_CLAUSE | COLUMN_TARGET_LIST => assignments(part, change),
        ON_CONFLICT_CLAUSE => conflict(part, change),
        MERGE_WHEN_MATCHED | MERGE_WHEN_NOT_MATCHED_SOURCE | MERGE_WHEN_NOT_MATCHED_TARGET => {
            when(part, change);
        }
        kind if is_query(kind) => change.input = Some(Box::new(query(part))),
        _ => change.conditions.push(expr(part)),
    }
}

/// The condition of a `WHERE`.
fn condition(clause: &SyntaxNode<'_>) -> Expr {
    match clause.children().next() {
        Some(condition) => expr(&condition),
        None => Expr::Bool(true),
    }
}

/// The columns that get values, and the values.
fn assignments(node: &SyntaxNode<'_>, change: &mut Change) {
    for part in node.children() {
        match part.kind() {
            COLUMN_TARGET => {
                let name = child(&part, COLUMN_NAME_REF);
                change.assigned.extend(name.map(|name| leaf(&name)));
                // `a[bump()] = 1` has a value in its target.
                let below = part.children().filter(|it| it.kind() != COLUMN_NAME_REF);
                change.values.extend(below.map(|below| expr(&below)));
            }
            SET_COLUMN_LIST | SET_SINGLE_COLUMN | SET_MULTIPLE_COLUMNS | COLUMN_TARGET_LIST => {
                assignments(&part, change);
            }
            _ => change.values.push(expr(&part)),
        }
    }
}

/// What happens to rows that are there already.
fn conflict(node: &SyntaxNode<'_>, change: &mut Change) {
    for part in node.children() {
        if part.kind() != CONFLICT_DO_UPDATE_SET {
            change.conditions.push(expr(&part));
            continue;
        }
        change.also.insert(Kind::Update);
        for below in part.children() {
            if below.kind() == SET_CLAUSE {
                assignments(&below, change);
            } else {
                change.conditions.push(expr(&below));
            }
        }
    }
}

/// What happens to rows of a `MERGE`.
fn when(node: &SyntaxNode<'_>, change: &mut Change) {
    for part in node.children() {
        match part.kind() {
            MERGE_DELETE => drop(change.also.insert(Kind::Delete)),
            MERGE_INSERT | MERGE_UPDATE => {
                let kind = if part.kind() == MERGE_INSERT {
                    Kind::Insert
                } else {
                    Kind::Update
                };
                change.also.insert(kind);
                for below in part.children() {
                    match below.kind() {
                        SET_CLAUSE | COLUMN_TARGET_LIST => assignments(&below, change),
                        _ => change.values.push(expr(&below)),
                    }
                }
            }
            _ => change.conditions.push(expr(&part)),
        }
    }
    // `DO NOTHING` changes nothing; a bare `DELETE` may be a token.
    if has_token(node, DELETE_KW) {
        change.also.insert(Kind::Delete);
    }
}
