//! The end of `windows.bin`: the seek table and the trailer that proves the whole index.

use crate::{
    checksum::crc32c,
    seek::{POINT_LEN, SeekTable, decode_points, encode_point},
};
use std::ops::Range;
use tarquet_common::{
    archive::{INDEX_VERSION, WINDOW_LEN},
    codes::archive,
    failure::Failure,
};

/// Bytes of the trailer.
pub const TRAILER_LEN: usize = 64;

const MAGIC: &[u8; 8] = b"TQINDEX1";

/// What the last [`TRAILER_LEN`] bytes of `windows.bin` say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trailer {
    /// Windows at the start of the object.
    pub windows: u32,
    /// Points in the seek table; none when every offset is one.
    pub points: u64,
    /// BLAKE3 of `members.parquet`.
    pub members_blake3: [u8; 32],
    bytes: [u8; TRAILER_LEN],
}

impl Trailer {
    /// Reads the trailer, the last [`TRAILER_LEN`] bytes of an object of `object_size` bytes.
    ///
    /// # Errors
    /// `INDEX_DAMAGED` when it is none, or its object has another size; `INDEX_OTHER` when it was written
    /// by another version.
    pub fn read(bytes: &[u8], object_size: u64) -> Result<Self, Failure> {
        let bytes: [u8; TRAILER_LEN] =
            bytes.try_into().map_err(|_| damaged("the trailer of windows.bin is cut short"))?;
        if &bytes[..8] != MAGIC {
            return Err(damaged("windows.bin has no trailer"));
        }
        let version = u32_at(&bytes, 8);
        if version != INDEX_VERSION {
            return Err(Failure::new(archive::INDEX_OTHER, "windows.bin was written by another version")
                .expected(format!("format {INDEX_VERSION}"), format!("format {version}")));
        }
        let points = u64::from_le_bytes(bytes[16..24].try_into().expect("eight bytes"));
        let members_blake3 = bytes[24..56].try_into().expect("32 bytes");
        let trailer = Self { windows: u32_at(&bytes, 12), points, members_blake3, bytes };
        let found = trailer.size();
        if found != Some(object_size) {
            let found = found.map_or("an impossible size".to_owned(), |n| format!("{n} bytes"));
            return Err(damaged("windows.bin has another size than its trailer says")
                .expected(format!("{object_size} bytes"), found));
        }
        Ok(trailer)
    }

    /// Bytes of the seek table in the object.
    pub fn points_range(&self) -> Range<u64> {
        let start = u64::from(self.windows) * WINDOW_LEN as u64;
        // `read` has proved that this does not overflow.
        start..start.saturating_add(self.points.saturating_mul(POINT_LEN as u64))
    }

    /// Reads the seek table out of the bytes of [`Trailer::points_range`].
    ///
    /// # Errors
    /// `INDEX_DAMAGED` when bytes and trailer do not belong together, or points name windows that are not there.
    pub fn seek_table(&self, bytes: &[u8]) -> Result<SeekTable, Failure> {
        let whole = [bytes, &self.bytes[..TRAILER_LEN - 4]].concat();
        if crc32c(&whole) != u32_at(&self.bytes, TRAILER_LEN - 4) {
            return Err(damaged("the seek table of an index does not fit its checksum"));
        }
        let points = decode_points(bytes)?;
        if points.len() as u64 != self.points {
            return Err(damaged("the seek table of an index has another length than its trailer says"));
        }
        if points.iter().filter_map(|p| p.window()).any(|w| w.index >= self.windows) {
            return Err(damaged("the seek table of an index names windows that are not there"));
        }
        Ok(if points.is_empty() { SeekTable::Anywhere } else { SeekTable::Points(points) })
    }

    fn size(&self) -> Option<u64> {
        let points = self.points.checked_mul(POINT_LEN as u64)?;
        (u64::from(self.windows) * WINDOW_LEN as u64).checked_add(points)?.checked_add(TRAILER_LEN as u64)
    }
}

/// Seek table and trailer, as they end `windows.bin`.
pub(super) fn encode_tail(windows: u32, seek: &SeekTable, members_blake3: &[u8; 32]) -> Vec<u8> {
    let points = seek.points();
    let mut out = Vec::with_capacity(points.len() * POINT_LEN + TRAILER_LEN);
    points.iter().for_each(|point| encode_point(point, &mut out));
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&INDEX_VERSION.to_le_bytes());
    out.extend_from_slice(&windows.to_le_bytes());
    out.extend_from_slice(&(points.len() as u64).to_le_bytes());
    out.extend_from_slice(members_blake3);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&crc32c(&out).to_le_bytes());
    out
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn damaged(what: &str) -> Failure {
    Failure::new(archive::INDEX_DAMAGED, what)
}
