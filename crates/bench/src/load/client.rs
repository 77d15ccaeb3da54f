//! An MCP client over Streamable HTTP, as small as it can be.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::http::{Answer, Connection, Endpoint};

/// The legacy revision that every server of the comparison speaks.
const LEGACY: &str = "2025-06-18";
/// The first revision without sessions.
const MODERN: &str = "2026-07-28";
/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A wire of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Wire {
    /// `initialize` first, then calls in a session.
    #[default]
    Legacy,
    /// Every call says everything itself.
    Modern,
}

/// A tool with its arguments, rendered once.
#[derive(Clone)]
pub struct Tool {
    name: String,
    params: String,
    wire: Wire,
}

/// One client with its connection and session.
pub struct Client {
    connection: Connection,
    path: String,
    session: Option<String>,
    last_id: u64,
}

#[derive(Deserialize)]
struct Reply<'a> {
    id: Option<u64>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
}

/// The parts of a tool's result that tell success from failure.
#[derive(Deserialize)]
struct Outcome {
    #[serde(rename = "isError", default)]
    is_error: bool,
    #[serde(rename = "structuredContent")]
    structured: Option<Envelope>,
}

#[derive(Deserialize)]
struct Envelope {
    status: Option<String>,
}

impl Tool {
    /// The tool called `name` with `arguments`, on the legacy wire.
    pub fn new(name: &str, arguments: &Value) -> Self {
        Self::on(Wire::Legacy, name, arguments)
    }

    /// The tool called `name` with `arguments`, on `wire`.
    pub fn on(wire: Wire, name: &str, arguments: &Value) -> Self {
        let mut params = json!({"name": name, "arguments": arguments});
        if wire == Wire::Modern {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "0"},
            });
        }
        Self {
            name: name.to_owned(),
            params: params.to_string(),
            wire,
        }
    }

    /// The wire that it is called on.
    pub fn wire(&self) -> Wire {
        self.wire
    }

    /// Headers of a call besides those of every request.
    fn headers(&self) -> Vec<(&str, &str)> {
        match self.wire {
            Wire::Legacy => vec![("mcp-protocol-version", LEGACY)],
            Wire::Modern => vec![
                ("mcp-protocol-version", MODERN),
                ("mcp-method", "tools/call"),
                ("mcp-name", &self.name),
            ],
        }
    }
}

impl Client {
    /// Dials, and shakes hands on the wire that has a handshake.
    ///
    /// # Errors
    /// Nobody listens, or the server is no MCP server.
    pub async fn connect(endpoint: &Endpoint, wire: Wire) -> Result<Self, Fault> {
        let mut client = Self {
            connection: Connection::dial(endpoint).await?,
            path: endpoint.path.clone(),
            session: None,
            last_id: 0,
        };
        if wire == Wire::Legacy {
            client.shake_hands().await?;
        }
        Ok(client)
    }

    async fn shake_hands(&mut self) -> Result<(), Fault> {
        let id = self.next_id();
        let message = json!({
            "jsonrpc": "2.0",
            "id": id,
            "method": "initialize",
            "params": {
                "protocolVersion": LEGACY,
                "capabilities": {},
                "clientInfo": {"name": "bench", "version": "0"},
            },
        });
        let answer = self.post(&[], Bytes::from(message.to_string())).await?;
        reply(&answer, id)?;
        let session = answer.headers.get("mcp-session-id");
        self.session = session.and_then(|id| Some(id.to_str().ok()?.to_owned()));
        let note = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
        let headers = [("mcp-protocol-version", LEGACY)];
        self.post(&headers, Bytes::from_static(note.as_bytes()))
            .await?;
        Ok(())
    }

    /// Calls a tool and looks at nothing but its success.
    ///
    /// # Errors
    /// No answer in time, an error, or a run that is not `completed`.
    pub async fn call(&mut self, tool: &Tool) -> Result<(), Fault> {
        let (id, answer) = self.request(tool).await?;
        let result = reply(&answer, id)?;
        let outcome: Outcome = serde_json::from_str(result)?;
        let status = outcome.structured.and_then(|envelope| envelope.status);
        if outcome.is_error || status.is_some_and(|status| status != "completed") {
            return Err(Fault::Answer(beginning(result)));
        }
        Ok(())
    }

