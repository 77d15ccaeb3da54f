//! One run in a session: the script goes out, pieces come back.

use model::{Piece, Severity};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error};

use super::statements::{only_reads, verbs};
use super::types::describe;
use super::values::{Form, add_row};
use crate::flow::Flow;
use crate::words::Verb;

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
        follow(session, script, verbs(script), flow).await
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
    follow(session, "EXECUTE drawgate_statement", verbs(script), flow).await
}

async fn follow(
    session: &mut Conn,
    script: &str,
    mut verbs: impl Iterator<Item = Verb>,
    flow: &mut Flow<'_>,
) -> Result<(), Error> {
    let mut result = session.query_iter(script).await?;
    while let Some(columns) = result.columns() {
        let verb = verbs.next();
        if columns.is_empty() {
            let changed = result.affected_rows();
            let (tag, affected) = tag(verb, Some(changed));
            flow.done(tag, affected).await;
            result.next().await?;
            continue;
        }
        let described: Vec<_> = columns.iter().map(describe).collect();
        let forms: Vec<_> = described.iter().zip(&*columns).map(Form::of).collect();
        flow.push(Piece::Columns(described)).await;
        let mut rows = 0;
        while let Some(row) = result.next().await? {
            add_row(&row, &forms, flow.rows());
            rows += 1;
            flow.settle().await;
        }
        let (tag, affected) = match verb {
            // The rows that a changing statement returns are those changed.
            Some(Verb::Changes(_)) => tag(verb, Some(rows)),
            _ => (String::new(), None),
        };
        flow.done(tag, affected).await;
    }
    // The driver keeps an error of a later statement until it is asked.
    result.next().await?;
    let has_warnings = result.warnings() > 0;
    drop(result);
    if has_warnings {
        warn(session, flow).await?;
    }
    Ok(())
}

/// The warnings of the last statement; the server keeps no others.
async fn warn(session: &mut Conn, flow: &mut Flow<'_>) -> Result<(), Error> {
    let warnings: Vec<(String, u16, String)> = session.query("SHOW WARNINGS").await?;
    for (level, code, text) in warnings {
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

fn tag(verb: Option<Verb>, changed: Option<u64>) -> (String, Option<u64>) {
    match verb {
        Some(Verb::Changes(name)) => {
            let count = changed.unwrap_or_default();
            (format!("{name} {count}"), Some(count))
        }
        Some(Verb::Other(name)) => (name, None),
        None => ("OK".to_owned(), None),
    }
}
