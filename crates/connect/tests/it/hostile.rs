//! Servers that are none: half-open, lying, gone.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use connect::{Fault, Stage, Target};
use model::{Code, ConnectionType};
use testkit::servers::Database;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::recorder::{Ask, make, run, server, spec};

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
    assert!(begun.elapsed() < Duration::from_secs(5));
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
