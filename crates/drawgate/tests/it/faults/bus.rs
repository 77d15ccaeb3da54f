//! Wake-ups between gateways that do not arrive.

use std::time::{Duration, Instant};

use crate::gateway::{Client, Engine, Gateway, signal};

/// A process of PostgreSQL that stands still until this is dropped: the server
/// could not be stopped otherwise.
struct Still(u32);

impl Drop for Still {
    fn drop(&mut self) {
        signal(self.0, "CONT");
    }
}

async fn answers(client: &Client, status: u16) {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let (told, text) = client.rest("GET", "/readyz", None).await;
        if told == status {
            return;
        }
        assert!(Instant::now() < end, "{told} {text}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_hears_nothing_is_not_ready_until_it_listens_anew() {
    let gateway = Gateway::start(Engine::Postgres);
    let nobody = gateway.client("");
    answers(&nobody, 200).await;
    let listening = "select pid from pg_stat_activity where datname = current_database() \
                     and query ilike 'listen %'";
    let pid: u32 = gateway.sql(listening).parse().unwrap();
    signal(pid, "STOP");
    let still = Still(pid);
    answers(&nobody, 503).await;
    assert_eq!(nobody.rest("GET", "/healthz", None).await.0, 200);
    answers(&nobody, 200).await;
    assert_ne!(
        gateway.sql(listening),
        pid.to_string(),
        "on another connection"
    );
    drop(still);
}
