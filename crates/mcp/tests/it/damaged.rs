//! Whatever the body is: no panic, and a JSON-RPC error.

use axum::body::Body;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::gateway::{Answer, Gateway, legacy, message};

/// Sends many generated bodies to one gateway.
fn send_all(bodies: impl Strategy<Value = Vec<u8>>, judge: impl Fn(&Answer)) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let gateway = runtime.block_on(Gateway::start());
    let send = |body: Vec<u8>| {
        let mut request = legacy(&gateway.member, &json!({}));
        *request.body_mut() = Body::from(body);
        judge(&runtime.block_on(gateway.send(request)));
        Ok(())
    };
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config).run(&bodies, send).unwrap();
}

#[test]
fn any_bytes_are_answered_with_an_error() {
    send_all(prop::collection::vec(any::<u8>(), 0..200), |answer| {
        assert_eq!(answer.status.as_u16(), 400);
        assert!(matches!(answer.code(), -32700 | -32600), "{answer:?}");
    });
}

#[test]
fn damaged_requests_are_answered() {
    let params = json!({"name": "me_get", "arguments": {}, "_meta": {"progressToken": "p"}});
    let whole = message("tools/call", params).to_string().into_bytes();
    let damage = (0..whole.len(), any::<u8>(), any::<bool>());
    let bodies = damage.prop_map(move |(at, byte, is_replaced)| {
        let mut body = whole.clone();
        if is_replaced {
            body[at] = byte;
        } else {
            body.insert(at, byte);
        }
        body
    });
    send_all(bodies, |answer| {
        match answer.status.as_u16() {
            // Without its id, a request is a notification.
            202 => assert!(answer.text.is_empty()),
            200 | 400 => assert_eq!(answer.json()["jsonrpc"], "2.0"),
            _ => panic!("{answer:?}"),
        }
    });
}
