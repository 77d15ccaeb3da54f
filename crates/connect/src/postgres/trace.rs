//! Whether a script can leave anything behind in its session.

/// Whether a script surely changes nothing in its session and sees nothing in
/// it but settings: one `show`, or one `select` of nothing but numbers and
/// names, such as `select 1, current_user as me`.
///
/// Views, functions, casts and operators may run anything, and some keywords
/// are operators that a user may have made: `like`, `between`, `case x when`.
/// Servers before version 15 read `1from v` as `1 from v`.
pub(super) fn leaves_none(script: &str) -> bool {
    let script = script.trim_ascii();
    let statement = script.strip_suffix(';').unwrap_or(script);
    let Some((command, rest)) = statement.split_once(|it: char| it.is_ascii_whitespace()) else {
        return false;
    };
    if command.eq_ignore_ascii_case("show") {
        return rest.split_ascii_whitespace().all(is_value);
    }
    command.eq_ignore_ascii_case("select") && rest.split(',').all(is_plain)
}

/// A value, with or without `as` and a name.
fn is_plain(item: &str) -> bool {
    let mut words = item.split_ascii_whitespace();
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some(value), None, None, None) => is_value(value),
        (Some(value), Some(word), Some(name), None) => {
            word.eq_ignore_ascii_case("as") && is_value(value) && is_name(name)
        }
        _ => false,
    }
}

/// A number, or names with dots between.
fn is_value(word: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    word.bytes().all(is_digit) || word.split('.').all(is_name)
}

fn is_name(word: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    word.bytes().all(is_part) && word.bytes().next().is_some_and(|it| !it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::leaves_none;

    #[test]
    fn only_plain_questions_leave_nothing() {
        for script in [
            "select 1",
            " SELECT 1, current_user ;",
            "select 1.5 as a,\n\tsession_user AS b",
            "show search_path",
            "show my.setting",
            "show time zone;",
        ] {
            assert!(leaves_none(script), "{script}");
        }
        for script in [
            "",
            "select",
            "set x to 1",
            "select 1; set x to 1",
            "select set_config('a.b', 'c', false)",
            "select * from view_with_a_function",
            "select a from view_with_a_function",
            "select from view_with_a_function",
            "select 1from view_with_a_function",
            "select 1.from view_with_a_function",
            "select 1 into t",
            "select into t",
            "select 'x'",
            "select 1 --",
            "select 1 like 2",
            "select 1 between 2 and 3",
            "select case 1 when 2 then 3 end",
            "select not current_user",
            "select 1 union select a from v",
            "select 1\u{a0}",
            "show x; set x to 1",
            "table v",
        ] {
            assert!(!leaves_none(script), "{script}");
        }
    }
}
