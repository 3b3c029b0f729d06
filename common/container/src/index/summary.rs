//! What an index says of its archive, and the key it is kept under.

use super::FORMAT_VERSION;
use crate::container::Container;
use crate::member::MemberKind;
use crate::seek::SeekTable;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tarquet_common::codes::archive;
use tarquet_common::failure::Failure;

/// Which object, and which version of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveIdentity {
    /// Its URI.
    pub uri: String,
    /// Its ETag, as the store gives it (for local files: whatever names a version of the file).
    pub etag: String,
    /// Bytes of it.
    pub size: u64,
}

/// What an index says of its archive as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveIndex {
    /// [`FORMAT_VERSION`] of the writer.
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
        if self.format_version != FORMAT_VERSION {
            return other(format!("format {FORMAT_VERSION}"), format!("format {}", self.format_version));
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
    /// Uncompressed bytes for each compressed one.
    pub ratio_max: u64,
}

impl Default for IndexLimits {
    /// 100 million members; 1,100 bytes for one, which gzip cannot exceed (zstd can, with zeros only).
    fn default() -> Self {
        Self { members_max: 100_000_000, ratio_max: 1_100 }
    }
}

/// The name of an archive's index: 64 hexadecimal characters of BLAKE3 over the archive's identity and
/// the format version, each field preceded by its length.
pub fn index_key(archive: &ArchiveIdentity, format_version: u32) -> String {
    let mut hasher = blake3::Hasher::new();
    for field in [archive.uri.as_bytes(), archive.etag.as_bytes()] {
        hasher.update(&(field.len() as u64).to_le_bytes());
        hasher.update(field);
    }
    hasher.update(&archive.size.to_le_bytes());
    hasher.update(&format_version.to_le_bytes());
    hasher.finalize().to_hex().to_string()
}
