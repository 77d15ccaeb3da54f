//! A network between a client and a server that can be cut.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};
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
    /// What clients say passes; the answer breaks their connection instead.
    Snapped,
}

/// Carries connections to a server of this machine.
pub struct Network {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    line: Mutex<Line>,
    /// Connections of earlier generations are lost.
    generation: AtomicU32,
}

/// Which way bytes go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    ToServer,
    ToClient,
}

impl Network {
    /// A whole network in front of `port`, carried by the current runtime.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn to(port: u16) -> Self {
        Self::of("127.0.0.1", port).await
    }

    /// As [`Self::to`], for clients that come to the address `host`.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn of(host: &str, port: u16) -> Self {
        let listener = TcpListener::bind((host, 0)).await;
        let listener = listener.unwrap_or_else(|error| panic!("no free port: {error}"));
        let own = listener.local_addr().map(|address| address.port());
        let shared = Arc::new(Shared {
            line: Mutex::new(Line::Whole),
            generation: AtomicU32::new(0),
        });
        let carrying = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                // A server that is away is a broken connection for the client.
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else {
                    continue;
                };
                tokio::spawn(carry_both(near, far, Arc::clone(&carrying)));
            }
        });
        Self {
            port: own.unwrap_or_else(|error| panic!("no port: {error}")),
            shared,
        }
    }

    /// The port for clients.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Changes the state.
    pub fn set(&self, line: Line) {
        *self.shared.line.lock() = line;
    }

    /// Loses the connections so far: they carry nothing more and neither end
    /// hears of it. New ones are as good as the line.
    pub fn lose(&self) {
        self.shared.generation.fetch_add(1, Ordering::SeqCst);
    }
}

/// Carries one connection until one end closes it.
async fn carry_both(mut near: TcpStream, mut far: TcpStream, shared: Arc<Shared>) {
    let ((near_in, near_out), (far_in, far_out)) = (near.split(), far.split());
    let is_snapped = tokio::select! {
        () = carry(near_in, far_out, Way::ToServer, &shared) => false,
        () = carry(far_in, near_out, Way::ToClient, &shared) => {
            *shared.line.lock() == Line::Snapped
        }
    };
    if is_snapped {
        // Closing it is a reset then.
        let _ = near.set_zero_linger();
    }
}

async fn carry(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, way: Way, shared: &Shared) {
    let generation = shared.generation.load(Ordering::SeqCst);
    let mut buffer = vec![0; 65_536];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        loop {
            let now = *shared.line.lock();
            let is_lost = generation != shared.generation.load(Ordering::SeqCst);
            match (now, way) {
                (Line::Cut, _) | (Line::Snapped, Way::ToClient) => return,
                (Line::Whole, _) | (Line::Snapped, Way::ToServer) if !is_lost => break,
                _ => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            }
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
