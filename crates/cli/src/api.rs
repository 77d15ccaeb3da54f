//! Speaks to the gateway.

use std::time::Duration;

use model::{ExposeSecret as _, SecretString};
use reqwest::{Client, Url};

use crate::answer::{Answer, ApiError};
use crate::failure::Failure;
use crate::globals::Globals;
use crate::output::Output;
use crate::request::Request;
use crate::settings::{Settings, SettingsFile};

/// Where a gateway is expected when nothing else is said.
const DEFAULT_URL: &str = "http://127.0.0.1:8009";
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
}

/// What proves who one is.
pub(crate) enum Proof {
    /// Nothing.
    None,
    /// A token of the environment, or one that cannot be renewed.
    Fixed(SecretString),
    /// A login token of the settings file, which is renewed.
    Login(Box<Settings>),
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
        let base = address(globals, &settings)?;
        if !is_private(&base) {
            out.note(&format!(
                "warning: {base} is not encrypted, tokens and data can be read on the way"
            ));
        }
        let proof = proof(globals, settings, &base);
        let http = Client::builder()
            .user_agent(CLIENT)
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            // A token goes to the address it was made for and nowhere else.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Failure::Local(format!("no HTTP client: {error}")))?;
        Ok(Self {
            http,
            base,
            file,
            proof: tokio::sync::Mutex::new(proof),
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

fn address(globals: &Globals, settings: &Settings) -> Result<Url, Failure> {
    let given = globals.api_url.as_deref().filter(|url| !url.is_empty());
    read_address(given.or(settings.api_url.as_deref()).unwrap_or(DEFAULT_URL))
}

/// Reads the address of a gateway.
///
/// # Errors
/// When it is no http or https address of a host.
pub(crate) fn read_address(text: &str) -> Result<Url, Failure> {
    let wrong = || {
        Failure::usage(
            format!("{text:?} is not the address of a gateway"),
            "an address reads https://gateway.example.com",
        )
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if matches!(url.scheme(), "http" | "https") && url.has_host() && is_plain {
        Ok(url)
    } else {
        Err(wrong())
    }
}

/// Whether nobody on the way can listen: encrypted, or on this machine.
fn is_private(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_loopback = host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    url.scheme() == "https" || is_loopback
}

fn proof(globals: &Globals, settings: Settings, base: &Url) -> Proof {
    if let Some(token) = &globals.token.0 {
        return Proof::Fixed(token.clone());
    }
    // A stored token belongs to the gateway that gave it.
    let is_its_own = settings
        .api_url
        .as_deref()
        .and_then(|url| Url::parse(url).ok())
        .is_some_and(|url| url == *base);
    match (&settings.token, &settings.refresh_token) {
        (Some(_), Some(_)) if is_its_own => Proof::Login(Box::new(settings)),
        (Some(token), None) if is_its_own => Proof::Fixed(token.clone()),
        _ => Proof::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> Settings {
        Settings {
            api_url: Some(url.into()),
            token: Some(SecretString::from("dgt_stored")),
            ..Settings::default()
        }
    }

    fn globals(token: Option<&str>) -> Globals {
        Globals {
            api_url: None,
            config_dir: None,
            output: crate::OutputFormat::Text,
            token: crate::globals::EnvironmentToken(token.map(SecretString::from)),
        }
    }

    #[test]
    fn a_stored_token_is_never_sent_to_another_gateway() {
        let own = Url::parse("https://own.example").unwrap();
        let other = Url::parse("https://other.example").unwrap();
        let stored = || settings("https://own.example/");
        assert!(matches!(
            proof(&globals(None), stored(), &own),
            Proof::Fixed(_)
        ));
        assert!(matches!(
            proof(&globals(None), stored(), &other),
            Proof::None
        ));
        assert!(
            matches!(proof(&globals(Some("k")), stored(), &other), Proof::Fixed(token) if token.expose_secret() == "k")
        );
    }

    #[test]
    fn addresses_are_http_with_a_host() {
        assert!(read_address("http://127.0.0.1:8009").is_ok());
        for bad in [
            "gateway",
            "ftp://x",
            "http://",
            "https://user:pass@host",
            "https://h?x=1",
            "",
        ] {
            let failure = read_address(bad).unwrap_err();
            assert_eq!(failure.exit_code(), 2, "{bad}");
        }
    }

    #[test]
    fn only_this_machine_may_be_spoken_to_in_the_clear() {
        for (url, private) in [
            ("https://host", true),
            ("http://localhost:1", true),
            ("http://127.0.0.9", true),
            ("http://[::1]:8009", true),
            ("http://host", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_private(&Url::parse(url).unwrap()), private, "{url}");
        }
    }
}
