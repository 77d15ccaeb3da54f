//! The endpoint: from an HTTP request to a message and back.

use std::str;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
use futures::FutureExt;
use futures::future::{join_all, ready};
use gate::{Gate, Unproven};
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HOST, ORIGIN};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use http_body::Body as _;
use model::Caller;
use tokio::time::timeout;

use crate::call::{Sender, client};
use crate::cancellations::CallName;
use crate::era::{self, Era};
use crate::headers::{self, SESSION_ID};
use crate::message::Message;
use crate::methods::{Methods, Reply};
use crate::refused::{Fault, Refused};
use crate::running::{Ended, Running};
use crate::session::{Session, fresh};
use crate::stream::{self, Reporter};
use crate::{McpConfig, accept, address, batch, body, challenge, cors, reply, wire};

/// An answer ready within this time is plain JSON, a later one a stream.
const PLAIN: Duration = Duration::from_millis(250);
/// The endpoint and all it needs.
struct Door {
    config: McpConfig,
    methods: Methods,
}

/// The MCP endpoint at `/api/mcp`, to be nested under the path prefix of the
/// public URL. Peer addresses are taken from `ConnectInfo<SocketAddr>`.
pub fn router(config: McpConfig, gate: Arc<Gate>) -> Router {
    let methods = Methods::new(gate, &config.version);
    let door = Arc::new(Door { config, methods });
    Router::new().route("/api/mcp", any(enter)).with_state(door)
}

async fn enter(State(door): State<Arc<Door>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let served = door.serve(&parts, body).await;
    let mut response = served.unwrap_or_else(Refused::into_response);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(origin) = parts.headers.get(ORIGIN) {
        cors::mark(headers, origin, &door.config.fence);
    }
    response
}

impl Door {
    async fn serve(&self, parts: &Parts, body: Body) -> Result<Response, Refused> {
        self.check_fence(parts)?;
        match parts.method {
            Method::POST => {}
            Method::OPTIONS => return Ok(cors::options(parts)),
            _ => return Err(no_method()),
        }
        let caller = self.prove(parts).await?;
        check_media(parts)?;
        let room = self.methods.gate.room_for_body(body.size_hint().upper());
        let _room = room.await.map_err(|refusal| {
            let fault = Fault::new(wire::INTERNAL_ERROR, refusal.message);
            Refused::rpc("bodies", StatusCode::SERVICE_UNAVAILABLE, None, fault)
        })?;
        let body = body::read(parts, body).await?;
        let text = str::from_utf8(&body).map_err(|_| {
            let fault = Fault::new(wire::PARSE_ERROR, "the body is not UTF-8");
            Refused::rpc("json", StatusCode::BAD_REQUEST, None, fault)
        })?;
        let sender = Sender {
            caller,
            client: None,
            session: None,
            address: address::client(&self.config.proxies, parts).map(|ip| ip.to_string()),
            request_id: fresh(self.config.clock.as_ref()).to_string(),
        };
        if text.trim_ascii_start().starts_with('[') {
            self.batch(parts, text, sender).await
        } else {
            self.single(parts, text, sender).await
        }
    }

    fn check_fence(&self, parts: &Parts) -> Result<(), Refused> {
        let refuse = |reason, text| {
            let fault = Fault::new(wire::INVALID_REQUEST, text);
            Err(Refused::rpc(reason, StatusCode::FORBIDDEN, None, fault))
        };
        let fence = &self.config.fence;
        let host = address::host(&self.config.proxies, parts);
        let is_single = parts.headers.get_all(HOST).iter().nth(1).is_none();
        if !is_single || !host.is_some_and(|host| fence.knows_host(host)) {
            return refuse("host", "the Host header names no host of this gateway");
        }
        let mut origins = parts.headers.get_all(ORIGIN).iter();
        if !origins.all(|origin| origin.to_str().is_ok_and(|text| fence.knows_origin(text))) {
            return refuse("origin", "the Origin is not allowed");
        }
        Ok(())
    }

