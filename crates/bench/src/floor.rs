//! The floor under any gateway: MCP in front of a PostgreSQL pool, and nothing
//! else. No identity, no policy, no record; what a gateway costs is what it
//! adds to this.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, NoTls, Row, Statement};

use crate::fault::Fault;
use crate::show;

/// Connections in the pool.
const POOL: usize = 8;

/// Serve the floor: MCP over a PostgreSQL pool without any policy.
#[derive(clap::Args)]
pub struct Options {
    /// Address to listen on; loopback only.
    #[arg(long, default_value = "127.0.0.1:8010")]
    listen: std::net::SocketAddr,
    /// File with the connection string of PostgreSQL, which may hold a password.
    #[arg(long)]
    postgres_file: std::path::PathBuf,
}

/// One login and the statements prepared on it.
struct Session {
    client: Client,
    statements: HashMap<String, Statement>,
}

struct Pool {
    free: Semaphore,
    sessions: Mutex<Vec<Session>>,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    method: &'a str,
    params: Option<Params>,
}

#[derive(Deserialize)]
struct Params {
    arguments: Option<Arguments>,
}

#[derive(Deserialize)]
struct Arguments {
    input: String,
}

/// Serves until the process ends.
///
/// # Errors
/// The address is taken or not loopback, or PostgreSQL cannot be reached.
pub async fn serve(options: Options) -> Result<(), Fault> {
    if !options.listen.ip().is_loopback() {
        return Err(Fault::Setup(
            "the floor listens on loopback only".to_owned(),
        ));
    }
    let target = std::fs::read_to_string(&options.postgres_file)?;
    let pool = Arc::new(Pool::open(&target).await?);
    let listener = TcpListener::bind(options.listen).await?;
    show(&format!("http://{}/mcp", listener.local_addr()?));
    let app = Router::new().route("/mcp", post(answer)).with_state(pool);
    // Without TCP_NODELAY every answer waits for the client's delayed ack.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, app).await?)
}

async fn answer(State(pool): State<Arc<Pool>>, body: Bytes) -> Response {
    let Ok(request) = serde_json::from_slice::<Request>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let Some(id) = request.id else {
        return StatusCode::ACCEPTED.into_response();
    };
    let outcome = match request.method {
        "initialize" => Ok(json!({
            "protocolVersion": "2025-06-18",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "floor", "version": "0"},
        })),
        "tools/call" => call(&pool, request.params).await,
        _ => Err("unknown method".to_owned()),
    };
    let body = match outcome {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(message) => {
            let error = json!({"code": -32603, "message": message});
            json!({"jsonrpc": "2.0", "id": id, "error": error})
        }
    };
    ([(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

async fn call(pool: &Pool, params: Option<Params>) -> Result<Value, String> {
    let arguments = params.and_then(|params| params.arguments);
    let input = arguments.ok_or("no input")?.input;
    let text = pool.run(&input).await.map_err(|fault| fault.to_string())?;
    Ok(json!({"content": [{"type": "text", "text": text}]}))
}

impl Pool {
    async fn open(target: &str) -> Result<Self, Fault> {
        let mut sessions = Vec::with_capacity(POOL);
        for _ in 0..POOL {
            let (client, connection) = tokio_postgres::connect(target.trim(), NoTls).await?;
            // A failure of the connection is told to whoever uses the client.
            tokio::spawn(connection);
            sessions.push(Session {
                client,
                statements: HashMap::new(),
            });
        }
        Ok(Self {
            free: Semaphore::new(POOL),
            sessions: Mutex::new(sessions),
        })
    }

    async fn run(&self, sql: &str) -> Result<String, Fault> {
        let closed = || Fault::Setup("the pool is closed".to_owned());
        let _permit = self.free.acquire().await.map_err(|_| closed())?;
        let mut session = self.sessions.lock().pop().ok_or_else(closed)?;
        let answer = session.run(sql).await;
        self.sessions.lock().push(session);
        answer
    }
}

impl Session {
    async fn run(&mut self, sql: &str) -> Result<String, Fault> {
        let statement = match self.statements.get(sql) {
            Some(statement) => statement.clone(),
            None => {
                let statement = self.client.prepare(sql).await?;
                self.statements.insert(sql.to_owned(), statement.clone());
                statement
            }
        };
        let rows = self.client.query(&statement, &[]).await?;
        let mut text = String::new();
        for column in statement.columns() {
            text.push_str(column.name());
            text.push('\t');
        }
        for row in &rows {
            text.push('\n');
            for index in 0..row.len() {
                text.push_str(&cell(row, index)?);
                text.push('\t');
            }
        }
        Ok(text)
    }
}

/// The text of one value. The floor knows the types that the benches ask for.
fn cell(row: &Row, index: usize) -> Result<String, Fault> {
    let kind = row.columns()[index].type_();
    let text = if *kind == Type::INT4 {
        row.try_get::<_, Option<i32>>(index)?.map(|n| n.to_string())
    } else if *kind == Type::INT8 {
        row.try_get::<_, Option<i64>>(index)?.map(|n| n.to_string())
    } else if *kind == Type::TEXT {
        row.try_get::<_, Option<String>>(index)?
    } else {
        return Err(Fault::Answer(format!("the floor does not render {kind}")));
    };
    Ok(text.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use testkit::servers::Postgres;

    use super::*;
    use crate::contestant::connection_string;
    use crate::http::{Connection, Endpoint};
    use crate::load::{Plan, Tool, measure};
    use crate::process::free_port;

    #[tokio::test]
    async fn the_load_finds_every_answer_of_the_floor() {
        let postgres = Postgres::start();
        let target = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(target.path(), connection_string(&postgres.database())).unwrap();
        let port = free_port().unwrap();
        tokio::spawn(serve(Options {
            listen: ([127, 0, 0, 1], port).into(),
            postgres_file: target.path().to_owned(),
        }));
        let endpoint = Endpoint::parse(&format!("http://127.0.0.1:{port}/mcp")).unwrap();
        while Connection::dial(&endpoint).await.is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let load = async |input: &str, warm_up| {
            measure(&Plan {
                endpoint: &endpoint,
                tool: &Tool::new("exec", &json!({"input": input})),
                clients: 3,
                calls: 50,
                time: Duration::from_secs(30),
                warm_up,
                pids: &[std::process::id()],
            })
            .await
        };
        let good = load("select 1, 2::bigint, 'three'", 2).await.unwrap();
        assert_eq!((good.calls, good.errors), (50, 0), "{:?}", good.first_error);
        assert!(good.calls_per_second > 0.0 && good.p50_ms <= good.max_ms);

        let bad = load("select no_such_column", 0).await.unwrap();
        assert_eq!((bad.calls, bad.errors), (0, 50));
        assert!(bad.first_error.unwrap().contains("-32603"));
        assert!(load("select no_such_column", 1).await.is_err());
    }
}
