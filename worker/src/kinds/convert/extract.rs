//! The extractor: fills segments with the bodies of members.

use crate::{
    attempt::{ProgressCell, Stop},
    input::{Chunk, Chunks, Stretch},
    scratch::{Empties, OpenSegment},
    work::Site,
};
use tarquet_common::{
    archive::ArchiveRef,
    codes::{archive as codes, cluster, ourselves},
    failure::Failure,
    kinds::convert::DECOMPRESS,
    memory::FetchSettings,
    stage_plan::FETCH,
};
use tarquet_container::{BodySink, Container, SeekPoint, Wanted, stream::MemberStream};

/// A run with its archive opened and its window at hand.
#[derive(Debug)]
pub(super) struct Picked {
    /// The archive.
    pub(super) archive: ArchiveRef,
    /// Its index, which says what its members' bodies give.
    pub(super) index: Option<String>,
    /// Where its bytes come from: from the seek point to the last byte that can be needed.
    pub(super) stretch: Stretch,
    /// Where decoding starts.
    pub(super) start: SeekPoint,
    /// The window it needs, if it does.
    pub(super) window: Option<bytes::Bytes>,
    /// The members wanted, and what to call each.
    pub(super) wanted: Vec<(u32, Wanted)>,
}

/// What lies in the ring.
#[derive(Clone, Debug)]
pub(super) struct Tag {
    /// Place of the member in the shard.
    pub(super) place: u32,
    /// Why there is no body.
    pub(super) damage: Option<Box<Failure>>,
}

/// Fills segments with the wanted members' bodies, in order, each proved by its checksum. Runs to the end on the calling
/// thread. Ends early, without a failure, when the other end of the ring is gone.
///
/// Streams were read to their end when they were indexed, so a body that cannot be had is not the archive's fault. Of a zip
/// archive only the directory was read: there a member is read once more, and if it fails in the same way it is damaged.
///
/// # Errors
/// What the store said; archives that do not decode as they were indexed; `STOPPED`.
pub(super) fn extract(
    site: &Site,
    runs: &[Picked],
    settings: FetchSettings,
    empties: &Empties<Tag>,
) -> Result<(), Failure> {
    let stretches: Vec<Stretch> = runs.iter().map(|r| r.stretch.clone()).collect();
    let mut chunks = site.inputs.fetch(stretches, settings);
    let progress = &site.progress;
    let mut sink = RingSink { empties, progress, open: None, names: Vec::new(), size: 0, gone: false };
    let mut ahead = None;
    for (n, run) in runs.iter().enumerate() {
        let first = one_run(run, n, &mut chunks, &mut ahead, &mut sink, &site.stop);
        let done = match first {
            Err(failure) if may_be_damaged(run, &failure) => {
                chunks.finish(n);
                let again = site.inputs.fetch(vec![run.stretch.clone()], gentle(settings));
                read_again(run, again, &mut sink, &site.stop, failure)
            }
            other => other,
        };
        match done {
            Err(_) if sink.gone => return Ok(()),
            other => other.map_err(|f| of_archive(f, run))?,
        }
    }
    sink.flush();
    Ok(())
}

/// The failure with its archive; and with its index, where one of the two is wrong: bytes that were damaged on their way when
/// the archive was indexed are in the index, and whoever reads it meets them.
fn of_archive(failure: Failure, run: &Picked) -> Failure {
    let failure = failure.or_at_uri(&run.archive.uri);
    match &run.index {
        Some(index) if failure.code == codes::BODY_CHANGED => failure.with_hint(format!(
            "The attempt is repeated elsewhere. If it stays, one of the two is wrong: compare the archive with its source; if it is \
             whole, remove its index at {index}, cancel, and run the job again."
        )),
        _ => failure,
    }
}

/// Whether a failure may be the member's own: it stands alone in an archive whose bodies nobody has read before.
fn may_be_damaged(run: &Picked, failure: &Failure) -> bool {
    run.archive.container == Container::Zip && run.wanted.len() == 1 && failure.code == codes::BODY_CHANGED
}

/// One GET after the other.
fn gentle(settings: FetchSettings) -> FetchSettings {
    FetchSettings { in_flight: 1, ..settings }
}

/// Reads a run of one member once more. What was damaged on its way is whole now; what fails again in the same words is
/// damaged where it lies.
fn read_again(
    run: &Picked,
    mut chunks: Chunks,
    sink: &mut RingSink<'_>,
    stop: &Stop,
    first: Failure,
) -> Result<(), Failure> {
    match one_run(run, 0, &mut chunks, &mut None, sink, stop) {
        Err(second) if second == first => {
            let mut damage = Failure::new(codes::MEMBER_DAMAGED, first.message);
            (damage.place, damage.expected, damage.found) = (first.place, first.expected, first.found);
            damage.causes = first.causes;
            sink.damaged(damage)
        }
        other => other,
    }
}

