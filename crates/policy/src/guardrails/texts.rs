//! The rules about text of one direction, compiled together.

use std::ops::Range;

use model::{Action, GuardrailRule, RuleKind};
use regex_automata::Input;

use super::findings::Findings;
use super::words::{Scan, Word, Words};
use crate::pattern::{self, Patterns};

/// Words and patterns of one direction.
#[derive(Debug, Default)]
pub(super) struct Texts {
    words: Vec<Words>,
    pub(super) patterns: Patterns,
    owners: Vec<Owner>,
}

/// Whose pattern it is.
#[derive(Debug)]
struct Owner {
    rule: usize,
    /// The denied word that the pattern stands for.
    word: Option<String>,
}

/// Collects what [`Texts`] are compiled from.
#[derive(Default)]
pub(super) struct Builder {
    exact: Vec<Word>,
    folded: Vec<Word>,
    sources: Vec<String>,
    owners: Vec<Owner>,
}

impl Builder {
    /// Adds a rule; one about statements adds nothing.
    pub(super) fn add(&mut self, index: usize, rule: &GuardrailRule) {
        match rule.kind {
            RuleKind::DenyWordsList => {
                for text in &rule.words {
                    self.add_word(index, rule, text);
                }
            }
            RuleKind::PatternMatch => {
                self.sources.extend(rule.pattern_regex.clone());
                self.owners
                    .extend(rule.pattern_regex.as_ref().map(|_| Owner {
                        rule: index,
                        word: None,
                    }));
            }
            RuleKind::Sql => {}
        }
    }

    fn add_word(&mut self, index: usize, rule: &GuardrailRule, text: &str) {
        let is_case_sensitive = rule.case_sensitive == Some(true);
        let word = Word {
            rule: index,
            text: text.to_owned(),
            is_replaced: rule.action == Action::Redact,
        };
        if is_case_sensitive {
            self.exact.push(word);
        } else if text.is_ascii() {
            self.folded.push(word);
        } else {
            // The automaton folds ASCII letters only.
            self.sources.push(pattern::any_case(text));
            self.owners.push(Owner {
                rule: index,
                word: Some(text.to_owned()),
            });
        }
    }

    /// Compiles everything together.
    ///
    /// # Errors
    /// A sentence; what was validated before gives none.
    pub(super) fn compile(self) -> Result<Texts, String> {
        let mut words = Vec::new();
        for (list, is_case_sensitive) in [(self.exact, true), (self.folded, false)] {
            if !list.is_empty() {
                words.push(Words::compile(list, is_case_sensitive)?);
            }
        }
        let patterns: Result<Vec<_>, String> = self
            .sources
            .iter()
            .map(|source| pattern::compile(source))
            .collect();
        Ok(Texts {
            words,
            patterns: Patterns::new(patterns?),
            owners: self.owners,
        })
    }
}

impl Texts {
    /// Searches a whole text.
    pub(super) fn search(&self, text: &str, findings: &mut Findings) {
        self.search_words(text, findings);
        for index in self.patterns.candidates(&Input::new(text)) {
            let found = self.patterns.get(index).and_then(|regex| regex.find(text));
            if let Some(found) = found {
                self.note(index, text.get(found.range()), findings);
            }
        }
    }

    /// Whether anything may be found in a whole text.
    pub(super) fn may_match(&self, text: &str) -> bool {
        self.words.iter().any(|words| words.is_in(text)) || self.patterns.may_match(text)
    }

    /// Searches a whole text for words only.
    pub(super) fn search_words(&self, text: &str, findings: &mut Findings) {
        self.feed(
            &mut self.scans(),
            text.as_bytes(),
            findings,
            &mut Vec::new(),
        );
    }

    /// Passes over a text from its beginning.
    pub(super) fn scans(&self) -> Vec<Scan> {
        self.words.iter().map(Words::scan).collect()
    }

    /// Goes on with the passes.
    pub(super) fn feed(
        &self,
        scans: &mut [Scan],
        bytes: &[u8],
        findings: &mut Findings,
        places: &mut Vec<Range<usize>>,
    ) {
        for (words, scan) in self.words.iter().zip(scans) {
            words.feed(scan, bytes, findings, places);
        }
    }

    /// The rule of a pattern.
    pub(super) fn rule_of(&self, pattern: usize) -> usize {
        self.owners
            .get(pattern)
            .map_or(usize::MAX, |owner| owner.rule)
    }

    /// Notes that a pattern matched `text`.
    pub(super) fn note(&self, pattern: usize, text: Option<&str>, findings: &mut Findings) {
        let Some(owner) = self.owners.get(pattern) else {
            return;
        };
        match owner
            .word
            .as_deref()
            .or(text)
            .filter(|word| !word.is_empty())
        {
            Some(word) => findings.note_word(owner.rule, word),
            None => findings.note(owner.rule),
        }
    }
}
