//! Keys and tokens that their prefix, shape or armour gives away.

use std::sync::LazyLock;

use super::{DIGIT, Findings, LOWER, Region, Token, UNDERSCORE, UPPER, class};
use crate::entity::Entity as T;
use crate::evidence::Evidence;

/// Prefix, type and the least length of what follows, as the issuers document them and
/// secret scanners look for them.
const PREFIXES: &[(&str, T, usize)] = &[
    ("AGE-SECRET-KEY-1", T::PrivateKey, 50),
    ("ATATT3", T::ApiKey, 40),
    ("ATCTT3", T::ApiKey, 40),
    ("ABIA", T::AwsAccessKey, 16),
    ("ACCA", T::AwsAccessKey, 16),
    ("AIDA", T::AwsAccessKey, 16),
    ("AIza", T::ApiKey, 30),
    ("AKIA", T::AwsAccessKey, 16),
    ("AROA", T::AwsAccessKey, 16),
    ("ASIA", T::AwsAccessKey, 16),
    ("EAAA", T::ApiKey, 56),
    ("EZAK", T::ApiKey, 40),
    ("GOCSPX-", T::ApiKey, 20),
    ("NRAK-", T::ApiKey, 24),
    ("PMAK-", T::ApiKey, 40),
    ("SG.", T::ApiKey, 30),
    ("dckr_pat_", T::ApiKey, 20),
    ("doo_v1_", T::ApiKey, 40),
    ("dop_v1_", T::ApiKey, 40),
    ("dapi", T::ApiKey, 32),
    ("dp.ct.", T::ApiKey, 40),
    ("dp.pt.", T::ApiKey, 40),
    ("dp.sa.", T::ApiKey, 40),
    ("dp.st.", T::ApiKey, 40),
    ("dd_", T::ApiKey, 32),
    ("figd_", T::ApiKey, 30),
    ("fo1_", T::ApiKey, 30),
    ("github_pat_", T::GithubToken, 30),
    ("glcbt-", T::ApiKey, 16),
    ("glpat-", T::ApiKey, 16),
    ("glptt-", T::ApiKey, 16),
    ("gldt-", T::ApiKey, 16),
    ("glrt-", T::ApiKey, 16),
    ("glsa_", T::ApiKey, 32),
    ("gho_", T::GithubToken, 30),
    ("ghp_", T::GithubToken, 30),
    ("ghr_", T::GithubToken, 30),
    ("ghs_", T::GithubToken, 30),
    ("ghu_", T::GithubToken, 30),
    ("glc_", T::ApiKey, 32),
    ("gsk_", T::ApiKey, 32),
    ("hvb.", T::ApiKey, 24),
    ("hvs.", T::ApiKey, 24),
    ("hf_", T::ApiKey, 30),
    ("key-", T::ApiKey, 32),
    ("lin_api_", T::ApiKey, 30),
    ("npm_", T::ApiKey, 30),
    ("ntn_", T::ApiKey, 40),
    ("pat-na1-", T::ApiKey, 30),
    ("pk_live_", T::StripeKey, 16),
    ("pk_test_", T::StripeKey, 16),
    ("pplx-", T::ApiKey, 32),
    ("pypi-", T::ApiKey, 50),
    ("phc_", T::ApiKey, 32),
    ("pscale_oauth_", T::ApiKey, 30),
    ("pscale_pw_", T::ApiKey, 30),
    ("pscale_tkn_", T::ApiKey, 30),
    ("pul-", T::ApiKey, 40),
    ("rubygems_", T::ApiKey, 40),
    ("rk_live_", T::StripeKey, 16),
    ("rk_test_", T::StripeKey, 16),
    ("r8_", T::ApiKey, 30),
    ("sk-svcacct-", T::ApiKey, 20),
    ("sk-proj-", T::ApiKey, 20),
    ("sk_live_", T::StripeKey, 16),
    ("sk_test_", T::StripeKey, 16),
    ("secret_", T::ApiKey, 40),
    ("sk-ant-", T::ApiKey, 20),
    ("sbp_", T::ApiKey, 40),
    ("sntrys_", T::ApiKey, 32),
    ("sntryu_", T::ApiKey, 32),
    ("sq0atp-", T::ApiKey, 20),
    ("sq0csp-", T::ApiKey, 20),
    ("shpat_", T::ApiKey, 24),
    ("shpca_", T::ApiKey, 24),
    ("shppa_", T::ApiKey, 24),
    ("shpss_", T::ApiKey, 24),
    ("sk-or-", T::ApiKey, 20),
    ("sk-", T::ApiKey, 32),
    ("tskey-", T::ApiKey, 20),
    ("whsec_", T::StripeKey, 20),
    ("xapp-", T::SlackToken, 12),
    ("xoxa-", T::SlackToken, 12),
    ("xoxb-", T::SlackToken, 12),
    ("xoxc-", T::SlackToken, 12),
    ("xoxd-", T::SlackToken, 12),
    ("xoxe-", T::SlackToken, 12),
    ("xoxe.", T::SlackToken, 12),
    ("xoxo-", T::SlackToken, 12),
    ("xoxp-", T::SlackToken, 12),
    ("xoxr-", T::SlackToken, 12),
    ("xoxs-", T::SlackToken, 12),
    ("xai-", T::ApiKey, 32),
    ("ya29.", T::ApiKey, 20),
];

