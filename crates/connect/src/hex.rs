//! Binary values as text.

/// Appends `\x` and the hex digits of `bytes`.
pub(crate) fn append(bytes: &[u8], text: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    text.reserve(2 + bytes.len() * 2);
    text.extend_from_slice(b"\\x");
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)]);
        text.push(DIGITS[usize::from(byte & 15)]);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn bytes_become_digits() {
        let mut text = Vec::new();
        super::append(&[0, 0x7f, 0xff], &mut text);
        assert_eq!(text, b"\\x007fff");
    }
}
