//! Expressions of the other dialects.

use std::ops::ControlFlow;

use sqlparser::ast::{
    self, BinaryOperator, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArguments, ObjectName, UnaryOperator, Value, Visit, Visitor, WindowType,
};

use super::name::{ident, name, path};
use super::query::query;
use crate::tautology::MATCHING_ALL;
use crate::tree::{Body, Comparison, Expr, Query, Select, Source, SourceKind};

/// Lowers an expression.
pub(super) fn expr(value: &ast::Expr) -> Expr {
    use ast::Expr as E;
    let boxed = |value: &E| Box::new(expr(value));
    match value {
        E::Identifier(_) | E::CompoundIdentifier(_) => column(value),
        E::Nested(inner) => expr(inner),
        E::Value(value) => literal(&value.value),
        E::Prefixed { value, .. } => expr(value),
        E::UnaryOp { op, expr: inner } => unary(*op, inner),
        E::BinaryOp { left, op, right } => binary(value, left, op, right),
        E::IsNull(inner) => Expr::IsNull(boxed(inner), false),
        E::IsNotNull(inner) => Expr::IsNull(boxed(inner), true),
        E::IsTrue(inner) => expr(inner),
        E::IsNotTrue(inner) | E::IsFalse(inner) => Expr::Not(boxed(inner)),
        E::IsNotFalse(inner) => expr(inner),
        E::InList { .. } | E::InSubquery { .. } | E::AnyOp { .. } => among(value),
        E::Between {
            expr: inner,
            negated,
            low,
            high,
        } => Expr::Between(Box::new([expr(inner), expr(low), expr(high)]), *negated),
        E::Like {
            negated,
            expr: inner,
            pattern,
            ..
        }
        | E::ILike {
            negated,
            expr: inner,
            pattern,
            ..
        } => Expr::Like(boxed(inner), boxed(pattern), *negated),
        E::RLike {
            negated,
            expr: inner,
            pattern,
            ..
        } => matched(inner, pattern, *negated),
        E::Cast { expr: inner, .. } | E::Collate { expr: inner, .. } => expr(inner),
        E::Convert {
            expr: inner,
            styles,
            ..
        } if styles.is_empty() => expr(inner),
        E::Tuple(parts) => Expr::Of(exprs(parts)),
        E::Function(function) => call(function),
        E::Case {
            operand: None,
            conditions,
            else_result,
            ..
        } => case(conditions, else_result.as_deref()),
        E::Exists { subquery, negated } => {
            let exists = Expr::Exists(Box::new(query(subquery)));
            if *negated {
                Expr::Not(Box::new(exists))
            } else {
                exists
            }
        }
        E::Subquery(inner) => Expr::Query(Box::new(query(inner))),
        E::Wildcard(_) => Expr::Star(Vec::new()),
        E::QualifiedWildcard(table, _) => Expr::Star(name(table)),
        other => everything(other),
    }
}

/// A column. A variable is none, and `s.nextval` draws from a sequence.
fn column(value: &ast::Expr) -> Expr {
    let parts = match value {
        ast::Expr::Identifier(part) => std::slice::from_ref(part),
        ast::Expr::CompoundIdentifier(parts) => parts.as_slice(),
        _ => &[],
    };
    let column = path(parts);
    match column.as_slice() {
        [only] if only.starts_with('@') => Expr::Open,
        [_, .., last] if last == "nextval" => Expr::Call(vec![last.clone()], Vec::new()),
        _ => Expr::Column(column),
    }
}

/// Whether a value is among others: `IN`, `= ANY`.
fn among(value: &ast::Expr) -> Expr {
    use ast::Expr as E;
    let boxed = |inner: &ast::Expr| Box::new(expr(inner));
    match value {
        E::InList {
            expr: inner,
            list,
            negated,
        } => Expr::In(boxed(inner), exprs(list), *negated),
        E::InSubquery {
            expr: inner,
            subquery,
            negated,
        } => {
            let list = vec![Expr::Query(Box::new(query(subquery)))];
            Expr::In(boxed(inner), list, *negated)
        }
        E::AnyOp {
            left,
            compare_op: BinaryOperator::Eq,
            right,
            ..
        } => Expr::In(boxed(left), vec![expr(right)], false),
        other => everything(other),
    }
}

/// An operator before a value.
fn unary(op: UnaryOperator, inner: &ast::Expr) -> Expr {
    let inner = expr(inner);
    match op {
        UnaryOperator::Not | UnaryOperator::BangNot => Expr::Not(Box::new(inner)),
        UnaryOperator::Minus => Expr::Arithmetic('-', Box::new(Expr::Number(0.0)), Box::new(inner)),
        UnaryOperator::Plus => inner,
        _ => Expr::Of(vec![inner, Expr::Open]),
    }
}

/// A regular expression; one that every text matches is a `LIKE` of all.
fn matched(value: &ast::Expr, pattern: &ast::Expr, is_negated: bool) -> Expr {
    let pattern = match expr(pattern) {
        Expr::Text(text) if MATCHING_ALL.contains(&text.as_str()) => Expr::Text("%".to_owned()),
        // What a pattern matches is not looked into.
        pattern => Expr::Of(vec![pattern, Expr::Open]),
    };
    Expr::Like(Box::new(expr(value)), Box::new(pattern), is_negated)
}

fn case(conditions: &[ast::CaseWhen], otherwise: Option<&ast::Expr>) -> Expr {
    let choices = conditions.iter();
    let choices = choices.map(|when| (expr(&when.condition), expr(&when.result)));
    Expr::Case(
        choices.collect(),
        Box::new(otherwise.map_or(Expr::Null, expr)),
    )
}

