//! Commands.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use connect::{BoxFuture, Config, Halt, Runner, Sink, Stage, Target};
use model::{Code, ConnectionType, Piece};
use tokio_util::sync::CancellationToken;

use crate::recorder::{Ask, is_alone, make, run, run_into, spec};

fn command(words: &[&str], variables: &[(&str, &str)]) -> Arc<dyn Target> {
    let mut spec = spec(ConnectionType::Custom, "bash", variables);
    spec.command = Some(words.iter().map(|word| (*word).to_owned()).collect());
    make(&spec)
}

fn ask(input: &str) -> Ask<'_> {
    Ask {
        input,
        ..Ask::default()
    }
}

/// Processes whose command line holds `mark`.
fn running(mark: &str) -> usize {
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .filter(|line| String::from_utf8_lossy(line).contains(mark))
        .count()
}

#[tokio::test]
async fn a_command_gets_input_arguments_and_only_its_variables() {
    let shell = command(
        &["sh", "-s", "--"],
        &[
            ("A", "of the connection"),
            ("B", "b"),
            ("filesystem:KEY", "k"),
        ],
    );
    let job = Ask {
        args: &["x y"],
        env: &[
            ("envvar:A", "of the run"),
            ("envvar:C", "of the run"),
            ("filesystem:NOTE", "n"),
        ],
        ..ask(
            "env | cut -d= -f1 | sort | tr '\\n' ' '; echo $A,$B,$C,$1,$PATH,$LANG; cat $KEY $NOTE; stat -c ' %a' $KEY; ls $HOME; stat -c %a .",
        )
    };
    let (recorder, finish) = run(&*shell, job).await;
    let said = String::from_utf8(recorder.output).unwrap();
    assert_eq!(
        said,
        "A B C HOME KEY LANG NOTE PATH PWD \
         of the connection,b,of the run,x y,/usr/local/bin:/usr/bin:/bin,C.UTF-8\n\
         kn 600\nKEY\nNOTE\n700\n"
    );
    assert_eq!(finish.unwrap().exit_code, 0);
    let (recorder, _) = run(&*shell, ask("pwd")).await;
    let folder = String::from_utf8(recorder.output).unwrap();
    assert!(!std::path::Path::new(folder.trim()).exists());
}

#[tokio::test]
async fn big_input_and_output_flow_at_once_and_codes_are_told() {
    let input = "0123456789abcdef\n".repeat(100_000);
    let (recorder, finish) = run(&*command(&["cat"], &[]), ask(&input)).await;
    assert!(recorder.output == input.as_bytes());
    assert_eq!(finish.unwrap().exit_code, 0);
    let shell = command(&["sh"], &[]);
    for (input, code) in [("exit 7", 7), ("kill -9 $$", 137), ("echo x >&2; false", 1)] {
        let finish = run(&*shell, ask(input)).await.1.unwrap();
        assert_eq!((finish.exit_code, finish.failure), (code, None));
    }
    let ignoring = run(&*command(&["true"], &[]), ask(&input)).await.1;
    assert_eq!(ignoring.unwrap().exit_code, 0);
}

#[tokio::test]
async fn the_whole_group_ends_with_the_run() {
    let shell = command(&["sh"], &[]);
    let stop = CancellationToken::new();
    let job = Ask {
        stop: stop.clone(),
        ..ask("sleep 4711.1 & sleep 4711.1")
    };
    let begun = Instant::now();
    let stopping = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        stop.cancel();
    };
    let ((_, finish), ()) = tokio::join!(run(&*shell, job), stopping);
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(finish.unwrap().exit_code, 143);
    assert_eq!(running("4711.1"), 0);

    let job = Ask {
        timeout: Some(Duration::from_millis(200)),
        ..ask("trap '' TERM; sleep 4711.2 & wait; sleep 4711.2")
    };
    let begun = Instant::now();
    let finish = run(&*shell, job).await.1.unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?} {}",
        begun.elapsed(),
        finish.exit_code
    );
    assert_eq!(
        (finish.exit_code, finish.failure.unwrap().code),
        (137, Code::Timeout)
    );
    assert_eq!(running("4711.2"), 0);

    let job = ask("(echo early; sleep 4711.3) & exit 3");
    let begun = Instant::now();
    let (recorder, finish) = run(&*shell, job).await;
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(
        (recorder.output.as_slice(), finish.unwrap().exit_code),
        (b"early\n".as_slice(), 3)
    );
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(running("4711.3"), 0);
}

