//! Opening, organizations, users, credentials and callers.

use model::{ExposeSecret as _, Scope, Scopes, SecretString, Timestamp, UserId, UserStatus};
use store::{
    CredentialFilter, CredentialOwner, Error, NewCredential, NewGroup, NewUser, OrgStore,
    StoredCredential, TokenKind, UserChange, UserFilter,
};

use crate::harness::{ENGINES, Home, House, everything, token};

/// A user to be made.
pub fn person(email: &str, groups: &[&str]) -> NewUser {
    NewUser {
        email: email.into(),
        name: format!("Name of {email}"),
        status: UserStatus::Active,
        verified: true,
        password_hash: None,
        groups: groups.iter().map(ToString::to_string).collect(),
    }
}

/// A group without links.
pub fn group(name: &str) -> NewGroup {
    NewGroup {
        name: name.into(),
        ..NewGroup::default()
    }
}

/// An API key of a user.
pub fn key_of(user: UserId, secret: &str) -> NewCredential {
    NewCredential {
        kind: TokenKind::ApiKey,
        name: Some("laptop".into()),
        hash: token(secret),
        owner: CredentialOwner::User(user),
        scopes: None,
        agent: false,
        expires_at: None,
        family: None,
    }
}

async fn give_key(org: &OrgStore, user: UserId, secret: &str) -> StoredCredential {
    org.create_credential(key_of(user, secret)).await.unwrap()
}

#[tokio::test]
async fn opening_again_changes_nothing() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        home.store.ready().await.unwrap();
        let before = home.org.masking_key().await.unwrap();
        home.store.close().await;
        let error = home.store.ready().await.unwrap_err();
        assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
        let again = home.house.open().await;
        let organizations = again.organizations().await.unwrap();
        assert_eq!(organizations.len(), 1, "{engine:?}");
        assert_eq!(organizations[0].id, home.id());
        assert_eq!(organizations[0].name, "acme");
        let after = again.org(home.id()).masking_key().await.unwrap();
        assert_eq!(before.expose_secret(), after.expose_secret());
        assert_eq!(after.expose_secret().len(), 32);
    }
}

#[tokio::test]
async fn many_gateways_may_open_a_new_postgres_at_once() {
    let house = House::empty(crate::harness::Engine::Postgres);
    let opened = futures::future::join_all((0..6).map(|_| house.open())).await;
    for store in &opened {
        store.ready().await.unwrap();
    }
}

#[tokio::test]
async fn settings_are_kept_and_move_the_roles() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        home.org.create_group(group("bosses")).await.unwrap();
        let user = home.org.create_user(person("a@b.c", &["bosses"])).await;
        let user = user.unwrap();
        give_key(&home.org, user.id, "k").await;
        let caller = || async {
            let found = home.store.caller_by_token(&token("k")).await.unwrap();
            found.unwrap()
        };
        assert!(!caller().await.is_admin);
        let mut settings = home.org.organization().await.unwrap().settings;
        settings.admin_group = "bosses".into();
        home.org.update_settings(&settings).await.unwrap();
        assert_eq!(home.org.organization().await.unwrap().settings, settings);
        assert!(caller().await.is_admin, "{engine:?}");
    }
}

