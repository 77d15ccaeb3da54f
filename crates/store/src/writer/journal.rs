//! The files in which grouped writes are on file before they are in the tables
//! of SQLite: one append for a group, where the tables and their indexes would
//! cost a dozen pages.
//!
//! Segments are numbered. A mark in the tables says up to which byte of which
//! segment they hold everything; it moves in the transaction that brings the
//! rows. After a crash, what lies behind the mark is brought in, once.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::frame::{self, Frame};
use super::segment::{self, HEAD, Segment};
use crate::Error;
use crate::db::Lite;

/// Bytes after which a new segment begins.
const LONG: u64 = 8 * 1024 * 1024;

/// Bytes from which a segment is given up when all of it is in the tables.
const SHORT: u64 = 256 * 1024;

/// Files that are kept for later segments.
const SPARE: usize = 2;

/// A place in the journal: the end of what was written or brought in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) segment: i64,
    pub(crate) position: i64,
}

/// The segment that is written to, and the others.
pub(super) struct Journal {
    database: PathBuf,
    file: Segment,
    number: i64,
    length: u64,
    /// Segments before it whose rows may not be in the tables yet.
    older: VecDeque<(i64, Segment)>,
    spare: Vec<Segment>,
    /// Files made so far.
    made: u32,
}

impl Journal {
    /// Brings in what lies behind the mark and begins a new segment.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when a segment cannot be read or the tables not
    /// be written.
    pub(super) fn recover(database: &Path, lite: &Lite) -> Result<Self, Error> {
        let mark = lite.mark()?;
        let left = segment::left(database).map_err(Error::unavailable)?;
        let mut last = mark.segment;
        for (number, file) in &left {
            if let Some(number) = number.filter(|number| *number >= mark.segment) {
                bring_in(file, number, mark, lite)?;
                last = last.max(number);
            }
        }
        let number = last + 1;
        let segment = number;
        lite.write_rows(
            &[],
            Mark {
                segment,
                position: 0,
            },
        )?;
        for (_, file) in left {
            fs::remove_file(file).map_err(Error::unavailable)?;
        }
        let file = Segment::make(database, 1).map_err(Error::unavailable)?;
        file.begin(number).map_err(Error::unavailable)?;
        Ok(Self {
            database: database.to_owned(),
            file,
            number,
            length: HEAD,
            older: VecDeque::new(),
            spare: Vec::new(),
            made: 1,
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
        self.file.write(bytes, self.length)?;
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

    /// Gives the room of files that wait back to the disk.
    pub(super) fn forget_spare(&mut self) {
        self.spare.drain(..).for_each(Segment::remove);
    }

    fn begin_next(&mut self) -> io::Result<()> {
        let next = match self.spare.pop() {
            Some(spare) => spare,
            None => {
                let made = Segment::make(&self.database, self.made + 1)?;
                self.made += 1;
                made
            }
        };
        if let Err(error) = next.begin(self.number + 1) {
            self.spare.push(next);
            return Err(error);
        }
        let before = std::mem::replace(&mut self.file, next);
        self.older.push_back((self.number, before));
        self.number += 1;
        self.length = HEAD;
        Ok(())
    }

    fn forget_before(&mut self, number: i64) {
        while let Some((old, _)) = self.older.front()
            && *old < number
        {
            match self.older.pop_front() {
                Some((_, file)) if self.spare.len() < SPARE => self.spare.push(file),
                Some((_, file)) => file.remove(),
                None => {}
            }
        }
    }

    /// Removes all files: their rows are in the tables.
    pub(super) fn end(mut self) {
        self.forget_spare();
        self.older.drain(..).for_each(|(_, file)| file.remove());
        self.file.remove();
    }
}

fn bring_in(file: &Path, number: i64, mark: Mark, lite: &Lite) -> Result<(), Error> {
    let bytes = fs::read(file).map_err(Error::unavailable)?;
    let mut from = HEAD as usize;
    if number == mark.segment {
        from = from.max(usize::try_from(mark.position).unwrap_or(usize::MAX));
    }
    let mut rest = bytes.get(from..).unwrap_or_default();
    let mut count = 0;
    while let Some(rows) = frame::next(&mut rest, number) {
        let position = i64::try_from(bytes.len() - rest.len()).unwrap_or(i64::MAX);
        count += rows.len();
        let segment = number;
        lite.write_rows(&rows, Mark { segment, position })?;
    }
    tracing::info!(
        rows = count,
        "rows of the journal were brought into the tables"
    );
    Ok(())
}
