//! Rows on their way from the thread of a run to its sink.

use std::time::Instant;

use model::{Piece, RowBatch};
use rusqlite::types::ValueRef;
use tokio::sync::mpsc::Sender;

use super::script::{Break, Said};
use crate::flow::{BATCH_AGE, BATCH_BYTES, BATCH_ROWS};

/// Most bytes of text of one row: the longest value as hexadecimal digits,
/// twice.
const LONGEST: usize = 64 * 1024 * 1024;

/// Gathers rows and sends what the run says, in order.
pub(super) struct Rows {
    batch: RowBatch,
    since: Instant,
    out: Sender<Said>,
}

impl Rows {
    /// Sends to `out`.
    pub(super) fn new(out: Sender<Said>) -> Self {
        Self {
            batch: RowBatch::default(),
            since: Instant::now(),
            out,
        }
    }

    /// Begins a result set with `width` columns.
    pub(super) fn begin(&mut self, width: usize) {
        self.batch = RowBatch::new(width);
    }

    /// Adds a value of the current row.
    ///
    /// # Errors
    /// When the row becomes too long.
    pub(super) fn add(&mut self, value: ValueRef<'_>) -> Result<(), Break> {
        let bytes = match value {
            ValueRef::Blob(bytes) => 2 + 2 * bytes.len(),
            ValueRef::Text(text) => text.len(),
            _ => 0,
        };
        if self.batch.bytes() + bytes > LONGEST {
            return Err(Break::Refused("the row is too long"));
        }
        let batch = &mut self.batch;
        match value {
            ValueRef::Null => batch.push_null(),
            ValueRef::Integer(number) => batch.push_number(number.to_string().as_bytes()),
            ValueRef::Real(number) if number.is_finite() => {
                batch.push_number(format!("{number:?}").as_bytes());
            }
            ValueRef::Real(number) if number > 0.0 => batch.push(b"Inf"),
            ValueRef::Real(_) => batch.push(b"-Inf"),
            ValueRef::Text(text) if std::str::from_utf8(text).is_ok() => batch.push(text),
            // SQLite keeps any bytes as text; as digits none of them is lost.
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                batch.push_with(|text| crate::hex::append(bytes, text));
            }
        }
        Ok(())
    }

    /// Ends a row; sends the batch when it is big or old enough.
    ///
    /// # Errors
    /// When nobody takes it.
    pub(super) fn end(&mut self) -> Result<(), Break> {
        if self.batch.is_empty() {
            self.since = Instant::now();
        }
        self.batch.end_row();
        if self.batch.len() >= BATCH_ROWS || self.batch.bytes() >= BATCH_BYTES {
            self.flush()
        } else {
            self.flush_old()
        }
    }

    /// Sends the batch when its first row has waited long enough: the next one
    /// may take its time.
    ///
    /// # Errors
    /// When nobody takes it.
    pub(super) fn flush_old(&mut self) -> Result<(), Break> {
        if !self.batch.is_empty() && self.since.elapsed() >= BATCH_AGE {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Sends the rows gathered so far.
    ///
    /// # Errors
    /// When nobody takes them.
    pub(super) fn flush(&mut self) -> Result<(), Break> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let width = self.batch.width();
        let batch = std::mem::replace(&mut self.batch, RowBatch::new(width));
        self.send(Said::Piece(Piece::Rows(batch)))
    }

    /// Sends the rows gathered so far, then `said`.
    ///
    /// # Errors
    /// When nobody takes it.
    pub(super) fn say(&mut self, said: Said) -> Result<(), Break> {
        self.flush()?;
        self.send(said)
    }

    fn send(&self, said: Said) -> Result<(), Break> {
        self.out.blocking_send(said).map_err(|_| Break::Unwanted)
    }
}
