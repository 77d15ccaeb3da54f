//! Recordings: what a session said, as ordered events in segments.
//!
//! An event is one line of JSON, `[seconds, "o" or "e", "text"]`. Segments of
//! some megabytes go to the object store while the session runs; what is left
//! at its end goes into the store with the session itself when it is small, and
//! into the row of the session when it is all of a short recording and nobody else
//! can have ended the session.

mod read;

use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use model::{OrgId, SessionId, Stream};
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::store::Inner;
use crate::writer::{Op, Segment};
use crate::{Error, OrgStore};

/// Bytes of events at which a segment is written.
const SEGMENT: usize = 2 * 1024 * 1024;

/// Largest tail that is kept in the store itself.
const INLINE: usize = 64 * 1024;

/// Longest recording that lies in the row of its session, in bytes of events. A
/// row of its own costs a write of another tree, which is more than the bytes of a
/// short one do; a long one would keep rows of sessions from lying together.
const SHORT: usize = 2 * 1024;

/// Writes the recording of one session. Cheap to clone.
#[derive(Clone)]
pub struct Recorder(Arc<Shared>);

struct Shared {
    inner: Arc<Inner>,
    org: OrgId,
    session: SessionId,
    limit: u64,
    state: Mutex<State>,
    writing: tokio::sync::Mutex<Writing>,
}

/// The segment that is being written; one at a time.
#[derive(Default)]
struct Writing {
    /// Kept until it is written: after a failure it is the next to be written,
    /// so that a recording has no gap.
    segment: Option<(Segment, Bytes)>,
    task: Option<JoinHandle<Result<(), Error>>>,
}

#[derive(Default)]
struct State {
    events: Vec<u8>,
    /// Bytes of text in `events`.
    length: u64,
    /// Bytes of text before `events`.
    offset: u64,
    seq: i64,
    truncated: bool,
}

/// The end of a recording, to be committed with its session.
pub struct RecordingTail(Option<Segment>);

impl RecordingTail {
    /// All of a recording that is short, when it may lie in the row of its session,
    /// or else its last segment.
    pub(crate) fn split(self, may_lie_in_row: bool) -> (Option<String>, Option<Segment>) {
        match self.0 {
            Some(Segment {
                seq: 0,
                data: Some(events),
                ..
            }) if may_lie_in_row && events.len() <= SHORT => (Some(events), None),
            segment => (None, segment),
        }
    }
}

/// A part of a recording.
#[derive(Clone, Debug)]
pub struct RecordingPage {
    /// Text, cut between characters.
    pub text: String,
    /// Bytes recorded so far.
    pub total_bytes: u64,
    /// Byte to read on from; `None` at the end of what is stored.
    pub next: Option<u64>,
}

impl Recorder {
    /// Adds text that was said `offset_ms` milliseconds after the start. Text
    /// beyond the limit is dropped.
    pub fn append(&self, offset_ms: u64, stream: Stream, text: &str) {
        if text.is_empty() {
            return;
        }
        let mut state = self.0.state.lock();
        if state.truncated {
            return;
        }
        let room = self.0.limit.saturating_sub(state.offset + state.length);
        let kept = head_of(text, usize::try_from(room).unwrap_or(usize::MAX));
        state.truncated = kept.len() < text.len();
        if kept.is_empty() {
            return;
        }
        let stream = match stream {
            Stream::Output => 'o',
            Stream::Error => 'e',
        };
        let (seconds, millis) = (offset_ms / 1000, offset_ms % 1000);
        // Writing into memory cannot fail.
        let _ = write!(state.events, "[{seconds}.{millis:03},\"{stream}\",");
        let _ = serde_json::to_writer(&mut state.events, kept);
        state.events.extend_from_slice(b"]\n");
        state.length += kept.len() as u64;
    }

    /// Whether enough waits to be written as a segment.
    #[must_use]
    pub fn needs_flush(&self) -> bool {
        self.0.state.lock().events.len() >= SEGMENT
    }

    /// Starts to write what waits, after the segment before is written. At most
    /// two segments are in memory.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the segment before could not be written. It
    /// is kept, and the next call starts to write it again.
    pub async fn flush(&self) -> Result<(), Error> {
        self.0.writing.lock().await.go_on(self).await
    }

