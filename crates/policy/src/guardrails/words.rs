//! All denied words of a direction, found in one pass.
//!
//! Words are found wherever they occur, also inside of others. The pass takes constant
//! time for each byte: what ends in a state of the automaton depends on the state
//! alone, so it is looked at once for each state and not once for each place.

use std::collections::BTreeMap;
use std::ops::Range;

use aho_corasick::automaton::{Automaton as _, StateID};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind};

use super::findings::Findings;
use super::output::REPLACEMENT;

/// A denied word and its rule.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) rule: usize,
    pub(super) text: String,
    /// Whether its places are wanted, to replace what is there.
    pub(super) is_replaced: bool,
}

/// Denied words that share a way of comparing.
#[derive(Debug)]
pub(super) struct Words {
    automaton: NFA,
    start: StateID,
    words: Vec<Word>,
}

impl Words {
    /// Compiles words; without regard to the case of ASCII letters unless
    /// `is_case_sensitive`.
    ///
    /// # Errors
    /// A sentence when they are too many.
    pub(super) fn compile(words: Vec<Word>, is_case_sensitive: bool) -> Result<Self, String> {
        let automaton = NFA::builder()
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(!is_case_sensitive)
            .build(words.iter().map(|word| &word.text))
            .map_err(|error| format!("the words cannot be compiled: {error}"))?;
        let start = automaton
            .start_state(Anchored::No)
            .map_err(|error| format!("the words cannot be searched for: {error}"))?;
        Ok(Self {
            automaton,
            start,
            words,
        })
    }

    /// Whether some word is in `text`.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.automaton
            .try_find(&text.into())
            .is_ok_and(|found| found.is_some())
    }

    /// A pass over a text from its beginning.
    pub(super) const fn scan(&self) -> Scan {
        Scan {
            state: self.start,
            offset: 0,
            seen: BTreeMap::new(),
        }
    }

    /// Goes on with a pass: notes the words that end in `bytes`, and the places of
    /// those that are replaced, as offsets from the beginning of the text.
    pub(super) fn feed(
        &self,
        scan: &mut Scan,
        bytes: &[u8],
        findings: &mut Findings,
        places: &mut Vec<Range<usize>>,
    ) {
        for byte in bytes {
            scan.offset += 1;
            scan.state = self.automaton.next_state(Anchored::No, scan.state, *byte);
            if self.automaton.is_special(scan.state) && self.automaton.is_match(scan.state) {
                let longest = match scan.seen.get(&scan.state) {
                    Some(longest) => *longest,
                    None => self.look(scan, findings),
                };
                if longest > 0 {
                    places.push(scan.offset.saturating_sub(longest)..scan.offset);
                }
            }
        }
    }

    /// Notes the words that end in a state; the length of the longest replaced one.
    fn look(&self, scan: &mut Scan, findings: &mut Findings) -> usize {
        let mut longest = 0;
        for index in 0..self.automaton.match_len(scan.state) {
            let pattern = self.automaton.match_pattern(scan.state, index);
            if let Some(word) = self.words.get(pattern.as_usize()) {
                if word.is_replaced {
                    longest = longest.max(word.text.len());
                    findings.note_word(word.rule, REPLACEMENT);
                } else {
                    findings.note_word(word.rule, &word.text);
                }
            }
        }
        scan.seen.insert(scan.state, longest);
        longest
    }
}

/// How far a pass has come.
#[derive(Debug)]
pub(super) struct Scan {
    state: StateID,
    offset: usize,
    /// States that words end in, with the length of the longest replaced one.
    seen: BTreeMap<StateID, usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(words: &[&str], text: &str) -> Vec<Range<usize>> {
        let words = words.iter().map(|text| Word {
            rule: 0,
            text: (*text).to_owned(),
            is_replaced: true,
        });
        let words = Words::compile(words.collect(), false).unwrap();
        let mut found = Vec::new();
        let mut findings = Findings::default();
        words.feed(
            &mut words.scan(),
            text.as_bytes(),
            &mut findings,
            &mut found,
        );
        found
    }

    #[test]
    fn the_longest_word_that_ends_at_a_place_is_found_every_time() {
        assert_eq!(places(&["b", "ab", "aab"], "AAB aab b"), [0..3, 4..7, 8..9]);
        assert_eq!(
            places(&["drop table"], "DROP TABLE drop table"),
            [0..10, 11..21]
        );
    }

    #[test]
    fn words_within_words_cost_no_more_than_their_text() {
        let words: Vec<String> = (1..=512).map(|length| "a".repeat(length)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let text = "a".repeat(1 << 20);
        assert_eq!(places(&words, &text).len(), text.len());
    }
}
