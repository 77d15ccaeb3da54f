//! The part of the output that is answered inline.

use model::{Column, Format, Piece};

use super::rows::RowSet;

/// Collects what is answered inline, up to a limit of bytes.
pub(super) struct Answer {
    format: Format,
    limit: usize,
    used: usize,
    text: String,
    sets: Vec<RowSet>,
    /// Bytes of rendered output so far.
    total: u64,
    /// Byte of the rendered output at which the inline answer was cut.
    cut: Option<u64>,
    row_count: u64,
    affected: u64,
    structured: bool,
    /// Whether the current statement returns rows.
    returning: bool,
    /// Whether the current result set is the last of `sets`.
    kept: bool,
}

/// What a column takes in JSON besides its name and type, in bytes, roughly.
const COLUMN_BYTES: usize = 40;

/// What was collected.
pub(super) struct Collected {
    pub(super) text: String,
    pub(super) sets: Vec<RowSet>,
    pub(super) total: u64,
    pub(super) cut: Option<u64>,
    /// `None` for processes.
    pub(super) row_count: Option<u64>,
    /// `None` for processes.
    pub(super) affected: Option<u64>,
}

impl Answer {
    /// An empty answer; `structured` targets count rows.
    pub(super) const fn new(format: Format, limit: usize, structured: bool) -> Self {
        Self {
            format,
            limit,
            used: 0,
            text: String::new(),
            sets: Vec::new(),
            total: 0,
            cut: None,
            row_count: 0,
            affected: 0,
            structured,
            returning: false,
            kept: false,
        }
    }

    /// Takes one piece and its rendered text.
    pub(super) fn take(&mut self, piece: &Piece, rendered: &str) {
        match piece {
            Piece::Rows(batch) => self.row_count += batch.len() as u64,
            Piece::Done { affected, .. } => self.affected += affected.unwrap_or(0),
            Piece::Columns(_) | Piece::Notice { .. } | Piece::Output { .. } | Piece::Error(_) => {}
        }
        match self.format {
            Format::Text => self.add_text(rendered),
            Format::Rows => self.add_rows(piece, rendered),
        }
        self.total += rendered.len() as u64;
    }

    /// Says which columns of the open result set are masked.
    pub(super) fn mark(&mut self, is_masked: impl Fn(usize) -> bool) {
        if let Some(set) = self.sets.last_mut().filter(|_| self.kept) {
            set.mark(is_masked);
        }
    }

    /// Adds text that no piece carried.
    pub(super) fn take_text(&mut self, rendered: &str) {
        self.add_text(rendered);
        self.total += rendered.len() as u64;
    }

    /// What was collected.
    pub(super) fn finish(self) -> Collected {
        Collected {
            text: self.text,
            sets: self.sets,
            total: self.total,
            cut: self.cut,
            row_count: self.structured.then_some(self.row_count),
            affected: self.structured.then_some(self.affected),
        }
    }

    fn add_text(&mut self, rendered: &str) {
        if self.cut.is_some() {
            return;
        }
        let room = self.limit.saturating_sub(self.used);
        let part = head_of(rendered, room);
        self.text.push_str(part);
        self.used += part.len();
        if part.len() < rendered.len() {
            self.cut = Some(self.total + part.len() as u64);
        }
    }

    /// Charges the columns of a new result set, or cuts the answer before them.
    fn has_room_for(&mut self, columns: &[Column]) -> bool {
        if self.cut.is_some() {
            return false;
        }
        self.used += columns_bytes(columns);
        if self.used > self.limit {
            self.cut = Some(self.total);
        }
        self.cut.is_none()
    }

    fn add_rows(&mut self, piece: &Piece, rendered: &str) {
        match piece {
            Piece::Columns(columns) => {
                self.returning = true;
                self.kept = self.has_room_for(columns);
                if self.kept {
                    self.sets.push(RowSet::new(columns));
                }
            }
            Piece::Rows(batch) => {
                let Some(set) = self.sets.last_mut().filter(|_| self.kept) else {
                    return;
                };
                set.row_count += batch.len() as u64;
                for row in 0..batch.len() {
                    if self.cut.is_some() {
                        return;
                    }
                    self.used += set.push(batch, row);
                    if self.used > self.limit {
                        set.rows.pop();
                        self.cut = Some(self.total + rows_before(rendered, row) as u64);
                    }
                }
            }
            Piece::Done { tag, affected } => {
                let returned = std::mem::take(&mut self.returning);
                if !tag.is_empty() && (!returned || affected.is_some()) {
                    self.add_text(&format!("{tag}\n"));
                }
            }
            Piece::Notice { .. } | Piece::Output { .. } | Piece::Error(_) => {
                self.add_text(rendered)
            }
        }
    }
}

