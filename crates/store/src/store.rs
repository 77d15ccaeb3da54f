//! The store.
use crate::*;
use model::*;
use secrecy::SecretString;
use std::sync::Arc;
/// The state of a gateway. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    bus: Bus,
}
/// Somebody who may sign in with a password.
pub struct SignIn {
    /// The organization.
    pub org: OrgId,
    /// The user.
    pub user: UserId,
    /// Hash of the password; `None` when the user has none.
    pub password_hash: Option<SecretString>,
    /// Status of the account.
    pub status: UserStatus,
}
impl Store {
    pub async fn open(config: Config, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        Err(Error::NotFound)
    }
    pub async fn ready(&self) -> Result<(), Error> {
        Err(Error::NotFound)
    }
    pub async fn close(&self) {}
    pub fn bus(&self) -> &Bus {
        &self.bus
    }
    pub fn org(&self, id: OrgId) -> OrgStore {
        OrgStore {}
    }
    /// By name.
    pub async fn organizations(&self) -> Result<Vec<Organization>, Error> {
        Err(Error::NotFound)
    }
    pub async fn create_organization(&self, name: &str) -> Result<Organization, Error> {
        Err(Error::NotFound)
    }
    pub async fn caller_by_token(&self, hash: &TokenHash) -> Result<Option<Arc<Caller>>, Error> {
        Err(Error::NotFound)
    }
    pub async fn sign_in_candidates(&self, email: &str) -> Result<Vec<SignIn>, Error> {
        Err(Error::NotFound)
    }
    /// Prolongs the lease of this replica by 30 s; call it every 10 s.
    pub async fn heartbeat(&self) -> Result<(), Error> {
        Err(Error::NotFound)
    }
    pub async fn interrupt_abandoned(&self) -> Result<Vec<(OrgId, SessionId)>, Error> {
        Err(Error::NotFound)
    }
    pub async fn rotate_key(&self, new: MasterKey) -> Result<u64, Error> {
        Err(Error::NotFound)
    }
    /// Exchanges a refresh token for a new pair; a second use revokes the family.
    pub async fn rotate_login(
        &self,
        refresh: &TokenHash,
        new: LoginPair,
    ) -> Result<LoginRotation, Error> {
        Err(Error::NotFound)
    }
}
