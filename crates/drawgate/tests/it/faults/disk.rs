//! A data folder on a disk that is full.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use testkit::servers::must;

use crate::gateway::{Engine, Setup};
use crate::targets::no_session_stays_open;

/// A small file system of its own. Dropping it takes it away.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(path: &Path, size: &str) -> Self {
        std::fs::create_dir(path).unwrap();
        must(
            Command::new("mount")
                .args([
                    "-t",
                    "tmpfs",
                    "-o",
                    &format!("size={size},mode=0700"),
                    "tmpfs",
                ])
                .arg(path),
        );
        Self(path.to_owned())
    }

    /// Writes a file until there is no room.
    fn fill(&self) {
        let mut file = File::create(self.0.join("filling")).unwrap();
        for size in [65_536, 4096, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("filling")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
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
        disk.fill();
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
        disk.free();
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
