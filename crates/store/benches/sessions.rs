//! Pairs of open and close per second, and the first page of a million sessions.
//!
//! `cargo bench -p store --bench sessions`

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on panics")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use model::{
    Clock as _, ConnectionType, ExposeSecret as _, Id as _, IdentityType, Metrics, Origin,
    SecretString, Session, SessionId, SessionOutcome, SessionStatus, SystemClock, Verb,
};
use sqlx::{AssertSqlSafe, ConnectOptions as _};
use store::{Config, MasterKey, OrgStore, SessionFilter, SessionPage, Store, StoreUrl, Viewer};
use tempfile::TempDir;
use testkit::servers::Postgres;
use tokio::runtime::Runtime;

/// Sessions on file when the first page is read.
const MANY: u32 = 1_000_000;

/// A store with one organization.
struct Home {
    name: &'static str,
    url: StoreUrl,
    store: Store,
    org: OrgStore,
    _folder: TempDir,
    _server: Option<Arc<Postgres>>,
}

impl Home {
    async fn new(name: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = (name == "postgresql").then(Postgres::shared);
        let url = match &server {
            None => StoreUrl::Sqlite(folder.path().join("drawgate.db")),
            Some(server) => postgres_url(server),
        };
        let config = Config {
            url: url.clone(),
            recordings: format!("file:{}", folder.path().join("recordings").display()),
            recording_options: BTreeMap::new(),
            key: MasterKey::generate().unwrap(),
        };
        let store = Store::open(config, Arc::new(SystemClock)).await.unwrap();
        let org = store.create_organization("acme").await.unwrap();
        Self {
            name,
            url,
            org: store.org(org.id),
            store,
            _folder: folder,
            _server: server,
        }
    }

    /// Puts a million ended sessions on file, behind the store's back.
    async fn fill(&self) {
        let mut sample = session();
        end(&mut sample);
        // As the store keeps it.
        let detail = serde_json::json!({
            "connection_subtype": sample.connection_subtype,
            "connection_tags": sample.connection_tags,
            "user_email": sample.user_email,
            "user_name": sample.user_name,
        });
        let moved = serde_json::json!({"started_at": 0, "exit_code": 0});
        let (id, series) = match &self.url {
            StoreUrl::Sqlite(_) => (
                "printf('%08x-0000-7000-8000-%012x', n, n)",
                format!(
                    "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s \
                     WHERE n < {MANY}) SELECT n FROM s)"
                ),
            ),
            StoreUrl::Postgres(_) => (
                "LPAD(TO_HEX(n), 8, '0') || '-0000-7000-8000-' || LPAD(TO_HEX(n), 12, '0')",
                format!("GENERATE_SERIES(1, {MANY}) AS s(n)"),
            ),
        };
        let statement = format!(
            "INSERT INTO session (id, org_id, created_at, user_id, connection_id, connection, \
             connection_type, verb, origin, status, outcome, version, detail, moved, input) \
             SELECT {id}, '{org}', {start} + n * 1000, '{user}', '{connection}', \
             'shop' || (n % 100), 'database', 'exec', 'mcp', 'done', 'success', 2, \
             '{detail}', '{moved}', 'select 1' FROM {series}",
            org = self.org.id(),
            start = sample.created_at.micros(),
            user = sample.user_id,
            connection = sample.connection_id,
        );
        let script = format!("{statement}; ANALYZE");
        match &self.url {
            StoreUrl::Sqlite(path) => {
                let raw = rusqlite::Connection::open(path).unwrap();
                raw.execute_batch(&script).unwrap();
            }
            StoreUrl::Postgres(url) => {
                let options: sqlx::postgres::PgConnectOptions =
                    url.expose_secret().parse().unwrap();
                let mut raw = options.connect().await.unwrap();
                for statement in [statement.as_str(), "VACUUM ANALYZE session"] {
                    let statement = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()));
                    statement.execute(&mut raw).await.unwrap();
                }
            }
        }
    }
}

