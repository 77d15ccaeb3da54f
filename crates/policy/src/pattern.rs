//! Regular expressions of rules. They run in linear time, whatever the text, because
//! the engine has neither look-around nor back-references; their size is bounded.

use regex_automata::meta::{BuildError, Config, Regex};
use regex_automata::{Input, MatchKind, PatternSet};

/// Most characters of a pattern.
pub(crate) const MAX_CHARS: usize = 4096;

/// Largest program of one pattern in bytes. `\w{100}` fits; a pattern that repeats
/// repetitions does not.
const MAX_ONE: usize = 1 << 20;

/// Largest program of all patterns of a connection together in bytes.
const MAX_TOGETHER: usize = 16 << 20;

/// Compiles one pattern.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    let length = pattern.chars().count();
    if !(1..=MAX_CHARS).contains(&length) {
        return Err(format!(
            "1 to {MAX_CHARS} characters are expected, not {length}"
        ));
    }
    Regex::builder()
        .configure(Config::new().nfa_size_limit(Some(MAX_ONE)))
        .build(pattern)
        .map_err(|error| sentence(&error))
}

fn sentence(error: &BuildError) -> String {
    if error.size_limit().is_some() {
        return "the pattern is too large when compiled; repeat less in it".to_owned();
    }
    let Some(syntax) = error.syntax_error() else {
        return format!("the pattern cannot be compiled: {error}");
    };
    // The whole report points at the place below a copy of the pattern, over several
    // lines; its last line says what is wrong.
    let report = syntax.to_string();
    let reason = report
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("error: "))
        .unwrap_or("it is no regular expression");
    let lower = reason.to_lowercase();
    if lower.contains("look-around") {
        "look-ahead and look-behind are not supported, because patterns run in linear time"
            .to_owned()
    } else if lower.contains("backreference") {
        "back-references are not supported, because patterns run in linear time".to_owned()
    } else {
        format!("the pattern cannot be compiled: {reason}")
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

/// Many patterns: together they say which of them match, in one pass; each alone says
/// where.
#[derive(Debug, Default)]
pub(crate) struct Patterns {
    together: Option<Regex>,
    each: Vec<Regex>,
}

impl Patterns {
    /// Puts compiled patterns together; `sources` are their texts.
    pub(crate) fn new(each: Vec<Regex>, sources: &[String]) -> Self {
        let config = Config::new()
            .match_kind(MatchKind::All)
            .nfa_size_limit(Some(MAX_TOGETHER));
        // Too large together, they are tried one after another.
        let together = (each.len() > 1)
            .then(|| Regex::builder().configure(config).build_many(sources).ok())
            .flatten();
        Self { together, each }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.each.len()
    }

    /// The pattern with this index.
    pub(crate) fn get(&self, index: usize) -> Option<&Regex> {
        self.each.get(index)
    }

    /// The indices of the patterns that match somewhere in the span of `input`.
    pub(crate) fn matching(&self, input: &Input<'_>) -> Vec<usize> {
        if let Some(together) = &self.together {
            let mut found = PatternSet::new(together.pattern_len());
            together.which_overlapping_matches(input, &mut found);
            return found.iter().map(|pattern| pattern.as_usize()).collect();
        }
        let matches = |index: &usize| {
            self.each
                .get(*index)
                .is_some_and(|regex| regex.is_match(input.clone()))
        };
        (0..self.each.len()).filter(matches).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(refused("((a{100}){100}){100}").contains("too large"));
        assert!(refused("").contains("1 to 4096"));
        assert!(refused(&"a".repeat(4097)).contains("4097"));
        assert!(compile(&"a".repeat(4096)).is_ok());
        assert!(compile(r"(?i)\bpg_sleep\b").is_ok());
    }

    #[test]
    fn together_and_alone_they_find_the_same() {
        let sources: Vec<String> = [r"\bdrop\b", "a+b", "zz$"].map(str::to_owned).into();
        let each = || {
            sources
                .iter()
                .map(|source| compile(source).unwrap())
                .collect()
        };
        let together = Patterns::new(each(), &sources);
        let alone = Patterns {
            together: None,
            each: each(),
        };
        for text in ["drop aab", "xdrop", "zz", "", "ü drop zz"] {
            assert_eq!(
                together.matching(&Input::new(text)),
                alone.matching(&Input::new(text)),
                "{text}"
            );
        }
        assert_eq!(together.matching(&Input::new("ü drop zz")), [0, 2]);
    }

    #[test]
    fn words_match_in_any_case_and_literally() {
        let regex = compile(&any_case("École. *(ß)")).unwrap();
        assert!(regex.is_match("éCOLE. *(ß)"));
        assert!(!regex.is_match("écolex *(ß)"));
    }
}
