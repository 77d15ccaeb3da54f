//! `drawgate login` and `drawgate logout`.

use std::path::PathBuf;

use clap::Args;
use model::{Clock as _, ExposeSecret as _, SystemClock};
use serde_json::json;

use crate::answer::Answer;
use crate::api::Api;
use crate::failure::Failure;
use crate::globals::OutputFormat;
use crate::output::Output;
use crate::renewal::Tokens;
use crate::request::Request;
use crate::settings::Settings;
use crate::{input, view};

/// Signs in and keeps the tokens in the settings file.
#[derive(Args, Debug)]
pub struct Login {
    /// E-mail of a local user; asked for when not given.
    #[arg(long)]
    email: Option<String>,
    /// File that holds the password; `-` is standard input. Asked for when not given.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Keep the token in this file, for instance an API key, instead of signing in.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["email", "password_file"])]
    token_file: Option<PathBuf>,
}

impl Login {
    /// Signs in.
    ///
    /// # Errors
    /// When the gateway refuses, or the settings cannot be written.
    pub(crate) async fn run(self, api: &Api, out: Output) -> Result<i32, Failure> {
        let keep: Box<dyn FnOnce(&mut Settings) + Send> = match &self.token_file {
            Some(path) => {
                let token = input::secret(path)?;
                Box::new(move |settings| settings.token = Some(token))
            }
            None => {
                let tokens = self.sign_in(api).await?;
                Box::new(move |settings| tokens.keep(settings, SystemClock.now()))
            }
        };
        let mut settings = Settings {
            api_url: Some(api.base.to_string()),
            ..Settings::default()
        };
        keep(&mut settings);
        // Nothing is kept that the gateway does not take.
        let me = api
            .send_with(&Request::get(&["me"]), settings.token.as_ref())
            .await?;
        api.file.change(|stored| *stored = settings)?;
        let who = &me.value["user_email"];
        if out.format == OutputFormat::Text {
            let who = who.as_str().unwrap_or("somebody");
            out.note(&format!("signed in at {} as {who}", api.base));
        } else {
            let signed_in = json!({"api_url": api.base.as_str(), "user_email": who});
            view::object(out, &Answer::of(signed_in), &["api_url", "user_email"])?;
        }
        Ok(0)
    }

    async fn sign_in(&self, api: &Api) -> Result<Tokens, Failure> {
        let email = match &self.email {
            Some(email) => email.clone(),
            None => input::ask("E-mail", "give it with --email")?,
        };
        let password = match &self.password_file {
            Some(path) => input::secret(path)?,
            None => input::ask_secret("Password", "give it with --password-file")?,
        };
        let request = Request::post(&["login"])
            .field("email", Some(email))
            .field("password", Some(password.expose_secret()));
        let answer = api.send_with(&request, None).await?;
        Tokens::read(&answer.value)
            .ok_or_else(|| Failure::Local("the sign-in holds no token".to_owned()))
    }
}

/// Signs out at the gateway, then forgets the tokens; a gateway that is away or
/// does not know the token any more is no reason to keep it.
///
/// # Errors
/// When the settings cannot be written.
pub(crate) async fn out(api: &Api, out: Output) -> Result<i32, Failure> {
    let result = api.send(Request::post(&["logout"])).await;
    let signed_out = result.is_ok();
    if let Err(failure) = result
        && may_live_on(&failure)
    {
        out.note(&format!(
            "warning: {failure}; the token stays good until it ends"
        ));
    }
    api.file.change(Settings::forget)?;
    if out.format == OutputFormat::Text {
        out.note(if signed_out {
            "signed out"
        } else {
            "forgot the token"
        });
    } else {
        let left = json!({"api_url": api.base.as_str(), "signed_out": signed_out});
        view::object(out, &Answer::of(left), &["api_url", "signed_out"])?;
    }
    Ok(0)
}

/// Whether the gateway may still take the token. It refuses to sign out only what
/// is no login of its own.
fn may_live_on(failure: &Failure) -> bool {
    match failure {
        Failure::Unreachable { .. } | Failure::Odd { .. } => true,
        Failure::Api(error) => error.status >= 500,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::ApiError;

    #[test]
    fn only_a_refusal_of_the_gateway_says_that_the_token_is_over() {
        let body = r#"{"error":{"code":"c","message":"m"}}"#;
        let answered = |status| Failure::Api(Box::new(ApiError::read(status, body).unwrap()));
        assert!(!may_live_on(&answered(401)));
        assert!(!may_live_on(&answered(409)));
        assert!(may_live_on(&answered(503)));
        let address = "http://gateway".to_owned();
        let reason = "refused".to_owned();
        assert!(may_live_on(&Failure::Unreachable { address, reason }));
    }
}
