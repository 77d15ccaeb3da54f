//! `redact`: the name of the type.

/// `<NAME>`.
pub(super) fn apply(name: &str) -> String {
    format!("<{name}>")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_type_stands_for_the_value() {
        assert_eq!(super::apply("EMAIL_ADDRESS"), "<EMAIL_ADDRESS>");
    }
}