#[tokio::test]
async fn who_left_the_group_ends_with_the_run_too() {
    let shell = command(&["sh"], &[]);
    let stop = CancellationToken::new();
    let job = Ask {
        stop: stop.clone(),
        ..ask("setsid sleep 4712.1 & sleep 4712.1")
    };
    let stopping = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(running("4712.1") >= 2);
        stop.cancel();
        Instant::now()
    };
    let ((_, finish), stopped) = tokio::join!(run(&*shell, job), stopping);
    assert!(stopped.elapsed() < Duration::from_secs(20));
    assert_eq!(finish.unwrap().exit_code, 143);
    assert_eq!(running("4712.1"), 0);

    // Neither its session nor its variables, folder or parent tell whose it is.
    let daemon = "cd /; env -i setsid sh -c '(trap \"\" TERM HUP; sleep 4712.2; sleep 4712.2) &' \
        <&- >&- 2>&-; sleep 0.2; exit 4";
    let begun = Instant::now();
    let finish = run(&*shell, ask(daemon)).await.1.unwrap();
    assert_eq!(finish.exit_code, 4);
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(running("4712.2"), 0);

    // A run that is dropped ends as well, and nothing else does.
    let (other, dropped) = (
        ask("setsid sleep 4712.3; echo whole"),
        ask("setsid sleep 4713"),
    );
    let other = Ask {
        timeout: Some(Duration::from_secs(1)),
        ..other
    };
    let dropping = tokio::time::timeout(Duration::from_millis(300), run(&*shell, dropped));
    let both = async {
        assert!(dropping.await.is_err());
        assert_eq!((running("4713"), running("4712.3")), (0, 1));
    };
    let ((_, finish), ()) = tokio::join!(run(&*shell, other), both);
    assert_eq!(finish.unwrap().failure.unwrap().code, Code::Timeout);
    assert_eq!(running("4712.3"), 0);
}

#[tokio::test]
async fn memory_is_limited_and_output_can_be_refused() {
    let mut spec = spec(ConnectionType::Custom, "bash", &[]);
    spec.command = Some(vec!["sh".into()]);
    spec.limits.memory_mb = 64;
    let (recorder, _) = run(&*make(&spec), ask("sleep 0.2; ulimit -d; ulimit -v")).await;
    assert_eq!(recorder.output, b"65536\nunlimited\n");
    spec.command = Some(vec!["tail".into(), "-c".into(), "200m".into()]);
    spec.limits.memory_mb = 32;
    // It keeps what it may have to write.
    let big = "x".repeat(100_000_000);
    let finish = run(&*make(&spec), ask(&big)).await.1.unwrap();
    assert_ne!(finish.exit_code, 0);
    // Its runtime reserves more addresses than any machine has memory.
    let node = command(&["node", "-e", "console.log(1)"], &[]);
    let (recorder, finish) = run(&*node, ask("")).await;
    assert_eq!(
        (recorder.output.as_slice(), finish.unwrap().exit_code),
        (b"1\n".as_slice(), 0)
    );
}

#[tokio::test]
async fn what_cannot_start_is_a_fault() {
    let missing = command(&["/no/such/program", "secret argument"], &[]);
    let fault = run(&*missing, Ask::default()).await.1.unwrap_err();
    assert_eq!(fault.code, Code::Unavailable);
    assert!(!fault.message.contains("secret argument"));
    let probe = missing.probe(Duration::from_secs(1)).await;
    assert!(probe.fault.is_some());
    for relative in ["./sh", "src/../src"] {
        let probe = command(&[relative], &[])
            .probe(Duration::from_secs(1))
            .await;
        assert!(probe.fault.is_some(), "{relative}");
    }
    let stop = CancellationToken::new();
    stop.cancel();
    let mark = tempfile::tempdir().unwrap();
    let touch = format!("touch {}/begun", mark.path().display());
    let stopped = Ask {
        stop,
        ..ask(&touch)
    };
    assert!(run(&*command(&["sh"], &[]), stopped).await.1.is_err());
    assert!(!mark.path().join("begun").exists());
    let ready = command(&["sh"], &[]).probe(Duration::from_secs(1)).await;
    assert_eq!(ready.stage, Stage::Ready);
    let escaping = Ask {
        env: &[("filesystem:../x", "y")],
        ..Ask::default()
    };
    let fault = run(&*command(&["sh"], &[]), escaping).await.1.unwrap_err();
    assert_eq!(fault.code, Code::InvalidArgument);
}

/// A gateway's process: its only children are commands.
fn alone_with(rooms: &Path, command: &[&str], variables: &[(&str, &str)]) -> Arc<dyn Target> {
    let mut spec = spec(ConnectionType::Custom, "bash", variables);
    spec.command = Some(command.iter().map(|word| (*word).to_owned()).collect());
    let config = Config {
        rooms: Some(rooms.to_owned()),
        is_reaper: true,
        ..Config::default()
    };
    Runner::new(config).target(&spec).unwrap()
}

