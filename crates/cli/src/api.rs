//! Speaks to the gateway.

use std::time::Duration;

use model::{ExposeSecret as _, SecretString};
use reqwest::{Client, Url};

use crate::address::{self, is_loopback, is_private};
use crate::answer::{Answer, ApiError};
use crate::failure::Failure;
use crate::globals::Globals;
use crate::output::Output;
use crate::proof::Proof;
use crate::request::Request;
use crate::settings::{Settings, SettingsFile};

/// Longest time to connect.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest time for one answer: the gateway waits up to 50 s by itself.
const ANSWER: Duration = Duration::from_secs(90);
/// How the command line names itself.
const CLIENT: &str = concat!("drawgate/", env!("CARGO_PKG_VERSION"));

/// The gateway and who one is there.
pub(crate) struct Api {
    pub(crate) http: Client,
    pub(crate) base: Url,
    pub(crate) file: SettingsFile,
    pub(crate) proof: tokio::sync::Mutex<Proof>,
    /// Whether the token comes from the environment.
    is_token_given: bool,
}

impl Api {
    /// The gateway that options, environment and settings name.
    ///
    /// # Errors
    /// When the address is none, or the settings cannot be read.
    pub(crate) fn open(globals: &Globals, out: Output) -> Result<Self, Failure> {
        let file = SettingsFile::at(globals.config_dir.as_deref())?;
        let settings = file.load()?;
        if let Some(warning) = file.exposure() {
            out.note(&warning);
        }
        let base = address::in_force(globals, &settings)?;
        Self::at(base, globals, file, settings, out)
    }

    /// The gateway at `base`.
    ///
    /// # Errors
    /// When no connection can be prepared, for instance because this machine has
    /// no certificates of authorities.
    pub(crate) fn at(
        base: Url,
        globals: &Globals,
        file: SettingsFile,
        settings: Settings,
        out: Output,
    ) -> Result<Self, Failure> {
        if !is_private(&base) {
            out.note(&format!(
                "warning: {base} is not encrypted, tokens and data can be read on the way"
            ));
        }
        let proof = Proof::of(globals, settings, &base);
        let http = client(&base)
            .map_err(|error| Failure::Local(format!("no HTTP client: {}", reason(&error))))?;
        Ok(Self {
            http,
            base,
            file,
            proof: tokio::sync::Mutex::new(proof),
            is_token_given: globals.token.0.is_some(),
        })
    }

    /// Sends a request as oneself. A login token is renewed when it is old or refused.
    ///
    /// # Errors
    /// When one is not signed in, the gateway is not reached, or it refuses.
    pub(crate) async fn send(&self, request: Request) -> Result<Answer, Failure> {
        let token = self.token().await?;
        match self.send_with(&request, Some(&token)).await {
            // Nothing ran: the gateway proves the caller before anything else.
            Err(Failure::Api(error)) if error.status == 401 => match self.renewed(&token).await? {
                Some(token) => self.send_with(&request, Some(&token)).await,
                None => Err(Failure::Api(error)),
            },
            result => result,
        }
        .map_err(|failure| self.explained(failure))
    }

    /// Says what to do when the gateway does not take the token.
    fn explained(&self, mut failure: Failure) -> Failure {
        if let Failure::Api(error) = &mut failure
            && error.status == 401
        {
            error.hint = Some(if self.is_token_given {
                "DRAWGATE_TOKEN is not taken: unset it or set another".to_owned()
            } else {
                "sign in again: drawgate login".to_owned()
            });
        }
        failure
    }

    /// Sends a request with this token, or without any.
    ///
    /// # Errors
    /// When the gateway is not reached, or it refuses.
    pub(crate) async fn send_with(
        &self,
        request: &Request,
        token: Option<&SecretString>,
    ) -> Result<Answer, Failure> {
        let mut builder = self
            .http
            .request(request.method.clone(), request.url(&self.base))
            .header("X-Drawgate-Origin", "cli")
            .header("X-Drawgate-Client", CLIENT);
        if let Some(token) = token {
            builder = builder.bearer_auth(token.expose_secret());
        }
        if let Some(trace) = &request.trace {
            builder = builder.header("traceparent", trace);
        }
        if let Some(patience) = request.patience {
            builder = builder.timeout(patience);
        }
        if let Some(body) = &request.body {
            builder = builder.json(body);
        }
        let response = builder
            .send()
            .await
            .map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        let text = response
            .text()
            .await
            .map_err(|error| self.unreachable(&error))?;
        if !status.is_success() {
            return Err(match ApiError::read(status.as_u16(), &text) {
                Some(error) => Failure::Api(Box::new(error)),
                None => self.odd(format!("status {}", status.as_u16())),
            });
        }
        let value = serde_json::from_str(&text).map_err(|_| self.odd("no JSON".to_owned()))?;
        Ok(Answer { text, value })
    }

    fn odd(&self, reason: String) -> Failure {
        Failure::Odd {
            address: self.base.to_string(),
            reason,
        }
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        Failure::Unreachable {
            address: self.base.to_string(),
            reason: reason(error),
        }
    }
}

/// What speaks HTTP to the gateway at `base`.
fn client(base: &Url) -> Result<Client, reqwest::Error> {
    let is_here = is_loopback(base);
    let builder = || {
        let builder = Client::builder()
            .user_agent(CLIENT)
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            // A token goes to the address it was made for and nowhere else.
            .redirect(reqwest::redirect::Policy::none());
        // A proxy is not on this machine's way to itself, and would read the token.
        if is_here { builder.no_proxy() } else { builder }
    };
    let bare = || builder().tls_certs_only([]).build();
    if base.scheme() == "https" {
        return builder().build();
    }
    // Nothing is proven at an http address, so a machine without certificates of
    // authorities must not be in the way. A proxy may still be one of https.
    if is_here {
        bare()
    } else {
        builder().build().or_else(|_| bare())
    }
}

/// The innermost cause, which says most.
pub(crate) fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
