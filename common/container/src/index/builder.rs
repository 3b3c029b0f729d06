//! Glue: chunks of an archive in, the two objects of its index out.

use super::{
    recorder::{IndexObjects, Recorder},
    summary::{IndexLimits, IndexSummary},
};
use crate::{
    seek::Spacing,
    sink::{Restart, Sink},
    tar::Walker,
    unpack::Unpacker,
};
use std::io::Write;
use tarquet_common::{
    archive::{ArchiveIdentity, Container},
    codes::{archive, ourselves},
    failure::Failure,
};

/// Archives that expand to less are not judged by their ratio.
const RATIO_FLOOR: u64 = 1 << 30;

/// Indexes an archive that is a stream: every kind of tar. Members and windows leave as they are found, so
/// memory does not grow with the archive but for 28 bytes a seek point and 16 a name.
pub struct IndexBuilder<M: Write + Send, W: Write> {
    unpacker: Unpacker,
    taker: Taker<M, W>,
}

/// What takes uncompressed bytes and seek points.
struct Taker<M: Write + Send, W: Write> {
    walker: Walker,
    recorder: Recorder<M, W>,
    /// Compressed bytes given so far, the present chunk included.
    fed: u64,
    uncompressed: u64,
}

impl<M: Write + Send, W: Write> IndexBuilder<M, W> {
    /// Begins the index of `archive`, of which the bytes from 0 on will be fed.
    ///
    /// # Errors
    /// `INVARIANT` for zip archives (`index_zip` reads their directory) and loose objects (which need no
    /// index); `INDEX_WRITE` when the objects cannot be begun.
    pub fn new(
        archive: ArchiveIdentity,
        container: Container,
        spacing: Spacing,
        limits: IndexLimits,
        objects: IndexObjects<M, W>,
    ) -> Result<Self, Failure> {
        if matches!(container, Container::Zip | Container::Loose) {
            let message = format!("{container} is not indexed as a stream");
            return Err(Failure::new(ourselves::INVARIANT, message).at_uri(archive.uri));
        }
        let unpacker = Unpacker::from_start(container, spacing)?;
        let recorder = Recorder::new(archive, container, limits, objects)?;
        let taker = Taker { walker: Walker::new(container), recorder, fed: 0, uncompressed: 0 };
        Ok(Self { unpacker, taker })
    }

    /// Takes the next chunk of the archive, of any length.
    ///
    /// # Errors
    /// The archive cannot be indexed; the failure names it and the place. The builder is then of no more use.
    pub fn feed(&mut self, chunk: &[u8]) -> Result<(), Failure> {
        self.taker.fed += chunk.len() as u64;
        let fed = self.unpacker.feed(chunk, &mut self.taker);
        fed.map_err(|failure| failure.at_uri(self.taker.recorder.archive().uri.clone()))
    }

    /// Members found so far, for whoever shows progress.
    pub fn members(&self) -> u64 {
        self.taker.recorder.members()
    }

    /// Says that the archive ends here, and writes the ends of both objects.
    ///
    /// # Errors
    /// It ended too early, fewer bytes came than the archive has, or an object cannot be written.
    pub fn finish(mut self) -> Result<(IndexSummary, IndexObjects<M, W>), Failure> {
        let archive = self.taker.recorder.archive().clone();
        let at_archive = |failure: Failure| failure.at_uri(archive.uri.clone());
        if self.taker.fed != archive.size {
            let message = format!("{} was not read to its end", archive.uri);
            return Err(at_archive(Failure::new(archive::ARCHIVE_READ, message))
                .expected(format!("{} bytes", archive.size), format!("{} bytes", self.taker.fed)));
        }
        self.unpacker.finish().and_then(|()| self.taker.walker.finish()).map_err(at_archive)?;
        let uncompressed = self.unpacker.uncompressed();
        self.taker.recorder.finish(uncompressed).map_err(at_archive)
    }
}

impl<M: Write + Send, W: Write> Sink for Taker<M, W> {
    fn restart(&mut self, restart: Restart<'_>) -> Result<(), Failure> {
        self.recorder.restart(restart)
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.uncompressed += bytes.len() as u64;
        let allowed = self.fed.saturating_mul(self.recorder.limits().ratio_max).max(RATIO_FLOOR);
        if self.uncompressed > allowed {
            let message = format!("the archive expands to more than {allowed} bytes from {}", self.fed);
            return Err(Failure::new(archive::ARCHIVE_LIMIT, message).at_offset(self.fed));
        }
        let recorder = &mut self.recorder;
        self.walker.feed(bytes, &mut |member| recorder.member(&member))
    }
}
