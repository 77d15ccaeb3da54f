//! What came of a run, on standard output; why not, on standard error.

use serde_json::Value;

use super::pages::Pages;
use super::{envelope as waited, outcome, sheet};
use crate::answer::Answer;
use crate::api::Api;
use crate::failure::Failure;
use crate::globals::OutputFormat;
use crate::output::Output;

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
        OutputFormat::Csv => sheet::envelope(api, out, answer).await?,
        // The words of the gateway and not of the target: told below.
        OutputFormat::Text if envelope["output_status"] == "blocked" => {}
        OutputFormat::Text => {
            let output = envelope["output"].as_str().unwrap_or_default();
            out.said(output)?;
            match (
                envelope["next_cursor"].as_str(),
                envelope["session_id"].as_str(),
            ) {
                (Some(cursor), Some(session)) => content(api, out, session, Some(cursor)).await?,
                _ => finish_line(out, output)?,
            }
        }
    }
    if envelope["output_status"] == "blocked" {
        blocked(out, envelope);
    } else {
        explain(out, envelope);
    }
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
    let id = session["id"].as_str().unwrap_or_default();
    match out.format {
        OutputFormat::Json => out.line(&waited::of_session(session).to_string())?,
        OutputFormat::Csv => sheet::recording(api, out, id, None).await?,
        OutputFormat::Text => content(api, out, id, None).await?,
    }
    if out.format != OutputFormat::Json {
        explain(out, session);
    }
    Ok(outcome::of_session(session))
}

/// Prints the recording of a session from `cursor` on, in the form that is asked for.
///
/// # Errors
/// When a page cannot be had or printed.
pub(crate) async fn recording(
    api: &Api,
    out: Output,
    session: &str,
    cursor: Option<&str>,
) -> Result<(), Failure> {
    match out.format {
        OutputFormat::Json => out.line(&Pages::of(api, session, cursor).joined().await?.text),
        OutputFormat::Csv => sheet::recording(api, out, session, cursor).await,
        OutputFormat::Text => content(api, out, session, cursor).await,
    }
}

/// Prints the recorded output of a session as text, from `cursor` on.
///
/// # Errors
/// When a page cannot be had or printed.
async fn content(
    api: &Api,
    out: Output,
    session: &str,
    cursor: Option<&str>,
) -> Result<(), Failure> {
    let mut pages = Pages::of(api, session, cursor);
    let mut last = String::new();
    while let Some(page) = pages.next().await? {
        out.said(&page)?;
        if !page.is_empty() {
            last = page;
        }
    }
    if pages.is_cut {
        out.note("warning: the recording reached its limit, the end is missing");
    }
    finish_line(out, &last)
}

/// A person's prompt belongs on a line of its own; a pipe gets the bytes only.
fn finish_line(out: Output, printed: &str) -> Result<(), Failure> {
    let is_open = !printed.is_empty() && !printed.ends_with('\n');
    if is_open && out.is_terminal() {
        out.raw("\n")
    } else {
        Ok(())
    }
}

/// Tells what policy says about a run that it blocked.
fn blocked(out: Output, envelope: &Value) {
    let message = envelope["failure"]["message"]
        .as_str()
        .unwrap_or("blocked by policy");
    out.note(&format!("error: {message}"));
    let output = envelope["output"].as_str().unwrap_or_default().trim_end();
    if !output.is_empty() && output != message {
        out.note(output);
    }
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
