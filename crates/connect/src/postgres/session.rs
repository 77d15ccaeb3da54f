//! A session: messages in and out.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::BytesMut;
use postgres_protocol::message::backend::{Header, Message};
use postgres_protocol::message::frontend;
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::clean::Care;
use super::place::{Stream, Wire};
use super::prepared::Prepared;

/// Longest message that is read until the login says otherwise.
const LONGEST: i32 = 64 * 1024;
/// A buffer that grew beyond this is not kept.
const KEPT: usize = 256 * 1024;

/// A logged-in session.
pub(super) struct Session {
    stream: Box<dyn Stream>,
    input: BytesMut,
    /// Address of the server, or of what stands before it.
    pub(super) peer: Option<SocketAddr>,
    /// What cancels its queries.
    pub(super) key: Key,
    /// Transaction status of the last `ReadyForQuery`: `I` is idle.
    pub(super) status: u8,
    /// `server_version`.
    pub(super) version: Option<String>,
    /// Longest message that is read.
    pub(super) longest: i32,
    /// Whether something could not be sent: the system did not take all of it.
    pub(super) is_unsent: bool,
    /// Whether it was kept since an earlier run.
    pub(super) is_kept: bool,
    /// What its cleaning remembers.
    pub(super) care: Care,
    /// Its prepared statements.
    pub(super) prepared: Prepared,
    /// Whether its last run surely left nothing in it.
    pub(super) is_spotless: bool,
    /// Whether settings are missing from its start.
    pub(super) is_bare: bool,
    /// Whether it must not be used again.
    pub(super) is_broken: bool,
}

/// What a server needs to cancel a query of a session.
#[derive(Clone, Copy, Default)]
pub(super) struct Key {
    /// Process of the session.
    pub(super) process: i32,
    /// Proof that the session is one's own.
    pub(super) secret: i32,
}

impl Session {
    /// A session whose login is still to come.
    pub(super) fn new(wire: Wire) -> Self {
        Self {
            stream: wire.stream,
            peer: wire.peer,
            input: BytesMut::with_capacity(16 * 1024),
            key: Key::default(),
            status: b'I',
            version: None,
            longest: LONGEST,
            is_unsent: false,
            is_kept: false,
            care: Care::default(),
            prepared: Prepared::default(),
            is_spotless: false,
            is_bare: false,
            is_broken: false,
        }
    }

    /// Sends messages.
    pub(super) async fn send(&mut self, messages: &[u8]) -> io::Result<()> {
        self.is_unsent = true;
        self.stream.write_all(messages).await?;
        self.stream.flush().await?;
        self.is_unsent = false;
        Ok(())
    }

    /// The next message that matters to the caller.
    pub(super) async fn receive(&mut self) -> io::Result<Message> {
        loop {
            let message = self.next().await?;
            match &message {
                Message::ParameterStatus(body) => {
                    if body.name()? == "server_version" {
                        self.version = Some(body.value()?.to_owned());
                    }
                    continue;
                }
                Message::BackendKeyData(body) => {
                    self.key = Key {
                        process: body.process_id(),
                        secret: body.secret_key(),
                    };
                    continue;
                }
                Message::NotificationResponse(_) => continue,
                Message::ReadyForQuery(body) => self.status = body.status(),
                _ => {}
            }
            return Ok(message);
        }
    }

    async fn next(&mut self) -> io::Result<Message> {
        loop {
            // Before parsing, which makes room for the whole message.
            if let Some(header) = Header::parse(&self.input)?
                && header.len() > self.longest
            {
                let text = "a message of the server is too long";
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
            if let Some(message) = Message::parse(&mut self.input)? {
                return Ok(message);
            }
            if self.stream.read_buf(&mut self.input).await? == 0 {
                let text = "the server closed the session";
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, text));
            }
        }
    }

    /// Runs statements whose results do not matter, each in a transaction of its
    /// own. They are sent together; one that is refused does not stop the next.
    pub(super) async fn order(&mut self, statements: &[&str]) -> io::Result<()> {
        let mut messages = BytesMut::new();
        for statement in statements {
            frontend::query(statement, &mut messages)?;
        }
        self.send(&messages).await?;
        let mut outcome = Ok(());
        let mut left = statements.len();
        while left > 0 {
            match self.receive().await? {
                Message::ErrorResponse(_) => {
                    outcome = Err(io::Error::other("the server refused to set up the session"));
                }
                Message::ReadyForQuery(_) => left -= 1,
                _ => {}
            }
        }
        outcome
    }

    /// Whether an idle session is still usable: the server said nothing,
    /// neither a farewell nor the end of the stream. The socket is asked
    /// itself, for the runtime may not have heard yet.
    pub(super) fn is_alive(&self) -> bool {
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        let mut byte = [0_u8; 1];
        let heard = recv(self.stream.socket(), &mut byte, flags);
        self.input.is_empty() && matches!(heard, Err(Errno::AGAIN))
    }

    /// Whether the server still answers, for which it has `limit`.
    pub(super) async fn answers(&mut self, limit: Duration) -> bool {
        let asking = async {
            let mut message = BytesMut::new();
            frontend::sync(&mut message);
            self.send(&message).await?;
            loop {
                if matches!(self.receive().await?, Message::ReadyForQuery(_)) {
                    return io::Result::Ok(());
                }
            }
        };
        matches!(tokio::time::timeout(limit, asking).await, Ok(Ok(())))
    }

    /// Gives back what a big answer took.
    pub(super) fn shrink(&mut self) {
        if self.input.is_empty() && self.input.capacity() > KEPT {
            self.input = BytesMut::with_capacity(16 * 1024);
        }
    }

    /// Says farewell.
    pub(super) async fn close(mut self) {
        let mut message = BytesMut::new();
        frontend::terminate(&mut message);
        let _ = self.send(&message).await;
        let _ = self.stream.shutdown().await;
    }
}
