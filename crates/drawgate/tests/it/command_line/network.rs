//! What lies between the command line and the gateway: proxies, certificates, time.

use std::net::TcpListener;
use std::process::Output;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::{Value, json};

use super::{Desk, text};

/// Passes requests on to a gateway, but lets `exec` wait for nothing: the hand-off
/// of a run that takes longer than 50 seconds, without the seconds.
struct Impatient {
    url: String,
}

impl Impatient {
    async fn before(gateway: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(pass).with_state(gateway.to_owned());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url }
    }
}

async fn pass(
    State(gateway): State<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Vec<u8>) {
    let mut body = body.to_vec();
    if uri.path() == "/api/exec" {
        let mut call: Value = serde_json::from_slice(&body).unwrap();
        call["wait_seconds"] = json!(0);
        body = call.to_string().into_bytes();
    }
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = http.request(method, format!("{gateway}{uri}")).body(body);
    for name in ["authorization", "content-type", "traceparent"] {
        if let Some(value) = headers.get(name) {
            request = request.header(name, value);
        }
    }
    let response = request.send().await.unwrap();
    let status = response.status();
    (status, response.bytes().await.unwrap().to_vec())
}

fn good(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[tokio::test(flavor = "multi_thread")]
async fn json_of_a_run_that_was_waited_for_has_the_keys_of_one_that_was_quick() {
    let desk = Desk::open();
    let between = Impatient::before(&desk.gateway.url).await;
    let token = desk.gateway.token("demo/admin.token");
    let run = |url: &str, form: &[&str], input: &str| {
        let mut arguments = vec!["exec", "demo-shell", "-i", input];
        arguments.extend(form);
        let mut command = desk.command(&arguments);
        command.env("DRAWGATE_API_URL", url);
        command.env("DRAWGATE_TOKEN", &token).output().unwrap()
    };
    for (script, status) in [("echo said", 0), ("echo said; exit 5", 5)] {
        let quick = run(&desk.gateway.url, &["-o", "json"], script);
        let slow = run(&between.url, &["-o", "json"], &format!("sleep 1; {script}"));
        assert_eq!(quick.status.code(), Some(status));
        assert_eq!(slow.status.code(), Some(status), "{}", text(&slow.stderr));
        let read = |output: &Output| -> Value { serde_json::from_slice(&output.stdout).unwrap() };
        let (mut quick, mut slow) = (read(&quick), read(&slow));
        let took = slow["execution_time_ms"].as_i64().unwrap();
        assert!(took >= 900, "{slow}");
        assert_ne!(quick["session_id"], slow["session_id"]);
        for key in ["session_id", "execution_time_ms"] {
            quick[key].take();
            slow[key].take();
        }
        assert_eq!(quick, slow);
    }
    let shown = run(&between.url, &[], "sleep 1; echo in words");
    assert_eq!(good(&shown), "in words\n");
}

#[test]
fn the_token_for_this_machine_goes_past_every_proxy() {
    let desk = Desk::open();
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let mut command = desk.command(&["whoami"]);
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, &address);
    }
    command.env_remove("NO_PROXY").env_remove("no_proxy");
    assert!(good(&command.output().unwrap()).contains("admin@demo.local"));
    assert!(proxy.accept().is_err(), "the proxy was asked");
}

#[test]
fn a_machine_without_certificates_speaks_http_and_says_why_not_https() {
    let desk = Desk::open();
    let bare = |url: &str| {
        let mut command = desk.command(&["whoami", "--api-url", url]);
        command
            .env("SSL_CERT_FILE", "/nowhere/ca.pem")
            .env("SSL_CERT_DIR", "/nowhere");
        command.output().unwrap()
    };
    assert!(good(&bare(&desk.gateway.url)).contains("admin@demo.local"));
    let refused = bare("https://gateway.example.com");
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused.stderr);
    assert!(said.contains("no HTTP client: "), "{said}");
    assert!(!said.contains("builder error"), "{said}");
}
