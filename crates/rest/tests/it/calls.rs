//! Operations through their routes.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::house::House;

async fn make(house: &House, name: &str) -> Value {
    let body = json!({"name": name, "type": "custom", "command": ["cat"], "tags": {"team": "a"}});
    let made = house
        .ask(&house.admin, Method::POST, "/api/connections", body)
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    made.body
}

#[tokio::test]
async fn a_connection_lives_through_its_routes() {
    let house = House::open().await;
    let made = make(&house, "cat-one").await;
    make(&house, "cat-two").await;
    let read = house.get("/api/connections/cat-one").await;
    assert_eq!(read.body["id"], made["id"]);
    let list = house.get("/api/connections?limit=1&name=cat*").await;
    assert_eq!(list.body["items"].as_array().unwrap().len(), 1);
    assert!(list.body["next_cursor"].is_string());
    let tagged = house.get("/api/connections?tags=team%3Da&tags=team").await;
    assert_eq!(
        tagged.body["items"].as_array().unwrap().len(),
        2,
        "{}",
        tagged.body
    );

    let path = "/api/connections/cat-one";
    let change = json!({"tags": {"team": "b"}, "version": made["version"]});
    let changed = house
        .ask(&house.admin, Method::PATCH, path, change.clone())
        .await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    assert_eq!(changed.body["tags"]["team"], "b");
    let stale = house.ask(&house.admin, Method::PATCH, path, change).await;
    assert_eq!(
        (stale.status, stale.code()),
        (StatusCode::CONFLICT, "conflict")
    );

    let doubled = house
        .ask(
            &house.admin,
            Method::PATCH,
            path,
            json!({"name": "cat-two"}),
        )
        .await;
    assert_eq!(doubled.body["error"]["details"]["path"], "/name");

    let gone = house
        .ask(&house.admin, Method::DELETE, path, Value::Null)
        .await;
    assert_eq!(gone.body["deleted"], true);
    let missing = house.get(path).await;
    assert_eq!(
        (missing.status, missing.code()),
        (StatusCode::NOT_FOUND, "connection_not_found")
    );
}

#[tokio::test]
async fn a_query_is_converted_and_checked() {
    let house = House::open().await;
    for (path, at) in [
        ("/api/connections?limit=many", "/limit"),
        ("/api/connections?limit=0", "/limit"),
        ("/api/connections?limit=1&limit=2", "/limit"),
        ("/api/connections?nothing=1", "/nothing"),
    ] {
        let answer = house.get(path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(answer.body["error"]["details"]["path"], at, "{path}");
    }
}

#[tokio::test]
async fn a_member_is_no_administrator() {
    let house = House::open().await;
    let body = json!({"name": "cat-one", "type": "custom", "command": ["cat"]});
    let refused = house
        .ask(&house.member, Method::POST, "/api/connections", body)
        .await;
    assert_eq!(
        (refused.status, refused.code()),
        (StatusCode::FORBIDDEN, "admin_required")
    );
    let refused = house
        .ask(&house.member, Method::GET, "/api/users", Value::Null)
        .await;
    assert_eq!(
        (refused.status, refused.code()),
        (StatusCode::FORBIDDEN, "auditor_required")
    );
}

#[tokio::test]
async fn a_key_has_its_scopes_and_no_more() {
    let house = House::open().await;
    let body = json!({"name": "reader", "user": "admin@example.com", "scopes": ["drawgate:read"]});
    let key = house
        .ask(&house.admin, Method::POST, "/api/keys", body)
        .await;
    assert_eq!(key.status, StatusCode::CREATED, "{}", key.body);
    let token = key.body["token"].as_str().unwrap();
    let me = house.ask(token, Method::GET, "/api/me", Value::Null).await;
    assert_eq!(me.status, StatusCode::OK);
    let body = json!({"name": "g-one"});
    let refused = house
        .ask(token, Method::POST, "/api/usergroups", body)
        .await;
    assert_eq!(
        (refused.status, refused.code()),
        (StatusCode::FORBIDDEN, "forbidden")
    );
    let challenge = refused.headers["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("insufficient_scope") && challenge.contains("drawgate:admin"));

    let path = format!("/api/keys/{}", key.body["id"].as_str().unwrap());
    let revoked = house
        .ask(&house.admin, Method::DELETE, &path, Value::Null)
        .await;
    assert_eq!(revoked.status, StatusCode::OK, "{}", revoked.body);
    let me = house.ask(token, Method::GET, "/api/me", Value::Null).await;
    assert_eq!(me.status, StatusCode::UNAUTHORIZED);
}
#[tokio::test]
async fn a_run_is_an_answer_also_when_it_failed() {
    let house = House::open().await;
    make(&house, "cat-one").await;
    let body = json!({"connection_name": "cat-one", "input": "hello"});
    let run = house
        .ask(&house.admin, Method::POST, "/api/exec", body)
        .await;
    assert_eq!(run.status, StatusCode::OK, "{}", run.body);
    assert_eq!(run.body["output"], "hello", "{}", run.body);
    let body = json!({"connection_name": "cat-one", "input": "hello", "args": ["/nowhere"]});
    let failed = house
        .ask(&house.admin, Method::POST, "/api/exec", body)
        .await;
    assert_eq!(failed.status, StatusCode::OK);
    assert_eq!(failed.body["status"], "failed");
    assert_eq!(failed.body["exit_code"], 1);

    let id = run.body["session_id"].as_str().unwrap();
    let session = house.get(&format!("/api/sessions/{id}")).await;
    assert_eq!(session.body["origin"], "api");
    let content = house
        .get(&format!("/api/sessions/{id}/content?include_input=true"))
        .await;
    assert_eq!(content.body["input"], "hello");
    let waited = format!("/api/sessions/{id}/wait");
    let waited = house
        .ask(
            &house.admin,
            Method::POST,
            &waited,
            json!({"timeout_seconds": 1}),
        )
        .await;
    assert_eq!(waited.body["status"], "done");
    let killed = format!("/api/sessions/{id}/kill");
    let killed = house
        .ask(&house.admin, Method::POST, &killed, Value::Null)
        .await;
    assert_eq!(
        (killed.status, killed.code()),
        (StatusCode::CONFLICT, "wrong_state")
    );
}
