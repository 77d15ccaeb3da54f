//! Logins: refresh tokens are used once, and caches are never stale.

use std::time::Duration;

use futures::future::join_all;
use model::{Clock as _, UserId};
use store::{
    CredentialFilter, CredentialOwner, Error, LoginPair, LoginRotation, NewCredential, Store,
    TokenKind, UserChange,
};
use uuid::Uuid;

use crate::basics::{group, key_of, person};
use crate::harness::{ENGINES, Home, everything, token};
use crate::links::{bind, connection};

impl Home {
    fn pair(&self, name: &str) -> LoginPair {
        let now = self.house.clock.now();
        LoginPair {
            access: token(&format!("access {name}")),
            access_expires_at: now.plus_seconds(3600),
            refresh: token(&format!("refresh {name}")),
            refresh_expires_at: now.plus_seconds(86_400),
        }
    }

    /// A user with a login whose tokens are named `access 0` and `refresh 0`.
    async fn login(&self) -> UserId {
        let user = self.org.create_user(person("a@b.c", &[])).await.unwrap();
        let pair = self.pair("0");
        for (kind, hash, end) in [
            (TokenKind::LoginToken, pair.access, pair.access_expires_at),
            (
                TokenKind::LoginRefresh,
                pair.refresh,
                pair.refresh_expires_at,
            ),
        ] {
            let new = NewCredential {
                kind,
                name: None,
                hash,
                owner: CredentialOwner::User(user.id),
                scopes: None,
                agent: false,
                expires_at: Some(end),
                family: Some(Uuid::from_u128(77)),
            };
            self.org.create_credential(new).await.unwrap();
        }
        user.id
    }

    async fn works(&self, name: &str) -> bool {
        let found = self.store.caller_by_token(&token(name)).await;
        found.unwrap().is_some()
    }

    async fn rotate(&self, from: &str, to: &str) -> LoginRotation {
        let from = token(&format!("refresh {from}"));
        let rotated = self.store.rotate_login(&from, self.pair(to)).await;
        rotated.unwrap()
    }
}

#[tokio::test]
async fn a_refresh_token_gives_one_new_pair() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let owner = home.login().await;
        assert!(home.works("access 0").await, "{engine:?}");
        assert!(
            !home.works("refresh 0").await,
            "a refresh token is no bearer"
        );
        let rotated = home.rotate("0", "1").await;
        let LoginRotation::Rotated { org, user, .. } = rotated else {
            panic!("{engine:?}: {rotated:?}");
        };
        assert_eq!((org, user), (home.id(), owner));
        assert!(home.works("access 1").await);
        assert!(!home.works("access 0").await, "the old one is retired");
        let unknown = home.rotate("never", "2").await;
        assert!(matches!(unknown, LoginRotation::Unknown));
    }
}

#[tokio::test]
async fn a_second_use_ends_the_whole_login() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let owner = home.login().await;
        home.rotate("0", "1").await;
        home.rotate("1", "2").await;
        assert!(home.works("access 2").await);
        let reused = home.rotate("0", "3").await;
        let LoginRotation::Reused { org, user } = reused else {
            panic!("{engine:?}: {reused:?}");
        };
        assert_eq!((org, user), (home.id(), owner));
        assert!(!home.works("access 2").await);
        assert!(!home.works("access 3").await);
        let dead = home.rotate("2", "4").await;
        assert!(matches!(dead, LoginRotation::Unknown), "{dead:?}");
    }
}

#[tokio::test]
async fn a_refresh_token_ends_at_its_time() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        home.login().await;
        home.house.clock.advance(86_400);
        let late = home.rotate("0", "1").await;
        assert!(matches!(late, LoginRotation::Unknown), "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixteen_uses_at_once_one_wins() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        home.login().await;
        let names: Vec<String> = (1..=16).map(|n| n.to_string()).collect();
        let all = join_all(names.iter().map(|name| home.rotate("0", name))).await;
        let won = |one: &&LoginRotation| matches!(one, LoginRotation::Rotated { .. });
        assert_eq!(all.iter().filter(won).count(), 1, "{engine:?}: {all:?}");
        let told = all
            .iter()
            .any(|one| matches!(one, LoginRotation::Reused { .. }));
        assert!(told, "{all:?}");
        for name in names {
            assert!(!home.works(&format!("access {name}")).await);
        }
    }
}

