//! What a target says, piece by piece.
//!
//! These types are raw: they have no `Debug`, `Display`, `Serialize` or
//! `Clone`, so that nothing raw is logged, printed or answered by accident.
//! Only the exec line takes them apart, after masking.

use bytes::Bytes;

/// One piece of a target's answer, in order of arrival.
pub enum Piece {
    /// A result set begins.
    Columns(Vec<Column>),
    /// Rows of the current result set.
    Rows(RowBatch),
    /// A statement ended.
    Done {
        /// The command tag, for instance `INSERT 0 3`; empty when a result
        /// set ended.
        tag: String,
        /// Rows that the statement changed, when it is one that changes rows.
        affected: Option<u64>,
    },
    /// A notice or warning.
    Notice {
        /// How serious it is.
        severity: Severity,
        /// The whole text as a client would print it, without line break.
        text: String,
    },
    /// Bytes of a process, in order of arrival.
    Output {
        /// Where they were written.
        stream: Stream,
        /// The bytes.
        data: Bytes,
    },
    /// The target refused or failed a statement; the run ends.
    Error(TargetError),
}

/// How serious a notice is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Information.
    Notice,
    /// Warning.
    Warning,
}

/// Standard output or standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// A column of a result set.
#[derive(Clone, PartialEq, Eq)]
pub struct Column {
    /// Name in the result set.
    pub name: String,
    /// The target's name of its type, for instance `int8`.
    pub type_name: String,
    /// How its values are read.
    pub kind: ValueKind,
    /// Where its values come from, when the target tells.
    pub source: Option<ColumnSource>,
}

/// How the text of a value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A truth value, in the target's own spelling.
    Bool,
    /// An integer of any size.
    Integer,
    /// A binary floating point number.
    Float,
    /// An exact decimal number.
    Decimal,
    /// JSON text.
    Json,
    /// Binary, already rendered as `\x` and hex digits.
    Binary,
    /// Text and everything else in the target's own spelling.
    Text,
    /// Told by each cell, for targets without column types: integers and
    /// floats are numbers, the rest text.
    Dynamic,
}

/// The base column that a result column comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum ColumnSource {
    /// PostgreSQL: object id of the table and number of the column.
    Attribute {
        /// `pg_class.oid`.
        table: u32,
        /// `pg_attribute.attnum`.
        column: i16,
    },
    /// Named by the server.
    Named {
        /// Schema or database.
        schema: String,
        /// Table.
        table: String,
        /// Column.
        column: String,
    },
}

/// A batch of rows: one buffer of text and the place of every cell in it.
///
/// Cells lie row after row; each holds the target's own text of its value.
#[derive(Default)]
pub struct RowBatch {
    text: Vec<u8>,
    cells: Vec<Cell>,
    width: usize,
    rows: usize,
}

/// Place of one value in the text of its batch: the end of its text in the
/// upper bits, its kind in the lowest two. No buffer is as long as the former
/// can tell.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Cell(u64);

#[derive(Clone, Copy, PartialEq, Eq)]
enum CellKind {
    Null,
    Text,
    Number,
}

impl Cell {
    const fn new(end: usize, kind: CellKind) -> Self {
        Self((end as u64) << 2 | kind as u64)
    }

    const fn end(self) -> usize {
        (self.0 >> 2) as usize
    }

    const fn kind(self) -> CellKind {
        match self.0 & 3 {
            0 => CellKind::Null,
            1 => CellKind::Text,
            _ => CellKind::Number,
        }
    }
}

impl RowBatch {
    /// An empty batch of rows with `width` columns each.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self {
            width,
            ..Self::default()
        }
    }

    /// Adds a text value.
    pub fn push(&mut self, value: &[u8]) {
        self.text.extend_from_slice(value);
        self.seal(CellKind::Text);
    }

    /// Adds a number of a [`ValueKind::Dynamic`] column.
    pub fn push_number(&mut self, value: &[u8]) {
        self.text.extend_from_slice(value);
        self.seal(CellKind::Number);
    }

    /// Adds a value that `write` appends to the text.
    pub fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.text);
        self.seal(CellKind::Text);
    }

    /// Adds a null.
    pub fn push_null(&mut self) {
        self.seal(CellKind::Null);
    }

    /// Counts one more row; its cells must have been added.
    pub fn end_row(&mut self) {
        debug_assert_eq!(
            self.cells.len(),
            (self.rows + 1) * self.width,
            "cells of one row"
        );
        self.rows += 1;
    }

    /// Number of rows.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are no rows.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Columns per row.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Bytes of text held; nulls hold none.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// The value at `row` and `column`; `None` for null. The flag tells a
    /// number of a [`ValueKind::Dynamic`] column.
    #[must_use]
    pub fn value(&self, row: usize, column: usize) -> Option<(&[u8], bool)> {
        let index = row * self.width + column;
        let cell = self.cells[index];
        let start = index
            .checked_sub(1)
            .map_or(0, |before| self.cells[before].end());
        match cell.kind() {
            CellKind::Null => None,
            CellKind::Text => Some((&self.text[start..cell.end()], false)),
            CellKind::Number => Some((&self.text[start..cell.end()], true)),
        }
    }

    fn seal(&mut self, kind: CellKind) {
        self.cells.push(Cell::new(self.text.len(), kind));
    }
}

/// An error that the target itself reported.
pub struct TargetError {
    /// SQLSTATE or the target's own code.
    pub code: Option<String>,
    /// The whole text as a client would print it, lines without final break:
    /// message, detail, hint, position.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_found_again_with_nulls_between() {
        let mut batch = RowBatch::new(3);
        for row in 0..2 {
            batch.push(format!("r{row}").as_bytes());
            batch.push_null();
            batch.push_number(b"7");
            batch.end_row();
        }
        assert_eq!(batch.len(), 2);
        assert!(batch.value(1, 0) == Some((b"r1".as_slice(), false)));
        assert!(batch.value(1, 1).is_none());
        assert!(batch.value(1, 2) == Some((b"7".as_slice(), true)));
    }

    #[test]
    fn a_cell_far_into_the_text_is_found() {
        let far = 5 * 1024 * 1024 * 1024;
        for kind in [CellKind::Null, CellKind::Text, CellKind::Number] {
            let cell = Cell::new(far, kind);
            assert!(cell.end() == far && cell.kind() == kind);
        }
        assert_eq!(size_of::<Cell>(), 8);
    }
}
