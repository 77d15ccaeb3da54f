//! Users.

use model::{Code, Page, PageArgs, Patch, Refusal, Role, Scope, SecretString, User, UserStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{NewUser, UserChange, UserFilter};

use crate::{Context, Hints, Operation, list};

/// Lists the users of the organization, by e-mail.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct UsersList {
    #[serde(flatten)]
    page: PageArgs,
    #[serde(flatten)]
    filters: Filters,
}

#[derive(Clone, Default, Serialize, Deserialize, JsonSchema)]
struct Filters {
    /// Case-insensitive part of e-mail or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    search: Option<String>,
    /// Status of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<UserStatus>,
    /// Id or name of a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 180))]
    group: Option<String>,
}

impl Operation for UsersList {
    const NAME: &'static str = "users_list";
    const TITLE: &'static str = "List users";
    const ROLE: Role = Role::Auditor;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    type Output = Page<User>;

    async fn run(self, context: &Context) -> Result<Page<User>, Refusal> {
        let (filters, keyset) = list::begin(&self.page, self.filters)?;
        let filter = UserFilter {
            search: filters.search.clone(),
            status: filters.status,
            group: filters.group.clone(),
        };
        let page = context
            .store()
            .users(&filter, keyset)
            .await
            .map_err(|error| context.refuse(error))?;
        Ok(list::finish(page, filters, |user| user))
    }
}

/// Shows one user.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct UsersGet {
    /// E-mail, id or subject.
    #[schemars(length(min = 1, max = 254))]
    email: String,
}

impl Operation for UsersGet {
    const NAME: &'static str = "users_get";
    const TITLE: &'static str = "Show a user";
    const ROLE: Role = Role::Auditor;
    const SCOPE: Scope = Scope::Read;
    const HINTS: Hints = Hints::READ;
    type Output = User;

    async fn run(self, context: &Context) -> Result<User, Refusal> {
        find(context, &self.email).await
    }
}

/// Makes a local user who signs in with e-mail and password.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct UsersCreate {
    /// E-mail, unique in the organization.
    #[schemars(length(min = 3, max = 254), regex(pattern = "^[^\\s@]+@[^\\s@]+$"))]
    email: String,
    /// Display name; the e-mail when left out.
    #[serde(default)]
    #[schemars(length(min = 1, max = 254))]
    name: Option<String>,
    /// Password of 8 characters or more; without one the user cannot sign in.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    password: Option<SecretString>,
    /// Names or ids of groups.
    #[serde(default)]
    #[schemars(inner(length(min = 1, max = 254)), extend("default" = []))]
    groups: Option<Vec<String>>,
    /// Repeats with the same key answer the first outcome.
    #[serde(default, rename = "idempotency_key")]
    #[schemars(length(min = 1, max = 128), regex(pattern = "^[ -~]+$"))]
    _idempotency_key: Option<String>,
}

impl Operation for UsersCreate {
    const NAME: &'static str = "users_create";
    const TITLE: &'static str = "Create a user";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    const HINTS: Hints = Hints::CREATE;
    const IDEMPOTENCY: bool = true;
    type Output = User;

    async fn run(self, context: &Context) -> Result<User, Refusal> {
        let password_hash = match self.password {
            Some(password) => Some(hash(context, password).await?),
            None => None,
        };
        let new = NewUser {
            name: self.name.unwrap_or_else(|| self.email.clone()),
            email: self.email,
            status: UserStatus::Active,
            verified: true,
            password_hash,
            groups: self.groups.unwrap_or_default(),
        };
        let user = context
            .store()
            .create_user(new)
            .await
            .map_err(|error| context.refuse(error))?;
        context.audit.touch(user.id);
        Ok(user)
    }
}

/// Changes a user. Deactivating one ends every login at once.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct UsersUpdate {
    /// E-mail, id or subject; selects, does not rename.
    #[schemars(length(min = 1, max = 254))]
    email: String,
    /// Display name; the e-mail when cleared.
    #[serde(default)]
    #[schemars(length(max = 254))]
    name: Patch<String>,
    /// Status of the account.
    #[serde(default)]
    status: Option<UserStatus>,
    /// New password of 8 characters or more.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    password: Option<SecretString>,
    /// Names or ids of all groups.
    #[serde(default)]
    #[schemars(inner(length(min = 1, max = 254)))]
    groups: Patch<Vec<String>>,
    /// Refuse the change unless this is the stored version.
    #[serde(default)]
    #[schemars(range(min = 1))]
    version: Option<i64>,
}

impl Operation for UsersUpdate {
    const NAME: &'static str = "users_update";
    const TITLE: &'static str = "Change a user";
    const ROLE: Role = Role::Admin;
    const SCOPE: Scope = Scope::Admin;
    const HINTS: Hints = Hints::CHANGE;
    type Output = User;

    async fn run(self, context: &Context) -> Result<User, Refusal> {
        let user = find(context, &self.email).await?;
        let itself = user.id.to_string() == context.caller.id.to_string();
        if itself
            && self
                .status
                .is_some_and(|status| status != UserStatus::Active)
        {
            return Err(Refusal::new(
                Code::Forbidden,
                "you cannot deactivate yourself",
            ));
        }
        let password_hash = match self.password {
            Some(password) => Some(hash(context, password).await?),
            None => None,
        };
        let change = UserChange {
            name: match self.name {
                Patch::Keep => None,
                Patch::Clear => Some(user.email.clone()),
                Patch::Set(name) if name.is_empty() => Some(user.email.clone()),
                Patch::Set(name) => Some(name),
            },
            status: self.status,
            password_hash,
            groups: match self.groups {
                Patch::Keep => None,
                Patch::Clear => Some(Vec::new()),
                Patch::Set(groups) => Some(groups),
            },
        };
        context
            .store()
            .update_user(user.id, change, self.version)
            .await
            .map_err(|error| context.refuse(error))
    }
}

async fn find(context: &Context, reference: &str) -> Result<User, Refusal> {
    let user = context
        .store()
        .user(reference)
        .await
        .map_err(|error| context.refuse(error))?;
    let user = user.ok_or_else(|| Refusal::not_found("user", reference))?;
    context.audit.touch(user.id);
    Ok(user)
}

/// Hashes a password, once there is a place for it.
async fn hash(context: &Context, password: SecretString) -> Result<SecretString, Refusal> {
    let work = move || identity::hash_password(&password);
    match context.gate.hashing.run(work).await {
        Ok(Ok(hash)) => Ok(hash),
        Ok(Err(error)) => Err(Refusal::invalid("/password", error.to_string())),
        Err(unhashed) => Err(context.gate.unhashed(unhashed)),
    }
}
