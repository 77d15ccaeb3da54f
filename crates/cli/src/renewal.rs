//! Login tokens renew themselves: early, and when the gateway refuses one.

use model::{Clock as _, ExposeSecret as _, SecretString, SystemClock, Timestamp};
use serde_json::Value;

use crate::api::Api;
use crate::failure::Failure;
use crate::proof::Proof;
use crate::request::Request;
use crate::settings::Settings;

/// The pair of tokens in an answer to a sign-in or a renewal.
pub(crate) struct Tokens {
    token: SecretString,
    refresh_token: Option<SecretString>,
    until: Option<Timestamp>,
}

impl Tokens {
    /// Reads an answer; `None` when it holds no token.
    pub(crate) fn read(value: &Value) -> Option<Self> {
        let text = |name: &str| value[name].as_str();
        Some(Self {
            token: SecretString::from(text("token")?),
            refresh_token: text("refresh_token").map(SecretString::from),
            until: text("expires_at").and_then(Timestamp::parse),
        })
    }

    /// Puts the tokens into the settings.
    pub(crate) fn keep(self, settings: &mut Settings, now: Timestamp) {
        settings.token = Some(self.token);
        settings.refresh_token = self.refresh_token;
        settings.token_since = Some(now);
        settings.token_until = self.until;
    }
}

impl Api {
    /// The token to send, renewed when less than half of its life is left.
    ///
    /// # Errors
    /// When one is not signed in.
    pub(crate) async fn token(&self) -> Result<SecretString, Failure> {
        let mut proof = self.proof.lock().await;
        if let Proof::Login(settings) = &mut *proof
            && is_old(settings, SystemClock.now())
        {
            // An early renewal that fails is no harm: the token is still good.
            if let Ok(fresh) = self.renew(settings).await {
                **settings = fresh;
            }
        }
        let token = proof.token().cloned();
        token.ok_or_else(|| Failure::NotSignedIn(self.base.to_string()))
    }

    /// A new token after `refused` was not taken; `None` when there is none to be had.
    ///
    /// # Errors
    /// When the gateway is not reached, or the settings cannot be written.
    pub(crate) async fn renewed(
        &self,
        refused: &SecretString,
    ) -> Result<Option<SecretString>, Failure> {
        let mut proof = self.proof.lock().await;
        let Proof::Login(settings) = &mut *proof else {
            return Ok(None);
        };
        let is_new = |settings: &Settings| {
            settings
                .token
                .clone()
                .filter(|token| token.expose_secret() != refused.expose_secret())
        };
        if is_new(settings).is_none() {
            match self.renew(settings).await {
                Ok(fresh) => **settings = fresh,
                Err(Failure::Api(error)) if error.status < 500 => return Ok(None),
                Err(failure) => return Err(failure),
            }
        }
        Ok(is_new(settings))
    }

    /// Renews the tokens under the lock of the settings file. When another
    /// process was faster its tokens are taken over: a refresh token works once.
    async fn renew(&self, known: &Settings) -> Result<Settings, Failure> {
        let file = self.file.clone();
        let lock = tokio::task::spawn_blocking(move || file.lock())
            .await
            .map_err(|error| Failure::Local(error.to_string()))??;
        let mut settings = self.file.load()?;
        let same = |one: &Option<SecretString>, other: &Option<SecretString>| {
            one.as_ref().map(SecretString::expose_secret)
                == other.as_ref().map(SecretString::expose_secret)
        };
        if same(&settings.token, &known.token)
            && let Some(refresh) = &settings.refresh_token
        {
            let request = Request::post(&["login", "refresh"])
                .field("refresh_token", Some(refresh.expose_secret()));
            let answer = self.send_with(&request, None).await?;
            let tokens = Tokens::read(&answer.value)
                .ok_or_else(|| Failure::Local("the renewal holds no token".to_owned()))?;
            tokens.keep(&mut settings, SystemClock.now());
            self.file.store(&settings)?;
        }
        drop(lock);
        Ok(settings)
    }
}

/// Whether less than half of a token's life is left.
fn is_old(settings: &Settings, now: Timestamp) -> bool {
    match (settings.token_since, settings.token_until) {
        (Some(since), Some(until)) => {
            until.micros_since(now).saturating_mul(2) < until.micros_since(since)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_old_after_half_its_life() {
        let since = Timestamp::from_micros(1_790_000_000_000_000);
        let settings = Settings {
            token_since: Some(since),
            token_until: Some(since.plus_seconds(100)),
            ..Settings::default()
        };
        assert!(!is_old(&settings, since.plus_seconds(50)));
        assert!(is_old(&settings, since.plus_seconds(51)));
        assert!(is_old(&settings, since.plus_seconds(1000)));
        assert!(!is_old(&Settings::default(), since));
    }

    #[test]
    fn an_answer_without_a_token_is_none() {
        assert!(Tokens::read(&serde_json::json!({"expires_at": "x"})).is_none());
        let tokens = Tokens::read(&serde_json::json!({"token": "dgt_x"})).unwrap();
        assert!(tokens.refresh_token.is_none());
    }
}
