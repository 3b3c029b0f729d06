//! What the planner knows of an archive.

use tarquet_common::archive::{ArchiveRef, Member};
use tarquet_container::seek::SeekTable;

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
        use tarquet_container::Container::{Loose, Zip};
        matches!(self.archive.container, Loose | Zip)
    }
}
