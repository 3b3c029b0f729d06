//! The fetcher.

use crate::attempt::{AttemptContext, Stop};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tarquet_common::{failure::Failure, memory::FetchSettings, store::Store};
use tokio::{runtime::Handle, sync::mpsc};

/// A stretch of an object.
#[derive(Clone, Debug)]
pub struct Stretch {
    /// Where the object is.
    pub(super) store: Arc<dyn Store>,
    /// Its key there.
    pub(super) key: String,
    /// Which version of it, if not the one that is there.
    pub(super) etag: Option<String>,
    /// Which bytes.
    pub(super) range: Range<u64>,
}

/// Bytes of one of the stretches.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// Place of the stretch in the list.
    pub stretch: usize,
    /// The next bytes of it.
    pub bytes: Bytes,
}

/// The reading end: blocking, for threads that compute. The fetching ends when it is dropped.
#[derive(Debug)]
pub struct Chunks {
    chunks: mpsc::Receiver<Result<Chunk, Failure>>,
    /// Stretches before this one are finished with.
    finished: Arc<AtomicUsize>,
}

impl Chunks {
    /// The next chunk, stretches one after the other; `None` at the end. Must not be called on an async thread.
    ///
    /// # Errors
    /// What the store said, after its retries.
    pub fn next_chunk(&mut self) -> Result<Option<Chunk>, Failure> {
        self.chunks.blocking_recv().transpose()
    }

    /// Nothing more is needed of this stretch and those before it: what is not fetched yet is left out.
    pub fn finish(&self, stretch: usize) {
        self.finished.fetch_max(stretch + 1, Ordering::Relaxed);
    }
}

/// Starts to fetch the stretches in order.
pub(super) fn fetch(
    runtime: &Handle,
    stretches: Vec<Stretch>,
    settings: FetchSettings,
    context: AttemptContext,
) -> Chunks {
    let pieces = pieces(&stretches, settings.chunk_bytes.max(1));
    let parallel = parallel(&pieces, settings);
    let (out, chunks) = mpsc::channel(1);
    let finished = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&finished);
    runtime.spawn(async move {
        let gets = pieces.into_iter().map(|piece| {
            let Stretch { store, key, etag, .. } = stretches[piece.stretch].clone();
            let seen = Arc::clone(&seen);
            async move {
                let needed = piece.stretch >= seen.load(Ordering::Relaxed);
                let bytes = match needed {
                    true => store.get_range(&key, piece.range, etag.as_deref()).await?,
                    false => Bytes::new(),
                };
                Ok(Chunk { stretch: piece.stretch, bytes })
            }
        });
        let mut gets = stream::iter(gets).buffered(parallel);
        while let Some(got) = next_unless(&context.stop, &mut gets).await {
            let failed = got.is_err();
            if let Ok(chunk) = &got {
                context.progress.fetched(chunk.bytes.len() as u64);
            }
            if out.send(got).await.is_err() || failed {
                return;
            }
        }
    });
    Chunks { chunks, finished }
}

/// The next of the answers; once the attempt is stopped, that it was.
async fn next_unless(
    stop: &Stop,
    gets: &mut (impl Stream<Item = Result<Chunk, Failure>> + Unpin),
) -> Option<Result<Chunk, Failure>> {
    tokio::select! {
        biased;
        _ = stop.raised() => Some(Err(Stop::failure())),
        got = gets.next() => got,
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    stretch: usize,
    range: Range<u64>,
}

fn pieces(stretches: &[Stretch], chunk: u64) -> Vec<Piece> {
    let of = |(stretch, range): (usize, &Range<u64>)| {
        cut(range.clone(), chunk).map(move |range| Piece { stretch, range })
    };
    stretches.iter().map(|s| &s.range).enumerate().flat_map(of).collect()
}

fn cut(range: Range<u64>, chunk: u64) -> impl Iterator<Item = Range<u64>> {
    let end = range.end;
    let mut at = range.start;
    std::iter::from_fn(move || {
        let from = at;
        at = end.min(from.saturating_add(chunk));
        (from < end).then_some(from..at)
    })
}

/// GETs in flight: as many of the largest piece as fit into the bytes ahead. One more chunk waits in the channel and one
/// is being read.
fn parallel(pieces: &[Piece], settings: FetchSettings) -> usize {
    let largest = pieces.iter().map(|p| p.range.end - p.range.start).max().unwrap_or(1).max(1);
    let fit = usize::try_from(settings.ahead_bytes / largest).unwrap_or(usize::MAX);
    fit.saturating_sub(2).clamp(1, settings.in_flight.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_the_range() {
        assert_eq!(cut(5..25, 8).collect::<Vec<_>>(), [5..13, 13..21, 21..25]);
        assert_eq!(cut(5..5, 8).count(), 0);
        assert!(cut(0..8, 8).eq(std::iter::once(0..8)));
    }

    #[test]
    fn small_objects_are_fetched_many_at_a_time_and_large_chunks_few() {
        let of = |len| parallel(&[Piece { stretch: 0, range: 0..len }], FetchSettings::SHARD);
        assert_eq!((of(8 << 20), of(1 << 20), of(1000)), (1, 16, 16));
    }
}