/// Several expressions.
pub(super) fn exprs<'e>(values: impl IntoIterator<Item = &'e ast::Expr>) -> Vec<Expr> {
    values.into_iter().map(expr).collect()
}

/// Everything that a part of a statement names, without its structure.
pub(super) fn everything<V: Visit>(part: &V) -> Expr {
    let mut names = Names::default();
    let ControlFlow::Continue(()) = part.visit(&mut names);
    let mut found = names.values;
    if !names.tables.is_empty() {
        let select = Select {
            sources: names.tables,
            ..Select::default()
        };
        let tables = Query::of(Body::Select(Box::new(select)));
        found.push(Expr::Query(Box::new(tables)));
    }
    // More than one part, so that it never stands for the value of one of them.
    found.push(Expr::Open);
    found.push(Expr::Open);
    Expr::Of(found)
}

/// Collects names.
#[derive(Default)]
struct Names {
    values: Vec<Expr>,
    tables: Vec<Source>,
}

impl Visitor for Names {
    type Break = std::convert::Infallible;

    fn pre_visit_relation(&mut self, table: &ObjectName) -> ControlFlow<Self::Break> {
        self.tables.push(Source {
            alias: None,
            columns: Vec::new(),
            kind: SourceKind::Table(name(table)),
        });
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, value: &ast::Expr) -> ControlFlow<Self::Break> {
        match value {
            ast::Expr::Identifier(part) if !part.value.starts_with('@') => {
                self.values.push(Expr::Column(vec![ident(part)]));
            }
            ast::Expr::CompoundIdentifier(parts) => self.values.push(Expr::Column(path(parts))),
            ast::Expr::Function(function) => {
                let called = Expr::Call(name(&function.name), Vec::new());
                self.values.push(called);
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn literal(value: &Value) -> Expr {
    match value {
        Value::Number(digits, _) => digits.parse().map_or(Expr::Open, Expr::Number),
        Value::Boolean(value) => Expr::Bool(*value),
        Value::Null => Expr::Null,
        Value::SingleQuotedString(text)
        | Value::DoubleQuotedString(text)
        | Value::NationalStringLiteral(text)
        | Value::EscapedStringLiteral(text) => Expr::Text(text.clone()),
        _ => Expr::Open,
    }
}

/// An operator between two values. Long chains are nested to the left.
fn binary(value: &ast::Expr, left: &ast::Expr, op: &BinaryOperator, right: &ast::Expr) -> Expr {
    let compare = |comparison| {
        let (left, right) = (Box::new(expr(left)), Box::new(expr(right)));
        Expr::Compare(comparison, left, right)
    };
    let arithmetic = |operator| {
        let (left, right) = (Box::new(expr(left)), Box::new(expr(right)));
        Expr::Arithmetic(operator, left, right)
    };
    match op {
        BinaryOperator::And => Expr::And(chain(value, op)),
        BinaryOperator::Or => Expr::Or(chain(value, op)),
        BinaryOperator::Eq | BinaryOperator::Spaceship => compare(Comparison::Equal),
        BinaryOperator::NotEq => compare(Comparison::NotEqual),
        BinaryOperator::Lt => compare(Comparison::Less),
        BinaryOperator::LtEq => compare(Comparison::LessOrEqual),
        BinaryOperator::Gt => compare(Comparison::Greater),
        BinaryOperator::GtEq => compare(Comparison::GreaterOrEqual),
        BinaryOperator::Plus => arithmetic('+'),
        BinaryOperator::Minus => arithmetic('-'),
        BinaryOperator::Multiply => arithmetic('*'),
        BinaryOperator::Divide => arithmetic('/'),
        BinaryOperator::Modulo => arithmetic('%'),
        _ => Expr::Of(vec![expr(left), expr(right)]),
    }
}

fn chain(value: &ast::Expr, operator: &BinaryOperator) -> Vec<Expr> {
    let mut parts = Vec::new();
    let mut current = value;
    while let ast::Expr::BinaryOp { left, op, right } = current {
        if op != operator {
            break;
        }
        parts.push(expr(right));
        current = left;
    }
    parts.push(expr(current));
    parts.reverse();
    parts
}

/// A function with its arguments.
pub(super) fn call(function: &Function) -> Expr {
    let mut values = Vec::new();
    for list in [&function.parameters, &function.args] {
        arguments(list, &mut values);
    }
    values.extend(function.within_group.iter().map(|it| expr(&it.expr)));
    values.extend(function.filter.iter().map(|it| expr(it)));
    if let Some(WindowType::WindowSpec(window)) = &function.over {
        values.extend(exprs(&window.partition_by));
        values.extend(window.order_by.iter().map(|it| expr(&it.expr)));
    }
    Expr::Call(name(&function.name), values)
}

fn arguments(list: &FunctionArguments, values: &mut Vec<Expr>) {
    match list {
        FunctionArguments::None => {}
        FunctionArguments::Subquery(inner) => values.push(Expr::Query(Box::new(query(inner)))),
        FunctionArguments::List(list) => {
            values.extend(list.args.iter().filter_map(argument));
            for clause in &list.clauses {
                if let FunctionArgumentClause::OrderBy(order) = clause {
                    values.extend(order.iter().map(|it| expr(&it.expr)));
                }
            }
        }
    }
}

/// One argument; `*` is none.
pub(super) fn argument(argument: &FunctionArg) -> Option<Expr> {
    let (FunctionArg::Named { arg: value, .. }
    | FunctionArg::ExprNamed { arg: value, .. }
    | FunctionArg::Unnamed(value)) = argument;
    match value {
        FunctionArgExpr::Expr(value) => Some(expr(value)),
        FunctionArgExpr::QualifiedWildcard(table) => Some(Expr::Star(name(table))),
        _ => None,
    }
}
