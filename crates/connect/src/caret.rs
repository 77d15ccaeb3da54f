//! The line of a script that an error points at, with a caret below it, as
//! psql shows it.

use std::fmt::Write;

/// Longest part of a line that is shown, in characters.
const WIDTH: usize = 60;
/// Least text right of the caret when a line is cut.
const RIGHT: usize = 10;

/// Shows the place of the character `position` (from 1) of `script`:
/// `LINE 2: …` and a caret below. `None` when there is no such place.
pub(crate) fn point_at(script: &str, position: usize) -> Option<String> {
    let characters: Vec<char> = script.chars().collect();
    let place = position.checked_sub(1)?;
    if place > characters.len() {
        return None;
    }
    let is_end = |character: &char| matches!(character, '\n' | '\r');
    let before = &characters[..place];
    let start = before.iter().rposition(is_end).map_or(0, |end| end + 1);
    let line = 1 + count_lines(&before[..start]);
    let end = characters[place..]
        .iter()
        .position(is_end)
        .map_or(characters.len(), |end| place + end);
    let (first, last) = cut(start, place, end);
    let (left, right) = (
        if first > start { "..." } else { "" },
        if last < end { "..." } else { "" },
    );
    let mut text = format!("LINE {line}: {left}");
    let indent = text.chars().count() + place - first;
    text.extend(characters[first..last].iter().map(|character| {
        if *character == '\t' { ' ' } else { *character }
    }));
    let _ = write!(text, "{right}\n{:indent$}^", "");
    Some(text)
}

/// Line breaks in `text`; a carriage return and line feed are one.
fn count_lines(text: &[char]) -> usize {
    text.iter()
        .enumerate()
        .filter(|(at, character)| match character {
            '\r' => true,
            '\n' => *at == 0 || text[at - 1] != '\r',
            _ => false,
        })
        .count()
}

/// The part of a long line around the caret.
fn cut(start: usize, place: usize, end: usize) -> (usize, usize) {
    if end - start <= WIDTH {
        return (start, end);
    }
    if start + WIDTH >= place + RIGHT {
        return (start, start + WIDTH);
    }
    let last = end.min(place + RIGHT);
    (start.max(last.saturating_sub(WIDTH)), last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_its_character() {
        let shown = point_at("select 1;\r\nselect\tö, x\nfrom t", 22).unwrap();
        assert_eq!(shown, "LINE 2: select ö, x\n                  ^");
        assert_eq!(point_at("abc", 1).unwrap(), "LINE 1: abc\n        ^");
        assert_eq!(point_at("abc", 4).unwrap(), "LINE 1: abc\n           ^");
        assert_eq!(point_at("abc", 5), None);
        assert_eq!(point_at("abc", 0), None);
    }

    #[test]
    fn long_lines_are_cut_around_the_caret() {
        let script = format!("{}!{}", "a".repeat(100), "b".repeat(100));
        let shown = point_at(&script, 101).unwrap();
        let (line, caret) = shown.split_once('\n').unwrap();
        assert_eq!(
            line,
            format!("LINE 1: ...{}!{}...", "a".repeat(50), "b".repeat(9))
        );
        assert_eq!(line.chars().position(|c| c == '!'), caret.find('^'));
    }

    proptest::proptest! {
        #[test]
        fn any_place_of_any_text_is_shown(script in "\\PC{0,90}[\\r\\n\\t]{0,3}\\PC{0,90}", place in 1usize..200) {
            if let Some(shown) = point_at(&script, place) {
                let (line, caret) = shown.rsplit_once('\n').unwrap();
                assert!(line.starts_with("LINE ") && caret.trim_start() == "^");
            }
        }
    }
}
