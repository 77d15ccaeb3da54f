//! The ways in which clients print tables.

use std::ops::Range;

use memchr::memchr;

use super::lines::Unit;
use crate::evidence;

/// How a table is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Cells parted by a byte, with CSV quoting when that is a comma or a semicolon.
    Delimited(u8),
    /// `psql`: ` a | b ` under a line of dashes.
    Aligned,
    /// `mysql` and Markdown: `| a | b |`.
    Boxed,
}

/// What a line of a table is.
pub(super) enum Row {
    /// Cells, as many as columns.
    Cells,
    /// A line that only draws.
    Rule,
    /// A line of the table that does not come apart.
    Odd,
    /// No line of the table any more.
    End,
}

/// Whether a line can be the first of a table, so that the next one must be seen.
pub(super) fn may_begin(line: &str) -> bool {
    let first = line.bytes().next().unwrap_or(0);
    // Names do not begin with a digit; most lines of logs do.
    if line.is_empty() || line.len() > 16 * 1024 || matches!(first, b'{' | b'[' | b'0'..=b'9') {
        return false;
    }
    first == b'|'
        || is_rule(line)
        || line.contains('|')
        || header(line).is_some()
        || (first == b' ' && line.trim().split(' ').count() <= 3)
}

/// The shape and the column names of a table whose first two lines these are.
pub(super) fn begin(first: &str, second: &str) -> Option<(Shape, Vec<String>)> {
    if is_rule(first) && second.starts_with('|') {
        return Some((Shape::Boxed, names(boxed(second))));
    }
    if is_rule(second) {
        if first.starts_with('|') && first.trim_end().ends_with('|') {
            return Some((Shape::Boxed, names(boxed(first))));
        }
        let columns = first
            .split('|')
            .map(str::trim)
            .map(str::to_owned)
            .collect::<Vec<_>>();
        let drawn = second
            .trim()
            .split(['+', '|'])
            .filter(|p| !p.is_empty())
            .count();
        return (columns.len() == drawn).then_some((Shape::Aligned, columns));
    }
    let (separator, columns) = header(first)?;
    let cells = delimited(second, 0, separator);
    (cells.len() == columns.len() && !second.is_empty())
        .then_some((Shape::Delimited(separator), columns))
}

fn names(cells: Vec<&str>) -> Vec<String> {
    cells.into_iter().map(|c| c.trim().to_owned()).collect()
}

fn boxed(line: &str) -> Vec<&str> {
    let line = line.trim();
    let inner = line.strip_prefix('|').unwrap_or(line);
    inner
        .strip_suffix('|')
        .unwrap_or(inner)
        .split('|')
        .collect()
}

/// Whether a line only draws: dashes with pluses or bars.
fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 2
        && line.contains('-')
        && line
            .bytes()
            .all(|b| matches!(b, b'-' | b'+' | b'|' | b' ' | b':' | b'='))
}

/// The separator and names of a line that can be a header of delimited text.
fn header(line: &str) -> Option<(u8, Vec<String>)> {
    let separator = [b'\t', b',', b';', b'|']
        .into_iter()
        .find(|s| line.as_bytes().contains(s));
    let Some(separator) = separator else {
        // One column has no separator: only a name that says something makes a table.
        let telling = !evidence::of_name(line).hints.is_empty();
        return (is_name(line) && !line.contains(' ') && telling)
            .then(|| (b'\t', vec![line.to_owned()]));
    };
    // With space around its bars a line is no part of delimited text.
    if separator == b'|' && (line.contains(" |") || line.contains("| ")) {
        return None;
    }
    // Lines of logs have commas too; the first cell tells them apart at once.
    let first = line.split(char::from(separator)).next().unwrap_or_default();
    if !first.starts_with('"') && !is_name(first.trim()) {
        return None;
    }
    let cells = delimited(line, 0, separator);
    let names: Vec<String> = cells
        .into_iter()
        .map(|c| line.get(c).unwrap_or_default().trim().to_owned())
        .collect();
    names
        .iter()
        .all(|n| is_name(n))
        .then_some((separator, names))
}

