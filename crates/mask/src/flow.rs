//! Text of any kind, read as it comes: recognizes tables by their first lines, takes
//! them apart into columns and everything else into lines.
//!
//! [`Flow::advance`] takes whole units only — a line, a private key, the first rows of a
//! table — and every decision depends on the text alone. So the result is the same
//! however the text is cut into chunks.

mod dump;
mod lines;
mod shape;

use std::ops::Range;

use crate::column::Column;
use crate::detect::Region;
use crate::engine::Engine;
use crate::evidence::Evidence;
use crate::finding::Finding;
use dump::Dump;
use lines::Unit;
use shape::Shape;

/// Rows of a table that decide about its columns.
const SAMPLE_ROWS: usize = 16;
/// Bytes after which the rows read so far have to do.
const SAMPLE_BYTES: usize = 16 * 1024;
/// Most columns of a table that is taken apart.
const MOST_COLUMNS: usize = 512;

/// A table being read.
struct Table {
    shape: Shape,
    columns: Vec<Column>,
    voted: bool,
    /// The cells of the row being read.
    cells: Vec<Range<usize>>,
}

/// Reads text as it comes and finds what is in it.
pub(crate) struct Flow {
    table: Option<Table>,
    /// Inside records of `\x` output, where each line is `name | value`.
    expanded: bool,
    dump: Dump,
}

/// What one step of reading did.
enum Step {
    /// The text up to here is done.
    Done(usize),
    /// More text is needed.
    Wait,
}

impl Flow {
    pub(crate) fn new() -> Self {
        Self {
            table: None,
            expanded: false,
            dump: Dump::default(),
        }
    }

    /// Reads the window from `at` on as far as it is complete, or to its end when `last`.
    /// Adds findings to `out`, disjoint and in order, and answers how far it came.
    pub(crate) fn advance(
        &mut self,
        engine: &Engine,
        window: Window<'_>,
        out: &mut Vec<Finding>,
    ) -> usize {
        let Window { text, at, last } = window;
        let mut at = at;
        while at < text.len() {
            let known = out.len();
            let step = match self.table.take() {
                Some(table) => self.rows(engine, table, Window { text, at, last }, out),
                None => self.free(engine, Window { text, at, last }, out),
            };
            engine.select_from(out, known);
            match step {
                Step::Done(end) => at = end,
                Step::Wait => break,
            }
        }
        at
    }

    /// Outside tables: the next line, unless it begins one.
    fn free(&mut self, engine: &Engine, window: Window<'_>, out: &mut Vec<Finding>) -> Step {
        let Some(unit) = lines::unit(&window, window.at) else {
            return Step::Wait;
        };
        if unit.whole
            && let Some(names) = dump::copied(unit.line(window.text))
        {
            self.begin(engine, Shape::Delimited(b'\t'), &names);
            return Step::Done(unit.end);
        }
        if unit.whole && !self.expanded && shape::may_begin(unit.line(window.text)) {
            let Some(next) = lines::unit(&window, unit.end) else {
                if !window.last {
                    return Step::Wait;
                }
                self.line(engine, &window, &unit, out);
                return Step::Done(unit.end);
            };
            if let Some((shape, names)) =
                shape::begin(unit.line(window.text), next.line(window.text))
                && names.len() <= MOST_COLUMNS
            {
                self.begin(engine, shape, &names);
                return Step::Done(if shape.has_rule() { next.end } else { unit.end });
            }
        }
        self.line(engine, &window, &unit, out);
        Step::Done(unit.end)
    }

    /// Begins a table with columns of these names.
    fn begin(&mut self, engine: &Engine, shape: Shape, names: &[String]) {
        self.expanded = false;
        let mut columns: Vec<Column> = names.iter().map(|n| Column::named(n, engine)).collect();
        Column::settle(&mut columns);
        self.table = Some(Table {
            columns,
            shape,
            voted: false,
            cells: Vec::new(),
        });
    }

    /// One line on its own.
    fn line(&mut self, engine: &Engine, window: &Window<'_>, unit: &Unit, out: &mut Vec<Finding>) {
        let line = unit.line(window.text);
        if line.starts_with("-[ RECORD ") {
            self.expanded = true;
        } else if self.expanded
            && let Some((name, value)) = line.split_once('|')
        {
            let column = Column::named(name.trim(), engine);
            let start = unit.start + name.len() + 1;
            column.judge(window.text, start..start + value.len(), engine, out);
            return;
        } else if line.is_empty() {
            self.expanded = false;
        }
        let range = unit.start..unit.content_end;
        self.dump.read(engine, window.text, range.clone(), out);
        plain(engine, window.text, range, out);
    }

    /// Rows of a table: first a sample that decides, then one by one.
    fn rows(
        &mut self,
        engine: &Engine,
        mut table: Table,
        window: Window<'_>,
        out: &mut Vec<Finding>,
    ) -> Step {
        if !table.voted {
            match table.sample(engine, &window) {
                Some(()) => table.voted = true,
                None => {
                    self.table = Some(table);
                    return Step::Wait;
                }
            }
        }
        let Some(unit) = lines::row(&window, window.at, table.shape) else {
            self.table = Some(table);
            return Step::Wait;
        };
        match table.row(window.text, &unit) {
            shape::Row::Cells => {
                for (column, cell) in table.columns.iter().zip(&table.cells) {
                    column.judge(window.text, cell.clone(), engine, out);
                }
            }
            shape::Row::Rule => {}
            shape::Row::Odd => plain(engine, window.text, unit.start..unit.content_end, out),
            shape::Row::End => return Step::Done(window.at),
        }
        self.table = Some(table);
        Step::Done(unit.end)
    }
}

impl Table {
    fn row(&mut self, text: &str, unit: &Unit) -> shape::Row {
        self.shape
            .cells(text, unit, self.columns.len(), &mut self.cells)
    }

    /// Lets the first rows decide about the columns; `None` while they are not all
    /// there.
    fn sample(&mut self, engine: &Engine, window: &Window<'_>) -> Option<()> {
        let mut rows: Vec<Vec<Range<usize>>> = Vec::new();
        let mut at = window.at;
        while rows.len() < SAMPLE_ROWS && at - window.at < SAMPLE_BYTES {
            if at >= window.text.len() {
                match window.last {
                    true => break,
                    false => return None,
                }
            }
            let unit = lines::row(window, at, self.shape)?;
            match self.row(window.text, &unit) {
                shape::Row::Cells => rows.push(self.cells.clone()),
                shape::Row::Rule | shape::Row::Odd => {}
                shape::Row::End => break,
            }
            at = unit.end;
        }
        for (i, column) in self.columns.iter_mut().enumerate() {
            let values = rows
                .iter()
                .map(|r| r.get(i).and_then(|c| window.text.get(c.clone())));
            column.vote(values, engine);
        }
        Some(())
    }
}

/// The text that is there, from where on it is to be read, and whether it is all.
pub(crate) struct Window<'t> {
    pub(crate) text: &'t str,
    pub(crate) at: usize,
    pub(crate) last: bool,
}

/// Looks through a stretch of text without columns.
fn plain(engine: &Engine, text: &str, range: Range<usize>, out: &mut Vec<Finding>) {
    let region = Region::new(
        text,
        range.start,
        range.end,
        Evidence::NONE,
        engine.wanted(),
    );
    engine.scan(&region, out);
}
