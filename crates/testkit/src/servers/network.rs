//! A network between a client and a server that can be cut.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// State of a [`Network`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Bytes pass.
    Whole,
    /// Bytes are kept until the line is whole again.
    Silent,
    /// Connections break, old and new.
    Cut,
}

/// Carries connections to a server of this machine.
pub struct Network {
    port: u16,
    line: Arc<Mutex<Line>>,
}

impl Network {
    /// A whole network in front of `port`, carried by the current runtime.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.unwrap_or_else(|error| panic!("no free port: {error}"));
        let own = listener.local_addr().map(|address| address.port());
        let line = Arc::new(Mutex::new(Line::Whole));
        let shared = Arc::clone(&line);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                // A server that is away is a broken connection for the client.
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else {
                    continue;
                };
                let ((near_in, near_out), (far_in, far_out)) =
                    (near.into_split(), far.into_split());
                tokio::spawn(carry(near_in, far_out, Arc::clone(&shared)));
                tokio::spawn(carry(far_in, near_out, Arc::clone(&shared)));
            }
        });
        Self {
            port: own.unwrap_or_else(|error| panic!("no port: {error}")),
            line,
        }
    }

    /// The port for clients.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Changes the state.
    pub fn set(&self, line: Line) {
        *self.line.lock() = line;
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, line: Arc<Mutex<Line>>) {
    let mut buffer = vec![0; 65_536];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        loop {
            let now = *line.lock();
            match now {
                Line::Whole => break,
                Line::Silent => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
                Line::Cut => return,
            }
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
