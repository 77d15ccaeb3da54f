//! What may be asked: access mode, statement facts and input guardrails.

use model::{Code, ConnectionType, Decision, Failure, Verb};
use policy::{Asked, Guardrails, Verdict};
use sql::Facts;

use super::access;
use super::lineage::{Lineage, Traced};
use super::{Blocked, Case};

/// Proof that the ask passed the access mode and every input guardrail.
pub(super) struct Screened(Case);

impl Screened {
    /// Takes the proof apart for the next step.
    pub(super) fn into_case(self) -> Case {
        self.0
    }
}

/// Screens an ask whose columns were followed.
///
/// # Errors
/// [`Blocked`] when the access mode is off, when a guardrail refuses, and when the
/// guardrails cannot be evaluated: a control that cannot do its work lets nothing pass.
pub(super) fn screen(traced: Traced) -> Result<Screened, Blocked> {
    access::check_mode(traced.case())?;
    let mut case = traced.into_case();
    let guardrails = case.policy.guardrails().ok_or_else(unusable)?;
    // The gateway's own questions about schemas are not asked by anybody.
    let reads_facts = case.connection.read_only || case.policy.plan().limits_predicates();
    let is_free = !guardrails.has_input() && !reads_facts;
    if case.ask.verb == Verb::Introspect || is_free {
        return Ok(Screened(case));
    }
    let ask = || {
        let facts = match guardrails.needs_facts() || reads_facts {
            true => case.policy.facts(&case.ask.input),
            false => None,
        };
        judge(guardrails, &case, facts.as_deref())
    };
    // Of a script whose columns are followed the rules say always the same.
    let verdict = match &case.lineage {
        Some(lineage) => lineage.verdict(ask).clone(),
        None => ask(),
    };
    let told = verdict.message();
    match verdict.decision() {
        Decision::Allowed => {
            case.hits = verdict.hits;
            Ok(Screened(case))
        }
        Decision::Blocked => {
            let message = told.unwrap_or_else(|| "a guardrail does not allow this".to_owned());
            let failure = Failure::new(Code::GuardrailBlocked, message);
            Err(Blocked::by(failure, verdict.hits))
        }
        Decision::NeedsApproval => {
            let told = told.unwrap_or_else(|| "a guardrail asks for an approval".to_owned());
            let message = format!("{told} No approval can be asked for here.");
            let failure = Failure::new(Code::GuardrailBlocked, message);
            Err(Blocked::by(failure, verdict.hits))
        }
    }
}

/// Why nothing runs on a connection whose guardrails cannot be evaluated.
pub(super) fn unusable() -> Blocked {
    Blocked::unavailable("a guardrail of this connection cannot be evaluated")
}

/// What the input guardrails say of an ask with these facts; what masking rules say of
/// its predicates, with views followed where that was done; and whether it may change
/// something where nothing may be changed.
pub(super) fn judge(guardrails: &Guardrails, case: &Case, facts: Option<&Facts>) -> Verdict {
    let (ask, kind) = (&case.ask, case.connection.kind);
    let dialect = case.policy.dialect();
    let verdict = guardrails.judge(Asked::of(kind, dialect, &ask.args, &ask.input, facts));
    if kind != ConnectionType::Database {
        return verdict;
    }
    let changes = match case.connection.read_only {
        true => policy::changes_in(facts),
        false => Vec::new(),
    };
    let traced = case.lineage.as_ref().map(Lineage::facts);
    let predicates = case.policy.plan().predicates(traced.or(facts));
    verdict.with(changes).with(predicates)
}
