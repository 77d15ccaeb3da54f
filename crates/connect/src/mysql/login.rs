//! Logging in to MySQL and MariaDB.

use std::error::Error as _;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use model::{ExposeSecret, Limits, SecretString, Tls};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, DriverError, Error, IoError, OptsBuilder, SslOpts};

use crate::authorities::{platform_authorities, read_authorities};
use crate::dial::{Reached, connect, resolve, tls_refusal};
use crate::pools::longest_message;
use crate::supervise::GRACE;
use crate::variables::Variables;
use crate::{Fault, Stage};

/// Longest packet that a script may need, however little is answered.
const SCRIPT: u64 = 16 * 1024 * 1024;

/// Time between two attempts to cancel.
const PAUSE: Duration = Duration::from_millis(100);
/// Longest time for the login of one of them.
const PATIENCE: Duration = Duration::from_secs(3);
/// Longest time to say farewell.
const FAREWELL: Duration = Duration::from_secs(1);

/// A logged-in session.
pub(super) struct Session {
    /// The driver's session.
    pub(super) conn: Conn,
    /// Where the server is.
    pub(super) peer: SocketAddr,
}

/// Why there is no session.
enum Refused {
    Here(Fault),
    Driver(Error),
}

/// What it takes to log in.
pub(super) struct Login {
    host: String,
    port: u16,
    user: String,
    password: SecretString,
    tls: Tls,
    roots: Option<String>,
    limit: String,
    longest: usize,
    protected: OnceLock<OptsBuilder>,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Driver(error)
    }
}

impl Session {
    /// Says farewell. A session that is merely dropped is first read to the
    /// end of its result, however long that is.
    pub(super) async fn close(self) {
        let _ = tokio::time::timeout(FAREWELL, self.conn.disconnect()).await;
    }
}