    /// Calls a tool and gives back its `structuredContent`.
    ///
    /// # Errors
    /// No answer in time, or an error.
    pub async fn structured(&mut self, tool: &Tool) -> Result<Value, Fault> {
        let (id, answer) = self.request(tool).await?;
        let result = reply(&answer, id)?;
        let mut value: Value = serde_json::from_str(result)?;
        if value["isError"] == json!(true) {
            return Err(Fault::Answer(beginning(result)));
        }
        Ok(value["structuredContent"].take())
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    async fn request(&mut self, tool: &Tool) -> Result<(u64, Answer), Fault> {
        let id = self.next_id();
        let params = &tool.params;
        let body =
            format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{params}}}"#);
        Ok((id, self.post(&tool.headers(), Bytes::from(body)).await?))
    }

    async fn post(&mut self, headers: &[(&str, &str)], body: Bytes) -> Result<Answer, Fault> {
        let mut headers = headers.to_vec();
        if let Some(session) = &self.session {
            headers.push(("mcp-session-id", session));
        }
        let answer = self.connection.post(&self.path, &headers, body);
        tokio::time::timeout(PATIENCE, answer)
            .await
            .map_err(|_| Fault::Answer("no answer in time".to_owned()))??
            .success()
    }
}

/// The result for request `id`, from a plain answer or an event stream.
fn reply(answer: &Answer, id: u64) -> Result<&str, Fault> {
    let kind = answer.headers.get(CONTENT_TYPE);
    let streamed = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    if !streamed {
        return result_of(&answer.body, id)?
            .ok_or_else(|| Fault::Answer(beginning(&String::from_utf8_lossy(&answer.body))));
    }
    for line in answer.body.split(|byte| *byte == b'\n') {
        if let Some(data) = line.strip_prefix(b"data:")
            && let Ok(Some(result)) = result_of(data, id)
        {
            return Ok(result);
        }
    }
    let said = String::from_utf8_lossy(&answer.body);
    Err(Fault::Answer(format!("no reply in {}", beginning(&said))))
}

fn result_of(message: &[u8], id: u64) -> Result<Option<&str>, Fault> {
    let reply: Reply<'_> = serde_json::from_slice(message)?;
    let result = reply.result.filter(|_| reply.id == Some(id));
    Ok(result.map(RawValue::get))
}

fn beginning(text: &str) -> String {
    text.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use hyper::{HeaderMap, StatusCode};

    use super::*;

    fn answer(kind: &'static str, body: &'static str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        Answer {
            status: StatusCode::OK,
            headers,
            body: Bytes::from_static(body.as_bytes()),
        }
    }

    #[test]
    fn the_result_is_found_in_both_forms() {
        let plain = answer(
            "application/json",
            r#"{"jsonrpc":"2.0","id":7,"result":{"a":1}}"#,
        );
        assert_eq!(reply(&plain, 7).unwrap(), r#"{"a":1}"#);
        let stream = answer(
            "text/event-stream; charset=utf-8",
            ": keep-alive\n\nevent: message\ndata: {\"method\":\"notifications/progress\"}\n\n\
             data: {\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"a\":2}}\n\n",
        );
        assert_eq!(reply(&stream, 7).unwrap(), r#"{"a":2}"#);
    }

    #[test]
    fn an_error_or_a_foreign_id_is_no_result() {
        let error = answer("application/json", r#"{"id":7,"error":{"code":-32602}}"#);
        assert!(reply(&error, 7).is_err());
        let foreign = answer("application/json", r#"{"id":8,"result":{}}"#);
        assert!(reply(&foreign, 7).is_err());
    }

    #[test]
    fn a_modern_call_says_everything_itself() {
        let tool = Tool::on(Wire::Modern, "exec", &json!({"input": "x"}));
        let params: Value = serde_json::from_str(&tool.params).unwrap();
        assert_eq!(
            params["_meta"]["io.modelcontextprotocol/protocolVersion"],
            MODERN
        );
        assert!(tool.headers().contains(&("mcp-name", "exec")));
        let tool = Tool::new("exec", &json!({}));
        let params: Value = serde_json::from_str(&tool.params).unwrap();
        assert!(params["_meta"].is_null());
        assert_eq!(tool.headers(), [("mcp-protocol-version", LEGACY)]);
    }
}
