//! The stream that an answer becomes when it is not ready at once: progress,
//! signs of life and the final message.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use gate::{Progress, ProgressState};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::running::{Ended, Running};

/// How often a stream speaks.
#[derive(Clone, Copy)]
struct Pace {
    /// Longest silence.
    silence: Duration,
    /// Time between two notifications of progress.
    progress: Duration,
}

/// The silence is a little less than the promised 15 seconds.
const PACE: Pace = Pace {
    silence: Duration::from_secs(14),
    progress: Duration::from_secs(10),
};

/// Reports the progress of one call under the client's token.
pub struct Reporter {
    /// The token as raw JSON.
    token: String,
    /// Keeps the sending half alive.
    _progress: Progress,
    state: watch::Receiver<ProgressState>,
    began: Instant,
    last_ms: u128,
    due: Instant,
    pace: Pace,
}

struct Events {
    running: Running,
    reporter: Option<Reporter>,
    spoke: Instant,
    stage: Stage,
    pace: Pace,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Opening,
    Open,
    Ended,
}

impl Reporter {
    /// Reports `progress` of a call that begins now under `token`, raw JSON.
    pub fn new(token: &str, progress: &Progress) -> Self {
        Self::at_pace(token, progress, PACE)
    }

    fn at_pace(token: &str, progress: &Progress, pace: Pace) -> Self {
        let now = Instant::now();
        Self {
            token: token.to_owned(),
            state: progress.follow(),
            _progress: progress.clone(),
            began: now,
            last_ms: 0,
            due: now + pace.progress,
            pace,
        }
    }

    /// Waits until there is something to report.
    async fn due(&mut self) {
        tokio::select! {
            changed = self.state.changed() => if changed.is_err() {
                sleep_until(self.due).await;
            },
            () = sleep_until(self.due) => {}
        }
    }

    /// The notification: elapsed seconds, strictly increasing.
    fn report(&mut self) -> String {
        let now = Instant::now();
        self.due = now + self.pace.progress;
        self.last_ms = (now - self.began).as_millis().max(self.last_ms + 1);
        let state = self.state.borrow_and_update();
        let total = state
            .total_seconds
            .map(|total| format!(",\"total\":{total}"));
        let message = match state.message.as_str() {
            "" => "running",
            message => message,
        };
        format!(
            "{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":\
             {{\"progressToken\":{},\"progress\":{}.{:03}{},\"message\":{}}}}}",
            self.token,
            self.last_ms / 1_000,
            self.last_ms % 1_000,
            total.unwrap_or_default(),
            serde_json::Value::from(message),
        )
    }
}

impl Events {
    async fn next(&mut self) -> Option<Bytes> {
        let written = match self.stage {
            Stage::Ended => return None,
            Stage::Opening => {
                self.stage = Stage::Open;
                match &mut self.reporter {
                    Some(reporter) => event(reporter.report().as_bytes()),
                    None => self.event_or_silence().await,
                }
            }
            Stage::Open => self.event_or_silence().await,
        };
        self.spoke = Instant::now();
        Some(written)
    }

    async fn event_or_silence(&mut self) -> Bytes {
        let silence = self.spoke + self.pace.silence;
        let reports = async {
            match &mut self.reporter {
                Some(reporter) => {
                    reporter.due().await;
                    reporter.report()
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            ended = &mut self.running => {
                self.stage = Stage::Ended;
                match ended {
                    Ended::Answered(message) | Ended::LacksScope { message, .. } => event(&message),
                }
            }
            report = reports => event(report.as_bytes()),
            () = sleep_until(silence) => Bytes::from_static(b": keep-alive\n\n"),
        }
    }
}

/// The answer of a call that is still under way.
pub fn of_call(running: Running, reporter: Option<Reporter>) -> Response {
    at_pace(running, reporter, PACE)
}

fn at_pace(running: Running, reporter: Option<Reporter>, pace: Pace) -> Response {
    let events = Events {
        running,
        reporter,
        spoke: Instant::now(),
        stage: Stage::Opening,
        pace,
    };
    response(Body::from_stream(stream::unfold(
        events,
        |mut events| async {
            let next = events.next().await?;
            Some((Ok::<_, std::convert::Infallible>(next), events))
        },
    )))
}

/// A stream of messages that are all there.
pub fn of_messages(messages: &[String]) -> Response {
    let events: Vec<u8> = messages
        .iter()
        .flat_map(|text| event(text.as_bytes()))
        .collect();
    response(Body::from(events))
}

fn response(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    // Asks reverse proxies of the nginx family not to hold the stream back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// One server-sent event. Compact JSON has no line breaks.
fn event(message: &[u8]) -> Bytes {
    let mut event = Vec::with_capacity(message.len() + 24);
    event.extend_from_slice(b"event: message\ndata: ");
    event.extend_from_slice(message);
    event.extend_from_slice(b"\n\n");
    Bytes::from(event)
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, StreamExt};
    use serde_json::Value;
    use tokio_util::sync::CancellationToken;

    use super::*;

    /// A tenth of a second stands for the ten seconds between signs of life.
    const QUICK: Pace = Pace {
        silence: Duration::from_millis(140),
        progress: Duration::from_millis(100),
    };

    fn sleeping(millis: u64) -> Running {
        let work = async move {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            Ended::Answered(b"{\"id\":1}".to_vec())
        };
        Running::new(work.boxed(), None)
    }

    async fn frames(response: Response) -> Vec<String> {
        let frames = response.into_body().into_data_stream();
        let frames = frames.map(|frame| String::from_utf8(frame.unwrap().to_vec()).unwrap());
        frames.collect().await
    }

    fn params(frame: &str) -> Value {
        let data = frame.strip_prefix("event: message\ndata: ").unwrap();
        let message: Value = serde_json::from_str(data.strip_suffix("\n\n").unwrap()).unwrap();
        assert_eq!(message["method"], "notifications/progress");
        message["params"].clone()
    }

    #[tokio::test]
    async fn silence_is_broken() {
        let response = at_pace(sleeping(400), None, QUICK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        let frames = frames(response).await;
        let last = "event: message\ndata: {\"id\":1}\n\n";
        assert_eq!(frames, [": keep-alive\n\n", ": keep-alive\n\n", last]);
        assert!(PACE.silence < Duration::from_secs(15));
    }

    #[tokio::test]
    async fn progress_comes_at_once_at_intervals_and_on_change() {
        let told = Progress::default();
        let reporter = Reporter::at_pace("\"tok\"", &told, QUICK);
        told.limit(3600);
        let later = told.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(150)).await;
            later.say("waiting for \"approval\"");
        });
        // At 0, 100, 150 (the change) and 250 milliseconds, then the answer.
        let frames = frames(at_pace(sleeping(310), Some(reporter), QUICK)).await;
        assert_eq!(frames.len(), 5, "{frames:?}");
        let mut last = 0.0;
        for (frame, state) in frames
            .iter()
            .zip(["running", "running", "waiting for \"approval\""])
        {
            let params = params(frame);
            assert_eq!(params["progressToken"], "tok");
            assert_eq!(params["total"], 3600);
            assert_eq!(params["message"], state);
            let progress = params["progress"].as_f64().unwrap();
            assert!(progress > last, "{frames:?}");
            last = progress;
        }
        assert!(frames[4].contains("{\"id\":1}"));
    }

    #[tokio::test]
    async fn a_dropped_stream_drops_its_call() {
        let token = CancellationToken::new();
        let work = std::future::pending().boxed();
        let response = of_call(Running::new(work, Some(token.clone())), None);
        drop(response);
        assert!(token.is_cancelled());
    }
}
