//! The run at the target: everything that comes back passes masking and the
//! output guardrails before it is recorded and answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use connect::{BoxFuture, Fault, Halt, Job, Sink, Stage, Target};
use model::{
    Code, ConnectionType, Failure, Finish, Format, Id as _, OutputStatus, Piece, Refusal,
    SessionOutcome,
};
use policy::OutputBlocked;
use store::Recorder;

use super::answer::{Answer, Collected};
use super::envelope::{Envelope, RunStatus, next_cursor};
use super::guard_in;
use super::guard_out::{GuardOut, Inspected};
use super::lineage::Lineage;
use super::masking::{self, Masked, Masking};
use super::places::Place;
use super::record::{End, Record};
use super::render::TextRender;
use super::review::Cleared;
use super::runs::{Ending, Handle};
use crate::Context;

/// What a target said. It has no `Debug`, `Display`, `Serialize` or `Clone`,
/// and only masking can open it.
pub(super) struct Raw(Piece);

impl Raw {
    /// Hands the piece to masking, who alone holds the key.
    pub(super) fn into_piece(self, _key: &masking::Key) -> Piece {
        self.0
    }
}

/// How long a run is left alone before its output is flushed and its session
/// is watched for a kill from elsewhere; then again after the same time.
const TICK: Duration = Duration::from_secs(1);

/// A cleared ask, ready for its target.
pub(crate) struct Run {
    cleared: Cleared,
    record: Record,
    inline_bytes: usize,
    recording_limit: u64,
    /// Held until the run ends.
    place: Place,
}

impl Run {
    /// Takes a cleared ask and its open record.
    pub(super) fn new(
        context: &Context,
        cleared: Cleared,
        record: Record,
        inline_bytes: usize,
        place: Place,
    ) -> Self {
        let recording_limit = context.max_recording_bytes();
        Self {
            cleared,
            record,
            inline_bytes,
            recording_limit,
            place,
        }
    }

    /// Reaches the run from outside its task.
    pub(super) fn handle(&self) -> Arc<Handle> {
        Arc::clone(self.record.handle())
    }

    /// The envelope for a caller who stops waiting.
    pub(super) fn as_running(&self) -> Envelope {
        Envelope::running(self.record.id(), self.record.connection_name())
    }

    /// Runs to the end, through masking and record.
    ///
    /// # Errors
    /// `unavailable` when the record cannot be kept: then nothing is answered.
    pub(super) async fn drive(self) -> Result<Envelope, Refusal> {
        let Self {
            cleared,
            mut record,
            inline_bytes,
            recording_limit,
            place: _place,
        } = self;
        let connection = cleared.connection();
        record.note(cleared.hits());
        let Some(guardrails) = cleared.policy().guardrails() else {
            return record.close_blocked(guard_in::unusable()).await;
        };
        let masking = match Masking::plan(cleared.policy(), cleared.lineage()) {
            Ok(masking) => masking,
            Err(blocked) => return record.close_blocked(blocked).await,
        };
        let _enlisted = record
            .gate()
            .runs
            .enlist(record.id(), Arc::clone(record.handle()));
        let target = match record.gate().targets.of(record.store(), connection).await {
            Ok(target) => target,
            Err(fault) => return never_reached(record, &fault).await,
        };
        if record.handle().stop().is_cancelled() {
            return never_reached(record, &ended_before()).await;
        }
        let recorder = record.recorder(recording_limit);
        let mut outlet = Outlet {
            masking,
            guard_out: GuardOut::new(guardrails),
            render: TextRender::default(),
            answer: Answer::new(
                cleared.ask().format,
                inline_bytes,
                connection.kind == ConnectionType::Database,
            ),
            recorder: recorder.clone(),
            began: record.began(),
            rendered: String::new(),
            limit: connection.limits.output_bytes,
            halted: None,
        };
        let ran = attend(&cleared, &record, &*target, &mut outlet).await;
        if cleared.lineage().is_some_and(Lineage::changes_tables) {
            let (databases, name) = (&record.gate().databases, cleared.ask().database.as_deref());
            databases.forget(connection, name).await;
        }
        match ran {
            Err(fault) => never_reached(record, &fault).await,
            Ok(finish) => ended(&cleared, record, outlet, finish).await,
        }
    }
}

