//! A sink that writes down what it takes, and runs for it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use connect::{BoxFuture, Config, Fault, Halt, Job, Runner, Sink, Spec, Target};
use model::{ConnectionId, ConnectionType, Finish, Id, Limits, Piece, SecretString};
use testkit::servers::Database;
use tokio_util::sync::CancellationToken;

/// What a run said, one line per piece or row.
#[derive(Default)]
pub struct Recorder {
    pub text: String,
    pub code: Option<String>,
    pub sources: usize,
    pub output: Vec<u8>,
    /// Pieces that the output came in.
    pub outputs: usize,
    /// Rows after which no more is wanted.
    pub most_rows: Option<usize>,
    pub rows: usize,
}

impl Sink for Recorder {
    fn push(&mut self, piece: Piece) -> BoxFuture<'_, Result<(), Halt>> {
        self.take(piece);
        let is_enough = self.most_rows.is_some_and(|most| self.rows >= most);
        Box::pin(async move { if is_enough { Err(Halt) } else { Ok(()) } })
    }
}

impl Recorder {
    fn take(&mut self, piece: Piece) {
        let text = &mut self.text;
        match piece {
            Piece::Columns(columns) => {
                self.sources += columns.iter().filter(|c| c.source.is_some()).count();
                let names: Vec<_> = columns
                    .iter()
                    .map(|c| format!("{}:{}:{:?}", c.name, c.type_name, c.kind))
                    .collect();
                writeln!(text, "# {}", names.join("|")).unwrap();
            }
            Piece::Rows(batch) => {
                self.rows += batch.len();
                for row in 0..batch.len() {
                    let cells: Vec<_> = (0..batch.width())
                        .map(|column| match batch.value(row, column) {
                            None => "NULL".to_owned(),
                            Some((value, is_number)) => {
                                let mark = if is_number { "=" } else { "" };
                                format!("{mark}{}", String::from_utf8_lossy(value))
                            }
                        })
                        .collect();
                    writeln!(text, "{}", cells.join("|")).unwrap();
                }
            }
            Piece::Done { tag, affected } => writeln!(text, "done {tag:?} {affected:?}").unwrap(),
            Piece::Notice { text: notice, .. } => writeln!(text, "{notice}").unwrap(),
            Piece::Output { data, .. } => {
                self.output.extend_from_slice(&data);
                self.outputs += 1;
            }
            Piece::Error(error) => {
                self.code = error.code;
                writeln!(text, "{}", error.text).unwrap();
            }
        }
    }
}

/// What a run is asked.
#[derive(Clone, Default)]
pub struct Ask<'a> {
    pub input: &'a str,
    pub database: Option<&'a str>,
    pub read_only: bool,
    pub timeout: Option<Duration>,
    pub stop: CancellationToken,
    pub args: &'a [&'a str],
    pub env: &'a [(&'a str, &'a str)],
    pub most_rows: Option<usize>,
}

/// Runs and writes down.
pub async fn run(target: &dyn Target, ask: Ask<'_>) -> (Recorder, Result<Finish, Fault>) {
    let mut recorder = Recorder {
        most_rows: ask.most_rows,
        ..Recorder::default()
    };
    let finish = run_into(target, ask, &mut recorder).await;
    (recorder, finish)
}

/// Runs into a sink of one's own.
pub async fn run_into(
    target: &dyn Target,
    ask: Ask<'_>,
    sink: &mut dyn Sink,
) -> Result<Finish, Fault> {
    let args: Vec<String> = ask.args.iter().map(|arg| (*arg).to_owned()).collect();
    let env = secrets(ask.env);
    let job = Job {
        input: ask.input,
        args: &args,
        env: &env,
        database: ask.database,
        read_only: ask.read_only,
        timeout: ask.timeout.unwrap_or(Duration::from_secs(30)),
        stop: ask.stop,
    };
    target.run(job, sink).await
}

/// Runs a script and gives back what it said and its exit code.
pub async fn say(target: &dyn Target, input: &str) -> (String, i32) {
    let ask = Ask {
        input,
        ..Ask::default()
    };
    let (recorder, finish) = run(target, ask).await;
    let finish = finish.unwrap();
    assert!(finish.failure.is_none(), "{:?}", finish.failure);
    (recorder.text, finish.exit_code)
}

pub fn secrets(pairs: &[(&str, &str)]) -> BTreeMap<String, SecretString> {
    pairs
        .iter()
        .map(|(name, value)| {
            let key = if name.contains(':') {
                (*name).to_owned()
            } else {
                format!("envvar:{name}")
            };
            (key, SecretString::from(*value))
        })
        .collect()
}

pub fn spec(kind: ConnectionType, subtype: &str, variables: &[(&str, &str)]) -> Spec {
    Spec {
        connection: ConnectionId::new(&model::SystemClock),
        revision: 1,
        kind,
        subtype: subtype.to_owned(),
        command: None,
        secrets: secrets(variables),
        limits: Limits::default(),
    }
}

pub fn server(subtype: &str, database: &Database, more: &[(&str, &str)]) -> Arc<dyn Target> {
    let port = database.port.to_string();
    let mut variables = vec![
        ("HOST", database.host.as_str()),
        ("PORT", &port),
        ("USER", &database.user),
        ("PASS", &database.password),
        ("DB", &database.name),
    ];
    variables.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    variables.extend(more);
    make(&spec(ConnectionType::Database, subtype, &variables))
}

pub fn make(spec: &Spec) -> Arc<dyn Target> {
    Runner::new(Config::default()).target(spec).unwrap()
}

/// Runs the test `name` once more in a process of its own, with `variables`
/// in its environment. Tells whether this is that process.
pub fn is_alone(name: &str, variables: &[(&str, &str)]) -> bool {
    const MARK: &str = "DRAWGATE_TEST_ALONE";
    if std::env::var_os(MARK).is_some() {
        return true;
    }
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact"])
        .env(MARK, "1")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let is_done = output.status.success() && said.contains("1 passed");
    assert!(is_done, "{said}{}", String::from_utf8_lossy(&output.stderr));
    false
}
