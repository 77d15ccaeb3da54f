//! A gateway with an administrator, an auditor, a member and odd credentials.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use gate::Gate;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use identity::Proxies;
use mcp::{Challenge, Fence, McpConfig, SessionKey};
use model::{Scope, Scopes, SystemClock, UserStatus};
use serde_json::{Value, json};
use store::{
    Config, CredentialOwner, MasterKey, NewCredential, NewUser, OrgStore, Store, StoreUrl,
    TokenHash, TokenKind,
};
use tempfile::TempDir;
use tokio::sync::watch;
use tower::ServiceExt;

/// The door, the gate and the store, with one bearer per kind of caller.
pub struct Gateway {
    /// The endpoint.
    pub router: Router,
    /// The gate behind it.
    pub gate: Arc<Gate>,
    /// Turns OAuth on and off.
    pub challenge: watch::Sender<Option<Challenge>>,
    /// Bearer of an administrator.
    pub admin: String,
    /// Bearer of an auditor.
    pub auditor: String,
    /// Bearer of a member.
    pub member: String,
    /// The member's bearer with the scope `drawgate:read` only.
    pub reader: String,
    /// Bearer of somebody inactive.
    pub inactive: String,
    _dir: TempDir,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Self {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// The messages of a stream.
    pub fn events(&self) -> Vec<Value> {
        let data = self
            .text
            .lines()
            .filter_map(|line| line.strip_prefix("data: "));
        data.map(|data| serde_json::from_str(data).unwrap())
            .collect()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The code of a JSON-RPC error.
    pub fn code(&self) -> i64 {
        self.json()["error"]["code"].as_i64().unwrap_or_default()
    }
}

impl Gateway {
    pub async fn start() -> Self {
        let dir = TempDir::new().unwrap();
        let clock = Arc::new(SystemClock);
        let config = Config {
            url: StoreUrl::Sqlite(dir.path().join("drawgate.db")),
            recordings: format!("file:{}", dir.path().join("recordings").display()),
            recording_options: BTreeMap::new(),
            key: MasterKey::from_bytes([7; 32]),
        };
        let store = Store::open(config, clock.clone()).await.unwrap();
        let org = store.create_organization("default").await.unwrap();
        let org = store.org(org.id);
        let mut tokens = Vec::new();
        for (name, status, scopes) in [
            ("admin", UserStatus::Active, None),
            ("auditor", UserStatus::Active, None),
            ("member", UserStatus::Active, None),
            (
                "reader",
                UserStatus::Active,
                Some(Scopes::of([Scope::Read])),
            ),
            ("inactive", UserStatus::Inactive, None),
        ] {
            tokens.push(somebody(&org, name, status, scopes).await);
        }
        let tokens: [String; 5] = tokens.try_into().unwrap();
        let [admin, auditor, member, reader, inactive] = tokens;
        let facts = gate::Config {
            version: "1.2.3".to_owned(),
            commit: String::new(),
            public_url: "https://gate.example.com".to_owned(),
            max_recording_bytes: 1 << 20,
            environment: Arc::new(|_| None),
            rooms: None,
            is_reaper: false,
        };
        let gate = Gate::new(facts, store, clock).unwrap();
        let (challenge, told) = watch::channel(None);
        let router = mcp::router(config_of(told), gate.clone());
        Self {
            router,
            gate,
            challenge,
            admin,
            auditor,
            member,
            reader,
            inactive,
            _dir: dir,
        }
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        Answer::of(self.begin(request).await).await
    }

    /// Sends a request and leaves its answer unread.
    pub async fn begin(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Asks on the legacy wire.
    pub async fn legacy(&self, bearer: &str, method: &str, params: Value) -> Answer {
        self.send(legacy(bearer, &message(method, params))).await
    }

    /// Asks on the modern wire.
    pub async fn modern(&self, bearer: &str, method: &str, params: Value) -> Answer {
        self.send(modern(bearer, method, params)).await
    }

    /// Calls a tool on the legacy wire and answers its structured content.
    pub async fn tool(&self, bearer: &str, name: &str, arguments: Value) -> Value {
        let params = json!({"name": name, "arguments": arguments});
        let answer = self.legacy(bearer, "tools/call", params).await;
        let reply = if answer.header("content-type") == "application/json" {
            answer.json()
        } else {
            answer.events().pop().unwrap()
        };
        reply["result"]["structuredContent"].clone()
    }
}

/// A request of the legacy wire with `body`.
pub fn legacy(bearer: &str, body: &Value) -> Request<Body> {
    post()
        .header("authorization", format!("Bearer {bearer}"))
        .body(Body::from(body.to_string()))
        .unwrap()
}

/// A request of the modern wire with all it needs.
pub fn modern(bearer: &str, method: &str, params: Value) -> Request<Body> {
    let name = params["name"].as_str().map(str::to_owned);
    let mut request = post()
        .header("authorization", format!("Bearer {bearer}"))
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", method);
    if let Some(name) = name {
        request = request.header("mcp-name", name);
    }
    let body = message(method, with_meta(params));
    request.body(Body::from(body.to_string())).unwrap()
}

/// Parameters with the `_meta` that the modern wire needs.
pub fn with_meta(mut params: Value) -> Value {
    let meta = &mut params["_meta"];
    meta["io.modelcontextprotocol/protocolVersion"] = "2026-07-28".into();
    meta["io.modelcontextprotocol/clientCapabilities"] = json!({});
    params
}

pub fn message(method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
}

pub fn post() -> http::request::Builder {
    Request::post("/api/mcp")
        .header("host", "gate.example.com")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
}

fn config_of(challenge: watch::Receiver<Option<Challenge>>) -> McpConfig {
    let public = ["https://gate.example.com".to_owned()];
    let origins = ["https://app.example.com".to_owned()];
    let hosts = ["inner:8009".to_owned()];
    McpConfig {
        fence: Fence::new(&public, &origins, &hosts, false).unwrap(),
        proxies: Proxies::default(),
        session_key: SessionKey::new(b"secret"),
        version: "1.2.3".to_owned(),
        challenge,
        clock: Arc::new(SystemClock),
    }
}

async fn somebody(
    org: &OrgStore,
    name: &str,
    status: UserStatus,
    scopes: Option<Scopes>,
) -> String {
    let mut groups = Vec::new();
    if matches!(name, "admin" | "auditor") {
        org.ensure_group(name).await.unwrap();
        groups.push(name.to_owned());
    }
    let new = NewUser {
        email: format!("{name}@example.com"),
        name: name.to_owned(),
        status,
        verified: true,
        password_hash: None,
        groups,
    };
    let user = org.create_user(new).await.unwrap();
    let token = format!("dgk_{name}-{}", user.id);
    let new = NewCredential {
        kind: TokenKind::ApiKey,
        name: Some(name.to_owned()),
        hash: TokenHash::of(&token),
        owner: CredentialOwner::User(user.id),
        scopes,
        agent: false,
        expires_at: None,
        family: None,
    };
    org.create_credential(new).await.unwrap();
    token
}
