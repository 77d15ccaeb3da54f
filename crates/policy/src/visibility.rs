//! Who sees a connection: the same function for lists, lookups, schema tools,
//! runs and everything else.

use model::{Caller, Connection};

/// Whether `caller` sees `connection`.
///
/// 1. Administrators and auditors see every connection of the organization.
/// 2. A connection without an allow-list is seen by every member.
/// 3. Otherwise a member of one of the listed groups sees it; an empty list
///    admits rule 1 only.
#[must_use]
pub fn sees(caller: &Caller, connection: &Connection) -> bool {
    caller.sees_all()
        || connection
            .allow_list
            .as_ref()
            .is_none_or(|allowed| allowed.iter().any(|group| caller.groups.contains(group)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{
        AccessModes, ConnectionId, ConnectionType, Credential, CredentialId, CredentialKind,
        Id as _, Limits, Mode, OrgId, Scopes, SystemClock, Timestamp, UserStatus,
    };
    use proptest::prelude::*;

    fn caller(groups: &[&str], is_admin: bool, is_auditor: bool) -> Caller {
        Caller {
            org: OrgId::new(&SystemClock),
            org_name: "default".into(),
            max_recording_bytes: 0,
            id: OrgId::new(&SystemClock).uuid(),
            subject: String::new(),
            email: String::new(),
            name: String::new(),
            status: UserStatus::Active,
            is_machine: false,
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            group_ids: Vec::new(),
            is_admin,
            is_auditor,
            is_agent: false,
            credential: Credential {
                kind: CredentialKind::ApiKey,
                id: CredentialId::new(&SystemClock),
                name: None,
                scopes: Scopes::ALL,
                expires_at: None,
            },
        }
    }

    fn connection(allow_list: Option<&[&str]>) -> Connection {
        let modes = AccessModes {
            runbooks: Mode::Enabled,
            exec: Mode::Enabled,
            connect: Mode::Enabled,
            schema: Mode::Enabled,
        };
        Connection {
            id: ConnectionId::new(&SystemClock),
            name: "pg".into(),
            kind: ConnectionType::Database,
            subtype: "postgres".into(),
            agent: None,
            command: None,
            tags: std::collections::BTreeMap::new(),
            modes,
            reviewers: Vec::new(),
            redact_types: Vec::new(),
            has_masking_rules: false,
            mandatory_metadata_fields: Vec::new(),
            allowed_env_vars: Vec::new(),
            read_only: false,
            access_max_duration: None,
            limits: Limits::default(),
            managed_by: None,
            guardrail_rules: Vec::new(),
            attributes: Vec::new(),
            allow_list: allow_list.map(|list| list.iter().map(|name| (*name).to_owned()).collect()),
            tls: None,
            secret_keys: Vec::new(),
            version: 1,
            created_at: Timestamp::from_micros(0),
            updated_at: Timestamp::from_micros(0),
        }
    }

    #[test]
    fn without_an_allow_list_every_member_sees_it() {
        assert!(sees(&caller(&[], false, false), &connection(None)));
    }

    #[test]
    fn an_empty_allow_list_admits_administrators_and_auditors_only() {
        let hidden = connection(Some(&[]));
        assert!(!sees(&caller(&["dev"], false, false), &hidden));
        assert!(sees(&caller(&[], true, false), &hidden));
        assert!(sees(&caller(&[], false, true), &hidden));
    }

    proptest! {
        #[test]
        fn a_member_sees_it_exactly_when_a_group_is_shared(
            mine in proptest::collection::vec("[a-d]", 0..4),
            listed in proptest::collection::vec("[a-d]", 0..4),
        ) {
            let mine: Vec<&str> = mine.iter().map(String::as_str).collect();
            let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
            let shared = mine.iter().any(|group| listed.contains(group));
            prop_assert_eq!(sees(&caller(&mine, false, false), &connection(Some(&listed))), shared);
        }
    }
}
