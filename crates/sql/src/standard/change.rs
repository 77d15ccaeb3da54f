//! Changes of rows in the other dialects.

use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, FromTable, Insert, Merge, MergeAction, MergeInsertKind,
    OnConflictAction, OnInsert, OutputClause, Statement, TableObject, Update, UpdateTableFromKind,
};

use super::expression::{call, everything, expr, exprs};
use super::from::{factor, sources};
use super::name::{ident, name};
use super::query::{items, query};
use crate::facts::Kind;
use crate::tree::{Change, Expr, Filter, Name, Source, SourceKind};

/// Lowers a statement that changes rows; `None` if it does something else.
pub(super) fn change(node: &Statement) -> Option<Change> {
    Some(match node {
        Statement::Insert(node) => insert(node),
        Statement::Update(node) => update(node),
        Statement::Delete(node) => delete(node),
        Statement::Merge(node) => merge(node),
        _ => return None,
    })
}

fn table(name: Name) -> Source {
    Source {
        alias: None,
        columns: Vec::new(),
        kind: SourceKind::Table(name),
    }
}

fn insert(node: &Insert) -> Change {
    let mut change = Change::of(Kind::Insert);
    change.filter = Filter::Never;
    match &node.table {
        TableObject::TableName(target) => change.targets.push(table(name(target))),
        TableObject::TableFunction(function) => change.values.push(call(function)),
        TableObject::TableQuery(inner) => {
            change.conditions.push(Expr::Query(Box::new(query(inner))));
        }
    }
    if let (Some(alias), Some(target)) = (&node.table_alias, change.targets.last_mut()) {
        target.alias = Some(ident(&alias.alias));
    }
    let columns = node.columns.iter().filter_map(|column| name(column).pop());
    change.assigned.extend(columns);
    change.input = node.source.as_ref().map(|source| Box::new(query(source)));
    assign(&node.assignments, &mut change);
    if node.replace_into || node.or.is_some() {
        change.also.insert(Kind::Delete);
    }
    match &node.on {
        Some(OnInsert::DuplicateKeyUpdate(assignments)) => {
            change.also.insert(Kind::Update);
            assign(assignments, &mut change);
        }
        Some(OnInsert::OnConflict(conflict)) => {
            if let OnConflictAction::DoUpdate(update) = &conflict.action {
                change.also.insert(Kind::Update);
                assign(&update.assignments, &mut change);
                change.conditions.extend(update.selection.iter().map(expr));
            }
        }
        _ => {}
    }
    for into in &node.multi_table_into_clauses {
        change.conditions.push(everything(into));
        change.targets.push(table(name(&into.table_name)));
    }
    change
        .conditions
        .extend(node.multi_table_when_clauses.iter().map(everything));
    change
        .conditions
        .extend(node.multi_table_else_clause.iter().map(everything));
    change
        .conditions
        .extend(node.partitioned.iter().map(everything));
    answers(node.returning.as_deref(), node.output.as_ref(), &mut change);
    change
}

/// What a change answers, and where else that goes.
fn answers(
    returning: Option<&[sqlparser::ast::SelectItem]>,
    output: Option<&OutputClause>,
    change: &mut Change,
) {
    change.returning = returning.map_or_else(Vec::new, items);
    match output {
        Some(OutputClause::Output {
            select_items,
            into_table,
            ..
        }) => {
            change.returning.extend(items(select_items));
            if let Some(into) = into_table {
                let targets = into.targets.iter().filter_map(|target| match expr(target) {
                    Expr::Column(name) => Some(table(name)),
                    _ => None,
                });
                change.also.insert(Kind::Insert);
                change.targets.extend(targets);
            }
        }
        Some(OutputClause::Returning { select_items, .. }) => {
            change.returning.extend(items(select_items));
        }
        None => {}
    }
}

/// The columns that get values, and the values.
fn assign(assignments: &[Assignment], change: &mut Change) {
    for assignment in assignments {
        let targets = match &assignment.target {
            AssignmentTarget::ColumnName(column) => std::slice::from_ref(column),
            AssignmentTarget::Tuple(columns) => columns.as_slice(),
        };
        let columns = targets.iter().filter_map(|column| name(column).pop());
        change.assigned.extend(columns);
        change.values.push(expr(&assignment.value));
    }
}

