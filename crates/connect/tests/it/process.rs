//! Commands.

use std::sync::Arc;
use std::time::{Duration, Instant};

use connect::{Stage, Target};
use model::{Code, ConnectionType};
use tokio_util::sync::CancellationToken;

use crate::recorder::{Ask, make, run, spec};

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
    assert!(begun.elapsed() < Duration::from_millis(1300));
    assert_eq!(finish.unwrap().exit_code, 143);
    assert_eq!(running("4711.1"), 0);

    let job = Ask {
        timeout: Some(Duration::from_millis(200)),
        ..ask("trap '' TERM; sleep 4711.2 & wait; sleep 4711.2")
    };
    let begun = Instant::now();
    let finish = run(&*shell, job).await.1.unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(7),
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
    assert!(begun.elapsed() < Duration::from_secs(4));
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
    assert!(stopped.elapsed() < Duration::from_secs(1));
    assert_eq!(finish.unwrap().exit_code, 143);
    assert_eq!(running("4712.1"), 0);

    // Neither its session nor its variables, folder or parent tell whose it is.
    let daemon = "cd /; env -i setsid sh -c '(trap \"\" TERM HUP; sleep 4712.2; sleep 4712.2) &' \
        <&- >&- 2>&-; sleep 0.2; exit 4";
    let begun = Instant::now();
    let finish = run(&*shell, ask(daemon)).await.1.unwrap();
    assert_eq!(finish.exit_code, 4);
    assert!(begun.elapsed() < Duration::from_secs(1));
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
    let (recorder, _) = run(&*make(&spec), ask("sleep 0.2; ulimit -v")).await;
    assert_eq!(recorder.output, b"65536\n");
}

#[tokio::test]
async fn what_cannot_start_is_a_fault() {
    let missing = command(&["/no/such/program", "secret argument"], &[]);
    let fault = run(&*missing, Ask::default()).await.1.unwrap_err();
    assert_eq!(fault.code, Code::Unavailable);
    assert!(!fault.message.contains("secret argument"));
    let probe = missing.probe(Duration::from_secs(1)).await;
    assert!(probe.fault.is_some());
    let ready = command(&["sh"], &[]).probe(Duration::from_secs(1)).await;
    assert_eq!(ready.stage, Stage::Ready);
    let escaping = Ask {
        env: &[("filesystem:../x", "y")],
        ..Ask::default()
    };
    let fault = run(&*command(&["sh"], &[]), escaping).await.1.unwrap_err();
    assert_eq!(fault.code, Code::InvalidArgument);
}