/// For each first byte the part of [`PREFIXES`] that begins with it: one look sorts most
/// tokens out.
static BY_FIRST: LazyLock<[(usize, usize); 256]> = LazyLock::new(|| {
    let mut ranges = [(0, 0); 256];
    for (i, (prefix, ..)) in PREFIXES.iter().enumerate() {
        let first = prefix.bytes().next().unwrap_or(0);
        if let Some(range) = ranges.get_mut(usize::from(first)) {
            *range = match *range {
                (0, 0) => (i, i + 1),
                (start, _) => (start, i + 1),
            };
        }
    }
    ranges
});

/// Bytes of opaque tokens.
fn opaque(byte: u8) -> bool {
    class(byte) & (DIGIT | LOWER | UPPER | UNDERSCORE) != 0 || byte == b'-'
}

/// Offers a token to the detectors of secrets.
pub(super) fn offer(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let next = region.byte(token.end);
    if token.len() < 16 && !matches!(next, b'-' | b'.' | b'/' | b'+') {
        return armour(region, token, out);
    }
    let first = region.byte(token.start);
    if matches!(region.previous(token.start), b'.' | b'@') {
        return None;
    }
    if let Some(end) = prefixed(region, token, out).or_else(|| suffixed(region, token, out)) {
        return Some(end);
    }
    if first == b'e' && region.slice(token.start, token.start + 3) == b"eyJ" {
        return jwt(region, token, out);
    }
    blob(region, token, out)
}

fn prefixed(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let text = region.bytes().get(token.start..)?;
    let (from, to) = *BY_FIRST.get(usize::from(*text.first()?))?;
    let (prefix, entity, least) = PREFIXES
        .get(from..to)?
        .iter()
        .find(|(p, ..)| p.as_bytes().get(1) == text.get(1) && text.starts_with(p.as_bytes()))?;
    // `sk-sk-sk-` is a word in a chain of them.
    if prefix.ends_with('-') && region.previous(token.start) == b'-' {
        return None;
    }
    let body = token.start + prefix.len();
    let dotted = matches!(*prefix, "SG." | "ya29." | "hvs." | "hvb." | "xoxe.");
    let accept = |b: u8| match entity {
        T::AwsAccessKey => b.is_ascii_uppercase() || b.is_ascii_digit(),
        _ => opaque(b) || (dotted && b == b'.') || (*prefix == "glc_" && b"+/=".contains(&b)),
    };
    let head = region.run_within(body, HEAD, accept);
    let tail = region.slice(body, head);
    let exact = *entity != T::AwsAccessKey || (tail.len() == 16 && !opaque(region.byte(head)));
    // `sk-` and its like also begin ordinary hyphenated words.
    let mixed =
        tail.iter().any(u8::is_ascii_lowercase) && tail.iter().skip(1).any(u8::is_ascii_uppercase);
    let random = mixed || *entity == T::AwsAccessKey || tail.iter().any(u8::is_ascii_digit);
    if tail.len() < *least || !exact || !random {
        return None;
    }
    let mut end = region.run(head, accept);
    while end > body && matches!(region.byte(end - 1), b'.' | b'-') {
        end -= 1;
    }
    out.add(token.start, end, *entity, 0.97);
    Some(end)
}

