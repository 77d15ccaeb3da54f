//! A connection to SQLite, on the thread of its caller: statements of the store
//! take microseconds, less than waking another thread.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::{Null, Value};
use rusqlite::{Connection, ErrorCode, OpenFlags, Statement};

use crate::Error;
use crate::sql::{Bind, Sql, placeholders};
use crate::writer::{Cell, JournalRow, Kind, Mark};

/// Prepared statements that are kept.
const PREPARED: usize = 128;

/// Rows that one statement inserts where there are as many: it opens each tree once
/// for all of them. More make it little cheaper.
const ROWS: usize = 16;

/// One connection.
pub(crate) struct Lite {
    connection: Connection,
    /// The text of each kind of grouped write, for one row and for [`ROWS`].
    texts: [[String; 2]; Kind::ALL.len()],
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
        lite.define("PRAGMA query_only = ON; PRAGMA mmap_size = 268435456")?;
        // Only a recovery of the log lets a reader wait.
        lite.connection.busy_timeout(Duration::from_secs(10))?;
        Ok(lite)
    }

    fn open(path: &Path, flags: OpenFlags) -> Result<Self, Error> {
        let flags = flags | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        // Moving the log is the work of `writer::wal`.
        connection.execute_batch(
            "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; \
             PRAGMA case_sensitive_like = ON; PRAGMA wal_autocheckpoint = 0; \
             PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY",
        )?;
        connection.busy_timeout(Duration::ZERO)?;
        let text = |kind: Kind, rows| kind.statement(&placeholders(rows, kind.width()));
        Ok(Self {
            connection,
            texts: Kind::ALL.map(|kind| [1, ROWS].map(|rows| text(kind, rows))),
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

    /// Moves the whole log into the file and gives its room back.
    pub(crate) fn empty_log(&self) -> rusqlite::Result<()> {
        self.define("PRAGMA wal_checkpoint(TRUNCATE)")
    }

    /// Undoes a transaction that was begun and not committed.
    pub(crate) fn settle(&self) {
        if self.is_open()
            && let Err(error) = self.say("ROLLBACK")
        {
            tracing::error!(%error, "the store could not roll back");
        }
    }

    /// Writes rows of the journal and the mark of their end, all or nothing.
    pub(crate) fn write_rows(&self, rows: &[JournalRow<'_>], mark: Mark) -> rusqlite::Result<()> {
        self.say("BEGIN IMMEDIATE")?;
        let written = self.write_kinds(rows);
        let written = written.and_then(|()| self.move_mark(mark));
        let written = written.and_then(|()| self.say("COMMIT"));
        if written.is_err() {
            self.settle();
        }
        written
    }

    /// Writes one row.
    pub(crate) fn write_row(&self, row: &JournalRow<'_>) -> rusqlite::Result<()> {
        self.write_kinds(std::slice::from_ref(row))
    }

    /// Writes rows, those of a kind that follow each other together.
    fn write_kinds(&self, rows: &[JournalRow<'_>]) -> rusqlite::Result<()> {
        for rows in rows.chunk_by(|one, next| one.kind == next.kind) {
            let Some(kind) = rows.first().map(|row| row.kind) else {
                continue;
            };
            let [one, many] = &self.texts[kind as usize];
            // Of two changes of a session in one statement either might stay.
            let (together, alone) = match kind {
                Kind::Close => (&[][..], rows),
                _ => rows.split_at(rows.len() - rows.len() % ROWS),
            };
            for (text, rows, size) in [(many, together, ROWS), (one, alone, 1)] {
                if rows.is_empty() {
                    continue;
                }
                let mut prepared = self.connection.prepare_cached(text)?;
                for rows in rows.chunks(size) {
                    bind_rows(&mut prepared, rows)?;
                    prepared.raw_execute()?;
                }
            }
        }
        Ok(())
    }

    /// Up to where the tables hold what is in the journal.
    pub(crate) fn mark(&self) -> rusqlite::Result<Mark> {
        let query = "SELECT segment, position FROM journal_mark";
        self.connection.query_row(query, [], |row| {
            Ok(Mark {
                segment: row.get(0)?,
                position: row.get(1)?,
            })
        })
    }

    fn move_mark(&self, mark: Mark) -> rusqlite::Result<()> {
        let text = "UPDATE journal_mark SET segment = ?1, position = ?2";
        let mut prepared = self.connection.prepare_cached(text)?;
        prepared.execute((mark.segment, mark.position)).map(drop)
    }
}

/// Binds all columns of rows: placeholders of their text are in the order of their
/// numbers.
fn bind_rows(statement: &mut Statement<'_>, rows: &[JournalRow<'_>]) -> rusqlite::Result<()> {
    let cells = rows.iter().flat_map(|row| &row.cells);
    for (cell, at) in cells.zip(1..) {
        match cell {
            Cell::Text(text) => statement.raw_bind_parameter(at, text.as_ref()),
            Cell::Int(int) => statement.raw_bind_parameter(at, int),
            Cell::Null => statement.raw_bind_parameter(at, Null),
        }?;
    }
    Ok(())
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
