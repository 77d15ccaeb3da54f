//! Reaching a host: name, TCP, and how far an attempt came.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::net::{TcpStream, lookup_host};

use crate::{Fault, Stage};

/// Time that an address has to answer before the next one is tried beside it.
const HEAD_START: Duration = Duration::from_millis(250);
/// Milliseconds for which what was sent may stay without an answer of the
/// other system. Keep-alive probes do not see a peer that is gone while
/// something is on its way.
const UNHEARD: u32 = 30_000;

/// How far an attempt came; told when its time is over.
#[derive(Default)]
pub(crate) struct Reached(AtomicU8);

impl Reached {
    const STAGES: [Stage; 5] = [
        Stage::Resolve,
        Stage::Tcp,
        Stage::Tls,
        Stage::Auth,
        Stage::Ready,
    ];

    /// The attempt begins with `stage`.
    pub(crate) fn enter(&self, stage: Stage) {
        let place = Self::STAGES.iter().position(|known| *known == stage);
        let place = place.and_then(|place| u8::try_from(place).ok());
        self.0.store(place.unwrap_or(0), Ordering::Relaxed);
    }

    fn stage(&self) -> Stage {
        Self::STAGES[usize::from(self.0.load(Ordering::Relaxed)) % Self::STAGES.len()]
    }

    /// Gives `attempt` at most `limit`.
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        attempt: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        match tokio::time::timeout(limit, attempt).await {
            Ok(result) => result,
            Err(_) => {
                let stage = self.stage();
                let doing = match stage {
                    Stage::Agent | Stage::Resolve => "its name was not resolved",
                    Stage::Tcp => "it did not accept the connection",
                    Stage::Tls => "it did not answer the request for TLS",
                    Stage::Auth | Stage::Ready => "it did not answer the login",
                };
                let seconds = limit.as_secs_f64();
                let message = format!("the target was given up after {seconds:.1} s: {doing}");
                Err(Fault::timeout(stage, message))
            }
        }
    }
}

/// The addresses of a host. Errors name neither host nor port, which may be
/// sealed: every caller of a connection reads them.
pub(crate) async fn resolve(
    host: &str,
    port: u16,
    reached: &Reached,
) -> Result<Vec<SocketAddr>, Fault> {
    reached.enter(Stage::Resolve);
    let refuse = |message| Fault::unavailable(Stage::Resolve, message);
    let addresses: Vec<_> = lookup_host((host, port))
        .await
        .map_err(|_| refuse("the host of the connection is not known"))?
        .collect();
    if addresses.is_empty() {
        return Err(refuse("the host of the connection has no address"));
    }
    Ok(addresses)
}

/// Opens a TCP connection to the first of `addresses` that answers, without
/// delay for small writes and with probes for a peer that is gone. An address
/// that does not answer does not keep the next one waiting: RFC 8305.
pub(crate) async fn connect(
    addresses: &[SocketAddr],
    reached: &Reached,
) -> Result<TcpStream, Fault> {
    reached.enter(Stage::Tcp);
    let mut waiting = addresses.iter();
    let mut attempts = FuturesUnordered::new();
    let mut refusal = "the host of the connection has no address".to_owned();
    loop {
        if let Some(address) = waiting.next() {
            attempts.push(TcpStream::connect(*address));
        }
        let has_more = waiting.len() > 0;
        tokio::select! {
            answer = attempts.next() => match answer {
                Some(Ok(stream)) => {
                    prepare(&stream);
                    return Ok(stream);
                }
                Some(Err(error)) => {
                    refusal = format!("the host of the connection is not reachable: {error}");
                }
                None => return Err(Fault::unavailable(Stage::Tcp, refusal)),
            },
            () = tokio::time::sleep(HEAD_START), if has_more => {}
        }
    }
}

/// Opens a TCP connection to a host, as [`connect`] does.
pub(crate) async fn dial(host: &str, port: u16, reached: &Reached) -> Result<TcpStream, Fault> {
    let addresses = resolve(host, port, reached).await?;
    connect(&addresses, reached).await
}

/// Sets what can be set; a system that refuses still has a connection.
fn prepare(stream: &TcpStream) {
    use rustix::net::sockopt;
    let _ = stream.set_nodelay(true);
    let _ = sockopt::set_socket_keepalive(stream, true);
    let _ = sockopt::set_tcp_keepidle(stream, Duration::from_secs(60));
    let _ = sockopt::set_tcp_keepintvl(stream, Duration::from_secs(10));
    let _ = sockopt::set_tcp_user_timeout(stream, UNHEARD);
}

/// Why a TLS handshake failed. The library would tell the name that the
/// certificate was checked for.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) fn tls_refusal(error: &rustls::Error) -> String {
    use rustls::CertificateError as Certificate;
    match error {
        rustls::Error::InvalidCertificate(
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. },
        ) => "the certificate of the server is for another host".to_owned(),
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_that_does_not_answer_keeps_no_other_waiting() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap();
        // Its backlog is full: the system answers no more.
        let full = tokio::net::TcpSocket::new_v4().unwrap();
        full.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let full = full.listen(0).unwrap();
        let silent = full.local_addr().unwrap();
        let mut held = Vec::new();
        while let Ok(stream) =
            tokio::time::timeout(Duration::from_millis(300), TcpStream::connect(silent)).await
        {
            held.push(stream.unwrap());
        }
        let reached = Reached::default();
        let addresses = [silent, open];
        let dialing = connect(&addresses, &reached);
        let stream = reached.within(Duration::from_secs(20), dialing).await;
        let stream = stream.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), open);
        let unheard = rustix::net::sockopt::tcp_user_timeout(&stream);
        assert_eq!(unheard.unwrap(), UNHEARD);
    }
}
