//! `drawgate policy test`: expectations of a file, without a gateway.

use std::io::Write as _;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::gateway::drawgate;

/// The example of the guide.
const EXAMPLE: &str = include_str!("../../../../../docs/examples/policy-tests.yaml");

fn run(file: &str, more: &[&str]) -> Output {
    let mut command = drawgate();
    command.args(["policy", "test", "-f", "-"]).args(more);
    // Nobody may be asked: there is no gateway.
    command.env("DRAWGATE_API_URL", "http://127.0.0.1:1");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(file.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

/// Exit code, standard output and standard error.
fn told(file: &str) -> (i32, String, String) {
    let output = run(file, &[]);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let code = output.status.code().unwrap();
    (code, text(&output.stdout), text(&output.stderr))
}

/// What is not as expected of the only expectation of a file.
fn mismatches(rules: &Value, test: Value) -> Vec<String> {
    let mut file = rules.clone();
    let mut test = test;
    test["name"] = json!("the test");
    (file["version"], file["tests"]) = (json!(1), json!([test]));
    let output = run(&file.to_string(), &["-o", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let test = &report["tests"][0];
    let mismatches = test["mismatches"].as_array().unwrap();
    assert_eq!(test["passed"], mismatches.is_empty());
    assert_eq!(
        output.status.code(),
        Some(i32::from(!mismatches.is_empty()))
    );
    let what = mismatches
        .iter()
        .map(|mismatch| mismatch["what"].as_str().unwrap().to_owned());
    what.collect()
}

#[test]
fn the_example_of_the_guide_is_met() {
    let (code, shown, errors) = told(EXAMPLE);
    assert_eq!((code, errors.as_str()), (0, ""), "{shown}");
    assert!(
        shown.starts_with("ok      an update of everything is refused\n"),
        "{shown}"
    );
    assert!(shown.ends_with("\n8 met, 0 not met\n"), "{shown}");
}

#[test]
fn what_is_not_met_is_told_with_what_came() {
    let file = EXAMPLE
        .replace(
            "{decision: allowed, guardrails: []}",
            "{decision: blocked, guardrails: [x]}",
        )
        .replace("<GUARDRAIL> is late", "it is late");
    let (code, shown, errors) = told(&file);
    assert_eq!(
        (code, errors.as_str()),
        (1, "error: 2 expectations are not met\n")
    );
    for line in [
        "FAILED  an update of one order runs\n        decision: expected \"blocked\", got \"allowed\"\n        guardrails: expected [\"x\"], got []\n",
        "FAILED  numbers of projects do not leave\n        output: expected \"it is late, mail <EMAIL_ADDRESS>\", got \"<GUARDRAIL> is late, mail <EMAIL_ADDRESS>\"\n",
        "ok      grants are asked for\n",
        "6 met, 2 not met\n",
    ] {
        assert!(shown.contains(line), "{line}{shown}");
    }
}

#[test]
fn what_came_is_told_as_csv() {
    let file = "version: 1\ntests:\n  - {name: one, input: select 1, expect: {decision: allowed}}\n  \
        - {name: 'two, too', output: x, expect: {output: y}}\n";
    let output = run(file, &["-o", "csv"]);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "name,passed,mismatches\none,yes,\n\
         \"two, too\",no,\"output: expected \"\"y\"\", got \"\"x\"\"\"\n"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_file_that_is_wrong_is_told_with_its_places() {
    let (code, shown, errors) = told(&EXAMPLE.replace("require_where", "require_were"));
    assert_eq!((code, shown.as_str()), (2, ""));
    assert!(
        errors.contains("`require_were`") && errors.contains("line 11"),
        "{errors}"
    );
    let twice = EXAMPLE
        .replace("proj-[0-9]{6}', action", "(?=x)', action")
        .replace("strategy: nullify", "entity_type: CAT");
    let (code, shown, errors) = told(&twice);
    assert_eq!((code, shown.as_str()), (2, ""));
    assert!(errors.starts_with("error: standard input:\n"), "{errors}");
    for place in [
        "\n  /guardrails/2/output/rules/0/pattern_regex: ",
        "\n  /datamasking_rules/0/column_rules/0/entity_type: ",
    ] {
        assert!(errors.contains(place), "{errors}");
    }
    let missing = drawgate()
        .args(["policy", "test", "-f", "/no/such.yaml"])
        .output()
        .unwrap();
    assert_eq!(missing.status.code(), Some(2));
}

#[test]
fn rules_reach_the_connection_that_is_named_and_all_apply_without_one() {
    let words = |name: &str, word: &str, connections: Value| {
        json!({"name": name, "connections": connections,
            "input": {"rules": [{"type": "deny_words_list", "words": [word]}]}})
    };
    let rules =
        json!({"guardrails": [words("a", "one", json!(["x"])), words("b", "two", json!(["y"]))]});
    let met: [&str; 0] = [];
    for (connection, input, guardrails) in [
        (json!("x"), "one two", json!(["a"])),
        (json!("y"), "one two", json!(["b"])),
        (json!("z"), "one two", json!([])),
        (Value::Null, "one two", json!(["b", "a"])),
    ] {
        let test =
            json!({"connection": connection, "input": input, "expect": {"guardrails": guardrails}});
        assert_eq!(mismatches(&rules, test), met, "{connection}");
    }
    let shell = json!({"input": "r''m one", "dialect": "none", "expect": {"decision": "blocked"}});
    assert_eq!(mismatches(&rules, shell), met);
}

/// A rule of every kind, and who sees `hr`.
fn rules() -> Value {
    json!({
        "guardrails": [
            {"name": "in", "input": {"rules": [{"type": "sql", "sql": {"deny_statements": ["drop"]}}]}},
            {"name": "out", "output": {"rules": [{"type": "deny_words_list", "words": ["secret"]}]}}],
        "datamasking_rules": [{"name": "m", "column_rules": [
            {"table": "staff", "column": "pay", "strategy": "hash"}]}],
        "access_control": [{"connection": "hr", "groups": ["dba"]}]})
}

fn rows() -> Value {
    json!({"columns": ["staff.pay", "pay", "staff.name"], "rows": [["5", "6", "Ana"]]})
}

#[test]
fn every_part_of_an_expectation_can_be_met() {
    let (drop, pay) = ("drop table t", "select pay from staff");
    let met: [&str; 0] = [];
    for test in [
        json!({"input": drop, "expect": {"decision": "blocked", "guardrails": ["in"]}}),
        json!({"input": pay, "expect": {"masked_columns": ["staff.pay"]}}),
        json!({"input": "select * from staff", "expect": {"masked_columns": ["pay"]}}),
        json!({"rows": rows(), "expect": {"masked_columns": ["staff.pay", "pay"]}}),
        json!({"output": "a secret", "expect": {
            "decision": "blocked", "guardrails": ["out"], "output": ""}}),
        json!({"connection": "hr", "user_groups": ["dba"], "expect": {"decision": "allowed"}}),
    ] {
        assert_eq!(mismatches(&rules(), test.clone()), met, "{test}");
    }
}

#[test]
fn every_part_of_an_expectation_can_fail() {
    let (drop, pay) = ("drop table t", "select pay from staff");
    for (test, wrong) in [
        (
            json!({"input": drop, "expect": {"decision": "allowed"}}),
            "decision",
        ),
        (
            json!({"input": drop, "expect": {"guardrails": []}}),
            "guardrails",
        ),
        (
            json!({"input": pay, "expect": {"masked_columns": []}}),
            "masked_columns",
        ),
        (
            json!({"rows": rows(), "expect": {"masked_columns": ["staff.name"]}}),
            "masked_columns",
        ),
        (
            json!({"rows": rows(), "expect": {"rows": [["5", "6", "Ana"]]}}),
            "rows",
        ),
        (
            json!({"output": "nothing", "expect": {"decision": "blocked"}}),
            "decision",
        ),
        (
            json!({"output": "nothing", "expect": {"output": "something"}}),
            "output",
        ),
        // What does not run answers nothing.
        (
            json!({"input": drop, "output": "x", "expect": {"output": "x"}}),
            "output",
        ),
        (
            json!({"connection": "hr", "user_groups": ["ops"], "expect": {"decision": "allowed"}}),
            "decision",
        ),
    ] {
        assert_eq!(mismatches(&rules(), test.clone()), [wrong], "{test}");
    }
}

#[test]
fn an_expectation_that_nothing_could_fail_is_not_met() {
    for (test, wrong) in [
        (json!({"input": "select 1", "expect": {}}), "expect"),
        (json!({"expect": {"decision": "allowed"}}), "decision"),
        (json!({"expect": {"guardrails": []}}), "guardrails"),
        (
            json!({"input": "select 1", "expect": {"output": "x"}}),
            "output",
        ),
        (json!({"input": "select 1", "expect": {"rows": []}}), "rows"),
        (
            json!({"output": "x", "expect": {"masked_columns": []}}),
            "masked_columns",
        ),
        (
            json!({"rows": {"columns": ["a"], "rows": [["1", "2"]]}, "expect": {"guardrails": []}}),
            "rows",
        ),
    ] {
        assert_eq!(mismatches(&rules(), test.clone()), [wrong], "{test}");
    }
}
