//! Logging in to MySQL and MariaDB.

use std::sync::OnceLock;
use std::time::Duration;

use model::{ExposeSecret, SecretString, Tls};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, DriverError, Error, IoError, OptsBuilder, SslOpts};

use crate::authorities::{platform_authorities, read_authorities};
use crate::dial::{Reached, dial};
use crate::supervise::GRACE;
use crate::variables::Variables;
use crate::{Fault, Stage};

/// Longest packet that is read, as long as the longest PostgreSQL message.
const LONGEST: usize = 256 * 1024 * 1024;

/// What it takes to log in.
pub(super) struct Login {
    host: String,
    port: u16,
    user: String,
    password: SecretString,
    tls: Tls,
    roots: Option<String>,
    limit: String,
    protected: OnceLock<OptsBuilder>,
}

impl Login {
    /// Reads the variables; `limit` is the longest run time in seconds.
    pub(super) fn new(variables: Variables<'_>, limit: u32) -> Result<Self, Fault> {
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
            limit: time_limit(limit),
            protected: OnceLock::new(),
        })
    }

    /// Opens a session in `database`, within `limit`.
    pub(super) async fn open(&self, database: &str, limit: Duration) -> Result<Conn, Fault> {
        let reached = Reached::default();
        let opening = async {
            // The driver does not tell how far it came.
            drop(dial(&self.host, self.port, &reached).await?);
            reached.enter(Stage::Auth);
            let options = self.options(Some(database))?;
            self.connect(options).await.map_err(refused)
        };
        reached.within(limit, opening).await
    }

    /// Cancels what the session `id` runs, again and again: a script may have
    /// gone on to its next statement.
    pub(super) async fn cancel(&self, id: u32) {
        let Ok(options) = self.options(None) else {
            return;
        };
        let Ok(mut session) = self.connect(options).await else {
            return;
        };
        while session.query_drop(format!("KILL QUERY {id}")).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn connect(&self, options: OptsBuilder) -> mysql_async::Result<Conn> {
        match Conn::new(options.clone()).await {
            Err(Error::Driver(DriverError::NoClientSslFlagFromServer))
                if self.tls == Tls::Preferred =>
            {
                Conn::new(options.ssl_opts(None)).await
            }
            result => result,
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
            .max_allowed_packet(Some(LONGEST))
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
            Fault::unavailable(Stage::Tls, format!("the TLS handshake failed: {error}"))
        }
        Error::Io(IoError::Io(error)) if error.kind() == std::io::ErrorKind::InvalidData => {
            Fault::unavailable(Stage::Tls, format!("the TLS handshake failed: {error}"))
        }
        Error::Io(error) => Fault::unavailable(Stage::Auth, format!("the login failed: {error}")),
        _ => Fault::unavailable(
            Stage::Auth,
            "the server asks for a login method that is not supported",
        ),
    }
}
