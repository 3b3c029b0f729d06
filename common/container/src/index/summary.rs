//! What an index says of its archive.

use crate::seek::SeekTable;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tarquet_common::{
    archive::{ArchiveIdentity, Container, INDEX_VERSION, MemberKind},
    codes::archive,
    failure::Failure,
};

/// What an index says of its archive as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveIndex {
    /// [`INDEX_VERSION`] of the writer.
    pub format_version: u32,
    /// The archive.
    #[serde(flatten)]
    pub archive: ArchiveIdentity,
    /// Its format.
    pub container: Container,
    /// Whether a worker may start anywhere near a member instead of at byte 0.
    pub seekable: bool,
    /// Members of every kind.
    pub members: u64,
    /// How many there are of each kind.
    pub kinds: BTreeMap<MemberKind, u64>,
    /// Members whose name an earlier member has.
    pub duplicates: u64,
    /// Bytes of all plain files' bodies.
    pub body_bytes: u64,
    /// Bytes of the largest plain file.
    pub largest_body: u64,
    /// Bytes of the uncompressed stream; zip: of the object.
    pub uncompressed_len: u64,
}

impl ArchiveIndex {
    /// Compares the identity with the archive at hand.
    ///
    /// # Errors
    /// `INDEX_OTHER` when it was made from another object or version, or by another format version.
    pub fn check(&self, archive: &ArchiveIdentity) -> Result<(), Failure> {
        let other = |expected: String, found: String| {
            Err(Failure::new(
                archive::INDEX_OTHER,
                format!("the index of {} is another archive's", archive.uri),
            )
            .at_uri(archive.uri.clone())
            .expected(expected, found))
        };
        if self.format_version != INDEX_VERSION {
            return other(format!("format {INDEX_VERSION}"), format!("format {}", self.format_version));
        }
        if self.archive != *archive {
            return other(format!("{archive:?}"), format!("{:?}", self.archive));
        }
        Ok(())
    }

    /// Members of one kind.
    pub fn count(&self, kind: MemberKind) -> u64 {
        self.kinds.get(&kind).copied().unwrap_or(0)
    }
}

/// What an index pass found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexSummary {
    /// The archive as a whole.
    pub index: ArchiveIndex,
    /// Where it can be entered.
    pub seek: SeekTable,
    /// Windows written.
    pub windows: u32,
    /// Bytes of `members.parquet`.
    pub members_bytes: u64,
    /// Bytes of `windows.bin`.
    pub windows_bytes: u64,
}

/// What an archive may hold at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexLimits {
    /// Members.
    pub members_max: u64,
    /// Bytes of all names together: whoever plans holds them.
    pub names_max: u64,
    /// Uncompressed bytes for each compressed one.
    pub ratio_max: u64,
}

impl Default for IndexLimits {
    /// 100 million members with 512 MiB of names; 1,100 bytes for one, which gzip cannot exceed (zstd can, with zeros only).
    fn default() -> Self {
        Self { members_max: 100_000_000, names_max: 512 << 20, ratio_max: 1_100 }
    }
}
