//! Backtests from the command line.

use super::Desk;

const POLICIES: &str = "\
version: 1
guardrails:
  - name: private
    connections: [demo]
    input:
      rules:
        - {type: sql, sql: {deny_tables: [customers]}}
datamasking_rules:
  - name: contacts
    connections: [demo]
    supported_entity_types: [{name: CONTACT_INFORMATION}]
tests:
  - {name: stays here, input: delete from t, expect: {decision: blocked}}
";

#[test]
fn a_backtest_is_shown_as_tables_csv_and_json() {
    let desk = Desk::open();
    let file = desk.file("policies.yaml", POLICIES);
    for (input, code) in [
        ("select id from customers limit 1", 0),
        ("select 1 as one", 0),
        // A guardrail of the demo, which is not in the file.
        ("delete from orders", 254),
    ] {
        let output = desk.run(&["exec", "demo", "-i", input]);
        assert_eq!(output.status.code(), Some(code), "{input}");
    }
    let ask = ["policy", "backtest", "-f", &file, "--since", "1h"];
    let shown = desk.good(&ask);
    for line in [
        "\n  sessions             3\n  blocked              1\n",
        "\n  newly blocked        1\n  newly allowed        1\n",
        "\nRULE_NAME  KIND              HITS\nprivate    guardrail         1\ncontacts   datamasking_rule  0\n",
        "\nUSER_EMAIL        CONNECTION  SESSIONS  BLOCKED  NEEDS_APPROVAL  WARNED  MASKED\n\
         admin@demo.local  demo        3         1        0               0       0\n",
        "  admin@demo.local  demo        blocked  newly_blocked  private     select id from customers limit 1\n",
        "\nThe file is judged alone: ",
    ] {
        assert!(shown.contains(line), "{line} is missing in {shown}");
    }
    let csv = desk.good(&[&ask[..], &["-o", "csv"]].concat());
    assert_eq!(
        csv,
        "user_email,connection,sessions,blocked,needs_approval,warned,masked\n\
         admin@demo.local,demo,3,1,0,0,0\n"
    );
    let json = desk.json(&[&ask[..], &["-o", "json", "--limit", "2"]].concat());
    assert_eq!(json["totals"]["sessions"], 2, "{json}");
    let more = desk.good(&[&ask[..], &["--limit", "1", "--connection", "demo"]].concat());
    assert!(more.contains("raise --limit"), "{more}");
}

#[test]
fn mistakes_of_the_file_are_told_with_their_lines() {
    let desk = Desk::open();
    let file = desk.file("policies.yaml", &POLICIES.replace("[demo]", "[nowhere]"));
    let (code, told) = desk.code(&["policy", "backtest", "-f", &file]);
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("\"nowhere\"") && told.contains(":4"),
        "{told}"
    );
    let (code, told) = desk.code(&["policy", "backtest", "-f", &file, "--since", "soon"]);
    assert!(code == 1 && told.contains("/since"), "{told}");
    let file = desk.file("wrong.yaml", &POLICIES.replace("deny_tables", "deny_table"));
    let (code, told) = desk.code(&["policy", "backtest", "-f", &file]);
    assert!(code == 2 && told.contains("`deny_table`"), "{told}");
}
