//! The end of a zip archive, and where its directory lies.

use super::{RangedReader, u16_at, u32_at, u64_at};
use crate::{fault, sniff::not_this};
use tarquet_common::{archive::Container, codes::archive, failure::Failure};

const END_LEN: usize = 22;
const LOCATOR_LEN: usize = 20;
const END64_LEN: usize = 56;
/// The largest directory that is read: some five million members.
const DIRECTORY_MAX: u64 = 512 << 20;

/// Where a directory lies, and how many members it has, by an end record.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) offset: u64,
    pub(crate) len: u64,
    pub(crate) entries: u64,
}

/// Finds the directory. Two or three ranged reads.
pub(crate) fn find_directory<R: RangedReader + ?Sized>(reader: &R) -> Result<Directory, Failure> {
    let size = reader.size();
    let head = get(reader, 0, size.min(4))?;
    if !head.starts_with(b"PK") {
        return Err(not_this(Container::Zip, &head));
    }
    let tail_len = size.min((LOCATOR_LEN + END_LEN) as u64 + u64::from(u16::MAX));
    let tail_start = size - tail_len;
    let tail = get(reader, tail_start, tail_len)?;
    let end =
        find_end(&tail).ok_or_else(|| fault::truncated("its members: the zip has no end record", size))?;
    let end_at = tail_start + end as u64;
    let place = match locate64(&tail, end) {
        Some(at) => end64(reader, at, end_at)?,
        None => end32(&tail[end..], end_at)?,
    };
    let fits = place.offset.checked_add(place.len).is_some_and(|stop| stop <= end_at);
    if !fits {
        return Err(fault::damaged("the end record of a zip archive", end_at)
            .expected("a directory in front of it", format!("{} bytes at {}", place.len, place.offset)));
    }
    if place.len > DIRECTORY_MAX {
        return Err(Failure::new(
            archive::ARCHIVE_LIMIT,
            "the directory of the zip archive is larger than 512 MiB",
        )
        .at_offset(place.offset));
    }
    Ok(place)
}

/// The last end record whose comment reaches exactly to the end of the object.
fn find_end(tail: &[u8]) -> Option<usize> {
    let last = tail.len().checked_sub(END_LEN)?;
    (0..=last).rev().find(|at| {
        let record = &tail[*at..];
        record.starts_with(b"PK\x05\x06") && usize::from(u16_at(record, 20)) == record.len() - END_LEN
    })
}

fn end32(record: &[u8], at: u64) -> Result<Directory, Failure> {
    if u16_at(record, 4) != 0 || u16_at(record, 6) != 0 {
        return Err(fault::refused("a zip archive on several disks", at));
    }
    Ok(Directory {
        entries: u64::from(u16_at(record, 10)),
        len: u64::from(u32_at(record, 12)),
        offset: u64::from(u32_at(record, 16)),
    })
}

/// Where the zip64 end record lies, when a locator stands before the end record.
fn locate64(tail: &[u8], end: usize) -> Option<u64> {
    let locator = &tail[end.checked_sub(LOCATOR_LEN)?..end];
    locator.starts_with(b"PK\x06\x07").then(|| u64_at(locator, 8))
}

fn end64<R: RangedReader + ?Sized>(reader: &R, at: u64, end_at: u64) -> Result<Directory, Failure> {
    let damaged = || fault::damaged("the zip64 end record of a zip archive", at);
    if at.checked_add(END64_LEN as u64).is_none_or(|stop| stop > end_at) {
        return Err(damaged());
    }
    let record = get(reader, at, END64_LEN as u64)?;
    if !record.starts_with(b"PK\x06\x06") {
        return Err(damaged());
    }
    if u32_at(&record, 16) != 0 || u32_at(&record, 20) != 0 {
        return Err(fault::refused("a zip archive on several disks", at));
    }
    Ok(Directory { entries: u64_at(&record, 32), len: u64_at(&record, 40), offset: u64_at(&record, 48) })
}

/// Exactly these bytes.
pub(super) fn get<R: RangedReader + ?Sized>(reader: &R, offset: u64, len: u64) -> Result<Vec<u8>, Failure> {
    let not_read = || Failure::new(archive::ARCHIVE_READ, "the zip archive cannot be read").at_offset(offset);
    let wanted = usize::try_from(len).map_err(|_| not_read())?;
    let bytes = reader.read_at(offset, wanted).map_err(|e| not_read().caused_by(&e))?;
    let found = bytes.len();
    let whole = Some(bytes).filter(|b| b.len() == wanted);
    whole.ok_or_else(|| not_read().expected(format!("{wanted} bytes"), format!("{found} bytes")))
}
