//! A value judged as a whole by what its name says: a cell under a telling header, the
//! value of a key.

use super::{dates, names, numbers, phone, secrets};
use crate::checksum::{
    self, asia_pacific as asia, chain, europe, latin_america as latin, north_america as us,
};
use crate::entity::{Entity as T, EntitySet};
use crate::evidence::Evidence;

/// Score of a value that fits what its name calls for.
const CALLED: f32 = 0.86;

/// Types whose values have no shape of their own; any text under their name is one.
const SHAPELESS: EntitySet = EntitySet::of(&[T::Person, T::Location, T::Nrp]);

/// The type of a value under a name that calls for one.
pub(crate) fn judge(value: &str, evidence: Evidence) -> Option<(T, f32)> {
    if evidence.hints.is_empty() || value.len() > 4096 || is_void(value) {
        return None;
    }
    let fits = |e: &T| fits(*e, value, evidence);
    let entity = evidence.hints.iter().find(fits)?;
    let score = match SHAPELESS.has(entity) {
        true => 0.8,
        false => CALLED,
    };
    Some((entity, score))
}

/// Whether a value says that there is none.
pub(crate) fn is_void(value: &str) -> bool {
    const VOID: &[&str] = &[
        "",
        "null",
        "NULL",
        "\\N",
        "none",
        "None",
        "nil",
        "n/a",
        "N/A",
        "-",
        "--",
        "true",
        "false",
        "t",
        "f",
        "unknown",
        "undefined",
        "yes",
        "no",
        "(null)",
        "<null>",
        "NaN",
        "***",
        "****",
        "********",
    ];
    VOID.contains(&value)
        || value
            .bytes()
            .all(|b| matches!(b, b'*' | b'x' | b'X' | b'-' | b'.' | b' '))
}

fn fits(entity: T, value: &str, evidence: Evidence) -> bool {
    match entity {
        T::Person => names::is_name(value, evidence.vague),
        T::Location => names::is_place(value, evidence.vague),
        T::Nrp => {
            value.len() <= 60 && value.chars().any(char::is_alphabetic) && !value.contains('@')
        }
        T::Password => {
            (3..=256).contains(&value.len())
                && !value.contains(['\n', '\t'])
                && !names::is_sentence(value)
        }
        T::ApiKey => secrets::looks_secret(value) && !secrets::uuid(value.as_bytes()),
        T::AwsSecretKey => {
            value.len() == 40
                && secrets::looks_secret(value)
                && !value.bytes().all(|b| b.is_ascii_hexdigit())
        }
        T::DateOfBirth => is_date(value),
        T::PhoneNumber => phone::plausible(value),
        _ => document(entity, value),
    }
}

/// Whether a value is nothing but a date, with or without a time.
fn is_date(value: &str) -> bool {
    let bytes = value.as_bytes();
    let compact = bytes.len() == 8
        && bytes.iter().all(u8::is_ascii_digit)
        && matches!(bytes, [b'1', b'9', ..] | [b'2', b'0', ..]);
    match dates::length(bytes).or_else(|| dates::month_first(bytes)) {
        Some(length) => bytes.len() == length || matches!(bytes.get(length), Some(b' ' | b'T')),
        None => compact,
    }
}

/// Types that detectors recognize by themselves, so that a name adds nothing.
const RECOGNIZED: EntitySet = EntitySet::of(&[
    T::EmailAddress,
    T::IpAddress,
    T::MacAddress,
    T::Url,
    T::Jwt,
    T::PrivateKey,
    T::ConnectionString,
    T::AwsAccessKey,
    T::GithubToken,
    T::SlackToken,
    T::StripeKey,
]);

