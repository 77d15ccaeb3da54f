//! One row, read from the first column to the last.

use rusqlite::types::Value;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, Row as _};

use crate::Error;

/// One row of either engine.
pub(crate) struct Row {
    cells: Cells,
    next: usize,
}

enum Cells {
    Lite(Vec<Value>),
    Pg(PgRow),
}

impl From<Vec<Value>> for Row {
    fn from(row: Vec<Value>) -> Self {
        let cells = Cells::Lite(row);
        Self { cells, next: 0 }
    }
}

impl From<PgRow> for Row {
    fn from(row: PgRow) -> Self {
        let cells = Cells::Pg(row);
        Self { cells, next: 0 }
    }
}

impl Row {
    /// The next column as text.
    pub(crate) fn text(&mut self) -> Result<String, Error> {
        self.opt_text()?.ok_or_else(|| self.misfit("text"))
    }

    /// The next column as text or null.
    pub(crate) fn opt_text(&mut self) -> Result<Option<String>, Error> {
        match self.take()? {
            Taken::Lite(Value::Text(text)) => Ok(Some(text)),
            Taken::Lite(Value::Null) => Ok(None),
            Taken::Lite(_) => Err(self.misfit("text")),
            Taken::Pg(row, column) => decode(row, column),
        }
    }

    /// The next column as integer.
    pub(crate) fn int(&mut self) -> Result<i64, Error> {
        self.opt_int()?.ok_or_else(|| self.misfit("an integer"))
    }

    /// The next column as integer or null.
    pub(crate) fn opt_int(&mut self) -> Result<Option<i64>, Error> {
        match self.take()? {
            Taken::Lite(Value::Integer(int)) => Ok(Some(int)),
            Taken::Lite(Value::Null) => Ok(None),
            Taken::Lite(_) => Err(self.misfit("an integer")),
            Taken::Pg(row, column) => decode(row, column),
        }
    }

    fn take(&mut self) -> Result<Taken<'_>, Error> {
        let column = self.next;
        self.next += 1;
        match &mut self.cells {
            Cells::Lite(row) => {
                let cell = row
                    .get_mut(column)
                    .map(|cell| std::mem::replace(cell, Value::Null));
                let missing = || Error::Corrupt(format!("there is no column {column}"));
                cell.map(Taken::Lite).ok_or_else(missing)
            }
            Cells::Pg(row) => Ok(Taken::Pg(row, column)),
        }
    }

    fn misfit(&self, wanted: &str) -> Error {
        Error::Corrupt(format!("column {} is not {wanted}", self.next))
    }
}

enum Taken<'a> {
    Lite(Value),
    Pg(&'a PgRow, usize),
}

fn decode<'r, T>(row: &'r PgRow, column: usize) -> Result<T, Error>
where
    T: sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>,
{
    Ok(row.try_get(column)?)
}
