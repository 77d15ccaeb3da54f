//! The command line as a person uses it, against the demo.

mod backtest;
mod forms;
mod network;
mod papers;
mod policies;
mod rules;
mod settings;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::gateway::{Engine, Gateway, Setup, drawgate, signal};

/// A person with a settings folder, signed in as the administrator of the demo.
struct Desk {
    gateway: Gateway,
    folder: TempDir,
}

impl Desk {
    fn open() -> Self {
        let gateway = Setup::new(Engine::Sqlite).with(&["--demo"]).start();
        let desk = Self {
            gateway,
            folder: tempfile::tempdir().unwrap(),
        };
        let token = desk.gateway.data.join("demo/admin.token");
        desk.good(&["login", "--token-file", token.to_str().unwrap()]);
        desk
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = drawgate();
        command
            .args(arguments)
            .env("DRAWGATE_CONFIG_DIR", self.folder.path().join("conf"))
            .env("DRAWGATE_API_URL", &self.gateway.url);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Standard output of a command that must succeed.
    fn good(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
        text(&output.stdout)
    }

    /// Exit code and standard error of a command.
    fn code(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments);
        (output.status.code().unwrap_or(-1), text(&output.stderr))
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.good(arguments)).unwrap()
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn settings(&self) -> PathBuf {
        self.folder.path().join("conf/config.toml")
    }

