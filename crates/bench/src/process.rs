//! Servers that a bench starts, and ends with itself.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::fault::Fault;
use crate::http::{Connection, Endpoint};

/// How long a server may take to answer after its start.
const START: Duration = Duration::from_secs(60);
/// How long a server may take to end before it is killed.
const END: Duration = Duration::from_secs(10);

/// A running server; dropping it ends it.
pub struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`; what it prints goes to `NAME.log` in `folder`.
    ///
    /// # Errors
    /// The program is missing.
    pub fn start(name: &'static str, command: &mut Command, folder: &Path) -> Result<Self, Fault> {
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .map_err(|cause| Fault::Setup(format!("{name}: {cause}")))?;
        Ok(Self { name, child, log })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `path` answers with success.
    ///
    /// # Errors
    /// The server ended or did not answer in time; the end of its log is told.
    pub async fn ready(&mut self, endpoint: &Endpoint, path: &str) -> Result<(), Fault> {
        self.answering(endpoint, path, |status| status.is_success())
            .await
    }

    /// Waits until the server answers anything at all.
    ///
    /// # Errors
    /// As [`Self::ready`].
    pub async fn listening(&mut self, endpoint: &Endpoint) -> Result<(), Fault> {
        self.answering(endpoint, "/", |_| true).await
    }

    async fn answering(
        &mut self,
        endpoint: &Endpoint,
        path: &str,
        good: impl Fn(hyper::StatusCode) -> bool,
    ) -> Result<(), Fault> {
        let begun = Instant::now();
        while begun.elapsed() < START {
            if let Ok(mut connection) = Connection::dial(endpoint).await
                && let Ok(answer) = connection.get(path).await
                && good(answer.status)
            {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(self.complaint(&format!("ended: {status}")));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Err(self.complaint("does not answer"))
    }

    fn complaint(&self, what: &str) -> Fault {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let end = lines[lines.len().saturating_sub(10)..].join("\n");
        Fault::Setup(format!("{} {what}\n{end}", self.name))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(pid) = i32::try_from(self.pid()).ok().and_then(Pid::from_raw) {
            // It may be gone already.
            let _ = kill_process(pid, Signal::TERM);
        }
        let begun = Instant::now();
        while begun.elapsed() < END {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port of loopback that nobody listens on.
///
/// # Errors
/// There is none.
pub fn free_port() -> Result<u16, Fault> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
