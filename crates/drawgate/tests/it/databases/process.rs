//! Processes.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{gateways, says};
use crate::gateway::{Client, Engine, Gateway};
use crate::targets::{exec_with, recorded};

#[tokio::test]
async fn what_a_process_says_is_answered_in_order_with_its_exit_code() {
    for (_, _gateway, admin) in gateways() {
        admin.connect_bash("bash").await;
        let answer = says(
            &admin,
            "bash",
            "echo out; sleep 0.1; echo err >&2; sleep 0.1; printf 'tab\\there'",
            "out\nerr\ntab\there",
        )
        .await;
        assert_eq!(
            (&answer["row_count"], &answer["affected_rows"]),
            (&Value::Null, &Value::Null)
        );
        says(&admin, "bash", "true", "").await;
        says(
            &admin,
            "bash",
            "printf 'Zo\\xc3'; sleep 0.1; printf '\\xab 🦀 \\xff.'",
            "Zoë 🦀 \u{fffd}.",
        )
        .await;
        for (input, code) in [
            ("echo no; exit 7", 7),
            ("kill -KILL $$", 137),
            ("kill -TERM $$", 143),
            ("nonesuch-program", 127),
        ] {
            let answer = admin.exec("bash", input).await;
            assert_eq!(
                (&answer["status"], &answer["exit_code"]),
                (&json!("failed"), &json!(code)),
                "{input}: {answer}"
            );
            assert_eq!(answer["output_status"], "failed");
            assert_eq!(json!(recorded(&admin, &answer).await), answer["output"]);
        }
    }
}

#[tokio::test]
async fn a_process_sees_its_own_variables_and_nothing_else() {
    for (_, _gateway, admin) in gateways() {
        let arguments = json!({
            "name": "env", "type": "custom", "subtype": "bash", "command": ["bash", "-s", "--", "own"],
            "secrets": {"envvar:OWN": STANDARD.encode("kept safe"), "filesystem:PAPER": STANDARD.encode("on paper")},
            "allowed_env_vars": ["GIVEN", "PAGE"],
        });
        admin.call("connections_create", arguments).await.unwrap();
        says(
            &admin,
            "env",
            "echo \"$OWN\"; cat \"$PAPER\"; echo; echo $*",
            "kept safe\non paper\nown\n",
        )
        .await;
        let answer = exec_with(
            &admin,
            "env",
            "echo \"$1 $2 $GIVEN\"; cat \"$PAGE\"",
            json!({
                "args": ["two words"],
                "env_vars": {"GIVEN": "plain", "filesystem:PAGE": STANDARD.encode("a page\n")},
            }),
        )
        .await;
        assert_eq!(
            answer["output"], "own two words plain\na page\n",
            "{answer}"
        );
        let environment = admin.exec("env", "env | cut -d= -f1 | sort").await;
        for name in environment["output"].as_str().unwrap().lines() {
            assert!(
                [
                    "OWN", "PAPER", "PATH", "HOME", "PWD", "SHLVL", "_", "LANG", "TMPDIR"
                ]
                .contains(&name),
                "{name} is not of the connection"
            );
        }
        for (name, path) in [
            ("OWN", "/env_vars/OWN"),
            ("OTHER", "/env_vars/OTHER"),
            ("LD_PRELOAD", "/env_vars/LD_PRELOAD"),
        ] {
            let ask = json!({"connection_name": "env", "input": "true", "env_vars": {name: "x"}});
            let error = admin.call("exec", ask).await.unwrap_err();
            assert_eq!(
                (&error["code"], &error["details"]["path"]),
                (&json!("invalid_argument"), &json!(path))
            );
        }
        // Its paper does not outlive the run.
        let place = admin.exec("env", "echo $PAPER").await;
        let place = place["output"].as_str().unwrap().trim().to_owned();
        assert!(!place.is_empty() && !Path::new(&place).exists(), "{place}");
    }
}

#[tokio::test]
async fn metadata_that_a_connection_demands_must_be_there() {
    for (_, _gateway, admin) in gateways() {
        let arguments = json!({
            "name": "strict", "type": "custom", "subtype": "bash", "command": ["bash"],
            "mandatory_metadata_fields": ["ticket"],
        });
        admin.call("connections_create", arguments).await.unwrap();
        for metadata in [
            json!({}),
            json!({"ticket": ""}),
            json!({"ticket": null}),
            json!({"Ticket": "A-1"}),
        ] {
            let ask = json!({"connection_name": "strict", "input": "true", "metadata": metadata});
            let error = admin.call("exec", ask).await.unwrap_err();
            assert_eq!(error["details"]["path"], "/metadata/ticket", "{error}");
        }
        let answer = exec_with(
            &admin,
            "strict",
            "echo done",
            json!({"metadata": {"ticket": "A-1"}, "reason": "because"}),
        )
        .await;
        assert_eq!(answer["status"], "completed");
        let session = admin
            .call("sessions_get", json!({"id": answer["session_id"]}))
            .await
            .unwrap();
        assert_eq!(session["metadata"], json!({"ticket": "A-1"}));
        assert_eq!(session["reason"], "because");
    }
}

