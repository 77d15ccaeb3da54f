//! The folder and the environment of a command.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use model::{ExposeSecret, SecretString};

use super::rooms::{self, Rooms};
use crate::{Fault, Stage};

/// Where programs are, whatever this process was started with.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// `envvar:NAME` or `filesystem:NAME` to the value.
pub(super) type Variables = BTreeMap<String, SecretString>;

/// A private folder and the variables of one run. It is gone with its handle.
pub(super) struct Room {
    folder: PathBuf,
    secrets: Vec<PathBuf>,
    environment: BTreeMap<String, OsString>,
}

impl Room {
    /// Makes the folder and writes the `filesystem:` variables into it; those
    /// of the connection win over those of the run.
    pub(super) fn furnish(
        rooms: &Rooms,
        connection: &Variables,
        run: &Variables,
    ) -> Result<Self, Fault> {
        check(run)?;
        let refuse = |error: std::io::Error| {
            Fault::unavailable(
                Stage::Agent,
                format!("the folder of the run cannot be made: {error}"),
            )
        };
        let folder = rooms.make().map_err(refuse)?;
        let mut room = Self {
            environment: BTreeMap::from([
                ("PATH".to_owned(), PATH.into()),
                ("HOME".to_owned(), folder.clone().into()),
                ("LANG".to_owned(), "C.UTF-8".into()),
            ]),
            secrets: Vec::new(),
            folder,
        };
        for (key, value) in run.iter().chain(connection) {
            let Some((form, name)) = key.split_once(':') else {
                continue;
            };
            let value = if form == "filesystem" {
                let path = room.folder.join(name);
                room.secrets.push(path.clone());
                write(&path, value).map_err(refuse)?;
                path.into_os_string()
            } else {
                value.expose_secret().into()
            };
            room.environment.insert(name.to_owned(), value);
        }
        Ok(room)
    }

    /// The folder.
    pub(super) fn path(&self) -> &Path {
        &self.folder
    }

    /// All variables.
    pub(super) const fn environment(&self) -> &BTreeMap<String, OsString> {
        &self.environment
    }

    /// Removes the folder, which may be big.
    pub(super) async fn clear(self) {
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // Whatever else cannot be removed, the secrets are.
        for secret in &self.secrets {
            let _ = fs::remove_file(secret);
        }
        if let Err(error) = rooms::remove(&self.folder) {
            tracing::warn!(%error, "the folder of a run could not be removed");
        }
    }
}

/// Checks names and values of variables.
pub(super) fn check(variables: &Variables) -> Result<(), Fault> {
    for (key, value) in variables {
        let name = match key.split_once(':') {
            Some(("envvar" | "filesystem", name)) => name,
            _ => key,
        };
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
            && !name.starts_with('.');
        let form = key.split_once(':').map(|(form, _)| form);
        if !is_name || !matches!(form, Some("envvar" | "filesystem")) {
            return Err(Fault::invalid(
                Stage::Agent,
                format!("`{key}` does not name a variable"),
            ));
        }
        if form == Some("envvar") && value.expose_secret().contains('\0') {
            return Err(Fault::invalid(
                Stage::Agent,
                format!("the value of `{key}` contains a NUL character"),
            ));
        }
    }
    Ok(())
}

/// Whether `program` can be run with the variables of the connection. A
/// relative path is one in the folder of the run, where no programs are.
pub(super) fn is_program(program: &str, connection: &Variables) -> bool {
    let is_file = |path: &Path| {
        path.is_absolute()
            && path
                .metadata()
                .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        return is_file(Path::new(program));
    }
    let path = connection
        .get("envvar:PATH")
        .map_or(PATH, |path| path.expose_secret());
    env::split_paths(path).any(|folder| is_file(&folder.join(program)))
}

fn write(path: &Path, value: &SecretString) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(path)?;
    file.write_all(value.expose_secret().as_bytes())
}
