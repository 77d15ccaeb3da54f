//! One run in a session: the script goes out, pieces come back.

use std::io;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use model::{Column, ColumnSource, Piece, Severity, ValueKind};
use postgres_protocol::message::backend::{DataRowBody, Message, RowDescriptionBody};
use postgres_protocol::message::frontend;

use super::names::NamesOf;
use super::prepared::execute;
use super::report::Report;
use super::session::Session;
use super::trace::leaves_none;
use super::types::describe;
use crate::Job;
use crate::flow::Flow;

/// Makes a session read only: its open transaction, and those after it.
const READ_ONLY: [&str; 2] = [
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "BEGIN TRANSACTION READ ONLY",
];
/// There is no such statement: `invalid_sql_statement_name` in the appendix
/// "PostgreSQL Error Codes" of its documentation, as the next two.
const LOST: &str = "26000";
/// There is one of this name: `duplicate_prepared_statement`.
const TAKEN: &str = "42P05";
/// Its result has other columns now: `feature_not_supported`.
const CHANGED: &str = "0A000";

/// Runs the script of `job` to its end. Everything that the server says goes
/// into `flow`.
///
/// # Errors
/// When the session broke.
pub(super) async fn talk(
    session: &mut Session,
    names: &NamesOf<'_>,
    job: &Job<'_>,
    flow: &mut Flow<'_>,
) -> io::Result<()> {
    let (script, read_only) = (job.input, job.read_only);
    let mut first = send(session, script, read_only).await?;
    let mut width = None;
    let mut changes = false;
    let mut copies = false;
    loop {
        let message = match first.take() {
            Some(message) => message,
            None => flow.next(session.receive()).await?,
        };
        match message {
            Message::DataRow(row) => {
                add_row(&row, width, flow)?;
                flow.settle().await;
            }
            Message::RowDescription(body) => {
                let mut unknown = Vec::new();
                let mut columns = read_columns(&body, &mut unknown)?;
                width = Some(columns.len());
                if !unknown.is_empty() {
                    // Rare and big: kept out of the future of every run.
                    Box::pin(names.tell(&mut columns, &unknown)).await;
                }
                flow.push(Piece::Columns(columns)).await;
            }
            Message::CommandComplete(body) => {
                let tag = body.tag()?;
                changes |= tag.starts_with("ALTER ") || tag.starts_with("DROP ");
                let affected = affected(tag).filter(|_| !std::mem::take(&mut copies));
                complete(tag, affected, width.take().is_some(), flow).await;
            }
            Message::ErrorResponse(body) => {
                width = None;
                session.prepared.forget(script);
                let report = Report::read(body.fields());
                let text = report.error_text(script);
                flow.error(report.code, text).await;
            }
            Message::NoticeResponse(body) => {
                let report = Report::read(body.fields());
                let severity = if report.is_warning() {
                    Severity::Warning
                } else {
                    Severity::Notice
                };
                flow.notice(severity, report.notice_text()).await;
            }
            Message::CopyOutResponse(_) => copies = true,
            Message::CopyData(body) => flow.copy(body.data()).await,
            Message::CopyInResponse(_) => refuse_copy(session, read_only).await?,
            Message::ReadyForQuery(_) => {
                if changes {
                    names.forget();
                }
                flow.flush().await;
                return Ok(());
            }
            _ => {}
        }
    }
}

/// Sends the script. Gives back the first message of the answer where it had to
/// be waited for.
async fn send(session: &mut Session, script: &str, read_only: bool) -> io::Result<Option<Message>> {
    let mut messages = BytesMut::with_capacity(script.len() + 64);
    session.is_spotless = !read_only && leaves_none(script);
    if session.is_spotless && session.status == b'I' {
        let process = session.key.process;
        let is_prepared = session.prepared.run(script, process, &mut messages)?;
        session.send(&messages).await?;
        return match is_prepared {
            true => first_answer(session, script).await,
            false => Ok(None),
        };
    }
    session.prepared.close(&mut messages)?;
    if read_only {
        session.order(&READ_ONLY).await?;
        // A server refuses more than one statement there, so nothing can leave
        // the read-only transaction.
        frontend::parse("", script, [], &mut messages)?;
        execute("", &mut messages)?;
    } else {
        frontend::query(script, &mut messages)?;
    }
    session.send(&messages).await?;
    Ok(None)
}

