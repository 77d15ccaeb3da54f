//! A file of policies, in YAML or JSON.

mod places;

use std::path::Path;

use model::PolicyFile;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::Options;
use serde_saphyr::options::{AliasLimits, MergeKeyPolicy};

use crate::failure::Failure;
use crate::input;

pub(crate) use places::Places;

/// Most bytes of a file: what a gateway takes in one request.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// Most parts of a file that aliases may repeat. A file that is written by hand has
/// some hundreds.
const MOST_REPEATED: usize = 100_000;
/// Longest chain of aliases in aliases.
const DEEPEST: usize = 16;

/// A file that was read.
pub(crate) struct Source {
    /// What it is called in messages.
    pub(crate) name: String,
    /// What it says.
    pub(crate) file: PolicyFile,
    text: String,
}

/// Reads a file of policies; `-` is standard input.
///
/// # Errors
/// Why it cannot be read, or what in it is wrong, in words.
pub fn policy_file(path: &Path) -> Result<PolicyFile, String> {
    match Source::read(path) {
        Ok(source) => Ok(source.file),
        Err(failure) => Err(failure.to_string()),
    }
}

impl Source {
    /// Reads a file; `-` is standard input. JSON is YAML, too.
    ///
    /// # Errors
    /// When it cannot be read, or is no file of policies: with line, column and key.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let name = match path == Path::new("-") {
            true => "standard input".to_owned(),
            false => path.display().to_string(),
        };
        let text = input::text(path)?;
        if text.len() > MOST_BYTES {
            let message = format!("{name}: more than 4 MiB; split it");
            return Err(Failure::usage(message, ""));
        }
        match parse(&text) {
            Ok(file) => Ok(Self { name, file, text }),
            Err(reason) => Err(Failure::usage(
                format!("{name}: {reason}"),
                "see docs/policy-files.md for what a file of policies says",
            )),
        }
    }

    /// What the gateway is told of it. What is expected of the policies stays here.
    ///
    /// # Errors
    /// Never for a file that was read.
    pub(crate) fn policies(&self) -> Result<Value, Failure> {
        let mut file = self.file.clone();
        file.tests.clear();
        serde_json::to_value(file).map_err(|error| Failure::Local(error.to_string()))
    }

    /// Where the parts of the file stand.
    pub(crate) fn places(&self) -> Places {
        Places::of(&self.text)
    }
}

/// Reads YAML into a type, within bounds that no alias gets around.
///
/// # Errors
/// What is wrong, with line and column.
fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let mut limits = AliasLimits::default();
    limits.max_total_replayed_events = MOST_REPEATED;
    limits.max_replay_stack_depth = DEEPEST;
    let mut options = Options::default();
    options.alias_limits = limits;
    options.merge_keys = MergeKeyPolicy::Merge;
    options.strict_booleans = true;
    options.with_snippet = false;
    serde_saphyr::from_str_with_options(text, options).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        parse::<PolicyFile>(text).unwrap_err()
    }

    #[test]
    fn yaml_and_json_say_the_same() {
        let yaml = "version: 1\nguardrails:\n  - name: no-ddl\n    input:\n      rules:\n        \
            - type: sql\n          sql: {deny_statements: [drop]}\n";
        let json = r#"{"version": 1, "guardrails": [{"name": "no-ddl", "input": {"rules": [
            {"type": "sql", "sql": {"deny_statements": ["drop"]}}]}}]}"#;
        let (yaml, json): (PolicyFile, PolicyFile) = (parse(yaml).unwrap(), parse(json).unwrap());
        assert_eq!(yaml, json);
    }

    #[test]
    fn names_that_look_like_something_else_stay_names() {
        let text = "version: 1\naccess_control:\n  - {connection: on, groups: [no, 007, 1.0]}\n";
        let file: PolicyFile = parse(text).unwrap();
        let entry = &file.access_control[0];
        assert_eq!(entry.connection, "on");
        assert_eq!(entry.groups, ["no", "007", "1.0"]);
    }

    #[test]
    fn what_is_repeated_by_an_alias_is_read_once_more() {
        let text = "version: 1\nguardrails:\n  - name: a\n    input: &rules {rules: [{type: \
            deny_words_list, words: [x]}]}\n  - name: b\n    input: *rules\n";
        let file: PolicyFile = parse(text).unwrap();
        assert_eq!(file.guardrails[0].input, file.guardrails[1].input);
    }

    #[test]
    fn a_mistake_is_told_with_its_line_and_key() {
        for (text, line, words) in [
            ("version: 1\nguardrials: []\n", 2, "guardrials"),
            (
                "version: 1\nguardrails:\n  - name: a\n    inputs: {}\n",
                4,
                "inputs",
            ),
            ("version: 3\n", 1, "version 3"),
            ("guardrails: []\n", 1, "version"),
            (
                "version: 1\nguardrails:\n  - {name: a, name: b}\n",
                3,
                "name",
            ),
            (
                "version: 1\ndatamasking_rules: [{name: a, strategy: blur}]\n",
                2,
                "blur",
            ),
            ("version: 1\nguardrails: [\n", 2, ""),
        ] {
            let fault = fault(text);
            assert!(fault.contains(&format!("line {line}")), "{text}: {fault}");
            assert!(fault.contains(words), "{text}: {fault}");
            assert!(!fault.contains('\n'), "{fault}");
        }
    }

    #[test]
    fn a_bomb_of_aliases_is_refused() {
        let mut text = String::from("version: 1\nx0: &x0 [a, a, a, a, a, a, a, a, a, a]\n");
        for level in 1..=12 {
            let repeated = vec![format!("*x{}", level - 1); 10].join(", ");
            text.push_str(&format!("x{level}: &x{level} [{repeated}]\n"));
        }
        let began = std::time::Instant::now();
        assert!(parse::<serde_json::Value>(&text).is_err());
        assert!(began.elapsed() < std::time::Duration::from_secs(5));
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_a_panic(text in "[-:{}\\[\\]&*!|> \nA-z0-9'\"#,?%@`]{0,200}") {
            let _ = parse::<PolicyFile>(&text);
            let _ = Places::of(&text);
        }
    }
}
