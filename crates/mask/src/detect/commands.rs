//! Passwords in commands and statements, where no key and no mark stands before them.

use super::keyed::LONGEST_VALUE;
use super::{Findings, Region, Token};
use crate::entity::Entity as T;

/// Score of a value that stands where a password is written.
const WRITTEN: f32 = 0.85;

/// How far before an option the command is looked for, in bytes.
const BEFORE: usize = 96;

/// The password of `-u user:password`, as clients of HTTP take it; `token` is the user.
pub(super) fn login(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let head = region.slice(region.start, token.start);
    if !(head.ends_with(b"-u ") || head.ends_with(b"--user ") || head.ends_with(b"--user=")) {
        return None;
    }
    let start = token.end + 1;
    let end = region.run_within(start, LONGEST_VALUE, |b| {
        b > b' ' && !matches!(b, b'"' | b'\'')
    });
    written(start, end, out)
}

/// The password of `mysql -pPASSWORD` and `sshpass -p PASSWORD`; `token` is what stands
/// behind the dash.
pub(super) fn option(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let dash = token.start.checked_sub(1)?;
    if region.byte(token.start) != b'p' || region.previous(token.start) != b'-' {
        return None;
    }
    let from = region.floor(dash.saturating_sub(BEFORE)).max(region.start);
    let head = region.str(from, dash);
    let line = head.rsplit('\n').next().unwrap_or(head);
    let is_of = |command: &str| {
        let mut words = line.split([' ', '/', '\t']);
        line.ends_with(' ') && words.any(|word| word.starts_with(command))
    };
    let start = match token.len() {
        1 if is_of("sshpass") => region.run(token.end, |b| b == b' '),
        2.. if is_of("mysql") || is_of("mariadb") || is_of("sshpass") => token.start + 1,
        _ => return None,
    };
    let quote = region.byte(start);
    if matches!(quote, b'"' | b'\'') {
        let end = region.run_within(start + 1, LONGEST_VALUE, |b| b != quote && b != b'\n');
        return written(start + 1, region.floor(end), out);
    }
    let end = region.run_within(start, LONGEST_VALUE, |b| b > b' ');
    written(start, region.floor(end), out)
}

/// The password of `IDENTIFIED BY '…'`; `token` is the `BY`.
pub(super) fn identified(
    region: &Region<'_>,
    token: Token,
    out: &mut Findings<'_>,
) -> Option<usize> {
    let head = region.slice(
        region.start.max(token.start.saturating_sub(16)),
        token.start,
    );
    let head = head.trim_ascii_end();
    let word = head.get(head.len().checked_sub("identified".len())?..)?;
    if !word.eq_ignore_ascii_case(b"identified") {
        return None;
    }
    let start = region.run(token.end, |b| b == b' ');
    let quote = region.byte(start);
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let end = region.run_within(start + 1, LONGEST_VALUE, |b| b != quote && b != b'\n');
    written(start + 1, region.floor(end), out)
}

/// Schemes of hashed passwords as `crypt` and others write them (`$2b$…`).
const SCHEMES: &[&str] = &[
    "1", "2", "2a", "2b", "2x", "2y", "5", "6", "7", "apr1", "argon2d", "argon2i", "argon2id",
    "gy", "md5", "pbkdf2", "scrypt", "sha1", "y",
];

/// Least bytes behind the scheme of a hashed password.
const LEAST_HASH: usize = 20;

/// A hashed password with its scheme; `token` is the scheme.
pub(super) fn hashed(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let is_set = region.previous(token.start) == b'$' && region.byte(token.end) == b'$';
    if !is_set || !SCHEMES.contains(&region.str(token.start, token.end)) {
        return None;
    }
    let end = region.run_within(token.end, LONGEST_VALUE, |b| {
        b.is_ascii_alphanumeric() || matches!(b, b'$' | b'.' | b'/' | b'+' | b'=' | b',' | b'-')
    });
    let is_long = end - token.end > LEAST_HASH;
    is_long
        .then(|| written(token.start - 1, end, out))
        .flatten()
}

fn written(start: usize, end: usize, out: &mut Findings<'_>) -> Option<usize> {
    (end > start).then(|| {
        out.add(start, end, T::Password, WRITTEN);
        end
    })
}
