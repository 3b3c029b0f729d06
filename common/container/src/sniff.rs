//! How each format begins, and whether an object is what its name promises.
//!
//! Nothing here knows how a format is decoded, so that each decoder can say what it met instead of its own bytes.

use tar::Header;
use tarquet_common::{archive::Container, codes::archive, failure::Failure};

/// Bytes from the start of an object that [`check_head`] wants to see.
pub const HEAD_LEN: usize = 512;
/// Bytes of a tar header, and what bodies are padded to.
pub(crate) const TAR_BLOCK: usize = 512;
/// Where a tar header keeps its checksum.
const TAR_CHECKSUM: std::ops::Range<usize> = 148..156;
const LZ4_FRAME: u32 = 0x184D_2204;
const LZ4_LEGACY: u32 = 0x184C_2102;
const LZ4_SKIPPABLE: std::ops::RangeInclusive<u32> = 0x184D_2A50..=0x184D_2A5F;

/// Compares the first [`HEAD_LEN`] bytes of an object (fewer if it is shorter) with what its name promises.
/// Loose objects are not judged here: a loose object that is not what its kind reads is a failed member.
///
/// # Errors
/// `OTHER_CONTAINER`, naming what the bytes look like.
pub fn check_head(container: Container, head: &[u8]) -> Result<(), Failure> {
    let agrees = match container {
        Container::Loose => true,
        Container::Tar => head.is_empty() || looks_like_tar(head),
        Container::TarLz4 => head.is_empty() || is_lz4(head),
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

/// What a magic number of LZ4 announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Magic {
    /// An LZ4 frame.
    Frame,
    /// Bytes that are not for us; their number follows.
    Skippable,
    /// A frame of the format before 2013.
    Legacy,
    /// Something else.
    Unknown,
}

/// What the first four bytes of an LZ4 frame announce.
pub(crate) fn magic(bytes: [u8; 4]) -> Magic {
    match u32::from_le_bytes(bytes) {
        LZ4_FRAME => Magic::Frame,
        LZ4_LEGACY => Magic::Legacy,
        number if LZ4_SKIPPABLE.contains(&number) => Magic::Skippable,
        _ => Magic::Unknown,
    }
}

/// Whether bytes begin as an LZ4 stream does.
fn is_lz4(head: &[u8]) -> bool {
    let first: Option<[u8; 4]> = head.get(..4).and_then(|b| b.try_into().ok());
    first.is_some_and(|b| matches!(magic(b), Magic::Frame | Magic::Skippable | Magic::Legacy))
}

/// Whether bytes (512 or more of them) begin as a tar archive does: with a header, or with the zeros that
/// end an empty one.
fn looks_like_tar(head: &[u8]) -> bool {
    head.get(..TAR_BLOCK).is_some_and(|block| valid_header(block) || block.iter().all(|b| *b == 0))
}

/// Whether a block of 512 bytes carries the right header checksum.
pub(crate) fn valid_header(block: &[u8]) -> bool {
    block.len() == TAR_BLOCK
        && Header::from_byte_slice(block).cksum().is_ok_and(|sum| sums(block).contains(&sum))
}

/// The checksum of a header, as POSIX has it (bytes without sign) and as some old programs computed it.
fn sums(block: &[u8]) -> [u32; 2] {
    let bytes = || {
        let field = |i: &usize| TAR_CHECKSUM.contains(i);
        block.iter().enumerate().map(move |(i, b)| if field(&i) { b' ' } else { *b })
    };
    let unsigned = bytes().map(u32::from).sum();
    let signed: i32 = bytes().map(|b| i32::from(b.cast_signed())).sum();
    [unsigned, signed.cast_unsigned()]
}
