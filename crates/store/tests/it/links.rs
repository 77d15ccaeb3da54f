//! Connections, groups, bindings and how they hang together.

use std::collections::BTreeMap;

use model::{
    AccessModes, ConnectionId, ConnectionType, ExposeSecret as _, Limits, Mode, SecretSource,
    SecretString, Secrets, Tls,
};
use store::{Binding, ConnectionFields, Error, NewConnection, NewGroup, OrgStore, SecretsChange};

use crate::basics::{group, person};
use crate::harness::{ENGINES, Home, everything};

/// Everything of a connection, with defaults.
pub fn fields() -> ConnectionFields {
    ConnectionFields {
        kind: ConnectionType::Database,
        subtype: "postgres".into(),
        agent: None,
        command: None,
        tags: BTreeMap::from([("team".into(), "shop".into())]),
        modes: AccessModes {
            runbooks: Mode::Disabled,
            exec: Mode::Enabled,
            connect: Mode::Disabled,
            schema: Mode::Enabled,
        },
        reviewers: Vec::new(),
        redact_types: vec!["EMAIL_ADDRESS".into()],
        mandatory_metadata_fields: vec!["ticket".into()],
        allowed_env_vars: vec!["PAGER".into()],
        read_only: true,
        access_max_duration: Some(3600),
        limits: Limits::default(),
        managed_by: None,
        guardrail_rules: Vec::new(),
        attributes: Vec::new(),
        tls: Some(Tls::Verified),
    }
}

/// A connection to be made.
pub fn connection(name: &str, secrets: &[(&str, &str)]) -> NewConnection {
    NewConnection {
        name: name.into(),
        fields: fields(),
        secrets: secrets_of(secrets),
    }
}

/// Makes these groups the allow-list of a connection.
pub async fn bind(org: &OrgStore, connection: &str, groups: &[String]) -> Result<Binding, Error> {
    let id = org.connections().await?.by_name(connection).unwrap().id;
    org.bind_groups(id, groups, None).await
}

fn secrets_of(pairs: &[(&str, &str)]) -> Secrets {
    let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), SecretString::from(*value));
    Secrets(pairs.iter().map(pair).collect())
}

async fn secrets_now(org: &OrgStore, id: ConnectionId) -> Vec<(String, String)> {
    let secrets = org.connection_secrets(id).await.unwrap();
    let pair = |(key, value): (String, SecretString)| (key, value.expose_secret().to_owned());
    secrets.0.into_iter().map(pair).collect()
}

#[tokio::test]
async fn a_connection_is_kept_with_everything() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let org = &home.org;
        let mut new = connection("shop", &[("USER", "app"), ("PASS", "_envjson:DB:PASS")]);
        new.fields.reviewers = vec!["auditor".into(), "admin".into(), "admin".into()];
        new.fields.command = Some(vec!["psql".into(), "-At".into()]);
        let made = org.create_connection(new.clone()).await.unwrap();
        assert_eq!(made.name, "shop", "{engine:?}");
        assert_eq!(made.kind, ConnectionType::Database);
        assert_eq!(made.command, new.fields.command);
        assert_eq!(made.tags, new.fields.tags);
        assert_eq!(made.modes, new.fields.modes);
        assert_eq!(made.reviewers, ["admin", "auditor"]);
        assert_eq!(made.access_max_duration, Some(3600));
        assert_eq!(made.tls, Some(Tls::Verified));
        assert_eq!(made.allow_list, None);
        assert_eq!(made.version, 1);
        let keys = [
            ("PASS".to_owned(), SecretSource::Env),
            ("USER".to_owned(), SecretSource::Inline),
        ];
        assert_eq!(made.secret_keys, keys);
        let secrets = secrets_now(org, made.id).await;
        assert_eq!(secrets[1], ("USER".into(), "app".into()));
        let set = org.connections().await.unwrap();
        for reference in ["shop", &made.id.to_string()] {
            assert_eq!(set.find(reference).unwrap().id, made.id);
        }
        assert!(set.find("other").is_none());
        let again = org.create_connection(new).await;
        let Err(Error::Taken { id }) = again else {
            panic!("{engine:?}: {again:?}");
        };
        assert_eq!(ConnectionId::from_uuid(id), made.id);
    }
}

#[tokio::test]
async fn all_unknown_links_are_told_at_once_and_nothing_is_made() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let mut new = connection("shop", &[]);
        new.fields.agent = Some("far".into());
        new.fields.guardrail_rules = vec!["no-drop".into()];
        new.fields.attributes = vec!["pii".into()];
        new.fields.reviewers = vec!["dba".into(), "admin".into()];
        let refused = home.org.create_connection(new).await;
        let Err(Error::Missing(mut missing)) = refused else {
            panic!("{engine:?}: {refused:?}");
        };
        missing.sort();
        let expected = [
            ("agent", "far".to_owned()),
            ("attribute", "pii".to_owned()),
            ("group", "dba".to_owned()),
            ("guardrail", "no-drop".to_owned()),
        ];
        assert_eq!(missing, expected);
        assert!(home.org.connections().await.unwrap().all().is_empty());
        assert!(home.org.attribute("pii").await.unwrap().is_none());
    }
}

