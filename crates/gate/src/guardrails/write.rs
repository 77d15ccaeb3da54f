//! Making and changing guardrails: what may be kept, and what it may be linked to.

use model::{Connection, Direction, Guardrail, GuardrailRules, Patch, Refusal};
use policy::invalid_rules;
use store::{Rule, RuleChange, RuleKind};

use super::GUARDRAILS;
use super::object::{self, GuardrailObject};
use crate::rules::invalid;
use crate::{Context, dialect, naming};

/// What an update changes.
#[derive(Clone)]
pub(super) struct Change {
    pub(super) name: Patch<String>,
    pub(super) description: Patch<String>,
    pub(super) input: Patch<GuardrailRules>,
    pub(super) output: Patch<GuardrailRules>,
    pub(super) connections: Option<Vec<String>>,
    pub(super) attributes: Option<Vec<String>>,
}

/// Makes a guardrail.
///
/// # Errors
/// `invalid_argument` for rules that cannot be kept, `already_exists`, `not_found`
/// for unknown links.
pub(super) async fn create(
    context: &Context,
    guardrail: Guardrail,
    connections: Option<Vec<String>>,
    attributes: Option<Vec<String>>,
) -> Result<GuardrailObject, Refusal> {
    check(&guardrail)?;
    check_connections(
        context,
        &guardrail,
        connections.as_deref().unwrap_or_default(),
    )
    .await?;
    let change = RuleChange {
        name: None,
        detail: Some(detail(context, &guardrail)?),
        connections,
        attributes,
    };
    GUARDRAILS.create(context, &guardrail.name, change).await
}

/// Changes a guardrail.
///
/// # Errors
/// As [`create`], and `conflict` for a stale version.
pub(super) async fn update(
    context: &Context,
    reference: &str,
    version: Option<i64>,
    change: Change,
) -> Result<GuardrailObject, Refusal> {
    let apply = |stored| applied(context, change.clone(), stored);
    GUARDRAILS.change(context, reference, version, apply).await
}

/// A stored guardrail after a change.
async fn applied(context: &Context, change: Change, stored: Rule) -> Result<RuleChange, Refusal> {
    let before = object::read(&stored);
    let before = before.map_err(|error| context.fault("a stored guardrail", &error))?;
    let guardrail = Guardrail {
        name: change.name.clone().apply(before.name, String::new()),
        description: change.description.apply(before.description, String::new()),
        input: patched(change.input, before.input),
        output: patched(change.output, before.output),
    };
    check(&guardrail)?;
    let linked = change.connections.clone().unwrap_or_else(|| {
        let linked = stored.connection_ids.iter();
        linked.map(ToString::to_string).collect()
    });
    check_connections(context, &guardrail, &linked).await?;
    Ok(RuleChange {
        name: change.name.given(),
        detail: Some(detail(context, &guardrail)?),
        connections: change.connections,
        attributes: change.attributes,
    })
}

/// Refuses to link a guardrail with `sql` rules to a connection without SQL.
///
/// # Errors
/// `invalid_argument` at `/guardrail_rules`.
pub(crate) async fn check_linked(
    context: &Context,
    has_dialect: bool,
    references: &[String],
) -> Result<(), Refusal> {
    if has_dialect {
        return Ok(());
    }
    for reference in references {
        let found = context.store().rule(RuleKind::Guardrail, reference).await;
        let Some(rule) = found.map_err(|error| context.refuse(error))? else {
            continue;
        };
        let guardrail = object::read(&rule);
        let guardrail = guardrail.map_err(|error| context.fault("a stored guardrail", &error))?;
        if has_sql(&guardrail) {
            return Err(Refusal::invalid(
                "/guardrail_rules",
                "guardrails without sql rules: the connection has no SQL dialect",
            ));
        }
    }
    Ok(())
}

pub(crate) fn detail(context: &Context, guardrail: &Guardrail) -> Result<String, Refusal> {
    object::write(guardrail).map_err(|error| context.fault("a guardrail", &error))
}

fn patched(
    change: Patch<GuardrailRules>,
    stored: Option<GuardrailRules>,
) -> Option<GuardrailRules> {
    match change {
        Patch::Keep => stored,
        Patch::Clear => None,
        Patch::Set(rules) => Some(rules).filter(|rules| !rules.rules.is_empty()),
    }
}

/// Checks everything that a guardrail says.
fn check(guardrail: &Guardrail) -> Result<(), Refusal> {
    faults(guardrail).next().map_or(Ok(()), Err)
}

/// Everything that is wrong with what a guardrail says, of each rule the first thing.
/// Looks as far as it is asked.
pub(crate) fn faults(guardrail: &Guardrail) -> impl Iterator<Item = Refusal> + '_ {
    let directions = [
        (&guardrail.input, Direction::Input),
        (&guardrail.output, Direction::Output),
    ];
    let count = directions.map(|(of, _)| of.as_ref().map_or(0, |of| of.rules.len()));
    let is_empty = count.iter().sum::<usize>() == 0;
    let nothing = || Refusal::invalid("/input", "at least one rule in input or output");
    let name = naming::check_rule_name(&guardrail.name).err();
    let rules = directions.into_iter().filter_map(|(of, direction)| {
        let of = of.as_ref()?;
        let wrong = invalid_rules(of, direction);
        let wrong = wrong.map(|wrong| invalid(&wrong.path, &wrong.message));
        Some(wrong.chain(check_require_rule(of).err()))
    });
    name.into_iter()
        .chain(rules.flatten())
        .chain(is_empty.then(nothing))
}

/// The rules that approvals follow are looked up when they can be named.
fn check_require_rule(rules: &GuardrailRules) -> Result<(), Refusal> {
    let named = rules
        .rules
        .iter()
        .filter_map(|rule| rule.require_rule.clone());
    let missing: Vec<_> = named.map(|name| ("access_request_rule", name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Refusal::missing(&missing))
}

async fn check_connections(
    context: &Context,
    guardrail: &Guardrail,
    references: &[String],
) -> Result<(), Refusal> {
    if !has_sql(guardrail) {
        return Ok(());
    }
    let set = context.store().connections().await;
    let set = set.map_err(|error| context.refuse(error))?;
    let mut found = references
        .iter()
        .filter_map(|reference| set.find(reference));
    match found.find(|connection| !fits(guardrail, connection)) {
        None => Ok(()),
        Some(connection) => Err(Refusal::invalid("/connection_ids", no_dialect(connection))),
    }
}

/// Whether a guardrail can be evaluated on a connection.
pub(crate) fn fits(guardrail: &Guardrail, connection: &Connection) -> bool {
    !has_sql(guardrail) || dialect::of(connection).is_some()
}

/// What is expected where a guardrail does not fit.
pub(crate) fn no_dialect(connection: &Connection) -> String {
    let name = &connection.name;
    format!("connections with an SQL dialect for sql rules; {name:?} has none")
}

fn has_sql(guardrail: &Guardrail) -> bool {
    let input = guardrail.input.iter().flat_map(|rules| &rules.rules);
    input
        .into_iter()
        .any(|rule| rule.kind == model::RuleKind::Sql)
}
