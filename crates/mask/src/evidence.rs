//! What a name near a value says about it: the header of a column, the key before `=`,
//! the words before a number in a sentence.

mod vocabulary;
mod words;

use crate::entity::{Entity, EntitySet};
pub(crate) use vocabulary::WordSet;
use words::Words;

/// What names say about a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Evidence {
    /// Types that the name calls for.
    pub(crate) hints: EntitySet,
    /// Whether the name says that the value is something harmless.
    pub(crate) denies: bool,
    /// Whether the name is one word that stands for other things as well, such as
    /// `name` or `address`.
    pub(crate) vague: bool,
}

impl Evidence {
    /// Nothing known.
    pub(crate) const NONE: Self = Self {
        hints: EntitySet::EMPTY,
        denies: false,
        vague: false,
    };

    /// Whether the name calls for `entity`.
    pub(crate) fn hints_at(self, entity: Entity) -> bool {
        self.hints.has(entity)
    }

    fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// Score of a finding of `entity` that has `base` by its own looks.
    pub(crate) fn weigh(self, entity: Entity, base: f32) -> f32 {
        if self.hints_at(entity) {
            base.max(0.85)
        } else if self.denies {
            base - 0.35
        } else {
            base
        }
    }
}

/// Longest name that is looked at, in bytes.
const LONGEST_NAME: usize = 96;

/// What the name of a column, a key or a field says.
pub(crate) fn of_name(name: &str) -> Evidence {
    if name.len() > LONGEST_NAME {
        return Evidence::NONE;
    }
    let words = Words::of(name);
    let whole = hints_of(&words, words.count);
    let last = |count: usize| words.phrase(count.saturating_sub(1), count);
    if whole.hints.is_empty() && words.count > 1 && vocabulary::is_neutral(last(words.count)) {
        return hints_of(&words, words.count - 1);
    }
    whole
}

/// What the first `count` words of a name say.
fn hints_of(words: &Words, count: usize) -> Evidence {
    if count == 0 {
        return Evidence::NONE;
    }
    let qualified = (0..count).any(|i| vocabulary::is_harmless(words.phrase(i, i + 1)));
    let last_harmless = vocabulary::is_harmless(words.phrase(count - 1, count));
    for length in (1..=count.min(4)).rev() {
        for first in (0..=count - length).rev() {
            let Some(hints) = vocabulary::hints(words.phrase(first, first + length)) else {
                continue;
            };
            // `host_name` and `token_count` are not a name and not a token.
            let covers_end = first + length == count;
            let vague = length == 1 && vocabulary::is_vague(words.phrase(first, first + 1));
            if (vague && (qualified || !covers_end)) || (last_harmless && !covers_end) {
                continue;
            }
            return Evidence {
                hints,
                vague,
                ..Evidence::NONE
            };
        }
    }
    Evidence {
        denies: qualified,
        ..Evidence::NONE
    }
}

/// Whether a name tells a property of goods: beside it a column `name` names things.
pub(crate) fn is_of_goods(name: &str) -> bool {
    let words = Words::of(name);
    (0..words.count).any(|i| vocabulary::is_of_goods(words.phrase(i, i + 1)))
}

/// What the words of a sentence before a value say; the nearest words win. Words for
/// people and places stand in every sentence, so the search goes on behind them.
pub(crate) fn of_words(before: &str) -> Evidence {
    const EVERYWHERE: EntitySet = EntitySet::of(&[Entity::Person, Entity::Location]);
    let words = Words::of(before);
    let mut seen = EntitySet::EMPTY;
    for last in (1..=words.count).rev() {
        let found = (1..=last.min(4))
            .rev()
            .find_map(|length| vocabulary::hints(words.phrase(last - length, last)));
        let word = words.phrase(last - 1, last);
        match found {
            Some(hints) if EVERYWHERE.union(hints) != EVERYWHERE => {
                return Evidence {
                    hints: hints.union(seen),
                    ..Evidence::NONE
                };
            }
            Some(hints) => seen = seen.union(hints),
            None if vocabulary::is_filler(word) => {}
            None if vocabulary::is_harmless(word) => {
                return Evidence {
                    hints: seen,
                    denies: seen.is_empty(),
                    vague: false,
                };
            }
            None => {}
        }
    }
    Evidence {
        hints: seen,
        ..Evidence::NONE
    }
}

