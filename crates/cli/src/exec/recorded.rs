//! Recorded text as CSV. The gateway records rows as lines of cells separated
//! by tabs, with `\t`, `\n`, `\r` and `\\` inside cells, between a line of
//! names and a line `(N rows)`.

use crate::csv;

/// One result set of recorded text as CSV; `None` when the text is anything
/// else, for instance several result sets or notices between rows.
pub(crate) fn result(text: &str) -> Option<String> {
    let body = text.strip_suffix('\n')?;
    let (rows, footer) = body.rsplit_once('\n')?;
    let count: usize = footer
        .strip_prefix('(')?
        .split_once(" row")?
        .0
        .parse()
        .ok()?;
    let width = cells(rows.lines().next()?).len();
    if rows.lines().count() != count + 1 {
        return None;
    }
    let mut csv = String::with_capacity(text.len());
    for line in rows.lines() {
        csv.push_str(&row(line, width)?);
    }
    Some(csv)
}

/// The first `count` rows of recorded text as CSV; `None` when there are fewer,
/// or one is not of `width` cells.
pub(crate) fn rows(text: &str, count: usize, width: usize) -> Option<String> {
    let mut lines = text.lines();
    let mut csv = String::with_capacity(text.len());
    for _ in 0..count {
        csv.push_str(&row(lines.next()?, width)?);
    }
    Some(csv)
}

fn row(line: &str, width: usize) -> Option<String> {
    let cells = cells(line);
    (cells.len() == width).then(|| csv::line(cells.iter().map(String::as_str)))
}

fn cells(line: &str) -> Vec<String> {
    line.split('\t').map(unescaped).collect()
}

fn unescaped(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    let mut letters = cell.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            text.push(letter);
            continue;
        }
        match letters.next() {
            Some('t') => text.push('\t'),
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some(other) => text.push(other),
            None => text.push('\\'),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_result_set_becomes_csv_and_nothing_else_does() {
        assert_eq!(
            result("id\tname\n1\ta\\tb,c\n2\t\n(2 rows)\n").unwrap(),
            "id,name\n1,\"a\tb,c\"\n2,\n"
        );
        assert_eq!(result("id\n(0 rows)\n").unwrap(), "id\n");
        for other in [
            "",
            "INSERT 0 1\n",
            "id\n1\n(2 rows)\n",
            "id\n1\n(1 row)\nid\n2\n(1 row)\n",
            "id\tn\n1\n(1 row)\n",
        ] {
            assert_eq!(result(other), None, "{other:?}");
        }
    }

    #[test]
    fn the_rest_of_a_cut_answer_is_counted() {
        assert_eq!(rows("3\tc\n4\td\n(4 rows)\n", 2, 2).unwrap(), "3,c\n4,d\n");
        assert_eq!(rows("3\tc\n", 2, 2), None);
        assert_eq!(rows("3\n", 1, 2), None);
    }

    proptest! {
        #[test]
        fn escapes_are_undone(cell in "[a-z\t\n\r\\\\]{0,12}") {
            let written = cell
                .replace('\\', "\\\\")
                .replace('\t', "\\t")
                .replace('\n', "\\n")
                .replace('\r', "\\r");
            prop_assert_eq!(unescaped(&written), cell);
        }

        #[test]
        fn no_text_is_a_panic(text in "(\\PC|\n|\t){0,60}", count in 0_usize..5, width in 0_usize..5) {
            let _ = result(&text);
            let _ = rows(&text, count, width);
        }
    }
}