    /// Proves the caller from the bearer, the only credential that is read.
    async fn prove(&self, parts: &Parts) -> Result<Arc<Caller>, Refused> {
        let sent = parts.headers.get_all(AUTHORIZATION).iter();
        let proven = match identity::sole_bearer(sent.map(HeaderValue::as_bytes)) {
            Ok(bearer) => self.methods.gate.authenticate(bearer).await,
            Err(_) => Err(Unproven::Invalid),
        };
        proven.map_err(|unproven| {
            let refuse = |fault| {
                let text = format!("unauthorized: {unproven}");
                let challenge = self.config.challenge.borrow();
                Refused::plain("unauthorized", StatusCode::UNAUTHORIZED, &text)
                    .challenge(challenge::unauthorized(challenge.as_ref(), fault))
            };
            match unproven {
                Unproven::Missing => refuse(None),
                Unproven::Invalid => {
                    refuse(Some("the access token is unknown, expired or revoked"))
                }
                Unproven::Inactive => {
                    Refused::plain("inactive", StatusCode::FORBIDDEN, &unproven.to_string())
                }
                Unproven::Unavailable => {
                    let status = StatusCode::SERVICE_UNAVAILABLE;
                    Refused::plain("unavailable", status, &unproven.to_string())
                }
            }
        })
    }

    async fn single(&self, parts: &Parts, text: &str, sender: Sender) -> Result<Response, Refused> {
        let message = Message::read(text)?;
        let era = era::of(&parts.headers, &message);
        let sender = match era {
            Era::Modern => modern_sender(parts, &message, sender)?,
            Era::Legacy => {
                era::legacy(&parts.headers, message.id)?;
                match message.method.as_deref() {
                    Some("initialize") => sender,
                    _ => self.legacy_sender(parts, message.id, sender)?.0,
                }
            }
        };
        match self.methods.serve(&self.config, era, &message, sender)? {
            Reply::Nothing => Ok(accepted()),
            Reply::Message(message) => Ok(json(message)),
            Reply::Begun { message, session } => {
                let mut response = json(message);
                if let Ok(session) = HeaderValue::try_from(session) {
                    response.headers_mut().insert(SESSION_ID, session);
                }
                Ok(response)
            }
            Reply::Messages(messages) => Ok(stream::of_messages(&messages)),
            Reply::Call(call) => {
                let reporter = call.reporter();
                let names = vec![call.name()];
                let tail = self.methods.wire.tail(era);
                let Methods { gate, calls, .. } = &self.methods;
                let running = call.start(gate, calls, tail, era == Era::Modern);
                self.deliver(running, reporter, names).await
            }
        }
    }

    async fn batch(&self, parts: &Parts, text: &str, sender: Sender) -> Result<Response, Refused> {
        if era::names_modern(&parts.headers) {
            return Err(batch::unknown());
        }
        let version = era::legacy(&parts.headers, None)?;
        if !wire::knows_batches(version) {
            return Err(batch::unknown());
        }
        let (sender, session) = self.legacy_sender(parts, None, sender)?;
        if session.is_some_and(|session| !session.knows_batches()) {
            return Err(batch::unknown());
        }
        let members = batch::members(text)?.into_iter();
        let (members, names): (Vec<_>, Vec<_>) = members
            .filter_map(|member| self.member(parts, member.get(), sender.clone()))
            .unzip();
        if members.is_empty() {
            return Ok(accepted());
        }
        let names = names.into_iter().flatten().collect();
        let answers = join_all(members).map(|answers| {
            let answers = answers.into_iter().map(|ended| match ended {
                Ended::Answered(message) | Ended::LacksScope { message, .. } => message,
            });
            Ended::Answered(reply::batch(answers))
        });
        self.deliver(Running::new(answers.boxed(), None), None, names)
            .await
    }

