//! Who the caller is.

use model::{
    Caller, Client, CredentialId, CredentialKind, Refusal, Role, Scope, Scopes, Timestamp,
    UserStatus,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Context, Hints, Operation};

/// Tells who you are here: your user, organization, groups, roles, and what the
/// credential of this call may be used for. Call it first.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct MeGet {}

/// The caller.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Me {
    id: String,
    user_id: String,
    subject: String,
    user_email: String,
    user_name: String,
    user_status: UserStatus,
    org_id: String,
    org_name: String,
    groups: Vec<String>,
    is_admin: bool,
    is_auditor: bool,
    is_agent: bool,
    credential: MyCredential,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<Client>,
}

/// The credential of this call.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct MyCredential {
    kind: CredentialKind,
    id: CredentialId,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    scopes: Scopes,
    expires_at: Option<Timestamp>,
}

impl Operation for MeGet {
    const NAME: &'static str = "me_get";
    const TITLE: &'static str = "Who am I";
    const ROLE: Role = Role::Any;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    type Output = Me;

    async fn run(self, context: &Context) -> Result<Me, Refusal> {
        Ok(describe(&context.caller, context.call.client.clone()))
    }
}

/// The caller as tools show one.
pub(crate) fn describe(caller: &Caller, client: Option<Client>) -> Me {
    Me {
        id: caller.id.to_string(),
        user_id: caller.id.to_string(),
        subject: caller.subject.clone(),
        user_email: caller.email.clone(),
        user_name: caller.name.clone(),
        user_status: caller.status,
        org_id: caller.org.to_string(),
        org_name: caller.org_name.clone(),
        groups: caller.groups.clone(),
        is_admin: caller.is_admin,
        is_auditor: caller.is_auditor,
        is_agent: caller.is_agent,
        credential: MyCredential {
            kind: caller.credential.kind,
            id: caller.credential.id,
            name: caller.credential.name.clone(),
            scopes: caller.credential.scopes,
            expires_at: caller.credential.expires_at,
        },
        client,
    }
}
