//! The guard of an answer, against what it must say and against itself.

use model::{Guardrail, Hit};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::Guardrails;

fn guardrails(rules: Value) -> Guardrails {
    let guardrail: Guardrail =
        serde_json::from_value(json!({"name": "out", "output": {"rules": rules}})).unwrap();
    Guardrails::compile([&guardrail]).unwrap()
}

/// What leaves, whether it was blocked, and the hits.
type Answer = (String, bool, Vec<Hit>);

fn answer<'a>(guardrails: &Guardrails, chunks: impl IntoIterator<Item = &'a str>) -> Answer {
    let mut guard = guardrails.output();
    let mut out = String::new();
    let mut is_blocked = false;
    for chunk in chunks {
        is_blocked |= guard.push(chunk, &mut out).is_err();
    }
    is_blocked |= guard.finish(&mut out).is_err();
    (out, is_blocked, guard.hits())
}

#[test]
fn matches_are_replaced_across_chunks() {
    let rules = guardrails(json!([
        {"type": "deny_words_list", "words": ["Secret", "Ärger"], "action": "redact"},
        {"type": "pattern_match", "pattern_regex": "[0-9]{4,}", "action": "redact"},
    ]));
    let (out, is_blocked, hits) = answer(&rules, ["a sec", "ret 12", "345 bä", "rger"]);
    assert_eq!(out, "a <GUARDRAIL> <GUARDRAIL> b<GUARDRAIL>");
    assert!(!is_blocked);
    assert_eq!(hits.len(), 2);
    // What was replaced is not told beside its replacement.
    assert_eq!(hits[0].matched_words, ["<GUARDRAIL>"]);
    assert_eq!(hits[1].matched_words, ["<GUARDRAIL>"]);
    assert_eq!(hits[1].pattern_regex.as_deref(), Some("[0-9]{4,}"));
}

#[test]
fn overlapping_matches_are_replaced_together() {
    let rules = guardrails(json!([
        {"type": "deny_words_list", "words": ["abc", "cde"], "action": "redact"},
        {"type": "pattern_match", "pattern_regex": "e+f", "action": "redact"},
    ]));
    assert_eq!(answer(&rules, ["xabcdeefg"]).0, "x<GUARDRAIL>g");
    assert_eq!(answer(&rules, ["abcabc"]).0, "<GUARDRAIL><GUARDRAIL>");
}

#[test]
fn a_blocking_match_withholds_what_was_not_sent() {
    let rules = guardrails(json!([
        {"type": "pattern_match", "pattern_regex": "BEGIN [A-Z]+ KEY", "name": "keys"},
    ]));
    let long = "x\n".repeat(10_000);
    let (out, is_blocked, hits) = answer(&rules, [long.as_str(), "BEGIN RSA", " KEY\nabc"]);
    assert!(is_blocked);
    assert!(long.starts_with(&out) && out.len() > 10_000);
    assert_eq!(hits[0].matched_words, ["BEGIN RSA KEY"]);

    let mut guard = rules.output();
    let mut out = String::new();
    assert!(guard.whole("BEGIN A KEY").is_err());
    let error = guard.push("more", &mut out).unwrap_err();
    assert!(
        error
            .message
            .starts_with("Guardrail \"out\", rule \"keys\", does not allow this output")
    );
    assert!(guard.finish(&mut out).is_err());
    assert_eq!(out, "");
}

#[test]
fn a_warning_changes_nothing_and_is_told_once() {
    let rules = guardrails(json!([
        {"type": "deny_words_list", "words": ["slow"], "action": "warn"},
    ]));
    let text = "slow ".repeat(5_000);
    let (out, _, hits) = answer(&rules, [text.as_str()]);
    assert_eq!(out, text);
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].matched_words, ["slow"]);
}

#[test]
fn without_rules_everything_leaves_at_once() {
    let mut out = String::new();
    Guardrails::default()
        .output()
        .push("abc", &mut out)
        .unwrap();
    assert_eq!(out, "abc");
}

#[test]
fn patterns_see_what_is_before_a_window() {
    let rules = guardrails(json!([
        {"type": "pattern_match", "pattern_regex": "\\bkey\\b", "action": "redact"},
        {"type": "pattern_match", "pattern_regex": "(?m)^id$", "action": "redact"},
        {"type": "pattern_match", "pattern_regex": "\\Ax|\\Am|y\\z", "action": "redact"},
    ]));
    let (inside, wanted) = (
        "keys monkey key\nid\nvid\nmy",
        "keys monkey <GUARDRAIL>\n<GUARDRAIL>\nvid\nmy",
    );
    // A window begins at each of the characters once.
    for before in TAIL - inside.len()..=TAIL {
        let (before, after) = ("z".repeat(before), "\nz".repeat(TAIL));
        let text = format!("{before}{inside}{after}y");
        let wanted = format!("{before}{wanted}{after}<GUARDRAIL>");
        assert_eq!(answer(&rules, [text.as_str()]).0, wanted);
    }
}

