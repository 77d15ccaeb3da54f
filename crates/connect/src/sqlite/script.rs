//! Running a script statement by statement, on a blocking thread.

use fallible_iterator_of_rusqlite::FallibleIterator;
use model::{Column, ColumnSource, Piece, TargetError, ValueKind};
use parking_lot::Mutex;
use rusqlite::{Batch, Connection, Error, ErrorCode, Statement, ffi};

use super::fence;
use super::rows::Rows;
use super::stop::Stop;
use crate::Fault;
use crate::caret::point_at;
use crate::words::{Verb, verb};

/// What the thread says.
pub(super) enum Said {
    /// The file was not opened, or the script not begun.
    Fault(Fault),
    /// A piece of the answer.
    Piece(Piece),
    /// The script ended.
    End,
}

/// Why a script ended early.
pub(super) enum Break {
    /// The library said so.
    Failed(Error),
    /// It asks for what no script may have.
    Refused(&'static str),
    /// Nobody listens.
    Unwanted,
}

/// What is to be run.
pub(super) struct Script<'a> {
    /// Statements.
    pub(super) text: &'a str,
    /// Nothing may be changed.
    pub(super) read_only: bool,
    /// Tells when it must end.
    pub(super) stop: &'a Stop,
}

impl Script<'_> {
    /// Runs it and sends what it says.
    pub(super) fn execute(&self, connection: &Connection, rows: &Mutex<Rows>) {
        let outcome = if self.read_only {
            run_one(connection, self.text, rows)
        } else {
            run_all(connection, self.text, rows)
        };
        let error = match outcome {
            Ok(()) => None,
            Err(Break::Unwanted) => return,
            Err(Break::Refused(reason)) => Some(TargetError {
                code: None,
                text: format!("ERROR:  {reason}"),
            }),
            Err(Break::Failed(error)) => Some(report(&self.told(error), self.text)),
        };
        let mut rows = rows.lock();
        if let Some(error) = error {
            let _ = rows.say(Said::Piece(Piece::Error(error)));
        }
        let _ = rows.say(Said::End);
    }

    /// The reason of an error: a stop comes as a refusal while a statement is
    /// prepared.
    fn told(&self, error: Error) -> Error {
        let is_refused =
            error.sqlite_error_code() == Some(ErrorCode::AuthorizationForStatementDenied);
        if is_refused && self.stop.is_set() {
            let code = ffi::Error::new(ffi::SQLITE_INTERRUPT);
            return Error::SqliteFailure(code, Some("interrupted".to_owned()));
        }
        error
    }
}

fn run_all(connection: &Connection, script: &str, rows: &Mutex<Rows>) -> Result<(), Break> {
    let mut batch = Batch::new(connection, script);
    let mut depth = fence::Depth::default();
    loop {
        depth.check(connection)?;
        let Some(mut statement) = batch.next()? else {
            return Ok(());
        };
        run(connection, &mut statement, rows)?;
    }
}

/// Runs the only statement of a script that may change nothing. A second
/// one could undo `PRAGMA query_only`.
fn run_one(connection: &Connection, script: &str, rows: &Mutex<Rows>) -> Result<(), Break> {
    fence::Depth::default().check(connection)?;
    let mut batch = Batch::new(connection, script);
    let Some(mut statement) = batch.next()? else {
        return Ok(());
    };
    if !statement.readonly() {
        return Err(Break::Refused("a read-only run cannot change the database"));
    }
    if batch.next()?.is_some() {
        return Err(Break::Refused("a read-only run takes one statement"));
    }
    run(connection, &mut statement, rows)
}

fn run(
    connection: &Connection,
    statement: &mut Statement<'_>,
    rows: &Mutex<Rows>,
) -> Result<(), Break> {
    let verb = verb(&statement.expanded_sql().unwrap_or_default());
    let width = statement.column_count();
    if width > 0 {
        let columns = Piece::Columns(read_columns(statement));
        let mut rows = rows.lock();
        rows.say(Said::Piece(columns))?;
        rows.begin(width);
    }
    let mut found = statement.raw_query();
    while let Some(row) = found.next()? {
        // The next row is computed without the lock: the library's progress
        // handler sends what has waited for long.
        let mut rows = rows.lock();
        for column in 0..width {
            rows.add(row.get_ref(column)?)?;
        }
        rows.end()?;
    }
    let (tag, affected) = match verb {
        Verb::Changes(name) => {
            let changed = connection.changes();
            (format!("{name} {changed}"), Some(changed))
        }
        Verb::Other(_) if width > 0 => (String::new(), None),
        Verb::Other(name) => (name, None),
    };
    rows.lock().say(Said::Piece(Piece::Done { tag, affected }))
}

fn read_columns(statement: &Statement<'_>) -> Vec<Column> {
    let types = statement.columns();
    let sources = statement.columns_with_metadata();
    types
        .iter()
        .zip(&sources)
        .map(|(column, origin)| Column {
            name: column.name().to_owned(),
            type_name: column.decl_type().unwrap_or_default().to_owned(),
            kind: ValueKind::Dynamic,
            source: source(origin),
        })
        .collect()
}

fn source(origin: &rusqlite::ColumnMetadata<'_>) -> Option<ColumnSource> {
    Some(ColumnSource::Named {
        schema: origin.database_name()?.to_owned(),
        table: origin.table_name()?.to_owned(),
        column: origin.origin_name()?.to_owned(),
    })
}

/// The error as a client prints it, pointing at its place when that is known.
fn report(error: &Error, script: &str) -> TargetError {
    let (code, message, place) = match error {
        Error::SqlInputError {
            error,
            msg,
            sql,
            offset,
        } => {
            let offset = usize::try_from(*offset).ok();
            // The statement and all after it are the end of the script.
            let begin = script.len().checked_sub(sql.len());
            let at = offset.zip(begin).map(|(offset, begin)| begin + offset);
            let place = at
                .and_then(|at| script.get(..at))
                .map(|before| before.chars().count() + 1);
            (Some(error.extended_code), msg.clone(), place)
        }
        Error::SqliteFailure(error, message) => {
            let message = message.clone().unwrap_or_else(|| error.to_string());
            (Some(error.extended_code), message, None)
        }
        other => (None, other.to_string(), None),
    };
    let code = code.map(super::codes::name);
    let mut text = match &code {
        Some(code) => format!("ERROR:  {code}: {message}"),
        None => format!("ERROR:  {message}"),
    };
    if let Some(shown) = place.and_then(|place| point_at(script, place)) {
        text.push('\n');
        text.push_str(&shown);
    }
    TargetError { code, text }
}

impl From<Error> for Break {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
