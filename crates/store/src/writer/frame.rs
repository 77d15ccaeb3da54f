//! How a group of writes lies in the journal.
//!
//! A frame is its length and its checksum, four bytes each, then its rows. The
//! checksum is the CRC-32 of the rows, changed by the number of the segment: a
//! file is used again for later segments, and what an earlier one left in it is
//! no frame of a later one. A row is the number of its form, then its cells: a
//! mark, and for text its length and bytes, for an integer eight bytes. Numbers
//! are little-endian, the length of text takes one byte when it is short and else
//! four.
//!
//! A journal may be older than the program that brings it in. So a form, once
//! there, stays: a kind that gets more columns gets one more form.

use std::borrow::Cow;

use super::op::{Cell, Kind, Op};

/// Bytes before the rows.
const HEAD: usize = 8;

const NULL: u8 = 0;
const INT: u8 = 1;
const TEXT: u8 = 2;
const SHORT: u8 = 3;

/// The forms of rows: the kind of each, and how many of its columns are told. The
/// others are null.
const FORMS: [(Kind, usize); 5] = [
    (Kind::Open, 18),
    (Kind::Segment, 7),
    (Kind::Close, 9),
    (Kind::Audit, 4),
    (Kind::Close, 10),
];

/// The number of the form in which rows of a kind are written.
const fn form(kind: Kind) -> u8 {
    match kind {
        // A new session has said nothing.
        Kind::Open => 0,
        Kind::Segment => 1,
        Kind::Audit => 3,
        Kind::Close => 4,
    }
}

/// One row read back.
pub(crate) struct Row<'a> {
    pub(crate) kind: Kind,
    pub(crate) cells: Vec<Cell<'a>>,
}

/// Some writes, ready for any segment.
pub(super) struct Frame {
    bytes: Vec<u8>,
    checksum: u32,
}

impl Frame {
    /// The frame of some writes.
    pub(super) fn of<'a>(ops: impl Iterator<Item = &'a Op>) -> Self {
        let mut bytes = Vec::with_capacity(8 * 1024);
        bytes.extend_from_slice(&[0; HEAD]);
        for op in ops {
            push_row(&mut bytes, op);
        }
        // Frames are kept until their rows are in the tables.
        if bytes.capacity() > 2 * bytes.len() {
            bytes.shrink_to_fit();
        }
        let length = (bytes.len() - HEAD) as u32;
        bytes[..4].copy_from_slice(&length.to_le_bytes());
        let checksum = crc32fast::hash(&bytes[HEAD..]);
        Self { bytes, checksum }
    }

    /// The bytes as they lie in segment `number`.
    pub(super) fn in_segment(&mut self, number: i64) -> &[u8] {
        let checksum = in_segment(self.checksum, number);
        self.bytes[4..HEAD].copy_from_slice(&checksum.to_le_bytes());
        &self.bytes
    }

    /// How many bytes they are.
    pub(super) const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The rows, in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let mut body = self.bytes.get(HEAD..).unwrap_or_default();
        std::iter::from_fn(move || row(&mut body))
    }
}

impl<'a> Row<'a> {
    /// Id of the session whose row is written, as it lies in the frame.
    pub(crate) fn session(&self) -> Option<&'a str> {
        match (self.kind, self.cells.first()) {
            (Kind::Open | Kind::Close, Some(Cell::Text(Cow::Borrowed(id)))) => Some(id),
            _ => None,
        }
    }
}

/// A checksum as it stands in segment `number`; another one in each segment.
const fn in_segment(checksum: u32, number: i64) -> u32 {
    checksum ^ number as u32
}

fn push_row(frame: &mut Vec<u8>, op: &Op) {
    let number = form(op.kind());
    let width = FORMS
        .get(usize::from(number))
        .map_or(0, |(_, width)| *width);
    frame.push(number);
    let mut told = 0;
    op.tell(|cell| {
        if told < width {
            push(frame, &cell);
        }
        told += 1;
    });
}

fn push(frame: &mut Vec<u8>, cell: &Cell<'_>) {
    match cell {
        Cell::Null => frame.push(NULL),
        Cell::Int(int) => {
            frame.push(INT);
            frame.extend_from_slice(&int.to_le_bytes());
        }
        Cell::Text(text) => {
            match u8::try_from(text.len()) {
                Ok(length) => frame.extend_from_slice(&[SHORT, length]),
                Err(_) => {
                    frame.push(TEXT);
                    frame.extend_from_slice(&(text.len() as u32).to_le_bytes());
                }
            }
            frame.extend_from_slice(text.as_bytes());
        }
    }
}

/// Takes the next frame of segment `number` off `bytes` and reads its rows.
/// `None` at the end, and where a frame was not written to its end.
pub(super) fn next<'a>(bytes: &mut &'a [u8], number: i64) -> Option<Vec<Row<'a>>> {
    let mut rest = *bytes;
    let length = u32::from_le_bytes(take(&mut rest)?) as usize;
    let checksum = u32::from_le_bytes(take(&mut rest)?);
    let (mut body, rest) = rest.split_at_checked(length)?;
    if in_segment(crc32fast::hash(body), number) != checksum {
        return None;
    }
    let mut rows = Vec::new();
    while !body.is_empty() {
        rows.push(row(&mut body)?);
    }
    *bytes = rest;
    Some(rows)
}