fn update(node: &Update) -> Change {
    let mut change = Change::of(Kind::Update);
    assign(&node.assignments, &mut change);
    let is_alone = node.table.joins.is_empty();
    let mut named = Vec::new();
    sources(&node.table, &mut named, &mut change.conditions);
    if is_alone {
        change.targets.append(&mut named);
    } else {
        // Those that assigned columns are qualified with; else the first.
        let qualifiers = node.assignments.iter().filter_map(qualifier);
        change.targets.extend(qualifiers.map(table));
        if change.targets.is_empty() {
            let first = named.iter().find_map(|source| match &source.kind {
                SourceKind::Table(name) => Some(name.clone()),
                _ => None,
            });
            change.targets.extend(first.map(table));
        }
        change.sources.append(&mut named);
    }
    if let Some(UpdateTableFromKind::BeforeSet(tables) | UpdateTableFromKind::AfterSet(tables)) =
        &node.from
    {
        for table in tables {
            sources(table, &mut change.sources, &mut change.conditions);
        }
    }
    change.filter = filter(node.selection.as_ref());
    change
        .conditions
        .extend(node.order_by.iter().map(|it| expr(&it.expr)));
    change.is_limited = node.limit.is_some();
    answers(node.returning.as_deref(), node.output.as_ref(), &mut change);
    change
}

/// What an assigned column is qualified with.
fn qualifier(assignment: &Assignment) -> Option<Name> {
    let AssignmentTarget::ColumnName(column) = &assignment.target else {
        return None;
    };
    let mut table = name(column);
    table.pop();
    (!table.is_empty()).then_some(table)
}

fn filter(selection: Option<&sqlparser::ast::Expr>) -> Filter {
    match selection {
        Some(sqlparser::ast::Expr::Function(function)) if is_cursor(function) => Filter::Cursor,
        Some(condition) => Filter::Where(expr(condition)),
        None => Filter::None,
    }
}

fn is_cursor(function: &sqlparser::ast::Function) -> bool {
    name(&function.name) == ["current of"]
}

fn delete(node: &Delete) -> Change {
    let mut change = Change::of(Kind::Delete);
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &node.from;
    let mut named = Vec::new();
    for table in from {
        sources(table, &mut named, &mut change.conditions);
    }
    if let Some(using) = &node.using {
        // `DELETE FROM a USING a JOIN b`: what stands before is removed from.
        change.targets.append(&mut named);
        for table in using {
            sources(table, &mut change.sources, &mut change.conditions);
        }
    } else if node.tables.is_empty() {
        let rest = named.split_off(named.len().min(1));
        change.targets.append(&mut named);
        change.sources.extend(rest);
    } else {
        change
            .targets
            .extend(node.tables.iter().map(|it| table(name(it))));
        change.sources.append(&mut named);
    }
    change.filter = filter(node.selection.as_ref());
    change
        .conditions
        .extend(node.order_by.iter().map(|it| expr(&it.expr)));
    change.is_limited = node.limit.is_some();
    answers(node.returning.as_deref(), node.output.as_ref(), &mut change);
    change
}

fn merge(node: &Merge) -> Change {
    let mut change = Change::of(Kind::Merge);
    change.filter = Filter::Never;
    factor(&node.table, &mut change.targets, &mut change.conditions);
    factor(&node.source, &mut change.sources, &mut change.conditions);
    change.conditions.push(expr(&node.on));
    for clause in &node.clauses {
        change.conditions.extend(
            clause
                .predicate
                .iter()
                .map(|it| Expr::Of(vec![expr(it), Expr::Open])),
        );
        match &clause.action {
            MergeAction::Insert(insert) => {
                change.also.insert(Kind::Insert);
                let columns = insert
                    .columns
                    .iter()
                    .filter_map(|column| name(column).pop());
                change.assigned.extend(columns);
                if let MergeInsertKind::Values(values) = &insert.kind {
                    let rows = values.rows.iter();
                    change
                        .values
                        .extend(rows.flat_map(|row| exprs(&row.content)));
                }
                change
                    .conditions
                    .extend(insert.insert_predicate.iter().map(everything));
            }
            MergeAction::Update(update) => {
                change.also.insert(Kind::Update);
                change.values.push(everything(update));
            }
            MergeAction::Delete { .. } => {
                change.also.insert(Kind::Delete);
            }
            MergeAction::DoNothing { .. } => {}
        }
    }
    answers(None, node.output.as_ref(), &mut change);
    change
}
