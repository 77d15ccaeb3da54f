//! A gateway as a process of its own, and the least client that speaks to it.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::servers::{Database, Postgres};

/// Where a gateway keeps its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

pub const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// A running gateway. Dropping it kills the process.
pub struct Gateway {
    child: Child,
    pub url: String,
    pub data: PathBuf,
    /// Everything that the process printed and logged.
    pub said: Arc<Mutex<String>>,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    _folder: Option<TempDir>,
    store: Option<(Arc<Postgres>, Database)>,
}

/// How to start one.
pub struct Setup {
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    folder: TempDir,
    store: Option<(Arc<Postgres>, Database)>,
}

impl Setup {
    pub fn new(engine: Engine) -> Self {
        let store = (engine == Engine::Postgres).then(|| {
            let server = Postgres::shared();
            let database = server.database();
            (server, database)
        });
        Self::on(store)
    }

    /// A gateway on a database that may be shared, or on SQLite.
    fn on(store: Option<(Arc<Postgres>, Database)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut arguments: Vec<String> = vec![
            "start".into(),
            "--listen".into(),
            "127.0.0.1:0".into(),
            "--data-dir".into(),
            data.display().to_string(),
        ];
        if let Some((_, d)) = &store {
            let url = format!(
                "postgres://{}:{}@{}:{}/{}",
                d.user, d.password, d.host, d.port, d.name
            );
            arguments.extend(["--store".into(), url]);
        }
        Self {
            arguments,
            environment: Vec::new(),
            folder,
            store,
        }
    }

    pub fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments
            .extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// Sets an environment variable of the process.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn start(self) -> Gateway {
        let data = self.folder.path().join("data");
        let (child, url, said) = launch(&self.arguments, &self.environment);
        Gateway {
            child,
            url,
            data,
            said,
            arguments: self.arguments,
            environment: self.environment,
            _folder: Some(self.folder),
            store: self.store,
        }
    }
}

/// The binary under test.
pub fn drawgate() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drawgate"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("DRAWGATE_") || text.starts_with("AWS_") {
            command.env_remove(name);
        }
    }
    command
}

fn launch(
    arguments: &[String],
    environment: &[(String, String)],
) -> (Child, String, Arc<Mutex<String>>) {
    let mut child = drawgate()
        .args(arguments)
        .envs(environment.iter().cloned())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = Arc::new(Mutex::new(String::new()));
    let errors = child.stderr.take().unwrap();
    let log = Arc::clone(&said);
    std::thread::spawn(move || {
        for line in BufReader::new(errors).lines().map_while(Result::ok) {
            log.lock().push_str(&(line + "\n"));
        }
    });
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let (mut url, mut is_ready) = (None, false);
    let mut line = String::new();
    // The line for a client is the last of the welcome.
    while !is_ready && lines.read_line(&mut line).unwrap_or(0) > 0 {
        said.lock().push_str(&line);
        let told = line.trim();
        if let Some(mcp) = told.strip_prefix("MCP ") {
            url = Some(mcp.trim().trim_end_matches("/api/mcp").to_owned());
        }
        is_ready = told.starts_with("claude mcp add ") || told.contains("keys create");
        line.clear();
    }
    let log = Arc::clone(&said);
    std::thread::spawn(move || {
        for line in lines.lines().map_while(Result::ok) {
            log.lock().push_str(&(line + "\n"));
        }
    });
    let url = url.unwrap_or_else(|| {
        std::thread::sleep(Duration::from_millis(200));
        panic!("the gateway did not start:\n{}", said.lock())
    });
    (child, url, said)
}

impl Gateway {
    pub fn start(engine: Engine) -> Self {
        Setup::new(engine).start()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The token in a file of the data folder.
    pub fn token(&self, file: &str) -> String {
        std::fs::read_to_string(self.data.join(file))
            .unwrap()
            .trim()
            .to_owned()
    }

    pub fn admin(&self) -> Client {
        self.client(&self.token("admin.token"))
    }

    pub fn client(&self, token: &str) -> Client {
        Client::new(&self.url, token)
    }

    /// The value of a flag that it was started with.
    pub fn argument(&self, flag: &str) -> Option<&str> {
        let at = self.arguments.iter().position(|given| given == flag)?;
        self.arguments.get(at + 1).map(String::as_str)
    }

    /// Ends the process without a word.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// How to start another gateway on the same store, with the same key.
    pub fn neighbour(&self) -> Setup {
        let setup = Setup::on(self.store.clone());
        let data = setup.folder.path().join("data");
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&data)
            .unwrap();
        std::fs::copy(self.data.join("secret.key"), data.join("secret.key")).unwrap();
        setup
    }

    /// Runs SQL on the store, which is on PostgreSQL.
    pub fn sql(&self, query: &str) -> String {
        let (server, database) = self.store.as_ref().unwrap();
        server.psql(&database.name, query).trim().to_owned()
    }

