//! Logging in: startup and authentication.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use model::{ExposeSecret, Limits, SecretString};
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{AuthenticationSaslBody, Message};
use postgres_protocol::message::frontend;

use super::place::{Place, Wire};
use super::prepared::Prepared;
use super::report::Report;
use super::session::{Key, Session};
use crate::dial::Reached;
use crate::pools::longest_message;
use crate::supervise::GRACE;
use crate::variables::Variables;
use crate::{Fault, Stage};

/// Time between two requests to cancel.
const PAUSE: Duration = Duration::from_millis(200);
/// Longest time for one of them.
const PATIENCE: Duration = Duration::from_secs(3);

/// What it takes to log in.
pub(super) struct Login {
    place: Place,
    user: String,
    password: SecretString,
    statement_timeout: String,
    longest: i32,
    /// Whether prepared statements last at the server, as far as is known.
    prepared_lasts: Arc<AtomicBool>,
}

/// A login in progress.
struct Attempt<'a> {
    login: &'a Login,
    session: Session,
    is_private: bool,
    out: BytesMut,
    /// Whether the start was refused for its settings.
    offers_less: bool,
}

impl Login {
    /// Reads the variables.
    pub(super) fn new(variables: Variables<'_>, limits: Limits) -> Result<Self, Fault> {
        variables.required("PASS")?;
        Ok(Self {
            place: Place::new(variables)?,
            user: variables.required("USER")?.to_owned(),
            password: variables.secret("PASS").cloned().unwrap_or_default(),
            statement_timeout: format!("{}s", limits.timeout_seconds),
            longest: i32::try_from(longest_message(limits)).unwrap_or(i32::MAX),
            prepared_lasts: Arc::new(AtomicBool::new(true)),
        })
    }

    /// Opens a session in `database`.
    pub(super) async fn open(&self, database: &str, reached: &Reached) -> Result<Session, Fault> {
        let wire = self.place.open(reached).await?;
        reached.enter(Stage::Auth);
        match self.start(wire, database, true).await? {
            Some(session) => Ok(session),
            // What is not asked for at the start is set afterwards.
            None => {
                let wire = self.place.open(reached).await?;
                reached.enter(Stage::Auth);
                self.start_bare(wire, database).await
            }
        }
    }

