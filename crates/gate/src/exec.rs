//! The straight line of one run.
//!
//! `access → record opens → lineage → guard_in → risk → review → run (masking → guard_out
//! → record) → envelope`. Each step returns a proof that only its own file can
//! make, and the next step takes it: skipping one does not compile. Masking
//! comes before the output guardrails, which therefore see what leaves.

mod access;
mod answer;
mod envelope;
mod guard_in;
mod guard_out;
mod lineage;
mod masking;
mod places;
mod preview;
mod record;
mod render;
mod replayed;
mod review;
mod risk;
mod rows;
mod run;
mod runs;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use model::{Ask, Code, Connection, Failure, Hit, Refusal};

pub(crate) use access::look_up;
pub(crate) use envelope::{Envelope, RunStatus, next_cursor, read_cursor};
pub(crate) use guard_out::Guards;
pub(crate) use masking::{Counts, Masks};
pub(crate) use places::Places;
pub(crate) use preview::{Preview, preview};
pub(crate) use render::push_escaped;
pub(crate) use replayed::replayed;
pub(crate) use runs::{Ending, Runs};

use self::lineage::Lineage;
use self::runs::Attended;
use crate::policies::Policy;
use crate::{Context, Gate};

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
    let traced = lineage::trace(context, admitted).await;
    let cleared = match clear(traced) {
        Ok(cleared) => cleared,
        Err(blocked) => return record.close_blocked(blocked).await,
    };
    let run = run::Run::new(context, cleared, record, request.inline_bytes, place);
    hand_off(context, run, request.wait).await
}

/// Everything that policy says before the target is touched.
fn clear(traced: lineage::Traced) -> Result<review::Cleared, Blocked> {
    let screened = guard_in::screen(traced)?;
    let assessed = risk::assess(screened)?;
    review::clear(assessed, review::Ticket::none())
}

/// The run belongs to its caller as long as one waits. A caller who goes away
/// ends the wait, not the run; a cancelled call ends the run.
async fn hand_off(context: &Context, run: run::Run, wait: Duration) -> Result<Envelope, Refusal> {
    let running = run.as_running();
    let handle = run.handle();
    let gate = &context.gate;
    let mut run = Attended::new(&gate.runs, drive(Arc::clone(gate), run));
    context.call.progress.say("running");
    // What ends the wait is polled before the run: a call that was cancelled
    // before does not begin, and a run that always has more to do would leave
    // the others no budget of the task.
    tokio::select! {
        biased;
        () = context.call.cancel.cancelled() => {
            handle.end(Ending::Killed);
            run.await
        }
        () = tokio::time::sleep(wait) => match handle.detach() {
            true => Ok(running),
            false => run.await,
        },
        envelope = &mut run => envelope,
    }
}

/// Drives a run to its end. A panic in it ends this run only: its record is
/// closed when it is dropped.
async fn drive(gate: Arc<Gate>, run: run::Run) -> Result<Envelope, Refusal> {
    let driven = AssertUnwindSafe(run.drive()).catch_unwind().await;
    driven.unwrap_or_else(|_| Err(gate.internal("a run panicked")))
}

/// What is decided about, on its way from step to step.
pub(crate) struct Case {
    connection: Arc<Connection>,
    ask: Ask,
    /// The rules that reach the connection.
    policy: Arc<Policy>,
    /// Where the columns of its answers come from, where something is masked.
    lineage: Option<Lineage>,
    /// The guardrails that matched so far and let it pass.
    hits: Vec<Hit>,
}

/// Why policy blocked a run, in the words of the session and the envelope.
pub(crate) struct Blocked {
    /// `guardrail_blocked`, `analyzer_blocked`, `forbidden` or `unavailable`.
    failure: Failure,
    /// The guardrails that matched.
    hits: Vec<Hit>,
}

impl Blocked {
    /// Blocked by something else than a guardrail.
    const fn of(failure: Failure) -> Self {
        Self::by(failure, Vec::new())
    }

    /// Blocked by guardrails.
    const fn by(failure: Failure, hits: Vec<Hit>) -> Self {
        Self { failure, hits }
    }

    /// Blocked because a control cannot do its work.
    fn unavailable(message: &str) -> Self {
        Self::of(Failure::new(Code::Unavailable, message))
    }
}
