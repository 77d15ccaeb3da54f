//! What changes of rows read and write.

use std::rc::Rc;

use super::rows::Rows;
use super::{Purpose, Relation, Resolver, Scope};
use crate::facts::{Access, Kind, Risk};
use crate::tautology::is_tautology;
use crate::tree::{Body, Change, Comparison, Expr, Filter, Name, Query, Source, SourceKind};

impl Resolver<'_> {
    /// Resolves a change; the rows are those it returns.
    pub(super) fn change(&mut self, change: &Change, outer: Option<&Scope<'_>>) -> Rows {
        self.found.kinds.insert(change.kind);
        self.found.effects.extend(change.also.iter().copied());
        self.note_filter(change);
        if let Some(input) = &change.input {
            self.query_in(input, outer);
        }
        let mut scope = Scope {
            relations: Vec::new(),
            changed: None,
            outer,
        };
        self.enter_sources(&change.sources, &mut scope);
        let mut changed: Vec<Name> = Vec::new();
        for target in &change.targets {
            changed.extend(self.target(target, &mut scope));
        }
        for column in &change.assigned {
            for table in &changed {
                let name = format!("{}.{column}", table.join("."));
                self.found.columns.insert(name);
            }
        }
        for value in &change.values {
            self.value(value, &scope, Purpose::Answer);
        }
        if let Filter::Where(condition) = &change.filter {
            self.value(condition, &scope, Purpose::Filter);
        }
        for condition in &change.conditions {
            self.value(condition, &scope, Purpose::Filter);
        }
        self.items(&change.returning, &scope)
    }

    /// Makes a target known under its names; answers its table.
    fn target(&mut self, target: &Source, scope: &mut Scope<'_>) -> Option<Name> {
        let SourceKind::Table(name) = &target.kind else {
            self.enter_sources(std::slice::from_ref(target), scope);
            return None;
        };
        // `UPDATE u … FROM users u`: a source of this name is meant.
        let source = scope
            .relations
            .iter()
            .find(|relation| match &relation.alias {
                Some(alias) => name.len() == 1 && Some(alias) == name.first(),
                None => relation.table.as_ref() == Some(name),
            });
        if let Some(source) = source {
            let table = source.table.clone()?;
            self.uses(&table, Access::Write);
            return Some(table);
        }
        // A change of a common table expression is one of the tables behind it.
        if let [only] = name.as_slice()
            && let Some(rows) = self.ctes.get(only).and_then(|known| known.last()).cloned()
        {
            for base in rows.origin().bases {
                let table = base.rsplit_once('.').map(|(table, _)| table.to_owned());
                self.uses(&Vec::from_iter(table), Access::Write);
            }
            return None;
        }
        self.uses(name, Access::Write);
        let rows = Rc::new(self.columns_of(name));
        scope.changed = Some(Rc::clone(&rows));
        scope.relations.insert(
            0,
            Relation {
                alias: target.alias.clone(),
                table: Some(name.clone()),
                rows,
            },
        );
        Some(name.clone())
    }

    /// Notes whether the change has a real filter and a limit.
    fn note_filter(&mut self, change: &Change) {
        let is_filtered = match &change.filter {
            Filter::Never => {
                self.note_match(change);
                return;
            }
            Filter::Cursor => true,
            Filter::None => {
                self.found.risks.insert(Risk::NoWhere);
                false
            }
            Filter::Where(condition) if takes_all(condition, change) => {
                self.found.risks.insert(Risk::Tautology);
                false
            }
            Filter::Where(_) => true,
        };
        let all = self.found.is_filtered.unwrap_or(true) && is_filtered;
        self.found.is_filtered = Some(all);
        let all = self.found.is_limited.unwrap_or(true) && change.is_limited;
        self.found.is_limited = Some(all);
    }

    /// Notes whether a `MERGE` that changes or removes rows matches all of them.
    fn note_match(&mut self, change: &Change) {
        let takes = [Kind::Update, Kind::Delete]
            .iter()
            .any(|kind| change.also.contains(kind));
        if change.kind == Kind::Merge && takes && change.conditions.iter().any(is_tautology) {
            self.found.risks.insert(Risk::Tautology);
        }
    }
}

