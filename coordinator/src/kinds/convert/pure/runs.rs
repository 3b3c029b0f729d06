//! From members of one archive to what must be fetched for them.

use super::table::ArchiveTable;
use std::ops::Range;
use tarquet_common::archive::{Member, Run, SeekPoint};
use tarquet_container::seek::CompressedRange;

/// Bytes of a zip local header with the longest name and extra field there can be.
const ZIP_HEADER_MAX: u64 = 30 + 2 * 65_535;

/// The run of the members `range` of `table`.
pub(super) fn run_of(table: &ArchiveTable, range: Range<usize>) -> Run {
    let members = &table.members[range];
    let extent = extent(table, members);
    Run {
        archive: table.archive.clone(),
        index_key: table.index_key.clone(),
        start: extent.start,
        fetch_to: extent.end,
        members: members.to_vec(),
    }
}

fn extent(table: &ArchiveTable, members: &[Member]) -> CompressedRange {
    let size = table.archive.size;
    let (Some(first), Some(last)) = (members.first(), members.last()) else {
        return CompressedRange { start: SeekPoint::START, end: 0 };
    };
    if table.stream {
        return CompressedRange { start: SeekPoint::START, end: size };
    }
    let header = if last.zip.is_some() { ZIP_HEADER_MAX } else { 0 };
    let end = last.offset.saturating_add(last.stored()).saturating_add(header);
    table.seek.range_of(first.offset..end, size)
}
