//! What has been found so far, by rule.

use std::collections::BTreeMap;

use model::{Action, Direction, GuardrailRule, Hit};

/// Most matched words that a hit tells.
const MAX_WORDS: usize = 32;
/// Most characters of one of them.
const MAX_CHARS: usize = 256;

/// A rule as it is told when it matches.
#[derive(Debug)]
pub(super) struct Rule {
    hit: Hit,
    pub(super) require_rule: Option<String>,
}

impl Rule {
    pub(super) fn new(guardrail: &str, rule: &GuardrailRule, direction: Direction) -> Self {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        Self {
            hit: Hit {
                rule_name: guardrail.to_owned(),
                name: given(&rule.name),
                kind: rule.kind,
                direction,
                action: rule.action,
                matched_words: Vec::new(),
                pattern_regex: given(&rule.pattern_regex),
                message: given(&rule.message),
            },
            require_rule: given(&rule.require_rule),
        }
    }

    pub(super) const fn action(&self) -> Action {
        self.hit.action
    }
}

/// The rules that matched, by index, and what each of them matched: every word once,
/// and not without bound.
#[derive(Debug, Default)]
pub(super) struct Findings(BTreeMap<usize, Vec<String>>);

impl Findings {
    /// Notes that a rule matched.
    pub(super) fn note(&mut self, rule: usize) {
        self.0.entry(rule).or_default();
    }

    /// Notes that a rule matched `word`.
    pub(super) fn note_word(&mut self, rule: usize, word: &str) {
        let words = self.0.entry(rule).or_default();
        if words.len() >= MAX_WORDS {
            return;
        }
        let end = word
            .char_indices()
            .nth(MAX_CHARS)
            .map_or(word.len(), |(at, _)| at);
        let word = word.get(..end).unwrap_or(word);
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }

    /// Whether more words of a rule would not be told.
    pub(super) fn is_full(&self, rule: usize) -> bool {
        self.0
            .get(&rule)
            .is_some_and(|words| words.len() >= MAX_WORDS)
    }

    /// The indices of the rules that matched, in order.
    pub(super) fn rules(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.keys().copied()
    }

    /// The hits, in the order of the rules.
    pub(super) fn hits(&self, rules: &[Rule]) -> Vec<Hit> {
        let hit = |(index, words): (&usize, &Vec<String>)| {
            let mut hit = rules.get(*index)?.hit.clone();
            hit.matched_words.clone_from(words);
            Some(hit)
        };
        self.0.iter().filter_map(hit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_once_and_bounded() {
        let mut findings = Findings::default();
        for index in 0..100 {
            findings.note_word(0, &format!("word {}", index % 50));
        }
        assert!(findings.is_full(0));
        findings.note_word(1, &"é".repeat(1000));
        assert_eq!(findings.0[&0].len(), MAX_WORDS);
        assert_eq!(findings.0[&1][0].chars().count(), MAX_CHARS);
    }
}
