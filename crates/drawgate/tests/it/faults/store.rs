//! A store on PostgreSQL that stops, hangs and comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::servers::Postgres;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::gateway::{Client, Engine, Gateway, Setup};
use crate::targets::no_session_stays_open;

/// A network between gateway and store that can be cut.
struct Network {
    port: u16,
    state: Arc<AtomicU8>,
}

const WHOLE: u8 = 0;
const SILENT: u8 = 1;

impl Network {
    async fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let state = Arc::new(AtomicU8::new(WHOLE));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let ((near_in, near_out), (far_in, far_out)) =
                    (near.into_split(), far.into_split());
                tokio::spawn(carry(near_in, far_out, Arc::clone(&shared)));
                tokio::spawn(carry(far_in, near_out, Arc::clone(&shared)));
            }
        });
        Self { port: own, state }
    }

    fn set(&self, state: u8) {
        self.state.store(state, Ordering::SeqCst);
    }
}

async fn carry(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    state: Arc<AtomicU8>,
) {
    let mut buffer = vec![0; 65_536];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        while state.load(Ordering::SeqCst) == SILENT {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

/// A gateway on a store at `port` of a server's fresh database.
fn start(server: &Postgres, port: u16) -> Gateway {
    let d = server.database();
    let password = d.password.replace(' ', "%20").replace('\'', "%27");
    let url = format!(
        "postgres://{}:{password}@127.0.0.1:{port}/{}",
        d.user, d.name
    );
    Setup::new(Engine::Sqlite).with(&["--store", &url]).start()
}

/// Checks that an exec answers `unavailable` in time and runs nothing.
async fn refuses(client: &Client, patience: Duration) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ran");
    let begun = Instant::now();
    let ask = json!({"connection_name": "bash", "input": format!("touch '{}'", file.display())});
    let error = client.call("exec", ask).await.unwrap_err();
    assert!(begun.elapsed() < patience, "{:?}", begun.elapsed());
    assert!(
        error["code"] == "unavailable" || error["http"] == 503,
        "{error}"
    );
    let begun = Instant::now();
    let (status, told) = client.rest("GET", "/readyz", None).await;
    assert_eq!(status, 503, "{told}");
    assert!(begun.elapsed() < patience, "{:?}", begun.elapsed());
    assert_eq!(client.rest("GET", "/healthz", None).await.0, 200);
    let (status, told) = client.rest("GET", "/api/connections", None).await;
    assert!(status == 503 || status == 200, "{told}");
    assert!(!file.exists(), "it ran without a record");
}

/// Waits until the gateway is ready, then checks that all is well.
async fn recovers(client: &Client) {
    let end = Instant::now() + Duration::from_secs(15);
    while client.rest("GET", "/readyz", None).await.0 != 200 {
        assert!(Instant::now() < end, "the gateway does not recover");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for _ in 0..12 {
        let answer: Value = client.exec("bash", "echo well").await;
        assert_eq!(
            (&answer["status"], &answer["output"]),
            (&json!("completed"), &json!("well\n")),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_store_that_is_stopped_stops_runs_until_it_is_back() {
    let mut server = Postgres::start();
    let gateway = start(&server, server.port());
    let admin = gateway.admin();
    admin.connect_bash("bash").await;
    for _ in 0..2 {
        recovers(&admin).await;
        let cut = tokio::spawn({
            let admin = admin.clone();
            async move {
                admin
                    .try_call(
                        "exec",
                        json!({"connection_name": "bash", "input": "sleep 2"}),
                    )
                    .await
            }
        });
        tokio::time::sleep(Duration::from_millis(500)).await;
        server = tokio::task::spawn_blocking(move || {
            server.stop();
            server
        })
        .await
        .unwrap();
        refuses(&admin, Duration::from_secs(12)).await;
        let cut = tokio::time::timeout(Duration::from_secs(20), cut)
            .await
            .expect("the answer is never given")
            .unwrap()
            .unwrap();
        let error = cut.expect_err("what was not stored was answered");
        assert_eq!(error["code"], "unavailable", "{error}");
        server = tokio::task::spawn_blocking(move || {
            server.start_again();
            server
        })
        .await
        .unwrap();
        recovers(&admin).await;
    }
    no_session_stays_open(&admin, Duration::from_secs(60)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_hangs_is_no_store() {
    let server = Postgres::start();
    let network = Network::to(server.port()).await;
    let gateway = start(&server, network.port);
    let admin = gateway.admin();
    admin.connect_bash("bash").await;
    recovers(&admin).await;
    network.set(SILENT);
    refuses(&admin, Duration::from_secs(25)).await;
    network.set(WHOLE);
    recovers(&admin).await;
}
