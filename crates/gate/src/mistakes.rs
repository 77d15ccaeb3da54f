//! Everything that is wrong with what a caller sent, told in one refusal.

use model::{Code, Refusal};
use serde_json::{Value, json};

/// Most mistakes that are told one by one; all are counted.
const MOST: usize = 1000;

/// What is wrong, each with its place.
#[derive(Default)]
pub(crate) struct Mistakes {
    told: Vec<Mistake>,
    count: usize,
}

struct Mistake {
    /// JSON pointer (RFC 6901) into the arguments.
    path: String,
    message: String,
    hint: Option<String>,
}

impl Mistakes {
    /// Notes what is wrong at a place, and what to do.
    pub(crate) fn add(&mut self, path: &str, message: impl Into<String>, hint: &str) {
        self.note(Mistake {
            path: path.to_owned(),
            message: message.into(),
            hint: Some(hint.to_owned()).filter(|hint| !hint.is_empty()),
        });
    }

    /// Notes a refusal; its place is below `base`.
    pub(crate) fn add_refusal(&mut self, base: &str, refusal: Refusal) {
        let detail = |key: &str| refusal.details.as_ref()?.get(key)?.as_str();
        let below = detail("path").filter(|path| *path != "/");
        let path = match below {
            None if base.is_empty() => "/".to_owned(),
            below => format!("{base}{}", below.unwrap_or_default()),
        };
        let place = format!("{}: ", detail("path").unwrap_or_default());
        let message = refusal.message.strip_prefix(&place);
        let message = message.unwrap_or(&refusal.message).to_owned();
        let hint = refusal.hint;
        self.note(Mistake {
            path,
            message,
            hint,
        });
    }

    fn note(&mut self, mistake: Mistake) {
        self.count += 1;
        if self.told.len() < MOST {
            self.told.push(mistake);
        }
    }

    /// Refuses when anything is wrong.
    ///
    /// # Errors
    /// `invalid_argument` with `details: {path, expected, mistakes: [{path, message,
    /// hint?}]}`; path and expected are those of the first.
    pub(crate) fn check(self) -> Result<(), Refusal> {
        let Some(first) = self.told.first() else {
            return Ok(());
        };
        let sentence = format!("{}: {}", first.path, first.message);
        let message = match self.count {
            1 => sentence,
            count => format!("{count} mistakes; the first is {sentence}"),
        };
        let list = self.told.iter().map(|mistake| match &mistake.hint {
            None => json!({"path": mistake.path, "message": mistake.message}),
            Some(hint) => json!({"path": mistake.path, "message": mistake.message, "hint": hint}),
        });
        Err(Refusal::new(Code::InvalidArgument, message)
            .detail("path", first.path.clone())
            .detail("expected", first.message.clone())
            .detail("mistakes", list.collect::<Vec<Value>>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_mistakes_are_told_with_their_places() {
        let mut mistakes = Mistakes::default();
        mistakes.add("/a", "is unknown", "make it first");
        mistakes.add_refusal("/b/0", Refusal::invalid("/c", "a number"));
        mistakes.add_refusal("/d", Refusal::invalid("/", "something"));
        mistakes.add_refusal("/e", Refusal::not_found("group", "x"));
        let refusal = mistakes.check().unwrap_err();
        assert_eq!(refusal.code, Code::InvalidArgument);
        assert_eq!(refusal.message, "4 mistakes; the first is /a: is unknown");
        assert_eq!(
            refusal.details.unwrap()["mistakes"],
            json!([
                {"path": "/a", "message": "is unknown", "hint": "make it first"},
                {"path": "/b/0/c", "message": "expected a number"},
                {"path": "/d", "message": "expected something"},
                {"path": "/e", "message": "group \"x\" not found"},
            ])
        );
    }

    #[test]
    fn nothing_wrong_is_no_refusal_and_a_flood_is_counted() {
        assert!(Mistakes::default().check().is_ok());
        let mut mistakes = Mistakes::default();
        for _ in 0..MOST + 5 {
            mistakes.add("/a", "is unknown", "");
        }
        let refusal = mistakes.check().unwrap_err();
        assert!(refusal.message.starts_with("1005 mistakes"), "{refusal}");
        let details = refusal.details.unwrap();
        assert_eq!(details["mistakes"].as_array().unwrap().len(), MOST);
    }
}