    /// Logs in over `wire`; `None` when something between here and the server
    /// does not pass `settings` on.
    async fn start(
        &self,
        wire: Wire,
        database: &str,
        settings: bool,
    ) -> Result<Option<Session>, Fault> {
        let mut attempt = Attempt {
            login: self,
            is_private: wire.is_private,
            session: Session::new(wire),
            out: BytesMut::new(),
            offers_less: false,
        };
        attempt.session.longest = self.longest;
        // Whatever does not pass settings on keeps no statements either.
        if settings {
            attempt.session.prepared = Prepared::new(Arc::clone(&self.prepared_lasts));
        }
        match attempt.start(database, settings).await {
            Ok(()) => Ok(Some(attempt.session)),
            Err(_) if settings && attempt.offers_less => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    async fn start_bare(&self, wire: Wire, database: &str) -> Result<Session, Fault> {
        let refused =
            || Fault::unavailable(Stage::Auth, "the server refused to set up the session");
        let session = self.start(wire, database, false).await?;
        let mut session = session.ok_or_else(refused)?;
        session.is_bare = true;
        self.set_up(&mut session).await.map_err(lost)?;
        Ok(session)
    }

    /// Sets what the start of a session could not.
    pub(super) async fn set_up(&self, session: &mut Session) -> io::Result<()> {
        let settings = self.settings();
        let [one, two, three] = settings.map(|(name, value)| format!("SET {name} = '{value}'"));
        session.order(&[&one, &two, &three]).await
    }

    /// Settings beyond those that every pooler passes on.
    fn settings(&self) -> [(&str, &str); 3] {
        [
            // Servers before version 12 round otherwise; to later ones it is
            // the same as their default.
            ("extra_float_digits", "3"),
            ("bytea_output", "hex"),
            ("statement_timeout", self.statement_timeout.as_str()),
        ]
    }

    /// Asks the server at `peer` to cancel what the session of `key` runs,
    /// again and again: a script may catch it or go on to its next statement.
    pub(super) async fn cancel(&self, key: Key, peer: Option<SocketAddr>) {
        let Some(peer) = peer else {
            return;
        };
        loop {
            let _ = tokio::time::timeout(PATIENCE, self.cancel_once(key, peer)).await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The server closes the stream when it took note.
    async fn cancel_once(&self, key: Key, peer: SocketAddr) {
        let Ok(wire) = self.place.open_at(peer).await else {
            return;
        };
        let mut message = BytesMut::new();
        frontend::cancel_request(key.process, key.secret, &mut message);
        let mut session = Session::new(wire);
        if session.send(&message).await.is_ok() {
            let _ = session.receive().await;
        }
    }

    /// Ends the session of `key` at the server at `peer`, from `database`. A
    /// login may be refused for a while.
    pub(super) async fn terminate(&self, key: Key, peer: SocketAddr, database: &str) {
        let ending = async {
            while self.terminate_once(key, peer, database).await.is_none() {
                tokio::time::sleep(PAUSE).await;
            }
        };
        if tokio::time::timeout(GRACE, ending).await.is_err() {
            tracing::warn!("a run that did not end could not be ended at its server either");
        }
    }

    async fn terminate_once(&self, key: Key, peer: SocketAddr, database: &str) -> Option<()> {
        let wire = self.place.open_at(peer).await.ok()?;
        let mut session = match self.start(wire, database, true).await.ok()? {
            Some(session) => session,
            None => {
                let wire = self.place.open_at(peer).await.ok()?;
                self.start_bare(wire, database).await.ok()?
            }
        };
        let process = key.process;
        let order = format!("SELECT pg_catalog.pg_terminate_backend({process})");
        let ended = session.order(&[&order]).await;
        session.close().await;
        ended.ok()
    }
}

impl Attempt<'_> {
    async fn start(&mut self, database: &str, settings: bool) -> Result<(), Fault> {
        let mut parameters = vec![
            ("user", self.login.user.as_str()),
            ("database", database),
            ("application_name", "drawgate"),
            ("client_encoding", "UTF8"),
            ("DateStyle", "ISO"),
        ];
        if settings {
            parameters.extend(self.login.settings());
        }
        if parameters.iter().any(|(_, value)| value.contains('\0')) {
            return Err(Fault::invalid(
                Stage::Auth,
                "the name of the database or user contains a NUL character",
            ));
        }
        frontend::startup_message(parameters, &mut self.out).map_err(lost)?;
        self.flush().await?;
        loop {
            match self.receive().await? {
                Message::AuthenticationOk | Message::NoticeResponse(_) => {}
                Message::AuthenticationCleartextPassword => {
                    if !self.is_private {
                        return Err(Fault::unavailable(
                            Stage::Auth,
                            "the server asks for the password in clear text without TLS",
                        ));
                    }
                    self.answer(self.login.password.expose_secret().as_bytes())
                        .await?;
                }
                Message::AuthenticationMd5Password(body) => {
                    let hash = md5_hash(
                        self.login.user.as_bytes(),
                        self.login.password.expose_secret().as_bytes(),
                        body.salt(),
                    );
                    self.answer(hash.as_bytes()).await?;
                }
                Message::AuthenticationSasl(body) => self.scram(&body).await?,
                Message::ReadyForQuery(_) => return Ok(()),
                _ => {
                    return Err(Fault::unavailable(
                        Stage::Auth,
                        "the server asks for a login method other than a password",
                    ));
                }
            }
        }
    }

    /// SCRAM-SHA-256, RFC 7677.
    async fn scram(&mut self, body: &AuthenticationSaslBody) -> Result<(), Fault> {
        let offered = body
            .mechanisms()
            .any(|name| Ok(name == SCRAM_SHA_256))
            .map_err(lost)?;
        if !offered {
            return Err(Fault::unavailable(
                Stage::Auth,
                "the server offers no SCRAM-SHA-256 login",
            ));
        }
        let password = self.login.password.expose_secret().as_bytes();
        let mut scram = ScramSha256::new(password, ChannelBinding::unsupported());
        frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), &mut self.out)
            .map_err(lost)?;
        self.flush().await?;
        let Message::AuthenticationSaslContinue(body) = self.receive().await? else {
            return Err(confused());
        };
        scram.update(body.data()).map_err(lost)?;
        frontend::sasl_response(scram.message(), &mut self.out).map_err(lost)?;
        self.flush().await?;
        let Message::AuthenticationSaslFinal(body) = self.receive().await? else {
            return Err(confused());
        };
        scram.finish(body.data()).map_err(|_| {
            Fault::unavailable(
                Stage::Auth,
                "the server does not prove that it knows the password",
            )
        })
    }

    async fn answer(&mut self, password: &[u8]) -> Result<(), Fault> {
        frontend::password_message(password, &mut self.out).map_err(lost)?;
        self.flush().await
    }

    async fn flush(&mut self) -> Result<(), Fault> {
        let messages = self.out.split();
        self.session.send(&messages).await.map_err(lost)
    }

    /// The next message; a refusal of the server is a fault.
    async fn receive(&mut self) -> Result<Message, Fault> {
        match self.session.receive().await.map_err(lost)? {
            Message::ErrorResponse(body) => {
                let report = Report::read(body.fields());
                // PgBouncer's word, under the SQLSTATE of broken protocol.
                self.offers_less = report.code.as_deref() == Some("08P01")
                    && report.message.starts_with("unsupported startup parameter");
                Err(Fault::unavailable(
                    Stage::Auth,
                    format!("the server refused the login: {}", report.message),
                ))
            }
            message => Ok(message),
        }
    }
}

fn lost(error: io::Error) -> Fault {
    Fault::unavailable(Stage::Auth, format!("the login failed: {error}"))
}

fn confused() -> Fault {
    Fault::unavailable(Stage::Auth, "the server answers the login out of order")
}
