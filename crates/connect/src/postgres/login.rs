//! Logging in: startup and authentication.

use std::io;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use model::{ExposeSecret, SecretString};
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{AuthenticationSaslBody, Message};
use postgres_protocol::message::frontend;

use super::place::Place;
use super::report::Report;
use super::session::{Key, Session};
use crate::dial::Reached;
use crate::variables::Variables;
use crate::{Fault, Stage};

/// What it takes to log in.
pub(super) struct Login {
    place: Place,
    user: String,
    password: SecretString,
    statement_timeout: String,
}

/// A login in progress.
struct Attempt<'a> {
    login: &'a Login,
    session: Session,
    is_private: bool,
    out: BytesMut,
}

impl Login {
    /// Reads the variables; `limit` is the longest run time in seconds.
    pub(super) fn new(variables: Variables<'_>, limit: u32) -> Result<Self, Fault> {
        variables.required("PASS")?;
        Ok(Self {
            place: Place::new(variables)?,
            user: variables.required("USER")?.to_owned(),
            password: variables.secret("PASS").cloned().unwrap_or_default(),
            statement_timeout: format!("{limit}s"),
        })
    }

    /// Opens a session in `database`.
    pub(super) async fn open(&self, database: &str, reached: &Reached) -> Result<Session, Fault> {
        let wire = self.place.open(reached).await?;
        reached.enter(Stage::Auth);
        let is_private = wire.is_private;
        let mut attempt = Attempt {
            login: self,
            session: Session::new(wire),
            is_private,
            out: BytesMut::new(),
        };
        attempt.start(database).await?;
        Ok(attempt.session)
    }

    /// Asks the server to cancel what the session of `key` runs; the server
    /// closes the stream when it took note.
    pub(super) async fn cancel(&self, key: Key) {
        let Ok(wire) = self.place.open(&Reached::default()).await else {
            return;
        };
        let mut message = BytesMut::new();
        frontend::cancel_request(key.process, key.secret, &mut message);
        let mut session = Session::new(wire);
        if session.send(&message).await.is_ok() {
            let _ = session.receive().await;
        }
    }
}

impl Attempt<'_> {
    async fn start(&mut self, database: &str) -> Result<(), Fault> {
        let parameters = [
            ("user", self.login.user.as_str()),
            ("database", database),
            ("application_name", "drawgate"),
            ("client_encoding", "UTF8"),
            ("DateStyle", "ISO"),
            // Servers before version 12 round otherwise; to later ones it is
            // the same as their default.
            ("extra_float_digits", "3"),
            ("statement_timeout", self.login.statement_timeout.as_str()),
        ];
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