/// Bytes that columns take in JSON, roughly.
fn columns_bytes(columns: &[Column]) -> usize {
    let bytes = |column: &Column| column.name.len() + column.type_name.len() + COLUMN_BYTES;
    COLUMN_BYTES + columns.iter().map(bytes).sum::<usize>()
}

/// Bytes of the first `count` lines.
fn rows_before(rendered: &str, count: usize) -> usize {
    rendered
        .split_inclusive('\n')
        .take(count)
        .map(str::len)
        .sum()
}

/// The longest head of `text` of at most `bytes` bytes that ends between characters.
pub(super) fn head_of(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let mut end = bytes;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::super::render;
    use super::*;
    use model::{RowBatch, ValueKind};

    #[test]
    fn text_is_cut_between_characters_and_the_rest_is_counted() {
        let mut answer = Answer::new(Format::Text, 4, false);
        answer.take_text("aäö");
        answer.take_text("more");
        let collected = answer.finish();
        assert_eq!(collected.text, "aä");
        assert_eq!(collected.cut, Some(3));
        assert_eq!(collected.total, 9);
        assert_eq!(collected.row_count, None);
    }

    #[test]
    fn rows_are_answered_with_the_tags_of_the_other_statements() {
        let done = |tag: &str, affected| Piece::Done {
            tag: tag.into(),
            affected,
        };
        let mut answer = Answer::new(Format::Rows, 1024, true);
        for piece in [
            Piece::Columns(Vec::new()),
            done("SELECT 0", None),
            done("CREATE TABLE", None),
            done("", None),
            Piece::Columns(Vec::new()),
            done("UPDATE 2", Some(2)),
        ] {
            answer.take(&piece, "");
        }
        let collected = answer.finish();
        assert_eq!(collected.text, "CREATE TABLE\nUPDATE 2\n");
        assert_eq!((collected.sets.len(), collected.affected), (2, Some(2)));
    }

    fn column(name: &str) -> Column {
        Column {
            name: name.into(),
            type_name: "text".into(),
            kind: ValueKind::Text,
            source: None,
        }
    }

    fn batch(rows: usize) -> RowBatch {
        let mut batch = RowBatch::new(1);
        for _ in 0..rows {
            batch.push(b"0123456789");
            batch.end_row();
        }
        batch
    }

    #[test]
    fn rows_are_cut_at_a_row_and_counted_in_full() {
        let mut rendered = String::new();
        render::push_rows(&mut rendered, &batch(10));
        let limit = columns_bytes(&[column("n")]) + 40;
        let mut answer = Answer::new(Format::Rows, limit, true);
        answer.take(&Piece::Columns(vec![column("n")]), "n\n");
        answer.take(&Piece::Rows(batch(10)), &rendered);
        let collected = answer.finish();
        assert_eq!(collected.sets[0].rows.len(), 2);
        assert_eq!(collected.sets[0].row_count, 10);
        assert_eq!(collected.cut, Some(2 + 22));
        assert_eq!(collected.row_count, Some(10));
    }

    #[test]
    fn result_sets_without_number_are_cut_too() {
        for width in [0, 1] {
            let mut answer = Answer::new(Format::Rows, 1024, true);
            for _ in 0..10_000 {
                let columns = (0..width).map(|_| column("n")).collect();
                answer.take(&Piece::Columns(columns), "n\n");
                answer.take(&Piece::Rows(batch(1)), "0123456789\n");
            }
            let collected = answer.finish();
            assert!(collected.sets.len() <= 1024 / COLUMN_BYTES);
            let counted = collected.sets.iter().map(|set| set.row_count);
            assert_eq!(counted.max(), Some(1), "rows count for their own set");
            assert_eq!(collected.row_count, Some(10_000));
            let kept = collected
                .sets
                .iter()
                .map(|set| set.rows.len())
                .sum::<usize>() as u64;
            assert!(collected.cut.is_some_and(|cut| cut >= 13 * kept));
        }
    }

    #[test]
    fn a_result_set_wider_than_the_answer_is_left_to_the_record() {
        let wide: Vec<Column> = (0..2000).map(|_| column("n")).collect();
        let mut answer = Answer::new(Format::Rows, 1024, true);
        answer.take(&Piece::Columns(wide), "n\n");
        answer.take(&Piece::Rows(batch(3)), "x\n");
        let collected = answer.finish();
        assert!(collected.sets.is_empty());
        assert_eq!((collected.cut, collected.row_count), (Some(0), Some(3)));
    }
}
