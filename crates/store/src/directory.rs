//! Users and groups.
use crate::*;
use model::*;
use secrecy::SecretString;
/// Which users a list shows.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// Case-insensitive substring of e-mail or name.
    pub search: Option<String>,
    pub status: Option<UserStatus>,
    /// Name or id of a group.
    pub group: Option<String>,
}
/// Position in a list: plain key, not an opaque cursor. `Page::next_cursor` of
/// the answer is the plain key too; the gate wraps it together with its filters.
#[derive(Clone, Debug)]
pub struct Keyset {
    pub limit: u32,
    /// Sort key (e-mail or name) after which the page begins.
    pub after: Option<String>,
}
#[derive(Clone)]
pub struct NewUser {
    pub email: String,
    pub name: String,
    pub status: UserStatus,
    pub verified: bool,
    pub password_hash: Option<SecretString>,
    /// Names or ids of groups.
    pub groups: Vec<String>,
}
/// `None` keeps.
#[derive(Clone, Default)]
pub struct UserChange {
    pub name: Option<String>,
    pub status: Option<UserStatus>,
    pub password_hash: Option<SecretString>,
    pub groups: Option<Vec<String>>,
}
#[derive(Clone, Debug, Default)]
pub struct NewGroup {
    pub name: String,
    pub description: Option<String>,
    pub connections: Vec<String>,
    pub attributes: Vec<String>,
}
#[derive(Clone, Debug)]
pub struct GroupCreated {
    pub group: Group,
    pub bound_connections: Vec<Binding>,
    pub bound_attributes: Vec<String>,
    pub newly_restricted: Vec<String>,
}
impl OrgStore {
    pub async fn users(&self, filter: &UserFilter, page: Keyset) -> Result<Page<User>, Error> {
        Err(Error::NotFound)
    }
    pub async fn user(&self, reference: &str) -> Result<Option<User>, Error> {
        Err(Error::NotFound)
    }
    pub async fn create_user(&self, new: NewUser) -> Result<User, Error> {
        Err(Error::NotFound)
    }
    pub async fn update_user(
        &self,
        id: UserId,
        change: UserChange,
        version: Option<i64>,
    ) -> Result<User, Error> {
        Err(Error::NotFound)
    }
    pub async fn record_sign_in(&self, user: UserId) -> Result<(), Error> {
        Err(Error::NotFound)
    }
    pub async fn groups(&self, search: Option<&str>, page: Keyset) -> Result<Page<Group>, Error> {
        Err(Error::NotFound)
    }
    pub async fn group(&self, reference: &str) -> Result<Option<Group>, Error> {
        Err(Error::NotFound)
    }
    pub async fn create_group(&self, new: NewGroup) -> Result<GroupCreated, Error> {
        Err(Error::NotFound)
    }
    /// Answers id and name of what was deleted.
    pub async fn delete_group(
        &self,
        reference: &str,
        force: bool,
        version: Option<i64>,
    ) -> Result<(GroupId, String), Error> {
        Err(Error::NotFound)
    }
    pub async fn ensure_group(&self, name: &str) -> Result<GroupId, Error> {
        Err(Error::NotFound)
    }
}