#[test]
fn patterns_see_what_is_after_a_window() {
    let rules = guardrails(json!([
        {"type": "pattern_match", "pattern_regex": "(?m)key$"},
        {"type": "pattern_match", "pattern_regex": "\\bid\\b|o\\z"},
    ]));
    let inside = "keys ids on";
    // A window ends at each of the characters once.
    for before in WINDOW - inside.len()..=WINDOW {
        let text = format!("{}{inside}{}", " ".repeat(before), "z".repeat(WINDOW));
        assert_eq!(answer(&rules, [text.as_str()]), (text, false, vec![]));
    }
}

#[test]
fn a_match_that_reaches_into_the_next_window_is_not_searched_again() {
    let rules = guardrails(json!([
        {"type": "pattern_match", "pattern_regex": "ab+|b+c", "action": "redact"},
        {"type": "pattern_match", "pattern_regex": "xy+|y+", "action": "warn"},
    ]));
    let (before, after) = ("z".repeat(TAIL - 100), "z".repeat(WINDOW));
    let text = format!("{before}a{}c{after}", "b".repeat(200));
    let wanted = format!("{before}<GUARDRAIL>c{after}");
    assert_eq!(answer(&rules, [text.as_str()]).0, wanted);
    let text = format!("{before}x{}{after}", "y".repeat(200));
    let hits = answer(&rules, [text.as_str()]).2;
    assert_eq!(hits[0].matched_words, [format!("x{}", "y".repeat(200))]);
}

#[test]
fn a_cell_stands_for_itself() {
    let rules = guardrails(json!([
        {"type": "deny_words_list", "words": ["ab"], "action": "redact"},
    ]));
    let mut guard = rules.output();
    assert_eq!(guard.whole("xa").unwrap(), "xa");
    assert_eq!(guard.whole("b").unwrap(), "b");
    assert!(guard.hits().is_empty());
    assert_eq!(guard.whole("xab").unwrap(), "x<GUARDRAIL>");
    assert_eq!(guard.hits().len(), 1);
}

#[test]
fn a_pattern_that_matches_nothing_at_all_replaces_nothing() {
    let rules = guardrails(json!([
        {"type": "pattern_match", "pattern_regex": "x*", "action": "redact"},
    ]));
    assert_eq!(answer(&rules, ["aéxxb"]).0, "aé<GUARDRAIL>b");
    assert_eq!(answer(&rules, [""]).0, "");
}

fn rules() -> Value {
    json!([
        {"type": "deny_words_list", "words": ["Secret", "é1"], "action": "redact"},
        {"type": "deny_words_list", "words": ["ECRET", "ab"], "case_sensitive": true, "action": "redact"},
        {"type": "pattern_match", "pattern_regex": "a+b", "action": "redact"},
        {"type": "pattern_match", "pattern_regex": "(?m)^b\\b.*$", "action": "redact"},
        {"type": "pattern_match", "pattern_regex": "[ae]+", "action": "warn"},
        {"type": "pattern_match", "pattern_regex": "b{9}", "action": "block"},
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_cell_is_judged_as_a_text_in_one_chunk(
        text in "([1é\n x]|b{1,10}|a|secret|SECRET){0,6}",
    ) {
        let rules = guardrails(rules());
        let mut guard = rules.output();
        let (out, is_blocked, hits) = answer(&rules, [text.as_str()]);
        match guard.whole(&text) {
            Ok(whole) => prop_assert_eq!((whole.into_owned(), false), (out, is_blocked)),
            Err(_) => prop_assert!(is_blocked),
        }
        prop_assert_eq!(guard.hits(), hits);
    }

    #[test]
    fn how_the_text_is_cut_changes_nothing(
        pieces in proptest::collection::vec(("[ab1é\n ]{0,12}|secret|SECRET|b|a", 1..900_usize), 1..8),
        cuts in proptest::collection::vec(0..20_000_usize, 0..12),
    ) {
        let text: String = pieces.iter().map(|(piece, times)| piece.repeat(*times)).collect();
        let guardrails = guardrails(rules());
        let mut cuts: Vec<usize> = cuts
            .iter()
            .map(|cut| text.floor_char_boundary(*cut))
            .chain([0, text.len()])
            .collect();
        cuts.sort_unstable();
        let chunks = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]);
        prop_assert_eq!(answer(&guardrails, chunks), answer(&guardrails, [text.as_str()]));
    }

    #[test]
    fn short_matches_are_replaced_as_in_the_whole_text(
        pieces in proptest::collection::vec(("[xyz \n]{1,7}|a{1,9}b|\u{e9}", 1..900_usize), 1..12),
    ) {
        let text: String = pieces.iter().map(|(piece, times)| piece.repeat(*times)).collect();
        let guardrails = guardrails(json!([
            {"type": "pattern_match", "pattern_regex": "a{1,40}b", "action": "redact"},
        ]));
        let regex = regex_automata::meta::Regex::new("a{1,40}b").unwrap();
        let mut wanted = String::new();
        let mut end = 0;
        for found in regex.find_iter(&text) {
            wanted.push_str(&text[end..found.start()]);
            wanted.push_str(REPLACEMENT);
            end = found.end();
        }
        wanted.push_str(&text[end..]);
        prop_assert_eq!(answer(&guardrails, [text.as_str()]).0, wanted);
    }
}
