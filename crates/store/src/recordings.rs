//! Recordings.
use crate::*;
use model::*;
/// Writes the recording of one session. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {}
/// The end of a recording, committed with its session.
#[derive(Debug)]
pub struct RecordingTail {}
#[derive(Clone, Debug)]
pub struct RecordingPage {
    pub text: String,
    pub total_bytes: u64,
    /** Byte to read on from; `None` at the end of what is stored. */
    pub next: Option<u64>,
}
impl Recorder {
    pub fn append(&self, offset_ms: u64, stream: Stream, text: &str) {}
    pub fn needs_flush(&self) -> bool {
        false
    }
    /// Whether anything waits to be written.
    pub fn has_pending(&self) -> bool {
        false
    }
    pub async fn flush(&self) -> Result<(), Error> {
        Err(Error::NotFound)
    }
    pub async fn finish(&self) -> Result<RecordingTail, Error> {
        Err(Error::NotFound)
    }
    pub fn truncated(&self) -> bool {
        false
    }
    /// Bytes of text recorded so far.
    pub fn bytes(&self) -> u64 {
        0
    }
}
impl OrgStore {
    /// `limit_bytes`: text beyond is dropped and the recording marked truncated.
    pub fn recorder(&self, session: SessionId, limit_bytes: u64) -> Recorder {
        Recorder {}
    }
    pub async fn read_recording(
        &self,
        session: SessionId,
        from_byte: u64,
        max_bytes: u64,
    ) -> Result<RecordingPage, Error> {
        Err(Error::NotFound)
    }
}
