//! A sink that is slower than its target.

use std::sync::Arc;
use std::time::Duration;

use connect::{BoxFuture, Halt, Sink, Target};
use model::{ConnectionType, Piece};
use testkit::servers::{MariaDb, Postgres};

use crate::recorder::{Ask, is_alone, make, run_into, server, spec};

/// Bytes that a target has to send.
const SENT: usize = 200_000_000;
/// Most memory that all runs together may take, in KiB.
const MOST: u64 = 32 * 1024;

/// Takes a millisecond for each piece.
#[derive(Default)]
struct Slow {
    bytes: usize,
    pieces: usize,
}

impl Sink for Slow {
    fn push(&mut self, piece: Piece) -> BoxFuture<'_, Result<(), Halt>> {
        self.pieces += 1;
        self.bytes += match &piece {
            Piece::Rows(batch) => batch.bytes(),
            Piece::Output { data, .. } => data.len(),
            _ => 0,
        };
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            drop(piece);
            Ok(())
        })
    }
}

/// Runs `input`, whose output is [`SENT`] bytes.
async fn pass(target: &Arc<dyn Target>, input: &str) {
    let ask = Ask {
        input,
        timeout: Some(Duration::from_secs(120)),
        ..Ask::default()
    };
    let mut sink = Slow::default();
    let finish = run_into(&**target, ask, &mut sink).await.unwrap();
    assert_eq!((finish.exit_code, finish.failure), (0, None), "{input}");
    assert!(sink.bytes >= SENT, "{} bytes: {input}", sink.bytes);
    assert!(sink.pieces > 1000, "{} pieces: {input}", sink.pieces);
}

/// Most memory that this process held, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let number = line.unwrap().split_whitespace().nth(1).unwrap();
    number.parse().unwrap()
}

#[tokio::test]
async fn memory_stays_flat_under_a_slow_sink() {
    // The tests of a process share its memory.
    if !is_alone("slow::memory_stays_flat_under_a_slow_sink", &[]) {
        return;
    }
    let (first, second) = (Postgres::start(), MariaDb::start());
    let postgres = server("postgres", &first.database(), &[]);
    let mariadb = server("mysql", &second.database(), &[]);
    let mut shell = spec(ConnectionType::Custom, "bash", &[]);
    shell.command = Some(vec!["sh".into()]);
    let shell = make(&shell);
    // What a first run takes is not for its rows.
    for target in [&postgres, &mariadb, &shell] {
        let mut sink = Slow::default();
        let ask = Ask {
            input: "select 1",
            ..Ask::default()
        };
        assert!(run_into(&**target, ask, &mut sink).await.is_ok());
    }
    // Forgets the peak so far: `proc_pid_clear_refs(5)`.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak();
    tokio::join!(
        pass(
            &postgres,
            "select i, repeat('x', 1000) from generate_series(1, 200000) i"
        ),
        pass(
            &postgres,
            "copy (select i, repeat('x', 1000) from generate_series(1, 200000) i) to stdout"
        ),
        pass(
            &mariadb,
            "select seq, repeat('x', 1000) from seq_1_to_200000"
        ),
        pass(&shell, "head -c 200000000 /dev/zero"),
    );
    let grown = peak() - before;
    assert!(grown < MOST, "{grown} KiB");
}
