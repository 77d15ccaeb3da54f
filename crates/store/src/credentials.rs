//! Credentials.
use crate::*;
use model::*;
/// What a stored token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    LoginToken,
    LoginRefresh,
    ApiKey,
}
/// Who a credential speaks for.
#[derive(Clone, Debug)]
pub enum CredentialOwner {
    User(UserId),
    /// A machine identity with groups of its own, by name or id.
    Groups(Vec<String>),
}
#[derive(Clone, Debug)]
pub struct NewCredential {
    pub kind: TokenKind,
    pub name: Option<String>,
    pub hash: TokenHash,
    pub owner: CredentialOwner,
    /// `None`: all scopes.
    pub scopes: Option<Scopes>,
    pub agent: bool,
    pub expires_at: Option<Timestamp>,
    /// Common id of the tokens of one login.
    pub family: Option<uuid::Uuid>,
}
#[derive(Clone, Debug)]
pub struct StoredCredential {
    pub id: CredentialId,
    pub kind: TokenKind,
    pub name: Option<String>,
    pub user: Option<UserId>,
    pub groups: Vec<String>,
    pub scopes: Scopes,
    pub agent: bool,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    /// `false` when revoked.
    pub active: bool,
    pub family: Option<uuid::Uuid>,
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}
#[derive(Clone, Debug, Default)]
pub struct CredentialFilter {
    pub user: Option<UserId>,
    pub kind: Option<TokenKind>,
}
/// Hashes and ends of a new pair of login tokens.
#[derive(Clone, Debug)]
pub struct LoginPair {
    pub access: TokenHash,
    pub access_expires_at: Timestamp,
    pub refresh: TokenHash,
    pub refresh_expires_at: Timestamp,
}
#[derive(Clone, Debug)]
pub enum LoginRotation {
    Rotated {
        org: OrgId,
        user: UserId,
        credential: CredentialId,
    },
    /// The token was used before: the family is revoked.
    Reused,
    Unknown,
}
impl OrgStore {
    pub async fn create_credential(&self, new: NewCredential) -> Result<StoredCredential, Error> {
        Err(Error::NotFound)
    }
    /// By creation, newest first; the page key is the id.
    pub async fn credentials(
        &self,
        filter: &CredentialFilter,
        page: Keyset,
    ) -> Result<Page<StoredCredential>, Error> {
        Err(Error::NotFound)
    }
    /// `false` when it was revoked before.
    pub async fn revoke_credential(&self, id: CredentialId) -> Result<bool, Error> {
        Err(Error::NotFound)
    }
    pub async fn revoke_family(&self, family: uuid::Uuid) -> Result<u64, Error> {
        Err(Error::NotFound)
    }
}
