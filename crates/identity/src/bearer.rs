//! The one credential header that is read.

/// A request carries several `Authorization` headers, of which two readers might
/// choose differently, or one that is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request has no single Authorization header of text")]
pub struct NotOneHeader;

/// The bearer of a request, from the values of its `Authorization` headers;
/// `None` when none was sent.
///
/// # Errors
/// [`NotOneHeader`] when it is not clear what was sent.
pub fn sole_bearer<'a>(
    mut values: impl Iterator<Item = &'a [u8]>,
) -> Result<Option<&'a str>, NotOneHeader> {
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(NotOneHeader);
    }
    let value = std::str::from_utf8(value).map_err(|_| NotOneHeader)?;
    Ok(bearer_of(value))
}

/// The token of an `Authorization: Bearer <token>` header value; the scheme is
/// case-insensitive (RFC 9110 section 11.1). `None` for every other scheme and
/// for an empty token.
fn bearer_of(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bearer_is_read() {
        assert_eq!(bearer_of("Bearer abc"), Some("abc"));
        assert_eq!(bearer_of("bEARER  abc "), Some("abc"));
        assert_eq!(bearer_of("Basic abc"), None);
        assert_eq!(bearer_of("Bearer "), None);
        assert_eq!(bearer_of("Bearer"), None);
    }

    #[test]
    fn one_header_of_text_is_read() {
        let of = |values: &[&'static [u8]]| sole_bearer(values.iter().copied());
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&[b"Bearer abc"]), Ok(Some("abc")));
        assert_eq!(of(&[b"Bearer abc", b"Basic abc"]), Err(NotOneHeader));
        assert_eq!(of(&[b"Bearer \xff"]), Err(NotOneHeader));
    }
}
