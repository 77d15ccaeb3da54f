//! Organizations, users and groups.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{GroupId, OrgId, Timestamp, UserId};

/// A tenant: nothing of one organization is ever visible to another.
#[derive(Clone, Debug)]
pub struct Organization {
    /// Identifier.
    pub id: OrgId,
    /// Unique name.
    pub name: String,
    /// Settings.
    pub settings: OrganizationSettings,
}

/// Settings of an organization; durations in seconds, sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrganizationSettings {
    /// Name of the group whose members administer.
    pub admin_group: String,
    /// Name of the group whose members read everything.
    pub auditor_group: String,
    /// Whether administrators may read connection secrets back.
    pub secrets_readable: bool,
    /// Longest recording of one session.
    pub max_output_recording: u64,
}

impl Default for OrganizationSettings {
    fn default() -> Self {
        Self {
            admin_group: "admin".into(),
            auditor_group: "auditor".into(),
            secrets_readable: true,
            max_output_recording: 110 * 1024 * 1024,
        }
    }
}

/// Status of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum UserStatus {
    /// May sign in.
    Active,
    /// Deactivated.
    Inactive,
    /// Invited, never signed in.
    Invited,
    /// Waiting for an administrator's word.
    Reviewing,
}

impl UserStatus {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Invited => "invited",
            Self::Reviewing => "reviewing",
        }
    }

    /// Reads the word on the wire.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Active, Self::Inactive, Self::Invited, Self::Reviewing]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// A person, as tools show one.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct User {
    /// Identifier.
    pub id: UserId,
    /// E-mail, unique in the organization.
    pub email: String,
    /// Display name.
    pub name: String,
    /// The identity provider's name of the user; the id for local users.
    pub subject: String,
    /// Status of the account.
    pub status: UserStatus,
    /// Whether the e-mail was verified.
    pub verified: bool,
    /// Slack member id.
    pub slack_id: Option<String>,
    /// Names of the groups, sorted.
    pub groups: Vec<String>,
    /// Member of the admin group.
    pub is_admin: bool,
    /// Member of the auditor group.
    pub is_auditor: bool,
    /// Last successful sign-in.
    pub last_login_at: Option<Timestamp>,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A user group, as tools show one.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Group {
    /// Identifier.
    pub id: GroupId,
    /// Unique name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Where it comes from.
    pub source: GroupSource,
    /// Number of users and keys in it.
    pub members_count: i64,
    /// Connections whose allow-list names it.
    pub connections: Vec<String>,
    /// Attributes that name it.
    pub attributes: Vec<String>,
    /// Grows by one with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Where a group comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum GroupSource {
    /// Made here.
    Local,
    /// From the identity provider.
    Idp,
}
