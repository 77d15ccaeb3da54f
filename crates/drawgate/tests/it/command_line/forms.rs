//! Results as JSON and CSV, whole, and harmless on a terminal.

use std::io::Read as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{Desk, ended, text};
use crate::gateway::drawgate;

#[test]
fn commands_without_a_result_of_the_gateway_have_json_too() {
    let desk = Desk::open();
    let token = desk.gateway.data.join("demo/dev.token");
    let address = format!("{}/", desk.gateway.url);
    let login = [
        "login",
        "--token-file",
        token.to_str().unwrap(),
        "-o",
        "json",
    ];
    assert_eq!(
        desk.json(&login),
        json!({"api_url": address, "user_email": "dev@demo.local"})
    );
    let path = desk.json(&["config", "path", "-o", "json"]);
    assert_eq!(path["path"], desk.settings().to_str().unwrap());
    let set = ["config", "set", "api_url", &desk.gateway.url, "-o", "json"];
    assert_eq!(desk.json(&set)["api_url"], address);
    let key = desk.json(&["config", "view", "token", "-o", "json"]);
    assert_eq!(key["token"], desk.gateway.token("demo/dev.token"));
    let shown = desk.good(&["config", "view", "-o", "csv"]);
    assert!(
        shown.starts_with("api_url,token,token_until\n") && shown.contains(",dgk_…,"),
        "{shown}"
    );
    let left = desk.json(&["logout", "-o", "json"]);
    assert_eq!(left, json!({"api_url": address, "signed_out": false}));
}

#[test]
fn a_rotation_is_told_as_json() {
    let mut desk = Desk::open();
    assert!(desk.gateway.stop());
    let data = desk.gateway.data.to_str().unwrap();
    let rotate = ["admin", "rotate-key", "-o", "json", "--data-dir", data];
    let output = drawgate().args(rotate).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(told["secrets"].as_u64().unwrap() > 0, "{told}");
}

#[test]
fn a_long_recording_is_read_to_its_end_in_every_form() {
    let desk = Desk::open();
    let query = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 60000) \
                 select i, 'some words, to make it more than one page' as t from n";
    let session = desk
        .good(&["exec", "demo", "--no-wait", "-i", query])
        .trim()
        .to_owned();
    desk.good(&["sessions", "wait", &session]);
    let whole = desk.good(&["sessions", "content", &session]);
    assert!(whole.len() > 2 * 1024 * 1024 && whole.ends_with("(60000 rows)\n"));
    let content = desk.json(&["sessions", "content", &session, "-o", "json"]);
    assert!(content["output"] == whole, "the pages are joined");
    assert_eq!(
        (&content["final"], &content["input"]),
        (&json!(true), &json!(query))
    );
    let csv = desk.good(&["sessions", "content", &session, "-o", "csv"]);
    assert_eq!(csv.lines().count(), 60_001);
    let short = desk.json(&["exec", "demo", "-o", "json", "-i", "select 1"]);
    let id = short["session_id"].as_str().unwrap();
    assert_eq!(
        desk.json(&["sessions", "content", id, "-o", "json"])["output"],
        short["output"]
    );
}

#[test]
fn a_changed_limit_leaves_the_others() {
    let desk = Desk::open();
    let limits = |arguments: &[&str]| {
        let mut all = vec!["connections", "update", "demo-shell", "-o", "json"];
        all.extend(arguments);
        desk.json(&all)["limits"].clone()
    };
    limits(&["--limit-memory", "256", "--limit-output", "100000"]);
    assert_eq!(
        limits(&["--limit-timeout", "60"]),
        json!({"timeout_seconds": 60, "memory_mb": 256, "output_bytes": 100_000})
    );
    assert_eq!(
        limits(&["--clear", "limits", "--limit-timeout", "70"]),
        json!({"timeout_seconds": 70, "memory_mb": 512, "output_bytes": 115_343_360})
    );
    let stale = ["--limit-timeout", "80", "--if-version", "1"];
    let mut arguments = vec!["connections", "update", "demo-shell"];
    arguments.extend(stale);
    let (code, said) = desk.code(&arguments);
    assert_eq!(code, 1);
    assert!(said.contains("version"), "{said}");
}

#[test]
fn the_groups_of_a_user_can_be_cleared() {
    let desk = Desk::open();
    let change = |arguments: &[&str]| {
        let mut all = vec!["admin", "users", "update", "dev@demo.local", "-o", "json"];
        all.extend(arguments);
        desk.json(&all)["groups"].clone()
    };
    assert_eq!(change(&["--group", "developers"]), json!(["developers"]));
    assert_eq!(change(&["--clear", "groups"]), json!([]));
}

/// The command line on a terminal of its own.
pub(super) fn terminal(desk: &Desk, command: &str) -> Command {
    let line = format!("{} {command}", env!("CARGO_BIN_EXE_drawgate"));
    let mut terminal = Command::new("script");
    terminal
        .args(["-qec", &line, "/dev/null"])
        .env("DRAWGATE_CONFIG_DIR", desk.folder.path().join("conf"))
        .env("DRAWGATE_API_URL", &desk.gateway.url)
        .stdin(Stdio::null());
    terminal
}

/// Runs the command line on a terminal and returns what it shows.
fn on_a_terminal(desk: &Desk, command: &str) -> String {
    let output = terminal(desk, command).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stdout));
    text(&output.stdout)
}

#[test]
fn what_a_target_says_cannot_steer_a_terminal() {
    let desk = Desk::open();
    let script = "printf 'a\\033[2Jb\\rc\\n'";
    let file = desk.file("script", script);
    let piped = desk.good(&["exec", "demo-shell", "-f", &file]);
    assert_eq!(piped, "a\u{1b}[2Jb\rc\n");
    let shown = on_a_terminal(&desk, &format!("exec demo-shell -f {file}"));
    assert!(shown.contains("a\u{fffd}[2Jb\u{fffd}c"), "{shown:?}");
    let sessions = ["sessions", "list", "--limit", "1", "-o", "json"];
    let last = desk.json(&sessions)["items"][0]["id"].clone();
    let last = last.as_str().unwrap();
    let shown = on_a_terminal(&desk, &format!("sessions content {last}"));
    assert!(shown.contains("a\u{fffd}[2Jb\u{fffd}c"), "{shown:?}");
}

#[test]
fn a_person_who_waits_sees_that_it_goes_on() {
    let desk = Desk::open();
    let over = desk.folder.path().join("over");
    let script = format!("until [ -e '{}' ]; do sleep 0.1; done", over.display());
    let started = desk.good(&["exec", "demo-shell", "--no-wait", "-i", &script]);
    let mut child = terminal(&desk, &format!("sessions wait {}", started.trim()))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = child.stdout.take().unwrap();
    let (mut shown, mut some) = (String::new(), [0; 1024]);
    while !shown.contains("waiting for") {
        let count = output.read(&mut some).unwrap();
        assert!(count > 0 && shown.len() < 20_000, "{shown:?}");
        shown.push_str(&String::from_utf8_lossy(&some[..count]));
    }
    std::fs::write(over, "").unwrap();
    output.read_to_string(&mut shown).unwrap();
    assert_eq!(ended(&mut child), 0, "{shown}");
    assert!(shown.contains("success"), "{shown:?}");
}
