//! The statements of a group of writes: one per kind and chunk of rows.

use super::op::{Cell, Kind, Op};
use crate::sql::{Bind, Sql, assembled, placeholders};

/// Rows in one statement. Every number has a text of its own, and every mix of
/// texts too, so few enough for the engine's statement caches.
const ROWS: [usize; 4] = [8, 4, 2, 1];

/// The statements of `ops`, in an order in which none needs a later one.
pub(crate) fn of<'a>(ops: impl Iterator<Item = &'a Op>) -> Vec<Sql> {
    let ops: Vec<&Op> = ops.collect();
    let mut statements = Vec::new();
    for kind in Kind::ALL {
        let mut rows: Vec<&Op> = ops.iter().copied().filter(|op| op.kind() == kind).collect();
        for size in ROWS {
            while rows.len() >= size {
                let rest = rows.split_off(size);
                statements.push(statement(kind, &rows));
                rows = rest;
            }
        }
    }
    statements
}

fn statement(kind: Kind, rows: &[&Op]) -> Sql {
    let values = placeholders(rows.len(), kind.width());
    let mut statement = assembled(kind.statement(&values));
    for op in rows {
        op.tell(|cell| {
            statement.binds.push(match cell {
                Cell::Text(text) => Bind::Text(text.into_owned()),
                Cell::Int(int) => Bind::Int(int),
                Cell::Null => Bind::NullText,
            });
        });
    }
    statement
}
