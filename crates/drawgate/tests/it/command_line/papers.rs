//! Completions and manual pages.

use super::text;
use crate::gateway::drawgate;

fn printed(arguments: &[&str]) -> String {
    let output = drawgate().args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn every_shell_gets_completions_of_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = printed(&["completions", shell]);
        for word in ["drawgate", "connections", "rotate-key"] {
            assert!(script.contains(word), "{word} for {shell}");
        }
    }
}

#[test]
fn one_manual_page_is_printed_and_one_per_command_is_written() {
    assert!(printed(&["man"]).contains(".TH drawgate"));
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("not/yet");
    assert_eq!(printed(&["man", "--dir", pages.to_str().unwrap()]), "");
    for name in [
        "drawgate.1",
        "drawgate-exec.1",
        "drawgate-sessions-wait.1",
        "drawgate-admin-rotate-key.1",
        "drawgate-start.1",
    ] {
        let page = std::fs::read_to_string(pages.join(name)).unwrap();
        assert!(page.contains(".SH NAME"), "{name}");
    }
}
