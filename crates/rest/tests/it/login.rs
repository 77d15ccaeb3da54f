//! Signing in, renewing, signing out.

use std::sync::Arc;

use http::{Method, StatusCode};
use model::{ManualClock, Timestamp};
use rest::RestConfig;
use serde_json::{Value, json};

use crate::house::{Answer, House, PASSWORD};

async fn sign_in(house: &House, email: &str, password: &str) -> Answer {
    house
        .ask(
            "",
            Method::POST,
            "/api/login",
            json!({"email": email, "password": password}),
        )
        .await
}

async fn me(house: &House, token: &Value) -> StatusCode {
    house
        .ask(token.as_str().unwrap(), Method::GET, "/api/me", Value::Null)
        .await
        .status
}

#[tokio::test]
async fn a_login_works_renews_once_and_ends() {
    let house = House::open().await;
    let first = sign_in(&house, "member@example.com", PASSWORD).await;
    assert_eq!(first.status, StatusCode::OK);
    assert_eq!(first.body["user_email"], "member@example.com");
    assert_eq!(me(&house, &first.body["token"]).await, StatusCode::OK);

    let renew = async |token: &Value| {
        house
            .ask(
                "",
                Method::POST,
                "/api/login/refresh",
                json!({"refresh_token": token}),
            )
            .await
    };
    let second = renew(&first.body["refresh_token"]).await;
    assert_eq!(second.status, StatusCode::OK);
    assert_eq!(me(&house, &second.body["token"]).await, StatusCode::OK);

    let token = second.body["token"].as_str().unwrap();
    let out = house
        .ask(token, Method::POST, "/api/logout", Value::Null)
        .await;
    assert_eq!(out.status, StatusCode::OK, "{}", out.body);
    assert_eq!(
        me(&house, &second.body["token"]).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        renew(&second.body["refresh_token"]).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_refresh_token_that_is_used_twice_ends_the_login() {
    let house = House::open().await;
    let first = sign_in(&house, "member@example.com", PASSWORD).await;
    let refresh = json!({"refresh_token": first.body["refresh_token"]});
    let second = house
        .ask("", Method::POST, "/api/login/refresh", refresh.clone())
        .await;
    assert_eq!(second.status, StatusCode::OK);
    let again = house
        .ask("", Method::POST, "/api/login/refresh", refresh)
        .await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        me(&house, &second.body["token"]).await,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_look_the_same() {
    let house = House::open().await;
    let wrong = sign_in(&house, "member@example.com", "wrong password").await;
    let unknown = sign_in(&house, "nobody@example.com", PASSWORD).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert_eq!(unknown.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        wrong.body["error"]["message"],
        unknown.body["error"]["message"]
    );
}

#[tokio::test]
async fn a_sign_in_takes_exactly_its_arguments() {
    let house = House::open().await;
    for body in [
        json!({"email": "a@b.c"}),
        json!({"email": "a@b.c", "password": "p", "x": 1}),
    ] {
        let answer = house.ask("", Method::POST, "/api/login", body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.code(), "invalid_argument");
    }
}

#[tokio::test]
async fn failures_in_a_row_cost_a_pause_whoever_is_meant() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(
        1_790_000_000_000_000,
    )));
    let house = House::at(RestConfig::default(), clock.clone()).await;
    for email in ["member@example.com", "nobody@example.com"] {
        let mut failures = 0;
        let refused = loop {
            let answer = sign_in(&house, email, "wrong password").await;
            if answer.status != StatusCode::UNAUTHORIZED {
                break answer;
            }
            failures += 1;
        };
        assert_eq!(failures, 10, "{email}");
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.code(), "busy");
        assert_eq!(refused.body["error"]["details"]["retry_after_ms"], 1000);
        assert_eq!(refused.headers["retry-after"], "1");
        let right = sign_in(&house, email, PASSWORD).await;
        assert_eq!(right.code(), "busy", "no password is looked at");
    }
    let other = sign_in(&house, "admin@example.com", PASSWORD).await;
    assert_eq!(other.status, StatusCode::OK);
    clock.advance(1);
    let later = sign_in(&house, "member@example.com", PASSWORD).await;
    assert_eq!(later.status, StatusCode::OK);
    let begun_anew = sign_in(&house, "member@example.com", "wrong password").await;
    assert_eq!(begun_anew.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_body_that_no_sign_in_needs_is_not_read() {
    let house = House::open().await;
    let long = "x".repeat(9_000);
    for (path, body) in [
        ("/api/login", json!({"email": "a@b.c", "password": long})),
        ("/api/login/refresh", json!({"refresh_token": long})),
    ] {
        let answer = house.ask("", Method::POST, path, body).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
    }
}
