//! What the planner knows of an archive, and what must be fetched for some of its members.

use std::ops::Range;
use tarquet_common::archive::{ArchiveRef, Container, Member, Run, SeekPoint};
use tarquet_container::seek::{CompressedRange, SeekTable};

/// Bytes of a zip local header with the longest name and extra field there can be.
const ZIP_HEADER_MAX: u64 = 30 + 2 * 65_535;

/// One archive, with the members that count, in offset order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveTable {
    /// The object.
    pub archive: ArchiveRef,
    /// Key of its index, if it has one.
    pub index_key: Option<String>,
    /// Where it can be entered.
    pub seek: SeekTable,
    /// Whether it can only be streamed: entering it in the middle costs more than a partition.
    pub stream: bool,
    /// Its members.
    pub members: Vec<Member>,
}

impl ArchiveTable {
    /// Bytes of the members' bodies.
    pub fn member_bytes(&self) -> u64 {
        self.members.iter().map(|m| m.size).sum()
    }

    /// Whether each member stands alone in the object, to be fetched by itself.
    pub fn separate(&self) -> bool {
        matches!(self.archive.container, Container::Loose | Container::Zip)
    }

    /// The run of the members `range`.
    pub(super) fn run(&self, range: Range<usize>) -> Run {
        let members = &self.members[range];
        let extent = self.extent(members);
        Run {
            archive: self.archive.clone(),
            index_key: self.index_key.clone(),
            start: extent.start,
            fetch_to: extent.end,
            members: members.to_vec(),
        }
    }

    fn extent(&self, members: &[Member]) -> CompressedRange {
        let size = self.archive.size;
        let (Some(first), Some(last)) = (members.first(), members.last()) else {
            return CompressedRange { start: SeekPoint::START, end: 0 };
        };
        if self.stream {
            return CompressedRange { start: SeekPoint::START, end: size };
        }
        let header = if last.zip.is_some() { ZIP_HEADER_MAX } else { 0 };
        let end = last.offset.saturating_add(last.stored()).saturating_add(header);
        self.seek.range_of(first.offset..end, size)
    }
}
