//! Regular expressions of rules. They run in linear time, whatever the text, because
//! the engine has neither look-around nor back-references; their size is bounded.

use regex_automata::meta::{BuildError, Config, Regex};
use regex_automata::{Input, MatchKind, PatternSet};
use regex_syntax::ast::ErrorKind;
use regex_syntax::hir::{Hir, HirKind, Look, Repetition};
use regex_syntax::{Error, Parser};

/// Most characters of a pattern.
pub(crate) const MAX_CHARS: usize = 4096;

/// Largest program of one pattern in bytes. `\w{100}` fits; a pattern that repeats
/// repetitions does not.
const MAX_ONE: usize = 1 << 20;

/// Largest program of patterns that are searched for together, in bytes. One pass for
/// more of them is faster, until a state of it takes in so much that states are made
/// again and again: measured, 200 patterns that begin with `\w` take 4 ms for 200 bytes
/// at 16 MiB and 12 µs at 2 MiB.
const MAX_TOGETHER: usize = 2 << 20;

/// Memory of one such search in bytes. A program that is larger than this is left to the
/// slow engines.
const MAX_CACHE: usize = 2 * MAX_TOGETHER;

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Pattern {
    regex: Regex,
    /// A pattern that matches wherever this one does, and perhaps elsewhere.
    wider: Hir,
}

/// Compiles one pattern.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub(crate) fn compile(pattern: &str) -> Result<Pattern, String> {
    let length = pattern.chars().count();
    if !(1..=MAX_CHARS).contains(&length) {
        return Err(format!(
            "1 to {MAX_CHARS} characters are expected, not {length}"
        ));
    }
    let exact = Parser::new()
        .parse(pattern)
        .map_err(|error| not_a_pattern(&error))?;
    let regex = Regex::builder()
        .configure(Config::new().nfa_size_limit(Some(MAX_ONE)))
        .build_from_hir(&exact)
        .map_err(|error| not_compiled(&error))?;
    Ok(Pattern {
        regex,
        wider: without_words(&exact),
    })
}

fn not_a_pattern(error: &Error) -> String {
    let Error::Parse(error) = error else {
        return format!("the pattern cannot be compiled: {}", last_line(error));
    };
    match error.kind() {
        ErrorKind::UnsupportedLookAround => {
            "look-ahead and look-behind are not supported, because patterns run in linear time"
                .to_owned()
        }
        ErrorKind::UnsupportedBackreference => {
            "back-references are not supported, because patterns run in linear time".to_owned()
        }
        kind => format!("the pattern cannot be compiled: {kind}"),
    }
}

/// A report points at the place below a copy of the pattern, over several lines; its last
/// line says what is wrong.
fn last_line(error: &Error) -> String {
    let report = error.to_string();
    let line = report.lines().next_back().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

fn not_compiled(error: &BuildError) -> String {
    if error.size_limit().is_some() {
        return "the pattern is too large when compiled; repeat less in it".to_owned();
    }
    format!("the pattern cannot be compiled: {error}")
}

/// The same without the boundaries of words. The fast engine does not know which letters
/// beyond ASCII make a word, and would leave every text that has them to the slow ones.
fn without_words(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Look(
            Look::WordUnicode
            | Look::WordUnicodeNegate
            | Look::WordStartUnicode
            | Look::WordEndUnicode
            | Look::WordStartHalfUnicode
            | Look::WordEndHalfUnicode,
        ) => Hir::empty(),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => hir.clone(),
        HirKind::Repetition(repetition) => Hir::repetition(Repetition {
            sub: Box::new(without_words(&repetition.sub)),
            ..*repetition
        }),
        HirKind::Capture(capture) => without_words(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(without_words).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(without_words).collect()),
    }
}

/// The pattern that matches `word` in any case of its letters.
pub(crate) fn any_case(word: &str) -> String {
    use std::fmt::Write as _;
    let mut pattern = String::from("(?i)");
    for c in word.chars() {
        if c.is_alphanumeric() {
            pattern.push(c);
        } else {
            let _ = write!(pattern, "\\x{{{:X}}}", u32::from(c));
        }
    }
    pattern
}

/// Many patterns: together they say in one pass which of them may match, each alone says
/// where.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    groups: Vec<Group>,
    each: Vec<Regex>,
}

/// Neighbours that are searched for in one pass.
#[derive(Debug)]
struct Group {
    /// The index of the first of them.
    first: usize,
    together: Regex,
}

impl Patterns {
    /// Puts patterns together, into as few groups as their sizes allow.
    pub(crate) fn new(patterns: Vec<Pattern>) -> Self {
        Self::within(patterns, MAX_TOGETHER)
    }

