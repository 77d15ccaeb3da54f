//! A new key for the secrets of a store.

use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::gateway::{ENGINES, Engine, Gateway};

const KEY: &str = "secret.key";
const NEXT: &str = "secret.key.next";

/// Whether the secrets of the connection `pgsql` open.
async fn works(gateway: &Gateway) {
    let answer = gateway.admin().exec("pgsql", "select 1 as one").await;
    assert_eq!(answer["status"], "completed", "{answer}");
}

#[tokio::test]
async fn a_wrong_key_is_told_and_rotation_seals_anew() {
    for engine in ENGINES {
        let mut gateway = Gateway::start(engine);
        let _server = gateway.admin().connect_postgres("pgsql").await;
        assert!(gateway.stop());
        let key = std::fs::read(gateway.data.join("secret.key")).unwrap();
        let rotated = gateway.command("rotate-key");
        assert!(rotated.contains("sealed under a new key"), "{rotated}");
        assert_ne!(std::fs::read(gateway.data.join("secret.key")).unwrap(), key);
        gateway.start_again();
        let answer = gateway.admin().exec("pgsql", "select 1 as one").await;
        assert_eq!(answer["status"], "completed", "{answer}");
        assert!(gateway.stop());
        std::fs::write(gateway.data.join("secret.key"), key).unwrap();
        let said = gateway.refused_start();
        assert!(said.contains("key"), "{said}");
    }
}

#[tokio::test]
async fn a_rotation_that_stopped_before_the_key_was_adopted_is_finished() {
    for engine in ENGINES {
        let mut gateway = Gateway::start(engine);
        let _server = gateway.admin().connect_postgres("pgsql").await;
        assert!(gateway.stop());
        let old = std::fs::read(gateway.data.join(KEY)).unwrap();
        gateway.command("rotate-key");
        let new = std::fs::read(gateway.data.join(KEY)).unwrap();
        // As if it had been killed between the two.
        std::fs::rename(gateway.data.join(KEY), gateway.data.join(NEXT)).unwrap();
        write(&gateway, KEY, &old);
        gateway.start_again();
        works(&gateway).await;
        assert_eq!(std::fs::read(gateway.data.join(KEY)).unwrap(), new);
        assert!(!gateway.data.join(NEXT).exists());
    }
}

#[tokio::test]
async fn a_rotation_that_stopped_before_anything_was_sealed_changes_nothing() {
    for engine in ENGINES {
        let mut gateway = Gateway::start(engine);
        let _server = gateway.admin().connect_postgres("pgsql").await;
        assert!(gateway.stop());
        let old = std::fs::read(gateway.data.join(KEY)).unwrap();
        write(&gateway, NEXT, STANDARD.encode([7; 32]).as_bytes());
        gateway.start_again();
        works(&gateway).await;
        assert_eq!(std::fs::read(gateway.data.join(KEY)).unwrap(), old);
        assert!(gateway.stop());
        gateway.command("rotate-key");
        gateway.start_again();
        works(&gateway).await;
    }
}

#[tokio::test]
async fn a_key_is_not_rotated_under_a_gateway_that_runs() {
    for engine in ENGINES {
        let mut gateway = Gateway::start(engine);
        let _server = gateway.admin().connect_postgres("pgsql").await;
        let key = std::fs::read(gateway.data.join(KEY)).unwrap();
        let refused = gateway.try_command("rotate-key").unwrap_err();
        assert!(refused.contains("stop"), "{refused}");
        assert_eq!(std::fs::read(gateway.data.join(KEY)).unwrap(), key);
        works(&gateway).await;
        if engine == Engine::Postgres {
            // Nor by the neighbour of one.
            let mut neighbour = gateway.neighbour().start();
            assert!(neighbour.stop());
            assert!(neighbour.try_command("rotate-key").is_err());
        }
        assert!(gateway.stop());
        gateway.start_again();
        works(&gateway).await;
    }
}

fn write(gateway: &Gateway, name: &str, bytes: &[u8]) {
    let path = gateway.data.join(name);
    std::fs::write(&path, bytes).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
