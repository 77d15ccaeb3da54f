//! Dumps of databases: `CREATE TABLE` tells the columns of a table, `INSERT` and `COPY`
//! name those of the values that follow.
//!
//! A statement may go over lines, and a line may be cut: where reading stands is kept
//! from one to the next.

use std::collections::HashMap;
use std::ops::Range;

use crate::column::Column;
use crate::engine::Engine;
use crate::finding::Finding;

/// Most columns of a table that is remembered.
const MOST_COLUMNS: usize = 512;
/// Most columns of all tables that are remembered.
const MOST_REMEMBERED: usize = 8 * 1024;
/// Longest name in bytes.
const LONGEST_NAME: usize = 128;

/// Words at the place of a column that begin something else.
const NO_COLUMN: &[&str] = &[
    "check",
    "constraint",
    "exclude",
    "foreign",
    "fulltext",
    "index",
    "key",
    "like",
    "period",
    "primary",
    "spatial",
    "unique",
];

/// The tables of a dump, and the statement that is being read.
#[derive(Default)]
pub(super) struct Dump {
    /// Columns of tables by their names, without schemas and in small letters.
    tables: HashMap<String, Vec<String>>,
    remembered: usize,
    statement: Statement,
}

#[derive(Default)]
enum Statement {
    #[default]
    None,
    Create(Create),
    Insert(Insert),
}

/// A table being made.
struct Create {
    name: String,
    columns: Vec<String>,
    /// Open parentheses.
    depth: usize,
    /// Whether the next word is the name of a column.
    is_fresh: bool,
    /// Inside of a string.
    quoted: bool,
}

/// Values being written.
struct Insert {
    columns: Vec<Column>,
    place: Place,
    /// The column of the next value.
    column: usize,
    /// Open parentheses inside of a row.
    depth: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before `VALUES`.
    Head,
    /// Before a row.
    Between,
    /// Inside of a row.
    Row,
    /// Inside of a string.
    Text,
}

impl Dump {
    /// Reads the line `text[range]`, or the next piece of one, and adds what its values
    /// are by the columns they are written to.
    pub(super) fn read(
        &mut self,
        engine: &Engine,
        text: &str,
        range: Range<usize>,
        out: &mut Vec<Finding>,
    ) {
        let line = text.get(range.clone()).unwrap_or_default();
        let is_inside = !matches!(self.statement, Statement::None);
        if !is_inside && !may_begin(line) {
            return;
        }
        let mut at = 0;
        if !is_inside {
            let (statement, end) = self.begin(engine, line);
            self.statement = statement;
            at = end;
        }
        let rest = line.get(at..).unwrap_or_default();
        let goes_on = match &mut self.statement {
            Statement::None => return,
            Statement::Create(create) => create.read(rest),
            Statement::Insert(insert) => insert.read(rest, |column, value| {
                let start = range.start + at;
                let value = start + value.start..start + value.end;
                column.judge(text, value, engine, out);
            }),
        };
        if !goes_on && let Statement::Create(create) = std::mem::take(&mut self.statement) {
            self.remember(create);
        }
    }

    /// The statement that a line begins, and where its head ends.
    fn begin(&self, engine: &Engine, line: &str) -> (Statement, usize) {
        let none = (Statement::None, 0);
        let mut words = Words { line, at: 0 };
        match words.next() {
            Some(word) if word.eq_ignore_ascii_case("create") => {
                let Some((name, at)) = created(words) else {
                    return none;
                };
                let create = Create {
                    name,
                    columns: Vec::new(),
                    depth: 0,
                    is_fresh: false,
                    quoted: false,
                };
                (Statement::Create(create), at)
            }
            Some(word)
                if ["insert", "replace"]
                    .iter()
                    .any(|w| word.eq_ignore_ascii_case(w)) =>
            {
                let Some((columns, at)) = self.written(words) else {
                    return none;
                };
                let insert = Insert {
                    columns: columns.iter().map(|it| Column::named(it, engine)).collect(),
                    place: Place::Head,
                    column: 0,
                    depth: 0,
                };
                (Statement::Insert(insert), at)
            }
            _ => none,
        }
    }

