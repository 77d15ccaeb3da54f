//! `nullify`: nothing.

/// No value: null in a row, no characters in text.
pub(super) fn apply() -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_is_left() {
        assert_eq!(super::apply(), None);
    }
}
