//! Columns and values to base columns.

use std::rc::Rc;

use super::rows::{ANY_COLUMN, Column, Origin, Rows};
use super::{Purpose, Relation, Resolver, Scope};
use crate::facts::Dialect;
use crate::tree::Expr;

/// Names that stand for the changed row in several dialects.
const ROW_NAMES: &[&str] = &["excluded", "old", "new", "inserted", "deleted"];

impl Resolver<'_> {
    /// Where a value comes from. Everything it names is noted.
    pub(super) fn value(&mut self, value: &Expr, scope: &Scope<'_>, purpose: Purpose) -> Origin {
        let mut origin = Origin::none();
        self.add(value, scope, purpose, &mut origin);
        origin
    }

    fn add(&mut self, value: &Expr, scope: &Scope<'_>, purpose: Purpose, origin: &mut Origin) {
        if !self.goes_on(1) {
            return;
        }
        let mut add = |value: &Expr| self.add(value, scope, purpose, origin);
        match value {
            Expr::Null | Expr::Bool(_) | Expr::Number(_) | Expr::Text(_) | Expr::Open => {}
            Expr::Column(name) => {
                let found = self.column(name, scope, purpose);
                origin.join(&found);
            }
            Expr::Star(qualifier) => {
                let mut rows = Rows::default();
                self.star(qualifier, scope, &mut rows);
                origin.join(&rows.origin());
            }
            Expr::Not(inner) | Expr::IsNull(inner, _) => add(inner),
            Expr::And(parts) | Expr::Or(parts) | Expr::Of(parts) => parts.iter().for_each(add),
            Expr::Compare(_, left, right)
            | Expr::Arithmetic(_, left, right)
            | Expr::Like(left, right, _) => {
                add(left);
                add(right);
            }
            Expr::In(value, list, _) => {
                add(value);
                list.iter().for_each(add);
            }
            Expr::Between(values, _) => values.iter().for_each(add),
            Expr::Case(choices, otherwise) => {
                for (condition, value) in choices {
                    add(condition);
                    add(value);
                }
                add(otherwise);
            }
            Expr::Query(query) | Expr::Exists(query) => {
                let rows = self.query_in(query, Some(scope));
                origin.join(&rows.origin());
                if purpose == Purpose::Filter {
                    self.found.filtered.extend(rows.origin().bases);
                }
            }
            Expr::Call(name, arguments) => {
                arguments.iter().for_each(add);
                self.calls(name);
            }
            Expr::Form(name, arguments) => {
                arguments.iter().for_each(add);
                self.found.functions.insert((*name).to_owned());
            }
        }
    }

    /// Where a named column comes from.
    fn column(&mut self, name: &[String], scope: &Scope<'_>, purpose: Purpose) -> Origin {
        let Some((column, qualifier)) = name.split_last() else {
            return Origin::unknown();
        };
        let (origin, is_clear) = if qualifier.is_empty() {
            self.plain(column, scope)
        } else {
            self.qualified(qualifier, column, scope)
        };
        if is_clear {
            let named = origin.bases.iter().filter(|it| !it.ends_with(ANY_COLUMN));
            self.found.columns.extend(named.cloned());
        } else {
            self.found.columns.insert(name.join("."));
        }
        self.found.read.extend(origin.bases.iter().cloned());
        if !is_clear {
            self.found.read.insert(name.join("."));
        }
        if purpose == Purpose::Filter {
            self.found.filtered.extend(origin.bases.iter().cloned());
            if !is_clear {
                self.found.filtered.insert(name.join("."));
            }
        }
        origin
    }

    /// A column without a qualifier, and whether it is clear which one it is.
    fn plain(&mut self, column: &str, scope: &Scope<'_>) -> (Origin, bool) {
        let mut current = Some(scope);
        while let Some(scope) = current {
            if !self.goes_on(scope.relations.len()) {
                break;
            }
            let known = scope
                .relations
                .iter()
                .find_map(|relation| named(&relation.rows, column));
            if let Some(known) = known {
                return (known.origin.clone(), true);
            }
            // The name of a source as a value is its whole row.
            let row = scope
                .relations
                .iter()
                .find(|relation| relation.answers_to(column));
            if let Some(row) = row.filter(|_| self.dialect == Dialect::Postgres) {
                let rows = Rc::clone(&row.rows);
                self.whole(&rows);
                return (rows.origin(), true);
            }
            let open: Vec<&Relation> = scope
                .relations
                .iter()
                .filter(|relation| !relation.rows.is_closed())
                .collect();
            if !open.is_empty() {
                let mut origin = Origin::none();
                let mut candidates = 0;
                for relation in open {
                    candidates += may_have(&relation.rows, column, &mut origin);
                }
                // An outer query may have it too.
                return if candidates == 1 {
                    (origin, true)
                } else {
                    origin.is_sure = false;
                    (origin, false)
                };
            }
            current = scope.outer;
        }
        (Origin::unknown(), false)
    }

    /// A column of a named source.
    fn qualified(
        &mut self,
        qualifier: &[String],
        column: &str,
        scope: &Scope<'_>,
    ) -> (Origin, bool) {
        let Some(rows) = find(qualifier, scope) else {
            // A field of a composite column, or a source that is not seen here.
            let name = format!("{}.{column}", qualifier.join("."));
            let mut origin = match qualifier {
                [first] => self.plain(first, scope).0,
                _ => Origin::unknown(),
            };
            origin.bases.insert(name);
            origin.is_sure = false;
            return (origin, false);
        };
        if let Some(known) = named(&rows, column) {
            return (known.origin.clone(), true);
        }
        let mut origin = Origin::none();
        match may_have(&rows, column, &mut origin) {
            1 => (origin, true),
            0 if self.dialect == Dialect::Postgres => {
                // Not a column: `row.f` calls the function `f` with the row.
                self.calls(&[column.to_owned()]);
                self.whole(&rows);
                (rows.origin(), true)
            }
            _ => {
                origin.is_sure = false;
                (origin, false)
            }
        }
    }

    /// All columns, of one source or of all.
    pub(super) fn star(&mut self, qualifier: &[String], scope: &Scope<'_>, answer: &mut Rows) {
        let mut sources = Vec::new();
        if qualifier.is_empty() {
            sources.extend(scope.relations.iter().map(|it| Rc::clone(&it.rows)));
        } else if let Some(rows) = find(qualifier, scope) {
            sources.push(rows);
        } else {
            let table = qualifier.join(".");
            sources.push(Rc::new(Rows::of_table(table)));
            answer.unknown = Some(Rc::new(Origin::unknown()));
        }
        for rows in sources {
            if !self.goes_on(rows.columns.len()) {
                return;
            }
            self.whole(&rows);
            answer.columns.extend(rows.columns.iter().cloned());
            answer.rest.extend(rows.rest.iter().cloned());
            if let Some(unknown) = &rows.unknown {
                let mut joined = Origin::clone(unknown);
                if let Some(before) = &answer.unknown {
                    joined.join(before);
                }
                answer.unknown = Some(Rc::new(joined));
            }
        }
    }

    /// Notes that whole rows are read.
    fn whole(&mut self, rows: &Rows) {
        for base in rows.origin().bases {
            if let Some((table, _)) = base.rsplit_once('.') {
                self.found.whole_rows.insert(table.to_owned());
                self.found.columns.insert(format!("{table}.*"));
            }
            self.found.read.insert(base.clone());
            self.found.columns.insert(base);
        }
    }
}

