//! People and places in text: known first names, words that introduce a person, and
//! the shape of what stands there.
//!
//! This is what words alone can tell. Columns and keys that say "name" or "city" are
//! judged by [`is_name`] and [`is_place`], which take far more.

mod lexicon;

use super::{Findings, Region, Token};
use crate::entity::Entity;
use crate::evidence;

/// Most words of a name.
const MOST_WORDS: usize = 5;

/// Words between capitalized parts of a name.
const PARTICLES: &[&str] = &[
    "de", "da", "do", "dos", "das", "di", "del", "della", "van", "von", "der", "den", "die", "la",
    "le", "el", "al", "bin", "ibn", "ten", "ter", "y", "e", "du", "des", "zu", "zur", "op", "bint",
    "de la", "van de", "van den", "van der",
];

/// Words that stand before a person.
const INTRODUCTIONS: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "dr",
    "prof",
    "mister",
    "herr",
    "frau",
    "señor",
    "señora",
    "sr",
    "sra",
    "mme",
    "signor",
    "signora",
    "dear",
    "customer",
    "client",
    "patient",
    "name",
    "with",
    "contact",
    "employee",
    "applicant",
    "tenant",
    "by",
    "of",
    "user",
    "signup",
    "customers",
    "from",
    "for",
    "to",
    "hello",
    "hi",
    "madame",
    "monsieur",
    "caller",
    "beneficiary",
    "attendee",
    "passenger",
    "cardholder",
    "holder",
];

/// Of these, the ones after which two capitalized words need not be known names.
const STRONG_INTRODUCTIONS: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "dr",
    "prof",
    "herr",
    "frau",
    "señor",
    "señora",
    "mme",
    "signor",
    "signora",
    "dear",
    "customer",
    "client",
    "patient",
    "name",
    "employee",
    "applicant",
    "tenant",
    "caller",
    "beneficiary",
    "passenger",
    "cardholder",
    "attendee",
];

/// Titles: one capitalized word after them is a person.
const TITLES: &[&str] = &[
    "mr", "mrs", "ms", "miss", "dr", "prof", "herr", "frau", "señor", "señora", "mme", "signor",
    "signora", "monsieur", "madame",
];

/// A phrase of capitalized words.
struct Phrase {
    end: usize,
    words: usize,
    known: bool,
    comma: bool,
}

/// Offers a token that begins with a capital or a letter beyond ASCII.
pub(super) fn offer(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let first = region.str(token.start, token.end);
    if first.len() < 2 || !begins_name(first) {
        return None;
    }
    let before = introduction(region, token.start);
    let phrase = phrase(region, token, before.is_some());
    let after = region.str(phrase.end, region.end);
    let lives = [
        " lives at ",
        " lives in",
        " was born",
        " called ",
        " resides ",
    ]
    .iter()
    .any(|w| after.starts_with(w));
    let introduced = before.is_some_and(|w| INTRODUCTIONS.contains(&w));
    let strong = before.is_some_and(|w| STRONG_INTRODUCTIONS.contains(&w));
    let wide = first.chars().all(|c| c as u32 > 0x2e80);
    let score = match (phrase.words, phrase.known) {
        (2.., true) => 0.75,
        (2.., false) if strong || lives || (introduced && phrase.comma) => 0.65,
        (2.., false) if introduced => 0.55,
        (1, true) if strong || lives => 0.6,
        (1, false) if before.is_some_and(|w| TITLES.contains(&w)) => 0.6,
        (1, _) if wide && (introduced || lives) => 0.55,
        (1, true) => 0.3,
        _ => return None,
    };
    if matches!(before, Some("from")) && phrase.words <= 3 && !phrase.known {
        out.add(token.start, phrase.end, Entity::Location, score);
        return Some(phrase.end);
    }
    out.add(token.start, phrase.end, Entity::Person, score);
    for link in [
        " lives at ",
        " lives in ",
        " resides at ",
        " from ",
        " living in ",
    ] {
        if score >= 0.5
            && after.starts_with(link)
            && let Some(end) = place(region, phrase.end + link.len(), out)
        {
            return Some(end);
        }
    }
    Some(phrase.end)
}