    /// Makes a user and signs in as that user by password.
    fn sign_in_by_password(&self) {
        let password = self.file("password", "correct horse battery\n");
        let made = [
            "admin",
            "users",
            "create",
            "p@demo.local",
            "--password-file",
            &password,
        ];
        self.good(&made);
        self.good(&[
            "login",
            "--email",
            "p@demo.local",
            "--password-file",
            &password,
        ]);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn exec_prints_text_csv_and_json() {
    let desk = Desk::open();
    let query = "select id, name from customers order by id limit 2";
    let shown = desk.good(&["exec", "demo", "-i", query]);
    assert!(
        shown.starts_with("id\tname\n1\t") && shown.ends_with("(2 rows)\n"),
        "{shown}"
    );
    let quoted = "select 1 as n, 'a \"b\", c' as t union all select 2, null";
    let csv = desk.good(&["exec", "demo", "-o", "csv", "-i", quoted]);
    assert_eq!(csv, "n,t\n1,\"a \"\"b\"\", c\"\n2,\n");
    let json = desk.json(&[
        "exec",
        "demo",
        "-o",
        "json",
        "--rows",
        "-i",
        "select 7 as n",
    ]);
    assert_eq!(json["rows"][0][0], 7);
    assert_eq!(json["status"], "completed");
}

#[test]
fn exec_reads_files_and_standard_input() {
    let desk = Desk::open();
    let file = desk.file("query.sql", "select 'from a file' as t");
    assert!(
        desk.good(&["exec", "demo", "-f", &file])
            .contains("from a file")
    );
    let mut child = desk
        .command(&["exec", "demo-shell"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"echo from a pipe")
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(text(&output.stdout), "from a pipe\n");
}

#[test]
fn exit_codes_tell_how_it_ended() {
    let desk = Desk::open();
    assert_eq!(desk.code(&["exec", "demo-shell", "-i", "exit 7"]).0, 7);
    assert_eq!(
        desk.code(&["exec", "demo", "-i", "select * from nowhere"])
            .0,
        1
    );
    let (code, said) = desk.code(&["exec", "nowhere", "-i", "1"]);
    assert_eq!(code, 1);
    assert!(
        said.starts_with("error: ") && said.contains("\nhint: "),
        "{said}"
    );
    assert_eq!(desk.code(&["exec", "demo", "-o", "xml"]).0, 2);
    assert_eq!(desk.code(&["whoami", "--token", "dgk_visible"]).0, 2);
    desk.good(&[
        "connections",
        "update",
        "demo-shell",
        "--access-mode-exec",
        "disabled",
    ]);
    let (code, said) = desk.code(&["exec", "demo-shell", "-i", "echo x"]);
    assert_eq!(code, 254);
    assert_eq!(said.matches("disabled").count(), 1, "{said}");
}

#[test]
fn a_long_answer_is_complete_in_every_form() {
    let desk = Desk::open();
    let query = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 40000) \
                 select i, 'a \"quoted\", long enough text' as t from n";
    let csv = desk.good(&["exec", "demo", "-o", "csv", "-i", query]);
    assert_eq!(csv.lines().count(), 40_001);
    assert!(csv.ends_with("40000,\"a \"\"quoted\"\", long enough text\"\n"));
    let shown = desk.good(&["exec", "demo", "-i", query]);
    assert_eq!(shown.lines().count(), 40_002);
    assert!(shown.ends_with("(40000 rows)\n"));
}

#[test]
fn a_run_that_was_left_is_waited_for_and_read_later() {
    let desk = Desk::open();
    let started = desk.good(&[
        "exec",
        "demo-shell",
        "--no-wait",
        "-i",
        "sleep 1; echo late; exit 5",
    ]);
    let session = started.trim();
    assert_eq!(desk.code(&["sessions", "wait", session]).0, 5);
    assert_eq!(desk.good(&["sessions", "content", session]), "late\n");
    let record = desk.json(&["sessions", "get", session, "-o", "json"]);
    assert_eq!(record["origin"], "cli");
    assert_eq!(record["client"]["name"], "drawgate");
}

#[test]
fn ctrl_c_kills_the_run() {
    let desk = Desk::open();
    let mut child = desk
        .command(&["exec", "demo-shell", "-i", "sleep 40"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let open = ["sessions", "list", "--status", "open", "-o", "json"];
    wait(|| desk.json(&open)["items"][0]["started_at"].is_string());
    signal(child.id(), "INT");
    let code = ended(&mut child);
    assert_ne!(code, 0);
    let last = desk.json(&["sessions", "list", "--limit", "1", "-o", "json"]);
    assert_eq!(last["items"][0]["outcome"], "killed", "{last}");
}

#[test]
fn secrets_come_from_files_and_arrive_as_they_are() {
    let desk = Desk::open();
    let secrets = desk.file("secrets", "# one\nGREETING=a=b \"c\"\n");
    desk.good(&[
        "connections",
        "create",
        "greeter",
        "--type",
        "custom",
        "--command",
        "bash",
        "--secrets-file",
        &secrets,
        "--tag",
        "team=a",
    ]);
    let said = desk.good(&["exec", "greeter", "-i", "echo \"${#GREETING}\""]);
    assert_eq!(said, "7\n");
    let list = desk.good(&[
        "connections",
        "list",
        "--tag-selector",
        "team=a",
        "-o",
        "csv",
    ]);
    assert_eq!(list.lines().count(), 2, "{list}");
    desk.good(&[
        "connections",
        "update",
        "greeter",
        "--remove-secret",
        "GREETING",
    ]);
    assert_eq!(
        desk.good(&["exec", "greeter", "-i", "echo \"${#GREETING}\""]),
        "0\n"
    );
    assert_eq!(desk.code(&["connections", "delete", "greeter"]).0, 2);
    desk.good(&["connections", "delete", "greeter", "--yes"]);
    assert_eq!(desk.code(&["connections", "get", "greeter"]).0, 1);
}

#[test]
fn an_old_login_is_renewed_once_by_many_processes() {
    let desk = Desk::open();
    desk.sign_in_by_password();
    let old = std::fs::read_to_string(desk.settings()).unwrap();
    let aged: String = old
        .lines()
        .map(|line| match line.split_once(" = ") {
            Some(("token_since", _)) => "token_since = \"2020-01-01T00:00:00Z\"\n".to_owned(),
            _ => format!("{line}\n"),
        })
        .collect();
    std::fs::write(desk.settings(), aged).unwrap();
    let children: Vec<Child> = (0..5)
        .map(|_| {
            desk.command(&["whoami"])
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert_eq!(ended(&mut child), 0);
    }
    let new = std::fs::read_to_string(desk.settings()).unwrap();
    assert_ne!(old, new);
    assert!(desk.good(&["whoami"]).contains("p@demo.local"));
}

#[test]
fn a_refused_login_is_renewed_and_a_sign_out_forgets_it() {
    let desk = Desk::open();
    desk.sign_in_by_password();
    let kept = std::fs::read_to_string(desk.settings()).unwrap();
    std::fs::write(
        desk.settings(),
        kept.replace("\ntoken = \"dgt_", "\ntoken = \"dgt_x"),
    )
    .unwrap();
    assert!(desk.good(&["whoami"]).contains("p@demo.local"));
    desk.good(&["logout"]);
    assert!(
        !std::fs::read_to_string(desk.settings())
            .unwrap()
            .contains("dg")
    );
    let (code, said) = desk.code(&["whoami"]);
    assert_eq!(code, 1);
    assert!(said.contains("hint: sign in with drawgate login"), "{said}");
}

fn ended(child: &mut Child) -> i32 {
    wait(|| child.try_wait().unwrap().is_some());
    child.wait().unwrap().code().unwrap_or(-1)
}

/// Waits until something is there; for long only when it never comes.
fn wait(mut is_there: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(30);
    while !is_there() {
        assert!(Instant::now() < limit, "it did not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}