#[tokio::test]
async fn who_takes_off_the_mark_ends_too() {
    if !is_alone("process::who_takes_off_the_mark_ends_too", &[]) {
        return;
    }
    let rooms = tempfile::tempdir().unwrap();
    // It was there before and is nobody's.
    let mut inherited = std::process::Command::new("sleep");
    let mut inherited = inherited.arg("4720").spawn().unwrap();
    let shell = alone_with(rooms.path(), &["bash"], &[]);
    // The second never had a parent in the run that bore the mark.
    let escapes = "setsid bash -c 'ulimit -x 1; exec sleep 4714.1' >/dev/null 2>&1 &
        setsid bash -c 'ulimit -x 1; (ulimit -x 0; sleep 4714.2 & sleep 4714.3) & exit' \
            >/dev/null 2>&1 &
        until test $(pgrep -fc '^sleep 4714') = 3; do :; done; exit 5";
    let finish = run(&*shell, ask(escapes)).await.1.unwrap();
    assert_eq!(finish.exit_code, 5);
    assert_eq!(running("4714."), 0);

    // One that waits for it is not mistaken, nor a run beside it.
    let (short, long) = (
        ask("setsid bash -c 'ulimit -x 1; exec sleep 4715.1' & exit 6"),
        ask("setsid sleep 2 & wait $!; exit 7"),
    );
    let ((_, short), (_, long)) = tokio::join!(run(&*shell, short), run(&*shell, long));
    assert_eq!((short.unwrap().exit_code, long.unwrap().exit_code), (6, 7));
    assert_eq!(running("4715."), 0);
    // Nor is anybody left unburied.
    let children = std::fs::read_to_string("/proc/thread-self/children").unwrap();
    assert_eq!(children.trim(), inherited.id().to_string());
    assert!(inherited.try_wait().unwrap().is_none());
    inherited.kill().unwrap();
    inherited.wait().unwrap();
}

#[tokio::test]
async fn no_secret_stays_in_a_folder() {
    // The superuser can remove anything.
    let name = "process::no_secret_stays_in_a_folder";
    if !is_alone_as_nobody(name) {
        return;
    }
    let rooms = tempfile::tempdir().unwrap();
    let variables = [("filesystem:KEY", "secret"), ("filesystem:OTHER", "secret")];
    let shell = alone_with(rooms.path(), &["sh"], &variables);
    let closed = "mkdir -p a/b; cp $KEY a/b; chmod 000 a/b a; mv $OTHER x; chmod 000 .";
    assert_eq!(run(&*shell, ask(closed)).await.1.unwrap().exit_code, 0);
    let home = || {
        std::fs::read_dir(rooms.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
    };
    let left = std::fs::read_dir(home().next().unwrap()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["lock"]);

    // What a process leaves that was killed goes at the next start, what one
    // has that is alive stays.
    let dead = rooms.path().join("drawgate-killed");
    std::fs::create_dir_all(dead.join("drawgate-room")).unwrap();
    std::fs::write(dead.join("lock"), "").unwrap();
    std::fs::write(dead.join("drawgate-room/KEY"), "secret").unwrap();
    let other = alone_with(rooms.path(), &["sh"], &variables);
    assert!(!dead.exists() && home().count() == 2);
    drop((shell, other));
    assert_eq!(home().count(), 0);
}

/// As [`is_alone`], and without the rights of the superuser.
fn is_alone_as_nobody(name: &str) -> bool {
    const MARK: &str = "DRAWGATE_TEST_NOBODY";
    if std::env::var_os(MARK).is_some() {
        return true;
    }
    // The target folder of the superuser may be closed to others.
    let folder = tempfile::tempdir().unwrap();
    let all = PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), all).unwrap();
    let program = folder.path().join("it");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut alone = std::process::Command::new(program);
    alone
        .args([name, "--exact"])
        .env(MARK, "1")
        .current_dir("/");
    if std::fs::metadata(folder.path()).unwrap().uid() == 0 {
        alone.uid(65534).gid(65534);
    }
    let output = alone.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
    false
}

#[tokio::test]
async fn output_and_time_are_limited_while_input_is_not_read() {
    // More than a pipe holds, and nobody reads it.
    let input = "x".repeat(1_000_000);
    let job = Ask {
        timeout: Some(Duration::from_millis(300)),
        ..ask(&input)
    };
    let finish = run(&*command(&["sleep", "4716"], &[]), job)
        .await
        .1
        .unwrap();
    assert_eq!(
        (finish.exit_code, finish.failure.unwrap().code),
        (143, Code::Timeout)
    );
    assert_eq!(running("4716"), 0);

    // A sink that wants no more ends a command that has more.
    let mut enough = Enough(0);
    let finish = run_into(&*command(&["yes", "4717"], &[]), ask(&input), &mut enough)
        .await
        .unwrap();
    assert_eq!((finish.exit_code, finish.failure), (143, None));
    assert!(enough.0 >= 100_000);
    assert_eq!(running("4717"), 0);
}

/// Takes 100,000 bytes.
struct Enough(usize);

impl Sink for Enough {
    fn push(&mut self, piece: Piece) -> BoxFuture<'_, Result<(), Halt>> {
        if let Piece::Output { data, .. } = piece {
            self.0 += data.len();
        }
        let is_enough = self.0 >= 100_000;
        Box::pin(async move { if is_enough { Err(Halt) } else { Ok(()) } })
    }
}
