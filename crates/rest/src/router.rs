//! The list of routes as an axum router.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, any, get, post};
use gate::Gate;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use model::{Code, Refusal};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::answer::{self, Problem};
use crate::door::{self, Door};
use crate::openapi::openapi;
use crate::routes::ROUTES;
use crate::{RestConfig, request_id, sign_in, trace};

/// Headers of every answer: nothing is stored, framed, sniffed or told to others.
const SAFETY: [(HeaderName, HeaderValue); 5] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
];

/// Everything under `/api` but the MCP endpoint. Unknown paths under `/api` are
/// answered here, so that they have the form of every other error.
///
/// Put [`axum::extract::ConnectInfo`] of a socket address into the request
/// extensions to have the client's address in the audit.
pub fn router(config: RestConfig, gate: Arc<Gate>) -> Router {
    let document = Document {
        gate: Arc::clone(&gate),
        prefix: config.prefix.clone(),
        text: Arc::default(),
    };
    let door = Door {
        gate,
        config: config.clone(),
    };
    let mut router = Router::new();
    for (path, methods) in by_path() {
        router = router.route(path, methods);
    }
    let router = router
        .route("/api/login", closed(post(sign_in::sign_in)))
        .route("/api/login/refresh", closed(post(sign_in::refresh)))
        .route(
            "/api/openapi.json",
            closed(get(async move || document.serve())),
        )
        .route("/api", any(unknown))
        .route("/api/", any(unknown))
        .route("/api/{*path}", any(unknown))
        .with_state(door);
    SAFETY
        .into_iter()
        .fold(router, |router, (name, value)| {
            router.layer(SetResponseHeaderLayer::if_not_present(name, value))
        })
        .layer(from_fn(trace::measure))
        .layer(from_fn_with_state(config, request_id::tag))
}

/// The methods of each path.
fn by_path() -> BTreeMap<&'static str, MethodRouter<Door>> {
    let mut paths: BTreeMap<&'static str, MethodRouter<Door>> = BTreeMap::new();
    for route in &ROUTES {
        let methods = paths.remove(route.path).unwrap_or_default();
        let handler = move |State(door): State<Door>, request| door.answer(route, request);
        paths.insert(route.path, methods.on(filter(&route.method), handler));
    }
    paths
        .into_iter()
        .map(|(path, methods)| (path, closed(methods)))
        .collect()
}

fn filter(method: &Method) -> MethodFilter {
    MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET)
}

/// Answers other methods of a known path with 405; axum adds `Allow`.
fn closed(methods: MethodRouter<Door>) -> MethodRouter<Door> {
    methods.fallback(async |request: Request| {
        let refusal = Refusal::new(Code::Unsupported, "the method is not allowed here");
        respond(request, StatusCode::METHOD_NOT_ALLOWED, refusal)
    })
}

async fn unknown(request: Request) -> Response {
    let refusal = Refusal::new(Code::NotFound, "no such route")
        .hint("the routes are listed in /api/openapi.json");
    respond(request, StatusCode::NOT_FOUND, refusal)
}

fn respond(request: Request, status: StatusCode, refusal: Refusal) -> Response {
    let (parts, _) = request.into_parts();
    Problem::with_status(status, refusal).respond(&door::request_id(&parts))
}

/// The OpenAPI document. It is large: it is made when it is first asked for.
#[derive(Clone)]
struct Document {
    gate: Arc<Gate>,
    prefix: String,
    text: Arc<OnceLock<Bytes>>,
}

impl Document {
    fn serve(&self) -> Response {
        let made = || {
            openapi(self.gate.catalog(), &self.prefix)
                .to_string()
                .into()
        };
        let text = self.text.get_or_init(made);
        let mut response = answer::json(StatusCode::OK, text.clone().into());
        let for_a_while = HeaderValue::from_static("public, max-age=300");
        response.headers_mut().insert(CACHE_CONTROL, for_a_while);
        response
    }
}
