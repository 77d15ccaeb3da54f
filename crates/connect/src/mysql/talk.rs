//! One run in a session: the script goes out, pieces come back.

use model::{Piece, Severity};
use mysql_async::consts::StatusFlags;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error, Row, Value};

use super::statements::{only_reads, verbs};
use super::types::describe;
use super::values::{Form, add_row};
use crate::flow::Flow;
use crate::words::Verb;

/// Most warnings that are told.
const MOST_WARNINGS: usize = 1000;
/// Told when the script began a transaction and did not end it.
const LEFT_OPEN: &str = "WARNING:  the transaction that the script left open is rolled back";

/// Runs `script` to its end. Everything that the server says goes into `flow`.
///
/// # Errors
/// When the session broke.
pub(super) async fn talk(
    session: &mut Conn,
    script: &str,
    read_only: bool,
    flow: &mut Flow<'_>,
) -> Result<(), Error> {
    let outcome = if read_only {
        read(session, script, flow).await
    } else {
        follow(session, script, verbs(script), true, flow).await
    };
    match outcome {
        Err(Error::Server(error)) => {
            flow.error(Some(error.state.clone()), error.to_string())
                .await;
            Ok(())
        }
        Err(error) => Err(error),
        Ok(()) => {
            flow.flush().await;
            Ok(())
        }
    }
}

/// Runs one reading statement in a read-only transaction. `PREPARE` takes
/// one statement, so nothing can leave the transaction.
async fn read(session: &mut Conn, script: &str, flow: &mut Flow<'_>) -> Result<(), Error> {
    if !only_reads(script) {
        let text = "ERROR:  a read-only run takes one statement that reads".to_owned();
        flow.error(None, text).await;
        return Ok(());
    }
    let digits: String = script.bytes().map(|byte| format!("{byte:02x}")).collect();
    for statement in [
        "SET SESSION TRANSACTION READ ONLY".to_owned(),
        format!("SET @drawgate_statement = _utf8mb4 X'{digits}'"),
        "START TRANSACTION READ ONLY".to_owned(),
        "PREPARE drawgate_statement FROM @drawgate_statement".to_owned(),
    ] {
        session.query_drop(statement).await?;
    }
    let execute = "EXECUTE drawgate_statement";
    follow(session, execute, verbs(script), false, flow).await
}

async fn follow(
    session: &mut Conn,
    script: &str,
    mut verbs: impl Iterator<Item = Verb>,
    tells_open: bool,
    flow: &mut Flow<'_>,
) -> Result<(), Error> {
    let mut result = session.query_iter(script).await?;
    let mut warned = 0;
    while let Some(columns) = result.columns() {
        // The server keeps the warnings of the last statement alone.
        count(warned, flow).await;
        let verb = verbs.next();
        if columns.is_empty() {
            let changed = result.affected_rows();
            let (tag, affected) = tag(verb, changed);
            flow.done(tag, affected).await;
            warned = result.warnings();
            result.next().await?;
            continue;
        }
        let described: Vec<_> = columns.iter().map(describe).collect();
        let forms: Vec<_> = described.iter().zip(&*columns).map(Form::of).collect();
        flow.push(Piece::Columns(described)).await;
        let mut rows = 0;
        while let Some(row) = flow.next(result.next()).await? {
            add_row(&row, &forms, flow.rows());
            rows += 1;
            flow.settle().await;
        }
        let (tag, affected) = match verb {
            // The rows that a changing statement returns are those changed.
            Some(Verb::Changes(_)) => tag(verb, rows),
            _ => (String::new(), None),
        };
        flow.done(tag, affected).await;
        // At the end of its rows the driver has read on to the next result. One
        // without columns hides the number that came with the rows.
        let is_hidden = result.columns().is_some_and(|next| next.is_empty());
        warned = if is_hidden { 0 } else { result.warnings() };
    }
    // The driver keeps an error of a later statement until it is asked.
    result.next().await?;
    drop(result);
    let is_open = session.last_ok_packet().is_some_and(|answer| {
        let open = StatusFlags::SERVER_STATUS_IN_TRANS;
        answer.status_flags().contains(open)
    });
    if warned > 0 {
        warn(session, flow).await?;
    }
    if is_open && tells_open {
        flow.notice(Severity::Warning, LEFT_OPEN.to_owned()).await;
    }
    Ok(())
}

/// Tells that an earlier statement gave warnings.
async fn count(warned: u16, flow: &mut Flow<'_>) {
    if warned > 0 {
        let text = format!("Warnings: {warned}");
        flow.notice(Severity::Warning, text).await;
    }
}

/// The warnings of the last statement. They may hold whatever the statement
/// was given, in any encoding.
async fn warn(session: &mut Conn, flow: &mut Flow<'_>) -> Result<(), Error> {
    let show = format!("SHOW WARNINGS LIMIT {MOST_WARNINGS}");
    let warnings: Vec<Row> = session.query(show).await?;
    for warning in warnings {
        let cell = |at| match warning.as_ref(at) {
            Some(Value::Bytes(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
            Some(Value::NULL) | None => String::new(),
            Some(other) => other.as_sql(true),
        };
        let (level, code, text) = (cell(0), cell(1), cell(2));
        let severity = if level == "Note" {
            Severity::Notice
        } else {
            Severity::Warning
        };
        let text = format!("{level} (Code {code}): {text}");
        flow.notice(severity, text).await;
    }
    Ok(())
}

fn tag(verb: Option<Verb>, changed: u64) -> (String, Option<u64>) {
    match verb {
        Some(Verb::Changes(name)) => (format!("{name} {changed}"), Some(changed)),
        Some(Verb::Other(name)) => (name, None),
        // What ran is not known, what it changed is.
        None => ("OK".to_owned(), (changed > 0).then_some(changed)),
    }
}
