//! Where a server is, and opening a protected stream to it.

use std::net::SocketAddr;
use std::sync::OnceLock;

use bytes::BytesMut;
use model::Tls;
use postgres_protocol::message::frontend;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::dial::{Reached, connect, dial, tls_refusal};
use crate::tls::connector;
use crate::variables::Variables;
use crate::{Fault, Stage};

/// Host, port and how the traffic is protected.
pub(super) struct Place {
    host: String,
    port: u16,
    tls: Tls,
    roots: Option<String>,
    connector: OnceLock<TlsConnector>,
}

/// A stream to the server.
pub(super) struct Wire {
    /// The stream.
    pub(super) stream: Box<dyn Stream>,
    /// Where it leads to.
    pub(super) peer: Option<SocketAddr>,
    /// Whether nobody on the way can read it.
    pub(super) is_private: bool,
}

/// A TCP or TLS stream.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {
    /// The socket below.
    fn socket(&self) -> &TcpStream;
}

impl Stream for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Stream for TlsStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref().0
    }
}

impl Place {
    /// Reads `HOST`, `PORT`, `SSLMODE` and `SSLROOTCERT`.
    pub(super) fn new(variables: Variables<'_>) -> Result<Self, Fault> {
        Ok(Self {
            host: variables.required("HOST")?.to_owned(),
            port: variables.port(5432)?,
            tls: variables.ssl_mode()?,
            roots: variables.text("SSLROOTCERT").map(str::to_owned),
            connector: OnceLock::new(),
        })
    }

    /// Opens a stream, with TLS as `SSLMODE` asks.
    pub(super) async fn open(&self, reached: &Reached) -> Result<Wire, Fault> {
        let plain = dial(&self.host, self.port, reached).await?;
        self.protect(plain, reached).await
    }

    /// Opens one more stream to the server at `peer`: another look at the name
    /// of a host may give another server.
    pub(super) async fn open_at(&self, peer: SocketAddr) -> Result<Wire, Fault> {
        let reached = Reached::default();
        let plain = connect(&[peer], &reached).await?;
        self.protect(plain, &reached).await
    }

    async fn protect(&self, mut plain: TcpStream, reached: &Reached) -> Result<Wire, Fault> {
        let peer = plain.peer_addr().ok();
        let is_local = peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback());
        if self.tls != Tls::Off {
            reached.enter(Stage::Tls);
            if offers_tls(&mut plain).await? {
                return Ok(Wire {
                    stream: Box::new(self.encrypt(plain).await?),
                    peer,
                    is_private: true,
                });
            }
            if self.tls != Tls::Preferred {
                return Err(Fault::unavailable(
                    Stage::Tls,
                    "the server offers no TLS but the connection's `SSLMODE` asks for it",
                ));
            }
        }
        Ok(Wire {
            stream: Box::new(plain),
            peer,
            is_private: is_local,
        })
    }

    async fn encrypt(&self, plain: TcpStream) -> Result<TlsStream<TcpStream>, Fault> {
        let connector = match self.connector.get() {
            Some(connector) => connector.clone(),
            None => {
                let made = connector(self.tls, self.roots.as_deref())?;
                self.connector.get_or_init(|| made).clone()
            }
        };
        let name = ServerName::try_from(self.host.clone()).map_err(|_| {
            Fault::invalid(Stage::Tls, "the connection's `HOST` is not a host name")
        })?;
        connector.connect(name, plain).await.map_err(|error| {
            let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
            let reason = cause.map_or_else(|| error.to_string(), tls_refusal);
            Fault::unavailable(Stage::Tls, format!("the TLS handshake failed: {reason}"))
        })
    }
}

/// Asks for TLS: PostgreSQL's `SSLRequest`. Exactly one byte is read, so that
/// nothing sent before the handshake counts as said after it.
async fn offers_tls(stream: &mut TcpStream) -> Result<bool, Fault> {
    let refuse = |error: std::io::Error| {
        Fault::unavailable(Stage::Tls, format!("the request for TLS failed: {error}"))
    };
    let mut request = BytesMut::new();
    frontend::ssl_request(&mut request);
    stream.write_all(&request).await.map_err(refuse)?;
    match stream.read_u8().await.map_err(refuse)? {
        b'S' => Ok(true),
        b'N' => Ok(false),
        _ => Err(Fault::unavailable(
            Stage::Tls,
            "the server answers the request for TLS like no PostgreSQL server",
        )),
    }
}
