//! The methods of both wires.

use std::sync::Arc;

use futures::future::join_all;
use gate::Gate;
use http::StatusCode;
use serde_json::value::RawValue;

use crate::McpConfig;
use crate::call::{Sender, ToolCall};
use crate::cancellations::{CallName, Cancellations, Cancelled};
use crate::era::Era;
use crate::message::{self, Message};
use crate::refused::{Fault, Refused};
use crate::reply;
use crate::session::Session;
use crate::wire::{self, Wire};

/// Everything that serves a message.
pub struct Methods {
    /// The gate.
    pub gate: Arc<Gate>,
    /// The fixed texts.
    pub wire: Wire,
    /// Calls under way.
    pub calls: Cancellations,
}

/// What a message is answered with.
pub enum Reply {
    /// Nothing: it was a notification.
    Nothing,
    /// One message.
    Message(Vec<u8>),
    /// One message that begins a legacy session.
    Begun {
        /// The message.
        message: Vec<u8>,
        /// The session id.
        session: String,
    },
    /// Two messages on a stream.
    Messages([String; 2]),
    /// The outcome of a call that is yet to run.
    Call(Box<ToolCall>),
}

impl Methods {
    /// Serves the operations of `gate`.
    pub fn new(gate: Arc<Gate>, version: &str) -> Self {
        Self {
            wire: Wire::new(version),
            calls: Cancellations::default(),
            gate,
        }
    }

    /// Serves one message.
    ///
    /// # Errors
    /// The JSON-RPC error it is answered with.
    pub fn serve(
        &self,
        config: &McpConfig,
        era: Era,
        message: &Message<'_>,
        sender: Sender,
    ) -> Result<Reply, Refused> {
        let (Some(method), Some(id)) = (message.method.as_deref(), message.id) else {
            if message.method.as_deref() == Some("notifications/cancelled") {
                self.cancel(message, &sender);
            }
            return Ok(Reply::Nothing);
        };
        match (era, method) {
            (_, "tools/call") => self.call(id, message, sender),
            (_, "tools/list") => self.list(id, era, message, &sender),
            (Era::Modern, "server/discover") => {
                Ok(Reply::Message(reply::result(id, self.wire.discover())))
            }
            (Era::Modern, "subscriptions/listen") => Ok(Reply::Messages(self.wire.listen(id))),
            (Era::Legacy, "initialize") => self.initialize(config, id, message, &sender),
            (Era::Legacy, "ping") => Ok(Reply::Message(reply::result(id, "{}"))),
            _ => Err(unknown_method(era, id)),
        }
    }

    /// Cancels the named calls, which are here, when another replica is told to.
    /// It is asked for once a call takes its time, so that quick ones cost nothing.
    pub fn cancelled_elsewhere(
        &self,
        names: Vec<CallName>,
    ) -> impl Future<Output = ()> + Send + 'static {
        let calls = self.calls.clone();
        let follow = |name: CallName| (self.gate.follow_signal(name.signal()), name);
        let followed: Vec<_> = names.into_iter().map(follow).collect();
        async move {
            let each = followed.iter().map(|(signal, name)| {
                let calls = calls.clone();
                async move {
                    loop {
                        signal.rung().await;
                        if calls.cancel(name) == Cancelled::Here {
                            return;
                        }
                    }
                }
            });
            join_all(each).await;
        }
    }

    fn initialize(
        &self,
        config: &McpConfig,
        id: &str,
        message: &Message<'_>,
        sender: &Sender,
    ) -> Result<Reply, Refused> {
        let requested = message.params.protocol_version.and_then(message::string);
        let Some(requested) = requested else {
            return Err(invalid_params(id, "protocolVersion must be a string"));
        };
        let version = wire::negotiate(&requested);
        let client = message.params.client_info.and_then(crate::call::client);
        let session = Session::new(config.clock.as_ref(), &sender.caller, client, version);
        Ok(Reply::Begun {
            message: reply::result(id, &self.wire.initialize(version)),
            session: session.seal(&config.session_key),
        })
    }

    fn list(
        &self,
        id: &str,
        era: Era,
        message: &Message<'_>,
        sender: &Sender,
    ) -> Result<Reply, Refused> {
        let cursor = message.params.cursor.map(RawValue::get);
        if cursor.is_some_and(|cursor| cursor != "null") {
            // The list is one page, so no cursor was ever handed out.
            return Err(invalid_params(id, "unknown cursor"));
        }
        let tail = self.wire.tail(era);
        let list = self
            .wire
            .tools()
            .result(self.gate.catalog(), &sender.caller, &tail);
        Ok(Reply::Message(reply::result(id, &list)))
    }

    fn call(&self, id: &str, message: &Message<'_>, sender: Sender) -> Result<Reply, Refused> {
        let Some(name) = message.params.name.and_then(message::string) else {
            return Err(invalid_params(id, "name must be a string"));
        };
        let entry = self.gate.catalog().find(&name);
        let Some(entry) = entry.filter(|entry| wire::is_tool(entry)) else {
            return Err(invalid_params(id, "unknown tool"));
        };
        let call = ToolCall::read(id, entry.name, message, sender)?;
        Ok(Reply::Call(Box::new(call)))
    }

    fn cancel(&self, message: &Message<'_>, sender: &Sender) {
        let Some(request) = message.params.request_id else {
            return;
        };
        let name = CallName {
            org: sender.caller.org,
            caller: sender.caller.id,
            session: sender.session,
            request: request.get().to_owned(),
        };
        if self.calls.cancel(&name) == Cancelled::NotHere {
            self.gate.signal(name.signal());
        }
    }
}

fn unknown_method(era: Era, id: &str) -> Refused {
    let status = match era {
        Era::Modern => StatusCode::NOT_FOUND,
        Era::Legacy => StatusCode::OK,
    };
    let fault = Fault::new(wire::METHOD_NOT_FOUND, "method not found");
    Refused::rpc("method", status, Some(id), fault)
}

fn invalid_params(id: &str, text: &'static str) -> Refused {
    let fault = Fault::new(wire::INVALID_PARAMS, text);
    Refused::rpc("params", StatusCode::OK, Some(id), fault)
}
