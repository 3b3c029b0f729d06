//! Runs: members of one archive that are read in one go.

use super::{Container, Member, SeekPoint};
use serde::{Deserialize, Serialize};

/// An input object, as it was when the job was planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveRef {
    /// `s3://bucket/key` or a path.
    pub uri: String,
    /// The store's tag for this content: reading another one is a typed failure.
    pub etag: String,
    /// Bytes.
    pub size: u64,
    /// What it is, by its name.
    pub container: Container,
}

/// Members of one archive, in offset order, and where to start reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The archive.
    pub archive: ArchiveRef,
    /// Key of its index, if it has one.
    pub index_key: Option<String>,
    /// Where decoding starts: the first byte to fetch is `start.compressed`.
    pub start: SeekPoint,
    /// Byte after the last one that can be needed. Reading may stop earlier.
    pub fetch_to: u64,
    /// The members.
    pub members: Vec<Member>,
}

impl Run {
    /// Bytes of the members' bodies.
    pub fn member_bytes(&self) -> u64 {
        self.members.iter().map(|m| m.size).sum()
    }
}