/// Runs the job and looks after it: time limit, kill, fresh recording.
async fn attend(
    cleared: &Cleared,
    record: &Record,
    target: &dyn Target,
    outlet: &mut Outlet<'_>,
) -> Result<Finish, Fault> {
    let (ask, handle) = (cleared.ask(), record.handle());
    let timeout = Duration::from_secs(u64::from(cleared.connection().limits.timeout_seconds));
    let recorder = outlet.recorder.clone();
    let job = Job {
        input: &ask.input,
        args: &ask.args,
        env: &ask.env,
        database: ask.database.as_deref(),
        read_only: ask.read_only || cleared.connection().read_only,
        timeout,
        stop: handle.stop().clone(),
    };
    let mut running = target.run(job, outlet);
    match tokio::time::timeout(TICK.min(timeout), &mut running).await {
        Ok(finished) => return finished,
        Err(_elapsed) => keep_fresh(record, &recorder).await,
    }
    let mut watch = record.gate().store.bus().watch(record.id().uuid());
    // A kill may have been asked for before the watch began.
    heed_kill(record).await;
    let mut ticks = tokio::time::interval(TICK);
    let over = tokio::time::sleep(timeout.saturating_sub(TICK));
    tokio::pin!(over);
    let mut timed = true;
    loop {
        tokio::select! {
            finished = &mut running => return finished,
            _ = ticks.tick() => keep_fresh(record, &recorder).await,
            () = &mut over, if timed => {
                timed = false;
                handle.end(Ending::Timeout);
            }
            () = watch.changed() => heed_kill(record).await,
        }
    }
}

/// Ends the run when its kill was asked for, here or elsewhere.
async fn heed_kill(record: &Record) {
    if let Ok(Some(cancel)) = record.store().cancel_requested(record.id()).await {
        record.handle().explain(cancel.reason.as_deref());
        record.handle().end(Ending::Killed);
    }
}

/// Writes what is pending, so that a reader sees output at most a second old.
/// What could not be written is not lost: the recorder keeps it for the next
/// write. Nothing is waited for: the run stands still meanwhile, and may itself
/// be what is waited for.
async fn keep_fresh(record: &Record, recorder: &Recorder) {
    if let Err(error) = recorder.flush_if_idle().await {
        tracing::warn!(session_id = %record.id(), %error, "the recording could not be written yet");
    }
}

/// The fault of a run that was ended before its target was touched.
fn ended_before() -> Fault {
    Fault {
        stage: Stage::Agent,
        code: Code::Unavailable,
        message: "the run was ended before it began".to_owned(),
    }
}

/// The target was never reached.
async fn never_reached(record: Record, fault: &Fault) -> Result<Envelope, Refusal> {
    let failure = explained(
        Failure::new(fault.code, fault.message.clone()),
        record.handle(),
    );
    let mut envelope = record.ended_envelope(&failure.message, OutputStatus::Failed);
    envelope.failure = Some(failure.clone());
    let (failure, outcome) = match record.handle().ending() {
        None | Some(Ending::Timeout) => (failure, SessionOutcome::Failed),
        Some(Ending::Killed) => (failure, SessionOutcome::Killed),
        Some(Ending::Interrupted) => (failure, SessionOutcome::Interrupted),
    };
    let finish = Finish {
        exit_code: Finish::NEVER_RAN,
        failure: Some(failure),
    };
    let masking = model::Masking::default();
    record
        .close(
            End {
                finish,
                outcome,
                output_bytes: 0,
                truncated: false,
                masking,
            },
            None,
        )
        .await?;
    Ok(envelope)
}

