//! Reaching a host: name, TCP, and how far an attempt came.

use std::future::Future;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};

use crate::{Fault, Stage};

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

/// Opens a TCP connection, without delay for small writes and with
/// keep-alive probes.
pub(crate) async fn dial(host: &str, port: u16, reached: &Reached) -> Result<TcpStream, Fault> {
    reached.enter(Stage::Resolve);
    let addresses: Vec<_> = lookup_host((host, port))
        .await
        .map_err(|_| Fault::unavailable(Stage::Resolve, format!("the host `{host}` is not known")))?
        .collect();
    reached.enter(Stage::Tcp);
    let mut refusal = format!("the host `{host}` has no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                prepare(&stream);
                return Ok(stream);
            }
            Err(error) => refusal = format!("`{host}` port {port} is not reachable: {error}"),
        }
    }
    Err(Fault::unavailable(Stage::Tcp, refusal))
}

/// Sets what can be set; a system that refuses still has a connection.
fn prepare(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let _ = rustix::net::sockopt::set_socket_keepalive(stream, true);
    let _ = rustix::net::sockopt::set_tcp_keepidle(stream, Duration::from_secs(60));
    let _ = rustix::net::sockopt::set_tcp_keepintvl(stream, Duration::from_secs(10));
}
