//! A file of policies, access control, attributes and the preview of policy.

use std::io::{Read as _, Write as _};
use std::process::Stdio;

use serde_json::{Value, json};

use super::forms::terminal;
use super::{Desk, ended, text};

/// The example that the documents show.
const EXAMPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/examples/policies.yaml"
);

impl Desk {
    /// A desk with what the example names: connection `demo` is there, the group is made.
    fn with_groups() -> Self {
        let desk = Self::open();
        desk.good(&["admin", "groups", "create", "dba"]);
        desk
    }

    /// Applies the example on a terminal, types an answer to the question, and returns
    /// the exit code with what was shown.
    fn answer(&self, answer: &str) -> (i32, String) {
        let mut child = terminal(self, &format!("apply -f {EXAMPLE}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (mut shown, mut some) = (String::new(), [0; 1024]);
        while !shown.contains("apply this?") {
            let count = output.read(&mut some).unwrap();
            assert!(count > 0 && shown.len() < 20_000, "{shown:?}");
            shown.push_str(&String::from_utf8_lossy(&some[..count]));
        }
        input.write_all(format!("{answer}\r").as_bytes()).unwrap();
        output.read_to_string(&mut shown).unwrap();
        (ended(&mut child), shown)
    }

    fn guardrails(&self) -> Vec<Value> {
        let list = self.json(&["admin", "guardrails", "list", "-o", "json"]);
        list["items"].as_array().unwrap().clone()
    }
}

#[test]
fn the_example_is_planned_applied_and_then_nothing_is_left_to_do() {
    let desk = Desk::with_groups();
    let before = desk.guardrails();
    let look = ["apply", "-f", EXAMPLE, "--dry-run"];
    let shown = desk.good(&look);
    for line in [
        "+ attribute production\n",
        "    + connections: [demo]\n",
        "+ guardrail no-ddl\n",
        "+ datamasking rule contacts\n",
        "+ access control demo\n",
        "4 to create, 0 to change, 0 to delete, 0 unchanged\n",
    ] {
        assert!(shown.contains(line), "{line} is missing in {shown}");
    }
    assert_eq!(desk.guardrails(), before);

    // Nobody can be asked: nothing is done.
    let (code, told) = desk.code(&["apply", "-f", EXAMPLE]);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("nothing was applied"), "{told}");
    assert_eq!(desk.guardrails(), before);

    let applied = desk.good(&["apply", "-f", EXAMPLE, "--yes"]);
    assert!(applied.ends_with("applied\n"), "{applied}");
    let (code, _) = desk.code(&["exec", "demo", "-i", "drop table customers"]);
    assert_eq!(code, 254);
    let again = desk.good(&["apply", "-f", EXAMPLE]);
    assert_eq!(
        again,
        "0 to create, 0 to change, 0 to delete, 4 unchanged\n"
    );
}

#[test]
fn a_person_is_asked_after_the_plan_was_shown() {
    let desk = Desk::with_groups();
    let before = desk.guardrails();
    let (code, shown) = desk.answer("n");
    assert_eq!(code, 2, "{shown}");
    let (plan, question) = (shown.find("+ guardrail no-ddl"), shown.find("apply this?"));
    assert!(plan.is_some() && plan < question, "{shown}");
    assert!(shown.contains("nothing was applied"), "{shown}");
    assert_eq!(desk.guardrails(), before);
    let (code, shown) = desk.answer("y");
    assert_eq!(code, 0, "{shown}");
    assert_eq!(desk.guardrails().len(), before.len() + 1);
}

#[test]
fn a_changed_file_from_standard_input_is_applied_and_pruned() {
    let desk = Desk::with_groups();
    desk.good(&["apply", "-f", EXAMPLE, "--yes"]);
    let smaller = "version: 1\nattributes:\n  - {name: production, description: Serves \
        customers., connections: [demo], groups: [admin]}\n";
    let given = |arguments: &[&str]| {
        let mut command = desk.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(smaller.as_bytes()).unwrap();
        drop(input);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        text(&output.stdout)
    };
    let shown = given(&["apply", "-f", "-", "--dry-run", "--prune"]);
    for line in [
        "~ attribute production\n",
        "    ~ groups: - dba, + admin\n",
        "- guardrail no-ddl\n",
        "- access control demo\n    - groups: [dba]\n    everybody will see the connection",
    ] {
        assert!(shown.contains(line), "{line} is missing in {shown}");
    }
    let plan: Value = {
        let json = ["apply", "-f", "-", "--dry-run", "--prune", "-o", "json"];
        serde_json::from_str(&given(&json)).unwrap()
    };
    assert_eq!(plan["changes"].as_array().unwrap().len(), 4, "{plan}");
    let csv = given(&["apply", "-f", "-", "--dry-run", "--prune", "-o", "csv"]);
    assert!(
        csv.starts_with("action,kind,name,path,before,after\n"),
        "{csv}"
    );
    let applied = given(&["apply", "-f", "-", "--prune", "--yes", "-o", "json"]);
    assert_eq!(serde_json::from_str::<Value>(&applied).unwrap(), plan);
    let names: Vec<_> = desk.guardrails();
    assert!(
        names.iter().all(|rule| rule["name"] != "no-ddl"),
        "{names:?}"
    );
}

#[test]
fn mistakes_are_told_with_their_lines() {
    let desk = Desk::with_groups();
    let unknown = "version: 1\nguardrails:\n  - name: a\n    inputs: {}\n";
    let (code, told) = desk.code(&["apply", "-f", &desk.file("a.yaml", unknown)]);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("a.yaml") && told.contains("line 4"), "{told}");
    assert!(told.contains("inputs"), "{told}");

