//! Which wire a request speaks, and whether its headers fit its body.

use std::borrow::Cow;

use http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::headers::{self, Unreadable};
use crate::message::{self, Message};
use crate::refused::{Fault, Refused};
use crate::wire;

/// The wire of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// Stateless, from 2026-07-28.
    Modern,
    /// With `initialize`, up to 2025-11-25.
    Legacy,
}

/// The wire of a message: modern when `_meta` carries a protocol version or the
/// header names a modern one.
pub fn of(headers: &HeaderMap, message: &Message<'_>) -> Era {
    if message.params.meta.protocol_version.is_some() || names_modern(headers) {
        Era::Modern
    } else {
        Era::Legacy
    }
}

/// Whether the version header names the modern wire.
pub fn names_modern(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(headers::PROTOCOL_VERSION).iter();
    values.any(|value| value.to_str().is_ok_and(wire::is_modern))
}

/// The protocol version of a legacy request.
///
/// # Errors
/// 400 for a version that is not implemented on this wire.
pub fn legacy(headers: &HeaderMap, id: Option<&str>) -> Result<&'static str, Refused> {
    let version = headers::single(headers, headers::PROTOCOL_VERSION);
    let requested = match version {
        Ok(None) => return Ok(wire::ASSUMED),
        Ok(Some(requested)) => requested,
        Err(_) => "",
    };
    wire::legacy_version(requested).ok_or_else(|| {
        let mut fault = Fault::new(
            wire::INVALID_REQUEST,
            "the MCP-Protocol-Version header names no supported version",
        );
        fault.data = Some(json!({"supported": wire::versions(), "requested": requested}));
        Refused::rpc("version", StatusCode::BAD_REQUEST, id, fault)
    })
}

/// Checks a modern request: its `_meta`, its version and that the headers repeat
/// what the body says (MCP 2026-07-28, transports).
///
/// # Errors
/// 400 with the code of the first thing that is wrong.
pub fn modern(headers: &HeaderMap, message: &Message<'_>) -> Result<(), Refused> {
    let refuse = |reason, fault| Refused::rpc(reason, StatusCode::BAD_REQUEST, message.id, fault);
    let mismatch = |text| refuse("headers", Fault::new(wire::HEADER_MISMATCH, text));
    let missing = |name: &str| {
        let text = format!("_meta needs io.modelcontextprotocol/{name}");
        refuse("meta", Fault::new(wire::INVALID_PARAMS, text))
    };
    let meta = &message.params.meta;
    let version = meta.protocol_version.and_then(message::string);
    let version = version.ok_or_else(|| missing("protocolVersion"))?;
    repeats(headers, headers::PROTOCOL_VERSION, &version).map_err(mismatch)?;
    if version != wire::MODERN {
        return Err(refuse("version", unsupported(&version)));
    }
    if !meta
        .capabilities
        .is_some_and(|raw| raw.get().starts_with('{'))
    {
        return Err(missing("clientCapabilities"));
    }
    let method = message.method.as_deref().unwrap_or_default();
    repeats(headers, headers::METHOD, method).map_err(mismatch)?;
    if method == "tools/call"
        && let Some(name) = message.params.name.and_then(message::string)
    {
        repeats(headers, headers::NAME, &name).map_err(mismatch)?;
    }
    Ok(())
}

/// Checks the version of a modern notification, which needs nothing else.
///
/// # Errors
/// 400 for a version that is not implemented, or when header and body differ.
pub fn notification(headers: &HeaderMap, message: &Message<'_>) -> Result<(), Refused> {
    let refuse = |reason, fault| Refused::rpc(reason, StatusCode::BAD_REQUEST, None, fault);
    let mismatch =
        |text: Cow<'static, str>| refuse("headers", Fault::new(wire::HEADER_MISMATCH, text));
    let in_body = message.params.meta.protocol_version;
    let in_body = in_body.map(|raw| message::string(raw).unwrap_or_default());
    let in_header = headers::decoded(headers, headers::PROTOCOL_VERSION)
        .map_err(|_| mismatch("the mcp-protocol-version header cannot be read".into()))?;
    if let (Some(body), Some(header)) = (&in_body, &in_header)
        && body != header
    {
        let text = "the mcp-protocol-version header differs from the body";
        return Err(mismatch(text.into()));
    }
    match in_body.or(in_header) {
        Some(version) if version != wire::MODERN => Err(refuse("version", unsupported(&version))),
        _ => Ok(()),
    }
}

fn unsupported(version: &str) -> Fault {
    let mut fault = Fault::new(wire::UNSUPPORTED_VERSION, "unsupported protocol version");
    fault.data = Some(json!({"supported": wire::versions(), "requested": version}));
    fault
}

/// Whether the header `name` says what the body says.
fn repeats(headers: &HeaderMap, name: &str, body: &str) -> Result<(), Cow<'static, str>> {
    match headers::decoded(headers, name) {
        Ok(Some(value)) if value == body => Ok(()),
        Ok(Some(_)) => Err(format!("the {name} header differs from the body").into()),
        Ok(None) => Err(format!("the {name} header is missing").into()),
        Err(Unreadable::Repeated) => Err(format!("the {name} header is repeated").into()),
        Err(Unreadable::Malformed) => Err(format!("the {name} header is malformed").into()),
    }
}