impl Login {
    /// Reads the variables.
    pub(super) fn new(variables: Variables<'_>, limits: Limits) -> Result<Self, Fault> {
        variables.required("PASS")?;
        // The driver takes the provider of the process.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Ok(Self {
            host: variables.required("HOST")?.to_owned(),
            port: variables.port(3306)?,
            user: variables.required("USER")?.to_owned(),
            password: variables.secret("PASS").cloned().unwrap_or_default(),
            tls: variables.ssl_mode()?,
            roots: variables.text("SSLROOTCERT").map(str::to_owned),
            limit: time_limit(limits.timeout_seconds),
            longest: usize::try_from(longest_message(limits).max(SCRIPT)).unwrap_or(usize::MAX),
            protected: OnceLock::new(),
        })
    }

    /// Opens a session in `database`, within `limit`.
    pub(super) async fn open(&self, database: &str, limit: Duration) -> Result<Session, Fault> {
        let reached = Reached::default();
        let opening = async {
            let addresses = resolve(&self.host, self.port, &reached).await?;
            let share = limit / u32::try_from(addresses.len()).unwrap_or(1).max(1);
            let mut addresses = addresses.into_iter().peekable();
            while let Some(peer) = addresses.next() {
                let attempt = self.open_at(peer, database, share, &reached);
                if addresses.peek().is_none() {
                    return attempt.await;
                }
                match tokio::time::timeout(share, attempt).await {
                    Err(_) => {}
                    Ok(Err(fault)) if fault.stage == Stage::Tcp => {}
                    Ok(opened) => return opened,
                }
            }
            let message = "the host of the connection has no address";
            Err(Fault::unavailable(Stage::Resolve, message))
        };
        reached.within(limit, opening).await
    }

    /// Opens a session at one address, for which there is about `share`.
    ///
    /// The driver does not tell how far it came. A connection of one's own
    /// does, but servers count one without a login as an error of this host:
    /// it is made only when something is wrong.
    async fn open_at(
        &self,
        peer: SocketAddr,
        database: &str,
        share: Duration,
        reached: &Reached,
    ) -> Result<Session, Fault> {
        reached.enter(Stage::Auth);
        let login = self.connect(peer, Some(database));
        tokio::pin!(login);
        let login = match tokio::time::timeout(share / 2, &mut login).await {
            Ok(login) => login,
            Err(_) => {
                drop(connect(&[peer], reached).await?);
                reached.enter(Stage::Auth);
                login.await
            }
        };
        match login {
            Ok(conn) => Ok(Session { conn, peer }),
            Err(Refused::Driver(error)) => {
                if matches!(error, Error::Io(IoError::Io(_))) {
                    drop(connect(&[peer], reached).await?);
                }
                Err(refused(error))
            }
            Err(Refused::Here(fault)) => Err(fault),
        }
    }

    /// Cancels what the session `id` at `peer` runs, again and again: a script
    /// may have gone on to its next statement, and a login may be refused for
    /// a while.
    pub(super) async fn cancel(&self, id: u32, peer: SocketAddr) {
        loop {
            let connecting = self.connect(peer, None);
            if let Ok(Ok(mut session)) = tokio::time::timeout(PATIENCE, connecting).await {
                while session.query_drop(format!("KILL QUERY {id}")).await.is_ok() {
                    tokio::time::sleep(PAUSE).await;
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Ends the session `id` at `peer`.
    pub(super) async fn kill(&self, id: u32, peer: SocketAddr) {
        let killing = async {
            let mut session = self.connect(peer, None).await.ok()?;
            session.query_drop(format!("KILL {id}")).await.ok()?;
            session.disconnect().await.ok()
        };
        if !matches!(tokio::time::timeout(GRACE, killing).await, Ok(Some(()))) {
            tracing::warn!("a run that did not end could not be ended at its server either");
        }
    }

    async fn connect(&self, peer: SocketAddr, database: Option<&str>) -> Result<Conn, Refused> {
        let options = self.options(database).map_err(Refused::Here)?;
        let options = options.resolved_ips(Some(vec![peer.ip()]));
        match Conn::new(options.clone()).await {
            Err(Error::Driver(DriverError::NoClientSslFlagFromServer))
                if self.tls == Tls::Preferred =>
            {
                // The driver would send the password, encrypted with whatever
                // key it is told: to anybody who stands in between.
                if !peer.ip().to_canonical().is_loopback() {
                    return Err(Refused::Here(Fault::unavailable(
                        Stage::Tls,
                        "the server offers no TLS, and the password is not sent to another host \
                         without; `SSLMODE=disable` asks for it",
                    )));
                }
                Ok(Conn::new(options.ssl_opts(None)).await?)
            }
            result => Ok(result?),
        }
    }

    /// Options of a session. What they hold for TLS is made once: the driver
    /// keeps its connector there.
    fn options(&self, database: Option<&str>) -> Result<OptsBuilder, Fault> {
        let options = match self.protected.get() {
            Some(protected) => protected.clone(),
            None => {
                let made = OptsBuilder::default().ssl_opts(self.protection()?);
                self.protected.get_or_init(|| made).clone()
            }
        };
        Ok(options
            .ip_or_hostname(self.host.clone())
            .tcp_port(self.port)
            .user(Some(self.user.clone()))
            .pass(Some(self.password.expose_secret().to_owned()))
            .db_name(database.map(str::to_owned))
            .prefer_socket(false)
            .tcp_keepalive(Some(Duration::from_secs(60)))
            .stmt_cache_size(0)
            .max_allowed_packet(Some(self.longest))
            .setup(vec![self.limit.clone()]))
    }

    /// Trusts the authorities of `SSLROOTCERT`, or else those of this machine;
    /// never those that the driver brings along.
    fn protection(&self) -> Result<Option<SslOpts>, Fault> {
        let protection = SslOpts::default();
        if self.tls == Tls::Off {
            return Ok(None);
        }
        if self.tls == Tls::Unverified {
            let protection = protection
                .with_danger_accept_invalid_certs(true)
                .with_danger_skip_domain_validation(true);
            return Ok(Some(protection));
        }
        let authorities = match &self.roots {
            Some(pem) => read_authorities(pem)?,
            None => platform_authorities(),
        };
        let authorities = authorities
            .iter()
            .map(|authority| authority.to_vec().into());
        Ok(Some(
            protection
                .with_root_certs(authorities.collect())
                .with_disable_built_in_roots(true),
        ))
    }
}

/// Limits the time of a statement at the server too, should this end be gone.
/// MariaDB reads the first comment only, MySQL the second.
fn time_limit(seconds: u32) -> String {
    let seconds = u64::from(seconds) + GRACE.as_secs();
    format!(
        "SET SESSION sql_mode = @@sql_mode /*M!100101 , max_statement_time = {seconds} */ \
         /*!50708 , max_execution_time = {seconds}000 */"
    )
}

/// Why a login failed; the server's own words hold no secrets.
fn refused(error: Error) -> Fault {
    match error {
        Error::Server(error) => Fault::unavailable(
            Stage::Auth,
            format!("the server refused the login: {}", error.message),
        ),
        Error::Driver(DriverError::NoClientSslFlagFromServer) => Fault::unavailable(
            Stage::Tls,
            "the server offers no TLS but the connection's `SSLMODE` asks for it",
        ),
        Error::Io(IoError::Tls(error)) => {
            let reason = match error.source().and_then(|cause| cause.downcast_ref()) {
                Some(cause) => tls_refusal(cause),
                None => error.to_string(),
            };
            Fault::unavailable(Stage::Tls, format!("the TLS handshake failed: {reason}"))
        }
        Error::Io(IoError::Io(error)) if error.kind() == std::io::ErrorKind::InvalidData => {
            let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
            let reason = cause.map_or_else(|| error.to_string(), tls_refusal);
            Fault::unavailable(Stage::Tls, format!("the TLS handshake failed: {reason}"))
        }
        Error::Io(error) => Fault::unavailable(Stage::Auth, format!("the login failed: {error}")),
        _ => Fault::unavailable(
            Stage::Auth,
            "the server asks for a login method that is not supported",
        ),
    }
}