/// A failure with why the run was killed, in the words of who did.
fn explained(mut failure: Failure, handle: &Handle) -> Failure {
    if let Some(reason) = handle.reason() {
        failure.message = format!("{}: {reason}", failure.message);
    }
    failure
}

/// The target was reached and the run is over.
async fn ended(
    cleared: &Cleared,
    mut record: Record,
    mut outlet: Outlet<'_>,
    finish: Finish,
) -> Result<Envelope, Refusal> {
    outlet.finish();
    record.note(&outlet.guard_out.hits());
    let (mut finish, outcome) = judge(finish, outlet.halted.take(), record.handle().ending());
    finish.failure = finish
        .failure
        .map(|failure| explained(failure, record.handle()));
    let gate = Arc::clone(record.gate());
    let tail = match outlet.recorder.finish().await {
        Ok(tail) => tail,
        Err(error) => return Err(gate.refuse(error)),
    };
    let collected = outlet.answer.finish();
    let masking = outlet.masking.figures();
    let end = End {
        finish: finish.clone(),
        outcome,
        output_bytes: collected.total,
        truncated: outlet.recorder.truncated(),
        masking: masking.clone(),
    };
    let guardrails = record.guardrails();
    if let (SessionOutcome::Blocked, Some(failure)) = (outcome, &finish.failure) {
        let mut envelope = record.ended_envelope(&failure.message, OutputStatus::Blocked);
        envelope.exit_code = Some(finish.exit_code);
        envelope.masking = Some(masking);
        envelope.failure = finish.failure;
        record.close(end, Some(tail)).await?;
        return Ok(envelope);
    }
    let status = match outcome {
        SessionOutcome::Success => (RunStatus::Completed, OutputStatus::Success),
        _ => (RunStatus::Failed, OutputStatus::Failed),
    };
    let mut envelope = Envelope {
        output_status: Some(status.1),
        guardrails,
        execution_time_ms: Some(record.elapsed_ms()),
        exit_code: Some(finish.exit_code),
        has_review: Some(cleared.reviewed()),
        masking: Some(masking),
        failure: finish.failure,
        ..Envelope::head(status.0, record.id(), record.connection_name())
    };
    fill_output(&mut envelope, cleared.ask().format, collected);
    record.close(end, Some(tail)).await?;
    Ok(envelope)
}

fn fill_output(envelope: &mut Envelope, format: Format, collected: Collected) {
    let Collected {
        text,
        mut sets,
        total,
        cut,
        row_count,
        affected,
    } = collected;
    envelope.truncated = Some(cut.is_some());
    envelope.next_cursor = cut.map(|offset| next_cursor(envelope.session_id, offset));
    envelope.output_bytes = Some(total);
    envelope.row_count = Some(row_count);
    envelope.affected_rows = Some(affected);
    envelope.output = Some(text);
    if format == Format::Rows {
        let last = sets.last().cloned().unwrap_or_default();
        envelope.columns = Some(last.columns);
        envelope.rows = Some(last.rows);
        envelope.result_sets = (sets.len() > 1).then(|| std::mem::take(&mut sets));
    }
}

