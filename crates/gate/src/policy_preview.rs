//! `policy_preview`: what would happen, without running anything.

use std::collections::BTreeMap;

use model::{Ask, Caller, Code, Format, Refusal, Role, Scope, SecretString, Verb};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::exec::{self, Preview};
use crate::exec_tool::plain_variables;
use crate::{Context, Hints, Operation};

/// Tells what would happen to an input: whether the connection is visible, which
/// guardrails match, who would have to agree, what its statements do, and which
/// columns would be masked. Nothing runs, and no session is made.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct PolicyPreview {
    /// Id or name of the connection.
    #[schemars(length(min = 1, max = 254))]
    connection_name: String,
    /// The statements, or the standard input of a process; may be left out for
    /// `connect`.
    #[serde(default)]
    #[schemars(length(min = 1, max = 1_048_576))]
    input: Option<String>,
    /// Arguments appended to the command; process connections only.
    #[serde(default)]
    #[schemars(length(max = 64), inner(length(max = 4096)), extend("default" = []))]
    args: Option<Vec<String>>,
    /// Variables of the run, as `exec` takes them.
    #[serde(default)]
    #[schemars(with = "Option<BTreeMap<String, String>>", extend("maxProperties" = 64, "default" = {}))]
    env_vars: Option<BTreeMap<String, SecretString>>,
    /// Labels of the session.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 20, "default" = {}))]
    metadata: Option<Map<String, Value>>,
    /// Database to run in; the connection's own when left out.
    #[serde(default)]
    #[schemars(length(min = 1, max = 128))]
    database: Option<String>,
    /// The kind of access.
    #[serde(default)]
    #[schemars(extend("default" = "exec"))]
    verb: Option<Access>,
    /// Id or e-mail of a user in whose place to ask; for administrators and auditors.
    #[serde(default)]
    #[schemars(length(min = 1, max = 254))]
    as_user: Option<String>,
}

/// A kind of access.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Access {
    Exec,
    Connect,
}

impl Operation for PolicyPreview {
    const NAME: &'static str = "policy_preview";
    const TITLE: &'static str = "Preview what policy would do";
    const ROLE: Role = Role::Any;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    type Output = Preview;

    async fn run(self, context: &Context) -> Result<Preview, Refusal> {
        let verb = match self.verb {
            None | Some(Access::Exec) => Verb::Exec,
            Some(Access::Connect) => Verb::Connect,
        };
        if verb == Verb::Exec && self.input.is_none() {
            return Err(Refusal::invalid(
                "/input",
                "the text that exec would be given",
            ));
        }
        let viewer = match &self.as_user {
            None => context.caller.clone(),
            Some(user) => std::sync::Arc::new(in_place_of(context, user).await?),
        };
        let ask = Ask {
            verb,
            input: self.input.unwrap_or_default(),
            args: self.args.unwrap_or_default(),
            env: plain_variables(self.env_vars.unwrap_or_default())?,
            database: self.database,
            format: Format::Text,
            metadata: self.metadata.unwrap_or_default(),
            reason: None,
            read_only: false,
        };
        exec::preview(context, &viewer, &self.connection_name, ask).await
    }
}

/// The caller as if another user asked.
async fn in_place_of(context: &Context, reference: &str) -> Result<Caller, Refusal> {
    if !context.caller.sees_all() {
        return Err(Refusal::new(
            Code::Forbidden,
            "only administrators and auditors ask in the place of others",
        ));
    }
    let found = context.store().user(reference).await;
    let user = found
        .map_err(|error| context.refuse(error))?
        .ok_or_else(|| Refusal::not_found("user", reference))?;
    Ok(Caller {
        groups: user.groups,
        is_admin: user.is_admin,
        is_auditor: user.is_auditor,
        ..(*context.caller).clone()
    })
}