fn begins_name(word: &str) -> bool {
    let mut chars = word.chars();
    let capital = chars
        .next()
        .is_some_and(|c| c.is_uppercase() || (c as u32 > 0x2e80 && c.is_alphabetic()));
    capital
        && (chars.clone().any(char::is_lowercase) || word.chars().all(|c| c as u32 > 0x2e80))
        && !lexicon::is_ordinary(word)
}

/// The capitalized words from `token` on, with particles and one `Last, First` comma.
fn phrase(region: &Region<'_>, token: Token, introduced: bool) -> Phrase {
    let mut phrase = Phrase {
        end: token.end,
        words: 1,
        known: lexicon::is_first_name(region.str(token.start, token.end)),
        comma: false,
    };
    let mut at = token.end;
    let mut particles = 0;
    while phrase.words < MOST_WORDS {
        let (gap, comma) = match (region.byte(at), region.byte(at + 1)) {
            (b' ', _) => (at + 1, false),
            (b'-' | b'\'', _) => (at + 1, false),
            (b',', b' ') if !phrase.comma && phrase.words <= 2 && particles == 0 => (at + 2, true),
            _ => break,
        };
        let end = region.run(gap, |b| b.is_ascii_alphabetic() || b >= 0x80);
        let word = region.str(gap, end);
        if word.is_empty() || region.byte(end).is_ascii_digit() || region.byte(end) == b'_' {
            break;
        }
        if PARTICLES.contains(&word) && !comma && particles < 2 {
            particles += 1;
            at = end;
            continue;
        }
        let initial = word.len() == 1 && word.bytes().all(|b| b.is_ascii_uppercase());
        if !initial && !begins_name(word) {
            break;
        }
        let known = lexicon::is_first_name(word);
        // A comma joins `Last, First` alone: what follows must be a first name, or
        // stand where a person stands.
        let person = introduced || region.str(end, region.end).starts_with(" lives ");
        if comma && !known && !person {
            break;
        }
        phrase.known |= known;
        phrase.comma |= comma;
        phrase.words += 1;
        phrase.end = end;
        particles = 0;
        at = end;
        if initial && region.byte(at) == b'.' {
            at += 1;
        }
    }
    phrase
}

