//! `connections_get`.

use model::{Code, Refusal, Role, Scope};
use schemars::JsonSchema;
use serde::Deserialize;

use super::object::ConnectionObject;
use crate::audit::AuditDraft;
use crate::{Context, Hints, Operation, exec};

/// Shows one connection. Its secrets are shown to administrators only, and only
/// when asked for.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct ConnectionsGet {
    /// Id or name.
    #[schemars(length(min = 1, max = 254))]
    name: String,
    /// Include the stored secrets; needs an administrator.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    include_secrets: Option<bool>,
}

impl Operation for ConnectionsGet {
    const NAME: &'static str = "connections_get";
    const TITLE: &'static str = "Show a connection";
    const ROLE: Role = Role::Any;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    type Output = ConnectionObject;

    fn scope(&self) -> Scope {
        if self.include_secrets == Some(true) {
            Scope::Admin
        } else {
            Scope::Read
        }
    }

    async fn run(self, context: &Context) -> Result<Self::Output, Refusal> {
        let connection = exec::look_up(context, &self.name).await?;
        context.audit.touch(connection.id);
        let shown = ConnectionObject::show(&connection, &context.caller);
        if self.include_secrets != Some(true) {
            return Ok(shown);
        }
        may_read_secrets(context).await?;
        let store = context.store();
        let secrets = store
            .connection_secrets(connection.id)
            .await
            .map_err(|error| context.refuse(error))?;
        let read = AuditDraft::new("connections_get:secrets", &context.caller, &context.call);
        read.touch(connection.id);
        if let Some(row) = read.take("ok", context.now()) {
            store
                .append_audit(row)
                .await
                .map_err(|error| context.refuse(error))?;
        }
        Ok(shown.with_secrets(&secrets))
    }
}

async fn may_read_secrets(context: &Context) -> Result<(), Refusal> {
    if !context.caller.is_admin {
        return Err(Refusal::new(
            Code::Forbidden,
            "the secrets of a connection are shown to administrators only",
        ));
    }
    let organization = context
        .store()
        .organization()
        .await
        .map_err(|error| context.refuse(error))?;
    if organization.settings.secrets_readable {
        Ok(())
    } else {
        Err(Refusal::new(
            Code::Forbidden,
            "secrets are not readable in this organization",
        ))
    }
}
