//! Why a bench gave no figure.

/// A bench that could not be run or whose answers were wrong.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A file, socket or process.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The HTTP connection.
    #[error("http: {0}")]
    Http(#[from] hyper::Error),
    /// A request that cannot be written.
    #[error("request: {0}")]
    Request(#[from] hyper::http::Error),
    /// An answer that is not the JSON expected.
    #[error("json: {0}")]
    Json(#[from] serde_json::Error),
    /// PostgreSQL, asked directly.
    #[error("postgres: {0}")]
    Postgres(#[from] tokio_postgres::Error),
    /// An answer that says something else than expected.
    #[error("answer: {0}")]
    Answer(String),
    /// What the bench needs is missing or did not start.
    #[error("{0}")]
    Setup(String),
}
