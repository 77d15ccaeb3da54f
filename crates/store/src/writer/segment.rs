//! A file of the journal. It holds a segment, and when the rows of that one are
//! in the tables, a later one: to write over what is there takes a fraction of
//! the time of making a file grow, needs no room, and waits for nothing that the
//! file system does to its own records.
//!
//! A file begins with a mark, the number of its segment and a checksum of it.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Bytes before the frames.
pub(super) const HEAD: u64 = 16;

const MARK: &[u8; 4] = b"dgj1";

/// A file that is open for writing.
pub(super) struct Segment {
    path: PathBuf,
    file: File,
}

impl Segment {
    /// Makes file `index` beside a database. It holds no segment yet.
    ///
    /// # Errors
    /// What the file system says, also when there is such a file.
    pub(super) fn make(database: &Path, index: u32) -> io::Result<Self> {
        let path = database.with_file_name(format!("{}{index}", prefix(database)));
        let file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        Ok(Self { path, file })
    }

    /// Lets segment `number` begin here.
    ///
    /// # Errors
    /// What the file system says.
    pub(super) fn begin(&self, number: i64) -> io::Result<()> {
        self.file.write_all_at(&head(number), 0)
    }

    /// Writes `bytes` at byte `at`.
    ///
    /// # Errors
    /// What the file system says.
    pub(super) fn write(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, at)
    }

    /// Removes the file.
    pub(super) fn remove(self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, file = %self.path.display(), "a file of the journal stays");
        }
    }
}

/// The files beside a database, each with the number of its segment; `None` for
/// one that holds none.
///
/// # Errors
/// What the file system says.
pub(super) fn left(database: &Path) -> io::Result<Vec<(Option<i64>, PathBuf)>> {
    let folder = database.parent().filter(|folder| folder != &Path::new(""));
    let prefix = prefix(database);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder.unwrap_or(Path::new(".")))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            found.push((number(&entry.path())?, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

fn number(file: &Path) -> io::Result<Option<i64>> {
    let mut found = [0; HEAD as usize];
    match File::open(file)?.read_exact(&mut found) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let [_, _, _, _, number @ .., _, _, _, _] = found;
    let number = i64::from_le_bytes(number);
    Ok((found == head(number)).then_some(number))
}

fn head(number: i64) -> [u8; HEAD as usize] {
    let mut head = [0; HEAD as usize];
    head[..4].copy_from_slice(MARK);
    head[4..12].copy_from_slice(&number.to_le_bytes());
    let checksum = crc32fast::hash(&head[..12]);
    head[12..].copy_from_slice(&checksum.to_le_bytes());
    head
}

fn prefix(database: &Path) -> String {
    let name = database.file_name().unwrap_or_default();
    format!("{}.pending-", name.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_with_the_numbers_of_their_segments() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("a.db");
        let files: Vec<_> = (0..3)
            .map(|index| Segment::make(&database, index).unwrap())
            .collect();
        files[0].begin(9).unwrap();
        files[1].begin(7).unwrap();
        files[1].write(b"rows", HEAD).unwrap();
        files[1].begin(8).unwrap();
        fs::write(folder.path().join("a.db.pending-x"), [7; 40]).unwrap();
        fs::write(folder.path().join("b.db.pending-1"), head(3)).unwrap();
        let numbers: Vec<_> = left(&database)
            .unwrap()
            .into_iter()
            .map(|(n, _)| n)
            .collect();
        assert_eq!(numbers, [None, None, Some(8), Some(9)]);
        files.into_iter().for_each(Segment::remove);
        assert_eq!(left(&database).unwrap().len(), 1);
    }
}
