//! PostgreSQL: a long result and a short question, known and new, against
//! tokio-postgres.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use connect::{BoxFuture, Config, Halt, Job, Runner, Sink, Spec, Target};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures::{StreamExt, pin_mut};
use model::{ConnectionId, ConnectionType, Id, Limits, Piece, SecretString};
use testkit::servers::{Database, Postgres};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};
use tokio_util::sync::CancellationToken;

/// Rows of a long result; each has a text of [`WIDE`] bytes.
const ROWS: usize = 200_000;
const WIDE: usize = 1000;

/// Counts the bytes of values.
#[derive(Default)]
struct Counter(usize);

impl Sink for Counter {
    fn push(&mut self, piece: Piece) -> BoxFuture<'_, Result<(), Halt>> {
        if let Piece::Rows(batch) = &piece {
            self.0 += batch.bytes();
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

fn target(database: &Database) -> Arc<dyn Target> {
    let port = database.port.to_string();
    let secrets: BTreeMap<_, _> = [
        ("HOST", database.host.as_str()),
        ("PORT", &port),
        ("USER", &database.user),
        ("PASS", &database.password),
        ("DB", &database.name),
        ("SSLMODE", "disable"),
    ]
    .into_iter()
    .map(|(name, value)| (format!("envvar:{name}"), SecretString::from(value)))
    .collect();
    let spec = Spec {
        connection: ConnectionId::new(&model::SystemClock),
        revision: 1,
        kind: ConnectionType::Database,
        subtype: "postgres".into(),
        command: None,
        secrets,
        limits: Limits::default(),
    };
    Runner::new(Config::default())
        .target(&spec)
        .unwrap_or_else(|fault| panic!("{fault}"))
}

/// Runs a script and counts the bytes of its values.
async fn run(target: &dyn Target, input: &str) -> usize {
    let mut counter = Counter::default();
    let job = Job {
        input,
        args: &[],
        env: &BTreeMap::new(),
        database: None,
        read_only: false,
        timeout: Duration::from_secs(60),
        stop: CancellationToken::new(),
    };
    let finish = target.run(job, &mut counter).await;
    assert!(finish.is_ok_and(|finish| finish.exit_code == 0));
    counter.0
}

async fn client(database: &Database) -> Client {
    let connecting = tokio_postgres::Config::new()
        .host(&database.host)
        .port(database.port)
        .user(&database.user)
        .password(&database.password)
        .dbname(&database.name)
        .connect(NoTls)
        .await;
    let (client, connection) = connecting.unwrap_or_else(|error| panic!("{error}"));
    tokio::spawn(connection);
    client
}

/// Runs a script in a bare client and counts the bytes of its values.
async fn ask(client: &Client, input: &str) -> usize {
    let messages = client.simple_query_raw(input).await;
    let messages = messages.unwrap_or_else(|error| panic!("{error}"));
    pin_mut!(messages);
    let mut bytes = 0;
    while let Some(message) = messages.next().await {
        if let Ok(SimpleQueryMessage::Row(row)) = message {
            bytes += (0..row.len())
                .filter_map(|column| row.get(column))
                .map(str::len)
                .sum::<usize>();
        }
    }
    bytes
}

fn postgres(criterion: &mut Criterion) {
    let server = Postgres::start();
    let database = server.database();
    let runtime = Runtime::new().unwrap_or_else(|error| panic!("{error}"));
    let target = target(&database);
    let client = runtime.block_on(client(&database));

    let rows = format!("select i, repeat('x', {WIDE}) from generate_series(1, {ROWS}) i");
    let mut long = criterion.benchmark_group("200 MB of rows");
    long.sample_size(10);
    let bytes = runtime.block_on(run(&*target, &rows));
    assert!(bytes > ROWS * WIDE);
    long.throughput(Throughput::Bytes(bytes as u64));
    long.bench_function("connect", |bencher| {
        bencher.iter(|| runtime.block_on(run(&*target, &rows)));
    });
    long.bench_function("tokio-postgres", |bencher| {
        bencher.iter(|| runtime.block_on(ask(&client, &rows)));
    });
    long.finish();

    let mut short = criterion.benchmark_group("select 1");
    short.bench_function("connect", |bencher| {
        bencher.iter(|| runtime.block_on(run(&*target, "select 1")));
    });
    let mut number = 0;
    short.bench_function("connect, another each time", |bencher| {
        bencher.iter(|| {
            number += 1;
            runtime.block_on(run(&*target, &format!("select {number}")))
        });
    });
    short.bench_function("tokio-postgres", |bencher| {
        bencher.iter(|| runtime.block_on(ask(&client, "select 1")));
    });
    let preparing = runtime.block_on(client.prepare("select 1"));
    let statement = preparing.unwrap_or_else(|error| panic!("{error}"));
    short.bench_function("tokio-postgres, prepared", |bencher| {
        bencher.iter(|| runtime.block_on(client.query_one(&statement, &[])));
    });
    short.finish();
}

criterion_group!(benches, postgres);
criterion_main!(benches);