    /// As [`Recorder::flush`], but while a segment is being written this does
    /// nothing: it never waits for the object store.
    ///
    /// # Errors
    /// As [`Recorder::flush`].
    pub async fn flush_if_idle(&self) -> Result<(), Error> {
        let Ok(mut writing) = self.0.writing.try_lock() else {
            return Ok(());
        };
        match &writing.task {
            Some(task) if !task.is_finished() => Ok(()),
            _ => writing.go_on(self).await,
        }
    }

    /// Ends the recording. What is left is small enough to be committed with
    /// the session, or has been written.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a segment could not be written; it is kept,
    /// and this may be called again.
    pub async fn finish(&self) -> Result<RecordingTail, Error> {
        let mut writing = self.0.writing.lock().await;
        writing.settle().await?;
        // One that failed before gets another attempt.
        writing.start(&self.0);
        writing.settle().await?;
        if self.0.state.lock().events.len() > INLINE {
            writing.segment = self.take_segment();
            writing.start(&self.0);
            writing.settle().await?;
        }
        let Some((mut segment, events)) = self.take_segment() else {
            return Ok(RecordingTail(None));
        };
        segment.data = Some(String::from_utf8_lossy(&events).into_owned());
        Ok(RecordingTail(Some(segment)))
    }

    /// Whether text was dropped because of the limit.
    #[must_use]
    pub fn truncated(&self) -> bool {
        self.0.state.lock().truncated
    }

    fn take_segment(&self) -> Option<(Segment, Bytes)> {
        let mut state = self.0.state.lock();
        if state.events.is_empty() {
            return None;
        }
        let segment = Segment {
            session: self.0.session.to_string(),
            org: self.0.org.to_string(),
            seq: state.seq,
            offset: i64::try_from(state.offset).unwrap_or(i64::MAX),
            length: i64::try_from(state.length).unwrap_or(i64::MAX),
            object: None,
            data: None,
        };
        state.seq += 1;
        state.offset += state.length;
        state.length = 0;
        Some((segment, std::mem::take(&mut state.events).into()))
    }
}

impl Writing {
    /// Starts to write the segment that failed, or else what waits.
    async fn go_on(&mut self, recorder: &Recorder) -> Result<(), Error> {
        self.settle().await?;
        if self.segment.is_none() {
            self.segment = recorder.take_segment();
        }
        self.start(&recorder.0);
        Ok(())
    }

    /// Starts to write the segment, if there is one.
    fn start(&mut self, shared: &Arc<Shared>) {
        if let Some((segment, events)) = self.segment.clone() {
            let shared = Arc::clone(shared);
            self.task = Some(tokio::spawn(
                async move { shared.put(segment, events).await },
            ));
        }
    }

    /// Waits until the segment is written.
    async fn settle(&mut self) -> Result<(), Error> {
        let Some(task) = &mut self.task else {
            return Ok(());
        };
        let written = task.await.unwrap_or_else(|_| Err(Error::closed()));
        // Forgotten only when it has ended: a caller that gives up loses nothing.
        self.task = None;
        written?;
        self.segment = None;
        Ok(())
    }
}

impl Shared {
    /// Writes a segment: small ones into the store, others as an object.
    async fn put(&self, mut segment: Segment, events: Bytes) -> Result<(), Error> {
        if events.len() <= INLINE {
            segment.data = Some(String::from_utf8_lossy(&events).into_owned());
        } else {
            let name = format!("{}/{}/{:06}.jsonl", self.org, self.session, segment.seq);
            self.inner.objects.put(&name, events).await?;
            segment.object = Some(name);
        }
        self.inner.writer.write(vec![Op::Segment(segment)]).await?;
        self.inner.bus.publish(model::Id::uuid(self.session));
        Ok(())
    }
}

impl OrgStore {
    /// A recorder of a session; text beyond `limit` bytes is dropped and the
    /// recording marked truncated.
    #[must_use]
    pub fn recorder(&self, session: SessionId, limit: u64) -> Recorder {
        Recorder(Arc::new(Shared {
            inner: Arc::clone(&self.inner),
            org: self.org,
            session,
            limit,
            state: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
        }))
    }
}

/// The longest head of at most `bytes` bytes that ends between characters.
fn head_of(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
