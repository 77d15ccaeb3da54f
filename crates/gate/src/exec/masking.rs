//! Masking: the choke point that everything raw must pass.
//!
//! Rows are masked column by column, what a process writes line by line, and every
//! other text for itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use mask::{ColumnHint, Engine, RowsMasker, TextStream};
use model::{Column, ColumnSource, Masking as Figures, Piece, RowBatch, Stream, TargetError};

use super::Blocked;
use super::lineage::Lineage;
use super::run::Raw;
use crate::databases::Expected;
use crate::policies::Policy;

/// Masks what one run says.
pub(super) struct Masking<'e> {
    masks: Option<Masks<'e>>,
    counts: Counts,
}

/// How many findings of each type were masked.
pub(crate) type Counts = BTreeMap<String, u64>;

/// Masks pieces, whoever says them.
pub(crate) struct Masks<'e> {
    engine: &'e Engine,
    lineage: Option<&'e Lineage>,
    /// Result sets so far.
    sets: usize,
    /// The open result set.
    rows: Option<RowsMasker<'e>>,
    stdout: TextStream<'e>,
    stderr: TextStream<'e>,
}

/// Proof that a piece passed the masking rules of its connection.
pub(super) struct Masked(Piece);

impl Masked {
    /// Hands the piece to the output guardrails, who alone hold the key.
    pub(super) fn into_piece(self, _key: &super::guard_out::Key) -> Piece {
        self.0
    }
}

/// Opens [`Raw`]. Only this file can make one.
pub(super) struct Key(());

impl<'e> Masking<'e> {
    /// The masking of a connection.
    ///
    /// # Errors
    /// [`Blocked`] when a rule cannot be applied: then nothing may leave.
    pub(super) fn plan(policy: &'e Policy, lineage: Option<&'e Lineage>) -> Result<Self, Blocked> {
        let engine = policy.masking().map_err(|_| {
            Blocked::unavailable("the masking of this connection cannot be applied")
        })?;
        Ok(Self {
            masks: engine.map(|engine| Masks::new(engine, lineage)),
            counts: Counts::new(),
        })
    }

    /// Masks one piece.
    pub(super) fn mask(&mut self, raw: Raw) -> Masked {
        let piece = raw.into_piece(&Key(()));
        match &mut self.masks {
            None => Masked(piece),
            Some(masks) => Masked(masks.mask(piece, &mut self.counts)),
        }
    }

    /// Whether a column of the open result set is masked, as a whole or in a cell so far.
    pub(super) fn is_masked(&self, column: usize) -> bool {
        let rows = self.masks.as_ref().and_then(|masks| masks.rows.as_ref());
        rows.is_some_and(|rows| rows.is_masked(column))
    }

    /// What was held back of what a process wrote. The run says nothing more.
    pub(super) fn finish(&mut self) -> Vec<Masked> {
        let Some(masks) = self.masks.take() else {
            return Vec::new();
        };
        let rest = masks.finish(&mut self.counts);
        rest.into_iter().map(Masked).collect()
    }

    /// What was masked, when the run has said everything.
    pub(super) fn figures(&self) -> Figures {
        Figures {
            total: self.counts.values().sum(),
            by_type: self.counts.clone(),
        }
    }
}

impl<'e> Masks<'e> {
    /// Masks of one answer.
    pub(crate) fn new(engine: &'e Engine, lineage: Option<&'e Lineage>) -> Self {
        Self {
            engine,
            lineage,
            sets: 0,
            rows: None,
            stdout: TextStream::new(engine),
            stderr: TextStream::new(engine),
        }
    }

    /// Masks one piece and counts what was found.
    pub(crate) fn mask(&mut self, piece: Piece, counts: &mut Counts) -> Piece {
        match piece {
            Piece::Columns(columns) => {
                let expected = match self.lineage {
                    Some(lineage) => lineage.expected(self.sets, &columns, self.engine),
                    None => {
                        let hints: Vec<_> = columns.iter().map(hint).collect();
                        Arc::new(Expected::new(columns.clone(), &hints, self.engine))
                    }
                };
                self.sets += 1;
                add(counts, &expected.counts);
                let rows = RowsMasker::of(self.engine, expected.columns.clone());
                if let Some(before) = self.rows.replace(rows) {
                    add(counts, before.counts());
                }
                let named = columns.into_iter().zip(&expected.names);
                let named = named.map(|(column, name)| Column {
                    name: name.clone(),
                    ..column
                });
                Piece::Columns(named.collect())
            }
            Piece::Rows(batch) => Piece::Rows(self.rows(&batch)),
            Piece::Done { tag, affected } => Piece::Done {
                tag: self.text(&tag, counts),
                affected,
            },
            Piece::Notice { severity, text } => Piece::Notice {
                severity,
                text: self.text(&text, counts),
            },
            Piece::Output { stream, data } => {
                let written = match stream {
                    Stream::Output => &mut self.stdout,
                    Stream::Error => &mut self.stderr,
                };
                let data = Bytes::from(written.push_bytes(&data));
                Piece::Output { stream, data }
            }
            Piece::Error(error) => Piece::Error(TargetError {
                code: error.code,
                text: self.text(&error.text, counts),
            }),
        }
    }

    /// What was held back of what a process wrote.
    pub(crate) fn finish(self, counts: &mut Counts) -> Vec<Piece> {
        if let Some(rows) = self.rows {
            add(counts, rows.counts());
        }
        let mut rest = Vec::new();
        for (stream, written) in [(Stream::Output, self.stdout), (Stream::Error, self.stderr)] {
            let masked = written.finish();
            add(counts, &masked.counts);
            if !masked.text.is_empty() {
                let data = Bytes::from(masked.text);
                rest.push(Piece::Output { stream, data });
            }
        }
        rest
    }

    fn text(&self, text: &str, counts: &mut Counts) -> String {
        let masked = self.engine.mask_text(text);
        add(counts, &masked.counts);
        masked.text
    }

    fn rows(&mut self, batch: &RowBatch) -> RowBatch {
        let engine = self.engine;
        let rows = self
            .rows
            .get_or_insert_with(|| RowsMasker::new(engine, &[]));
        rows.batch(batch)
    }
}

impl Expected {
    /// What `engine` makes of columns, given what is known about where they come from.
    pub(super) fn new(asked: Vec<Column>, hints: &[ColumnHint], engine: &Engine) -> Self {
        let mut counts = Counts::new();
        let names = asked.iter().map(|column| {
            let masked = engine.mask_text(&column.name);
            add(&mut counts, &masked.counts);
            masked.text
        });
        Self {
            names: names.collect(),
            columns: engine.columns(hints),
            counts,
            asked,
        }
    }
}

/// What the target alone tells about a column.
fn hint(column: &Column) -> ColumnHint {
    let source = match &column.source {
        Some(ColumnSource::Named {
            schema,
            table,
            column,
        }) => {
            let table = match schema.as_str() {
                "" => table.clone(),
                schema => format!("{schema}.{table}"),
            };
            vec![(table, column.clone())]
        }
        Some(ColumnSource::Attribute { .. }) | None => Vec::new(),
    };
    ColumnHint {
        name: column.name.clone(),
        source,
        ..ColumnHint::default()
    }
}

fn add(counts: &mut Counts, more: &Counts) {
    for (name, count) in more {
        *counts.entry(name.clone()).or_default() += count;
    }
}
