//! What a shell would make of texts.

use super::*;
use proptest::prelude::*;

fn sorted(script: &str) -> Vec<String> {
    let mut commands = commands(script);
    commands.sort();
    commands
}

#[test]
fn what_a_shell_takes_away_is_taken_away() {
    for hidden in [
        "rm -rf /",
        "r''m -rf /",
        "\"rm\" -rf '/'",
        "r\\m -r\\f /",
        "rm  \t -rf  /",
        "rm \\\n -rf /",
        "rm${IFS}-rf$IFS/",
        "r$@m -r${x}f $1/",
        "$'\\x72\\155' -rf /",
        "{rm,-rf,/}",
        "${x:-rm} -rf /",
        "rm -rf / # gone",
        "r$()m -rf /",
    ] {
        assert_eq!(sorted(hidden)[0], "rm -rf /", "{hidden}");
    }
}

#[test]
fn scripts_within_scripts_are_read_too() {
    for script in [
        "echo $(r''m -rf /)",
        "echo \"`r''m -rf /`\"",
        "echo \"$(echo \")\"; r''m -rf /)\"",
        "bash -c \"r''m -rf /\"",
        "bash <<E\nit''s\nr''m -rf /\nE\nls",
        "cat <<'E'\n'\nE\nr''m -rf /",
        "cat <<-E\n\t'\n\tE\nr''m -rf /",
        "sh -c 'sh -c \"r\\m -rf /\"'",
        "true; r''m -rf / && ls",
    ] {
        let found = sorted(script);
        assert!(
            found.iter().any(|command| command == "rm -rf /"),
            "{script}: {found:?}"
        );
    }
}

#[test]
fn commands_are_told_apart_and_pipelines_are_not() {
    assert_eq!(
        sorted("a b; c | d 'e f' >>g & h || i"),
        ["a b", "c | d e f >> g", "h", "i"]
    );
    assert_eq!(sorted("  "), [""; 0]);
}

#[test]
fn variables_of_the_text_are_filled_in() {
    for script in [
        "a=rm; $a -rf /",
        "a=rm b=-rf\n\"$a\" ${b} /",
        "a='rm -rf'; $a /",
        "a=r; a+=m; $a -rf /",
        "export a=rm; $a -rf /",
        "a=ls; a=rm; $a -rf /",
        "a=rm; (a=ls); $a -rf /",
        "a=rm; a=ls true; $a -rf /",
        "a=rm; 'a=ls'; \\a=ls; $a -rf /",
        "a=rm; echo $($a -rf /); a=ls",
        "a=rm; bash -c \"$a -rf  /\"",
        "a='bash -c \"r\\m -rf /\"'; eval \"$a\"",
        "c=m; a=r$c; ${a:-ls} -rf /",
        // A value that may not hold is not the only one that counts.
        "x=zz; unset x; r${x}m -rf /",
    ] {
        let found = sorted(script);
        assert!(
            found.iter().any(|command| command == "rm -rf /"),
            "{script}: {found:?}"
        );
    }
    assert_eq!(sorted("a=rm; ls"), ["a=rm", "ls"]);
}

#[test]
fn filling_in_is_bounded() {
    let doubling = format!("a='$a$a$a$a\"';{}", "bash -c \"$a\";".repeat(2_000));
    let length: usize = commands(&doubling).iter().map(String::len).sum();
    assert!(length <= doubling.len() * 64, "{length}");
    let many: String = (0..20_000).map(|i| format!("v{i}=x;$($v{i});")).collect();
    assert!(!commands(&many).is_empty());
}

#[test]
fn depth_is_bounded() {
    let deep = format!("{}x{}", "$(".repeat(100_000), ")".repeat(100_000));
    assert!(commands(&deep).len() < 100);
    let open = "$(".repeat(100_000);
    assert!(commands(&open).len() < 100);
}

proptest! {
    #[test]
    fn no_text_is_a_panic(text in "[a-z '\"\\\\$(){}`<>|;&#\\n\\-xé]{0,200}") {
        let _ = commands(&text);
    }

    #[test]
    fn plain_words_stay_as_they_are(words in proptest::collection::vec("[a-z/.=-]{1,8}", 1..6)) {
        let script = words.join(" ");
        prop_assert_eq!(commands(&script), vec![script]);
    }
}