impl Relation {
    /// Whether a qualifier of one part means this source.
    fn answers_to(&self, name: &str) -> bool {
        match (&self.alias, &self.table) {
            (Some(alias), _) => alias == name,
            (None, Some(table)) => table.last().is_some_and(|last| last == name),
            (None, None) => false,
        }
    }
}

/// The column of this name.
fn named<'r>(rows: &'r Rows, name: &str) -> Option<&'r Column> {
    let mut columns = rows.columns.iter();
    columns.find(|column| column.name.as_deref() == Some(name))
}

/// Adds where a column of this name may come from; answers from how many places.
fn may_have(rows: &Rows, column: &str, origin: &mut Origin) -> usize {
    for table in &rows.rest {
        origin.bases.insert(format!("{table}.{column}"));
    }
    let mut places = rows.rest.len();
    if let Some(unknown) = &rows.unknown {
        origin.join(unknown);
        origin.is_sure = false;
        places += 1;
    }
    places
}

/// The source that a qualifier means.
fn find(qualifier: &[String], scope: &Scope<'_>) -> Option<Rc<Rows>> {
    let mut current = Some(scope);
    while let Some(scope) = current {
        let found = scope.relations.iter().find(|relation| match qualifier {
            [name] => relation.answers_to(name),
            _ => {
                relation.alias.is_none()
                    && relation
                        .table
                        .as_ref()
                        .is_some_and(|table| Resolver::is_same_table(table, qualifier))
            }
        });
        if let Some(found) = found {
            return Some(Rc::clone(&found.rows));
        }
        if let ([name], Some(rows)) = (qualifier, &scope.changed)
            && ROW_NAMES.contains(&name.as_str())
        {
            return Some(Rc::clone(rows));
        }
        current = scope.outer;
    }
    None
}