/// Whether a cell can be the name of a column.
fn is_name(cell: &str) -> bool {
    let begins = cell
        .chars()
        .next()
        .is_some_and(|c| c.is_alphabetic() || c == '_' || c == '?');
    begins
        && cell.len() <= 64
        && cell.split(' ').count() <= 3
        && cell.chars().all(|c| {
            c.is_alphanumeric() || matches!(c, '_' | ' ' | '-' | '.' | '#' | '(' | ')' | '?' | '*')
        })
}

/// The cells of a delimited line that starts at `base`, without their quotes.
fn delimited(line: &str, base: usize, separator: u8) -> Vec<Range<usize>> {
    let mut cells = Vec::new();
    delimit(line, base, separator, &mut cells);
    cells
}

/// [`delimited`] into a list that is there already.
fn delimit(line: &str, base: usize, separator: u8, cells: &mut Vec<Range<usize>>) {
    let bytes = line.as_bytes();
    let mut at = 0;
    loop {
        let quoted = is_quoting(separator) && bytes.get(at) == Some(&b'"');
        let mut end = at;
        if quoted {
            end += 1;
            while let Some(byte) = bytes.get(end) {
                match (byte, bytes.get(end + 1)) {
                    (b'"', Some(b'"')) => end += 1,
                    (b'"', _) => break,
                    _ => {}
                }
                end += 1;
            }
            cells.push(base + at + 1..base + end.min(bytes.len()).max(at + 1));
        }
        let rest = bytes.get(end..).unwrap_or_default();
        let next = memchr(separator, rest).map(|i| end + i);
        if !quoted {
            cells.push(base + at..base + next.unwrap_or(bytes.len()));
        }
        match next {
            Some(next) => at = next + 1,
            None => return,
        }
    }
}

/// Whether cells that a byte parts may be quoted.
fn is_quoting(separator: u8) -> bool {
    matches!(separator, b',' | b';')
}

impl Shape {
    /// Whether cells may be quoted.
    pub(super) fn quotes(self) -> bool {
        matches!(self, Self::Delimited(separator) if is_quoting(separator))
    }

    /// Whether the second line of a table is part of its head.
    pub(super) fn has_rule(self) -> bool {
        !matches!(self, Self::Delimited(_))
    }

    /// Takes a line apart into `cells`, which are emptied first.
    pub(super) fn cells(
        self,
        text: &str,
        unit: &Unit,
        columns: usize,
        cells: &mut Vec<Range<usize>>,
    ) -> Row {
        cells.clear();
        let line = unit.line(text);
        match self {
            Self::Delimited(_) if line.is_empty() => return Row::End,
            // The end of the rows of `COPY`.
            Self::Delimited(b'\t') if line == r"\." => return Row::End,
            Self::Delimited(separator) => delimit(line, unit.start, separator, cells),
            _ if line.trim().is_empty() => return Row::End,
            _ if is_rule(line) => return Row::Rule,
            Self::Aligned if line.starts_with('(') && line.ends_with(')') => return Row::End,
            Self::Aligned => barred(line, unit.start, cells),
            Self::Boxed if !line.starts_with('|') => return Row::End,
            Self::Boxed => {
                let inner = line.trim_end();
                let inner = inner.strip_suffix('|').unwrap_or(inner);
                barred(inner.get(1..).unwrap_or_default(), unit.start + 1, cells);
            }
        }
        match cells.len() == columns {
            true => Row::Cells,
            false if self.has_rule() && cells.len() > 1 => Row::Odd,
            false => Row::End,
        }
    }
}

fn barred(line: &str, base: usize, cells: &mut Vec<Range<usize>>) {
    let mut start = base;
    for cell in line.split('|') {
        cells.push(start..start + cell.len());
        start += cell.len() + 1;
    }
}
