//! The rows of an answer, kept as text.

use model::Piece;

use super::MOST_COLUMNS;
use crate::{BoxFuture, Halt, Sink};

/// The rows of one result set; null counts as the empty text.
#[derive(Default)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
    is_refused: bool,
}

impl Table {
    /// Whether the target reported an error.
    pub(super) const fn is_refused(&self) -> bool {
        self.is_refused
    }

    /// Whether there were more rows than anybody keeps.
    pub(super) const fn is_too_long(&self) -> bool {
        self.rows.len() > MOST_COLUMNS
    }

    /// The rows with `N` cells.
    pub(super) fn into_rows<const N: usize>(self) -> impl Iterator<Item = [String; N]> {
        self.rows.into_iter().filter_map(|row| row.try_into().ok())
    }
}

impl Sink for Table {
    fn push(&mut self, piece: Piece) -> BoxFuture<'_, Result<(), Halt>> {
        match piece {
            Piece::Rows(batch) => {
                for row in 0..batch.len() {
                    let cells = (0..batch.width()).map(|column| match batch.value(row, column) {
                        Some((value, _)) => String::from_utf8_lossy(value).into_owned(),
                        None => String::new(),
                    });
                    self.rows.push(cells.collect());
                }
            }
            Piece::Error(_) => self.is_refused = true,
            Piece::Columns(_)
            | Piece::Done { .. }
            | Piece::Notice { .. }
            | Piece::Output { .. } => {}
        }
        let is_enough = self.is_too_long();
        Box::pin(async move { if is_enough { Err(Halt) } else { Ok(()) } })
    }
}
