//! Waits for a run, and stops it on Ctrl-C.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use serde_json::Value;

use super::{LONGEST_PAGE, LONGEST_WAIT, Trace};
use crate::answer::Answer;
use crate::api::Api;
use crate::failure::Failure;
use crate::globals::OutputFormat;
use crate::output::Output;
use crate::request::Request;

/// How long the same Ctrl-C may arrive again.
const ECHO: Duration = Duration::from_millis(500);

/// A run that is waited for.
pub(crate) struct Watch<'a> {
    api: &'a Api,
    out: Output,
    trace: Trace,
    session: Option<String>,
    is_stopping: bool,
}

impl<'a> Watch<'a> {
    /// Watches the run of `trace`.
    pub(crate) fn new(api: &'a Api, out: Output, trace: Trace) -> Self {
        Self {
            api,
            out,
            trace,
            session: None,
            is_stopping: false,
        }
    }

    /// Waits for the end of the session that `first` names.
    ///
    /// # Errors
    /// When the gateway refuses or is not reached, or on the second Ctrl-C.
    pub(crate) async fn follow(&mut self, first: &Answer) -> Result<Answer, Failure> {
        let id = first.value["session_id"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        self.session = Some(id.clone());
        loop {
            let api = self.api;
            let request = Request::post(&["sessions", &id, "wait"])
                .field("timeout_seconds", Some(LONGEST_WAIT))
                .field(
                    "include_output",
                    (self.out.format == OutputFormat::Json).then_some(true),
                )
                .field(
                    "max_output_bytes",
                    (self.out.format == OutputFormat::Json).then_some(LONGEST_PAGE),
                );
            let session = self.answer(api.send(request)).await?;
            if session.value["timed_out"] != true {
                return Ok(session);
            }
        }
    }

    /// The answer; meanwhile the first Ctrl-C stops the run and the second leaves.
    ///
    /// # Errors
    /// Of the answer, or the second Ctrl-C.
    pub(crate) async fn answer<F>(&mut self, answer: F) -> Result<Answer, Failure>
    where
        F: Future<Output = Result<Answer, Failure>>,
    {
        let mut answer = pin!(answer);
        loop {
            tokio::select! {
                answer = &mut answer => return answer,
                signal = tokio::signal::ctrl_c() => {
                    signal.map_err(|error| Failure::Local(error.to_string()))?;
                    if std::mem::replace(&mut self.is_stopping, true) {
                        return Err(Failure::Interrupted);
                    }
                    self.stop().await?;
                }
            }
        }
    }

    /// Asks the gateway to kill the run.
    async fn stop(&self) -> Result<(), Failure> {
        self.out
            .note("stopping the run; Ctrl-C again leaves it alone");
        tokio::select! {
            killed = self.kill() => match killed {
                Ok(()) => Ok(()),
                Err(failure) => {
                    self.out.note(&format!("the run could not be stopped: {failure}"));
                    Ok(())
                }
            },
            () = second_interrupt() => Err(Failure::Interrupted),
        }
    }

    async fn kill(&self) -> Result<(), Failure> {
        let session = match &self.session {
            Some(session) => session.clone(),
            None => self.find().await?,
        };
        let request = Request::post(&["sessions", &session, "kill"])
            .field("reason", Some("interrupted at the command line"));
        self.api.send(request).await.map(drop)
    }

    /// The session of this run among one's open ones.
    async fn find(&self) -> Result<String, Failure> {
        let request = Request::get(&["sessions"])
            .query("status", Some("open"))
            .query("origin", Some("cli"))
            .query("limit", Some(100));
        let sessions = self.api.send(request).await?;
        named(&sessions.value, self.trace.id())
            .ok_or_else(|| Failure::Local("the gateway has not begun it".to_owned()))
    }
}

/// Another Ctrl-C. One that follows at once is the same one, told twice: to the
/// process and to its group.
async fn second_interrupt() {
    tokio::time::sleep(ECHO).await;
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn named(sessions: &Value, trace: &str) -> Option<String> {
    let mut sessions = sessions["items"].as_array()?.iter();
    let is_own = |kept: &str| kept.contains(trace);
    let own = sessions.find(|session| session["correlation_id"].as_str().is_some_and(is_own))?;
    own["id"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_own_session_is_found() {
        let sessions = json!({"items": [
            {"id": "1", "correlation_id": null},
            {"id": "2", "correlation_id": "00-t-p-01"},
        ]});
        assert_eq!(named(&sessions, "t").as_deref(), Some("2"));
        assert_eq!(named(&sessions, "u"), None);
    }
}
