//! The two calls that need no bearer: signing in, and renewing a login token.

use std::future::Future;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use gate::{Call, Gate, SignedIn};
use http::StatusCode;
use model::{Code, Refusal, SecretString};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::answer::{self, Problem};
use crate::door::{self, Door};
use crate::headers;

/// Longest e-mail (RFC 5321 section 4.5.3.1.3).
const LONGEST_EMAIL: usize = 254;
/// Longest password and longest token.
const LONGEST_SECRET: usize = 1024;

/// Largest body in bytes: nobody is proven yet, and the texts are short.
const LARGEST: usize = 8 * 1024;

/// `POST /api/login`.
pub(crate) async fn sign_in(State(door): State<Door>, request: Request) -> Response {
    let wanted = [("email", LONGEST_EMAIL), ("password", LONGEST_SECRET)];
    respond(
        door,
        request,
        wanted,
        |gate, [email, password], call| async move {
            Ok(ask_sign_in(&gate, &email, SecretString::from(password), call).await?)
        },
    )
    .await
}

/// `POST /api/login/refresh`.
pub(crate) async fn refresh(State(door): State<Door>, request: Request) -> Response {
    let wanted = [("refresh_token", LONGEST_SECRET)];
    respond(door, request, wanted, |gate, [token], call| async move {
        Ok(ask_refresh(&gate, SecretString::from(token), call).await?)
    })
    .await
}

/// What the gate answers to a sign-in.
async fn ask_sign_in(
    gate: &Arc<Gate>,
    email: &str,
    password: SecretString,
    call: Call,
) -> Result<Box<RawValue>, Refusal> {
    written(&gate.sign_in(email, password, &call).await?)
}

/// What the gate answers to a renewal.
async fn ask_refresh(
    gate: &Arc<Gate>,
    token: SecretString,
    call: Call,
) -> Result<Box<RawValue>, Refusal> {
    written(&gate.refresh(&token, &call).await?)
}

fn written(login: &SignedIn) -> Result<Box<RawValue>, Refusal> {
    serde_json::value::to_raw_value(login)
        .map_err(|_| Refusal::new(Code::Internal, "an answer could not be written as JSON"))
}

/// Reads the wanted texts from the body and answers with what `ask` makes of them.
async fn respond<const N: usize, F>(
    door: Door,
    request: Request,
    wanted: [(&'static str, usize); N],
    ask: impl FnOnce(Arc<Gate>, [String; N], Call) -> F,
) -> Response
where
    F: Future<Output = Result<Box<RawValue>, Problem>> + Send + 'static,
{
    let (parts, body) = request.into_parts();
    let id = door::request_id(&parts);
    let answered = async {
        let texts = texts(door.body(&parts, body, LARGEST).await?, wanted)?;
        let call = headers::call(&parts, &door.config.proxies, &id, CancellationToken::new());
        door::detached(&id, ask(Arc::clone(&door.gate), texts, call)).await
    };
    match answered.await {
        Ok(json) => answer::result(StatusCode::OK, json),
        Err(problem) => problem.respond(&id),
    }
}

/// Exactly the wanted texts, each within its length.
fn texts<const N: usize>(
    mut body: Map<String, Value>,
    wanted: [(&'static str, usize); N],
) -> Result<[String; N], Refusal> {
    let mut texts = [const { String::new() }; N];
    for (text, (name, longest)) in texts.iter_mut().zip(wanted) {
        *text = match body.remove(name) {
            Some(Value::String(given)) if !given.is_empty() && given.len() <= longest => given,
            _ => {
                let expected = format!("a text of 1 to {longest} bytes");
                return Err(Refusal::invalid(&format!("/{name}"), expected));
            }
        };
    }
    match body.keys().next() {
        Some(unknown) => Err(Refusal::invalid(&format!("/{unknown}"), "no such argument")),
        None => Ok(texts),
    }
}

/// The schema of the body of a sign-in.
pub(crate) fn sign_in_schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["email", "password"],
        "properties": {
            "email": {"type": "string", "minLength": 1, "maxLength": LONGEST_EMAIL},
            "password": {"type": "string", "format": "password", "minLength": 1, "maxLength": LONGEST_SECRET},
        },
    })
}

/// The schema of the body of a renewal.
pub(crate) fn refresh_schema() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["refresh_token"],
        "properties": {
            "refresh_token": {"type": "string", "format": "password", "minLength": 1, "maxLength": LONGEST_SECRET},
        },
    })
}

/// The schema of both answers.
pub(crate) fn tokens_schema() -> Value {
    json!({
        "type": "object",
        "required": ["token", "expires_at", "refresh_token", "refresh_expires_at", "user_email"],
        "properties": {
            "token": {"type": "string", "description": "The bearer of later requests."},
            "expires_at": {"type": "string", "format": "date-time"},
            "refresh_token": {"type": "string", "description": "Renews the login once."},
            "refresh_expires_at": {"type": "string", "format": "date-time"},
            "user_email": {"type": "string", "description": "Who signed in; empty after a renewal."},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &Value) -> Result<[String; 2], Refusal> {
        texts(
            value.as_object().unwrap().clone(),
            [("email", 10), ("password", 10)],
        )
    }

    #[test]
    fn exactly_the_wanted_texts_are_read() {
        let good = read(&json!({"password": "p", "email": "e"})).unwrap();
        assert_eq!(good, ["e", "p"]);
        for bad in [
            json!({"email": "e"}),
            json!({"email": "e", "password": ""}),
            json!({"email": "e", "password": 1}),
            json!({"email": "e", "password": "12345678901"}),
            json!({"email": "e", "password": "p", "remember": true}),
        ] {
            assert!(read(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_refusal_never_repeats_a_password() {
        let refusal = read(&json!({"email": "e", "password": "hunter2-hunter2"})).unwrap_err();
        assert!(!format!("{refusal:?}").contains("hunter2"));
    }
}