#[tokio::test]
async fn users_are_made_found_and_changed() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let org = &home.org;
        let made = org
            .create_user(person("ann@acme.example", &["admin"]))
            .await
            .unwrap();
        assert!(made.is_admin && !made.is_auditor, "{engine:?}");
        assert_eq!(made.groups, ["admin"]);
        assert_eq!(made.version, 1);
        let twice = org.create_user(person("ann@acme.example", &[])).await;
        let Err(Error::Taken { id }) = twice else {
            panic!("{engine:?}: {twice:?}");
        };
        assert_eq!(UserId::from_uuid(id), made.id);
        let unknown = org
            .create_user(person("bob@acme.example", &["x", "y"]))
            .await;
        let Err(Error::Missing(missing)) = unknown else {
            panic!("{engine:?}: {unknown:?}");
        };
        assert_eq!(missing, [("group", "x".into()), ("group", "y".into())]);
        for reference in [
            made.id.to_string(),
            made.email.clone(),
            made.subject.clone(),
        ] {
            assert_eq!(org.user(&reference).await.unwrap().unwrap().id, made.id);
        }
        assert!(org.user("bob@acme.example").await.unwrap().is_none());

        let change = UserChange {
            name: Some("Änn 50%_!".into()),
            groups: Some(vec!["auditor".into()]),
            ..UserChange::default()
        };
        let stale = org.update_user(made.id, change.clone(), Some(9)).await;
        assert!(matches!(stale, Err(Error::Version { current: 1 })));
        let changed = org.update_user(made.id, change, Some(1)).await.unwrap();
        assert_eq!((changed.version, changed.is_auditor), (2, true));
        assert_eq!(changed.name, "Änn 50%_!");
        let stranger = UserId::from_uuid(uuid::Uuid::from_u128(1));
        let nobody = org.update_user(stranger, UserChange::default(), None).await;
        assert!(matches!(nobody, Err(Error::NotFound)));
    }
}

#[tokio::test]
async fn lists_of_users_filter_and_page() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let org = &home.org;
        for n in 0..7 {
            let mut user = person(&format!("u{n}@acme.example"), &[]);
            if n == 3 {
                user.name = "Ärmel 50%_!".into();
                user.status = UserStatus::Invited;
                user.groups = vec!["auditor".into()];
            }
            org.create_user(user).await.unwrap();
        }
        let mut seen = Vec::new();
        let mut page = everything();
        page.limit = 3;
        loop {
            let read = org.users(&UserFilter::default(), page.clone()).await;
            let read = read.unwrap();
            seen.extend(read.items.into_iter().map(|user| user.email));
            match read.next_cursor {
                Some(after) => page.after = Some(after),
                None => break,
            }
        }
        let all: Vec<String> = (0..7).map(|n| format!("u{n}@acme.example")).collect();
        assert_eq!(seen, all, "{engine:?}");
        let search = |text: &str| UserFilter {
            search: Some(text.into()),
            ..UserFilter::default()
        };
        for (filter, found) in [
            (search("ÄRMEL"), 1),
            (search("50%_!"), 1),
            (search("U3@"), 1),
            (search("%"), 1),
            (search("nobody"), 0),
            (
                UserFilter {
                    status: Some(UserStatus::Invited),
                    group: Some("auditor".into()),
                    ..UserFilter::default()
                },
                1,
            ),
        ] {
            let users = org.users(&filter, everything()).await.unwrap().items;
            assert_eq!(users.len(), found, "{engine:?} {filter:?}");
        }
    }
}

#[tokio::test]
async fn whoever_signs_in_is_found_in_every_organization() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let other = home.store.create_organization("other").await.unwrap();
        let mut new = person("ann@acme.example", &[]);
        new.password_hash = Some(SecretString::from("hash"));
        let user = home.org.create_user(new).await.unwrap();
        let there = home.store.org(other.id);
        there
            .create_user(person("ann@acme.example", &[]))
            .await
            .unwrap();
        let found = home.store.sign_in_candidates("ann@acme.example").await;
        let found = found.unwrap();
        assert_eq!(found.len(), 2, "{engine:?}");
        let mine = found.iter().find(|one| one.user == user.id).unwrap();
        assert_eq!(mine.org, home.id());
        assert_eq!(mine.password_hash.as_ref().unwrap().expose_secret(), "hash");
        home.house.clock.advance(5);
        home.org.record_sign_in(user.id).await.unwrap();
        let user = home.org.user("ann@acme.example").await.unwrap().unwrap();
        assert!(user.last_login_at.unwrap() > user.created_at);
    }
}

