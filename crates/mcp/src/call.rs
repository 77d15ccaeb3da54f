//! `tools/call`: from the words of the protocol to the gate and back.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use gate::{Call, Denied, Gate, Progress};
use http::StatusCode;
use model::{Caller, Client, Code, Origin, Refusal, Scopes};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::cancellations::{CallName, Cancellations};
use crate::message::{self, Message};
use crate::refused::{Fault, Refused};
use crate::reply;
use crate::running::{Ended, Running};
use crate::stream::Reporter;
use crate::wire;

/// Who sent a request, and from where.
#[derive(Clone)]
pub struct Sender {
    /// The caller.
    pub caller: Arc<Caller>,
    /// The program, as it names itself.
    pub client: Option<Client>,
    /// Nonce of the legacy session.
    pub session: Option<uuid::Uuid>,
    /// Address of the client.
    pub address: Option<String>,
    /// Id of the HTTP request.
    pub request_id: String,
}

/// One tool call, read and ready to run.
pub struct ToolCall {
    id: String,
    tool: &'static str,
    arguments: Value,
    call: Call,
    sender: Sender,
    token: Option<String>,
}

/// Longest name of a client program that is kept, in characters.
const LONGEST_NAME: usize = 128;

impl ToolCall {
    /// Reads a call of the operation named `tool`.
    ///
    /// # Errors
    /// What the parameters lack.
    pub fn read(
        id: &str,
        tool: &'static str,
        message: &Message<'_>,
        sender: Sender,
    ) -> Result<Self, Refused> {
        let params = &message.params;
        let arguments = match params.arguments.map(RawValue::get) {
            None | Some("null") => Value::Object(Map::new()),
            Some(text) => model::strict_value(text.as_bytes()).map_err(|error| {
                if error.is_data() {
                    let fault = Fault::new(wire::INVALID_PARAMS, "the arguments name a key twice");
                    return Refused::rpc("params", StatusCode::OK, Some(id), fault);
                }
                let fault = Fault::new(
                    wire::PARSE_ERROR,
                    "the arguments are not JSON, or nested too deeply",
                );
                Refused::rpc("json", StatusCode::BAD_REQUEST, Some(id), fault)
            })?,
        };
        if !arguments.is_object() {
            let fault = Fault::new(wire::INVALID_PARAMS, "arguments must be an object");
            return Err(Refused::rpc("params", StatusCode::OK, Some(id), fault));
        }
        let token = params.meta.progress_token.map(RawValue::get);
        let token = token.filter(|token| message::is_id(token));
        let call = Call {
            origin: Origin::Mcp,
            client: sender.client.clone(),
            address: sender.address.clone(),
            request_id: sender.request_id.clone(),
            correlation_id: params.meta.traceparent.and_then(trace),
            cancel: CancellationToken::new(),
            progress: if token.is_some() {
                Progress::shown()
            } else {
                Progress::default()
            },
        };
        Ok(Self {
            id: id.to_owned(),
            tool,
            arguments,
            call,
            sender,
            token: token.map(str::to_owned),
        })
    }

    /// Who reports its progress, when the client asked for that.
    pub fn reporter(&self) -> Option<Reporter> {
        let token = self.token.as_deref()?;
        Some(Reporter::new(token, &self.call.progress))
    }

    /// The name under which it can be cancelled.
    pub fn name(&self) -> CallName {
        named(&self.sender, &self.id)
    }

    /// Fires when the call is to be cancelled.
    pub fn cancel(&self) -> CancellationToken {
        self.call.cancel.clone()
    }

    /// Sends it through the gate. `tail` holds further members of the result.
    pub async fn run(self, gate: Arc<Gate>, calls: Cancellations, tail: Arc<str>) -> Ended {
        let Self {
            id,
            tool,
            arguments,
            call,
            sender,
            ..
        } = self;
        let name = named(&sender, &id);
        let listed = calls.list(name, call.cancel.clone());
        let answer = match gate.catalog().find(tool) {
            Some(entry) => {
                let answer = gate.call(entry, &sender.caller, arguments, call);
                AssertUnwindSafe(answer).catch_unwind().await
            }
            None => Ok(Err(Denied::Refused(internal(&sender.request_id)))),
        };
        drop(listed);
        match answer {
            Ok(Ok(answer)) => Ended::Answered(reply::tool_success(&id, &answer, &tail)),
            Ok(Err(Denied::Refused(refusal))) => {
                Ended::Answered(reply::tool_refusal(&id, &refusal, &tail))
            }
            Ok(Err(Denied::Scope(needed))) => Ended::LacksScope {
                needed,
                message: reply::tool_refusal(&id, &lacks_scope(needed), &tail),
            },
            Err(_) => {
                tracing::error!(incident_id = sender.request_id, "a tool panicked");
                let refusal = internal(&sender.request_id);
                Ended::Answered(reply::tool_refusal(&id, &refusal, &tail))
            }
        }
    }
}

impl ToolCall {
    /// The call as work that its client can leave; `cancels` says whether
    /// leaving cancels it.
    pub fn start(
        self,
        gate: &Arc<Gate>,
        calls: &Cancellations,
        tail: Arc<str>,
        cancels: bool,
    ) -> Running {
        let cancel = cancels.then(|| self.cancel());
        let work = self.run(Arc::clone(gate), calls.clone(), tail);
        Running::new(work.boxed(), cancel)
    }
}

fn named(sender: &Sender, id: &str) -> CallName {
    CallName {
        org: sender.caller.org,
        caller: sender.caller.id,
        session: sender.session,
        request: id.to_owned(),
    }
}

/// Reads how a program names itself.
pub fn client(raw: &RawValue) -> Option<Client> {
    let info: Value = serde_json::from_str(raw.get()).ok()?;
    let word = |key: &str| {
        let text = info[key].as_str().unwrap_or_default();
        let visible = text.chars().filter(|c| !c.is_control());
        visible.take(LONGEST_NAME).collect::<String>()
    };
    let client = Client {
        name: word("name"),
        version: word("version"),
    };
    (!client.name.is_empty()).then_some(client)
}

fn trace(raw: &RawValue) -> Option<String> {
    model::traceparent(&message::string(raw)?)
}

fn internal(incident: &str) -> Refusal {
    Refusal::new(Code::Internal, "an unexpected failure ended this call")
        .hint("tell an operator the incident id")
        .detail("incident_id", incident)
}

fn lacks_scope(needed: Scopes) -> Refusal {
    Refusal::new(Code::Forbidden, "insufficient scope").detail("scope", needed.words().join(" "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn raw(value: &Value) -> Box<RawValue> {
        serde_json::value::to_raw_value(value).unwrap()
    }

    #[test]
    fn a_client_is_kept_short_and_visible() {
        let told = client(&raw(&json!({"name": "a\nb", "version": "1"}))).unwrap();
        assert_eq!((told.name.as_str(), told.version.as_str()), ("ab", "1"));
        let told = client(&raw(&json!({"name": "x".repeat(500)}))).unwrap();
        assert_eq!((told.name.len(), told.version.as_str()), (LONGEST_NAME, ""));
        for other in [
            json!({}),
            json!({"name": 5}),
            json!([]),
            json!("x"),
            json!(null),
        ] {
            assert_eq!(client(&raw(&other)), None);
        }
    }

    #[test]
    fn a_trace_is_kept_when_it_is_one() {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
        assert_eq!(trace(&raw(&json!(parent))).as_deref(), Some(parent));
        for other in [json!(""), json!("a b"), json!("x".repeat(129)), json!(7)] {
            assert_eq!(trace(&raw(&other)), None);
        }
    }
}
