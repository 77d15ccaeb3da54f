//! Servers that are none: half-open, lying, gone.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use connect::{Fault, Stage, Target};
use model::{Code, ConnectionType};
use testkit::servers::{Database, Postgres};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::recorder::{Ask, make, run, say, server, spec};

/// A place where nobody but the test answers.
fn place(port: u16) -> Database {
    Database {
        host: "127.0.0.1".into(),
        port,
        user: "somebody".into(),
        password: "hushed".into(),
        name: "nothing".into(),
    }
}

async fn refused(target: &Arc<dyn Target>) -> Fault {
    let ask = Ask {
        input: "select 1",
        timeout: Some(Duration::from_millis(500)),
        ..Ask::default()
    };
    let begun = Instant::now();
    let (_, finish) = run(target.as_ref(), ask).await;
    assert!(begun.elapsed() < Duration::from_secs(20));
    let fault = finish.err().unwrap();
    assert!(!fault.message.contains("hushed"), "{}", fault.message);
    fault
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up_at_its_stage() {
    // The system accepts for a listener that nobody serves.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = place(listener.local_addr().unwrap().port());
    for (subtype, mode, stage) in [
        ("postgres", "prefer", Stage::Tls),
        ("postgres", "disable", Stage::Auth),
        ("mysql", "prefer", Stage::Auth),
    ] {
        let target = server(subtype, &place, &[("SSLMODE", mode)]);
        let fault = refused(&target).await;
        assert_eq!(
            (fault.stage, fault.code),
            (stage, Code::Timeout),
            "{subtype} {mode}"
        );
        let probe = target.probe(Duration::from_millis(300)).await;
        assert_eq!(probe.stage, stage, "{subtype} {mode}");
    }
}

#[tokio::test]
async fn a_lie_about_a_length_takes_no_memory() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = place(listener.local_addr().unwrap().port());
    let liar = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut startup = [0_u8; 1024];
        assert!(stream.read(&mut startup).await.unwrap() > 0);
        // A row of nearly 2 GiB, then silence.
        stream.write_all(b"D\x7f\xff\xff\xff").await.unwrap();
        let _ = stream.read(&mut startup).await;
    });
    let target = server("postgres", &place, &[("SSLMODE", "disable")]);
    let before = peak_of_address_space();
    let fault = refused(&target).await;
    assert_eq!((fault.stage, fault.code), (Stage::Auth, Code::Unavailable));
    assert!(fault.message.contains("too long"), "{}", fault.message);
    let grown = peak_of_address_space() - before;
    assert!(grown < 1536 * 1024, "{grown} KiB");
    liar.await.unwrap();
}

/// Stands before PostgreSQL like a pooler that knows few settings: a start
/// that asks for more is refused in its words.
pub async fn pooler(server: u16) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut start = vec![0; 4096];
                let length = near.read(&mut start).await.unwrap();
                let start = &start[..length];
                let has = |name: &[u8]| start.windows(name.len()).any(|part| part == name);
                if has(b"extra_float_digits") || has(b"statement_timeout") {
                    let fields = b"SFATAL\0VFATAL\0C08P01\0\
                        Munsupported startup parameter: extra_float_digits\0\0";
                    let length = u32::try_from(fields.len() + 4).unwrap();
                    let refusal = [b"E", &length.to_be_bytes()[..], fields].concat();
                    let _ = near.write_all(&refusal).await;
                    return;
                }
                let far = tokio::net::TcpStream::connect(("127.0.0.1", server)).await;
                let mut far = far.unwrap();
                far.write_all(start).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    port
}

#[tokio::test]
async fn settings_that_a_pooler_refuses_are_set_all_the_same() {
    let postgres = Postgres::shared();
    let mut database = postgres.database();
    database.port = pooler(database.port).await;
    let target = server("postgres", &database, &[("SSLMODE", "disable")]);
    let asked = "select current_setting('statement_timeout'),
        current_setting('extra_float_digits'), current_setting('bytea_output')";
    // The second run is in a session that was cleaned.
    for _ in 0..2 {
        let (said, _) = say(&*target, asked).await;
        assert_eq!(said.lines().nth(1), Some("1h|3|hex"));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_message_beyond_the_limit_of_output_is_not_read() {
    let postgres = Postgres::shared();
    let database = postgres.database();
    let port = database.port.to_string();
    let variables = [
        ("HOST", database.host.as_str()),
        ("PORT", &port),
        ("USER", &database.user),
        ("PASS", &database.password),
        ("DB", &database.name),
    ];
    let mut spec = spec(ConnectionType::Database, "postgres", &variables);
    spec.limits.output_bytes = 1_000_000;
    let target = make(&spec);
    for (length, is_read) in [(1_000_000, true), (1_100_000, false)] {
        let input = format!("select repeat('x', {length})");
        let ask = Ask {
            input: &input,
            ..Ask::default()
        };
        let (recorder, finish) = run(target.as_ref(), ask).await;
        let failure = finish.unwrap().failure;
        assert_eq!((recorder.rows == 1, failure.is_none()), (is_read, is_read));
        if let Some(failure) = failure {
            assert!(failure.message.contains("too long"), "{failure:?}");
        }
    }
}

#[tokio::test]
async fn native_targets_are_reached_and_run_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let variables = [("HOST", "127.0.0.1"), ("PORT", port.as_str())];
    let target = make(&spec(ConnectionType::Application, "tcp", &variables));
    let probe = target.probe(Duration::from_secs(2)).await;
    assert!(probe.fault.is_none() && probe.stage == Stage::Ready);
    let fault = refused(&target).await;
    assert_eq!(fault.code, Code::Unsupported);
    drop(listener);
    let probe = target.probe(Duration::from_secs(2)).await;
    assert_eq!(probe.stage, Stage::Tcp);
}

/// Most address space that this process ever had, in KiB.
fn peak_of_address_space() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmPeak:"));
    let number = line.unwrap().split_whitespace().nth(1).unwrap();
    number.parse().unwrap()
}
