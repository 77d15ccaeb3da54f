//! What may leave: output guardrails, on the masked pieces.
//!
//! Every value of a row, every notice and error stands for itself; what a process
//! writes is one text per stream, in which matches reach across pieces.

use std::borrow::Cow;

use bytes::Bytes;
use model::{Column, Hit, Piece, RowBatch, Stream, TargetError};
use policy::{Guardrails, OutputBlocked, OutputGuard};

use super::masking::Masked;
use super::render::Utf8Tail;

/// The output guardrails of one run.
pub(super) struct GuardOut(Option<Guards>);

/// Inspects pieces, whoever says them.
pub(crate) struct Guards {
    values: OutputGuard,
    stdout: Written,
    stderr: Written,
}

/// What a process writes to one of its streams.
struct Written {
    guard: OutputGuard,
    /// Bytes of a character that is not complete yet.
    tail: Utf8Tail,
}

/// Proof that a piece was masked and inspected. Only such pieces are recorded
/// and answered.
pub(super) struct Inspected(Piece);

impl Inspected {
    /// The piece.
    pub(super) fn piece(&self) -> &Piece {
        &self.0
    }
}

/// Opens [`Masked`]. Only this file can make one.
pub(super) struct Key(());

impl GuardOut {
    /// The output rules of a connection.
    pub(super) fn new(guardrails: &Guardrails) -> Self {
        Self(Guards::of(guardrails))
    }

    /// Inspects one piece.
    ///
    /// # Errors
    /// When a rule blocks what leaves: nothing more may.
    pub(super) fn inspect(&mut self, masked: Masked) -> Result<Inspected, OutputBlocked> {
        let piece = masked.into_piece(&Key(()));
        match &mut self.0 {
            None => Ok(Inspected(piece)),
            Some(guards) => guards.inspect(piece).map(Inspected),
        }
    }

    /// What was held back of what a process wrote.
    ///
    /// # Errors
    /// As [`GuardOut::inspect`].
    pub(super) fn finish(&mut self) -> Result<Vec<Inspected>, OutputBlocked> {
        let Some(guards) = &mut self.0 else {
            return Ok(Vec::new());
        };
        let rest = guards.finish()?;
        Ok(rest.into_iter().map(Inspected).collect())
    }

    /// The rules that matched so far.
    pub(super) fn hits(&self) -> Vec<Hit> {
        self.0.as_ref().map(Guards::hits).unwrap_or_default()
    }
}

fn is_same_rule(one: &Hit, other: &Hit) -> bool {
    let of = |hit: &Hit| {
        let named = (hit.rule_name.clone(), hit.name.clone(), hit.kind);
        (named, hit.action, hit.pattern_regex.clone())
    };
    of(one) == of(other)
}

impl Guards {
    /// The output rules of a connection; `None` when there are none.
    pub(crate) fn of(guardrails: &Guardrails) -> Option<Self> {
        let written = || Written {
            guard: guardrails.output(),
            tail: Utf8Tail::default(),
        };
        guardrails.has_output().then(|| Self {
            values: guardrails.output(),
            stdout: written(),
            stderr: written(),
        })
    }

    /// What was held back of what a process wrote.
    ///
    /// # Errors
    /// As [`Guards::inspect`].
    pub(crate) fn finish(&mut self) -> Result<Vec<Piece>, OutputBlocked> {
        let mut rest = Vec::new();
        for (stream, written) in [
            (Stream::Output, &mut self.stdout),
            (Stream::Error, &mut self.stderr),
        ] {
            let data = written.finish()?;
            if !data.is_empty() {
                rest.push(Piece::Output { stream, data });
            }
        }
        Ok(rest)
    }

