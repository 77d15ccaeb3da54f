//! The straight line of one run.
//!
//! `access → record opens → guard_in → risk → review → run (masking → guard_out
//! → record) → envelope`. Each step returns a proof that only its own file can
//! make, and the next step takes it: skipping one does not compile. Masking
//! comes before the output guardrails, which therefore see what leaves.

mod access;
mod answer;
mod envelope;
mod guard_in;
mod guard_out;
mod masking;
mod places;
mod record;
mod render;
mod replayed;
mod review;
mod risk;
mod rows;
mod run;
mod runs;

use std::time::Duration;

use model::{Ask, Refusal};
use tokio::sync::oneshot;

pub(crate) use access::look_up;
pub(crate) use envelope::{Envelope, RunStatus, next_cursor, read_cursor};
pub(crate) use places::Places;
pub(crate) use render::push_escaped;
pub(crate) use replayed::replayed;
pub(crate) use runs::{Ending, Runs};

use crate::Context;

/// One request for a run.
pub(crate) struct Request {
    /// Id or name of the connection.
    pub(crate) connection: String,
    /// What to run.
    pub(crate) ask: Ask,
    /// How long to wait for its end before it is handed off.
    pub(crate) wait: Duration,
    /// Most bytes answered inline.
    pub(crate) inline_bytes: usize,
}

/// Runs a request to its end, or until the wait is over and it goes on alone.
///
/// # Errors
/// A refusal when the run never came on record; everything later is told by
/// the envelope.
pub(crate) async fn run(context: &Context, request: Request) -> Result<Envelope, Refusal> {
    let admitted = access::admit(context, &request.connection, request.ask).await?;
    let place = places::take(context)?;
    let record = record::open(context, &admitted).await?;
    let cleared = match clear(admitted) {
        Ok(cleared) => cleared,
        Err(blocked) => return record.close_blocked(blocked).await,
    };
    let run = run::Run::new(context, cleared, record, request.inline_bytes, place);
    hand_off(context, run, request.wait).await
}

/// Everything that policy says before the target is touched.
fn clear(admitted: access::Admitted) -> Result<review::Cleared, Blocked> {
    let screened = guard_in::screen(admitted)?;
    let assessed = risk::assess(screened)?;
    review::clear(assessed, review::Ticket::none())
}

/// The run is a task of its own: a caller who goes away ends the wait, not the
/// run. A cancelled call ends the run as long as somebody waited for it.
async fn hand_off(context: &Context, run: run::Run, wait: Duration) -> Result<Envelope, Refusal> {
    let running = run.as_running();
    let handle = run.handle();
    if context.call.cancel.is_cancelled() {
        handle.end(Ending::Killed);
    }
    let (answer, answered) = oneshot::channel();
    context.gate.runs.spawn(async move {
        let _ = answer.send(Box::pin(run.drive()).await);
    });
    context.call.progress.say("running");
    let mut answered = answered;
    tokio::select! {
        biased;
        envelope = &mut answered => envelope.unwrap_or_else(|_| Err(lost_run(context))),
        () = tokio::time::sleep(wait) => match handle.detach() {
            true => Ok(running),
            false => answered.await.unwrap_or_else(|_| Err(lost_run(context))),
        },
        () = context.call.cancel.cancelled() => {
            handle.end(Ending::Killed);
            answered.await.unwrap_or_else(|_| Err(lost_run(context)))
        }
    }
}

/// Why policy blocked a run, in the words of the session and the envelope.
pub(crate) struct Blocked {
    /// `guardrail_blocked`, `analyzer_blocked`, `forbidden` or `unavailable`.
    pub(crate) failure: model::Failure,
}

/// The task of a run ended without an answer, which only a panic does.
fn lost_run(context: &Context) -> Refusal {
    context.gate.internal("a run ended without an answer")
}
