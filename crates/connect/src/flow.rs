//! Pieces on their way to the sink, rows gathered into batches.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use model::{Piece, RowBatch, Severity, Stream, TargetError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Sink;

/// A batch is pushed when it holds this many bytes of text …
pub(crate) const BATCH_BYTES: usize = 64 * 1024;
/// … or this many rows.
pub(crate) const BATCH_ROWS: usize = 4096;
/// … or when a target that says nothing more left it waiting for this long.
pub(crate) const BATCH_AGE: Duration = Duration::from_millis(500);

/// The way of a run's pieces into its sink. After the sink said halt nothing
/// more is pushed and the rest of the talk runs dry.
pub(crate) struct Flow<'a> {
    sink: &'a mut dyn Sink,
    halt: CancellationToken,
    batch: RowBatch,
    copied: BytesMut,
    /// When the target was first waited for with something gathered.
    since: Option<Instant>,
    failed: bool,
}

impl<'a> Flow<'a> {
    /// A way into `sink`; `halt` is cancelled when the sink wants no more.
    pub(crate) fn new(sink: &'a mut dyn Sink, halt: &CancellationToken) -> Self {
        Self {
            sink,
            halt: halt.clone(),
            batch: RowBatch::default(),
            copied: BytesMut::new(),
            since: None,
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

    /// Waits for what the target says next. What was gathered before does not
    /// wait with it for long. The clock is only looked at when the target has
    /// nothing to say.
    pub(crate) async fn next<T>(&mut self, saying: impl Future<Output = T>) -> T {
        let mut saying = pin!(saying);
        if self.batch.is_empty() && self.copied.is_empty() {
            return saying.await;
        }
        let glance = std::future::poll_fn(|context| Poll::Ready(saying.as_mut().poll(context)));
        if let Poll::Ready(said) = glance.await {
            return said;
        }
        let end = *self.since.get_or_insert_with(Instant::now) + BATCH_AGE;
        match tokio::time::timeout_at(end, saying.as_mut()).await {
            Ok(said) => said,
            Err(_) => {
                self.flush().await;
                saying.await
            }
        }
    }

    /// Pushes the rows or bytes gathered so far.
    pub(crate) async fn flush(&mut self) {
        self.since = None;
        if !self.batch.is_empty() {
            let width = self.batch.width();
            let batch = std::mem::replace(&mut self.batch, RowBatch::new(width));
            self.pass(Piece::Rows(batch)).await;
        }
        if !self.copied.is_empty() {
            let data = self.copied.split().freeze();
            let stream = Stream::Output;
            self.pass(Piece::Output { stream, data }).await;
        }
    }

    /// Gathers bytes that come in small parts.
    #[cfg(feature = "postgres")]
    pub(crate) async fn copy(&mut self, data: &[u8]) {
        self.copied.extend_from_slice(data);
        if self.copied.len() >= BATCH_BYTES {
            self.flush().await;
        }
    }

    /// Pushes bytes.
    #[cfg_attr(
        not(feature = "process"),
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
