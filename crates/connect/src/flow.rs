//! Pieces on their way to the sink, rows gathered into batches.

use bytes::Bytes;
use model::{Piece, RowBatch, Severity, Stream, TargetError};
use tokio_util::sync::CancellationToken;

use crate::Sink;

/// A batch is pushed when it holds this many bytes of text …
const BATCH_BYTES: usize = 64 * 1024;
/// … or this many rows.
const BATCH_ROWS: usize = 4096;

/// The way of a run's pieces into its sink. After the sink said halt nothing
/// more is pushed and the rest of the talk runs dry.
pub(crate) struct Flow<'a> {
    sink: &'a mut dyn Sink,
    halt: CancellationToken,
    batch: RowBatch,
    failed: bool,
}

impl<'a> Flow<'a> {
    /// A way into `sink`; `halt` is cancelled when the sink wants no more.
    pub(crate) fn new(sink: &'a mut dyn Sink, halt: &CancellationToken) -> Self {
        Self {
            sink,
            halt: halt.clone(),
            batch: RowBatch::default(),
            failed: false,
        }
    }

    /// Whether the sink wants no more.
    pub(crate) fn is_halted(&self) -> bool {
        self.halt.is_cancelled()
    }

    /// Whether the target reported an error.
    pub(crate) const fn has_failed(&self) -> bool {
        self.failed
    }

    /// Pushes the rows gathered so far, then `piece`.
    pub(crate) async fn push(&mut self, piece: Piece) {
        self.flush().await;
        if let Piece::Columns(columns) = &piece {
            self.batch = RowBatch::new(columns.len());
        }
        self.failed |= matches!(piece, Piece::Error(_));
        self.pass(piece).await;
    }

    /// The batch that rows are added to; call [`Self::settle`] after each.
    pub(crate) const fn rows(&mut self) -> &mut RowBatch {
        &mut self.batch
    }

    /// Whether the batch should be pushed.
    pub(crate) const fn is_full(&self) -> bool {
        self.batch.len() >= BATCH_ROWS
    }

    /// Whether the batch holds enough text to be pushed.
    pub(crate) fn is_heavy(&self) -> bool {
        self.is_full() || self.batch.bytes() >= BATCH_BYTES
    }

    /// Pushes the batch when it is heavy enough.
    pub(crate) async fn settle(&mut self) {
        if self.is_heavy() {
            self.flush().await;
        }
    }

    /// Pushes the rows gathered so far.
    pub(crate) async fn flush(&mut self) {
        if !self.batch.is_empty() {
            let width = self.batch.width();
            let batch = std::mem::replace(&mut self.batch, RowBatch::new(width));
            self.pass(Piece::Rows(batch)).await;
        }
    }

    /// Pushes bytes.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "process")),
        expect(dead_code, reason = "the other targets give rows only")
    )]
    pub(crate) async fn output(&mut self, stream: Stream, data: Bytes) {
        if !data.is_empty() {
            self.push(Piece::Output { stream, data }).await;
        }
    }

    /// Pushes the end of a statement.
    pub(crate) async fn done(&mut self, tag: impl Into<String>, affected: Option<u64>) {
        let tag = tag.into();
        self.push(Piece::Done { tag, affected }).await;
    }

    /// Pushes a notice.
    pub(crate) async fn notice(&mut self, severity: Severity, text: String) {
        self.push(Piece::Notice { severity, text }).await;
    }

    /// Pushes an error.
    pub(crate) async fn error(&mut self, code: Option<String>, text: String) {
        self.push(Piece::Error(TargetError { code, text })).await;
    }

    async fn pass(&mut self, piece: Piece) {
        if !self.is_halted() && self.sink.push(piece).await.is_err() {
            self.halt.cancel();
        }
    }
}
