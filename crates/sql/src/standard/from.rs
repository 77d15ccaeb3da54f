//! Where the rows of a query of the other dialects come from.

use sqlparser::ast::{JoinConstraint, JoinOperator, TableAlias, TableFactor, TableWithJoins};

use super::expression::{argument, everything, expr};
use super::name::{ident, name};
use super::query::query;
use crate::tree::{Expr, Source, SourceKind};

/// Adds the sources of a join, and its conditions.
pub(super) fn sources(node: &TableWithJoins, found: &mut Vec<Source>, filters: &mut Vec<Expr>) {
    factor(&node.relation, found, filters);
    for join in &node.joins {
        factor(&join.relation, found, filters);
        constraint(&join.join_operator, filters);
    }
}

/// The condition of a join.
fn constraint(operator: &JoinOperator, filters: &mut Vec<Expr>) {
    use JoinOperator as J;
    let constraint = match operator {
        J::Join(it)
        | J::Inner(it)
        | J::Left(it)
        | J::LeftOuter(it)
        | J::Right(it)
        | J::RightOuter(it)
        | J::FullOuter(it)
        | J::CrossJoin(it)
        | J::Semi(it)
        | J::LeftSemi(it)
        | J::RightSemi(it)
        | J::Anti(it)
        | J::LeftAnti(it)
        | J::RightAnti(it)
        | J::StraightJoin(it) => it,
        J::AsOf {
            match_condition,
            constraint,
        } => {
            filters.push(expr(match_condition));
            constraint
        }
        J::CrossApply | J::OuterApply | J::ArrayJoin | J::LeftArrayJoin | J::InnerArrayJoin => {
            return;
        }
    };
    match constraint {
        JoinConstraint::On(condition) => filters.push(expr(condition)),
        JoinConstraint::Using(columns) => {
            filters.extend(columns.iter().map(|column| Expr::Column(name(column))));
        }
        JoinConstraint::Natural | JoinConstraint::None => {}
    }
}

/// Adds one source.
pub(super) fn factor(node: &TableFactor, found: &mut Vec<Source>, filters: &mut Vec<Expr>) {
    let (kind, alias) = match node {
        TableFactor::Table {
            name: table,
            alias,
            args: None,
            with_hints,
            sample,
            ..
        } => {
            // Hints are words; functions may stand in other places.
            filters.extend(with_hints.iter().filter_map(hint));
            filters.extend(sample.iter().map(everything));
            (SourceKind::Table(name(table)), alias)
        }
        TableFactor::Table {
            name: function,
            alias,
            args: Some(args),
            ..
        } => {
            let values = args.args.iter().filter_map(argument).collect();
            let call = Expr::Call(name(function), values);
            (SourceKind::Calls(vec![call]), alias)
        }
        TableFactor::Function {
            name: function,
            args,
            alias,
            ..
        } => {
            let values = args.iter().filter_map(argument).collect();
            let call = Expr::Call(name(function), values);
            (SourceKind::Calls(vec![call]), alias)
        }
        TableFactor::Derived {
            subquery, alias, ..
        } => (SourceKind::Query(Box::new(query(subquery))), alias),
        TableFactor::TableFunction { expr: value, alias } => {
            (SourceKind::Calls(vec![expr(value)]), alias)
        }
        TableFactor::NestedJoin {
            table_with_joins,
            alias,
        } => {
            let mut below = Vec::new();
            sources(table_with_joins, &mut below, filters);
            (SourceKind::Group(below), alias)
        }
        TableFactor::Pivot { table, alias, .. }
        | TableFactor::Unpivot { table, alias, .. }
        | TableFactor::MatchRecognize { table, alias, .. } => {
            // Their columns are made of the values of others.
            let mut below = Vec::new();
            factor(table, &mut below, filters);
            found.extend(below);
            (SourceKind::Calls(vec![everything(node)]), alias)
        }
        TableFactor::JsonTable { alias, .. }
        | TableFactor::OpenJsonTable { alias, .. }
        | TableFactor::XmlTable { alias, .. }
        | TableFactor::UNNEST { alias, .. }
        | TableFactor::SemanticView { alias, .. } => {
            (SourceKind::Calls(vec![everything(node)]), alias)
        }
        TableFactor::UnpivotExpr { .. } => (SourceKind::Calls(vec![everything(node)]), &None),
    };
    let (alias, columns) = named(alias.as_ref());
    found.push(Source {
        alias,
        columns,
        kind,
    });
}

/// A hint that is more than a word.
fn hint(node: &sqlparser::ast::Expr) -> Option<Expr> {
    match expr(node) {
        Expr::Column(_) => None,
        value => Some(value),
    }
}

fn named(alias: Option<&TableAlias>) -> (Option<String>, Vec<String>) {
    let Some(alias) = alias else {
        return (None, Vec::new());
    };
    let columns = alias.columns.iter().map(|column| ident(&column.name));
    (Some(ident(&alias.name)), columns.collect())
}
