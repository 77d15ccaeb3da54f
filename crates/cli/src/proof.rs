//! What proves who one is, and to whom it may be shown.

use model::SecretString;
use reqwest::Url;

use crate::globals::Globals;
use crate::settings::Settings;

/// What proves who one is.
pub(crate) enum Proof {
    /// Nothing.
    None,
    /// A token of the environment, or one that cannot be renewed.
    Fixed(SecretString),
    /// A login token of the settings file, which is renewed.
    Login(Box<Settings>),
}

impl Proof {
    /// The proof for the gateway at `base`. A stored token belongs to the gateway
    /// that gave it, and is shown to no other.
    pub(crate) fn of(globals: &Globals, settings: Settings, base: &Url) -> Self {
        if let Some(token) = &globals.token.0 {
            return Self::Fixed(token.clone());
        }
        let is_its_own = settings
            .api_url
            .as_deref()
            .and_then(|url| Url::parse(url).ok())
            .is_some_and(|url| url == *base);
        match (&settings.token, &settings.refresh_token) {
            (Some(_), Some(_)) if is_its_own => Self::Login(Box::new(settings)),
            (Some(token), None) if is_its_own => Self::Fixed(token.clone()),
            _ => Self::None,
        }
    }

    /// The token, when there is one.
    pub(crate) fn token(&self) -> Option<&SecretString> {
        match self {
            Self::None => None,
            Self::Fixed(token) => Some(token),
            Self::Login(settings) => settings.token.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::ExposeSecret as _;

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
            Proof::of(&globals(None), stored(), &own),
            Proof::Fixed(_)
        ));
        assert!(matches!(
            Proof::of(&globals(None), stored(), &other),
            Proof::None
        ));
        assert!(
            matches!(Proof::of(&globals(Some("k")), stored(), &other), Proof::Fixed(token) if token.expose_secret() == "k")
        );
    }
}
