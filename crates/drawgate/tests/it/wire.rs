//! Bare requests on either wire, for what a client of an SDK cannot do.

use std::time::Duration;

use serde_json::{Value, json};

/// A wire of the MCP door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Legacy,
    Modern,
}

/// A `tools/call` of `exec` with a request id, ready to be sent.
pub fn exec(
    wire: Wire,
    url: &str,
    token: &str,
    id: u64,
    arguments: &Value,
) -> reqwest::RequestBuilder {
    let mut params = json!({"name": "exec", "arguments": arguments});
    let version = match wire {
        Wire::Legacy => "2025-11-25",
        Wire::Modern => {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
            });
            "2026-07-28"
        }
    };
    let body = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params});
    let request = post(url, token)
        .header("mcp-protocol-version", version)
        .json(&body);
    match wire {
        Wire::Legacy => request,
        Wire::Modern => request
            .header("mcp-method", "tools/call")
            .header("mcp-name", "exec"),
    }
}

/// A request to the MCP door on a connection of its own.
pub fn post(url: &str, token: &str) -> reqwest::RequestBuilder {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    http.post(format!("{url}/api/mcp"))
        .bearer_auth(token)
        .header("accept", "application/json, text/event-stream")
}

/// Sends a request and goes away while its answer is not complete.
pub async fn walk_away(request: reqwest::RequestBuilder, after: Duration) {
    let whole = async { request.send().await?.bytes().await };
    assert!(
        tokio::time::timeout(after, whole).await.is_err(),
        "it was answered too soon"
    );
}
