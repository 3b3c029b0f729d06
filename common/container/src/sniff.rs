//! Whether an object is what its name promises: its first bytes must agree.
//!
//! Nothing here knows how a format is decoded, so that each decoder can say what it met instead of its own bytes.

use crate::tar::looks_like_tar;
use tarquet_common::{archive::Container, codes::archive, failure::Failure};

/// Bytes from the start of an object that [`check_head`] wants to see.
pub const HEAD_LEN: usize = 512;

/// Compares the first [`HEAD_LEN`] bytes of an object (fewer if it is shorter) with what its name promises.
/// Loose objects are not judged here: a loose object that is not what its kind reads is a failed member.
///
/// # Errors
/// `OTHER_CONTAINER`, naming what the bytes look like.
pub fn check_head(container: Container, head: &[u8]) -> Result<(), Failure> {
    let agrees = match container {
        Container::Loose => true,
        Container::Tar => head.is_empty() || looks_like_tar(head),
        Container::TarLz4 => head.is_empty() || crate::lz4::is_magic(head),
        Container::TarGz => head.is_empty() || head.starts_with(&[0x1f, 0x8b]),
        Container::TarZst => head.is_empty() || is_zstd(head),
        Container::Zip => head.is_empty() || head.starts_with(b"PK"),
    };
    if agrees { Ok(()) } else { Err(not_this(container, head)) }
}

/// Whether bytes begin as a Zstandard stream does.
pub(crate) fn is_zstd(head: &[u8]) -> bool {
    let skippable = head.len() >= 4 && head[0] & 0xf0 == 0x50 && head[1..4] == [0x2a, 0x4d, 0x18];
    skippable || head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
}

/// The failure of bytes that do not begin as `container` does.
pub(crate) fn not_this(container: Container, head: &[u8]) -> Failure {
    let found = sniff(head);
    Failure::new(archive::OTHER_CONTAINER, format!("the object is not {container}, it looks like {found}"))
        .at_offset(0)
        .expected(container, found)
}

/// What bytes look like, for a person.
pub(crate) fn sniff(head: &[u8]) -> &'static str {
    const MAGICS: [(&[u8], &str); 12] = [
        (&[0x04, 0x22, 0x4d, 0x18], "LZ4"),
        (&[0x02, 0x21, 0x4c, 0x18], "legacy LZ4"),
        (&[0x1f, 0x8b], "gzip"),
        (&[0x28, 0xb5, 0x2f, 0xfd], "Zstandard"),
        (b"PK\x03\x04", "zip"),
        (b"PK\x05\x06", "an empty zip"),
        (b"\x89HDF", "HDF5"),
        (b"BZh", "bzip2"),
        (b"\xfd7zXZ", "xz"),
        (b"PAR1", "Parquet"),
        (b"7z\xbc\xaf", "7z"),
        (b"<?xml", "XML, perhaps a store's error message"),
    ];
    let known = MAGICS.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, what)| *what);
    match known {
        Some(what) => what,
        None if head.is_empty() => "nothing: the object is empty",
        None if head.len() >= HEAD_LEN && looks_like_tar(head) => "tar",
        None => "something unknown",
    }
}
