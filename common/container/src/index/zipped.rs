//! The index of a zip archive, out of its directory; bodies are not read.

use super::{
    recorder::{IndexObjects, Recorder},
    summary::{IndexLimits, IndexSummary},
};
use crate::zip::{RangedReader, entries, read_directory};
use std::io::Write;
use tarquet_common::{
    archive::{ArchiveIdentity, Container},
    failure::Failure,
};

/// Indexes a zip archive in two or three ranged reads. Memory: its directory (≤ 512 MiB).
///
/// # Errors
/// The archive is not zip, is damaged or uses a refused feature; or the index cannot be written.
pub fn index_zip<R, M, W>(
    archive: ArchiveIdentity,
    reader: &R,
    limits: IndexLimits,
    objects: IndexObjects<M, W>,
) -> Result<(IndexSummary, IndexObjects<M, W>), Failure>
where
    R: RangedReader + ?Sized,
    M: Write + Send,
    W: Write,
{
    let uri = archive.uri.clone();
    let size = archive.size;
    let run = || {
        let mut recorder = Recorder::new(archive, Container::Zip, limits, objects)?;
        let directory = read_directory(reader)?;
        for member in entries(&directory)? {
            recorder.member(&member?)?;
        }
        recorder.finish(size)
    };
    run().map_err(|failure: Failure| failure.at_uri(uri))
}
