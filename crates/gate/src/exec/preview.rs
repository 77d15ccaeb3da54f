//! What would happen to an ask: the decisions of the line, without taking it.

use model::{Action, Ask, Caller, Code, ConnectionId, Hit, Mode, Refusal, Strategy, Verb};
use policy::{MaskingPlan, RiskLevel, script_risk};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sql::Facts;

use super::Case;
use super::access;
use super::guard_in;
use crate::Context;

/// What would happen to an ask.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Preview {
    connection_id: ConnectionId,
    connection_name: String,
    /// Whether the user sees the connection; false only with `as_user`.
    visible: bool,
    /// What would come of it.
    decision: Decision,
    /// Whether the verb may be used on the connection.
    access_mode: Mode,
    /// What is wrong with the arguments.
    problems: Vec<Problem>,
    /// Guardrails that match.
    guardrails: Vec<Hit>,
    /// Who would have to agree.
    review: Review,
    /// What analyzer rules would say.
    analyzer: Analyzer,
    /// What would be masked.
    masking: Masking,
    /// What the statements do; null without SQL.
    #[schemars(with = "Option<serde_json::Map<String, Value>>")]
    facts: Option<Value>,
}

/// What would come of an ask.
#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Decision {
    Allowed,
    NeedsApproval,
    Blocked,
    Invalid,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Problem {
    code: Code,
    message: String,
}

#[derive(Default, Serialize, JsonSchema)]
#[schemars(inline)]
struct Review {
    required: bool,
    rules: Vec<String>,
    required_approvals: usize,
    reviewers_groups: Vec<String>,
    all_groups_must_approve: bool,
    /// The grant that makes a review unnecessary.
    #[schemars(with = "Option<serde_json::Map<String, Value>>")]
    grant: Option<Value>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Analyzer {
    applies: bool,
    rule_name: Option<String>,
    provider: Option<String>,
    /// Risk in the eyes of the built-in analyzer.
    builtin_risk: RiskLevel,
    may_change: bool,
}

#[derive(Default, Serialize, JsonSchema)]
#[schemars(inline)]
struct Masking {
    applies: bool,
    rules: Vec<String>,
    entity_types: Vec<String>,
    /// Column rules that touch the statements.
    columns: Vec<MaskedColumn>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct MaskedColumn {
    table: String,
    column: String,
    strategy: Strategy,
    rule_name: String,
}

/// Tells what would happen if `viewer` asked.
///
/// # Errors
/// `connection_not_found` when the caller does not see the connection.
pub(crate) async fn preview(
    context: &Context,
    viewer: &Caller,
    reference: &str,
    ask: Ask,
) -> Result<Preview, Refusal> {
    let case = access::supposed(context, &context.caller, reference, ask).await?;
    if !policy::sees(viewer, &case.connection) {
        return Ok(hidden(&case));
    }
    let facts = match case.ask.input.is_empty() {
        true => None,
        false => case.policy.facts(&case.ask.input),
    };
    let access_mode = mode(&case);
    let problems = problems(&case);
    let verdict = case
        .policy
        .guardrails()
        .filter(|_| case.ask.verb == Verb::Exec)
        .map(|guardrails| guard_in::judge(guardrails, &case, facts.as_deref()));
    let is_unusable = case.policy.guardrails().is_none() || case.policy.masking().is_err();
    let action = verdict.as_ref().and_then(|verdict| verdict.action);
    let review = review(&case, action);
    let decision = if !problems.is_empty() {
        Decision::Invalid
    } else if access_mode == Mode::Disabled || is_unusable || action == Some(Action::Block) {
        Decision::Blocked
    } else if review.required {
        Decision::NeedsApproval
    } else {
        Decision::Allowed
    };
    let plan = case.policy.plan();
    Ok(Preview {
        decision,
        access_mode,
        problems,
        guardrails: verdict.map(|verdict| verdict.hits).unwrap_or_default(),
        review,
        analyzer: analyzer(&case, facts.as_deref()),
        masking: masking(plan, facts.as_deref()),
        facts: facts.and_then(|facts| serde_json::to_value(&*facts).ok()),
        ..hidden(&case).shown()
    })
}

impl Preview {
    fn shown(mut self) -> Self {
        self.visible = true;
        self
    }
}

/// A connection that the user does not see.
fn hidden(case: &Case) -> Preview {
    Preview {
        connection_id: case.connection.id,
        connection_name: case.connection.name.clone(),
        visible: false,
        decision: Decision::Blocked,
        access_mode: mode(case),
        problems: Vec::new(),
        guardrails: Vec::new(),
        review: Review::default(),
        analyzer: Analyzer {
            applies: false,
            rule_name: None,
            provider: None,
            builtin_risk: RiskLevel::Low,
            may_change: false,
        },
        masking: Masking::default(),
        facts: None,
    }
}

fn mode(case: &Case) -> Mode {
    let modes = &case.connection.modes;
    match case.ask.verb {
        Verb::Connect => modes.connect,
        Verb::Exec | Verb::Introspect => modes.exec,
    }
}

fn problems(case: &Case) -> Vec<Problem> {
    if case.ask.verb != Verb::Exec {
        return Vec::new();
    }
    let checked = access::check(&case.connection, &case.ask);
    let wrong = checked.err().map(|refusal| Problem {
        code: refusal.code,
        message: refusal.message,
    });
    wrong.into_iter().collect()
}

fn review(case: &Case, action: Option<Action>) -> Review {
    let groups = case.connection.reviewers.clone();
    let by_group = !groups.is_empty() && case.ask.verb != Verb::Introspect;
    Review {
        required: by_group || action == Some(Action::RequireApproval),
        rules: Vec::new(),
        required_approvals: groups.len(),
        all_groups_must_approve: by_group,
        reviewers_groups: groups,
        grant: None,
    }
}

fn analyzer(case: &Case, facts: Option<&Facts>) -> Analyzer {
    let builtin_risk = match (facts, case.policy.dialect()) {
        (Some(facts), _) => script_risk(facts),
        (None, Some(_)) => RiskLevel::Low,
        (None, None) => RiskLevel::Medium,
    };
    Analyzer {
        applies: false,
        rule_name: None,
        provider: None,
        builtin_risk,
        may_change: false,
    }
}

fn masking(plan: &MaskingPlan, facts: Option<&Facts>) -> Masking {
    let owned =
        |names: std::collections::BTreeSet<&str>| names.into_iter().map(str::to_owned).collect();
    let columns = plan
        .columns_of(facts)
        .into_iter()
        .map(|column| MaskedColumn {
            table: column.table.clone(),
            column: column.column.clone(),
            strategy: column.treatment.strategy,
            rule_name: column.rule_name.clone(),
        });
    Masking {
        applies: !plan.is_empty(),
        rules: owned(plan.rule_names()),
        entity_types: owned(plan.entity_types()),
        columns: columns.collect(),
    }
}
