//! Whether a script can leave anything behind in its session.

/// Whether a script surely changes nothing in its session. Only a single
/// `select` or `show` over nothing but names, numbers and commas counts:
/// views, functions, operators and casts may run anything.
pub(super) fn leaves_none(script: &str) -> bool {
    let script = script.trim();
    let statement = script.strip_suffix(';').unwrap_or(script);
    let is_plain = |byte: u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b' ' | b',' | b'.' | b'\n')
    };
    if !statement.bytes().all(is_plain) {
        return false;
    }
    let words: Vec<String> = statement
        .split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    matches!(words.first().map(String::as_str), Some("select" | "show"))
        && !words
            .iter()
            .any(|word| matches!(word.as_str(), "from" | "into" | "table" | "union" | "join"))
}

#[cfg(test)]
mod tests {
    use super::leaves_none;

    #[test]
    fn only_plain_questions_leave_nothing() {
        for script in ["select 1", " SELECT 1, current_user ;", "show search_path"] {
            assert!(leaves_none(script), "{script}");
        }
        for script in [
            "",
            "set x to 1",
            "select 1; set x to 1",
            "select set_config('a.b', 'c', false)",
            "select * from view_with_a_function",
            "select 1 into t",
            "select 'x'",
            "select 1 --",
            "table v",
        ] {
            assert!(!leaves_none(script), "{script}");
        }
    }
}
