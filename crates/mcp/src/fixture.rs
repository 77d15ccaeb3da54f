//! What tests of several modules need.

use model::{
    Caller, Credential, CredentialId, CredentialKind, Id, OrgId, Scopes, SystemClock, UserId,
    UserStatus,
};

/// Somebody, another one each time.
pub fn caller() -> Caller {
    Caller {
        org: OrgId::new(&SystemClock),
        org_name: "default".to_owned(),
        max_recording_bytes: 0,
        id: UserId::new(&SystemClock).uuid(),
        subject: "dev".to_owned(),
        email: "dev@example.com".to_owned(),
        name: "Dev".to_owned(),
        status: UserStatus::Active,
        is_machine: false,
        groups: Vec::new(),
        group_ids: Vec::new(),
        is_admin: false,
        is_auditor: false,
        is_agent: false,
        credential: Credential {
            kind: CredentialKind::LoginToken,
            id: CredentialId::new(&SystemClock),
            name: None,
            scopes: Scopes::ALL,
            expires_at: None,
        },
    }
}