/// Whether a condition chooses every row of the changed table: it is true for each, or
/// compares the table with itself.
fn takes_all(condition: &Expr, change: &Change) -> bool {
    match condition {
        Expr::And(parts) => parts.iter().all(|part| takes_all(part, change)),
        Expr::Or(parts) if parts.iter().any(|part| takes_all(part, change)) => true,
        _ => is_tautology(condition) || is_all_of_itself(condition, change),
    }
}

/// Whether a condition finds each row of the changed table `t` in `t`:
/// `id IN (SELECT id FROM t)`, `id = ANY (SELECT id FROM t)`,
/// `EXISTS (SELECT 1 FROM t AS o WHERE o.id = t.id)`, or `o.id = t.id` where `t AS o` is
/// joined.
fn is_all_of_itself(condition: &Expr, change: &Change) -> bool {
    let [target] = change.targets.as_slice() else {
        return false;
    };
    let (value, query) = match condition {
        Expr::In(value, list, false) => match list.as_slice() {
            [Expr::Query(query)] => (value, query),
            _ => return false,
        },
        Expr::Compare(Comparison::Equal, value, right) => match right.as_ref() {
            Expr::Of(parts) => match parts.as_slice() {
                [Expr::Query(query)] => (value, query),
                _ => return false,
            },
            _ => {
                let sources = change.sources.iter().chain([target]);
                return is_same_column_of(condition, target, &sources.collect::<Vec<_>>());
            }
        },
        Expr::Exists(query) => return has_its_own(query, target),
        _ => return false,
    };
    let (Expr::Column(column), Body::Select(select)) = (value.as_ref(), &query.body) else {
        return false;
    };
    let is_same_table = matches!(select.sources.as_slice(), [source] if source.kind == target.kind);
    let is_same_column = match select.items.as_slice() {
        [item] => matches!(&item.value, Expr::Column(name) if name.last() == column.last()),
        _ => false,
    };
    is_same_table && is_same_column && select.filters.is_empty() && !query.is_limited
}

/// Whether a query finds the row of `target` around it in the same table.
fn has_its_own(query: &Query, target: &Source) -> bool {
    let Body::Select(select) = &query.body else {
        return false;
    };
    match (select.sources.as_slice(), select.filters.as_slice()) {
        ([source], [condition]) => {
            let condition = match condition {
                Expr::Of(parts) => parts.first().filter(|_| parts.len() == 1),
                other => Some(other),
            };
            let is_its_own = |it: &Expr| is_same_column_of(it, target, &[source, target]);
            source.kind == target.kind && condition.is_some_and(is_its_own)
        }
        _ => false,
    }
}

/// Whether a condition is `a.x = b.x` for two of `sources` that are the table of `target`.
fn is_same_column_of(condition: &Expr, target: &Source, sources: &[&Source]) -> bool {
    let Expr::Compare(Comparison::Equal, left, right) = condition else {
        return false;
    };
    let (Expr::Column(left), Expr::Column(right)) = (left.as_ref(), right.as_ref()) else {
        return false;
    };
    let ([one, column], [other, same]) = (left.as_slice(), right.as_slice()) else {
        return false;
    };
    let is_of = |qualifier: &String| {
        sources.iter().any(|source| {
            let is_named = match (&source.alias, &source.kind) {
                (Some(alias), _) => alias == qualifier,
                (None, SourceKind::Table(name)) => name.last() == Some(qualifier),
                _ => false,
            };
            is_named && source.kind == target.kind
        })
    };
    one != other && column == same && is_of(one) && is_of(other)
}
