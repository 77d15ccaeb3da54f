//! What came of a run, on standard output; why not, on standard error.

use serde_json::Value;

use super::{LONGEST_PAGE, outcome};
use crate::answer::Answer;
use crate::api::Api;
use crate::csv;
use crate::failure::Failure;
use crate::globals::OutputFormat;
use crate::output::Output;
use crate::request::Request;

/// Prints an envelope of `exec` that needs no more waiting.
///
/// # Errors
/// When the rest of the output cannot be had or printed.
pub(crate) async fn envelope(api: &Api, out: Output, answer: &Answer) -> Result<i32, Failure> {
    let envelope = &answer.value;
    match out.format {
        OutputFormat::Json => {
            out.line(&answer.text)?;
            return Ok(outcome::of_envelope(envelope));
        }
        OutputFormat::Csv if is_rows(envelope) => rows(out, envelope)?,
        OutputFormat::Csv | OutputFormat::Text => {
            let output = envelope["output"].as_str().unwrap_or_default();
            let rest = envelope["next_cursor"].as_str();
            let ended = printed(out, output)?;
            match (rest, envelope["session_id"].as_str()) {
                (Some(cursor), Some(session)) => {
                    content(api, out, session, Some(cursor.to_owned())).await?;
                }
                _ => finish_line(out, ended)?,
            }
        }
    }
    explain(out, envelope);
    Ok(outcome::of_envelope(envelope))
}

/// Prints the session of a run that goes on.
///
/// # Errors
/// When standard output cannot be written.
pub(crate) fn started(out: Output, answer: &Answer) -> Result<i32, Failure> {
    match out.format {
        OutputFormat::Json => out.line(&answer.text)?,
        OutputFormat::Csv | OutputFormat::Text => {
            let session = answer.value["session_id"].as_str().unwrap_or_default();
            out.line(session)?;
            out.note(&format!("hint: drawgate sessions wait {session}"));
        }
    }
    Ok(0)
}

/// Prints what an ended session has said.
///
/// # Errors
/// When its output cannot be had or printed.
pub(crate) async fn session(api: &Api, out: Output, answer: &Answer) -> Result<i32, Failure> {
    let session = &answer.value;
    if out.format == OutputFormat::Json {
        out.line(&answer.text)?;
        return Ok(outcome::of_session(session));
    }
    if out.format == OutputFormat::Csv {
        out.note("warning: the run took too long for CSV, this is its recording");
    }
    content(api, out, session["id"].as_str().unwrap_or_default(), None).await?;
    explain(out, session);
    Ok(outcome::of_session(session))
}

/// Prints the recorded output of a session page by page, from `cursor` on.
///
/// # Errors
/// When a page cannot be had or printed.
pub(crate) async fn content(
    api: &Api,
    out: Output,
    session: &str,
    mut cursor: Option<String>,
) -> Result<(), Failure> {
    let mut ended = true;
    loop {
        let request = Request::get(&["sessions", session, "content"])
            .query("include_input", Some(false))
            .query("max_output_bytes", Some(LONGEST_PAGE))
            .query("cursor", cursor.take());
        let page = api.send(request).await?;
        if let Some(output) = page.value["output"]
            .as_str()
            .filter(|output| !output.is_empty())
        {
            ended = printed(out, output)?;
        }
        cursor = page.value["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            if page.value["truncated"] == true {
                out.note("warning: the recording reached its limit, the end is missing");
            }
            return finish_line(out, ended);
        }
    }
}

/// Prints output as it is; whether it ended its last line.
fn printed(out: Output, output: &str) -> Result<bool, Failure> {
    out.raw(output)?;
    Ok(output.is_empty() || output.ends_with('\n'))
}

/// A person's prompt belongs on a line of its own; a pipe gets the bytes only.
fn finish_line(out: Output, ended: bool) -> Result<(), Failure> {
    if !ended && out.is_terminal() {
        out.raw("\n")
    } else {
        Ok(())
    }
}

fn is_rows(envelope: &Value) -> bool {
    envelope["rows"].is_array() || envelope["result_sets"].is_array()
}

/// Every result set as CSV, an empty line between two.
fn rows(out: Output, envelope: &Value) -> Result<(), Failure> {
    match envelope["result_sets"]
        .as_array()
        .filter(|sets| !sets.is_empty())
    {
        Some(sets) => {
            let sets: Vec<String> = sets
                .iter()
                .map(|set| csv::rows(&set["columns"], &set["rows"]))
                .collect();
            out.raw(&sets.join("\n"))?;
        }
        None => out.raw(&csv::rows(&envelope["columns"], &envelope["rows"]))?,
    }
    if envelope["truncated"] == true {
        return Err(Failure::Local(format!(
            "the answer is longer than {LONGEST_PAGE} bytes, rows are missing"
        )));
    }
    Ok(())
}

/// Tells why a run did not succeed or what it waits for.
fn explain(out: Output, ended: &Value) {
    if let Some(message) = ended["failure"]["message"].as_str() {
        out.note(&format!("error: {message}"));
    }
    if ended["status"] == "pending_approval" || ended["status"] == "oauth_required" {
        for key in ["message", "review_url", "consent_url", "error_message"] {
            if let Some(text) = ended[key].as_str() {
                out.note(text);
            }
        }
        if let Some(next) = ended["next_step"].as_str() {
            out.note(&format!("hint: {next}"));
        }
    }
    if ended["outcome"] == "killed" {
        out.note("the run was killed");
    }
}
