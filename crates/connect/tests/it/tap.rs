//! Stands between a target and PostgreSQL, hears what is asked, and can ask
//! something in the same session itself, unheard by the target.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// A tap, shared by all sessions that go through it.
#[derive(Clone, Default)]
pub struct Tap(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    heard: String,
    whisper: Option<String>,
    is_hushed: bool,
}

impl Tap {
    /// Listens before the server at `port` of this machine; gives back the port
    /// to go to instead.
    pub async fn before(port: u16) -> (Self, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = listener.local_addr().unwrap().port();
        let tap = Self::default();
        let taps = tap.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                near.set_nodelay(true).unwrap();
                far.set_nodelay(true).unwrap();
                let (near_in, near_out) = near.into_split();
                let (far_in, far_out) = far.into_split();
                tokio::spawn(taps.clone().questions(near_in, far_out));
                tokio::spawn(taps.clone().answers(far_in, near_out));
            }
        });
        (tap, near)
    }

    /// The types of the messages that were sent since it was last asked, without
    /// those of the login.
    pub fn heard(&self) -> String {
        std::mem::take(&mut self.0.lock().heard)
    }

    /// Asks `script` before the next statement that is named. `{name}` in it is
    /// that name.
    pub fn whisper(&self, script: &str) {
        self.0.lock().whisper = Some(script.to_owned());
    }

    async fn questions(self, mut near: OwnedReadHalf, mut far: OwnedWriteHalf) {
        // The start has no type. One to cancel is the last of its stream.
        let Some(start) = message(&mut near, 0).await else {
            return;
        };
        let _ = far.write_all(&start).await;
        while let Some(message) = message(&mut near, 1).await {
            if message[0] != b'p' {
                self.0.lock().heard.push(char::from(message[0]));
            }
            let whisper = match name(&message) {
                Some(name) => self
                    .0
                    .lock()
                    .whisper
                    .take()
                    .map(|it| it.replace("{name}", name)),
                None => None,
            };
            if let Some(script) = whisper {
                self.0.lock().is_hushed = true;
                let length = u32::try_from(script.len() + 5).unwrap().to_be_bytes();
                let query = [b"Q", &length[..], script.as_bytes(), b"\0"].concat();
                let _ = far.write_all(&query).await;
            }
            let _ = far.write_all(&message).await;
        }
        let _ = far.shutdown().await;
    }

    /// Whether an answer is to the tap; `is_last` when it is the end of one.
    fn is_hushed(&self, is_last: bool) -> bool {
        let is_hushed = &mut self.0.lock().is_hushed;
        if is_last {
            return std::mem::take(is_hushed);
        }
        *is_hushed
    }

    async fn answers(self, mut far: OwnedReadHalf, mut near: OwnedWriteHalf) {
        while let Some(message) = message(&mut far, 1).await {
            let is_hushed = self.is_hushed(message[0] == b'Z');
            if !is_hushed {
                let _ = near.write_all(&message).await;
            }
        }
    }
}

/// The name of the statement that a message prepares or binds.
fn name(message: &[u8]) -> Option<&str> {
    let mut texts = message.get(5..)?.split(|byte| *byte == 0);
    let name = match message[0] {
        b'P' => texts.next()?,
        b'B' => texts.nth(1)?,
        _ => return None,
    };
    std::str::from_utf8(name)
        .ok()
        .filter(|name| !name.is_empty())
}

/// A message whose length stands behind `before` bytes.
async fn message(from: &mut (impl AsyncRead + Unpin), before: usize) -> Option<Vec<u8>> {
    let mut message = vec![0; before + 4];
    from.read_exact(&mut message).await.ok()?;
    let length: [u8; 4] = message[before..].try_into().unwrap();
    message.resize(before + u32::from_be_bytes(length) as usize, 0);
    from.read_exact(&mut message[before + 4..]).await.ok()?;
    Some(message)
}