    /// With `most` bytes for the program of a group.
    fn within(patterns: Vec<Pattern>, most: usize) -> Self {
        let (each, wider): (Vec<Regex>, Vec<Hir>) = patterns
            .into_iter()
            .map(|pattern| (pattern.regex, pattern.wider))
            .unzip();
        let config = Config::new()
            .match_kind(MatchKind::All)
            .nfa_size_limit(Some(most))
            .hybrid_cache_capacity(MAX_CACHE);
        let mut groups = Vec::new();
        let mut parts = vec![(0, wider.as_slice())];
        while let Some((first, part)) = parts.pop() {
            let built = Regex::builder()
                .configure(config.clone())
                .build_many_from_hir(part);
            match (built, part) {
                (_, []) => {}
                (Ok(together), _) => groups.push(Group { first, together }),
                // Alone it is searched for as it is.
                (Err(_), [_]) => groups.extend(each.get(first).map(|regex| Group {
                    first,
                    together: regex.clone(),
                })),
                (Err(_), _) => {
                    let (head, tail) = part.split_at(part.len() / 2);
                    parts.push((first + head.len(), tail));
                    parts.push((first, head));
                }
            }
        }
        Self { groups, each }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.each.len()
    }

    /// The pattern with this index.
    pub(crate) fn get(&self, index: usize) -> Option<&Regex> {
        self.each.get(index)
    }

    /// Whether some pattern may match somewhere in `text`.
    pub(crate) fn may_match(&self, text: &str) -> bool {
        let mut groups = self.groups.iter();
        groups.any(|group| group.together.is_match(text))
    }

    /// The indices of the patterns that may match somewhere in the span of `input`: all
    /// that do, and few others.
    pub(crate) fn candidates(&self, input: &Input<'_>) -> Vec<usize> {
        let mut candidates = Vec::new();
        for group in &self.groups {
            let mut found = PatternSet::new(group.together.pattern_len());
            group.together.which_overlapping_matches(input, &mut found);
            candidates.extend(found.iter().map(|pattern| group.first + pattern.as_usize()));
        }
        candidates
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(pattern: &str) -> String {
        compile(pattern).unwrap_err()
    }

    #[test]
    fn what_would_not_run_in_linear_time_is_refused_with_the_reason() {
        assert!(refused("(?=x)").starts_with("look-ahead and look-behind"));
        assert!(refused("(?<!x)y").starts_with("look-ahead and look-behind"));
        assert!(refused(r"(a)\1").starts_with("back-references"));
    }

    #[test]
    fn what_is_no_pattern_or_too_large_is_refused() {
        assert!(refused("(a").contains("unclosed group"));
        assert!(refused(r"\p{Pets}").contains("Unicode property"));
        assert!(refused("((a{100}){100}){100}").contains("too large"));
        assert!(refused("").contains("1 to 4096"));
        assert!(refused(&"a".repeat(4097)).contains("4097"));
        assert!(compile(&"a".repeat(4096)).is_ok());
        assert!(compile(r"(?i)\bpg_sleep\b").is_ok());
    }

    #[test]
    fn together_they_miss_nothing_that_one_finds() {
        let sources = [
            r"\bdrop\b",
            "a+b",
            "zz$",
            r"(\b\w|x)*y\B",
            r"\b{start}é",
            r"(?-u:\bk\b)",
        ];
        let compiled = || sources.iter().map(|source| compile(source).unwrap());
        for (most, groups) in [(MAX_TOGETHER, 1), (2_000, 3), (0, sources.len())] {
            let together = Patterns::within(compiled().collect(), most);
            assert_eq!(together.groups.len(), groups);
            for text in [
                "drop aab",
                "xdrop",
                "zz",
                "",
                "ü drop zz",
                "xyé é",
                "k ék kk",
            ] {
                let candidates = together.candidates(&Input::new(text));
                for (index, pattern) in compiled().enumerate() {
                    if pattern.regex.is_match(text) {
                        assert!(candidates.contains(&index), "{text}: {index}");
                    }
                }
            }
            assert_eq!(together.candidates(&Input::new("ü drop zz")), [0, 2]);
        }
    }

    #[test]
    fn words_match_in_any_case_and_literally() {
        let pattern = compile(&any_case("École. *(ß)")).unwrap();
        assert!(pattern.regex.is_match("éCOLE. *(ß)"));
        assert!(!pattern.regex.is_match("écolex *(ß)"));
    }

    proptest! {
        #[test]
        fn the_wider_pattern_is_wider(
            parts in proptest::collection::vec(
                r"a|é|\\b|\\B|\\b\{end-half\}|\^|\$|(\||\*|\?|\(a|\)|\[é ]|\\w|\\s|\(\\b)", 1..8),
            texts in proptest::collection::vec("[aé ]{0,6}", 1..8),
        ) {
            let source = parts.concat();
            let Ok(pattern) = compile(&source) else { return Ok(()) };
            let regex = pattern.regex.clone();
            prop_assert!(!pattern.wider.properties().look_set().contains_word_unicode());
            let patterns = Patterns::new(vec![pattern]);
            for text in texts {
                if regex.is_match(&text) {
                    prop_assert_eq!(patterns.candidates(&Input::new(&text)), vec![0], "{}", source);
                }
            }
        }
    }
}
