//! Sessions that were opened and moved on between two visits of the tables: one
//! row instead of a row and a change of it.

use std::collections::HashMap;

use super::frame::Row;
use super::op::{Cell, Kind};

/// Columns of a new session and, for each, that of one that moves on: status,
/// outcome, status of the review, risk, version, replica, what moved and the recording.
const MOVES: [(usize, usize); 8] = [
    (STATUS, 2),
    (9, 3),
    (10, 4),
    (11, 5),
    (13, 6),
    (14, 7),
    (16, 8),
    (18, 9),
];

/// Column of the organization, in both kinds of rows.
const ORG: usize = 1;

/// Column of the status of a new session.
const STATUS: usize = 8;

/// Lets a session that was opened and moved on be one row. Rows come kind by kind,
/// those of a kind in their order: each statement and each tree is gone through
/// once.
pub(super) fn merge<'a>(rows: impl Iterator<Item = Row<'a>>) -> Vec<Row<'a>> {
    let mut merged: Vec<Row<'a>> = Vec::new();
    let mut opened: HashMap<&str, usize> = HashMap::new();
    for row in rows {
        let place = match (row.kind, row.session()) {
            (Kind::Open, Some(id)) => {
                opened.insert(id, merged.len());
                None
            }
            (_, Some(id)) => opened.get(id).copied(),
            (_, None) => None,
        };
        match place.and_then(|place| merged.get_mut(place)) {
            Some(open) => move_on(open, row),
            None => merged.push(row),
        }
    }
    merged.sort_by_key(|row| row.kind);
    merged
}

/// As the statement of a close does it: what is done stays as it is.
fn move_on<'a>(open: &mut Row<'a>, mut close: Row<'a>) {
    let (mine, its) = (text(open, ORG), text(&close, ORG));
    if mine != its || text(open, STATUS) == Some("done") {
        return;
    }
    for (to, from) in MOVES {
        if let (Some(to), Some(from)) = (open.cells.get_mut(to), close.cells.get_mut(from)) {
            std::mem::swap(to, from);
        }
    }
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> Option<&'a str> {
    match row.cells.get(column) {
        Some(Cell::Text(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::Frame;
    use super::super::op::{Closed, Op, Opened};
    use super::*;

    fn opened(id: &str) -> Op {
        let mut head: [String; 9] = std::array::from_fn(|at| format!("head {at}"));
        head[0] = id.to_owned();
        head[STATUS] = "open".to_owned();
        Op::Open(Box::new(Opened {
            head,
            outcome: None,
            review_status: None,
            risk_level: None,
            created_at: 7,
            version: 1,
            replica: "one".to_owned(),
            detail: "detail".to_owned(),
            moved: "moved 1".to_owned(),
            input: "input".to_owned(),
        }))
    }

    fn closed(id: &str, org: &str, version: i64, recording: Option<&str>) -> Op {
        Op::Close(Box::new(Closed {
            id: id.to_owned(),
            org: org.to_owned(),
            status: "done",
            outcome: Some("success"),
            review_status: Some("APPROVED".to_owned()),
            risk_level: Some("low".to_owned()),
            version,
            replica: "two".to_owned(),
            moved: format!("moved {version}"),
            recording: recording.map(str::to_owned),
        }))
    }

    fn told(row: &Row<'_>) -> Vec<String> {
        let cells = row.cells.iter().map(|cell| match cell {
            Cell::Text(text) => text.to_string(),
            Cell::Int(int) => int.to_string(),
            Cell::Null => "null".to_owned(),
        });
        cells.collect()
    }

    #[test]
    fn a_session_that_moved_on_is_one_row() {
        let ops = [
            opened("a"),
            closed("b", "head 1", 2, Some("b said")),
            closed("a", "another", 9, Some("another said")),
            closed("a", "head 1", 2, Some("said")),
            closed("a", "head 1", 3, Some("said again")),
            opened("c"),
        ];
        let frame = Frame::of(ops.iter());
        let rows = merge(frame.rows());
        let kinds: Vec<_> = rows.iter().map(|row| row.kind).collect();
        assert_eq!(kinds, [Kind::Open, Kind::Open, Kind::Close]);
        let done = told(&rows[0]);
        assert_eq!(done[..2], ["a", "head 1"]);
        assert_eq!(
            done[8..],
            [
                "done", "success", "APPROVED", "low", "7", "2", "two", "detail", "moved 2",
                "input", "said"
            ]
        );
        assert_eq!(told(&rows[1])[8], "open");
    }
}
