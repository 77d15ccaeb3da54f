//! What changes of rows read and write.

use std::rc::Rc;

use super::rows::Rows;
use super::{Purpose, Relation, Resolver, Scope};
use crate::facts::{Access, Kind, Risk};
use crate::tautology::is_tautology;
use crate::tree::{Body, Change, Expr, Filter, Name, Source, SourceKind};

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
            Filter::Where(condition)
                if is_tautology(condition) || is_all_of_itself(condition, &change.targets) =>
            {
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

/// Whether a condition is `id IN (SELECT id FROM t)` for the changed table `t`.
fn is_all_of_itself(condition: &Expr, targets: &[Source]) -> bool {
    let (Expr::In(value, list, false), [target]) = (condition, targets) else {
        return false;
    };
    let (Expr::Column(column), [Expr::Query(query)]) = (value.as_ref(), list.as_slice()) else {
        return false;
    };
    let Body::Select(select) = &query.body else {
        return false;
    };
    let is_same_table = matches!(select.sources.as_slice(), [source] if source.kind == target.kind);
    let is_same_column = match select.items.as_slice() {
        [item] => matches!(&item.value, Expr::Column(name) if name.last() == column.last()),
        _ => false,
    };
    is_same_table && is_same_column && select.filters.is_empty() && !query.is_limited
}