    /// The columns that an `INSERT` writes to, and where they end.
    fn written(&self, mut words: Words<'_>) -> Option<(Vec<String>, usize)> {
        let into = words.find_map(|word| word.eq_ignore_ascii_case("into").then_some(()));
        into?;
        let name = words.name()?;
        match list(words.line, words.at) {
            Some(listed) => Some(listed),
            None => Some((self.tables.get(&name)?.clone(), words.at)),
        }
    }

    fn remember(&mut self, create: Create) {
        if create.columns.is_empty() {
            return;
        }
        if self.remembered + create.columns.len() > MOST_REMEMBERED {
            self.tables.clear();
            self.remembered = 0;
        }
        self.remembered += create.columns.len();
        self.tables.insert(create.name, create.columns);
    }
}

/// Whether a line can begin a statement that is read.
fn may_begin(line: &str) -> bool {
    let line = line.trim_ascii_start().as_bytes();
    let begins = |word: &[u8]| {
        let head = line.get(..word.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(word))
    };
    matches!(line.first(), Some(b'C' | b'c' | b'I' | b'i' | b'R' | b'r'))
        && (begins(b"create ") || begins(b"insert ") || begins(b"replace "))
}

/// The columns of a line `COPY table (column, …) FROM stdin;`, after which their values
/// follow.
pub(super) fn copied(line: &str) -> Option<Vec<String>> {
    let head = line.get(..5)?;
    if !head.eq_ignore_ascii_case("COPY ") {
        return None;
    }
    let mut words = Words { line, at: 5 };
    words.name()?;
    let (columns, end) = list(line, words.at)?;
    let rest = line.get(end..)?.trim_ascii_start();
    let source = rest.get(..10)?;
    source.eq_ignore_ascii_case("FROM stdin").then_some(columns)
}

/// The name of the table behind `CREATE`, and where it ends.
fn created(mut words: Words<'_>) -> Option<(String, usize)> {
    let is_table = |word: &str| word.eq_ignore_ascii_case("table");
    // Words such as TEMPORARY or UNLOGGED may stand between.
    words.by_ref().take(3).find(|word| is_table(word))?;
    let mut ahead = Words { ..words };
    if ahead
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("if"))
    {
        ahead.by_ref().take(2).for_each(drop);
        words = ahead;
    }
    let name = words.name()?;
    Some((name, words.at))
}

/// The names of a list in parentheses at or behind `at`, and where it ends.
fn list(line: &str, at: usize) -> Option<(Vec<String>, usize)> {
    let rest = line.get(at..)?;
    let open = rest.len() - rest.trim_ascii_start().strip_prefix('(')?.len();
    let close = open + rest.get(open..)?.find(')')?;
    let names = rest.get(open..close)?.split(',').take(MOST_COLUMNS + 1);
    let names: Vec<String> = names.map(|name| bare(name.trim()).to_owned()).collect();
    (names.len() <= MOST_COLUMNS).then_some((names, at + close + 1))
}

/// A name without its quotes.
fn bare(name: &str) -> &str {
    name.trim_matches(['"', '`', '[', ']'])
}

/// Words and quoted names of a line, one after another.
#[derive(Clone, Copy)]
struct Words<'l> {
    line: &'l str,
    at: usize,
}

impl Words<'_> {
    /// The next word as the name of a table: without its schema, in small letters.
    fn name(&mut self) -> Option<String> {
        let word = self.next()?;
        let last = word.rsplit('.').next().unwrap_or(word);
        (!last.is_empty()).then(|| bare(last).to_lowercase())
    }
}

impl<'l> Iterator for Words<'l> {
    type Item = &'l str;

    fn next(&mut self) -> Option<&'l str> {
        let rest = self.line.get(self.at..)?;
        let start = self.at + (rest.len() - rest.trim_ascii_start().len());
        let rest = self.line.get(start..)?;
        let is_part =
            |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '"' | '`' | '[' | ']');
        let length = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        if length == 0 || length > 2 * LONGEST_NAME {
            return None;
        }
        self.at = start + length;
        rest.get(..length)
    }
}

