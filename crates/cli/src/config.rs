//! `drawgate config`: settings of this command line.

use clap::{Subcommand, ValueEnum};
use model::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::answer::Answer;
use crate::failure::Failure;
use crate::globals::{Globals, OutputFormat};
use crate::output::Output;
use crate::proof::Proof;
use crate::settings::{Settings, SettingsFile};
use crate::{address, input, view};

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
    /// Token for the address in force, read from standard input.
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
            Self::View { key } => show(globals, &file.load()?, key, out)?,
            Self::Path => view::fact(out, "path", &file.path().display().to_string())?,
            Self::Set(set) => {
                let url = set.change(globals, &file)?;
                if out.format != OutputFormat::Text {
                    let kept = json!({"path": file.path(), "api_url": url});
                    view::object(out, &Answer::of(kept), &["path", "api_url"])?;
                }
            }
        }
        Ok(0)
    }
}

impl Set {
    /// Changes the file and returns the address that it names afterwards.
    fn change(self, globals: &Globals, file: &SettingsFile) -> Result<String, Failure> {
        match self {
            Self::ApiUrl { url } => {
                let url = address::read(&url)?.to_string();
                file.change(|settings| {
                    if settings.api_url.as_deref() != Some(url.as_str()) {
                        settings.forget();
                        settings.api_url = Some(url.clone());
                    }
                    url
                })
            }
            Self::Token => {
                let token = if input::is_terminal() {
                    input::ask_secret("Token", "give it on standard input")?
                } else {
                    input::secret(std::path::Path::new("-"))?
                };
                file.change(|settings| {
                    // A token without an address would be shown to nobody.
                    let url = address::in_force(globals, settings)?.to_string();
                    *settings = Settings {
                        api_url: Some(url.clone()),
                        token: Some(token),
                        ..Settings::default()
                    };
                    Ok(url)
                })?
            }
        }
    }
}

/// Shows what is in force: a stored token only at the gateway that it is sent to.
fn show(
    globals: &Globals,
    stored: &Settings,
    key: Option<Key>,
    out: Output,
) -> Result<(), Failure> {
    let url = match address::in_force(globals, stored) {
        Ok(url) => url,
        // What is wrong must be seen to be put right.
        Err(wrong) if key.is_none() => {
            out.note(&format!("warning: {wrong}"));
            return view::fact(out, "api_url", address::said(globals, stored));
        }
        Err(wrong) => return Err(wrong),
    };
    let proof = Proof::of(globals, stored.clone(), &url);
    match key {
        Some(Key::ApiUrl) => view::fact(out, "api_url", url.as_str()),
        Some(Key::Token) => match proof.token() {
            Some(token) => view::fact(out, "token", token.expose_secret()),
            None => Err(Failure::NotSignedIn(url.to_string())),
        },
        None if out.format == OutputFormat::Text => out.line(&format!(
            "api_url = {url}\ntoken   = {}",
            proof.token().map(shortened).unwrap_or_default()
        )),
        None => {
            let until = match &proof {
                Proof::Login(settings) => settings.token_until,
                Proof::None | Proof::Fixed(_) => None,
            };
            let all = json!({
                "api_url": url.as_str(),
                "token": proof.token().map(shortened),
                "token_until": until,
            });
            view::object(out, &Answer::of(all), &["api_url", "token", "token_until"])
        }
    }
}

/// The kind of a token, and nothing of its secret.
fn shortened(token: &SecretString) -> String {
    match token.expose_secret().split_once('_') {
        Some((kind, _)) if kind.len() == 3 => format!("{kind}_…"),
        _ => "…".to_owned(),
    }
}
