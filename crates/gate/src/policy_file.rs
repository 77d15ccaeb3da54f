//! Policies as a file: what applying it would change, and applying it.

mod check;
mod difference;
mod faults;
mod plan;
mod stored;

use model::{Code, PolicyFile, Refusal, Role, Scope};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Error;

pub use self::faults::check_policy_rules;
use self::plan::Plan;
use self::stored::Stored;
use crate::{Context, Hints, Operation};

/// How often an apply starts again because something else of the organization changed.
const ATTEMPTS: usize = 32;

/// Tells what applying a file of policies would change: what it would make, change and
/// delete, and how. Everything that is wrong with the file is told at once. Nothing is
/// changed; `policies_apply` takes the `plan_id`.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct PoliciesPlan {
    /// The file.
    file: PolicyFile,
    /// Delete what files made before and this one does not name.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    prune: Option<bool>,
}

/// Applies a file of policies as it was planned, all of it or nothing. What the file
/// does not name stays, unless `prune` is set: then what files made before is deleted.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct PoliciesApply {
    /// The file.
    file: PolicyFile,
    /// Delete what files made before and this one does not name.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    prune: Option<bool>,
    /// The plan that was looked at, as `policies_plan` answered it. When something
    /// changed since, nothing is applied.
    #[schemars(length(min = 1, max = 128))]
    plan_id: String,
}

/// What applying a file changes.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PlanObject {
    /// Names this plan, on what is stored now.
    plan_id: String,
    /// What happens to each object, in the order in which it happens.
    changes: Vec<Change>,
}

/// What happens to one object.
#[derive(Clone, Serialize, JsonSchema)]
#[schemars(inline)]
struct Change {
    /// What happens to it.
    action: Action,
    /// What it is.
    kind: Kind,
    /// Its name; of access control, that of the connection.
    name: String,
    /// What becomes different.
    changes: Vec<Difference>,
}

/// What happens to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Action {
    Create,
    Update,
    Delete,
    Unchanged,
}

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Kind {
    Attribute,
    Guardrail,
    DatamaskingRule,
    AccessControl,
}

/// What becomes different at one place of an object.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(inline)]
struct Difference {
    /// JSON pointer to the place.
    path: String,
    /// What is there; null when nothing is.
    before: Option<Value>,
    /// What will be there; null when nothing will.
    after: Option<Value>,
}

impl Operation for PoliciesPlan {
    const NAME: &'static str = "policies_plan";
    const TITLE: &'static str = "Plan a file of policies";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    const EVERY_MISTAKE: bool = true;
    type Output = PlanObject;

    async fn run(self, context: &Context) -> Result<PlanObject, Refusal> {
        let prune = self.prune.unwrap_or_default();
        Ok(planned(context, &self.file, prune).await?.shown())
    }
}

impl Operation for PoliciesApply {
    const NAME: &'static str = "policies_apply";
    const TITLE: &'static str = "Apply a file of policies";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    const HINTS: Hints = Hints::CHANGE;
    const EVERY_MISTAKE: bool = true;
    type Output = PlanObject;

    async fn run(self, context: &Context) -> Result<PlanObject, Refusal> {
        let store = context.store();
        let prune = self.prune.unwrap_or_default();
        let mut left = ATTEMPTS;
        loop {
            let generation = store.generation().await;
            let generation = generation.map_err(|error| context.refuse(error))?;
            let plan = planned(context, &self.file, prune).await?;
            if plan.id != self.plan_id {
                return Err(moved_on());
            }
            let writes = plan.writes();
            if writes.is_empty() {
                return Ok(plan.shown());
            }
            left -= 1;
            let row = context.audit.row_so_far(context.now());
            let row = row.ok_or_else(|| context.gate.internal("an audit row was written early"))?;
            match store.write_policies(generation, &writes, &row).await {
                Ok(ids) => {
                    context.audit.touch_all(&ids);
                    return Ok(plan.shown());
                }
                // Anything of the organization may have changed: the plan tells what.
                Err(Error::Version { .. }) if left > 0 => {}
                Err(error) => return Err(context.refuse(error)),
            }
        }
    }
}

/// Checks a file with what is stored.
///
/// # Errors
/// `invalid_argument` with everything that is wrong with the file.
pub(crate) async fn check_file(context: &Context, file: &PolicyFile) -> Result<(), Refusal> {
    check::check(file, &Stored::read(context).await?, false).await
}

/// The plan of a file on what is stored now.
///
/// # Errors
/// `invalid_argument` with everything that is wrong with the file.
async fn planned(context: &Context, file: &PolicyFile, prune: bool) -> Result<Plan, Refusal> {
    let stored = Stored::read(context).await?;
    check::check(file, &stored, prune).await?;
    Plan::make(context, file, &stored, prune)
}

fn moved_on() -> Refusal {
    Refusal::new(
        Code::Conflict,
        "the policies are not what they were when the plan was made; nothing was applied",
    )
    .hint("make the plan again, look at it, and apply that")
}
