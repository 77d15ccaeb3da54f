//! One organization.
use crate::*;
use model::*;
use secrecy::SecretSlice;
/// The store as one organization sees it. Cheap to clone.
#[derive(Clone)]
pub struct OrgStore {}
impl OrgStore {
    pub fn id(&self) -> OrgId {
        OrgId::from_uuid(uuid::Uuid::nil())
    }
    /// Grows with every write to identity, groups, credentials, connections, bindings, attributes.
    pub async fn generation(&self) -> Result<i64, Error> {
        Err(Error::NotFound)
    }
    pub async fn organization(&self) -> Result<Organization, Error> {
        Err(Error::NotFound)
    }
    pub async fn update_settings(&self, settings: OrganizationSettings) -> Result<(), Error> {
        Err(Error::NotFound)
    }
    /// Key of deterministic masking, 32 bytes.
    pub async fn masking_key(&self) -> Result<SecretSlice<u8>, Error> {
        Err(Error::NotFound)
    }
}
