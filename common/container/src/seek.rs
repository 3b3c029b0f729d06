//! All [seek points](SeekPoint) of an archive together, and their bytes in an index.

use tarquet_common::{
    archive::{Container, Entry, SeekPoint, Window},
    codes::archive,
    failure::Failure,
};

/// Bytes of one point in the seek table.
pub const POINT_LEN: usize = 28;
/// The farthest that gzip members or Zstandard frames may be apart for an archive to count as seekable.
const GAP_MAX: u64 = 64 << 20;

/// How far seek points are apart, in uncompressed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spacing {
    /// Points that cost nothing are at least this far apart.
    pub min: u64,
    /// Points that need a window are at least this far from the point before.
    pub window: u64,
}

impl Spacing {
    /// Windows every 1/16 of a planned partition, at least 1 and at most 64 MiB apart; free points at
    /// least 256 KiB apart and never sparser than windows.
    pub fn for_partition(partition_bytes: u64) -> Self {
        let window = (partition_bytes / 16).clamp(1 << 20, 64 << 20);
        Self { min: (window / 4).clamp(256 << 10, 4 << 20), window }
    }
}

/// The bytes to fetch for a stretch of the uncompressed stream, and how to enter them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompressedRange {
    /// Where to start: fetch from `start.compressed`.
    pub start: SeekPoint,
    /// Where the last byte needed is certain to be before; at most the object's size.
    pub end: u64,
}

/// All seek points of an archive, ascending in both offsets, the first at 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeekTable {
    /// Every offset is a seek point: plain tar, zip, loose objects.
    Anywhere,
    /// These are.
    Points(Vec<SeekPoint>),
}

impl SeekTable {
    /// The points, none when every offset is one.
    pub fn points(&self) -> &[SeekPoint] {
        match self {
            Self::Anywhere => &[],
            Self::Points(points) => points,
        }
    }

    /// The bytes that hold the uncompressed `bytes` of an object of `object_size` bytes.
    pub fn range_of(&self, bytes: std::ops::Range<u64>, object_size: u64) -> CompressedRange {
        match self {
            Self::Anywhere => CompressedRange {
                start: SeekPoint { compressed: bytes.start, uncompressed: bytes.start, entry: Entry::Frame },
                end: bytes.end.min(object_size),
            },
            Self::Points(points) => {
                let before = points.partition_point(|p| p.uncompressed <= bytes.start);
                let start = points.get(before.wrapping_sub(1)).copied().unwrap_or(SeekPoint::START);
                let after = points.partition_point(|p| p.uncompressed < bytes.end);
                CompressedRange { start, end: points.get(after).map_or(object_size, |p| p.compressed) }
            }
        }
    }

    /// Whether a worker may start anywhere near a byte of an object that expands to `uncompressed_len` bytes, instead of
    /// at byte 0.
    pub fn is_seekable(&self, container: Container, uncompressed_len: u64) -> bool {
        match container {
            Container::Tar | Container::Zip | Container::Loose | Container::TarLz4 => true,
            Container::TarGz | Container::TarZst => {
                self.points().len() > 1 && self.gap_max(uncompressed_len) <= GAP_MAX
            }
        }
    }

    /// The largest distance from a point to the next, or to the end, in uncompressed bytes.
    pub fn gap_max(&self, uncompressed_len: u64) -> u64 {
        match self {
            Self::Anywhere => 0,
            Self::Points(points) => {
                let ends = points.iter().skip(1).map(|p| p.uncompressed).chain([uncompressed_len]);
                points.iter().zip(ends).map(|(p, end)| end.saturating_sub(p.uncompressed)).max().unwrap_or(0)
            }
        }
    }
}

/// Appends a point as [`POINT_LEN`] little-endian bytes: `u64 compressed, u64 uncompressed,
/// u32 window (all ones: none), u32 crc32c of the window, u8 FLG (0: a frame begins), u8 BD, u16 zero`.
pub fn encode_point(point: &SeekPoint, out: &mut Vec<u8>) {
    let (flg, bd) = match point.entry {
        Entry::Frame => (0, 0),
        Entry::Block { flg, bd, .. } => (flg, bd),
    };
    let window = point.window();
    out.extend_from_slice(&point.compressed.to_le_bytes());
    out.extend_from_slice(&point.uncompressed.to_le_bytes());
    out.extend_from_slice(&window.map_or(u32::MAX, |w| w.index).to_le_bytes());
    out.extend_from_slice(&window.map_or(0, |w| w.crc32c).to_le_bytes());
    out.extend_from_slice(&[flg, bd, 0, 0]);
}

/// Reads points back.
///
/// # Errors
/// `INDEX_DAMAGED` when the bytes are no table: offsets that do not ascend, or a first one that is not 0.
pub fn decode_points(bytes: &[u8]) -> Result<Vec<SeekPoint>, Failure> {
    let damaged = |what: &str| Failure::new(archive::INDEX_DAMAGED, format!("the seek table {what}"));
    if !bytes.len().is_multiple_of(POINT_LEN) {
        return Err(damaged("is cut short"));
    }
    let points: Vec<SeekPoint> = bytes.chunks_exact(POINT_LEN).map(decode_point).collect();
    let ascends = points
        .windows(2)
        .all(|p| p[0].compressed < p[1].compressed && p[0].uncompressed <= p[1].uncompressed);
    if !ascends || points.first().is_some_and(|p| *p != SeekPoint::START) {
        return Err(damaged("is out of order"));
    }
    Ok(points)
}

fn decode_point(b: &[u8]) -> SeekPoint {
    let u64_at = |at: usize| u64::from_le_bytes(b[at..at + 8].try_into().expect("eight bytes"));
    let u32_at = |at: usize| u32::from_le_bytes(b[at..at + 4].try_into().expect("four bytes"));
    let window = Some(u32_at(16)).filter(|i| *i != u32::MAX);
    let window = window.map(|index| Window { index, crc32c: u32_at(20) });
    let entry = match b[24] {
        0 => Entry::Frame,
        flg => Entry::Block { flg, bd: b[25], window },
    };
    SeekPoint { compressed: u64_at(0), uncompressed: u64_at(8), entry }
}
