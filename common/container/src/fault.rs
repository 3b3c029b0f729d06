//! The failures that several decoders share, told the same way.

use tarquet_common::codes::archive;
use tarquet_common::failure::Failure;

/// The stream stops inside `what`. `offset` is where it stops, in compressed bytes.
pub(crate) fn truncated(what: &str, offset: u64) -> Failure {
    Failure::new(
        archive::ARCHIVE_TRUNCATED,
        format!("the archive ends in {what}, at compressed byte {offset}"),
    )
    .at_offset(offset)
    .expected(format!("the rest of {what}"), "the end of the object")
}

/// The stream breaks its format in `what`, which starts at the compressed `offset`.
pub(crate) fn damaged(what: &str, offset: u64) -> Failure {
    Failure::new(archive::ARCHIVE_DAMAGED, format!("{what} at compressed byte {offset} is damaged"))
        .at_offset(offset)
}

/// A checksum of `what`, which starts at the compressed `offset`, is not what the bytes give.
pub(crate) fn checksum(what: &str, offset: u64, expected: u32, found: u32) -> Failure {
    let message = format!("the checksum of {what} at compressed byte {offset} does not fit its bytes");
    Failure::new(archive::CHECKSUM_WRONG, message)
        .at_offset(offset)
        .expected(format!("{expected:08x}"), format!("{found:08x}"))
}

/// A feature that is refused by name.
pub(crate) fn refused(what: &str, offset: u64) -> Failure {
    Failure::new(
        archive::FEATURE_REFUSED,
        format!("{what} (compressed byte {offset}) is not read by Tarquet"),
    )
    .at_offset(offset)
}
