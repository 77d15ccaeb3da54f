//! Running a script statement by statement, on a blocking thread.

use fallible_iterator_of_rusqlite::FallibleIterator;
use model::{Column, ColumnSource, Piece, RowBatch, TargetError, ValueKind};
use rusqlite::types::ValueRef;
use rusqlite::{Batch, Connection, Error, Statement};
use tokio::sync::mpsc::Sender;

use crate::caret::point_at;
use crate::words::{Verb, verb};

/// A batch is sent when it holds this many bytes of text …
const BATCH_BYTES: usize = 64 * 1024;
/// … or this many rows.
const BATCH_ROWS: usize = 4096;

/// What the thread says.
pub(super) enum Said {
    /// A piece of the answer.
    Piece(Piece),
    /// The script ended.
    End,
}

/// Why a script ended early.
enum Break {
    Failed(Error),
    Refused(&'static str),
    Unwanted,
}

/// Runs `script` and sends what it says.
pub(super) fn execute(connection: &Connection, script: &str, read_only: bool, out: &Sender<Said>) {
    let outcome = if read_only {
        run_one(connection, script, out)
    } else {
        run_all(connection, script, out)
    };
    let error = match outcome {
        Ok(()) => None,
        Err(Break::Unwanted) => return,
        Err(Break::Refused(reason)) => Some(TargetError {
            code: None,
            text: format!("ERROR:  {reason}"),
        }),
        Err(Break::Failed(error)) => Some(report(&error, script)),
    };
    if let Some(error) = error {
        let _ = out.blocking_send(Said::Piece(Piece::Error(error)));
    }
    let _ = out.blocking_send(Said::End);
}

fn run_all(connection: &Connection, script: &str, out: &Sender<Said>) -> Result<(), Break> {
    let mut batch = Batch::new(connection, script);
    while let Some(mut statement) = batch.next()? {
        run(connection, &mut statement, out)?;
    }
    Ok(())
}

/// Runs the only statement of a script that may change nothing. A second
/// one could undo `PRAGMA query_only`.
fn run_one(connection: &Connection, script: &str, out: &Sender<Said>) -> Result<(), Break> {
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
    run(connection, &mut statement, out)
}

fn run(
    connection: &Connection,
    statement: &mut Statement<'_>,
    out: &Sender<Said>,
) -> Result<(), Break> {
    let verb = verb(&statement.expanded_sql().unwrap_or_default());
    let width = statement.column_count();
    if width > 0 {
        send(out, Piece::Columns(read_columns(statement)))?;
    }
    let mut gathered = RowBatch::new(width);
    let mut rows = statement.raw_query();
    let outcome = loop {
        match rows.next() {
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
            Ok(Some(row)) => {
                for column in 0..width {
                    add(&mut gathered, row.get_ref(column)?);
                }
                gathered.end_row();
            }
        }
        if gathered.len() >= BATCH_ROWS || gathered.bytes() >= BATCH_BYTES {
            let full = std::mem::replace(&mut gathered, RowBatch::new(width));
            send(out, Piece::Rows(full))?;
        }
    };
    if !gathered.is_empty() {
        send(out, Piece::Rows(gathered))?;
    }
    outcome?;
    let (tag, affected) = match verb {
        Verb::Changes(name) => {
            let changed = connection.changes();
            (format!("{name} {changed}"), Some(changed))
        }
        Verb::Other(_) if width > 0 => (String::new(), None),
        Verb::Other(name) => (name, None),
    };
    send(out, Piece::Done { tag, affected })
}

fn send(out: &Sender<Said>, piece: Piece) -> Result<(), Break> {
    out.blocking_send(Said::Piece(piece))
        .map_err(|_| Break::Unwanted)
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

fn add(batch: &mut RowBatch, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => batch.push_null(),
        ValueRef::Integer(number) => batch.push_number(number.to_string().as_bytes()),
        ValueRef::Real(number) if number.is_finite() => {
            batch.push_number(format!("{number:?}").as_bytes());
        }
        ValueRef::Real(number) if number > 0.0 => batch.push(b"Inf"),
        ValueRef::Real(_) => batch.push(b"-Inf"),
        ValueRef::Text(text) => batch.push(text),
        ValueRef::Blob(bytes) => batch.push_with(|text| crate::hex::append(bytes, text)),
    }
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
    let mut text = format!("ERROR:  {message}");
    if let Some(shown) = place.and_then(|place| point_at(script, place)) {
        text.push('\n');
        text.push_str(&shown);
    }
    TargetError {
        code: code.map(super::codes::name),
        text,
    }
}

impl From<Error> for Break {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
