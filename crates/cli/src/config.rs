//! `drawgate config`: settings of this command line.

use clap::{Subcommand, ValueEnum};
use model::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::api::read_address;
use crate::failure::Failure;
use crate::globals::{Globals, OutputFormat};
use crate::input;
use crate::output::Output;
use crate::settings::{Settings, SettingsFile};

/// Settings of this command line.
#[derive(Debug, Subcommand)]
pub enum Config {
    /// Show the settings in force; a token only when asked for by name.
    View {
        /// Show this one alone, as it is.
        key: Option<Key>,
    },
    /// Change the settings file.
    #[command(subcommand)]
    Set(Set),
    /// Print the path of the settings file.
    Path,
}

/// What can be changed.
#[derive(Debug, Subcommand)]
pub enum Set {
    /// Address of the gateway; tokens of another one are forgotten.
    #[command(name = "api_url", alias = "api-url")]
    ApiUrl {
        /// The address.
        url: String,
    },
    /// Token, read from standard input.
    Token,
}

/// A setting.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Key {
    /// Address of the gateway.
    #[value(name = "api_url", alias = "api-url")]
    ApiUrl,
    /// The token.
    Token,
}

impl Config {
    /// Shows or changes the settings.
    ///
    /// # Errors
    /// When the file cannot be read or written, or a value is wrong.
    pub(crate) fn run(self, globals: &Globals, out: Output) -> Result<i32, Failure> {
        let file = SettingsFile::at(globals.config_dir.as_deref())?;
        if let Some(warning) = file.exposure() {
            out.note(&warning);
        }
        match self {
            Self::View { key } => view(globals, &file.load()?, key, out)?,
            Self::Path => out.line(&file.path().display().to_string())?,
            Self::Set(Set::ApiUrl { url }) => {
                let url = read_address(&url)?.to_string();
                file.change(|settings| {
                    if settings.api_url.as_deref() != Some(url.as_str()) {
                        settings.forget();
                        settings.api_url = Some(url);
                    }
                })?;
            }
            Self::Set(Set::Token) => {
                let token = input::secret(std::path::Path::new("-"))?;
                file.change(|settings| {
                    settings.forget();
                    settings.token = Some(token);
                })?;
            }
        }
        Ok(0)
    }
}

fn view(
    globals: &Globals,
    stored: &Settings,
    key: Option<Key>,
    out: Output,
) -> Result<(), Failure> {
    let url = globals
        .api_url
        .clone()
        .filter(|url| !url.is_empty())
        .or_else(|| stored.api_url.clone());
    let token = globals.token.0.as_ref().or(stored.token.as_ref());
    match key {
        Some(Key::ApiUrl) => out.line(&url.unwrap_or_default()),
        Some(Key::Token) => match token {
            Some(token) => out.line(token.expose_secret()),
            None => Err(Failure::NotSignedIn(url.unwrap_or_default())),
        },
        None if out.format == OutputFormat::Json => out.line(
            &json!({"api_url": url, "token": token.map(shortened), "token_until": stored.token_until})
                .to_string(),
        ),
        None => out.line(&format!(
            "api_url = {}\ntoken   = {}",
            url.unwrap_or_default(),
            token.map(shortened).unwrap_or_default()
        )),
    }
}

/// The kind of a token, and nothing of its secret.
fn shortened(token: &SecretString) -> String {
    match token.expose_secret().split_once('_') {
        Some((kind, _)) if kind.len() == 3 => format!("{kind}_…"),
        _ => "…".to_owned(),
    }
}
