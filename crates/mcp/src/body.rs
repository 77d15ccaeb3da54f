//! Reading the body of a request, within limits of size and time.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use crate::refused::{Fault, Refused};
use crate::wire;

/// Largest body that is read, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;
/// Longest time in which a body must have come.
const SLOWEST: Duration = Duration::from_secs(30);

/// Reads the whole body.
///
/// # Errors
/// 413 for a body that is or says it is too large, 408 for a slow one, 400 for
/// one that ends early.
pub async fn read(parts: &Parts, body: Body) -> Result<Bytes, Refused> {
    let too_large = || {
        let fault = Fault::new(wire::INVALID_REQUEST, "the body is larger than 4 MiB");
        Refused::rpc("size", StatusCode::PAYLOAD_TOO_LARGE, None, fault)
    };
    let broken = |status, text| {
        let fault = Fault::new(wire::PARSE_ERROR, text);
        Refused::rpc("body", status, None, fault)
    };
    let declared = parts.headers.get(CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > LARGEST) {
        return Err(too_large());
    }
    match timeout(SLOWEST, Limited::new(body, LARGEST).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(broken(StatusCode::BAD_REQUEST, "the body ended early")),
        Err(_) => Err(broken(
            StatusCode::REQUEST_TIMEOUT,
            "the body came too slowly",
        )),
    }
}