    /// One member of a batch as work, with its name when it can be cancelled;
    /// `None` when it has no answer.
    fn member(
        &self,
        parts: &Parts,
        text: &str,
        sender: Sender,
    ) -> Option<(Running, Option<CallName>)> {
        let served = Message::read(text).and_then(|mut message| {
            // The answers of a batch come together, so there is no stream of its own.
            message.params.meta.progress_token = None;
            let is_alone = message.method.as_deref() == Some("initialize");
            if is_alone || era::of(&parts.headers, &message) == Era::Modern {
                return Err(batch::must_be_alone(message.id));
            }
            self.methods
                .serve(&self.config, Era::Legacy, &message, sender)
        });
        let message = match served {
            Ok(Reply::Nothing | Reply::Messages(_)) => return None,
            Ok(Reply::Message(message) | Reply::Begun { message, .. }) => message,
            Ok(Reply::Call(call)) => {
                let tail = self.methods.wire.tail(Era::Legacy);
                let Methods { gate, calls, .. } = &self.methods;
                let name = call.name();
                return Some((call.start(gate, calls, tail, false), Some(name)));
            }
            Err(refused) => refused.body,
        };
        let answered = ready(Ended::Answered(message)).boxed();
        Some((Running::new(answered, None), None))
    }

    /// Completes the sender of a legacy request from its session id.
    fn legacy_sender(
        &self,
        parts: &Parts,
        id: Option<&str>,
        mut sender: Sender,
    ) -> Result<(Sender, Option<Session>), Refused> {
        let session = match headers::single(&parts.headers, SESSION_ID) {
            Ok(None) => return Ok((sender, None)),
            Ok(Some(text)) => Session::open(&self.config.session_key, text, &sender.caller),
            Err(_) => None,
        };
        let Some(session) = session else {
            let fault = Fault::new(wire::INVALID_REQUEST, "unknown session: initialize again");
            return Err(Refused::rpc("session", StatusCode::NOT_FOUND, id, fault));
        };
        sender.session = Some(session.nonce);
        sender.client = session.client();
        Ok((sender, Some(session)))
    }

    /// Answers with plain JSON when the calls are quick, else with a stream.
    async fn deliver(
        &self,
        mut running: Running,
        reporter: Option<Reporter>,
        names: Vec<CallName>,
    ) -> Result<Response, Refused> {
        match timeout(PLAIN, &mut running).await {
            Ok(Ended::Answered(message)) => Ok(json(message)),
            Ok(Ended::LacksScope { needed, .. }) => {
                let challenge = self.config.challenge.borrow();
                let challenge = challenge::insufficient_scope(challenge.as_ref(), needed);
                let status = StatusCode::FORBIDDEN;
                Err(Refused::plain("scope", status, "insufficient scope").challenge(challenge))
            }
            Err(_) => {
                let running = running.let_go(self.methods.cancelled_elsewhere(names));
                Ok(stream::of_call(running, reporter))
            }
        }
    }
}

/// Checks a modern message and completes its sender.
fn modern_sender(
    parts: &Parts,
    message: &Message<'_>,
    mut sender: Sender,
) -> Result<Sender, Refused> {
    if message.id.is_some() {
        era::modern(&parts.headers, message)?;
    } else {
        era::notification(&parts.headers, message)?;
    }
    sender.client = message.params.meta.client.and_then(client);
    Ok(sender)
}

fn check_media(parts: &Parts) -> Result<(), Refused> {
    let refuse = |reason, status, text| {
        let fault = Fault::new(wire::INVALID_REQUEST, text);
        Err(Refused::rpc(reason, status, None, fault))
    };
    if !accept::brings_json(&parts.headers) {
        let text = "the Content-Type must be application/json";
        return refuse("content_type", StatusCode::UNSUPPORTED_MEDIA_TYPE, text);
    }
    if !accept::takes_both(&parts.headers) {
        let text = "the client must accept both application/json and text/event-stream";
        return refuse("accept", StatusCode::NOT_ACCEPTABLE, text);
    }
    Ok(())
}

fn no_method() -> Refused {
    let fault = Fault::new(wire::INVALID_REQUEST, "only POST is served here");
    Refused::rpc("http_method", StatusCode::METHOD_NOT_ALLOWED, None, fault)
}

fn accepted() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

fn json(message: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(message));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
