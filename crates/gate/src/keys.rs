//! API keys.

use model::{
    Code, CredentialId, ExposeSecret as _, Id as _, Page, PageArgs, Refusal, Role, Scope, Scopes,
    Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    CredentialFilter, CredentialOwner, NewCredential, StoredCredential, TokenHash, TokenKind,
};

use crate::list::Deleted;
use crate::{Context, Hints, Operation, list};

/// An API key, without its token.
#[derive(Serialize, JsonSchema)]
pub(crate) struct KeyObject {
    id: CredentialId,
    name: String,
    /// The user whose requests it makes; null for a machine identity.
    user_id: Option<String>,
    /// Groups of a machine identity.
    groups: Vec<String>,
    scopes: Scopes,
    /// Whether it is marked as an agent's.
    agent: bool,
    expires_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
    status: KeyStatus,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// Whether a key works.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum KeyStatus {
    Active,
    Revoked,
}

/// A new API key with its token.
#[derive(Serialize, JsonSchema)]
pub(crate) struct NewKeyObject {
    #[serde(flatten)]
    key: KeyObject,
    /// The bearer token; shown only now.
    token: String,
}

impl From<StoredCredential> for KeyObject {
    fn from(stored: StoredCredential) -> Self {
        Self {
            id: stored.id,
            name: stored.name.unwrap_or_default(),
            user_id: stored.user.map(|id| id.to_string()),
            groups: stored.groups,
            scopes: stored.scopes,
            agent: stored.agent,
            expires_at: stored.expires_at,
            last_used_at: stored.last_used_at,
            status: if stored.active {
                KeyStatus::Active
            } else {
                KeyStatus::Revoked
            },
            version: stored.version,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
        }
    }
}

/// Lists the API keys of the organization, newest first.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct KeysList {
    #[serde(flatten)]
    page: PageArgs,
}

impl Operation for KeysList {
    const NAME: &'static str = "keys_list";
    const TITLE: &'static str = "List API keys";
    const ROLE: Role = Role::Auditor;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    type Output = Page<KeyObject>;

    async fn run(self, context: &Context) -> Result<Page<KeyObject>, Refusal> {
        let ((), keyset) = list::begin(&self.page, ())?;
        let filter = CredentialFilter {
            user: None,
            kind: Some(TokenKind::ApiKey),
        };
        let page = context
            .store()
            .credentials(&filter, keyset)
            .await
            .map_err(|error| context.refuse(error))?;
        Ok(list::finish(page, (), KeyObject::from))
    }
}

/// Makes an API key: for a user, whose requests it then makes, or with groups
/// of its own, as a machine identity. The token is shown once.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct KeysCreate {
    /// What it is called.
    #[schemars(length(min = 1, max = 128))]
    name: String,
    /// E-mail, id or subject of its user.
    #[serde(default)]
    #[schemars(length(min = 1, max = 254))]
    user: Option<String>,
    /// Names or ids of its own groups; not together with `user`.
    #[serde(default)]
    #[schemars(inner(length(min = 1, max = 254)))]
    groups: Option<Vec<String>>,
    /// What it may be used for, no more than your own credential; all of that
    /// when left out.
    #[serde(default)]
    #[schemars(length(min = 1))]
    scopes: Option<Scopes>,
    /// Mark it as an agent's: it never approves. A key that an agent makes is
    /// marked too.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    agent: Option<bool>,
    /// Seconds until it stops working; never when left out.
    #[serde(default)]
    #[schemars(range(min = 60, max = 315_360_000))]
    expires_in_seconds: Option<i64>,
}

impl Operation for KeysCreate {
    const NAME: &'static str = "keys_create";
    const TITLE: &'static str = "Create an API key";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    const HINTS: Hints = Hints::CREATE;
    type Output = NewKeyObject;

    async fn run(self, context: &Context) -> Result<NewKeyObject, Refusal> {
        let own = context.caller.credential.scopes;
        if self.scopes.is_some_and(|scopes| !scopes.is_within(own)) {
            return Err(Refusal::new(
                Code::Forbidden,
                "a key cannot have scopes that your own credential lacks",
            )
            .detail("scopes", own.words()));
        }
        let store = context.store();
        let owner = match (self.user, self.groups) {
            (Some(_), Some(_)) => {
                return Err(Refusal::invalid("/groups", "user or groups, not both"));
            }
            (None, None) => return Err(Refusal::invalid("/user", "a user, or groups of its own")),
            (None, Some(groups)) => CredentialOwner::Groups(groups),
            (Some(user), None) => {
                let found = store
                    .user(&user)
                    .await
                    .map_err(|error| context.refuse(error))?;
                CredentialOwner::User(found.ok_or_else(|| Refusal::not_found("user", &user))?.id)
            }
        };
        let minted = identity::mint(identity::TokenKind::ApiKey)
            .map_err(|error| context.fault("no API key could be made", &error))?;
        let new = NewCredential {
            kind: TokenKind::ApiKey,
            name: Some(self.name),
            hash: TokenHash::of(minted.token.expose_secret()),
            owner,
            scopes: self.scopes.or((own != Scopes::ALL).then_some(own)),
            agent: self.agent == Some(true) || context.caller.is_agent,
            expires_at: self
                .expires_in_seconds
                .map(|seconds| context.now().plus_seconds(seconds)),
            family: None,
        };
        let made = store
            .create_credential(new)
            .await
            .map_err(|error| context.refuse(error))?;
        context.audit.touch(made.id);
        Ok(NewKeyObject {
            key: made.into(),
            token: minted.token.expose_secret().to_owned(),
        })
    }
}

/// Revokes an API key at once.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct KeysRevoke {
    /// Id of the key.
    #[schemars(length(min = 1, max = 254))]
    id: String,
}

impl Operation for KeysRevoke {
    const NAME: &'static str = "keys_revoke";
    const TITLE: &'static str = "Revoke an API key";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    const HINTS: Hints = Hints::CHANGE;
    type Output = Deleted;

    async fn run(self, context: &Context) -> Result<Deleted, Refusal> {
        let unknown = || Refusal::not_found("key", &self.id);
        let id = CredentialId::parse(&self.id).ok_or_else(unknown)?;
        let revoked = context.store().revoke_key(id).await;
        let name = revoked
            .map_err(|error| context.refuse(error))?
            .ok_or_else(unknown)?;
        context.audit.touch(id);
        Ok(Deleted::new(id, &name))
    }
}
