//! What a client is told about signing in: RFC 6750 and RFC 9728.

use http::HeaderValue;
use model::Scopes;

/// Where and for what a client signs in while OAuth is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// URL of the protected resource metadata.
    pub resource_metadata: String,
    /// Scope words to ask for, separated by blanks.
    pub scope: String,
}

/// The `WWW-Authenticate` value of a 401. `fault` says what is wrong with a
/// token that was sent.
pub fn unauthorized(challenge: Option<&Challenge>, fault: Option<&str>) -> HeaderValue {
    let Some(challenge) = challenge else {
        return HeaderValue::from_static("Bearer");
    };
    let mut text = format!(
        "Bearer resource_metadata={}, scope={}",
        quoted(&challenge.resource_metadata),
        quoted(&challenge.scope)
    );
    if let Some(fault) = fault {
        text.push_str(", error=\"invalid_token\", error_description=");
        text.push_str(&quoted(fault));
    }
    value(&text)
}

/// The `WWW-Authenticate` value of a 403: the scopes that the call needs.
pub fn insufficient_scope(challenge: Option<&Challenge>, needed: Scopes) -> HeaderValue {
    let mut text = format!(
        "Bearer error=\"insufficient_scope\", scope={}",
        quoted(&needed.words().join(" "))
    );
    if let Some(challenge) = challenge {
        text.push_str(", resource_metadata=");
        text.push_str(&quoted(&challenge.resource_metadata));
    }
    value(&text)
}

/// Only visible ASCII without quotes and backslashes may stand in a quoted
/// string here; anything else is removed.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    quoted.extend(
        text.chars()
            .filter(|c| (' '..='~').contains(c) && !matches!(c, '"' | '\\')),
    );
    quoted.push('"');
    quoted
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("Bearer"))
}

#[cfg(test)]
mod tests {
    use model::Scope;

    use super::*;

    fn challenge() -> Challenge {
        Challenge {
            resource_metadata: "https://g/.well-known/oauth-protected-resource/api/mcp".to_owned(),
            scope: "drawgate:read drawgate:exec".to_owned(),
        }
    }

    #[test]
    fn a_client_learns_where_to_sign_in() {
        assert_eq!(unauthorized(None, Some("x")), "Bearer");
        assert_eq!(
            unauthorized(Some(&challenge()), None),
            "Bearer resource_metadata=\"https://g/.well-known/oauth-protected-resource/api/mcp\", \
             scope=\"drawgate:read drawgate:exec\""
        );
        let told = unauthorized(Some(&challenge()), Some("bad \"to\nken\""));
        assert!(
            told.to_str()
                .unwrap()
                .ends_with(", error=\"invalid_token\", error_description=\"bad token\"")
        );
    }

    #[test]
    fn a_client_learns_which_scopes_a_call_needs() {
        assert_eq!(
            insufficient_scope(None, Scopes::of([Scope::Admin])),
            "Bearer error=\"insufficient_scope\", scope=\"drawgate:read drawgate:admin\""
        );
        let told = insufficient_scope(Some(&challenge()), Scopes::of([Scope::Read]));
        assert!(told.to_str().unwrap().contains("resource_metadata="));
    }
}
