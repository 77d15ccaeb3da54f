//! Standard output and standard error, read in order of arrival.

use bytes::{Bytes, BytesMut};
use model::Stream;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{ChildStderr, ChildStdout};

/// Most bytes of one piece.
const CHUNK: usize = 32 * 1024;

/// Both pipes of a command.
pub(super) struct Pipes {
    output: Option<ChildStdout>,
    error: Option<ChildStderr>,
}

impl Pipes {
    /// Reads from these pipes.
    pub(super) const fn new(output: Option<ChildStdout>, error: Option<ChildStderr>) -> Self {
        Self { output, error }
    }

    /// Whether anybody may still write.
    pub(super) const fn is_open(&self) -> bool {
        self.output.is_some() || self.error.is_some()
    }

    /// Reads no more.
    pub(super) fn close(&mut self) {
        self.output = None;
        self.error = None;
    }

    /// What is written next; `None` when both pipes are closed. Nothing is
    /// lost when the future is dropped.
    pub(super) async fn next(&mut self) -> Option<(Stream, Bytes)> {
        while self.is_open() {
            let (stream, data) = tokio::select! {
                data = read(&mut self.output), if self.output.is_some() => (Stream::Output, data),
                data = read(&mut self.error), if self.error.is_some() => (Stream::Error, data),
                else => return None,
            };
            match (data, stream) {
                (Some(data), _) => return Some((stream, data)),
                (None, Stream::Output) => self.output = None,
                (None, Stream::Error) => self.error = None,
            }
        }
        None
    }
}

async fn read<P: AsyncRead + Unpin>(pipe: &mut Option<P>) -> Option<Bytes> {
    let mut buffer = BytesMut::with_capacity(CHUNK);
    let read = pipe.as_mut()?.read_buf(&mut buffer).await.ok()?;
    (read > 0).then(|| buffer.freeze())
}
