//! What every request and answer has in common.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use rest::RestConfig;
use serde_json::{Value, json};

use crate::house::House;

fn request(method: Method, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path)
}

#[tokio::test]
async fn nobody_is_let_in_without_a_good_bearer() {
    let house = House::open().await;
    let missing = house
        .send(request(Method::GET, "/api/me").body(Body::empty()).unwrap())
        .await;
    assert_eq!(missing.status, StatusCode::UNAUTHORIZED);
    assert_eq!(missing.headers["www-authenticate"], "Bearer");
    assert_eq!(
        missing.body["error"]["message"],
        "unauthorized: missing access token"
    );
    let wrong = house
        .ask("dgk_wrong", Method::GET, "/api/me", Value::Null)
        .await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!(wrong.code(), "unauthorized");
    let in_query = format!("/api/me?access_token={}", house.admin);
    let in_query = house
        .send(request(Method::GET, &in_query).body(Body::empty()).unwrap())
        .await;
    assert_eq!(in_query.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_body_is_not_read_before_the_caller_is_proven() {
    let house = House::open().await;
    let huge = Body::from(vec![b'x'; 5 * 1024 * 1024]);
    let answer = house
        .send(request(Method::POST, "/api/exec").body(huge).unwrap())
        .await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn every_answer_is_safe_and_carries_the_id_of_its_request() {
    let house = House::open().await;
    for (path, status) in [
        ("/api/me", 401),
        ("/api/nothing", 404),
        ("/api/openapi.json", 200),
    ] {
        let asked = request(Method::GET, path).header("x-request-id", "my-id-1");
        let answer = house.send(asked.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.headers["x-request-id"], "my-id-1");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["x-frame-options"], "DENY");
        assert_eq!(answer.headers["referrer-policy"], "no-referrer");
        let is_document = path == "/api/openapi.json";
        let cache = if is_document {
            "public, max-age=300"
        } else {
            "no-store"
        };
        assert_eq!(answer.headers["cache-control"], cache);
        if !is_document {
            assert_eq!(answer.body["error"]["request_id"], "my-id-1");
        }
    }
    let hostile = request(Method::GET, "/api/me").header("x-request-id", "a b");
    let answer = house.send(hostile.body(Body::empty()).unwrap()).await;
    assert_eq!(
        answer.body["error"]["request_id"].as_str().unwrap().len(),
        36
    );
}

#[tokio::test]
async fn unknown_paths_and_methods_have_the_form_of_every_error() {
    let house = House::open().await;
    for path in ["/api", "/api/", "/api/nothing", "/api/connections/a/b/c"] {
        let answer = house.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.code(), "not_found");
    }
    let answer = house
        .ask(&house.admin, Method::PUT, "/api/connections", Value::Null)
        .await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    let allow = answer.headers["allow"].to_str().unwrap();
    assert!(allow.contains("GET") && allow.contains("POST"), "{allow}");
    assert_eq!(answer.code(), "unsupported");
}

#[tokio::test]
async fn a_body_is_json_and_bounded() {
    let config = RestConfig {
        max_body_bytes: 1000,
        ..RestConfig::default()
    };
    let house = House::with(config).await;
    let send = async |media: &str, body: &str| {
        let request = request(Method::POST, "/api/exec")
            .header("authorization", format!("Bearer {}", house.admin))
            .header("content-type", media);
        house
            .send(request.body(Body::from(body.to_owned())).unwrap())
            .await
    };
    let cases = [
        ("text/plain", "{}".to_owned(), 415, "unsupported"),
        (
            "application/json",
            " ".repeat(1001),
            413,
            "invalid_argument",
        ),
        ("application/json", "{".to_owned(), 400, "invalid_argument"),
        ("application/json", "[]".to_owned(), 400, "invalid_argument"),
        (
            "application/json",
            r#"{"input":"a","input":"b"}"#.to_owned(),
            400,
            "invalid_argument",
        ),
        (
            "application/json; charset=utf-8",
            r#"{"nput":"a"}"#.to_owned(),
            400,
            "invalid_argument",
        ),
    ];
    for (media, body, status, code) in cases {
        let answer = send(media, &body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (status, code),
            "{media} {body:.20}"
        );
    }
    let unknown = send("application/json", r#"{"nput":"a"}"#).await;
    assert_eq!(unknown.body["error"]["details"]["path"], "/nput");
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    let config = RestConfig {
        body_timeout: std::time::Duration::from_millis(50),
        ..RestConfig::default()
    };
    let house = House::with(config).await;
    let (_keep_open, receiver) = tokio::io::duplex(64);
    let body = Body::from_stream(tokio_util::io::ReaderStream::new(receiver));
    let request = request(Method::POST, "/api/exec")
        .header("authorization", format!("Bearer {}", house.admin))
        .header("content-type", "application/json");
    let answer = house.send(request.body(body).unwrap()).await;
    assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT);
    assert_eq!(answer.body["error"]["code"], json!("timeout"));
}
