//! The official clients as processes: JSON lines in, JSON lines out.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// A client of an official SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sdk {
    Python,
    /// `@modelcontextprotocol/sdk`: the handshake only.
    TypeScript1,
    /// `@modelcontextprotocol/client`: both wires.
    TypeScript2,
}

/// A connected client. Dropping it kills the process.
pub struct Session {
    child: Child,
    ask: Option<ChildStdin>,
    told: Lines<BufReader<ChildStdout>>,
    pub connected: Value,
    pub tools: Vec<Value>,
}

/// What a call gave.
pub struct Told {
    pub progress: Vec<Value>,
    /// `result` or `error`, as the client's program prints it.
    pub event: Value,
}

/// Where the clients are, installed once for all test processes.
static CLIENTS: LazyLock<PathBuf> =
    LazyLock::new(|| testkit::servers::installed("clients", "clients/install.sh", &[]));

/// A program of the clients' folder under Node.
pub fn node(program: &str) -> Command {
    let mut command = Command::new(CLIENTS.join("node"));
    command.arg(CLIENTS.join(program));
    command
}

impl Sdk {
    fn command(self) -> Command {
        match self {
            Self::Python => {
                let mut command = Command::new(CLIENTS.join("venv/bin/python"));
                command.arg(CLIENTS.join("py_client.py"));
                command
            }
            Self::TypeScript1 | Self::TypeScript2 => {
                let mut command = node("ts_client.mjs");
                command.args([
                    "--sdk",
                    if self == Self::TypeScript1 {
                        "v1"
                    } else {
                        "v2"
                    },
                ]);
                command
            }
        }
    }

    /// Connects and lists the tools; `seconds` is the client's own time limit.
    pub async fn connect(self, url: &str, token: &str, mode: &str, seconds: u64) -> Session {
        let mut child = self.start(url, token, mode, seconds);
        let ask = child.stdin.take();
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
        let connected = next(&mut told).await;
        assert_eq!(
            connected["event"], "connected",
            "{self:?} {mode}: {connected}"
        );
        let mut listed = next(&mut told).await;
        assert_eq!(listed["event"], "tools", "{self:?} {mode}: {listed}");
        let Value::Array(tools) = listed["tools"].take() else {
            panic!("no tools: {listed}");
        };
        Session {
            child,
            ask,
            told,
            connected,
            tools,
        }
    }

    /// Connects where it must be refused, and returns the exit status.
    pub async fn refused(self, url: &str, token: &str, mode: &str) -> i32 {
        let mut child = self.start(url, token, mode, 10);
        drop(child.stdin.take());
        let output = child.wait_with_output().await.unwrap();
        output.status.code().unwrap()
    }

    fn start(self, url: &str, token: &str, mode: &str, seconds: u64) -> Child {
        self.command()
            .args([
                "--url",
                &format!("{url}/api/mcp"),
                "--token",
                token,
                "--mode",
                mode,
            ])
            .args(["--timeout", &seconds.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    }
}

async fn next(told: &mut Lines<BufReader<ChildStdout>>) -> Value {
    let line = tokio::time::timeout(Duration::from_secs(120), told.next_line()).await;
    let line = line
        .expect("the client is silent")
        .unwrap()
        .expect("the client ended");
    serde_json::from_str(&line).unwrap()
}

impl Session {
    /// Calls a tool, with progress.
    pub async fn call(&mut self, tool: &str, arguments: Value) -> Told {
        self.send(tool, arguments, true).await;
        let mut progress = Vec::new();
        loop {
            let event = next(&mut self.told).await;
            if event["event"] != "progress" {
                assert_eq!(event["tool"], tool);
                return Told { progress, event };
            }
            progress.push(event);
        }
    }

    /// Calls a tool without progress; the client's own time limit holds.
    pub async fn call_silently(&mut self, tool: &str, arguments: Value) -> Value {
        self.send(tool, arguments, false).await;
        next(&mut self.told).await
    }

    /// Calls a tool that must succeed and gives the structured content.
    pub async fn must(&mut self, tool: &str, arguments: Value) -> Value {
        let event = self.call(tool, arguments).await.event;
        assert_eq!(
            (&event["event"], &event["is_error"]),
            (&json!("result"), &json!(false)),
            "{event}"
        );
        let text = event["text"][0].as_str().unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(text).unwrap(),
            event["structured"],
            "{tool}"
        );
        event["structured"].clone()
    }

    async fn send(&mut self, tool: &str, arguments: Value, progress: bool) {
        let line =
            json!({"tool": tool, "arguments": arguments, "progress": progress}).to_string() + "\n";
        self.ask
            .as_mut()
            .unwrap()
            .write_all(line.as_bytes())
            .await
            .unwrap();
    }

    /// Disconnects; the client's program must end well.
    pub async fn end(mut self) {
        drop(self.ask.take());
        assert!(self.child.wait().await.unwrap().success());
    }
}