    /// Where the process listens, as its log says.
    pub fn address(&self) -> String {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            for line in self.said.lock().lines() {
                match serde_json::from_str::<Value>(line) {
                    Ok(line) if line["message"] == "ready" => {
                        return line["address"].as_str().unwrap().to_owned();
                    }
                    _ => {}
                }
            }
            assert!(Instant::now() < end, "{}", self.said.lock());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Asks the process to stop and returns whether it ended well.
    pub fn stop(&mut self) -> bool {
        signal(self.pid(), "TERM");
        self.ends()
    }

    /// Waits for the end of the process and returns whether it ended well.
    pub fn ends(&mut self) -> bool {
        let limit = Instant::now() + Duration::from_secs(40);
        while Instant::now() < limit {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the gateway did not stop:\n{}", self.said.lock());
    }

    /// Starts it again on the same data, after [`Gateway::kill`] or [`Gateway::stop`].
    pub fn start_again(&mut self) {
        let (child, url, said) = launch(&self.arguments, &self.environment);
        (self.child, self.url, self.said) = (child, url, said);
    }
}

impl Gateway {
    /// Runs a command of `drawgate admin` on the data of a stopped gateway.
    pub fn command(&self, name: &str) -> String {
        self.try_command(name).unwrap()
    }

    /// The same; answers what it printed, or why it failed.
    pub fn try_command(&self, name: &str) -> Result<String, String> {
        let output = drawgate()
            .args(["admin", name])
            .args(&self.arguments[1..])
            .envs(self.environment.iter().cloned())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match output.status.success() {
            true => Ok(text(&output.stdout)),
            false => Err(text(&output.stderr)),
        }
    }

    /// Starts a stopped gateway that must refuse, and returns why it did.
    pub fn refused_start(&self) -> String {
        let output = drawgate()
            .args(&self.arguments)
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(!output.status.success(), "it should not start");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn signal(pid: u32, name: &str) {
    assert!(
        Command::new("kill")
            .args([&format!("-{name}"), &pid.to_string()])
            .status()
            .unwrap()
            .success()
    );
}

/// Speaks MCP (2025-06-18, without a session) and REST.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    pub url: String,
    pub token: String,
    next: Arc<AtomicU64>,
}

/// A tool's answer: the structured content, or the error in it.
pub type Answer = Result<Value, Value>;

impl Client {
    pub fn new(url: &str, token: &str) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .danger_accept_invalid_certs(true)
            .build()
            .unwrap();
        Self {
            http,
            url: url.to_owned(),
            token: token.to_owned(),
            next: Arc::default(),
        }
    }

    /// One JSON-RPC request and its HTTP status.
    pub async fn rpc(&self, method: &str, params: Value) -> Result<(u16, Value), reqwest::Error> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let body = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let mut request = self
            .http
            .post(format!("{}/api/mcp", self.url))
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2025-06-18")
            .json(&body);
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        let json = text
            .lines()
            .filter_map(|line| line.strip_prefix("data:"))
            .filter_map(|data| serde_json::from_str::<Value>(data).ok())
            .find(|message| message["id"] == json!(id))
            .or_else(|| serde_json::from_str(&text).ok())
            .unwrap_or(Value::String(text));
        Ok((status, json))
    }

    /// Calls a tool.
    pub async fn call(&self, tool: &str, arguments: Value) -> Answer {
        match self.try_call(tool, arguments).await {
            Ok(answer) => answer,
            Err(error) => panic!("{tool}: {error}"),
        }
    }

    /// Calls a tool of a gateway that may go away.
    pub async fn try_call(&self, tool: &str, arguments: Value) -> Result<Answer, reqwest::Error> {
        let (status, answer) = self
            .rpc("tools/call", json!({"name": tool, "arguments": arguments}))
            .await?;
        let result = &answer["result"];
        if result.is_null() {
            return Ok(Err(json!({"http": status, "answer": answer})));
        }
        let content = result["structuredContent"].clone();
        Ok(if result["isError"] == json!(true) {
            Err(content["error"].clone())
        } else {
            Ok(content)
        })
    }

    /// Runs text on a connection and expects an envelope.
    pub async fn exec(&self, connection: &str, input: &str) -> Value {
        self.call(
            "exec",
            json!({"connection_name": connection, "input": input}),
        )
        .await
        .unwrap()
    }

    /// One REST request: status and body.
    pub async fn rest(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let method = method.parse().unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    /// Makes a connection from plain variables.
    pub async fn connect(
        &self,
        name: &str,
        kind: &str,
        subtype: &str,
        variables: &[(&str, &str)],
    ) -> Value {
        let secrets: serde_json::Map<String, Value> = variables
            .iter()
            .map(|(name, value)| (format!("envvar:{name}"), json!(STANDARD.encode(value))))
            .collect();
        let arguments = json!({"name": name, "type": kind, "subtype": subtype, "secrets": secrets});
        self.call("connections_create", arguments).await.unwrap()
    }

    /// A connection to a fresh database of the shared PostgreSQL.
    pub async fn connect_postgres(&self, name: &str) -> Arc<Postgres> {
        let server = Postgres::shared();
        let d = server.database();
        let port = d.port.to_string();
        self.connect(
            name,
            "database",
            "postgres",
            &[
                ("HOST", &d.host),
                ("PORT", &port),
                ("USER", &d.user),
                ("PASS", &d.password),
                ("DB", &d.name),
            ],
        )
        .await;
        server
    }

    /// A process connection that runs bash.
    pub async fn connect_bash(&self, name: &str) {
        let arguments =
            json!({"name": name, "type": "custom", "subtype": "bash", "command": ["bash"]});
        self.call("connections_create", arguments).await.unwrap();
    }
}