#[tokio::test]
async fn secrets_are_kept_replaced_and_patched() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let org = &home.org;
        let new = connection("shop", &[("A", "1"), ("B", "2"), ("C", "3")]);
        let id = org.create_connection(new).await.unwrap().id;
        let update = |change, version| org.update_connection(id, fields(), change, version);
        let mut quiet = fields();
        quiet.tags.clear();
        let kept = org.update_connection(id, quiet, SecretsChange::Keep, Some(1));
        let kept = kept.await.unwrap();
        assert_eq!((kept.version, kept.tags.len()), (2, 0), "{engine:?}");
        assert_eq!(secrets_now(org, id).await.len(), 3);
        let stale = update(SecretsChange::Keep, Some(1)).await;
        assert!(matches!(stale, Err(Error::Version { current: 2 })));
        let patch = BTreeMap::from([
            ("A".to_owned(), None),
            ("B".to_owned(), Some(SecretString::from("two"))),
            ("D".to_owned(), Some(SecretString::from("4"))),
        ]);
        update(SecretsChange::Patch(patch), None).await.unwrap();
        let now = secrets_now(org, id).await;
        let pairs: Vec<_> = now.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("B", "two"), ("C", "3"), ("D", "4")]);
        let all = SecretsChange::Replace(secrets_of(&[("Z", "ü")]));
        update(all, None).await.unwrap();
        assert_eq!(secrets_now(org, id).await, [("Z".into(), "ü".into())]);
        let nobody = ConnectionId::from_uuid(uuid::Uuid::from_u128(1));
        let lost = org.update_connection(nobody, fields(), SecretsChange::Keep, None);
        assert!(matches!(lost.await, Err(Error::NotFound)));
    }
}

#[tokio::test]
async fn a_deleted_connection_leaves_nothing_behind() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let org = &home.org;
        let mut new = connection("shop", &[("A", "1")]);
        new.fields.reviewers = vec!["admin".into()];
        let id = org.create_connection(new).await.unwrap().id;
        bind(org, "shop", &["admin".into()]).await.unwrap();
        let stale = org.delete_connection("shop", Some(7)).await;
        assert!(matches!(stale, Err(Error::Version { current: 1 })));
        let gone = org.delete_connection("shop", Some(1)).await.unwrap();
        assert_eq!((gone.id, &*gone.name), (id, "shop"), "{engine:?}");
        let again = org.delete_connection("shop", None).await;
        assert!(matches!(again, Err(Error::NotFound)));
        assert!(org.connections().await.unwrap().all().is_empty());
        assert!(org.connection_secrets(id).await.unwrap().0.is_empty());
        org.create_connection(connection("shop", &[]))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_managed_connection_is_left_to_its_owner() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let mut new = connection("shop", &[]);
        new.fields.managed_by = Some("agent far".into());
        let id = home.org.create_connection(new).await.unwrap().id;
        let changed = home
            .org
            .update_connection(id, fields(), SecretsChange::Keep, None)
            .await;
        assert!(matches!(changed, Err(Error::Managed(_))), "{engine:?}");
        let deleted = home.org.delete_connection("shop", None).await;
        assert!(matches!(deleted, Err(Error::Managed(_))));
    }
}

#[tokio::test]
async fn a_binding_is_the_allow_list() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let org = &home.org;
        org.create_group(group("dba")).await.unwrap();
        org.create_connection(connection("shop", &[]))
            .await
            .unwrap();
        let list = || async {
            let set = org.connections().await.unwrap();
            set.by_name("shop").unwrap().allow_list.clone()
        };
        assert_eq!(list().await, None, "{engine:?}");
        let both = ["dba".to_owned(), "admin".to_owned()];
        let bound = bind(org, "shop", &both).await.unwrap();
        assert_eq!(bound.allowed_groups, ["admin", "dba"]);
        assert!(bound.restricted);
        assert_eq!(list().await.unwrap(), ["admin", "dba"]);
        let nobody = bind(org, "shop", &[]).await.unwrap();
        assert_eq!((nobody.id, nobody.version), (bound.id, bound.version + 1));
        assert_eq!(list().await, Some(Vec::new()), "nobody, not everybody");
        let lost = bind(org, "shop", &["x".into()]).await;
        let Err(Error::Missing(missing)) = lost else {
            panic!("{engine:?}: {lost:?}");
        };
        assert_eq!(missing, [("group", "x".into())]);
    }
}

