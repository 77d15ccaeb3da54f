//! A connection to SQLite, on the thread of its caller: statements of the store
//! take microseconds, less than waking another thread.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::{Null, Value};
use rusqlite::{Connection, ErrorCode, OpenFlags, Statement};

use crate::Error;
use crate::sql::{Bind, Sql};
use crate::writer::{Cell, Kind, Op};

/// Prepared statements that are kept.
const PREPARED: usize = 128;

/// One connection.
pub(crate) struct Lite {
    connection: Connection,
    /// The text of each kind of grouped write.
    texts: [String; Kind::ALL.len()],
}

/// What a statement changed and gave.
pub(crate) struct Ran {
    pub(crate) rows: Vec<Vec<Value>>,
    pub(crate) changed: u64,
}

/// The journal of the file; the first connection sets it.
pub(crate) const WAL: &str = "PRAGMA journal_mode = WAL";

impl Lite {
    /// Opens the file for writing; makes it when there is none.
    pub(crate) fn writing(path: &Path) -> Result<Self, Error> {
        let lite = Self::open(path, OpenFlags::SQLITE_OPEN_CREATE)?;
        lite.define(WAL)?;
        Ok(lite)
    }

    /// Opens the file, which exists, for reading only.
    pub(crate) fn reading(path: &Path) -> Result<Self, Error> {
        let lite = Self::open(path, OpenFlags::empty())?;
        lite.define("PRAGMA query_only = ON")?;
        // Only a recovery of the log lets a reader wait.
        lite.connection.busy_timeout(Duration::from_secs(10))?;
        Ok(lite)
    }

    fn open(path: &Path, flags: OpenFlags) -> Result<Self, Error> {
        let flags = flags | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        // Moving the log is the work of `writer::log`.
        connection.execute_batch(
            "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; \
             PRAGMA case_sensitive_like = ON; PRAGMA wal_autocheckpoint = 0; \
             PRAGMA cache_size = -16384; PRAGMA mmap_size = 268435456; \
             PRAGMA temp_store = MEMORY",
        )?;
        connection.busy_timeout(Duration::ZERO)?;
        let row = |kind: Kind| {
            let marks = (1..=kind.width()).map(|at| format!("${at}"));
            let marks = marks.collect::<Vec<_>>().join(", ");
            kind.statement(&format!("({marks})"))
        };
        Ok(Self {
            connection,
            texts: Kind::ALL.map(row),
        })
    }

    /// Whether a transaction is open.
    pub(crate) fn is_open(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// Runs one statement to its end.
    pub(crate) fn run(&self, statement: Sql) -> rusqlite::Result<Ran> {
        let mut prepared = self.connection.prepare_cached(statement.text.as_str())?;
        bind(&mut prepared, &statement.binds)?;
        let width = prepared.column_count();
        if width == 0 {
            let changed = prepared.raw_execute()? as u64;
            let rows = Vec::new();
            return Ok(Ran { rows, changed });
        }
        let mut found = prepared.raw_query();
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            rows.push((0..width).map(|at| row.get(at)).collect::<Result<_, _>>()?);
        }
        drop(found);
        let changed = self.connection.changes();
        Ok(Ran { rows, changed })
    }

    /// Runs a script without values.
    pub(crate) fn define(&self, script: &str) -> rusqlite::Result<()> {
        self.connection.execute_batch(script)
    }

    /// Runs words that change no row, such as `BEGIN IMMEDIATE`.
    pub(crate) fn say(&self, words: &str) -> rusqlite::Result<()> {
        let mut prepared = self.connection.prepare_cached(words)?;
        prepared.raw_execute().map(drop)
    }

    /// Undoes a transaction that was begun and not committed.
    pub(crate) fn settle(&self) {
        if self.is_open()
            && let Err(error) = self.say("ROLLBACK")
        {
            tracing::error!(%error, "the store could not roll back");
        }
    }

    /// Writes all or nothing.
    pub(crate) fn write<'a>(
        &self,
        mut ops: impl Iterator<Item = &'a Op> + Clone,
    ) -> rusqlite::Result<()> {
        // One statement is a transaction by itself.
        if ops.clone().nth(1).is_none() {
            return ops.try_for_each(|op| self.put(op));
        }
        self.say("BEGIN IMMEDIATE")?;
        let written = ops.try_for_each(|op| self.put(op));
        let written = written.and_then(|()| self.say("COMMIT"));
        if written.is_err() {
            self.settle();
        }
        written
    }

    fn put(&self, op: &Op) -> rusqlite::Result<()> {
        let text = &self.texts[op.kind() as usize];
        let mut prepared = self.connection.prepare_cached(text)?;
        // Placeholders of these texts are in the order of their numbers.
        for (at, cell) in op.cells().into_iter().enumerate() {
            match cell {
                Cell::Text(text) => prepared.raw_bind_parameter(at + 1, text.as_ref()),
                Cell::Int(int) => prepared.raw_bind_parameter(at + 1, int),
                Cell::Null => prepared.raw_bind_parameter(at + 1, Null),
            }?;
        }
        prepared.raw_execute().map(drop)
    }
}

/// Binds the values of `$1`, `$2`, …. To SQLite these are names, numbered as
/// they occur (<https://www.sqlite.org/lang_expr.html#varparam>).
fn bind(statement: &mut Statement<'_>, values: &[Bind]) -> rusqlite::Result<()> {
    for at in 1..=statement.parameter_count() {
        let name = statement.parameter_name(at).unwrap_or_default();
        let number = name
            .get(1..)
            .and_then(|digits| digits.parse::<usize>().ok());
        let value = number.and_then(|number| values.get(number.checked_sub(1)?));
        match value.ok_or(rusqlite::Error::InvalidParameterCount(at, values.len()))? {
            Bind::Text(text) => statement.raw_bind_parameter(at, text.as_str()),
            Bind::Int(int) => statement.raw_bind_parameter(at, int),
            Bind::NullText | Bind::NullInt => statement.raw_bind_parameter(at, Null),
        }?;
    }
    Ok(())
}

/// Whether another process has the file; nothing was written then.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// Whether the engine refused what was written, and not to write.
pub(crate) fn is_about_data(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch)
    )
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        if is_about_data(&error) {
            Self::Rejected(error.to_string())
        } else {
            Self::unavailable(error)
        }
    }
}