/// The word before `at`, in lower case, when only a space or a mark parts them.
fn introduction(region: &Region<'_>, at: usize) -> Option<&'static str> {
    let head = region.str(region.start.max(at.saturating_sub(24)), at);
    let head = head.trim_end_matches([' ', '.', ':', '=', '"', ',']);
    let start = head
        .rfind(|c: char| !c.is_alphabetic())
        .map_or(0, |i| i + 1);
    let word = head.get(start..)?.to_lowercase();
    INTRODUCTIONS.iter().find(|w| **w == word).copied()
}

/// Words before `at` or `to` that make what follows an address.
const DESTINATIONS: &[&str] = &[
    "lives",
    "resides",
    "based",
    "headquartered",
    "born",
    "living",
    "residing",
    "ship",
    "shipped",
    "shipping",
    "deliver",
    "delivered",
    "delivery",
    "relocated",
];

/// The place behind "lives at" and "ship to"; `token` is the `at` or `to`.
pub(super) fn destination(
    region: &Region<'_>,
    token: Token,
    out: &mut Findings<'_>,
) -> Option<usize> {
    let head = region.str(
        region.start.max(token.start.saturating_sub(12)),
        token.start,
    );
    let word = head
        .trim_ascii_end()
        .rsplit(|c: char| !c.is_ascii_alphabetic())
        .next()?;
    let leads = DESTINATIONS.iter().any(|w| word.eq_ignore_ascii_case(w));
    leads.then(|| place(region, token.end + 1, out)).flatten()
}

/// Small words inside addresses.
const STREET_WORDS: &[&str] = &[
    "ul",
    "al",
    "pl",
    "os",
    "plac",
    "aleja",
    "ulica",
    "rue",
    "avenue",
    "boulevard",
    "chemin",
    "place",
    "quai",
    "via",
    "viale",
    "piazza",
    "corso",
    "calle",
    "avenida",
    "plaza",
    "paseo",
    "rua",
    "travessa",
    "praça",
    "straat",
    "weg",
    "st",
    "apt",
    "piso",
    "puerta",
    "bis",
    "nr",
    "no",
    "den",
    "aan",
    "bij",
    "am",
    "an",
    "im",
    "in",
    "sur",
    "les",
    "sous",
    "aux",
    "d",
    "l",
    "à",
    "of",
    "upon",
];

/// Most bytes of an address in text.
const LONGEST_PLACE: usize = 160;

/// The place that begins at `start`: numbers, capitalized words and the small words of
/// addresses, as far as they go.
pub(super) fn place(region: &Region<'_>, start: usize, out: &mut Findings<'_>) -> Option<usize> {
    let mut end = start;
    let mut at = start;
    let mut capital = false;
    while at < region.end && at - start < LONGEST_PLACE {
        let word_end = region.run(at, |b| b.is_ascii_alphanumeric() || b >= 0x80);
        let word = region.str(at, word_end);
        let initial = word.chars().next().is_some_and(|c| !c.is_lowercase());
        let small = PARTICLES.contains(&word) || STREET_WORDS.contains(&word);
        // A label ends the place: "from Paris, IBAN …".
        let label = end > start
            && !evidence::of_name(word).hints.is_empty()
            && !evidence::of_name(word).hints_at(Entity::Location);
        if label
            || word.is_empty()
            || !(initial || small || word.bytes().any(|b| b.is_ascii_digit()))
        {
            break;
        }
        capital |= initial && word.chars().any(char::is_alphabetic);
        if initial || !small {
            end = word_end;
        }
        let gap = region.run(word_end, |b| {
            matches!(
                b,
                b' ' | b',' | b'.' | b'-' | b'/' | b'\'' | b'(' | b')' | b'#'
            )
        });
        let parting = region.str(word_end, gap);
        let sentence =
            parting.starts_with(". ") && word.chars().count() > 4 || parting.starts_with(".\n");
        if sentence || gap == word_end || gap - word_end > 3 {
            break;
        }
        at = gap;
    }
    if !capital || end < start + 2 || lexicon::is_ordinary(region.str(start, end)) {
        return None;
    }
    out.add(start, end, Entity::Location, 0.7);
    Some(end)
}

/// Whether a value under a header such as `full_name` can be a name. Under a vague
/// header it must look like one: capitalized words, a known first name, or a script
/// without capitals.
pub(crate) fn is_name(value: &str, vague: bool) -> bool {
    let plain = value.len() <= 120
        && value.chars().any(char::is_alphabetic)
        && !value.contains(['@', '/', '=', '{', '<', '_', ':', '#'])
        && !value.chars().any(|c| c.is_ascii_digit());
    if !plain || is_sentence(value) || !vague {
        return plain && !is_sentence(value);
    }
    let words = || {
        value
            .split([' ', ',', '-', '\'', '.'])
            .filter(|w| !w.is_empty())
    };
    let upper = |w: &str| {
        w.chars()
            .next()
            .is_some_and(|c| c.is_uppercase() || c as u32 > 0x2e80)
    };
    let capital = words().all(|w| PARTICLES.contains(&w) || upper(w));
    let count = words().count();
    capital
        && (words().any(lexicon::is_first_name)
            || (2..=4).contains(&count)
            || value.chars().any(|c| c as u32 > 0x2e80))
}

/// Whether a value under a header such as `city` can be a place.
pub(crate) fn is_place(value: &str, vague: bool) -> bool {
    let written = value.len() <= 300
        && value.chars().any(char::is_alphanumeric)
        && !value.contains("://")
        && !value.contains('@');
    let hex = value
        .bytes()
        .all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.' | b'-' | b'x'));
    let one_token =
        !value.contains(' ') && value.bytes().any(|b| b.is_ascii_digit()) && value.len() > 16;
    let named = value.chars().any(|c| c.is_uppercase() || c as u32 > 0x7f);
    written
        && match vague {
            true => named && !hex && !one_token && !is_sentence(value),
            false => true,
        }
}

/// Whether a value reads like prose: many words, most of them small.
pub(crate) fn is_sentence(value: &str) -> bool {
    let words = value
        .split(' ')
        .filter(|w| w.chars().any(char::is_alphabetic))
        .count();
    let small = value
        .split(' ')
        .filter(|w| w.chars().next().is_some_and(char::is_lowercase))
        .count();
    words >= 4 && small * 2 > words
}

/// Whether a word of `value` is a known first name, for the vote of a column.
pub(crate) fn resembles(value: &str) -> bool {
    value.split([' ', ',', '-']).any(lexicon::is_first_name)
        || value.chars().any(|c| c as u32 > 0x2e80)
}
