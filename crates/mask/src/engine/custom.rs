//! Types that rules define: regular expressions and lists of words.

use aho_corasick::AhoCorasick;
use regex_automata::PatternID;
use regex_automata::meta::Regex;

use super::Action;
use crate::detect::Region;
use crate::finding::{Finding, Kind};

/// The custom types of all rules.
#[derive(Default)]
pub(super) struct CustomTypes {
    pub(super) types: Vec<CustomType>,
    /// All expressions as one, which most texts do not match at all. `None` when they are
    /// too large together, or few.
    pub(super) any: Option<Regex>,
}

/// One custom type, compiled.
pub(super) struct CustomType {
    pub(super) action: Action,
    pub(super) score: f32,
    pub(super) regex: Option<Regex>,
    pub(super) words: Option<AhoCorasick>,
}

impl CustomTypes {
    pub(super) fn action(&self, place: u16) -> Option<&Action> {
        self.types.get(usize::from(place)).map(|t| &t.action)
    }

    /// Finds every custom type in a region.
    pub(super) fn scan(&self, region: &Region<'_>, out: &mut Vec<Finding>) {
        let Some(text) = region.text.get(region.start..region.end) else {
            return;
        };
        let is_some = self.any.as_ref().is_none_or(|any| any.is_match(text));
        for (place, custom) in (0u16..).zip(&self.types) {
            let mut add = |start: usize, end: usize| {
                out.push(Finding {
                    start: region.start + start,
                    end: region.start + end,
                    kind: Kind::Custom(place),
                    score: custom.score,
                });
            };
            if let Some(regex) = custom.regex.as_ref().filter(|_| is_some) {
                matches(regex, text, &mut add);
            }
            for found in custom.words.iter().flat_map(|w| w.find_iter(text)) {
                if apart(text, found.start(), found.end()) {
                    add(found.start(), found.end());
                }
            }
        }
    }
}

/// Every match, or its group `value` where there is one.
fn matches(regex: &Regex, text: &str, add: &mut impl FnMut(usize, usize)) {
    let Some(group) = regex.group_info().to_index(PatternID::ZERO, "value") else {
        for found in regex.find_iter(text) {
            add(found.start(), found.end());
        }
        return;
    };
    for captures in regex.captures_iter(text) {
        if let Some(span) = captures.get_group(group).or_else(|| captures.get_group(0)) {
            add(span.start, span.end);
        }
    }
}

/// Whether `text[start..end]` is not a part of a longer word.
fn apart(text: &str, start: usize, end: usize) -> bool {
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let inner = text.get(start..end).unwrap_or_default();
    let before = text.get(..start).and_then(|t| t.chars().next_back());
    let after = text.get(end..).and_then(|t| t.chars().next());
    let joins_before = word(before) && word(inner.chars().next());
    let joins_after = word(after) && word(inner.chars().next_back());
    !joins_before && !joins_after
}
