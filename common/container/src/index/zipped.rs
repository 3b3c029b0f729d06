//! The index of a zip archive, out of its directory; bodies are not read.

use super::{
    recorder::{IndexObjects, Recorder},
    summary::{IndexLimits, IndexSummary},
};
use crate::zip::{RangedReader, each_member, find_directory};
use std::io::Write;
use tarquet_common::{
    archive::{ArchiveIdentity, Container},
    failure::Failure,
};

/// Indexes a zip archive by its directory, which is read twice, piece by piece: first it has to prove whole. Memory: a mebibyte
/// of it, or up to 32 MiB where its entries are not in the order of the members.
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
        let directory = find_directory(reader)?;
        each_member(reader, &directory, &mut |member| recorder.member(&member))?;
        recorder.finish(size)
    };
    run().map_err(|failure: Failure| failure.at_uri(uri))
}
