//! Bindings.
use crate::*;
use model::*;
/// Which groups see a connection (contract 5.8).
#[derive(Clone, Debug, serde::Serialize)]
pub struct Binding {
    pub id: Option<BindingId>,
    pub connection_id: ConnectionId,
    pub connection_name: String,
    /// Names, sorted.
    pub allowed_groups: Vec<String>,
    pub restricted: bool,
    pub version: i64,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
}
impl OrgStore {
    /// Replaces the allow-list of a connection.
    pub async fn bind_groups(&self, connection: &str, groups: &[String]) -> Result<Binding, Error> {
        Err(Error::NotFound)
    }
    pub async fn attribute_exists(&self, reference: &str) -> Result<bool, Error> {
        Err(Error::NotFound)
    }
}
