//! One keep-alive HTTP connection to a server on loopback.

use std::net::IpAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::fault::Fault;

/// Where to send requests, and with which bearer.
#[derive(Clone)]
pub struct Endpoint {
    /// `host:port`.
    pub authority: String,
    /// Path of the MCP endpoint.
    pub path: String,
    /// Value of the `Authorization` header.
    authorization: Option<String>,
}

/// What a server answered.
pub struct Answer {
    /// Status of the answer.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its whole body.
    pub body: Bytes,
}

/// A connection that is dialed again when the server closed it.
pub struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    endpoint: Endpoint,
}

impl Endpoint {
    /// Reads `http://HOST:PORT/PATH`. Only loopback hosts are taken, so that no
    /// load ever leaves the machine.
    ///
    /// # Errors
    /// Another scheme or host.
    pub fn parse(url: &str) -> Result<Self, Fault> {
        let rest = url
            .strip_prefix("http://")
            .ok_or_else(|| Fault::Setup(format!("{url}: only http:// is spoken")))?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let host = authority
            .rsplit_once(':')
            .map_or(authority, |(host, _)| host);
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        if host != "localhost" && !address.is_ok_and(|address| address.is_loopback()) {
            return Err(Fault::Setup(format!("{url}: only loopback is loaded")));
        }
        Ok(Self {
            authority: authority.to_owned(),
            path: format!("/{path}"),
            authorization: None,
        })
    }

    /// The same, with a bearer.
    pub fn with_bearer(mut self, token: &str) -> Self {
        self.authorization = Some(format!("Bearer {}", token.trim()));
        self
    }
}

impl Connection {
    /// Dials the server.
    ///
    /// # Errors
    /// Nobody listens.
    pub async fn dial(endpoint: &Endpoint) -> Result<Self, Fault> {
        Ok(Self {
            sender: handshake(&endpoint.authority).await?,
            endpoint: endpoint.clone(),
        })
    }

    /// Gets `path`.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn get(&mut self, path: &str) -> Result<Answer, Fault> {
        self.send(Method::GET, path, &[], Bytes::new()).await
    }

    /// Posts JSON to `path` with further headers.
    ///
    /// # Errors
    /// The connection broke.
    pub async fn post(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Answer, Fault> {
        self.send(Method::POST, path, headers, body).await
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Answer, Fault> {
        if self.sender.is_closed() {
            self.sender = handshake(&self.endpoint.authority).await?;
        }
        self.sender.ready().await?;
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.endpoint.authority)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream");
        if let Some(authorization) = &self.endpoint.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body))?;
        let (parts, body) = self.sender.send_request(request).await?.into_parts();
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await?.to_bytes(),
        })
    }
}

impl Answer {
    /// The body of a successful answer.
    ///
    /// # Errors
    /// The status is not one of success; the beginning of the body is told.
    pub fn success(self) -> Result<Self, Fault> {
        if self.status.is_success() {
            return Ok(self);
        }
        let beginning = &self.body[..self.body.len().min(300)];
        let said = String::from_utf8_lossy(beginning);
        Err(Fault::Answer(format!("{}: {said}", self.status)))
    }
}

async fn handshake(authority: &str) -> Result<http1::SendRequest<Full<Bytes>>, Fault> {
    let stream = TcpStream::connect(authority).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // A failure of the connection is told to whoever sends on it next.
    tokio::spawn(connection);
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_taken() {
        for url in [
            "http://127.0.0.1:1/mcp",
            "http://[::1]:1/mcp",
            "http://localhost:1/mcp",
        ] {
            assert_eq!(Endpoint::parse(url).unwrap().path, "/mcp", "{url}");
        }
        for url in [
            "https://127.0.0.1/mcp",
            "http://example.com/mcp",
            "http://127.0.0.1.example.com/mcp",
            "http://10.0.0.1:80/mcp",
        ] {
            assert!(Endpoint::parse(url).is_err(), "{url}");
        }
    }
}