#[tokio::test]
async fn a_disabled_access_mode_blocks_and_is_on_record() {
    for (_, _gateway, admin) in gateways() {
        let arguments = json!({
            "name": "closed", "type": "custom", "subtype": "bash", "command": ["bash"], "access_mode_exec": "disabled",
        });
        admin.call("connections_create", arguments).await.unwrap();
        let marker = tempfile::tempdir().unwrap();
        let file = marker.path().join("ran");
        let answer = admin
            .exec("closed", &format!("touch {}", file.display()))
            .await;
        assert_eq!(
            (
                &answer["status"],
                &answer["output_status"],
                &answer["exit_code"]
            ),
            (&json!("failed"), &json!("blocked"), &json!(254))
        );
        assert_eq!(answer["failure"]["code"], "forbidden");
        assert!(!answer["output"].as_str().unwrap().is_empty());
        let session = admin
            .call("sessions_get", json!({"id": answer["session_id"]}))
            .await
            .unwrap();
        assert_eq!(
            (
                &session["status"],
                &session["outcome"],
                &session["exit_code"]
            ),
            (&json!("done"), &json!("blocked"), &json!(254))
        );
        let content = admin
            .call("sessions_get_content", json!({"id": answer["session_id"]}))
            .await
            .unwrap();
        assert_eq!(content["input"], format!("touch {}", file.display()));
        assert!(!file.exists());
    }
}

#[tokio::test]
async fn a_process_cannot_reach_what_is_the_gateways() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    admin.connect_bash("bash").await;
    let open = admin
        .exec(
            "bash",
            "ls /proc/self/fd | wc -l; for f in /proc/self/fd/*; do readlink $f; done",
        )
        .await;
    let output = open["output"].as_str().unwrap();
    assert!(
        !output.contains("drawgate.db") && !output.contains("socket:"),
        "open files are handed down: {output}"
    );
    assert_eq!(
        input_of(&admin, &open).await,
        "ls /proc/self/fd | wc -l; for f in /proc/self/fd/*; do readlink $f; done"
    );
    let large = format!(": {}", "x".repeat(1024 * 1024 - 2));
    assert_eq!(admin.exec("bash", &large).await["status"], "completed");
    let error = admin
        .call(
            "exec",
            json!({"connection_name": "bash", "input": large + "x"}),
        )
        .await
        .unwrap_err();
    assert_eq!(error["details"]["path"], "/input", "{error}");
}

#[tokio::test]
async fn nothing_of_a_run_outlives_it() {
    let mut gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let arguments = json!({
        "name": "keyed", "type": "custom", "subtype": "bash", "command": ["bash"],
        "secrets": {"filesystem:KEY": STANDARD.encode("to be gone")},
    });
    admin.call("connections_create", arguments).await.unwrap();
    // It leaves its session and takes off whatever tells whose it is.
    let escape = "setsid env -i bash -c 'ulimit -x 1; exec sleep 4718' >/dev/null 2>&1 &
        until id=$(pgrep -fx 'sleep 4718'); do :; done; echo $id";
    let answer = admin.exec("keyed", escape).await;
    let process = format!("/proc/{}", answer["output"].as_str().unwrap().trim());
    assert!(
        process != "/proc/" && !Path::new(&process).exists(),
        "{answer}"
    );

    let place = gateway.data.join("place");
    let input = format!(
        "echo $KEY > {0}.new; mv {0}.new {0}; sleep 4719",
        place.display()
    );
    let ask = json!({"connection_name": "keyed", "input": input, "wait_seconds": 0});
    admin.call("exec", ask).await.unwrap();
    while !place.exists() || !is_running("sleep 4719") {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let key = std::fs::read_to_string(&place).unwrap();
    let key = Path::new(key.trim());
    assert!(key.starts_with(gateway.data.join("rooms")) && key.exists());
    gateway.kill();
    gateway.start_again();
    assert!(!key.exists());
    assert!(!is_running("sleep 4719"));
}

/// Whether a process has this command line.
fn is_running(line: &str) -> bool {
    let mut find = std::process::Command::new("pgrep");
    find.args(["-fx", line]).output().unwrap().status.success()
}

async fn input_of(client: &Client, envelope: &Value) -> String {
    let content = client
        .call(
            "sessions_get_content",
            json!({"id": envelope["session_id"]}),
        )
        .await
        .unwrap();
    content["input"].as_str().unwrap().to_owned()
}
