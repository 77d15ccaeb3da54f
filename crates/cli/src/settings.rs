//! The settings file: address of the gateway and tokens, for its owner only.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use model::{ExposeSecret as _, SecretString, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

use crate::failure::Failure;

/// What the settings file holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// Address of the gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) api_url: Option<String>,
    /// Bearer for that address and no other.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exposed")]
    pub(crate) token: Option<SecretString>,
    /// Renews a login token once.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exposed")]
    pub(crate) refresh_token: Option<SecretString>,
    /// When the login token was stored, by this machine's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_since: Option<Timestamp>,
    /// When the login token ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_until: Option<Timestamp>,
}

fn exposed<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    secret
        .as_ref()
        .map(SecretString::expose_secret)
        .serialize(serializer)
}

impl Settings {
    /// Forgets everything that proves who one is.
    pub(crate) fn forget(&mut self) {
        *self = Self {
            api_url: self.api_url.take(),
            ..Self::default()
        };
    }
}

/// Where the settings are kept.
#[derive(Clone, Debug)]
pub(crate) struct SettingsFile {
    folder: PathBuf,
}

impl SettingsFile {
    /// In `folder`, or in `drawgate` of the user's own configuration folder.
    ///
    /// # Errors
    /// When the user has no home.
    pub(crate) fn at(folder: Option<&Path>) -> Result<Self, Failure> {
        let folder = match folder {
            Some(folder) => folder.to_owned(),
            None => etcetera::choose_base_strategy()
                .map_err(|error| Failure::Local(format!("no configuration folder: {error}")))?
                .config_dir()
                .join("drawgate"),
        };
        Ok(Self { folder })
    }

    /// The path of the file.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join("config.toml")
    }

    /// Reads the file; no file is empty settings.
    ///
    /// # Errors
    /// When it cannot be read or is no settings file.
    pub(crate) fn load(&self) -> Result<Settings, Failure> {
        let path = self.path();
        match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| Failure::Settings {
                path: path.display().to_string(),
                // The library's own text quotes the line, which may hold a token.
                reason: error.message().to_owned(),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Settings::default()),
            Err(error) => Err(Failure::file(&path, error)),
        }
    }

    /// Changes the settings. Two processes change them one after the other, and
    /// a reader sees the old or the new file, never half of one.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Settings) -> T) -> Result<T, Failure> {
        let lock = self.lock()?;
        let mut settings = self.load()?;
        let result = change(&mut settings);
        self.store(&settings)?;
        drop(lock);
        Ok(result)
    }

    /// Holds the lock of the settings until it is dropped.
    ///
    /// # Errors
    /// When the lock file cannot be made.
    pub(crate) fn lock(&self) -> Result<File, Failure> {
        create_folder(&self.folder).map_err(|error| Failure::file(&self.folder, error))?;
        let path = self.folder.join("config.lock");
        let open = private(OpenOptions::new().write(true).create(true).truncate(false)).open(&path);
        open.and_then(|file| file.lock().map(|()| file))
            .map_err(|error| Failure::file(&path, error))
    }

    /// Writes the settings beside the old ones, then takes their place. The
    /// caller holds the lock.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn store(&self, settings: &Settings) -> Result<(), Failure> {
        let text = toml::to_string(settings)
            .map_err(|error| Failure::Local(format!("settings cannot be written: {error}")))?;
        let fresh = self
            .folder
            .join(format!("config.toml.{}", std::process::id()));
        let path = self.path();
        let write = || {
            let _ = std::fs::remove_file(&fresh);
            let mut file = private(OpenOptions::new().write(true).create_new(true)).open(&fresh)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&fresh, &path)
        };
        write().map_err(|error| Failure::file(&path, error))
    }

    /// What to say when others can read the file.
    pub(crate) fn exposure(&self) -> Option<String> {
        let path = self.path();
        is_open_to_others(&path).then(|| {
            format!(
                "warning: {0} can be read by other users; run: chmod 600 {0}",
                path.display()
            )
        })
    }
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn create_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

#[cfg(not(unix))]
fn create_folder(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_round_trip_and_only_their_owner_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let file = SettingsFile::at(Some(&folder.path().join("new"))).unwrap();
        assert!(file.load().unwrap().token.is_none());
        file.change(|settings| {
            settings.api_url = Some("http://127.0.0.1:8009".into());
            settings.token = Some(SecretString::from("dgt_abc"));
            settings.token_until = Timestamp::parse("2026-01-01T00:00:00Z");
        })
        .unwrap();
        let read = file.load().unwrap();
        assert_eq!(read.token.unwrap().expose_secret(), "dgt_abc");
        assert_eq!(read.token_until, Timestamp::parse("2026-01-01T00:00:00Z"));
        assert_eq!(file.exposure(), None);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&file.path()), 0o600);
            assert_eq!(mode(&file.folder), 0o700);
            std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
            assert!(file.exposure().unwrap().contains("chmod 600"));
        }
    }

    #[test]
    fn forgetting_keeps_the_address_only() {
        let mut settings = Settings {
            api_url: Some("http://x".into()),
            token: Some(SecretString::from("t")),
            refresh_token: Some(SecretString::from("r")),
            ..Settings::default()
        };
        settings.forget();
        assert_eq!(
            toml::to_string(&settings).unwrap(),
            "api_url = \"http://x\"\n"
        );
    }

    #[test]
    fn a_broken_file_is_an_error_that_keeps_its_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let file = SettingsFile::at(Some(folder.path())).unwrap();
        std::fs::write(file.path(), "token = \"dgt_hunter2\" oops").unwrap();
        let failure = file.load().unwrap_err();
        assert!(!format!("{failure} {failure:?}").contains("hunter2"));
    }

    #[test]
    fn changes_of_many_threads_are_all_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = SettingsFile::at(Some(folder.path())).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    file.change(|settings| {
                        let url = settings.api_url.take().unwrap_or_default();
                        settings.api_url = Some(url + "x");
                    })
                    .unwrap();
                });
            }
        });
        assert_eq!(file.load().unwrap().api_url.as_deref(), Some("xxxxxxxx"));
    }
}