fn row<'a>(body: &mut &'a [u8]) -> Option<Row<'a>> {
    let [number] = take(body)?;
    let (kind, told) = *FORMS.get(usize::from(number))?;
    let mut cells = Vec::with_capacity(kind.width());
    for _ in 0..told {
        cells.push(cell(body)?);
    }
    cells.resize_with(kind.width(), || Cell::Null);
    Some(Row { kind, cells })
}

fn cell<'a>(body: &mut &'a [u8]) -> Option<Cell<'a>> {
    let [mark] = take(body)?;
    match mark {
        NULL => Some(Cell::Null),
        INT => take(body).map(|bytes| Cell::Int(i64::from_le_bytes(bytes))),
        TEXT => {
            let length = u32::from_le_bytes(take(body)?);
            text(body, length as usize)
        }
        SHORT => {
            let [length] = take(body)?;
            text(body, usize::from(length))
        }
        _ => None,
    }
}

fn text<'a>(body: &mut &'a [u8], length: usize) -> Option<Cell<'a>> {
    let (text, rest) = body.split_at_checked(length)?;
    *body = rest;
    let text = std::str::from_utf8(text).ok()?;
    Some(Cell::Text(Cow::Borrowed(text)))
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::writer::op::{Audit, Segment};

    fn ops(text: &str, number: i64) -> Vec<Op> {
        vec![
            Op::Audit(Audit {
                org: text.to_owned(),
                id: String::new(),
                at: number,
                detail: text.repeat(3),
            }),
            Op::Segment(Segment {
                session: text.to_owned(),
                org: text.to_owned(),
                seq: number,
                offset: 0,
                length: -number.saturating_abs(),
                object: None,
                data: Some(text.to_owned()),
            }),
        ]
    }

    fn shown(cells: &[Cell<'_>]) -> Vec<String> {
        let show = |cell: &Cell<'_>| match cell {
            Cell::Text(text) => format!("{text:?}"),
            Cell::Int(int) => int.to_string(),
            Cell::Null => "null".to_owned(),
        };
        cells.iter().map(show).collect()
    }

    fn of<'a>(ops: impl Iterator<Item = &'a Op>) -> Vec<u8> {
        Frame::of(ops).in_segment(NUMBER).to_vec()
    }

    const NUMBER: i64 = 5;

    #[test]
    fn rows_of_earlier_forms_are_read_with_what_they_lack() {
        let mut body = vec![2];
        for at in 0..9_i64 {
            match at {
                6 => push(&mut body, &Cell::Int(at)),
                _ => body.extend([TEXT, 1, 0, 0, 0, b'a' + at as u8]),
            }
        }
        let read = row(&mut body.as_slice()).unwrap();
        assert_eq!(read.kind, Kind::Close);
        let expected = [
            "\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"e\"", "\"f\"", "6", "\"h\"", "\"i\"", "null",
        ];
        assert_eq!(shown(&read.cells), expected);
        for kind in Kind::ALL {
            let (same, told) = FORMS[usize::from(form(kind))];
            assert!(same == kind && told <= kind.width());
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(text in "[^\0]{0,40}|a{250,260}", number in any::<i64>()) {
            let ops = ops(&text, number);
            let mut bytes = of(ops.iter());
            bytes.extend(of(ops[..1].iter()));
            let mut rest = bytes.as_slice();
            for group in [&ops[..], &ops[..1]] {
                let rows = next(&mut rest, NUMBER).unwrap();
                prop_assert_eq!(rows.len(), group.len());
                for (row, op) in rows.iter().zip(group) {
                    prop_assert_eq!(row.kind, op.kind());
                    let mut cells = Vec::new();
                    op.tell(|cell| cells.push(cell));
                    prop_assert_eq!(shown(&row.cells), shown(&cells));
                }
            }
            prop_assert!(rest.is_empty() && next(&mut rest, NUMBER).is_none());
        }

        #[test]
        fn a_frame_without_its_end_is_none(cut in any::<prop::sample::Index>(), text in ".{0,20}") {
            let whole = of(ops(&text, 1).iter());
            let mut torn = &whole[..cut.index(whole.len())];
            prop_assert!(next(&mut torn, NUMBER).is_none());
        }

        #[test]
        fn a_frame_of_another_segment_is_none(number in any::<i64>(), text in ".{0,20}") {
            let frame = of(ops(&text, 1).iter());
            let is_read = next(&mut frame.as_slice(), number).is_some();
            prop_assert_eq!(is_read, number as u32 == NUMBER as u32);
        }

        #[test]
        fn any_change_of_a_frame_is_noticed(at in any::<prop::sample::Index>(), bit in 0..8_u8) {
            let mut frame = of(ops("text", 7).iter());
            let at = at.index(frame.len());
            frame[at] ^= 1 << bit;
            prop_assert!(next(&mut frame.as_slice(), NUMBER).is_none());
        }

        #[test]
        fn no_bytes_bring_the_reader_down(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = next(&mut bytes.as_slice(), NUMBER);
            let _ = row(&mut bytes.as_slice());
        }
    }
}
