//! A lowered statement to its facts.

use std::collections::BTreeSet;

use crate::catalog::Catalog;
use crate::facts::{Dialect, Kind, Risk, Statement};
use crate::resolve::Resolver;
use crate::tree::{Body, Lowered, Query};

/// Kinds from the least to the most consequential.
const ORDER: &[Kind] = &[
    Kind::Show,
    Kind::Explain,
    Kind::Use,
    Kind::Transaction,
    Kind::Select,
    Kind::Set,
    Kind::Other,
    Kind::Comment,
    Kind::Lock,
    Kind::Maintenance,
    Kind::Insert,
    Kind::Copy,
    Kind::Call,
    Kind::Do,
    Kind::Update,
    Kind::Create,
    Kind::Delete,
    Kind::Merge,
    Kind::Alter,
    Kind::Grant,
    Kind::Revoke,
    Kind::Truncate,
    Kind::Drop,
];

/// The facts of one statement; `None` if it is too involved to be understood.
pub(crate) fn assess(lowered: &Lowered, dialect: Dialect, catalog: &Catalog) -> Option<Statement> {
    let facts = assess_one(lowered, dialect, catalog)?;
    match &lowered.alternative {
        Some(other) => Some(worse(facts, assess_one(other, dialect, catalog)?)),
        None => Some(facts),
    }
}

/// The facts of a statement that is one of two.
fn worse(mut one: Statement, other: Statement) -> Statement {
    if rank(other.kind) > rank(one.kind) {
        one.kind = other.kind;
    }
    one.effects.extend(other.effects);
    one.tables.extend(other.tables);
    one.columns.extend(other.columns);
    one.functions.extend(other.functions);
    one.has_where = least(one.has_where, other.has_where);
    one.has_limit = least(one.has_limit, other.has_limit);
    one.returns_rows |= other.returns_rows;
    one.is_read_only &= other.is_read_only;
    one.risks.extend(other.risks);
    one.read.extend(other.read);
    one.filtered.extend(other.filtered);
    one.whole_rows.extend(other.whole_rows);
    one
}

/// Whether both are so, where both can be.
fn least(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one && other),
        (one, other) => one.or(other),
    }
}

fn assess_one(lowered: &Lowered, dialect: Dialect, catalog: &Catalog) -> Option<Statement> {
    let mut resolver = Resolver::new(dialect, catalog);
    for (table, access) in &lowered.tables {
        resolver.uses(table, *access);
    }
    for (table, column) in &lowered.columns {
        resolver.reads(table.as_deref(), column);
    }
    resolver.values(&lowered.values);
    if let Some(query) = &lowered.query {
        resolver.query(query);
    }
    if resolver.is_exhausted() {
        return None;
    }
    let found = resolver.found;
    let mut effects: BTreeSet<Kind> = lowered.effects.clone();
    let mut risks: BTreeSet<Risk> = lowered.risks.clone();
    let mut kind = lowered.kind;
    let mut changes_nothing = true;
    if lowered.runs {
        changes_nothing = found.kinds.is_empty()
            && !found.effects.contains(&Kind::Lock)
            && !found.risks.contains(&Risk::SideEffect)
            && !found.risks.contains(&Risk::Dynamic);
        effects.extend(found.effects);
        effects.extend(found.kinds.iter().copied());
        risks.extend(found.risks);
        let kinds = found.kinds.iter().copied().chain([kind]);
        kind = kinds.max_by_key(|kind| rank(*kind)).unwrap_or(kind);
    }
    effects.insert(kind);
    effects.insert(lowered.kind);
    let is_select = lowered.runs && kind == Kind::Select;
    let query = lowered.query.as_ref();
    Some(Statement {
        kind,
        effects,
        tables: found.tables,
        columns: found.columns,
        functions: found.functions,
        has_where: found
            .is_filtered
            .or_else(|| query.filter(|_| is_select).map(is_filtered)),
        has_limit: found
            .is_limited
            .or_else(|| query.filter(|_| is_select).map(is_limited)),
        returns_rows: lowered.returns_rows,
        is_read_only: lowered.is_harmless && changes_nothing,
        risks,
        read: found.read,
        filtered: found.filtered,
        whole_rows: found.whole_rows,
    })
}

fn rank(kind: Kind) -> usize {
    ORDER.iter().position(|it| *it == kind).unwrap_or_default()
}

/// Whether each selection of a query has a `WHERE`.
fn is_filtered(query: &Query) -> bool {
    match &query.body {
        Body::Select(select) => select.is_filtered,
        Body::Set(parts) => parts.iter().all(is_filtered),
        Body::Values(_) | Body::Change(_) => true,
    }
}

/// Whether the rows of a query are limited.
fn is_limited(query: &Query) -> bool {
    query.is_limited
        || match &query.body {
            Body::Select(select) => select.is_limited,
            Body::Set(parts) => parts.iter().all(is_limited),
            Body::Values(_) => true,
            Body::Change(_) => false,
        }
}
