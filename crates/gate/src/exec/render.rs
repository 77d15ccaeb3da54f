//! Text as users of `psql -A -F<tab>` know it.
//!
//! Header row, one line per row, tab separated, NULL empty, footer `(N rows)`;
//! statements without rows give their command tag. Inside values tab, newline,
//! carriage return and backslash are written `\t \n \r \\`, so that a line is
//! always a row and a tab always a border.

use model::{Piece, RowBatch, Stream};

/// Renders the pieces of one run.
#[derive(Default)]
pub(super) struct TextRender {
    /// Rows of the open result set.
    open: Option<u64>,
    stdout: Utf8Tail,
    stderr: Utf8Tail,
}

impl TextRender {
    /// Appends the text of one piece to `out` and says which stream it is.
    pub(super) fn render(&mut self, piece: &Piece, out: &mut String) -> Stream {
        match piece {
            Piece::Columns(columns) => {
                self.open = Some(0);
                for (index, column) in columns.iter().enumerate() {
                    if index > 0 {
                        out.push('\t');
                    }
                    push_escaped(out, column.name.as_bytes());
                }
                out.push('\n');
                Stream::Output
            }
            Piece::Rows(batch) => {
                self.open = Some(self.open.unwrap_or(0) + batch.len() as u64);
                push_rows(out, batch);
                Stream::Output
            }
            Piece::Done { tag, affected } => {
                let rows = self.open.take();
                match rows {
                    Some(1) => out.push_str("(1 row)\n"),
                    Some(count) => out.push_str(&format!("({count} rows)\n")),
                    None => {}
                }
                if !tag.is_empty() && (rows.is_none() || affected.is_some()) {
                    out.push_str(tag);
                    out.push('\n');
                }
                Stream::Output
            }
            Piece::Notice { text, .. } => {
                out.push_str(text);
                out.push('\n');
                Stream::Error
            }
            Piece::Output { stream, data } => {
                let tail = match stream {
                    Stream::Output => &mut self.stdout,
                    Stream::Error => &mut self.stderr,
                };
                tail.push(data, out);
                *stream
            }
            Piece::Error(error) => {
                out.push_str(&error.text);
                out.push('\n');
                Stream::Error
            }
        }
    }

    /// What a process left unfinished: an incomplete character at the end.
    pub(super) fn finish(&mut self, out: &mut String) {
        self.stdout.finish(out);
        self.stderr.finish(out);
    }
}

/// Appends the rows of a batch, one line each.
pub(super) fn push_rows(out: &mut String, batch: &RowBatch) {
    out.reserve(batch.bytes() + batch.len() * (batch.width() + 1));
    for row in 0..batch.len() {
        for column in 0..batch.width() {
            if column > 0 {
                out.push('\t');
            }
            if let Some((value, _)) = batch.value(row, column) {
                push_escaped(out, value);
            }
        }
        out.push('\n');
    }
}

/// Appends a value, with tab, newline, carriage return and backslash escaped.
pub(crate) fn push_escaped(out: &mut String, value: &[u8]) {
    let needs = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b'\\');
    let text = String::from_utf8_lossy(value);
    if !text.bytes().any(needs) {
        out.push_str(&text);
        return;
    }
    for letter in text.chars() {
        match letter {
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\\' => out.push_str("\\\\"),
            other => out.push(other),
        }
    }
}

/// Joins characters that arrive in two chunks; bytes that are no UTF-8 become
/// U+FFFD.
#[derive(Default)]
pub(super) struct Utf8Tail(Vec<u8>);

impl Utf8Tail {
    /// Appends the text of some bytes; an incomplete character waits for the next.
    pub(super) fn push(&mut self, data: &[u8], out: &mut String) {
        if self.0.is_empty() {
            self.push_whole(data, out);
        } else {
            let mut joined = std::mem::take(&mut self.0);
            joined.extend_from_slice(data);
            self.push_whole(&joined, out);
        }
    }

    fn push_whole(&mut self, mut data: &[u8], out: &mut String) {
        loop {
            match std::str::from_utf8(data) {
                Ok(text) => {
                    out.push_str(text);
                    return;
                }
                Err(error) => {
                    let (good, rest) = data.split_at(error.valid_up_to());
                    out.push_str(&String::from_utf8_lossy(good));
                    match error.error_len() {
                        Some(bad) => {
                            out.push(char::REPLACEMENT_CHARACTER);
                            data = &rest[bad..];
                        }
                        None => {
                            self.0.extend_from_slice(rest);
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Appends what stands for an incomplete character at the end.
    pub(super) fn finish(&mut self, out: &mut String) {
        if !std::mem::take(&mut self.0).is_empty() {
            out.push(char::REPLACEMENT_CHARACTER);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Column, ValueKind};
    use proptest::prelude::*;

    fn column(name: &str) -> Column {
        Column {
            name: name.into(),
            type_name: "text".into(),
            kind: ValueKind::Text,
            source: None,
        }
    }

    fn text(pieces: &[Piece]) -> String {
        let mut render = TextRender::default();
        let mut out = String::new();
        for piece in pieces {
            render.render(piece, &mut out);
        }
        render.finish(&mut out);
        out
    }

    #[test]
    fn a_result_looks_as_psql_prints_it() {
        let mut batch = RowBatch::new(2);
        for (id, name) in [("1", Some("a\tb\\")), ("2", None)] {
            batch.push(id.as_bytes());
            match name {
                Some(name) => batch.push(name.as_bytes()),
                None => batch.push_null(),
            }
            batch.end_row();
        }
        let done = || Piece::Done {
            tag: "SELECT 2".into(),
            affected: None,
        };
        assert_eq!(
            text(&[
                Piece::Columns(vec![column("id"), column("name")]),
                Piece::Rows(batch),
                done()
            ]),
            "id\tname\n1\ta\\tb\\\\\n2\t\n(2 rows)\n"
        );
        assert_eq!(
            text(&[Piece::Columns(vec![column("id")]), done()]),
            "id\n(0 rows)\n"
        );
        let insert = Piece::Done {
            tag: "INSERT 0 3".into(),
            affected: Some(3),
        };
        assert_eq!(text(&[insert]), "INSERT 0 3\n");
    }

    proptest! {
        #[test]
        fn text_survives_any_cut(text_in in ".*", cuts in proptest::collection::vec(0_usize..64, 0..6)) {
            let bytes = text_in.as_bytes();
            let mut places: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            places.sort_unstable();
            places.push(bytes.len());
            let mut start = 0;
            let pieces: Vec<Piece> = places.into_iter().map(|end| {
                let data = bytes[start..end].to_vec().into();
                start = end;
                Piece::Output { stream: Stream::Output, data }
            }).collect();
            prop_assert_eq!(text(&pieces), text_in);
        }

        #[test]
        fn a_row_is_always_one_line(values in proptest::collection::vec(".*", 1..5)) {
            let mut batch = RowBatch::new(values.len());
            for value in &values {
                batch.push(value.as_bytes());
            }
            batch.end_row();
            let mut out = String::new();
            push_rows(&mut out, &batch);
            prop_assert_eq!(out.matches('\n').count(), 1);
            prop_assert_eq!(out.matches('\t').count(), values.len() - 1);
        }
    }
}