#[tokio::test]
async fn a_token_leads_to_its_caller_until_it_is_revoked() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let (store, org) = (&home.store, &home.org);
        assert!(store.caller_by_token(&token("k")).await.unwrap().is_none());
        let user = org
            .create_user(person("ann@acme.example", &["admin"]))
            .await;
        let user = user.unwrap();
        let made = give_key(org, user.id, "k").await;
        let caller = store.caller_by_token(&token("k")).await.unwrap().unwrap();
        assert_eq!(caller.org, home.id());
        assert_eq!(caller.org_name, "acme");
        assert_eq!(caller.groups, ["admin"]);
        assert!(caller.is_admin && !caller.is_machine, "{engine:?}");
        assert_eq!(caller.credential.id, made.id);
        assert_eq!(caller.id, model::Id::uuid(user.id));
        let off = UserChange {
            status: Some(UserStatus::Inactive),
            ..UserChange::default()
        };
        org.update_user(user.id, off, None).await.unwrap();
        let caller = store.caller_by_token(&token("k")).await.unwrap().unwrap();
        assert_eq!(caller.status, UserStatus::Inactive);
        let revoked = org.revoke_key(made.id).await.unwrap();
        assert_eq!(revoked, made.name);
        assert!(revoked.is_some());
        assert_eq!(org.revoke_key(made.id).await.unwrap(), None);
        assert!(store.caller_by_token(&token("k")).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_token_ends_at_its_time() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let user = home.org.create_user(person("a@b.c", &[])).await.unwrap();
        let mut new = key_of(user.id, "k");
        new.expires_at = Some(model::Clock::now(&*home.house.clock).plus_seconds(60));
        home.org.create_credential(new).await.unwrap();
        let known = || async { home.store.caller_by_token(&token("k")).await.unwrap() };
        assert!(known().await.is_some());
        home.house.clock.advance(59);
        assert!(known().await.is_some());
        home.house.clock.advance(1);
        assert!(known().await.is_none(), "{engine:?}");
    }
}

#[tokio::test]
async fn a_machine_has_groups_and_scopes_of_its_own() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let mut new = key_of(UserId::from_uuid(uuid::Uuid::from_u128(1)), "robot");
        new.owner = CredentialOwner::Groups(vec!["auditor".into()]);
        new.scopes = Some(Scopes::of([Scope::Exec]));
        new.agent = true;
        let mut lost = new.clone();
        lost.owner = CredentialOwner::Groups(vec!["nowhere".into()]);
        let refused = home.org.create_credential(lost).await;
        assert!(matches!(refused, Err(Error::Missing(_))), "{engine:?}");
        let made = home.org.create_credential(new).await.unwrap();
        assert_eq!(made.groups, ["auditor"]);
        let caller = home.store.caller_by_token(&token("robot")).await.unwrap();
        let caller = caller.unwrap();
        assert!(caller.is_machine && caller.is_agent && caller.is_auditor);
        assert!(!caller.credential.scopes.contains(Scope::Admin));
        assert_eq!(caller.name, "laptop");
        let listed = home
            .org
            .credentials(&CredentialFilter::default(), everything())
            .await
            .unwrap();
        assert_eq!(listed.items.len(), 1);
        assert_eq!(listed.items[0].groups, ["auditor"]);
    }
}

#[tokio::test]
async fn the_use_of_a_token_is_noted_to_the_minute() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let user = home.org.create_user(person("a@b.c", &[])).await.unwrap();
        give_key(&home.org, user.id, "k").await;
        home.store.caller_by_token(&token("k")).await.unwrap();
        let noted: Timestamp = loop {
            let listed = home
                .org
                .credentials(&CredentialFilter::default(), everything())
                .await
                .unwrap();
            if let Some(noted) = listed.items[0].last_used_at {
                break noted;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        };
        assert_eq!(noted, model::Clock::now(&*home.house.clock));
    }
}
