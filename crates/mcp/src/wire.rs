//! The words of the protocol. This module and its folder are the only importers
//! of `rmcp`, so that its next major version is a change of one module.

mod tools;

use std::sync::Arc;

use rmcp::model::{
    CacheScope, DiscoverResult, ErrorCode, Implementation, InitializeResult, ProtocolVersion,
    ServerCapabilities, SubscriptionFilter, SubscriptionsAcknowledgedNotification,
    SubscriptionsAcknowledgedNotificationParams, SubscriptionsListenResult,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::era::Era;

pub use tools::{ToolLists, is_tool};

/// JSON-RPC: the body is not JSON.
pub const PARSE_ERROR: i32 = ErrorCode::PARSE_ERROR.0;
/// JSON-RPC: the body is no message that can be served.
pub const INVALID_REQUEST: i32 = ErrorCode::INVALID_REQUEST.0;
/// JSON-RPC: nothing has this name.
pub const METHOD_NOT_FOUND: i32 = ErrorCode::METHOD_NOT_FOUND.0;
/// JSON-RPC: the parameters do not fit.
pub const INVALID_PARAMS: i32 = ErrorCode::INVALID_PARAMS.0;
/// JSON-RPC: an unexpected failure.
pub const INTERNAL_ERROR: i32 = ErrorCode::INTERNAL_ERROR.0;
/// MCP 2026-07-28: headers and body say different things.
pub const HEADER_MISMATCH: i32 = ErrorCode::HEADER_MISMATCH.0;
/// MCP 2026-07-28: the protocol version is not implemented.
pub const UNSUPPORTED_VERSION: i32 = ErrorCode::UNSUPPORTED_PROTOCOL_VERSION.0;

/// The version of the modern wire.
pub const MODERN: &str = "2026-07-28";
/// The newest version of the legacy wire.
const NEWEST_LEGACY: &str = "2025-11-25";
/// What a legacy request without version header speaks (MCP 2025-11-25, transports).
pub const ASSUMED: &str = "2025-03-26";

/// How long clients may keep the answer of `server/discover`, in milliseconds.
const DISCOVER_TTL_MS: u64 = 3_600_000;

/// What a client is told first.
const INSTRUCTIONS: &str = "\
Drawgate runs queries and commands at databases, shells and services on your behalf. It holds the \
credentials, decides what may run, masks personal data and keeps a record. \
Call me_get first: it tells who you are and what you may do. Find targets with connections_list. \
Read schemas (connection_databases, connection_tables, connection_columns) before writing queries. \
Run with exec and branch on the status of its result: on pending_approval call reviews_wait, then \
reviews_execute once the review is approved; on running call sessions_wait. \
When a wait answers timed_out: true, call it again. \
Ask policy_preview before risky runs: it tells what would happen without running anything.";

/// Every fixed text of the protocol, made once.
pub struct Wire {
    implementation: Implementation,
    discover: String,
    modern_tail: Arc<str>,
    legacy_tail: Arc<str>,
    tools: ToolLists,
}

/// Every implemented version, newest first.
pub fn versions() -> Vec<&'static str> {
    let known = ProtocolVersion::KNOWN_VERSIONS.iter().rev();
    known.map(ProtocolVersion::as_str).collect()
}

/// The version of the legacy wire that is called `text`.
pub fn legacy_version(text: &str) -> Option<&'static str> {
    let known = ProtocolVersion::known_up_to(&ProtocolVersion::LATEST_WITH_INITIALIZE).iter();
    known
        .map(ProtocolVersion::as_str)
        .find(|known| *known == text)
}

/// The version that answers an `initialize` for `requested`.
pub fn negotiate(requested: &str) -> &'static str {
    legacy_version(requested).unwrap_or(NEWEST_LEGACY)
}

/// Whether a version header names the modern wire or something later: a date
/// from its own on. Dates order as text.
pub fn is_modern(header: &str) -> bool {
    let is_date = header.len() == MODERN.len()
        && header.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    is_date && header >= MODERN
}

/// Whether a legacy version has JSON-RPC batches; MCP 2025-06-18 removed them.
pub fn knows_batches(version: &str) -> bool {
    version <= ASSUMED
}

impl Wire {
    /// The texts of a gateway of this version.
    pub fn new(version: &str) -> Self {
        let implementation =
            Implementation::new("drawgate", version.to_owned()).with_title("Drawgate");
        let discover = discover(&implementation);
        let tail = json!({"io.modelcontextprotocol/serverInfo": implementation});
        Self {
            modern_tail: format!(",\"resultType\":\"complete\",\"_meta\":{tail}").into(),
            legacy_tail: "".into(),
            tools: ToolLists::default(),
            implementation,
            discover,
        }
    }

    /// Result of `initialize` in a version of the legacy wire.
    pub fn initialize(&self, version: &'static str) -> String {
        let mut result = InitializeResult::new(capabilities())
            .with_server_info(self.implementation.clone())
            .with_instructions(INSTRUCTIONS);
        for known in ProtocolVersion::KNOWN_VERSIONS {
            if known.as_str() == version {
                result.protocol_version = known.clone();
            }
        }
        text(&result)
    }

    /// Result of `server/discover`.
    pub fn discover(&self) -> &str {
        &self.discover
    }