    /// The rules that matched so far.
    pub(crate) fn hits(&self) -> Vec<Hit> {
        let mut all: Vec<Hit> = Vec::new();
        for guard in [&self.values, &self.stdout.guard, &self.stderr.guard] {
            for hit in guard.hits() {
                match all.iter_mut().find(|known| is_same_rule(known, &hit)) {
                    None => all.push(hit),
                    Some(known) => {
                        let words = hit.matched_words.into_iter();
                        let new: Vec<_> = words
                            .filter(|word| !known.matched_words.contains(word))
                            .collect();
                        known.matched_words.extend(new);
                    }
                }
            }
        }
        all
    }

    /// What of one piece may leave.
    ///
    /// # Errors
    /// When a rule blocks it: nothing more may leave.
    pub(crate) fn inspect(&mut self, piece: Piece) -> Result<Piece, OutputBlocked> {
        Ok(match piece {
            Piece::Columns(columns) => Piece::Columns(
                columns
                    .into_iter()
                    .map(|column| {
                        Ok(Column {
                            name: self.whole(&column.name)?,
                            ..column
                        })
                    })
                    .collect::<Result<_, _>>()?,
            ),
            Piece::Rows(batch) => Piece::Rows(self.rows(batch)?),
            Piece::Done { tag, affected } => Piece::Done {
                tag: self.whole(&tag)?,
                affected,
            },
            Piece::Notice { severity, text } => Piece::Notice {
                severity,
                text: self.whole(&text)?,
            },
            Piece::Output { stream, data } => {
                let written = match stream {
                    Stream::Output => &mut self.stdout,
                    Stream::Error => &mut self.stderr,
                };
                let data = written.push(&data)?;
                Piece::Output { stream, data }
            }
            Piece::Error(error) => Piece::Error(TargetError {
                code: error.code,
                text: self.whole(&error.text)?,
            }),
        })
    }

    /// Rows of which nothing is replaced leave as they came.
    fn rows(&mut self, batch: RowBatch) -> Result<RowBatch, OutputBlocked> {
        let mut replaced = Vec::new();
        for row in 0..batch.len() {
            for column in 0..batch.width() {
                if let Some((value, _)) = batch.value(row, column)
                    && let Cow::Owned(text) = self.cell(value)?
                {
                    replaced.push((row, column, text));
                }
            }
        }
        if replaced.is_empty() {
            return Ok(batch);
        }
        let mut replaced = replaced.into_iter().peekable();
        let mut inspected = RowBatch::new(batch.width());
        for row in 0..batch.len() {
            for column in 0..batch.width() {
                match (
                    replaced.next_if(|it| (it.0, it.1) == (row, column)),
                    batch.value(row, column),
                ) {
                    (Some((_, _, text)), _) => inspected.push(text.as_bytes()),
                    (None, None) => inspected.push_null(),
                    (None, Some((value, true))) => inspected.push_number(value),
                    (None, Some((value, false))) => inspected.push(value),
                }
            }
            inspected.end_row();
        }
        Ok(inspected)
    }

    /// What may leave of a value; borrowed when that is all of it.
    fn cell<'v>(&mut self, value: &'v [u8]) -> Result<Cow<'v, str>, OutputBlocked> {
        match String::from_utf8_lossy(value) {
            Cow::Borrowed(text) => Ok(match self.values.whole(text)? {
                Cow::Owned(other) if other == text => Cow::Borrowed(text),
                inspected => inspected,
            }),
            Cow::Owned(text) => self.whole(&text).map(Cow::Owned),
        }
    }

    fn whole(&mut self, text: &str) -> Result<String, OutputBlocked> {
        self.values.whole(text).map(Cow::into_owned)
    }
}

impl Written {
    fn push(&mut self, data: &[u8]) -> Result<Bytes, OutputBlocked> {
        let (mut text, mut out) = (String::with_capacity(data.len()), String::new());
        self.tail.push(data, &mut text);
        self.guard.push(&text, &mut out)?;
        Ok(out.into())
    }

    fn finish(&mut self) -> Result<Bytes, OutputBlocked> {
        let (mut text, mut out) = (String::new(), String::new());
        self.tail.finish(&mut text);
        self.guard.push(&text, &mut out)?;
        self.guard.finish(&mut out)?;
        Ok(out.into())
    }
}
