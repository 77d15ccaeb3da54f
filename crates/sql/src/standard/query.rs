//! Queries of the other dialects.

use sqlparser::ast::{
    self, GroupByExpr, LimitClause, OrderByKind, SelectItem, SelectItemQualifiedWildcardKind,
    SetExpr,
};

use super::change::change;
use super::expression::{everything, expr, exprs};
use super::from::sources;
use super::name::{ident, name};
use crate::tree::{Body, Cte, Expr, Item, Query, Select, Source, SourceKind};

/// Lowers a query.
pub(super) fn query(node: &ast::Query) -> Query {
    let mut frame = Query::of(Body::Values(Vec::new()));
    if let Some(with) = &node.with {
        // Only PostgreSQL and MySQL want the word; the others always allow it.
        frame.is_recursive = true;
        for table in &with.cte_tables {
            frame.ctes.push(Cte {
                name: ident(&table.alias.name),
                columns: table
                    .alias
                    .columns
                    .iter()
                    .map(|it| ident(&it.name))
                    .collect(),
                query: query(&table.query),
            });
        }
    }
    frame.body = body(&node.body);
    if let Some(order) = &node.order_by
        && let OrderByKind::Expressions(order) = &order.kind
    {
        frame.order.extend(order.iter().map(|it| expr(&it.expr)));
    }
    if let Some(limit) = &node.limit_clause {
        frame.is_limited = !matches!(limit, LimitClause::LimitOffset { limit: None, .. });
        frame.order.push(everything(limit));
    }
    frame.is_limited |= node.fetch.is_some();
    frame.order.extend(node.fetch.iter().map(everything));
    frame
        .order
        .extend(node.pipe_operators.iter().map(everything));
    frame.locks = !node.locks.is_empty();
    frame
}

/// The body of a query. Long chains of `UNION` are nested to the left.
fn body(node: &SetExpr) -> Body {
    match node {
        SetExpr::Select(node) => Body::Select(Box::new(select(node))),
        SetExpr::Query(inner) => Body::Set(vec![query(inner)]),
        SetExpr::SetOperation { .. } => {
            let mut parts = Vec::new();
            let mut current = node;
            while let SetExpr::SetOperation { left, right, .. } = current {
                parts.push(Query::of(body(right)));
                current = left;
            }
            parts.push(Query::of(body(current)));
            parts.reverse();
            Body::Set(parts)
        }
        SetExpr::Values(values) => {
            let rows = values.rows.iter();
            Body::Values(rows.map(|row| exprs(&row.content)).collect())
        }
        SetExpr::Insert(node)
        | SetExpr::Update(node)
        | SetExpr::Delete(node)
        | SetExpr::Merge(node) => match change(node) {
            Some(change) => Body::Change(Box::new(change)),
            // Never: each of them is a change.
            None => Body::Values(vec![vec![Expr::Call(Vec::new(), Vec::new())]]),
        },
        SetExpr::Table(table) => {
            let parts = [&table.schema_name, &table.table_name];
            let parts = parts.into_iter().flatten().map(|part| part.to_lowercase());
            Body::Select(Box::new(Select {
                items: vec![Item {
                    name: None,
                    value: Expr::Star(Vec::new()),
                }],
                sources: vec![Source {
                    alias: None,
                    columns: Vec::new(),
                    kind: SourceKind::Table(parts.collect()),
                }],
                ..Select::default()
            }))
        }
    }
}

/// The clauses of a `SELECT`.
fn select(node: &ast::Select) -> Select {
    let mut select = Select {
        items: items(&node.projection),
        is_filtered: node.selection.is_some(),
        is_limited: node.top.is_some(),
        ..Select::default()
    };
    if let Some(into) = &node.into {
        let target = into.targets.first();
        select.into = Some(match target {
            Some(ast::Expr::Identifier(part)) => vec![ident(part)],
            Some(ast::Expr::CompoundIdentifier(parts)) => super::name::path(parts),
            _ => Vec::new(),
        });
    }
    for table in &node.from {
        sources(table, &mut select.sources, &mut select.filters);
    }
    let filters = &mut select.filters;
    filters.extend(node.selection.iter().map(expr));
    filters.extend(node.having.iter().map(expr));
    filters.extend(node.qualify.iter().map(expr));
    filters.extend(node.prewhere.iter().map(expr));
    if let GroupByExpr::Expressions(group, _) = &node.group_by {
        filters.extend(exprs(group));
    }
    filters.extend(node.connect_by.iter().map(everything));
    filters.extend(node.named_window.iter().map(everything));
    filters.extend(node.distinct.iter().map(everything));
    filters.extend(node.top.iter().map(everything));
    filters.extend(exprs(&node.cluster_by));
    filters.extend(exprs(&node.distribute_by));
    filters.extend(node.sort_by.iter().map(|it| expr(&it.expr)));
    filters.extend(node.lateral_views.iter().map(|it| expr(&it.lateral_view)));
    select
}

/// What a list of items answers.
pub(super) fn items(list: &[SelectItem]) -> Vec<Item> {
    list.iter().map(item).collect()
}

fn item(node: &SelectItem) -> Item {
    let (name, value) = match node {
        SelectItem::UnnamedExpr(value) => (own_name(value), expr(value)),
        SelectItem::ExprWithAlias { expr: value, alias } => (Some(ident(alias)), expr(value)),
        SelectItem::ExprWithAliases { expr: value, .. } => (None, expr(value)),
        SelectItem::QualifiedWildcard(kind, _) => {
            let value = match kind {
                SelectItemQualifiedWildcardKind::ObjectName(table) => Expr::Star(name(table)),
                SelectItemQualifiedWildcardKind::Expr(value) => everything(value),
            };
            (None, value)
        }
        SelectItem::Wildcard(_) => (None, Expr::Star(Vec::new())),
    };
    Item { name, value }
}

/// The name that a column keeps.
fn own_name(value: &ast::Expr) -> Option<String> {
    match value {
        ast::Expr::Identifier(part) => Some(ident(part)),
        ast::Expr::CompoundIdentifier(parts) => parts.last().map(ident),
        _ => None,
    }
}
