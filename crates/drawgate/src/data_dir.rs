//! The data folder: made on the first start, private to its owner.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use store::MasterKey;

/// File of the key that seals secrets.
pub(crate) const KEY_FILE: &str = "secret.key";
/// File of the key that replaces it, while a rotation is under way.
pub(crate) const NEXT_KEY_FILE: &str = "secret.key.next";
/// File of the API key of the first administrator.
pub(crate) const ADMIN_TOKEN_FILE: &str = "admin.token";
/// Folder of the folders that commands run in.
pub(crate) const ROOMS: &str = "rooms";

/// The data folder.
#[derive(Clone)]
pub(crate) struct DataDir(PathBuf);

impl DataDir {
    /// Opens the folder and makes it when it is not there. One that others can
    /// read is closed to them, when it is empty or was used before.
    ///
    /// # Errors
    /// When it cannot be made, is no folder, or is open to others and holds
    /// something else: closing that could be a harm.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let said = |error: io::Error| format!("data_dir: {}: {error}", path.display());
        if !path.is_dir() {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(path)
                .map_err(said)?;
        }
        let mode = fs::metadata(path).map_err(said)?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            let is_empty = fs::read_dir(path).map_err(said)?.next().is_none();
            let is_common = mode & 0o1000 != 0;
            let is_ours = path.join(KEY_FILE).exists() || is_empty && !is_common;
            if !is_ours {
                return Err(format!(
                    "data_dir: {}: others can read it (mode {mode:03o}) and it is no data folder \
                     yet; run chmod 700 on it or choose another one",
                    path.display()
                ));
            }
            fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(said)?;
        }
        Ok(Self(path.to_owned()))
    }

    /// A file or folder in it.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The key that seals secrets; made on the first start.
    ///
    /// # Errors
    /// When others can read the file, or it is no key.
    pub(crate) fn master_key(&self) -> Result<MasterKey, String> {
        let path = self.join(KEY_FILE);
        match read_key(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = MasterKey::generate().map_err(|error| error.to_string())?;
                self.write_key(KEY_FILE, &key)?;
                Ok(key)
            }
            read => read.map_err(|error| format!("{}: {error}", path.display())),
        }
    }

    /// The key of a rotation that was interrupted.
    ///
    /// # Errors
    /// As [`DataDir::master_key`].
    pub(crate) fn next_key(&self) -> Result<Option<MasterKey>, String> {
        let path = self.join(NEXT_KEY_FILE);
        match read_key(&path) {
            Ok(key) => Ok(Some(key)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("{}: {error}", path.display())),
        }
    }

    /// Writes a key as base64 text.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write_key(&self, name: &str, key: &MasterKey) -> Result<(), String> {
        self.write_private(name, &STANDARD.encode(key.expose()))
    }

    /// Puts the next key in the place of the current one.
    ///
    /// # Errors
    /// When the file cannot be renamed.
    pub(crate) fn adopt_next_key(&self) -> Result<(), String> {
        rename(&self.join(NEXT_KEY_FILE), &self.join(KEY_FILE))
            .map_err(|error| format!("{KEY_FILE}: {error}"))
    }

    /// Writes a file that only its owner can read, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write_private(&self, name: &str, text: &str) -> Result<(), String> {
        let path = self.join(name);
        let said = |error: io::Error| format!("{}: {error}", path.display());
        if let Some(parent) = path.parent().filter(|parent| !parent.is_dir()) {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(parent)
                .map_err(said)?;
        }
        let temporary = path.with_extension("tmp");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)
            .map_err(said)?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.write_all(b"\n"))
            .map_err(said)?;
        file.sync_all().map_err(said)?;
        rename(&temporary, &path).map_err(said)
    }
}

/// Renames a file for good: the name is in its folder only after that is synced.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    match to.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Reads a key, unless others than its owner can read it too.
fn read_key(path: &Path) -> io::Result<MasterKey> {
    let mut file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(io::Error::other(format!(
            "others can read it (mode {mode:03o}); run chmod 600 on it and start again"
        )));
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let bytes = STANDARD
        .decode(text.trim())
        .ok()
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    bytes
        .map(MasterKey::from_bytes)
        .ok_or_else(|| io::Error::other("it is no key: expected 32 bytes in base64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_folder_that_others_can_read_is_closed_to_them_or_refused() {
        let dir = tempfile::tempdir().unwrap();
        let open = |name: &str| {
            let path = dir.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            path
        };
        let empty = open("empty");
        DataDir::open(&empty).unwrap();
        assert_eq!(mode(&empty), 0o700);
        let used = open("used");
        fs::write(used.join(KEY_FILE), "x").unwrap();
        DataDir::open(&used).unwrap();
        assert_eq!(mode(&used), 0o700);
        let foreign = open("foreign");
        fs::write(foreign.join("letter.txt"), "x").unwrap();
        assert!(DataDir::open(&foreign).err().unwrap().contains("chmod 700"));
        assert_eq!(mode(&foreign), 0o755);
        let common = open("common");
        fs::set_permissions(&common, fs::Permissions::from_mode(0o1777)).unwrap();
        assert!(DataDir::open(&common).is_err());
    }

    #[test]
    fn a_key_is_made_once_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(&dir.path().join("new")).unwrap();
        let first = data.master_key().unwrap();
        let again = data.master_key().unwrap();
        assert_eq!(first.expose(), again.expose());
        assert_eq!(mode(&data.join(KEY_FILE)), 0o600);
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(dir.path()).unwrap();
        data.master_key().unwrap();
        fs::set_permissions(data.join(KEY_FILE), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(data.master_key().err().unwrap().contains("chmod 600"));
        fs::set_permissions(data.join(KEY_FILE), fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(data.join(KEY_FILE), "short").unwrap();
        assert!(data.master_key().err().unwrap().contains("no key"));
    }
}
