//! One header of 512 bytes, as a pure function.

use crate::sniff::{TAR_BLOCK as BLOCK, valid_header};
use tar::Header;

const SIZE_FIELD: std::ops::Range<usize> = 124..136;

/// What a header describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Describes {
    /// A member.
    Member(MemberKind),
    /// GNU: the next member's name.
    LongName,
    /// GNU: the next member's link target.
    LongLink,
    /// PAX: records for the next member.
    Pax,
    /// PAX: records for all members that follow.
    PaxGlobal,
}

/// A header that was proved.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) describes: Describes,
    /// Bytes of the body that follow in the stream, unless PAX says otherwise.
    pub(super) size: u64,
    pub(super) name: Vec<u8>,
    /// GNU sparse: more blocks of the map follow before the body.
    pub(super) sparse_map_follows: bool,
}

/// Reads a header; says what is wrong with it otherwise.
pub(super) fn parse(block: &[u8; BLOCK]) -> Result<Parsed, &'static str> {
    if !valid_header(block) {
        return Err("its checksum is wrong");
    }
    let header = Header::from_byte_slice(block);
    let describes = describes(header);
    let bodiless = matches!(
        describes,
        Describes::Member(MemberKind::Dir | MemberKind::Symlink | MemberKind::Hardlink | MemberKind::Device)
    );
    // POSIX lets writers put a size there that no body follows.
    let size = if bodiless { 0 } else { size(header)? };
    let sparse_map_follows =
        header.entry_type().is_gnu_sparse() && header.as_gnu().is_some_and(tar::GnuHeader::is_extended);
    Ok(Parsed { describes, size, name: header.path_bytes().into_owned(), sparse_map_follows })
}

fn size(header: &Header) -> Result<u64, &'static str> {
    let field = &header.as_bytes()[SIZE_FIELD];
    // Base-256 has 95 bits; the field parser keeps the last 64.
    if field[0] & 0x80 != 0 && (field[0] != 0x80 || field[1..4] != [0, 0, 0]) {
        return Err("its size is negative or beyond all measure");
    }
    let size = header.entry_size().map_err(|_| "its size is not a number")?;
    i64::try_from(size).map(i64::cast_unsigned).map_err(|_| "its size is beyond all measure")
}

fn describes(header: &Header) -> Describes {
    let old_dir = header.as_bytes()[156] == 0 && header.path_bytes().ends_with(b"/");
    Describes::Member(match header.as_bytes()[156] {
        _ if old_dir => MemberKind::Dir,
        0 | b'0' | b'7' => MemberKind::File,
        b'1' => MemberKind::Hardlink,
        b'2' => MemberKind::Symlink,
        b'3' | b'4' | b'6' => MemberKind::Device,
        b'5' => MemberKind::Dir,
        b'S' => MemberKind::Sparse,
        b'L' => return Describes::LongName,
        b'K' => return Describes::LongLink,
        // Solaris wrote its PAX records under a type of its own.
        b'x' | b'X' => return Describes::Pax,
        b'g' => return Describes::PaxGlobal,
        _ => MemberKind::Other,
    })
}
use tarquet_common::archive::MemberKind;
