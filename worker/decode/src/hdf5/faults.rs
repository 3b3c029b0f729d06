//! The library's errors in our words.

use crate::fail::{Fault, damaged, differs, fail};
use hdf5_reader::error::Error;
use tarquet_common::codes::format;

/// A failure to open: mostly "not HDF5 at all".
pub(super) fn open_fault(error: &Error, len: u64) -> Fault {
    match error {
        Error::InvalidMagic => differs(
            format::NOT_HDF5,
            "/",
            "the member does not start like an HDF5 file",
            "the HDF5 signature 89 48 44 46 0d 0a 1a 0a",
            if len == 0 { "0 bytes".to_owned() } else { format!("{len} bytes without it") },
        ),
        Error::UnexpectedEof { .. } if len < 8 => differs(
            format::NOT_HDF5,
            "/",
            "the member is too short",
            "at least 96 bytes",
            format!("{len} bytes"),
        ),
        other => fault(other, "/"),
    }
}

/// The library's errors as failures at `item`.
pub(super) fn fault(error: &Error, item: &str) -> Fault {
    match error {
        Error::Context { source, .. } => fault(source, item),
        Error::UnsupportedLayoutClass(3) => virtual_dataset(item),
        Error::UnsupportedLayoutClass(_)
        | Error::UnsupportedSuperblockVersion(_)
        | Error::UnsupportedObjectHeaderVersion(_)
        | Error::UnsupportedDatatypeClass(_)
        | Error::UnsupportedLayoutVersion(_)
        | Error::UnsupportedEncoding(_) => Box::new(
            (*fail(format::HDF5_UNSUPPORTED, item, "part of the file cannot be read")).caused_by(error),
        ),
        Error::ResourceLimit(text) => Box::new(
            (*fail(format::OVER_LIMIT, item, "the file claims more than the limits allow"))
                .caused_by(&Error::Other(text.clone())),
        ),
        Error::UnsupportedFilter(_) => {
            Box::new((*fail(format::FILTER_UNKNOWN, item, "a filter is not supported")).caused_by(error))
        }
        Error::DecompressionError(_) | Error::FilterError(_) | Error::ChecksumMismatch { .. } => {
            Box::new((*fail(format::FILTER_FAILED, item, "stored data does not decode")).caused_by(error))
        }
        _ => Box::new((*damaged(item, "the file's structure is broken")).caused_by(error)),
    }
}

fn virtual_dataset(item: &str) -> Fault {
    fail(
        format::EXTERNAL_STORAGE,
        item,
        "a virtual dataset takes its data from elsewhere: external storage is not followed",
    )
}
