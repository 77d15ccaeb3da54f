//! Selecting by tags.

use std::collections::BTreeMap;

use model::Refusal;

/// One term of a selector.
#[derive(Debug, PartialEq, Eq)]
enum Term {
    Equals(String, String),
    /// The key must be present with another value.
    Differs(String, String),
    Has(String),
}

/// Terms that must all hold.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TagSelector(Vec<Term>);

impl TagSelector {
    /// Reads `key=value, key!=value`.
    ///
    /// # Errors
    /// `invalid_argument` for a term without operator or key.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let bad = || Refusal::invalid("/tag_selector", "comma-separated key=value or key!=value");
        let term = |term: &str| {
            let (key, value) = term.split_once('=').ok_or_else(bad)?;
            let (key, differs) = match key.strip_suffix('!') {
                Some(key) => (key.trim(), true),
                None => (key.trim(), false),
            };
            if key.is_empty() {
                return Err(bad());
            }
            let (key, value) = (key.to_owned(), value.trim().to_owned());
            Ok(if differs {
                Term::Differs(key, value)
            } else {
                Term::Equals(key, value)
            })
        };
        text.split(',')
            .map(term)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The older form: `key` or `key=value` each.
    pub(super) fn of_list(list: &[String]) -> Self {
        let term = |item: &String| match item.split_once('=') {
            Some((key, value)) => Term::Equals(key.trim().to_owned(), value.trim().to_owned()),
            None => Term::Has(item.trim().to_owned()),
        };
        Self(list.iter().map(term).collect())
    }

    /// Whether every term holds.
    pub(super) fn matches(&self, tags: &BTreeMap<String, String>) -> bool {
        self.0.iter().all(|term| match term {
            Term::Equals(key, value) => tags.get(key) == Some(value),
            Term::Differs(key, value) => tags.get(key).is_some_and(|given| given != value),
            Term::Has(key) => tags.contains_key(key),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_term_must_hold() {
        let tags = BTreeMap::from([
            ("env".to_owned(), "prod".to_owned()),
            ("team".to_owned(), "a".to_owned()),
        ]);
        let holds = |text: &str| TagSelector::parse(text).unwrap().matches(&tags);
        assert!(holds("env=prod"));
        assert!(holds(" env = prod , team!=b"));
        assert!(!holds("env!=prod"));
        assert!(!holds("region!=eu"), "the key must be present");
        assert!(!holds("env=prod,team=b"));
        assert!(TagSelector::parse("env").is_err());
        assert!(TagSelector::parse("=prod").is_err());
        assert!(TagSelector::of_list(&["team".to_owned(), "env=prod".to_owned()]).matches(&tags));
    }
}