#[tokio::test]
async fn a_group_joins_connections_and_tells_which_it_restricted() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let org = &home.org;
        for name in ["open", "closed"] {
            org.create_connection(connection(name, &[])).await.unwrap();
        }
        bind(org, "closed", &["admin".into()]).await.unwrap();
        let new = NewGroup {
            name: "dba".into(),
            description: Some("who may".into()),
            connections: vec!["open".into(), "closed".into()],
            attributes: Vec::new(),
        };
        let made = org.create_group(new.clone()).await.unwrap();
        assert_eq!(made.newly_restricted, ["open"], "{engine:?}");
        assert_eq!(made.group.connections, ["closed", "open"]);
        let lists: Vec<_> = made
            .bound_connections
            .iter()
            .map(|binding| binding.allowed_groups.join(","))
            .collect();
        assert_eq!(lists, ["dba", "admin,dba"]);
        assert!(matches!(
            org.create_group(new).await,
            Err(Error::Taken { .. })
        ));
        let lost = NewGroup {
            name: "dbb".into(),
            connections: vec!["x".into()],
            attributes: vec!["y".into()],
            ..NewGroup::default()
        };
        let lost = org.create_group(lost).await;
        assert!(matches!(lost, Err(Error::Missing(missing)) if missing.len() == 2));
        assert!(org.group("dbb").await.unwrap().is_none(), "all or nothing");
    }
}

#[tokio::test]
async fn a_group_in_use_goes_only_by_force() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let org = &home.org;
        let built_in = org.delete_group("admin", true, None).await;
        assert!(matches!(built_in, Err(Error::Protected)), "{engine:?}");
        let id = org.ensure_group("dba").await.unwrap();
        assert_eq!(org.ensure_group("dba").await.unwrap(), id);
        let mut new = connection("shop", &[]);
        new.fields.reviewers = vec!["dba".into(), "admin".into()];
        let before = org.create_connection(new).await.unwrap();
        let bound = bind(org, "shop", &["dba".into()]).await.unwrap();
        home.house.clock.advance(1);
        let user = org.create_user(person("a@b.c", &["dba"])).await.unwrap();
        assert_eq!(org.group("dba").await.unwrap().unwrap().members_count, 1);
        let used = org.delete_group("dba", false, None).await;
        let Err(Error::InUse(uses)) = used else {
            panic!("{engine:?}: {used:?}");
        };
        assert_eq!(uses, ["connection shop", "reviewers of connection shop"]);
        let stale = org.delete_group("dba", true, Some(2)).await;
        assert!(matches!(stale, Err(Error::Version { current: 1 })));
        let gone = org.delete_group(&id.to_string(), true, Some(1)).await;
        assert_eq!(gone.unwrap(), (id, "dba".into()));
        let set = org.connections().await.unwrap();
        let shop = set.by_name("shop").unwrap();
        assert_eq!(shop.allow_list, Some(Vec::new()), "still restricted");
        assert_eq!(shop.reviewers, ["admin"]);
        assert_eq!(shop.version, before.version + 1);
        assert!(shop.updated_at > before.updated_at);
        let again = bind(org, "shop", &[]).await.unwrap();
        assert_eq!(again.version, bound.version + 2, "the deletion is one");
        let user = org.user(&user.email).await.unwrap().unwrap();
        assert!(user.groups.is_empty());
    }
}

#[tokio::test]
async fn the_only_reviewers_of_a_connection_are_not_deleted() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let org = &home.org;
        for name in ["dba", "sec"] {
            org.ensure_group(name).await.unwrap();
        }
        let mut new = connection("shop", &[]);
        new.fields.reviewers = vec!["dba".into()];
        org.create_connection(new).await.unwrap();
        let mut new = connection("owned", &[]);
        new.fields.reviewers = vec!["sec".into(), "admin".into()];
        new.fields.managed_by = Some("a bundle".into());
        org.create_connection(new).await.unwrap();
        for (group, use_of_it) in [
            ("dba", "only reviewers of connection shop"),
            ("sec", "reviewers of managed connection owned"),
        ] {
            let kept = org.delete_group(group, true, None).await;
            let Err(Error::InUse(uses)) = kept else {
                panic!("{engine:?}: {kept:?}");
            };
            assert_eq!(uses, [use_of_it]);
        }
        let set = org.connections().await.unwrap();
        assert_eq!(set.by_name("shop").unwrap().reviewers, ["dba"]);
        assert_eq!(set.by_name("owned").unwrap().version, 1);
    }
}

#[tokio::test]
async fn groups_are_listed_in_pages() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        for n in 0..5 {
            home.org
                .create_group(group(&format!("G{n}")))
                .await
                .unwrap();
        }
        let mut page = everything();
        page.limit = 2;
        let mut names = Vec::new();
        loop {
            let read = home.org.groups(None, page.clone()).await.unwrap();
            names.extend(read.items.into_iter().map(|group| group.name));
            match read.next_cursor {
                Some(after) => page.after = Some(after),
                None => break,
            }
        }
        // Upper case sorts before lower case on both engines.
        let all = ["G0", "G1", "G2", "G3", "G4", "admin", "auditor"];
        assert_eq!(names, all, "{engine:?}");
        let found = home.org.groups(Some("g"), everything()).await.unwrap();
        assert_eq!(found.items.len(), 5);
    }
}
