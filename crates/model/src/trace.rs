//! The trace context that a client sends along.

/// A `traceparent` as it came; `None` for what is none (W3C Trace Context section
/// 3.2.2): version, trace id and parent id in lower-case hexadecimal digits, the
/// ids not all zero, and flags.
#[must_use]
pub fn traceparent(text: &str) -> Option<String> {
    /// Longest one that is kept; version 00 has 55 characters.
    const LONGEST: usize = 128;
    let mut parts = text.split('-');
    let (version, trace, parent, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |part: &str, length: usize| {
        part.len() == length
            && part
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let is_zero = |part: &str| part.bytes().all(|b| b == b'0');
    let good = is_hex(version, 2)
        && version != "ff"
        && (version != "00" || parts.next().is_none())
        && is_hex(trace, 32)
        && !is_zero(trace)
        && is_hex(parent, 16)
        && !is_zero(parent)
        && is_hex(flags, 2)
        && text.len() <= LONGEST
        && text.bytes().all(|b| b.is_ascii_graphic());
    good.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trace_context_is_kept_and_as_it_came() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        for good in [format!("00-{trace}"), format!("cc-{trace}-more")] {
            assert_eq!(traceparent(&good), Some(good));
        }
        for bad in [
            "".to_owned(),
            "00-x-y-z".to_owned(),
            format!("ff-{trace}"),
            format!("00-{trace}-x"),
            format!("cc-{trace}-x y"),
            format!("cc-{trace}-{}", "x".repeat(128)),
            format!("00-{}", trace.to_uppercase()),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01".to_owned(),
        ] {
            assert_eq!(traceparent(&bad), None, "{bad}");
        }
    }
}
