//! Signing in and out, the settings file, and what the doctor says of them.

use std::io::Write as _;
use std::process::{Output, Stdio};

use super::{Desk, text};

/// Runs a command that reads `input`.
fn fed(desk: &Desk, arguments: &[&str], input: &str) -> Output {
    let mut child = desk
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn a_token_set_on_fresh_settings_is_kept_for_the_address_in_force() {
    let desk = Desk::open();
    std::fs::remove_file(desk.settings()).unwrap();
    let token = desk.gateway.token("demo/dev.token");
    let set = fed(&desk, &["config", "set", "token"], &token);
    assert!(set.status.success(), "{}", text(&set.stderr));
    assert!(desk.good(&["whoami"]).contains("dev@demo.local"));
    let kept = desk.json(&["config", "view", "api_url", "-o", "json"]);
    assert_eq!(kept["api_url"], format!("{}/", desk.gateway.url));
    let elsewhere = ["config", "view", "token", "--api-url", "http://127.0.0.1:1"];
    let (code, said) = desk.code(&elsewhere);
    assert_eq!(
        code, 1,
        "a token of another gateway is not in force: {said}"
    );
}

#[test]
fn the_address_in_force_is_shown_also_when_nobody_set_it() {
    let desk = Desk::open();
    std::fs::remove_file(desk.settings()).unwrap();
    let mut command = desk.command(&["config", "view"]);
    let output = command.env_remove("DRAWGATE_API_URL").output().unwrap();
    let shown = text(&output.stdout);
    assert!(
        shown.starts_with("api_url = http://127.0.0.1:8009/\n"),
        "{shown}"
    );
}

#[test]
fn a_wrong_password_does_not_advise_to_sign_in() {
    let desk = Desk::open();
    desk.sign_in_by_password();
    let wrong = desk.file("wrong", "wrong horse battery\n");
    let arguments = [
        "login",
        "--email",
        "p@demo.local",
        "--password-file",
        &wrong,
    ];
    let (code, said) = desk.code(&arguments);
    assert_eq!(code, 1);
    assert!(!said.contains("drawgate login"), "{said}");
    let mut command = desk.command(&["whoami"]);
    let output = command.env("DRAWGATE_TOKEN", "dgk_unknown").output();
    let said = text(&output.unwrap().stderr);
    assert!(said.contains("hint: DRAWGATE_TOKEN is not taken"), "{said}");
}

#[test]
fn the_doctor_finds_broken_settings_and_addresses() {
    let desk = Desk::open();
    let good = desk.json(&["doctor", "-o", "json"]);
    assert_eq!(good["ok"], true, "{good}");
    let csv = desk.good(&["doctor", "-o", "csv"]);
    assert!(csv.starts_with("check,ok,finding\nsettings,yes,"), "{csv}");
    let nowhere = desk.run(&["doctor", "--api-url", "http://127.0.0.1:1"]);
    assert_eq!(nowhere.status.code(), Some(1));
    let address = desk.run(&["doctor", "--api-url", "gateway"]);
    assert_eq!(address.status.code(), Some(1));
    let found = text(&address.stdout);
    assert!(found.contains("BAD  address"), "{found}");
    std::fs::write(desk.settings(), "token = [\n").unwrap();
    let broken = desk.run(&["doctor"]);
    assert_eq!(broken.status.code(), Some(1));
    let found = text(&broken.stdout);
    assert!(found.starts_with("BAD  settings"), "{found}");
    assert!(found.contains("ok   gateway"), "it goes on: {found}");
}

#[test]
fn a_sign_out_that_the_gateway_did_not_hear_is_said() {
    let desk = Desk::open();
    let kept = std::fs::read_to_string(desk.settings()).unwrap();
    let moved = kept.replace(&desk.gateway.url, "http://127.0.0.1:1");
    std::fs::write(desk.settings(), moved).unwrap();
    let mut command = desk.command(&["logout"]);
    let output = command
        .env("DRAWGATE_API_URL", "http://127.0.0.1:1/")
        .output()
        .unwrap();
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("the token stays good"), "{said}");
}
