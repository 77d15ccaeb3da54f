//! Signing in with e-mail and password, renewing, signing out.

use serde_json::{Value, json};

use crate::gateway::{Client, ENGINES, Engine, Gateway};
use crate::roles::callers::user;

const PASSWORD: &str = "a long enough password";

async fn sign_in(gateway: &Gateway, email: &str, password: &str) -> (u16, Value) {
    let body = json!({"email": email, "password": password});
    gateway
        .client("")
        .rest("POST", "/api/login", Some(body))
        .await
}

async fn refresh(gateway: &Gateway, token: &Value) -> (u16, Value) {
    let body = json!({"refresh_token": token});
    gateway
        .client("")
        .rest("POST", "/api/login/refresh", Some(body))
        .await
}

async fn works(gateway: &Gateway, login: &Value) -> bool {
    let client = gateway.client(login["token"].as_str().unwrap());
    match client.rest("GET", "/api/me", None).await.0 {
        200 => true,
        401 => false,
        other => panic!("{other}"),
    }
}

/// The same error apart from the id of the request.
fn without_id(mut answer: (u16, Value)) -> (u16, Value) {
    answer.1["error"]
        .as_object_mut()
        .unwrap()
        .remove("request_id");
    answer
}

#[tokio::test]
async fn a_password_signs_in_and_whatever_is_wrong_is_told_alike() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        let admin = gateway.admin();
        user(&admin, "kim", &[]).await;
        let (status, _) = admin
            .rest(
                "POST",
                "/api/users",
                Some(json!({"email": "no@example.com"})),
            )
            .await;
        assert_eq!(status, 201);
        let (status, login) = sign_in(&gateway, "kim@example.com", PASSWORD).await;
        assert_eq!(status, 200, "{login}");
        assert!(login["token"].as_str().unwrap().starts_with("dgt_"));
        assert_eq!(login["user_email"], "kim@example.com");
        assert!(login["refresh_expires_at"].as_str() > login["expires_at"].as_str());
        assert!(works(&gateway, &login).await);
        let seen = admin
            .call("users_get", json!({"email": "kim@example.com"}))
            .await
            .unwrap();
        assert!(seen["last_login_at"].is_string(), "{seen}");

        let wrong =
            without_id(sign_in(&gateway, "kim@example.com", "a long enough passwork").await);
        assert_eq!(
            (wrong.0, &wrong.1["error"]["code"]),
            (401, &json!("unauthorized")),
            "{}",
            wrong.1
        );
        for (email, password) in [
            ("nobody@example.com", PASSWORD),
            ("no@example.com", PASSWORD),
            ("no@example.com", "x"),
            ("' OR 1=1 --", PASSWORD),
            ("kim@example.com\u{0}", PASSWORD),
            ("kim@example.com", "a long enough password\u{0}"),
            ("kim@example.com", "A long enough password"),
            ("%", PASSWORD),
        ] {
            assert_eq!(
                without_id(sign_in(&gateway, email, password).await),
                wrong,
                "{email:?} {password:?}"
            );
        }
        let refresh = login["refresh_token"].as_str().unwrap();
        assert_eq!(
            gateway.client(refresh).rest("GET", "/api/me", None).await.0,
            401,
            "a refresh token opens nothing"
        );
        assert_eq!(
            super::logins::refresh(&gateway, &login["token"]).await.0,
            401,
            "a login token renews nothing"
        );
    }
}

#[tokio::test]
async fn a_short_password_is_refused_and_a_new_one_counts_at_once() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    user(&admin, "kim", &[]).await;
    let path = "/api/users/kim@example.com";
    let (status, body) = admin
        .rest("PATCH", path, Some(json!({"password": "short"})))
        .await;
    assert_eq!(
        (status, &body["error"]["details"]["path"]),
        (400, &json!("/password")),
        "{body}"
    );
    let (status, body) = admin
        .rest("PATCH", path, Some(json!({"password": "another good one"})))
        .await;
    assert_eq!(status, 200, "{body}");
    assert!(!body.to_string().contains("password"), "{body}");
    assert_eq!(sign_in(&gateway, "kim@example.com", PASSWORD).await.0, 401);
    assert_eq!(
        sign_in(&gateway, "kim@example.com", "another good one")
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn a_refresh_works_once_and_its_reuse_ends_the_whole_login() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        user(&gateway.admin(), "kim", &[]).await;
        let (_, first) = sign_in(&gateway, "kim@example.com", PASSWORD).await;
        let (_, other) = sign_in(&gateway, "kim@example.com", PASSWORD).await;
        let (status, second) = refresh(&gateway, &first["refresh_token"]).await;
        assert_eq!(status, 200, "{second}");
        assert_ne!(second["token"], first["token"]);
        assert_ne!(second["refresh_token"], first["refresh_token"]);
        assert!(works(&gateway, &second).await);
        let (status, third) = refresh(&gateway, &second["refresh_token"]).await;
        assert_eq!(status, 200, "{third}");
        assert!(works(&gateway, &third).await);

        assert_eq!(refresh(&gateway, &second["refresh_token"]).await.0, 401);
        for login in [&first, &second, &third] {
            assert!(!works(&gateway, login).await, "reuse ends the family");
        }
        assert_eq!(refresh(&gateway, &third["refresh_token"]).await.0, 401);
        assert!(works(&gateway, &other).await, "another login goes on");
        assert_eq!(refresh(&gateway, &json!("dgr_unknown")).await.0, 401);
    }
}

#[tokio::test]
async fn of_many_refreshes_at_once_at_most_one_wins() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        user(&gateway.admin(), "kim", &[]).await;
        let (_, login) = sign_in(&gateway, "kim@example.com", PASSWORD).await;
        let token = &login["refresh_token"];
        let (a, b, c, d) = tokio::join!(
            refresh(&gateway, token),
            refresh(&gateway, token),
            refresh(&gateway, token),
            refresh(&gateway, token)
        );
        let won: Vec<_> = [&a, &b, &c, &d]
            .into_iter()
            .filter(|answer| answer.0 == 200)
            .collect();
        assert_eq!(won.len(), 1, "{a:?} {b:?} {c:?} {d:?}");
        assert!(!works(&gateway, &won[0].1).await, "the reuse ended it");
    }
}

#[tokio::test]
async fn signing_out_ends_this_login_and_no_other() {
    for engine in ENGINES {
        let gateway = Gateway::start(engine);
        user(&gateway.admin(), "kim", &[]).await;
        let (_, first) = sign_in(&gateway, "kim@example.com", PASSWORD).await;
        let (_, other) = sign_in(&gateway, "kim@example.com", PASSWORD).await;
        let client = gateway.client(first["token"].as_str().unwrap());
        let (status, answer) = client.rest("POST", "/api/logout", None).await;
        assert_eq!(
            (status, &answer["signed_out"]),
            (200, &json!(true)),
            "{answer}"
        );
        assert!(!works(&gateway, &first).await);
        let (status, body) = client.rpc("tools/list", json!({})).await.unwrap();
        assert_eq!(
            (status, body),
            (
                401,
                json!({"message": "unauthorized: invalid access token"})
            )
        );
        assert_eq!(refresh(&gateway, &first["refresh_token"]).await.0, 401);
        assert!(works(&gateway, &other).await);
        let (status, body) = Client::new(&gateway.url, "")
            .rpc("tools/list", json!({}))
            .await
            .unwrap();
        assert_eq!(
            (status, body),
            (
                401,
                json!({"message": "unauthorized: missing access token"})
            )
        );
    }
}
