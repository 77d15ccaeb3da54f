//! Connections of the listener: how many there may be, and how long a silent one
//! is kept.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum_server::accept::{Accept, NoDelayAcceptor};
use axum_server::{Handle, Server};
use hyper_util::rt::TokioTimer;
use rustix::process::{Resource, getrlimit};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

use crate::settings::Settings;
use crate::tls;

/// Most connections, where the process may have that many files open.
const CONNECTIONS: u64 = 4_096;

/// How long a connection may take to say what it speaks.
const FIRST_BYTES: Duration = Duration::from_secs(10);

/// How long the head of a request may take. It counts from the answer before on,
/// so it is also for how long an idle connection is kept: longer than reverse
/// proxies keep theirs (60 seconds), or they would send requests into the end.
const HEAD: Duration = Duration::from_secs(75);

/// How often a silent HTTP/2 connection is asked whether it is alive.
const PING: Duration = Duration::from_secs(20);

/// Most requests at a time on one HTTP/2 connection.
const STREAMS: u32 = 128;

/// How every HTTP/2 connection begins (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The task that serves.
pub(crate) type Serving = tokio::task::JoinHandle<io::Result<()>>;

/// Serves the doors. A small answer must not wait for the next (Nagle), hence
/// no delay.
///
/// # Errors
/// When the certificate cannot be used.
pub(crate) async fn listen(
    settings: &Settings,
    listener: TcpListener,
    app: Router,
    handle: Handle<SocketAddr>,
) -> Result<Serving, String> {
    let said = |error: io::Error| error.to_string();
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    match &settings.tls {
        None => {
            let server = axum_server::from_tcp(listener).map_err(said)?;
            let mut server = server.acceptor(Guarded::new(NoDelayAcceptor::new()));
            bound(&mut server);
            Ok(tokio::spawn(server.handle(handle).serve(service)))
        }
        Some(files) => {
            let config = tls::load(files).await?;
            tokio::spawn(tls::follow(files.clone(), config.clone()));
            let server = axum_server::from_tcp_rustls(listener, config).map_err(said)?;
            let mut server = server.map(|tls| Guarded::new(tls.acceptor(NoDelayAcceptor::new())));
            bound(&mut server);
            Ok(tokio::spawn(server.handle(handle).serve(service)))
        }
    }
}

fn bound<A>(server: &mut Server<SocketAddr, A>) {
    let http = server.http_builder();
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD);
    http.http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .max_concurrent_streams(STREAMS);
}

/// Accepts connections while there is a place for them, and closes the others:
/// one that waits for a place would hold a file as well.
#[derive(Clone)]
struct Guarded<A> {
    inner: A,
    places: Arc<Semaphore>,
    patience: Duration,
}

impl<A> Guarded<A> {
    fn new(inner: A) -> Self {
        // Runs, the store and recordings need files too.
        let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let places = usize::try_from(CONNECTIONS.min(files / 2)).unwrap_or(usize::MAX);
        Self::with(inner, places, FIRST_BYTES)
    }

    fn with(inner: A, places: usize, patience: Duration) -> Self {
        Self {
            inner,
            places: Arc::new(Semaphore::new(places)),
            patience,
        }
    }
}

type Accepting<I, S> = Pin<Box<dyn Future<Output = io::Result<(Guest<I>, S)>> + Send>>;

impl<A, S> Accept<TcpStream, S> for Guarded<A>
where
    A: Accept<TcpStream, S>,
    A::Future: Send + 'static,
    A::Stream: Send,
    A::Service: Send,
{
    type Stream = Guest<A::Stream>;
    type Service = A::Service;
    type Future = Accepting<A::Stream, A::Service>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let accepted = self.inner.accept(stream, service);
        let patience = self.patience;
        Box::pin(async move {
            let place = place.map_err(|_| {
                metrics::counter!("drawgate_connections_refused_total").increment(1);
                io::Error::other("too many connections")
            })?;
            let (stream, service) = accepted.await?;
            let guest = Guest {
                stream,
                opening: Some(Opening {
                    matched: 0,
                    end: Box::pin(tokio::time::sleep(patience)),
                }),
                _place: place,
            };
            Ok((guest, service))
        })
    }
}

/// A connection with its place.
struct Guest<I> {
    stream: I,
    opening: Option<Opening>,
    _place: OwnedSemaphorePermit,
}

/// A connection that has not said what it speaks: nothing came, or a part of the
/// preface of HTTP/2, which is waited for without a limit.
struct Opening {
    matched: usize,
    end: Pin<Box<Sleep>>,
}

impl Opening {
    /// Whether these bytes leave it open what is spoken.
    fn is_open_after(&mut self, bytes: &[u8]) -> bool {
        let rest = &PREFACE[self.matched..];
        self.matched += bytes.len();
        rest.len() > bytes.len() && rest.starts_with(bytes)
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Guest<I> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        let Some(opening) = &mut this.opening else {
            return read;
        };
        if read.is_ready() {
            if !opening.is_open_after(&buffer.filled()[before..]) {
                this.opening = None;
            }
            return read;
        }
        match opening.end.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Guest<I> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    async fn pair(guarded: &Guarded<NoDelayAcceptor>) -> (TcpStream, io::Result<Guest<TcpStream>>) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await;
        let (stream, _) = listener.accept().await.unwrap();
        let accepted = guarded.accept(stream, ()).await;
        (client.unwrap(), accepted.map(|(guest, ())| guest))
    }

    #[tokio::test]
    async fn a_connection_without_a_place_is_closed_and_a_place_is_given_back() {
        let guarded = Guarded::with(NoDelayAcceptor::new(), 1, FIRST_BYTES);
        let (_client, first) = pair(&guarded).await;
        let first = first.unwrap();
        let (mut refused, second) = pair(&guarded).await;
        assert!(second.is_err());
        assert_eq!(refused.read(&mut [0; 8]).await.unwrap_or(0), 0);
        drop(first);
        assert!(pair(&guarded).await.1.is_ok());
    }

    #[tokio::test]
    async fn who_does_not_say_what_it_speaks_is_not_kept() {
        let guarded = Guarded::with(NoDelayAcceptor::new(), 9, Duration::from_millis(20));
        for (said, is_kept) in [("", false), ("PRI * HT", false), ("G", true)] {
            let (mut client, guest) = pair(&guarded).await;
            let mut guest = guest.unwrap();
            client.write_all(said.as_bytes()).await.unwrap();
            let mut heard = vec![0; said.len()];
            guest.read_exact(&mut heard).await.unwrap();
            assert_eq!(heard, said.as_bytes());
            assert_eq!(guest.opening.is_none(), is_kept);
            if !is_kept {
                let end = guest.read(&mut [0; 8]).await;
                assert_eq!(end.unwrap_err().kind(), io::ErrorKind::TimedOut);
            }
        }
    }

    #[tokio::test]
    async fn a_whole_preface_says_what_is_spoken() {
        let mut opening = Opening {
            matched: 0,
            end: Box::pin(tokio::time::sleep(FIRST_BYTES)),
        };
        assert!(opening.is_open_after(&PREFACE[..10]));
        assert!(opening.is_open_after(b""));
        assert!(opening.is_open_after(&PREFACE[10..23]));
        assert!(!opening.is_open_after(&PREFACE[23..]));
    }
}
