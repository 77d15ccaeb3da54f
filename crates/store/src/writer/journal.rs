//! The files in which grouped writes are on file before they are in the tables
//! of SQLite: one append for a group, where the tables and their indexes would
//! cost a dozen pages.
//!
//! Segments are numbered. The file of one whose rows are in the tables is kept
//! for a later one: to write over what is there takes a fraction of the time of
//! making a file grow, and works on a full disk. A mark in the tables says up to which byte of which
//! segment they hold everything; it moves in the transaction that brings the
//! rows. After a crash, what lies behind the mark is brought in, once.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::frame::{self, Frame};
use crate::Error;
use crate::db::Lite;

/// Bytes after which a new segment begins.
const LONG: u64 = 8 * 1024 * 1024;

/// Bytes from which a segment is given up when all of it is in the tables.
const SHORT: u64 = 256 * 1024;

/// A place in the journal: the end of what was written or brought in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) segment: i64,
    pub(crate) position: i64,
}

/// The segment that is written to.
pub(super) struct Journal {
    database: PathBuf,
    file: File,
    number: i64,
    length: u64,
    /// Older segments that may still be there.
    oldest: i64,
}

impl Journal {
    /// Brings in what lies behind the mark and begins a new segment.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a segment cannot be read or the tables not
    /// be written.
    pub(super) fn recover(database: &Path, lite: &Lite) -> Result<Self, Error> {
        let mark = lite.mark()?;
        let left = segments(database).map_err(Error::unavailable)?;
        for number in left
            .iter()
            .copied()
            .filter(|number| *number >= mark.segment)
        {
            bring_in(database, number, mark, lite)?;
        }
        let number = left.iter().copied().fold(mark.segment, i64::max) + 1;
        lite.write_rows(
            &[],
            Mark {
                segment: number,
                position: 0,
            },
        )?;
        for old in left {
            fs::remove_file(place(database, old)).map_err(Error::unavailable)?;
        }
        Ok(Self {
            database: database.to_owned(),
            file: begin(database, number).map_err(Error::unavailable)?,
            number,
            length: 0,
            oldest: number,
        })
    }

    /// Appends a frame, whole or not at all: a part of one is no frame, and the
    /// next is written over it.
    ///
    /// # Errors
    /// What the file system says.
    pub(super) fn append(&mut self, frame: &mut Frame) -> io::Result<Mark> {
        if self.length >= LONG {
            self.begin_next()?;
        }
        let bytes = frame.in_segment(self.number);
        self.file.write_all_at(bytes, self.length)?;
        self.length += bytes.len() as u64;
        Ok(Mark {
            segment: self.number,
            position: i64::try_from(self.length).unwrap_or(i64::MAX),
        })
    }

    /// Gives up what is in the tables up to `mark`: segments before it, and a
    /// segment of some length that ends there.
    pub(super) fn give_up(&mut self, mark: Mark) {
        let is_all = mark.segment == self.number && mark.position as u64 == self.length;
        // Where no new segment can begin, the old one goes on.
        if is_all && self.length >= SHORT && self.begin_next().is_ok() {
            return self.forget_before(self.number);
        }
        self.forget_before(mark.segment);
    }

    /// Gives the room of the spare file back to the disk.
    pub(super) fn forget_spare(&self) {
        let _ = fs::remove_file(spare(&self.database));
    }

    fn begin_next(&mut self) -> io::Result<()> {
        self.file = begin(&self.database, self.number + 1)?;
        self.number += 1;
        self.length = 0;
        Ok(())
    }

    fn forget_before(&mut self, number: i64) {
        while self.oldest < number {
            let old = place(&self.database, self.oldest);
            if let Err(error) = fs::rename(old, spare(&self.database)) {
                tracing::warn!(%error, number = self.oldest, "a segment could not be put aside");
            }
            self.oldest += 1;
        }
    }

    /// Removes all files: their rows are in the tables.
    pub(super) fn end(mut self) {
        self.forget_before(self.number);
        self.forget_spare();
        if let Err(error) = fs::remove_file(place(&self.database, self.number)) {
            tracing::warn!(%error, "the last segment of the journal could not be removed");
        }
    }
}

fn bring_in(database: &Path, number: i64, mark: Mark, lite: &Lite) -> Result<(), Error> {
    let bytes = fs::read(place(database, number)).map_err(Error::unavailable)?;
    let from = if number == mark.segment {
        usize::try_from(mark.position).unwrap_or(usize::MAX)
    } else {
        0
    };
    let mut rest = bytes.get(from..).unwrap_or_default();
    let mut count = 0;
    while let Some(rows) = frame::next(&mut rest, number) {
        let position = i64::try_from(bytes.len() - rest.len()).unwrap_or(i64::MAX);
        count += rows.len();
        lite.write_rows(
            &rows,
            Mark {
                segment: number,
                position,
            },
        )?;
    }
    tracing::info!(
        rows = count,
        "rows of the journal were brought into the tables"
    );
    Ok(())
}

/// Numbers of the segments beside a database, in order.
fn segments(database: &Path) -> io::Result<Vec<i64>> {
    let prefix = format!("{}.pending-", name(database));
    let folder = database.parent().filter(|folder| folder != &Path::new(""));
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder.unwrap_or(Path::new(".")))? {
        let entry = entry?.file_name();
        let number = entry.to_str().and_then(|name| name.strip_prefix(&prefix));
        numbers.extend(number.and_then(|digits| digits.parse::<i64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn place(database: &Path, number: i64) -> PathBuf {
    database.with_file_name(format!("{}.pending-{number}", name(database)))
}

fn name(database: &Path) -> String {
    let name = database.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The file that waits to be used again.
fn spare(database: &Path) -> PathBuf {
    database.with_file_name(format!("{}.pending-spare", name(database)))
}

fn begin(database: &Path, number: i64) -> io::Result<File> {
    let file = place(database, number);
    match fs::rename(spare(database), &file) {
        Ok(()) => return File::options().write(true).open(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
}
