//! A data folder on a disk that is full.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;
use testkit::servers::SmallDisk;

use crate::gateway::{Engine, Setup};
use crate::targets::no_session_stays_open;

/// Writes a file until there is no room.
fn fill(disk: &SmallDisk) {
    let mut file = File::create(filling(disk)).unwrap();
    for size in [65_536, 4096, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}

fn filling(disk: &SmallDisk) -> PathBuf {
    disk.path().join("filling")
}

#[tokio::test]
async fn a_full_disk_stops_new_runs_and_nothing_else() {
    let setup = Setup::new(Engine::Sqlite);
    let disk = SmallDisk::mount(&setup.folder().join("data"), "24m");
    let marker = tempfile::tempdir().unwrap();
    let mut gateway = setup.start();
    let admin = gateway.admin();
    admin.connect_bash("bash").await;
    let before = admin.exec("bash", "echo before").await;
    let content = json!({"id": before["session_id"]});
    // Reading it brings it from the journal into the tables, which a full disk
    // would prevent.
    admin
        .call("sessions_get_content", content.clone())
        .await
        .unwrap();
    for round in 0..2 {
        fill(&disk);
        // What little room was left inside the store's own files goes first.
        let mut refused = 0;
        for at in 0..400 {
            let file = marker.path().join(format!("{round}-{at}"));
            let ask = json!({"connection_name": "bash", "input": format!("touch '{}' # {}", file.display(), "x".repeat(20_000))});
            match admin.call("exec", ask).await {
                Ok(envelope) => assert_eq!(
                    (&envelope["status"], refused),
                    (&json!("completed"), 0),
                    "{envelope}"
                ),
                Err(error) => {
                    assert_eq!(error["code"], "unavailable", "{error}");
                    refused += 1;
                }
            }
            if refused == 3 {
                assert!(!file.exists(), "a refused run ran");
                break;
            }
        }
        assert_eq!(refused, 3, "the disk is not full");
        assert_eq!(
            admin.call("me_get", json!({})).await.unwrap()["is_admin"],
            true
        );
        let connections = admin.call("connections_list", json!({})).await.unwrap();
        assert_eq!(connections["items"].as_array().unwrap().len(), 1);
        let read = admin
            .call("sessions_get_content", content.clone())
            .await
            .unwrap();
        assert_eq!(read["output"], "before\n");
        std::fs::remove_file(filling(&disk)).unwrap();
        let after = admin.exec("bash", "echo after").await;
        assert_eq!(
            (&after["status"], &after["output"]),
            (&json!("completed"), &json!("after\n")),
            "{after}"
        );
        no_session_stays_open(&admin, Duration::from_secs(10)).await;
    }
    assert!(gateway.stop(), "{}", gateway.said.lock());
    gateway.start_again();
    assert_eq!(
        gateway.admin().exec("bash", "echo again").await["output"],
        "again\n"
    );
}
