//! The files of a workspace, without what is built or installed into it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::fault::Fault;

/// Folders that hold no source: build output, installed packages, data.
const SKIPPED: &[&str] = &["target", "node_modules", "drawgate-data"];
/// Hidden folders that do hold source.
const HIDDEN: &[&str] = &[".cargo", ".ci", ".github"];

/// The files of a workspace by their path from its root, with `/` between names.
pub struct Tree {
    root: PathBuf,
    files: BTreeSet<String>,
}

impl Tree {
    /// Lists every source file below `root`.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn read(root: &Path) -> Result<Self, Fault> {
        let mut tree = Self {
            root: root.to_path_buf(),
            files: BTreeSet::new(),
        };
        tree.walk(root, "")?;
        Ok(tree)
    }

    /// The paths, sorted.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// The paths that end with `suffix`, sorted.
    pub fn ending(&self, suffix: &str) -> impl Iterator<Item = &str> {
        self.files().filter(move |path| path.ends_with(suffix))
    }

    /// Whether `path` is a file of the tree.
    pub fn has(&self, path: &str) -> bool {
        self.files.contains(path)
    }

    /// The folder of the workspace.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The text of one file.
    ///
    /// # Errors
    /// The file cannot be read or is not UTF-8.
    pub fn text(&self, path: &str) -> Result<String, Fault> {
        let full = self.root.join(path);
        fs::read_to_string(&full).map_err(|cause| Fault::at(&full, &cause))
    }

    fn walk(&mut self, folder: &Path, prefix: &str) -> Result<(), Fault> {
        let entries = fs::read_dir(folder).map_err(|cause| Fault::at(folder, &cause))?;
        for entry in entries {
            let entry = entry.map_err(|cause| Fault::at(folder, &cause))?;
            let kind = entry
                .file_type()
                .map_err(|cause| Fault::at(folder, &cause))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            if kind.is_dir() {
                if !is_skipped(&name) {
                    self.walk(&entry.path(), &format!("{path}/"))?;
                }
            } else if kind.is_file() {
                self.files.insert(path);
            }
        }
        Ok(())
    }
}

fn is_skipped(name: &str) -> bool {
    SKIPPED.contains(&name) || (name.starts_with('.') && !HIDDEN.contains(&name))
}

#[cfg(test)]
pub mod sample {
    //! Small workspaces in temporary folders, for the tests of the rules.

    use std::fs;

    use tempfile::TempDir;

    use super::Tree;

    /// A workspace of the given files, deleted when dropped.
    pub struct Sample {
        folder: TempDir,
    }

    impl Sample {
        /// Writes `files` as (path, text).
        pub fn of(files: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            for (path, text) in files {
                let full = folder.path().join(path);
                fs::create_dir_all(full.parent().unwrap()).unwrap();
                fs::write(full, text).unwrap();
            }
            Self { folder }
        }

        /// The folder of the workspace.
        pub fn path(&self) -> &std::path::Path {
            self.folder.path()
        }

        /// Its tree, as it is now.
        pub fn tree(&self) -> Tree {
            Tree::read(self.folder.path()).unwrap()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::sample::Sample;

    #[test]
    fn build_output_and_hidden_folders_are_no_source() {
        let sample = Sample::of(&[
            ("crates/a/src/lib.rs", ""),
            ("target/debug/x.rs", ""),
            ("tests/node_modules/y.mjs", ""),
            (".git/config", ""),
            (".ci/run", ""),
        ]);
        let tree = sample.tree();
        let files: Vec<&str> = tree.files().collect();
        assert_eq!(files, [".ci/run", "crates/a/src/lib.rs"]);
        assert!(tree.has(".ci/run"));
    }
}
