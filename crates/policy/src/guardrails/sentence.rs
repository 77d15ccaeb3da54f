//! What a caller is told about a rule that matched.

use model::{Action, Direction, Hit};

/// Most matched words in a sentence.
const MAX_WORDS: usize = 5;

/// What the caller is told about a hit: the rule's own message, or a sentence that names
/// the guardrail, the rule, the direction, what matched, and what to do.
#[must_use]
pub fn sentence(hit: &Hit) -> String {
    if let Some(message) = &hit.message {
        return message.clone();
    }
    let rule = match &hit.name {
        Some(name) => format!("Guardrail {:?}, rule {name:?},", hit.rule_name),
        None => format!("Guardrail {:?}", hit.rule_name),
    };
    let direction = hit.direction.as_str();
    let verb = match hit.action {
        Action::Block => "does not allow this",
        Action::RequireApproval => "asks for an approval of this",
        Action::Redact => "replaced a part of this",
        Action::Warn => "warns about this",
    };
    let advice = match (hit.action, hit.direction) {
        (Action::Block, Direction::Input) => {
            " Change the input, or ask an administrator about the guardrail."
        }
        (Action::Block, Direction::Output) => {
            " What was not yet sent is withheld: ask for less, or ask an administrator about \
             the guardrail."
        }
        (Action::RequireApproval, _) => " A reviewer must agree before it runs.",
        (Action::Redact | Action::Warn, _) => "",
    };
    format!("{rule} {verb} {direction}{}.{advice}", matched(hit))
}

/// What matched; nothing is said of text that was replaced.
fn matched(hit: &Hit) -> String {
    if hit.matched_words.is_empty() || hit.action == Action::Redact {
        return String::new();
    }
    let quoted: Vec<String> = hit
        .matched_words
        .iter()
        .take(MAX_WORDS)
        .map(|word| format!("{word:?}"))
        .collect();
    let more = hit.matched_words.len().saturating_sub(MAX_WORDS);
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(": it matches {}{more}", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::RuleKind;

    fn hit(action: Action, words: &[&str]) -> Hit {
        Hit {
            rule_name: "ddl".into(),
            name: Some("no drop".into()),
            kind: RuleKind::DenyWordsList,
            direction: Direction::Input,
            action,
            matched_words: words.iter().map(|word| (*word).to_owned()).collect(),
            pattern_regex: None,
            message: None,
        }
    }

    #[test]
    fn the_standard_sentence_names_everything() {
        assert_eq!(
            sentence(&hit(Action::Block, &["drop table"])),
            "Guardrail \"ddl\", rule \"no drop\", does not allow this input: it matches \
             \"drop table\". Change the input, or ask an administrator about the guardrail."
        );
        let many = sentence(&hit(Action::Warn, &["1", "2", "3", "4", "5", "6", "7"]));
        assert!(many.ends_with("\"5\" and 2 more."), "{many}");
    }

    #[test]
    fn the_message_of_the_rule_stands_instead() {
        let mut own = hit(Action::Block, &["drop table"]);
        own.message = Some("Ask the data team.".into());
        assert_eq!(sentence(&own), "Ask the data team.");
    }
}
