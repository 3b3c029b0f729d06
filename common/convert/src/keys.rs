//! Where an archive's index is kept, below the folder of indexes.

use crate::ArchiveRef;
use tarquet_container::index::{ArchiveIdentity, FORMAT_VERSION, index_key};

/// Who an archive is, for its index.
pub fn identity(archive: &ArchiveRef) -> ArchiveIdentity {
    ArchiveIdentity { uri: archive.uri.clone(), etag: archive.etag.clone(), size: archive.size }
}

/// The name of an archive's index below the folder of indexes.
pub fn key_of(archive: &ArchiveRef) -> String {
    index_key(&identity(archive), FORMAT_VERSION)
}

/// Key of an index's `members.parquet`.
pub fn members_key(index_key: &str) -> String {
    format!("{index_key}/members.parquet")
}

/// Key of an index's `windows.bin`. It is written last: where it is, the index is whole.
pub fn windows_key(index_key: &str) -> String {
    format!("{index_key}/windows.bin")
}