impl Create {
    /// Reads on; whether the statement goes on.
    fn read(&mut self, rest: &str) -> bool {
        let mut words = Words { line: rest, at: 0 };
        while let Some(byte) = rest.as_bytes().get(words.at) {
            if self.quoted {
                self.quoted = *byte != b'\'';
                words.at += 1;
                continue;
            }
            if self.is_fresh && !byte.is_ascii_whitespace() {
                self.is_fresh = false;
                let before = words.at;
                if let Some(name) = words.next() {
                    let is_column = !NO_COLUMN.iter().any(|word| name.eq_ignore_ascii_case(word));
                    if is_column && name.len() <= LONGEST_NAME {
                        self.columns.push(bare(name).to_owned());
                    }
                }
                if self.columns.len() > MOST_COLUMNS {
                    return false;
                }
                if words.at > before {
                    continue;
                }
            }
            match byte {
                b'\'' => self.quoted = true,
                b'(' => {
                    self.depth += 1;
                    self.is_fresh = self.depth == 1;
                }
                b')' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return false;
                    }
                }
                b',' => self.is_fresh = self.depth == 1,
                b';' => return false,
                _ => {}
            }
            words.at += 1;
        }
        true
    }
}

impl Insert {
    /// Reads on and tells each value of a column whose name says something; whether the
    /// statement goes on.
    fn read(&mut self, rest: &str, mut tell: impl FnMut(&Column, Range<usize>)) -> bool {
        let bytes = rest.as_bytes();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            match self.place {
                Place::Head | Place::Between => match byte {
                    b' ' | b'\t' | b',' => at += 1,
                    b'(' if self.place == Place::Between => {
                        (self.place, self.column, self.depth) = (Place::Row, 0, 0);
                        at += 1;
                    }
                    _ => match self.place {
                        Place::Head => match values(rest, at) {
                            Some(end) => (self.place, at) = (Place::Between, end),
                            None => return false,
                        },
                        _ => return false,
                    },
                },
                Place::Row => {
                    let end = self.value(bytes, at);
                    if end > at {
                        self.tell(rest, at..end, &mut tell);
                        at = end;
                        continue;
                    }
                    match byte {
                        b'\'' => self.place = Place::Text,
                        b',' if self.depth == 0 => self.column += 1,
                        b'(' => self.depth += 1,
                        b')' if self.depth == 0 => self.place = Place::Between,
                        b')' => self.depth -= 1,
                        _ => {}
                    }
                    at += 1;
                }
                Place::Text => {
                    let (end, is_closed) = text_end(bytes, at);
                    self.tell(rest, at..end, &mut tell);
                    at = end;
                    if is_closed {
                        self.place = Place::Row;
                        at += 1;
                    }
                }
            }
        }
        true
    }

    /// The end of the value without quotes at `at`.
    #[expect(clippy::unused_self, reason = "beside the other parts of a row")]
    fn value(&self, bytes: &[u8], at: usize) -> usize {
        let rest = bytes.get(at..).unwrap_or_default();
        let ends = |b: &u8| matches!(b, b'\'' | b',' | b'(' | b')');
        at + rest.iter().position(ends).unwrap_or(rest.len())
    }

    fn tell(&self, rest: &str, value: Range<usize>, tell: &mut impl FnMut(&Column, Range<usize>)) {
        let is_whole = rest
            .get(value.clone())
            .is_some_and(|it| !it.trim().is_empty());
        if let Some(column) = self.columns.get(self.column).filter(|_| is_whole)
            && !column.is_silent()
        {
            tell(column, value);
        }
    }
}

/// The end of `VALUES` at `at`.
fn values(rest: &str, at: usize) -> Option<usize> {
    let end = at + "values".len();
    let word = rest.get(at..end)?;
    word.eq_ignore_ascii_case("values").then_some(end)
}

/// Where the string that `at` is in ends, and whether it does. A quote in it is doubled,
/// or stands behind a backslash and before neither the end of a value nor of a row.
fn text_end(bytes: &[u8], mut at: usize) -> (usize, bool) {
    loop {
        match bytes.get(at) {
            None => return (bytes.len(), false),
            Some(b'\'') if bytes.get(at + 1) == Some(&b'\'') => at += 2,
            Some(b'\'') => return (at, true),
            Some(b'\\') if bytes.get(at + 1) == Some(&b'\'') => match bytes.get(at + 2) {
                Some(b',' | b')') | None => return (at + 1, true),
                Some(_) => at += 2,
            },
            Some(b'\\') if bytes.get(at + 1) == Some(&b'\\') => at += 2,
            Some(_) => at += 1,
        }
    }
}