/// How far before a value its label is looked for, in bytes.
const REACH: usize = 56;

/// What stands before `at` in `text`, no further back than `from`: a key of its own
/// (`key=`, `key: `, `"key": `) when it says something, else the words of the clause.
pub(crate) fn before(text: &str, from: usize, at: usize) -> Evidence {
    if at <= from {
        return Evidence::NONE;
    }
    let mut start = from.max(at.saturating_sub(REACH));
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let Some(window) = text.get(start..at) else {
        return Evidence::NONE;
    };
    let window = window.trim_end_matches(['"', '\'', ' ', '(', '[', '\\', '<', '*', '#', '+']);
    if let Some(head) = window.strip_suffix(['=', ':']) {
        let prose = window.ends_with(':') && !head.ends_with('"');
        let head = head.trim_end_matches(['"', '\'', ' ', '\\', ':']);
        let keyed = of_key(head);
        return match keyed.is_none() && prose {
            true => of_words(clause(head)),
            false => keyed,
        };
    }
    of_words(clause(window))
}

/// What the key at the end of `head` says. A phrase such as "date of birth" ends in its
/// last word; the words before a key that says something itself are not its own.
fn of_key(head: &str) -> Evidence {
    let key_start = head
        .char_indices()
        .rev()
        .take_while(|(_, c)| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
        .last()
        .map_or(head.len(), |(i, _)| i);
    let words = Words::of(clause(head));
    let spoken = (2..=words.count.min(4))
        .rev()
        .find_map(|length| vocabulary::hints(words.phrase(words.count - length, words.count)));
    match spoken {
        Some(hints) => Evidence {
            hints,
            ..Evidence::NONE
        },
        None => of_name(head.get(key_start..).unwrap_or_default()),
    }
}

/// The text after the last mark that ends a clause.
fn clause(text: &str) -> &str {
    let cut = text
        .char_indices()
        .rev()
        .find(|(i, c)| match c {
            ';' | '{' | '}' | '|' | '\t' | '\n' => true,
            '.' | '!' | '?' => text.get(i + 1..).is_some_and(|rest| rest.starts_with(' ')),
            _ => false,
        })
        .map_or(0, |(i, c)| i + c.len_utf8());
    text.get(cut..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hinted(name: &str, entity: Entity) -> bool {
        of_name(name).hints_at(entity)
    }

    #[test]
    fn headers_call_for_types() {
        for (name, entity) in [
            ("email", Entity::EmailAddress),
            ("contactEmail_2", Entity::EmailAddress),
            ("social_security_number", Entity::UsSsn),
            ("CustomerName", Entity::Person),
            ("nome", Entity::Person),
            ("telefono", Entity::PhoneNumber),
            ("geburtsdatum", Entity::DateOfBirth),
            ("mac_address", Entity::MacAddress),
            ("home_address", Entity::Location),
            ("cpf_cliente", Entity::BrCpf),
            ("business_abn", Entity::AuAbn),
            ("DB_PASSWORD", Entity::Password),
        ] {
            assert!(hinted(name, entity), "{name}");
        }
    }

    #[test]
    fn harmless_words_take_the_hint_away() {
        for name in [
            "host_name",
            "file_name",
            "product_name",
            "email_count",
            "phone_verified",
            "password_changed_at",
        ] {
            assert!(of_name(name).hints.is_empty(), "{name}");
        }
        assert!(of_name("order_no").denies && of_name("sha256").denies);
        assert!(of_name("c2").is_none());
    }

    #[test]
    fn labels_in_sentences_are_heard() {
        let text = "Her SSN is 590249279 and her passport number is 893829160";
        assert!(before(text, 0, 11).hints_at(Entity::UsSsn));
        assert!(before(text, 0, 48).hints_at(Entity::UsPassport));
        let log = "kyc check date of birth=1936-12-04";
        assert!(before(log, 0, 24).hints_at(Entity::DateOfBirth));
    }
}