    /// Members that every result of a wire has, each with a leading comma: none
    /// on the legacy wire.
    pub fn tail(&self, era: Era) -> Arc<str> {
        Arc::clone(match era {
            Era::Modern => &self.modern_tail,
            Era::Legacy => &self.legacy_tail,
        })
    }

    /// The lists of tools.
    pub fn tools(&self) -> &ToolLists {
        &self.tools
    }

    /// The two messages of `subscriptions/listen`: acknowledged with an empty
    /// filter, since nothing here ever changes unasked, and completed.
    pub fn listen(&self, id: &str) -> [String; 2] {
        let key = "io.modelcontextprotocol/subscriptionId";
        let id: Value = serde_json::from_str(id).unwrap_or_default();
        let accepted = SubscriptionsAcknowledgedNotificationParams::new(SubscriptionFilter::new());
        let accepted = SubscriptionsAcknowledgedNotification::new(accepted);
        let mut accepted = json!(accepted);
        accepted["jsonrpc"] = "2.0".into();
        accepted["params"]["_meta"] = json!({ key: id });
        let request =
            serde_json::from_value(id.clone()).unwrap_or(rmcp::model::RequestId::Number(0));
        let mut done = SubscriptionsListenResult::complete(request);
        done.meta.set_server_info(self.implementation.clone());
        let done = json!({"jsonrpc": "2.0", "id": id, "result": done});
        [accepted.to_string(), done.to_string()]
    }
}

fn capabilities() -> ServerCapabilities {
    ServerCapabilities::builder().enable_tools().build()
}

fn discover(implementation: &Implementation) -> String {
    let versions = ProtocolVersion::KNOWN_VERSIONS.iter().rev().cloned();
    let mut result = DiscoverResult::new(versions.collect(), capabilities())
        .with_server_info(implementation.clone());
    result.instructions = Some(INSTRUCTIONS.to_owned());
    result.ttl_ms = DISCOVER_TTL_MS;
    result.cache_scope = CacheScope::Public;
    text(&result)
}

/// JSON of a value of the protocol model, which always has one.
fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire() -> Wire {
        Wire {
            implementation: Implementation::new("drawgate", "1.2.3").with_title("Drawgate"),
            discover: discover(&Implementation::new("drawgate", "1.2.3").with_title("Drawgate")),
            modern_tail: "".into(),
            legacy_tail: "".into(),
            tools: ToolLists::default(),
        }
    }

    #[test]
    fn versions_are_the_five_newest_first() {
        assert_eq!(
            versions(),
            [
                "2026-07-28",
                "2025-11-25",
                "2025-06-18",
                "2025-03-26",
                "2024-11-05"
            ]
        );
        assert_eq!(negotiate("2024-11-05"), "2024-11-05");
        for unknown in ["2026-07-28", "1.0", ""] {
            assert_eq!(negotiate(unknown), "2025-11-25");
        }
    }

    #[test]
    fn a_header_is_modern_from_its_date_on() {
        for modern in ["2026-07-28", "2026-08-01", "2031-01-01"] {
            assert!(is_modern(modern), "{modern}");
        }
        for other in [
            "2025-11-25",
            "v999.0.0",
            "latest",
            "2026-07-28 ",
            "9999999999",
        ] {
            assert!(!is_modern(other), "{other}");
        }
        assert!(knows_batches("2024-11-05") && knows_batches("2025-03-26"));
        assert!(!knows_batches("2025-06-18"));
    }

    #[test]
    fn initialize_and_discover_tell_the_same_of_the_server() {
        let told: Value = serde_json::from_str(&wire().initialize("2025-06-18")).unwrap();
        assert_eq!(told["protocolVersion"], "2025-06-18");
        assert_eq!(told["capabilities"], json!({"tools": {}}));
        let info = json!({"name": "drawgate", "title": "Drawgate", "version": "1.2.3"});
        assert_eq!(told["serverInfo"], info);
        let found: Value = serde_json::from_str(wire().discover()).unwrap();
        assert_eq!(found["supportedVersions"], json!(versions()));
        assert_eq!(found["capabilities"], json!({"tools": {}}));
        assert_eq!(found["instructions"], told["instructions"]);
        assert_eq!(found["ttlMs"], 3_600_000);
        assert_eq!(found["cacheScope"], "public");
        assert_eq!(found["resultType"], "complete");
        assert_eq!(found["_meta"]["io.modelcontextprotocol/serverInfo"], info);
        for word in [
            "me_get",
            "connections_list",
            "pending_approval",
            "reviews_wait",
            "reviews_execute",
            "sessions_wait",
            "timed_out: true",
            "policy_preview",
        ] {
            assert!(INSTRUCTIONS.contains(word), "{word}");
        }
    }

    #[test]
    fn a_subscription_is_acknowledged_empty_and_completed() {
        let [accepted, done] = wire()
            .listen("\"sub\"")
            .map(|text| -> Value { serde_json::from_str(&text).unwrap() });
        assert_eq!(
            accepted,
            json!({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
                "params": {"notifications": {},
                    "_meta": {"io.modelcontextprotocol/subscriptionId": "sub"}}})
        );
        assert_eq!(done["id"], "sub");
        assert_eq!(done["result"]["resultType"], "complete");
        let meta = &done["result"]["_meta"];
        assert_eq!(meta["io.modelcontextprotocol/subscriptionId"], "sub");
        assert_eq!(
            meta["io.modelcontextprotocol/serverInfo"]["name"],
            "drawgate"
        );
    }
}
