//! Where an archive's index is kept, below the folder of indexes.

use super::ArchiveRef;
use serde::{Deserialize, Serialize};

/// The version of both objects of an index. A change that an older reader would misread raises it, and with it every key.
pub const INDEX_VERSION: u32 = 1;

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

impl ArchiveRef {
    /// Who it is, for its index.
    pub fn identity(&self) -> ArchiveIdentity {
        ArchiveIdentity { uri: self.uri.clone(), etag: self.etag.clone(), size: self.size }
    }

    /// The name of its index below the folder of indexes.
    pub fn index_key(&self) -> String {
        index_key(&self.identity(), INDEX_VERSION)
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

/// Key of an index's `members.parquet`.
pub fn members_key(index_key: &str) -> String {
    format!("{index_key}/members.parquet")
}

/// Key of an index's `windows.bin`. It is written last: where it is, the index is whole.
pub fn windows_key(index_key: &str) -> String {
    format!("{index_key}/windows.bin")
}
