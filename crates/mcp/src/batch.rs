//! JSON-RPC batches, which protocol versions up to 2025-03-26 have.

use std::fmt;

use http::StatusCode;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::refused::{Fault, Refused};
use crate::wire;

/// Most members of a batch.
const MOST: usize = 20;

/// The members of a batch, raw; more than [`MOST`] are counted, not kept.
struct Batch<'a> {
    members: Vec<&'a RawValue>,
    is_too_long: bool,
}

/// The raw members of a batch.
///
/// # Errors
/// 400 for what is no batch, an empty one, or one that is too long.
pub fn members(text: &str) -> Result<Vec<&RawValue>, Refused> {
    let batch: Batch<'_> = serde_json::from_str(text)
        .map_err(|_| refused("json", wire::PARSE_ERROR, "the body is not JSON"))?;
    if batch.members.is_empty() {
        return Err(refused(
            "batch",
            wire::INVALID_REQUEST,
            "the batch is empty",
        ));
    }
    if batch.is_too_long {
        let text = "a batch has at most 20 members";
        return Err(refused("batch", wire::INVALID_REQUEST, text));
    }
    Ok(batch.members)
}

/// The answer to a batch where none may be.
pub fn unknown() -> Refused {
    let text = "this protocol version has no batches";
    refused("batch", wire::INVALID_REQUEST, text)
}

/// The answer to a member that must come alone.
pub fn must_be_alone(id: Option<&str>) -> Refused {
    let fault = Fault::new(
        wire::INVALID_REQUEST,
        "this message cannot be part of a batch",
    );
    Refused::rpc("batch", StatusCode::BAD_REQUEST, id, fault)
}

fn refused(reason: &'static str, code: i32, text: &'static str) -> Refused {
    Refused::rpc(
        reason,
        StatusCode::BAD_REQUEST,
        None,
        Fault::new(code, text),
    )
}

impl<'de> Deserialize<'de> for Batch<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Batch<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a batch")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Batch<'de>, A::Error> {
                let mut members = Vec::with_capacity(MOST);
                while members.len() < MOST {
                    match all.next_element()? {
                        Some(member) => members.push(member),
                        None => {
                            let is_too_long = false;
                            return Ok(Batch {
                                members,
                                is_too_long,
                            });
                        }
                    }
                }
                let mut is_too_long = false;
                while all.next_element::<IgnoredAny>()?.is_some() {
                    is_too_long = true;
                }
                Ok(Batch {
                    members,
                    is_too_long,
                })
            }
        }

        deserializer.deserialize_seq(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_has_one_to_twenty_members() {
        assert_eq!(members("[1, {\"a\":[]}]").unwrap()[1].get(), "{\"a\":[]}");
        let full = format!("[{}]", ["{}"; 20].join(","));
        assert_eq!(members(&full).unwrap().len(), 20);
        let long = format!("[{}]", ["{}"; 21].join(","));
        for (text, code) in [
            ("[]", "-32600"),
            (long.as_str(), "-32600"),
            ("[1", "-32700"),
            ("[1] x", "-32700"),
        ] {
            let refused = members(text).unwrap_err();
            let body = String::from_utf8(refused.body).unwrap();
            assert!(body.contains(code), "{text}");
            assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        }
    }
}