#[tokio::test]
async fn signing_out_and_deactivation_end_logins() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let user = home.login().await;
        home.org
            .create_credential(key_of(user, "key"))
            .await
            .unwrap();
        home.rotate("0", "1").await;
        let off = UserChange {
            status: Some(model::UserStatus::Inactive),
            ..UserChange::default()
        };
        home.org.update_user(user, off, None).await.unwrap();
        assert!(!home.works("access 1").await, "{engine:?}");
        assert!(matches!(
            home.rotate("1", "2").await,
            LoginRotation::Unknown
        ));

        let home = Home::new(engine).await;
        let user = home.login().await;
        home.org
            .create_credential(key_of(user, "key"))
            .await
            .unwrap();
        let filter = CredentialFilter {
            user: Some(user),
            kind: Some(TokenKind::LoginToken),
        };
        let listed = home.org.credentials(&filter, everything()).await.unwrap();
        assert_eq!(listed.items.len(), 1);
        home.org.revoke_login(listed.items[0].id).await.unwrap();
        assert!(!home.works("access 0").await);
        assert!(home.works("key").await, "keys are no logins");
        assert!(matches!(
            home.rotate("0", "1").await,
            LoginRotation::Unknown
        ));
    }
}

#[tokio::test]
async fn every_gateway_sees_a_write_at_once() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let twin = home.twin().await;
        let stores: Vec<&Store> = [Some(&home.store), twin.as_ref()]
            .into_iter()
            .flatten()
            .collect();
        let user = home.org.create_user(person("a@b.c", &[])).await.unwrap();
        let key = home.org.create_credential(key_of(user.id, "key")).await;
        let key = key.unwrap();
        home.org.create_group(group("dba")).await.unwrap();
        home.org
            .create_connection(connection("shop", &[]))
            .await
            .unwrap();
        for round in 0..20 {
            let groups = if round % 2 == 0 {
                vec!["dba".to_owned()]
            } else {
                Vec::new()
            };
            let change = UserChange {
                groups: Some(groups.clone()),
                ..UserChange::default()
            };
            home.org.update_user(user.id, change, None).await.unwrap();
            bind(&home.org, "shop", &groups).await.unwrap();
            for store in &stores {
                let caller = store.caller_by_token(&token("key")).await.unwrap();
                assert_eq!(caller.unwrap().groups, groups, "{engine:?}");
                let set = store.org(home.id()).connections().await.unwrap();
                let shop = set.by_name("shop").unwrap();
                assert_eq!(shop.allow_list.as_ref(), Some(&groups));
            }
        }
        home.org.revoke_key(key.id).await.unwrap();
        for store in stores {
            assert!(
                store
                    .caller_by_token(&token("key"))
                    .await
                    .unwrap()
                    .is_none()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_whose_caller_gave_up_leaves_no_stale_cache() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let user = home.org.create_user(person("a@b.c", &[])).await.unwrap();
        for round in 0..60 {
            let name = format!("key {round}");
            let key = home.org.create_credential(key_of(user.id, &name)).await;
            let id = key.unwrap().id;
            assert!(home.works(&name).await);
            let patience = Duration::from_micros(round * 25);
            let _ = tokio::time::timeout(patience, home.org.revoke_key(id)).await;
            // Waits for the writer, which serves one change after the other.
            home.org.ensure_group(&name).await.unwrap();
            let listed = home
                .org
                .credentials(&CredentialFilter::default(), everything())
                .await
                .unwrap();
            let stored = listed.items.iter().find(|one| one.id == id).unwrap();
            assert_eq!(home.works(&name).await, stored.active, "{engine:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_with_one_name_one_is_made() {
    for engine in ENGINES {
        let home = Home::new(engine).await;
        let made = join_all((0..12).map(|_| home.org.create_user(person("a@b.c", &[])))).await;
        assert_eq!(made.iter().filter(|one| one.is_ok()).count(), 1);
        let rest = made.iter().filter_map(|one| one.as_ref().err());
        for error in rest {
            assert!(matches!(error, Error::Taken { .. }), "{engine:?}: {error}");
        }
        let ids = join_all((0..12).map(|_| home.org.ensure_group("g"))).await;
        let first = *ids[0].as_ref().unwrap();
        assert!(ids.into_iter().all(|id| id.unwrap() == first));
    }
}
