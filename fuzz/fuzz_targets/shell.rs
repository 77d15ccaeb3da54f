//! Any text is read as a shell would, and words without signs stay as they are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use policy::shell::commands;

fuzz_target!(|text: &str| {
    let found = commands(text);
    assert!(found.iter().all(|command| !command.is_empty()));
    let is_plain = |c: char| c.is_ascii_lowercase() || c == ' ';
    if text.chars().all(is_plain) {
        let words: Vec<&str> = text.split_whitespace().collect();
        assert_eq!(found.concat(), words.join(" "));
    }
});