/// Tokens that the middle or the end gives away: `….atlasv1.…`, `…-us12` behind 32
/// hexadecimal digits, and 32 of these behind `SK`.
fn suffixed(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let text = region.slice(token.start, token.end);
    let is_hex = |text: &[u8]| {
        text.len() == 32 && text.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let rest = region.slice(token.end, region.end);
    let end = if rest.starts_with(b".atlasv1.") {
        let end = region.run(token.end + ".atlasv1.".len(), opaque);
        (end - token.start > 60).then_some(end)?
    } else if is_hex(text) && rest.starts_with(b"-us") {
        let end = region.run(token.end + "-us".len(), |b| b.is_ascii_digit());
        (end > token.end + "-us".len()).then_some(end)?
    } else if text.strip_prefix(b"SK").is_some_and(is_hex) {
        token.end
    } else {
        return None;
    };
    out.add(token.start, end, T::ApiKey, 0.9);
    Some(end)
}

/// The token of a bot, `123456789:AA…` with 35 characters behind the colon; `token` is
/// the number.
pub(super) fn bot(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let start = token.end + 1;
    let end = region.run_within(start, 36, opaque);
    let is_token = end - start == 35 && region.slice(start, end).starts_with(b"AA");
    is_token.then(|| {
        out.add(token.start, end, T::ApiKey, 0.9);
        end
    })
}

/// Three base64url parts joined by dots, the first a JSON object (RFC 7519).
fn jwt(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let header = region.run(token.start, opaque);
    if region.byte(header) != b'.' || header - token.start < 10 {
        return blob(region, token, out);
    }
    let payload = region.run(header + 1, opaque);
    let mut end = payload;
    for _ in 0..3 {
        if region.byte(end) == b'.' && end > header + 1 {
            let part = region.run(end + 1, opaque);
            if part > end + 1 {
                end = part;
            }
        }
    }
    (payload > header + 1).then(|| {
        out.add(token.start, end, T::Jwt, 0.97);
        end
    })
}

/// A private key in PEM armour (RFC 7468). Without an end line the rest of the region
/// is taken: what was cut off is still a key.
fn armour(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    if token.len() != 5 || region.slice(token.start, token.end) != b"BEGIN" {
        return None;
    }
    let start = token.start.checked_sub(5).filter(|s| *s >= region.start)?;
    if region.slice(start, token.start) != b"-----" {
        return None;
    }
    let text = region.str(token.end, region.end);
    let label_end = text.find("-----")?;
    if label_end > 40 || !text.get(..label_end)?.contains("PRIVATE KEY") {
        return None;
    }
    let end = match text.find("-----END") {
        Some(footer) => {
            let after = footer + "-----END".len();
            let tail = text.get(after..).unwrap_or_default();
            token.end + after + tail.find("-----").map_or(0, |i| i + 5)
        }
        None => region.end,
    };
    out.add(start, end, T::PrivateKey, 0.98);
    Some(end)
}

/// Longest opaque token that is looked at.
const LONGEST_BLOB: usize = 4096;
/// Bytes by which a token with a known prefix is told from words.
const HEAD: usize = 512;

/// Characters of base64 and base64url but for the padding.
fn base64(byte: u8) -> bool {
    opaque(byte) || matches!(byte, b'+' | b'/')
}

/// A long random token that its context calls a key.
fn blob(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let mixed = token.has(UPPER) && token.has(LOWER);
    if !(token.len() >= 16 || mixed)
        || matches!(
            region.previous(token.start),
            b'/' | b'-' | b'+' | b'=' | b'.'
        ) && token.len() < 16
    {
        return None;
    }
    let inside = base64(region.previous(token.start));
    let most = if inside { HEAD } else { LONGEST_BLOB };
    let body = region.run_within(token.start, most, base64);
    let padding = region.run(body, |b| b == b'=');
    let end = if padding - body <= 2 && !base64(region.byte(padding)) {
        padding
    } else {
        body
    };
    let value = region.slice(token.start, end);
    if value.len() < 20 || !random(value) || uuid(value) {
        return None;
    }
    let evidence = region.evidence(token.start);
    let (entity, score) = judge(value, evidence);
    out.add(token.start, end, entity, score);
    (score >= 0.5).then_some(end)
}

/// What an opaque value is, given what stands before it.
fn judge(value: &[u8], evidence: Evidence) -> (T, f32) {
    let aws = value.len() == 40
        && value.iter().any(u8::is_ascii_lowercase)
        && value.iter().any(u8::is_ascii_uppercase);
    if evidence.hints_at(T::AwsSecretKey) && aws {
        return (T::AwsSecretKey, 0.9);
    }
    let called = [T::ApiKey, T::AwsSecretKey, T::Jwt]
        .into_iter()
        .any(|e| evidence.hints_at(e));
    match called {
        true => (T::ApiKey, 0.85),
        false if evidence.denies => (T::ApiKey, 0.0),
        false => (T::ApiKey, 0.25),
    }
}

/// Whether a value looks drawn at random: digits and letters, and no run of words.
pub(super) fn random(value: &[u8]) -> bool {
    let digits = value.iter().filter(|b| b.is_ascii_digit()).count();
    let letters = value.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let classes = [
        value.iter().any(u8::is_ascii_lowercase),
        value.iter().any(u8::is_ascii_uppercase),
        digits > 0,
    ];
    letters > 0 && classes.iter().filter(|c| **c).count() >= 2 && (digits >= 2 || value.len() >= 32)
}

/// Whether `value` has the shape of a UUID (RFC 9562).
pub(super) fn uuid(value: &[u8]) -> bool {
    value.len() == 36 && [8, 13, 18, 23].iter().all(|i| value.get(*i) == Some(&b'-'))
}

/// Whether `token` has the looks of a secret without a label: mixed case and digits.
pub(super) fn looks_secret(value: &str) -> bool {
    let bytes = value.as_bytes();
    bytes.len() >= 12 && !value.contains(char::is_whitespace) && random(bytes)
}

#[cfg(test)]
mod tests {
    use super::PREFIXES;

    #[test]
    fn prefixes_are_grouped_by_their_first_byte_and_longer_ones_come_first() {
        for pair in PREFIXES.windows(2) {
            if let [(a, ..), (b, ..)] = pair {
                assert!(a.as_bytes()[0] <= b.as_bytes()[0], "{a} {b}");
                assert!(!b.starts_with(a), "{a} hides {b}");
            }
        }
    }
}
