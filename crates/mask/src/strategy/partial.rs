//! `partial`: the end stays readable.

/// Asterisks for all but the last `keep` characters. Never more than half of a value
/// stays: what is short would else be readable as a whole.
pub(super) fn apply(value: &str, keep: u8) -> String {
    let length = value.chars().count();
    let keep = usize::from(keep.clamp(1, 16)).min(length / 2);
    let hidden = length - keep;
    value
        .chars()
        .enumerate()
        .map(|(i, c)| if i < hidden { '*' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::apply;

    #[test]
    fn the_last_characters_stay() {
        assert_eq!(apply("jane@acme.com", 4), "*********.com");
        assert_eq!(apply("Łódź", 16), "**dź");
        assert_eq!(apply("ab", 4), "*b");
        assert_eq!(apply("x", 4), "*");
    }
}