/// Exit code, failure and outcome of a run that reached its target.
fn judge(
    finish: Finish,
    halted: Option<Failure>,
    ending: Option<Ending>,
) -> (Finish, SessionOutcome) {
    let failed = |failure: Option<Failure>, exit_code: i32| Finish {
        exit_code: if exit_code == 0 {
            Finish::NEVER_RAN
        } else {
            exit_code
        },
        failure,
    };
    let (code, own) = (finish.exit_code, finish.failure);
    match (halted, ending) {
        (Some(failure), _) if failure.code == Code::GuardrailBlocked => (
            Finish {
                exit_code: Finish::BLOCKED,
                failure: Some(failure),
            },
            SessionOutcome::Blocked,
        ),
        (Some(failure), _) => (failed(Some(failure), code), SessionOutcome::Failed),
        (None, Some(Ending::Timeout)) => {
            let failure = Failure::new(Code::Timeout, "the run took longer than its time limit");
            (failed(Some(failure), code), SessionOutcome::Failed)
        }
        (None, Some(Ending::Killed)) => {
            let failure = Failure::new(Code::Unavailable, "the session was killed");
            (failed(Some(failure), code), SessionOutcome::Killed)
        }
        (None, Some(Ending::Interrupted)) => {
            let failure = Failure::new(Code::Unavailable, "the gateway stopped during the run");
            (failed(Some(failure), code), SessionOutcome::Interrupted)
        }
        (None, None) if code == 0 && own.is_none() => (
            Finish {
                exit_code: 0,
                failure: None,
            },
            SessionOutcome::Success,
        ),
        (None, None) => (failed(own, code), SessionOutcome::Failed),
    }
}

/// Where everything goes that a target says.
struct Outlet<'e> {
    masking: Masking<'e>,
    guard_out: GuardOut,
    render: TextRender,
    answer: Answer,
    recorder: Recorder,
    began: Instant,
    rendered: String,
    limit: u64,
    halted: Option<Failure>,
}

impl Sink for Outlet<'_> {
    fn push(&mut self, piece: Piece) -> BoxFuture<'_, Result<(), Halt>> {
        Box::pin(async move {
            let masked = self.masking.mask(Raw(piece));
            if let Err(blocked) = self.inspect(masked) {
                return self.halt(Code::GuardrailBlocked, &blocked.message);
            }
            let Some(left) = self.limit.checked_sub(self.rendered.len() as u64) else {
                return self.halt(
                    Code::Forbidden,
                    "the output is larger than the connection allows",
                );
            };
            self.limit = left;
            if self.recorder.needs_flush() && self.recorder.flush().await.is_err() {
                return self.halt(Code::Unavailable, "the recording could not be written");
            }
            Ok(())
        })
    }
}

impl Outlet<'_> {
    fn halt(&mut self, code: Code, message: &str) -> Result<(), Halt> {
        self.halted = Some(Failure::new(code, message));
        Err(Halt)
    }

    fn offset_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Renders, answers and records what may leave.
    fn take(&mut self, inspected: &Inspected) {
        self.rendered.clear();
        let stream = self.render.render(inspected.piece(), &mut self.rendered);
        self.answer.take(inspected.piece(), &self.rendered);
        self.recorder
            .append(self.offset_ms(), stream, &self.rendered);
    }

    /// Takes a masked piece as far as the guardrails let it leave.
    fn inspect(&mut self, masked: Masked) -> Result<(), OutputBlocked> {
        let inspected = self.guard_out.inspect(masked)?;
        self.take(&inspected);
        let masking = &self.masking;
        self.answer.mark(|column| masking.is_masked(column));
        Ok(())
    }

    /// Takes what masking and the guardrails held back.
    fn finish_text(&mut self) -> Result<(), OutputBlocked> {
        for masked in self.masking.finish() {
            self.inspect(masked)?;
        }
        let rest = self.guard_out.finish()?;
        rest.iter().for_each(|inspected| self.take(inspected));
        Ok(())
    }

    /// Takes what masking, the guardrails and the renderer held back.
    fn finish(&mut self) {
        match self.finish_text() {
            Ok(()) => {}
            // Nothing more is said when the run was ended for another reason.
            Err(blocked) if self.halted.is_none() => {
                self.halted = Some(Failure::new(Code::GuardrailBlocked, blocked.message));
            }
            Err(_) => {}
        }
        self.rendered.clear();
        self.render.finish(&mut self.rendered);
        if !self.rendered.is_empty() {
            self.answer.take_text(&self.rendered);
            self.recorder
                .append(self.offset_ms(), model::Stream::Output, &self.rendered);
        }
    }
}
