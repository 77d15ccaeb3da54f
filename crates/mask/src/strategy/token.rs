//! `token`: another value of the same shape, so that joins and formats go on working.

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Replaces letters by letters of the same case and digits by digits; marks and spaces
/// stay. The choice is a stream of HMAC-SHA-256 over the value, so equal values give
/// equal tokens and nobody without the key can go back. A leading digit other than zero
/// stays other than zero, which keeps numbers as long as they are.
pub(super) fn apply(value: &str, key: Hmac<Sha256>) -> String {
    // A short value can come out as itself; the next stream is tried then.
    (0..16u8)
        .map(|attempt| shuffle(value, &key, attempt))
        .find(|token| token != value)
        .unwrap_or_else(|| "*".repeat(value.chars().count()))
}

fn shuffle(value: &str, key: &Hmac<Sha256>, attempt: u8) -> String {
    let mut stream = Stream {
        key,
        value,
        attempt,
        block: Vec::new(),
        counter: 0,
    };
    let mut before = ' ';
    let mut token = String::with_capacity(value.len());
    for c in value.chars() {
        let leading = !before.is_ascii_digit() && c.is_ascii_digit() && c != '0';
        token.push(match c {
            _ if leading => char::from(b'1' + stream.below(9)),
            '0'..='9' => char::from(b'0' + stream.below(10)),
            _ if c.is_uppercase() => char::from(b'A' + stream.below(26)),
            _ if c.is_alphabetic() => char::from(b'a' + stream.below(26)),
            _ if c.is_alphanumeric() => char::from(b'0' + stream.below(10)),
            mark => mark,
        });
        before = c;
    }
    token
}

/// Bytes that depend on key, value and attempt.
struct Stream<'a> {
    key: &'a Hmac<Sha256>,
    value: &'a str,
    attempt: u8,
    block: Vec<u8>,
    counter: u32,
}

impl Stream<'_> {
    /// The next number below `limit`, each equally likely.
    fn below(&mut self, limit: u8) -> u8 {
        let fair = u8::MAX - u8::MAX % limit;
        loop {
            let byte = self.next();
            if byte < fair {
                return byte % limit;
            }
        }
    }

    fn next(&mut self) -> u8 {
        loop {
            if let Some(byte) = self.block.pop() {
                return byte;
            }
            let mut key = self.key.clone();
            key.update(b"token\0");
            key.update(&[self.attempt]);
            key.update(&self.counter.to_be_bytes());
            key.update(self.value.as_bytes());
            self.block = key.finalize().into_bytes().to_vec();
            self.counter = self.counter.wrapping_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Keys;
    use model::KeyScope;

    fn token(value: &str) -> String {
        super::apply(value, Keys::new(b"secret", "db").of(KeyScope::Connection))
    }

    #[test]
    fn the_shape_stays_and_the_value_goes() {
        let shape = |s: &str| {
            s.chars()
                .map(|c| match c {
                    '0'..='9' => '9',
                    'A'..='Z' => 'A',
                    'a'..='z' => 'a',
                    mark => mark,
                })
                .collect::<String>()
        };
        for value in ["jane@acme.com", "4111-1111-1111-1111", "AB 12 34 56 C", "7"] {
            let made = token(value);
            assert_eq!(shape(&made), shape(value));
            assert_ne!(made, value);
            assert_eq!(made, token(value));
        }
        assert_ne!(token("jane@acme.com"), token("joan@acme.com"));
        assert_eq!(token("--"), "**");
    }
}