fn postgres_url(server: &Postgres) -> StoreUrl {
    let database = server.database();
    let password: String = database
        .password
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect();
    StoreUrl::Postgres(SecretString::from(format!(
        "postgres://{}:{password}@{}:{}/{}",
        database.user, database.host, database.port, database.name
    )))
}

fn session() -> Session {
    let now = SystemClock.now();
    Session {
        id: SessionId::new(&SystemClock),
        connection: "shop".into(),
        connection_id: SessionId::new(&SystemClock).to_string(),
        connection_type: ConnectionType::Database,
        connection_subtype: "postgres".into(),
        connection_tags: BTreeMap::from([("team".into(), "shop".into())]),
        user_id: SessionId::new(&SystemClock).to_string(),
        user_email: "ann@acme.example".into(),
        user_name: "Ann".into(),
        identity_type: IdentityType::User,
        status: SessionStatus::Open,
        outcome: None,
        verb: Verb::Exec,
        origin: Origin::Mcp,
        client: None,
        database: None,
        reason: None,
        executed_by: None,
        started_at: Some(now),
        ended_at: None,
        exit_code: None,
        failure: None,
        session_batch_id: None,
        correlation_id: None,
        labels: serde_json::Map::new(),
        metadata: serde_json::Map::new(),
        integrations_metadata: serde_json::Map::new(),
        metrics: Metrics::default(),
        review: None,
        ai_analysis: None,
        guardrails_info: Vec::new(),
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

fn end(session: &mut Session) {
    session.status = SessionStatus::Done;
    session.outcome = Some(SessionOutcome::Success);
    session.exit_code = Some(0);
    session.version += 1;
}

/// Time of `pairs` opened and closed sessions by `writers` at once.
async fn pairs(org: &OrgStore, writers: u64, pairs: u64) -> Duration {
    let left = Arc::new(AtomicU64::new(pairs));
    let begun = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|_| {
            let (org, left) = (org.clone(), Arc::clone(&left));
            tokio::spawn(async move {
                let take = |n: u64| n.checked_sub(1);
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
                    .is_ok()
                {
                    let mut session = session();
                    org.open_session(&session, "select 1").await.unwrap();
                    end(&mut session);
                    org.close_session(&session, None, None).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    begun.elapsed()
}

fn writes(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut group = criterion.benchmark_group("open and close");
    group.throughput(Throughput::Elements(1)).sample_size(10);
    group.measurement_time(Duration::from_secs(4));
    for name in ["sqlite", "postgresql"] {
        let home = runtime.block_on(Home::new(name));
        for writers in [1, 8, 32] {
            group.bench_function(BenchmarkId::new(home.name, writers), |bencher| {
                bencher.iter_custom(|count| runtime.block_on(pairs(&home.org, writers, count)));
            });
        }
        runtime.block_on(home.store.close());
    }
}

fn lists(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut group = criterion.benchmark_group("first page of a million");
    group.sample_size(50);
    group.measurement_time(Duration::from_secs(4));
    let page = SessionPage {
        limit: 50,
        offset: 0,
        after: None,
    };
    let of_one = SessionFilter {
        connection: Some("shop7".into()),
        ..SessionFilter::default()
    };
    for name in ["sqlite", "postgresql"] {
        let home = runtime.block_on(Home::new(name));
        runtime.block_on(home.fill());
        for (kind, filter) in [
            ("all", SessionFilter::default()),
            ("one connection", of_one.clone()),
        ] {
            group.bench_function(BenchmarkId::new(home.name, kind), |bencher| {
                bencher.iter(|| {
                    let list = home.org.sessions(&filter, &Viewer::All, page.clone());
                    let list = runtime.block_on(list).unwrap();
                    assert_eq!(list.items.len(), 50);
                });
            });
        }
        runtime.block_on(home.store.close());
    }
}

criterion_group!(benches, writes, lists);
criterion_main!(benches);