/// The first message of the answer of a prepared statement. When the server does
/// not have the statement as it was, nothing ran, and the script is sent itself.
async fn first_answer(session: &mut Session, script: &str) -> io::Result<Option<Message>> {
    let refused = loop {
        match session.receive().await? {
            Message::ParseComplete | Message::BindComplete | Message::CloseComplete => {}
            Message::ErrorResponse(body) => break body,
            message => return Ok(Some(message)),
        }
    };
    match Report::read(refused.fields()).code.as_deref() {
        Some(LOST | TAKEN) => session.prepared.give_up(),
        Some(CHANGED) => session.prepared.forget(script),
        _ => return Ok(Some(Message::ErrorResponse(refused))),
    }
    while !matches!(session.receive().await?, Message::ReadyForQuery(_)) {}
    if session.status != b'I' {
        return Err(io::Error::other("a transaction began by itself"));
    }
    let mut message = BytesMut::new();
    frontend::query(script, &mut message)?;
    session.send(&message).await?;
    Ok(None)
}

/// There is no input to copy from.
async fn refuse_copy(session: &mut Session, read_only: bool) -> io::Result<()> {
    let mut message = BytesMut::new();
    frontend::copy_fail("COPY FROM STDIN has no input here", &mut message)?;
    if read_only {
        // The server ignored the Sync sent before; whether it answers one or
        // both, the session is not used again.
        session.is_broken = true;
        frontend::sync(&mut message);
    }
    session.send(&message).await
}

fn add_row(row: &DataRowBody, width: Option<usize>, flow: &mut Flow<'_>) -> io::Result<()> {
    let buffer = row.buffer();
    let batch = flow.rows();
    let mut ranges = row.ranges();
    let mut cells = 0;
    let misfit = || io::Error::new(io::ErrorKind::InvalidData, "a row does not fit its header");
    while let Some(range) = ranges.next()? {
        cells += 1;
        if Some(cells) > width {
            return Err(misfit());
        }
        match range {
            Some(range) => batch.push(&buffer[range]),
            None => batch.push_null(),
        }
    }
    if Some(cells) != width {
        return Err(misfit());
    }
    batch.end_row();
    Ok(())
}

/// The columns; the index and object id of each type that is not built in go
/// into `unknown`.
fn read_columns(
    body: &RowDescriptionBody,
    unknown: &mut Vec<(usize, u32)>,
) -> io::Result<Vec<Column>> {
    let columns = body.fields().enumerate().map(|(at, field)| {
        let oid = field.type_oid();
        let (type_name, kind) = match describe(oid) {
            Some((name, kind)) => (name.to_owned(), kind),
            None => {
                unknown.push((at, oid));
                (format!("oid:{oid}"), ValueKind::Text)
            }
        };
        Ok(Column {
            name: field.name().to_owned(),
            type_name,
            kind,
            source: (field.table_oid() != 0).then(|| ColumnSource::Attribute {
                table: field.table_oid(),
                column: field.column_id(),
            }),
        })
    });
    columns.collect()
}

/// The end of a statement; the tag of a mere result set says nothing new.
async fn complete(tag: &str, affected: Option<u64>, had_rows: bool, flow: &mut Flow<'_>) {
    let tag = if had_rows && affected.is_none() {
        ""
    } else {
        tag
    };
    flow.done(tag, affected).await;
}

/// Rows changed, as the tags of changing commands tell: "CommandComplete" in
/// the chapter "Message Formats" of the PostgreSQL documentation.
fn affected(tag: &str) -> Option<u64> {
    let command = tag.split(' ').next()?;
    if !matches!(command, "INSERT" | "UPDATE" | "DELETE" | "MERGE" | "COPY") {
        return None;
    }
    tag.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::affected;

    #[test]
    fn changed_rows_are_read_from_tags() {
        assert_eq!(affected("INSERT 0 3"), Some(3));
        assert_eq!(affected("UPDATE 2"), Some(2));
        assert_eq!(affected("COPY 7"), Some(7));
        assert_eq!(affected("SELECT 5"), None);
        assert_eq!(affected("CREATE TABLE"), None);
    }
}
