//! Clients that send too much, too slowly, or never hang up.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::gateway::{Client, Engine, Gateway};
use crate::targets::no_session_stays_open;

fn address(gateway: &Gateway) -> String {
    gateway.url.trim_start_matches("http://").to_owned()
}

/// Opens a connection and has one request answered on it.
async fn keep_alive(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut buffer = [0; 1024];
    let count = stream.read(&mut buffer).await.unwrap();
    assert!(buffer[..count].starts_with(b"HTTP/1.1 200"));
    stream
}

#[tokio::test]
async fn idle_connections_do_not_hold_up_a_stop() {
    for engine in crate::gateway::ENGINES {
        let mut gateway = Gateway::start(engine);
        let address = address(&gateway);
        let mut idle = Vec::new();
        for _ in 0..50 {
            idle.push(keep_alive(&address).await);
        }
        // A client that has begun a request and never ends it.
        let mut stuck = TcpStream::connect(&address).await.unwrap();
        stuck
            .write_all(b"POST /api/mcp HTTP/1.1\r\nHost: ")
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
        let began = Instant::now();
        let gateway = tokio::task::spawn_blocking(move || {
            assert!(gateway.stop(), "{}", gateway.said.lock());
            gateway
        });
        drop(gateway.await.unwrap());
        assert!(
            began.elapsed() < Duration::from_secs(8),
            "{engine:?}: {:?}",
            began.elapsed()
        );
        drop((idle, stuck));
    }
}

#[tokio::test]
async fn idle_connections_alone_end_at_once() {
    let mut gateway = Gateway::start(Engine::Sqlite);
    let address = address(&gateway);
    let mut idle = Vec::new();
    for _ in 0..50 {
        idle.push(keep_alive(&address).await);
    }
    let began = Instant::now();
    let gateway = tokio::task::spawn_blocking(move || {
        assert!(gateway.stop(), "{}", gateway.said.lock());
        gateway
    });
    drop(gateway.await.unwrap());
    // A client that is stuck would hold it for five seconds.
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    drop(idle);
}

/// Sends a head and as much of a body as the gateway takes, and returns the status.
async fn status_of(address: &str, head: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let _ = stream.write_all(body).await;
    let mut answer = [0; 12];
    tokio::time::timeout(Duration::from_secs(10), stream.read_exact(&mut answer))
        .await
        .expect("no answer")
        .unwrap();
    String::from_utf8_lossy(&answer[9..]).into_owned()
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    let address = address(&gateway);
    let limit = 4 * 1024 * 1024;
    for path in ["/api/mcp", "/api/exec"] {
        let head = |length: &str| {
            format!(
                "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n{length}\r\n\r\n",
                admin.token
            )
        };
        // A length that is too large is refused before the body comes.
        let announced = head(&format!("Content-Length: {}", limit + 1));
        assert_eq!(status_of(&address, &announced, b"").await, "413", "{path}");
        // Without a length the body is read up to the limit.
        let mut chunk = format!("{:x}\r\n", limit + 1).into_bytes();
        chunk.resize(chunk.len() + limit + 1, b' ');
        let chunked = head("Transfer-Encoding: chunked");
        assert_eq!(status_of(&address, &chunked, &chunk).await, "413", "{path}");
        let fits = format!("{}{{}}", " ".repeat(limit - 2));
        let exact = head(&format!("Content-Length: {limit}"));
        assert_ne!(
            status_of(&address, &exact, fits.as_bytes()).await,
            "413",
            "{path}"
        );
    }
    assert_eq!(
        admin.call("me_get", json!({})).await.unwrap()["is_admin"],
        true
    );
}

/// How long `me_get` takes now.
async fn pulse(client: &Client) -> Duration {
    let began = Instant::now();
    client.call("me_get", json!({})).await.unwrap();
    began.elapsed()
}

#[tokio::test]
async fn slow_clients_hold_up_nobody() {
    let gateway = Gateway::start(Engine::Sqlite);
    let admin = gateway.admin();
    admin.connect_bash("bash").await;
    let address = address(&gateway);
    // Some never end their head, some never end their body, some never read.
    let mut slow = Vec::new();
    for at in 0..300 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let head = format!(
            "POST /api/mcp HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n",
            admin.token
        );
        let begun = match at % 3 {
            0 => head,
            1 => format!("{head}Content-Length: 1000000\r\n\r\n{{"),
            _ => {
                let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "exec", "arguments":
                    {"connection_name": "bash", "input": "head -c 1000000 /dev/zero | tr '\\0' x", "max_output_bytes": 1_048_576}}}).to_string();
                if at > 60 {
                    continue;
                }
                format!("{head}Content-Length: {}\r\n\r\n{call}", call.len())
            }
        };
        stream.write_all(begun.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    for _ in 0..20 {
        let time = pulse(&admin).await;
        assert!(time < Duration::from_secs(1), "{time:?}");
    }
    // A client that does not read holds no run.
    no_session_stays_open(&admin, Duration::from_secs(20)).await;
    drop(slow);
}