fn one_run(
    run: &Picked,
    n: usize,
    chunks: &mut Chunks,
    ahead: &mut Option<Chunk>,
    sink: &mut RingSink<'_>,
    stop: &Stop,
) -> Result<(), Failure> {
    let wanted = run.wanted.iter().map(|(_, w)| *w).collect();
    sink.names = run.wanted.iter().map(|(name, _)| *name).collect();
    let mut stream = MemberStream::new(run.archive.container, &run.start, run.window.as_deref(), wanted)?;
    loop {
        if stop.is_raised() {
            return Err(Stop::failure());
        }
        let chunk = match ahead.take() {
            Some(chunk) => Some(chunk),
            None => sink.progress.timed(FETCH, || chunks.next_chunk())?,
        };
        match chunk {
            // A run may be done before its stretch is: the rest of it is passed over.
            Some(chunk) if chunk.stretch == n => {
                if !stream.is_done() {
                    sink.progress.timed(DECOMPRESS, || stream.feed(&chunk.bytes, sink))?;
                }
                if stream.is_done() {
                    chunks.finish(n);
                }
            }
            // What was still on its way when a run before was given up.
            Some(chunk) if chunk.stretch < n => {}
            Some(next) => {
                *ahead = Some(next);
                return stream.finish(sink);
            }
            None => return stream.finish(sink),
        }
    }
}

/// Puts bodies into the ring's segments.
struct RingSink<'a> {
    empties: &'a Empties<Tag>,
    progress: &'a ProgressCell,
    open: Option<OpenSegment<Tag>>,
    names: Vec<u32>,
    size: usize,
    gone: bool,
}

impl RingSink<'_> {
    fn flush(&mut self) {
        if let Some(open) = self.open.take().filter(|o| !o.is_empty()) {
            self.gone |= !self.empties.hand_over(open);
        }
    }

    /// Hands over that the run's only member has no body.
    fn damaged(&mut self, failure: Failure) -> Result<(), Failure> {
        self.begin(0, 0)?;
        let tag = Tag { place: self.names[0], damage: Some(Box::new(failure)) };
        self.open.as_mut().expect("a body was begun").commit(tag, 0);
        Ok(())
    }

    fn gone(&mut self) -> Failure {
        self.gone = true;
        Failure::new(cluster::STOPPED, "the attempt has ended")
    }
}

impl BodySink for RingSink<'_> {
    fn begin(&mut self, _member: usize, size: u64) -> Result<(), Failure> {
        self.size = usize::try_from(size).unwrap_or(usize::MAX);
        if self.open.as_mut().is_some_and(|o| o.room(self.size).is_err()) {
            self.flush();
        }
        if self.open.is_none() {
            let open = self.progress.waiting(|| self.empties.take());
            self.open = Some(open.ok_or_else(|| self.gone())?);
        }
        let open = self.open.as_mut().expect("taken just now");
        let capacity = open.capacity();
        match open.room(self.size) {
            Ok(_) => Ok(()),
            Err(_) => Err(Failure::new(ourselves::INVARIANT, "a member is larger than its shard's segments")
                .expected(format!("at most {capacity} bytes"), format!("{size} bytes"))),
        }
    }

    fn body(&mut self) -> &mut [u8] {
        match self.open.as_mut().map(|open| open.room(self.size)) {
            Some(Ok(room)) => room,
            _ => &mut [],
        }
    }

    fn complete(&mut self, member: usize) -> Result<(), Failure> {
        let size = self.size;
        let open = self.open.as_mut().expect("a body was begun");
        open.commit(Tag { place: self.names[member], damage: None }, size);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::ring;

    #[test]
    fn a_ring_without_a_reader_stops_the_extractor() {
        let dir = tempfile::tempdir().unwrap();
        let (empties, filled) = ring::<Tag>(dir.path(), 1, 4096).unwrap();
        let progress = ProgressCell::default();
        let mut sink = RingSink {
            empties: &empties,
            progress: &progress,
            open: None,
            names: vec![0, 1],
            size: 0,
            gone: false,
        };
        sink.begin(0, 4000).unwrap();
        sink.complete(0).unwrap();
        drop(filled);
        let failure = sink.begin(1, 4000).unwrap_err();
        assert_eq!(failure.code, cluster::STOPPED);
        assert!(sink.gone, "the end of the ring is not the archive's fault");
    }
}