/// Whether `value` is a valid identifier of type `entity`, given that its name calls
/// for one: check digits must hold, groups may be written in any way.
pub(crate) fn document(entity: T, value: &str) -> bool {
    if RECOGNIZED.has(entity)
        || value.len() > 64
        || !value.is_ascii()
        || value.contains(['@', ':', ','])
    {
        return false;
    }
    let compact: Vec<u8> = value
        .bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|b| b.to_ascii_uppercase())
        .collect();
    let digits = super::codes::values(&compact);
    let letters = compact.len() - digits.len();
    let bare = letters == 0;
    let shape = |pattern: &str| shaped(&compact, pattern);
    match entity {
        T::CreditCard => bare && numbers::card(&digits),
        T::IbanCode => compact.len() >= 15 && checksum::mod97(&compact) == 1,
        T::Crypto => wallet(value.as_bytes()),
        T::UsSsn => bare && us::ssn(&digits),
        T::UsItin => bare && us::itin(&digits),
        T::UsPassport => (bare && digits.len() == 9) || shape("A99999999"),
        T::UsDriverLicense => us_driver(&compact, letters),
        T::UsBankNumber => bare && (6..=17).contains(&digits.len()),
        T::AbaRouting => bare && us::aba(&digits),
        T::MedicalLicense => match compact.split_at_checked(2) {
            _ if bare => us::npi(&digits),
            Some((head, _)) => us::dea(head, &digits),
            None => false,
        },
        T::UkNhs => bare && europe::nhs(&digits),
        T::UkNino => {
            shape("AA999999A")
                && matches!(compact.as_slice(), [a, b, .., s] if europe::nino_prefix(*a, *b) && *s <= b'D')
        }
        T::UkDrivingLicence => europe::driver_number(&compact),
        T::AuTfn => bare && asia::tfn(&digits),
        T::AuAbn => bare && asia::abn(&digits),
        T::AuAcn => bare && asia::acn(&digits),
        T::AuMedicare => bare && asia::medicare(&digits),
        T::InAadhaar => bare && asia::aadhaar(&digits),
        T::InPan => asia::pan(&compact),
        T::InPassport => shape("A9999999"),
        T::InVehicleRegistration => vehicle(&compact),
        T::InVoter => shape("AAA9999999"),
        T::InGstin => asia::gstin(&compact),
        T::ItFiscalCode => europe::codice_fiscale(&compact),
        T::ItVatCode => (bare || compact.starts_with(b"IT")) && europe::partita_iva(&digits),
        T::ItIdentityCard => shape("AA99999AA") || shape("AA9999999") || shape("9999999AA"),
        T::ItDriverLicense => shape("AA9999999A") || shape("U1A999999A"),
        T::ItPassport => shape("AA9999999"),
        T::EsNif => spanish(&compact, &digits, false),
        T::EsNie => spanish(&compact, &digits, true),
        T::SgFin => asia::nric(&compact),
        T::SgUen => shape("99999999A") || shape("999999999A") || shape("A99AA9999A"),
        T::BrCpf => bare && latin::cpf(&digits),
        T::BrCnpj => bare && latin::cnpj(&digits),
        T::BrRg => letters <= 1 && (7..=10).contains(&compact.len()),
        T::BrCnh => bare && latin::cnh(&digits),
        T::BrPis => bare && latin::pis(&digits),
        T::PlPesel => bare && europe::pesel(&digits),
        T::KrRrn => bare && asia::rrn(&digits),
        T::FiPersonalIdentityCode => europe::hetu(value.to_ascii_uppercase().as_bytes()),
        T::ThTnin => bare && asia::thai(&digits),
        _ => false,
    }
}

/// Whether bytes have a shape in which `A` is a letter, `9` a digit, others themselves.
fn shaped(bytes: &[u8], pattern: &str) -> bool {
    bytes.len() == pattern.len()
        && bytes.iter().zip(pattern.bytes()).all(|(b, p)| match p {
            b'A' => b.is_ascii_uppercase(),
            b'9' => b.is_ascii_digit(),
            other => *b == other,
        })
}

fn wallet(value: &[u8]) -> bool {
    let ether = value
        .strip_prefix(b"0x")
        .is_some_and(|h| h.len() == 40 && h.iter().all(u8::is_ascii_hexdigit));
    ether || chain::base58check(value) || chain::bech32(value)
}

/// US licences differ by state (AAMVA): up to three letters and four to fourteen
/// digits, or digits alone.
fn us_driver(compact: &[u8], letters: usize) -> bool {
    let digits = compact.len() - letters;
    let italian = shaped(compact, "AA9999999A");
    letters <= 3
        && (4..=14).contains(&digits)
        && (6..=16).contains(&compact.len())
        && !italian
        && !europe::driver_number(compact)
}

/// A vehicle registration of India: state, district, series, number.
fn vehicle(compact: &[u8]) -> bool {
    [
        "AA99A9999",
        "AA99AA9999",
        "AA9A9999",
        "AA9AA9999",
        "AA99AAA9999",
        "99AA9999AA",
        "99AA9999A",
        "AA999999",
    ]
    .iter()
    .any(|p| shaped(compact, p))
}

fn spanish(compact: &[u8], digits: &[u8], foreign: bool) -> bool {
    let number = digits
        .iter()
        .fold(0u32, |n, d| n.wrapping_mul(10).wrapping_add(u32::from(*d)));
    match (foreign, compact) {
        (false, [.., last]) if digits.len() == 8 && compact.len() == 9 => {
            europe::dni_letter(number) == *last
        }
        (true, [first @ b'X'..=b'Z', .., last]) if digits.len() == 7 && compact.len() == 9 => {
            europe::dni_letter(u32::from(first - b'X') * 10_000_000 + number) == *last
        }
        _ => false,
    }
}
