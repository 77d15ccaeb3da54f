//! E-mail addresses, URLs, passwords in connection strings, IP and MAC addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Findings, Region, Token};
use crate::entity::Entity;

/// Longest local part (RFC 5321, 4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;
/// Longest domain that is looked at, in bytes (RFC 1035: 255 octets in ASCII).
const LONGEST_DOMAIN: usize = 512;
/// How far the host of a connection string is looked for, in bytes.
const LONGEST_LOGIN: usize = 512;
/// Longest URL that is looked at as a whole.
const LONGEST_URL: usize = 2048;

/// An e-mail address whose local part ends in `token` (RFC 5322 dot-atom without the
/// rarer marks).
pub(super) fn email(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let local = |b: u8| b.is_ascii_alphanumeric() || b >= 0x80 || b"._%+-'".contains(&b);
    let mut start = token.start;
    while token.end - start < LONGEST_LOCAL && local(region.previous(start)) {
        start -= 1;
    }
    while start < token.start
        && (b"._%+-'".contains(&region.byte(start)) || !region.text.is_char_boundary(start))
    {
        start += 1;
    }
    let domain = token.end + 1;
    let mut end = region.run_within(domain, LONGEST_DOMAIN, |b| {
        b.is_ascii_alphanumeric() || b >= 0x80 || b == b'.' || b == b'-'
    });
    while end > domain && matches!(region.byte(end - 1), b'.' | b'-') {
        end -= 1;
    }
    let host = region.str(domain, end);
    let (name, top) = host.rsplit_once('.')?;
    let valid =
        !name.is_empty() && top.chars().count() >= 2 && top.chars().all(char::is_alphabetic)
            || top.starts_with("xn--");
    valid.then(|| {
        out.add(start, end, Entity::EmailAddress, 0.95);
        end
    })
}

/// What may follow when a colon ends `token`: a URL, a MAC or an IPv6 address.
pub(super) fn colon(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    if region.slice(token.end, token.end + 3) == b"://" {
        return url(region, token, out);
    }
    if token.len() > 4
        || !region
            .slice(token.start, token.end)
            .iter()
            .all(u8::is_ascii_hexdigit)
    {
        return None;
    }
    mac(region, token, out).or_else(|| ipv6(region, token, out))
}

fn url(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    // Inside another URL: that one has been judged.
    if region.previous(token.start) == b'/' {
        return None;
    }
    // A scheme such as `postgresql+asyncpg` has marks in it.
    let mut start = token.start;
    while start > region.start
        && token.end - start < 32
        && matches!(region.byte(start - 1), b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+')
    {
        start -= 1;
    }
    let body = token.end + 3;
    let stop = |b: u8| b <= b' ' || b"\"'<>`|\\{}".contains(&b);
    let scheme = region.str(token.start, token.end).to_ascii_lowercase();
    let web = matches!(
        scheme.as_str(),
        "http" | "https" | "ftp" | "ftps" | "ws" | "wss" | "sftp"
    );
    let most = if web { LONGEST_URL } else { LONGEST_LOGIN };
    let mut end = region.floor(region.run_within(body, most, |b| !stop(b)));
    while end > body && b".,;:!?)]".contains(&region.byte(end - 1)) {
        end -= 1;
    }
    let rest = region.slice(body, end);
    // A password may hold an at sign: the last one before the host counts.
    if let Some(sign) = rest.iter().rposition(|b| *b == b'@')
        && let Some(colon) = rest.iter().position(|b| *b == b':')
        && colon + 1 < sign
        && !rest.iter().take(colon).any(|b| matches!(b, b'/' | b'?'))
    {
        out.add(
            body + colon + 1,
            body + sign,
            Entity::ConnectionString,
            0.97,
        );
        if !web {
            return Some(end);
        }
    }
    if !web || end < body + 3 {
        return None;
    }
    out.add(start, end, Entity::Url, 0.9);
    Some(end)
}

/// Six pairs of hexadecimal digits, joined by one kind of mark (IEEE 802).
pub(super) fn mac(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    let [a, b, mark, rest @ ..] = region.slice(token.start, token.start + 17) else {
        return None;
    };
    let shaped = rest.len() == 14
        && matches!(mark, b':' | b'-')
        && a.is_ascii_hexdigit()
        && b.is_ascii_hexdigit()
        && rest.iter().enumerate().all(|(i, byte)| match i % 3 {
            2 => byte == mark,
            _ => byte.is_ascii_hexdigit(),
        });
    let end = token.start + 17;
    let apart = |b: u8| !b.is_ascii_alphanumeric() && b != *mark;
    if !shaped || !apart(region.byte(end)) || !apart(region.previous(token.start)) {
        return None;
    }
    out.add(token.start, end, Entity::MacAddress, 0.9);
    Some(end)
}

/// Three groups of four hexadecimal digits joined by dots, as routers print addresses.
pub(super) fn dotted_mac(
    region: &Region<'_>,
    token: Token,
    out: &mut Findings<'_>,
) -> Option<usize> {
    let end = token.start + 14;
    let bytes = region.slice(token.start, end);
    let shaped = bytes.len() == 14
        && bytes.iter().enumerate().all(|(i, byte)| match i % 5 {
            4 => *byte == b'.',
            _ => byte.is_ascii_hexdigit(),
        });
    let letters = bytes.iter().any(u8::is_ascii_alphabetic);
    let apart = |b: u8| !b.is_ascii_alphanumeric() && b != b'.';
    if !(shaped
        && letters
        && apart(region.previous(token.start))
        && !region.byte(end).is_ascii_alphanumeric())
    {
        return None;
    }
    out.weigh(
        (token.start, end),
        Entity::MacAddress,
        0.7,
        region.evidence(token.start),
    );
    Some(end)
}

fn ipv6(region: &Region<'_>, token: Token, out: &mut Findings<'_>) -> Option<usize> {
    if matches!(region.previous(token.start), b':' | b'.') {
        return None;
    }
    let mut end = region
        .run(token.start, |b| {
            b.is_ascii_hexdigit() || b == b':' || b == b'.'
        })
        .min(token.start + 46);
    while end > token.start && matches!(region.byte(end - 1), b'.') {
        end -= 1;
    }
    let mut written = region.str(token.start, end);
    if written.ends_with(':') && !written.ends_with("::") {
        written = written.strip_suffix(':').unwrap_or(written);
        end -= 1;
    }
    let valid = written.bytes().any(|b| b.is_ascii_digit())
        && !region.byte(end).is_ascii_alphanumeric()
        && written.parse::<Ipv6Addr>().is_ok();
    valid.then(|| {
        out.weigh(
            (token.start, end),
            Entity::IpAddress,
            0.85,
            region.evidence(token.start),
        );
        end
    })
}

/// Four groups of digits joined by dots that are an IPv4 address and no version.
pub(super) fn ipv4(
    region: &Region<'_>,
    start: usize,
    end: usize,
    out: &mut Findings<'_>,
) -> Option<usize> {
    let address: Ipv4Addr = region.str(start, end).parse().ok()?;
    let joined = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    if joined(region.previous(start)) || region.byte(end).is_ascii_alphanumeric() {
        return None;
    }
    // 0.x is no host and small first groups are versions more often than addresses.
    let base = match address.octets() {
        [0, ..] => 0.3,
        [_, b, c, d] if b < 10 && c < 10 && d < 10 && address.octets()[0] < 10 => 0.55,
        _ => 0.8,
    };
    out.weigh(
        (start, end),
        Entity::IpAddress,
        base,
        region.evidence(start),
    );
    Some(end)
}