    let wrong = "version: 1\nguardrails:\n  - name: a\n    connections: [demo, nowhere]\n    \
        input:\n      rules:\n        - type: pattern_match\n          pattern_regex: '(?=x)'\n\
        access_control:\n  - connection: demo\n    groups: [strangers]\n";
    let path = desk.file("b.yaml", wrong);
    let (code, told) = desk.code(&["apply", "-f", &path, "--yes"]);
    assert_eq!(code, 1, "{told}");
    for line in [
        "b.yaml:8: guardrails[0].input.rules[0].pattern_regex: ",
        "b.yaml:4: guardrails[0].connections[1]: connection \"nowhere\" not found\n  hint: ",
        "b.yaml:11: access_control[0].groups[0]: group \"strangers\" not found",
        "error: 3 mistakes in ",
    ] {
        assert!(told.contains(line), "{line} is missing in {told}");
    }
    assert!(desk.guardrails().iter().all(|rule| rule["name"] != "a"));
}

#[test]
fn access_and_attributes_are_administered() {
    let desk = Desk::with_groups();
    let set = [
        "admin", "access", "set", "demo", "--group", "dba", "-o", "json",
    ];
    let set = desk.json(&set);
    assert_eq!(set["allowed_groups"], json!(["dba"]), "{set}");
    let stale = [
        "admin",
        "access",
        "set",
        "demo",
        "-g",
        "admin",
        "--if-version",
        "0",
    ];
    assert_eq!(desk.code(&stale).0, 1);
    assert_eq!(
        desk.json(&["admin", "access", "get", "demo", "-o", "json"]),
        set
    );
    assert!(desk.good(&["admin", "access", "list"]).contains("demo"));
    assert_eq!(desk.code(&["admin", "access", "unset", "demo"]).0, 2);
    desk.good(&["admin", "access", "unset", "demo", "--yes"]);
    let free = desk.json(&["admin", "access", "get", "demo", "-o", "json"]);
    assert_eq!(free["restricted"], false, "{free}");

    let made = desk.json(&[
        "admin",
        "attributes",
        "create",
        "pii",
        "--connection",
        "demo",
        "--group",
        "dba",
        "--description",
        "Personal data.",
        "-o",
        "json",
    ]);
    assert_eq!(made["connection_names"], json!(["demo"]), "{made}");
    let changed = desk.json(&[
        "admin",
        "attributes",
        "update",
        "pii",
        "--group",
        "admin",
        "--clear",
        "description",
        "--clear",
        "connections",
        "--if-version",
        "1",
        "-o",
        "json",
    ]);
    assert_eq!(
        (
            &changed["description"],
            &changed["connection_names"],
            &changed["access_control_group_names"]
        ),
        (&Value::Null, &json!([]), &json!(["admin"]))
    );
    assert_eq!(
        desk.json(&["admin", "attributes", "get", "pii", "-o", "json"]),
        changed
    );
    assert!(
        desk.good(&["admin", "attributes", "list", "--search", "pi"])
            .contains("pii")
    );
    assert_eq!(desk.code(&["admin", "attributes", "delete", "pii"]).0, 2);
    desk.good(&["admin", "attributes", "delete", "pii", "--yes"]);
    assert_eq!(desk.code(&["admin", "attributes", "get", "pii"]).0, 1);
}

#[test]
fn what_policy_would_do_is_told_without_doing_it() {
    let desk = Desk::with_groups();
    desk.good(&["apply", "-f", EXAMPLE, "--yes"]);
    let drop = ["policy", "preview", "demo", "-i", "drop table customers"];
    let told = desk.good(&drop);
    assert!(told.starts_with("decision: blocked\n"), "{told}");
    assert!(told.contains("guardrail no-ddl / "), "{told}");
    let count = [
        "exec",
        "demo",
        "-i",
        "select count(*) > 0 as there from customers",
    ];
    assert!(desk.good(&count).contains('1'));
    let script = desk.file("q.sql", "select 1");
    let told = desk.json(&["policy", "preview", "demo", "-f", &script, "-o", "json"]);
    assert_eq!(told["decision"], "allowed", "{told}");
    let connect = [
        "policy", "preview", "demo", "--verb", "connect", "-o", "json",
    ];
    assert!(desk.json(&connect)["decision"].is_string());
    let password = desk.file("password", "correct horse battery\n");
    let user = [
        "admin",
        "users",
        "create",
        "kim@demo.local",
        "--password-file",
        &password,
    ];
    desk.good(&user);
    let as_kim = [
        "policy",
        "preview",
        "demo",
        "-i",
        "select 1",
        "--as",
        "kim@demo.local",
    ];
    let told = desk.good(&as_kim);
    assert!(told.contains("not visible to the user"), "{told}");
}
