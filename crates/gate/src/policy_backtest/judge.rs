//! What the rules of a file would have done to one session.

use std::collections::BTreeSet;

use model::{Action, Code, Decision, Piece, Session, SessionOutcome, SessionStatus, Stream};
use policy::MaskingPlan;
use schemars::JsonSchema;
use serde::Serialize;
use sql::FactsCache;

use super::rules::Reached;

/// A recorded session with what of it the rules look at.
pub(super) struct Past {
    pub(super) session: Session,
    pub(super) was: Was,
    pub(super) reached: Reached,
    /// What was asked; `None` when no rule looks at it, or it cannot be read.
    pub(super) input: Option<String>,
    /// The beginning of what was said.
    pub(super) output: Option<String>,
    /// Whether something that a rule looks at cannot be read.
    pub(super) is_unreadable: bool,
    /// Whether there was more output than is looked at.
    pub(super) is_output_cut: bool,
}

/// What policy did to a session when it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Was {
    /// It was let run, whatever came of it.
    Run,
    /// Input guardrails refused it.
    BlockedByGuardrail,
    /// It did not run for another reason.
    Other,
}

/// What would become of a session. The order is that of strictness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum Fate {
    /// Nothing.
    Allowed,
    /// Something would be shown differently.
    Masked,
    /// A rule that warns matches.
    Warned,
    /// Somebody would have to agree.
    NeedsApproval,
    /// It would not run, or its answer would be withheld.
    Blocked,
}

/// A kind of rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum Kind {
    Guardrail,
    DatamaskingRule,
}

/// What was found about a session.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) fate: Fate,
    /// Whether something would be shown differently; not when nothing would be shown.
    pub(super) is_masked: bool,
    /// The rules that match.
    pub(super) rules: BTreeSet<(Kind, String)>,
}

impl Past {
    /// Bytes that it holds, roughly.
    pub(super) fn bytes(&self) -> usize {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        length(&self.input) + length(&self.output)
    }
}

impl Was {
    /// What a record tells.
    pub(super) fn of(session: &Session) -> Self {
        let is_withheld = || {
            let says = |hit: &serde_json::Map<String, serde_json::Value>, key: &str, word: &str| {
                hit.get(key).is_some_and(|value| value == word)
            };
            let mut hits = session.guardrails_info.iter();
            hits.any(|hit| says(hit, "direction", "output") && says(hit, "action", "block"))
        };
        let by_guardrail = session
            .failure
            .as_ref()
            .is_some_and(|failure| failure.code == Code::GuardrailBlocked);
        match session.outcome {
            Some(
                SessionOutcome::Success
                | SessionOutcome::Failed
                | SessionOutcome::Killed
                | SessionOutcome::Interrupted,
            ) => Self::Run,
            Some(SessionOutcome::Blocked) if is_withheld() => Self::Run,
            Some(SessionOutcome::Blocked) if by_guardrail => Self::BlockedByGuardrail,
            None if session.status == SessionStatus::Open => Self::Run,
            None
            | Some(
                SessionOutcome::Blocked
                | SessionOutcome::Rejected
                | SessionOutcome::Revoked
                | SessionOutcome::Expired,
            ) => Self::Other,
        }
    }
}

/// Judges a session: what was asked first, then what was said.
pub(super) fn judge(past: &Past, facts: &FactsCache) -> Found {
    let mut found = Found {
        fate: Fate::Allowed,
        is_masked: false,
        rules: BTreeSet::new(),
    };
    if let Some(input) = &past.input {
        found.ask(past, input, facts);
    }
    if let Some(output) = past.output.as_ref().filter(|_| found.fate != Fate::Blocked) {
        found.answer(past, output);
    }
    found
}

impl Found {
    fn ask(&mut self, past: &Past, input: &str, facts: &FactsCache) {
        let (rules, dialect) = (&past.reached.rules, past.reached.dialect);
        let kind = past.session.connection_type;
        let outcome = rules.ask(kind, dialect, input, facts);
        let names = outcome.verdict.hits.iter().map(|hit| &hit.rule_name);
        self.note(Kind::Guardrail, names);
        match outcome.verdict.decision() {
            Decision::Allowed if outcome.verdict.action.is_some() => self.meets(Fate::Warned),
            Decision::Allowed => {}
            Decision::NeedsApproval => self.meets(Fate::NeedsApproval),
            // Nothing would be shown.
            Decision::Blocked => return self.meets(Fate::Blocked),
        }
        if dialect.is_some() {
            let columns = rules.plan().columns_of(outcome.facts.as_deref());
            self.mask(columns.iter().map(|column| &column.rule_name));
        }
    }

    fn answer(&mut self, past: &Past, output: &str) {
        let (stream, data) = (Stream::Output, output.to_owned().into());
        let rules = &past.reached.rules;
        let outcome = rules.answer([Piece::Output { stream, data }]);
        self.note(
            Kind::Guardrail,
            outcome.hits.iter().map(|hit| &hit.rule_name),
        );
        if outcome.blocked.is_some() {
            self.is_masked = false;
            return self.meets(Fate::Blocked);
        }
        for hit in &outcome.hits {
            match hit.action {
                Action::Warn => self.meets(Fate::Warned),
                Action::Redact => {
                    self.is_masked = true;
                    self.meets(Fate::Masked);
                }
                Action::Block | Action::RequireApproval => {}
            }
        }
        let types = outcome.masked.keys();
        self.mask(types.flat_map(|name| rules_of(rules.plan(), name)));
    }

    fn meets(&mut self, fate: Fate) {
        self.fate = self.fate.max(fate);
    }

    fn note<'a>(&mut self, kind: Kind, names: impl Iterator<Item = &'a String>) {
        self.rules.extend(names.map(|name| (kind, name.clone())));
    }

    fn mask<'a>(&mut self, names: impl Iterator<Item = &'a String>) {
        let mut names = names.peekable();
        if names.peek().is_some() {
            self.is_masked = true;
            self.meets(Fate::Masked);
        }
        self.note(Kind::DatamaskingRule, names);
    }
}

/// The masking rules that look for what is shown as `name`.
fn rules_of<'a>(plan: &'a MaskingPlan, name: &str) -> impl Iterator<Item = &'a String> {
    let known = plan.entities.iter();
    let known = known.filter(move |entity| entity.entity_type == name);
    let custom = plan.custom.iter();
    let custom = custom.filter(move |custom| custom.entity_type == name);
    let columns = plan.columns.iter().filter(move |column| {
        let shown = column.entity_type.as_deref();
        shown.unwrap_or(mask::NO_TYPE) == name
    });
    known
        .map(|entity| &entity.rule_name)
        .chain(custom.map(|custom| &custom.rule_name))
        .chain(columns.map(|column| &column.rule_name))
}
