//! Input: bytes of objects, fetched ahead of need, within bounds.
//!
//! [`Inputs`] opens objects by URI, each root once. A **fetcher** is an async task that reads **stretches** of objects in
//! large GETs, a few ahead, and hands chunks through a bounded channel to a thread that unpacks. Every GET names the ETag
//! of the plan, so that an object that was overwritten is a typed failure and never a mixture.

use crate::attempt::{AttemptContext, Stop};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use std::{
    collections::HashMap,
    ops::Range,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use tarquet_common::{
    codes::spec as codes,
    failure::Failure,
    memory::FetchSettings,
    store::{Store, StoreError, StoreSettings, Stores, Uri},
};
use tokio::{runtime::Handle, sync::mpsc};

/// Opens objects for one attempt, each root once.
#[derive(Debug)]
pub struct Inputs {
    runtime: Handle,
    stores: Arc<Stores>,
    context: AttemptContext,
    roots: Mutex<HashMap<(Uri, StoreSettings), Arc<dyn Store>>>,
}

/// An object that was opened. Nothing of it is read yet.
#[derive(Debug)]
pub struct Input {
    runtime: Handle,
    context: AttemptContext,
    store: Arc<dyn Store>,
    key: String,
    etag: Option<String>,
}

impl Inputs {
    /// Nothing is open yet.
    pub fn new(runtime: Handle, stores: Arc<Stores>, context: AttemptContext) -> Self {
        Self { runtime, stores, context, roots: Mutex::default() }
    }

    /// Opens the version of an object that has this ETag.
    ///
    /// # Errors
    /// `BAD_URI`; what opening the store said.
    pub async fn open(&self, uri: &str, settings: &StoreSettings, etag: &str) -> Result<Input, Failure> {
        let parsed = Uri::parse_here(uri).map_err(StoreError::from)?;
        let (root, key) = parsed
            .split()
            .ok_or_else(|| Failure::new(codes::BAD_URI, format!("{uri} is no object")).at_uri(uri))?;
        let key = key.to_owned();
        self.input(root, settings, key, Some(etag.to_owned())).await
    }

    /// Opens an object that helps to read inputs and is none, such as an index: the version that is there. Its bytes are
    /// not counted as fetched.
    ///
    /// # Errors
    /// `BAD_URI`; what opening the store said.
    pub async fn aid(&self, root: &str, settings: &StoreSettings, key: String) -> Result<Input, Failure> {
        let root = Uri::parse_here(root).map_err(StoreError::from)?;
        self.input(root, settings, key, None).await
    }

    async fn input(
        &self,
        root: Uri,
        settings: &StoreSettings,
        key: String,
        etag: Option<String>,
    ) -> Result<Input, Failure> {
        let store = self.root(root, settings).await?;
        Ok(Input { runtime: self.runtime.clone(), context: self.context.clone(), store, key, etag })
    }

    async fn root(&self, root: Uri, settings: &StoreSettings) -> Result<Arc<dyn Store>, Failure> {
        let place = (root, settings.clone());
        let open = self.roots.lock().unwrap_or_else(PoisonError::into_inner).get(&place).cloned();
        if let Some(store) = open {
            return Ok(store);
        }
        let store = self.stores.open(&place.0, settings).await?;
        let mut roots = self.roots.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(roots.entry(place).or_insert(store)))
    }

    /// Starts to fetch the stretches in order, ahead of need across their borders, until the attempt is stopped. Its
    /// progress counts bytes as they come.
    pub fn fetch(&self, stretches: Vec<Stretch>, settings: FetchSettings) -> Chunks {
        fetch(&self.runtime, stretches, settings, self.context.clone())
    }
}

impl Input {
    /// A stretch of it, to be fetched.
    pub fn stretch(&self, range: Range<u64>) -> Stretch {
        Stretch { store: Arc::clone(&self.store), key: self.key.clone(), etag: self.etag.clone(), range }
    }

    /// Exactly these bytes of it, at once.
    ///
    /// # Errors
    /// What the store said, after its retries.
    pub async fn read(&self, range: Range<u64>) -> Result<Bytes, StoreError> {
        let bytes = self.store.get_range(&self.key, range, self.etag.as_deref()).await?;
        if self.etag.is_some() {
            self.context.progress.fetched(bytes.len() as u64);
        }
        Ok(bytes)
    }

    /// [`Self::read`], for a thread that may wait.
    ///
    /// # Errors
    /// As there.
    pub fn read_waiting(&self, range: Range<u64>) -> Result<Bytes, StoreError> {
        self.runtime.block_on(self.read(range))
    }
}

/// A stretch of an object.
#[derive(Clone, Debug)]
pub struct Stretch {
    /// Where the object is.
    store: Arc<dyn Store>,
    /// Its key there.
    key: String,
    /// Which version of it, if not the one that is there.
    etag: Option<String>,
    /// Which bytes.
    range: Range<u64>,
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
fn fetch(
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
    use crate::attempt::Stop;
    use tarquet_common::codes::store;

    #[test]
    fn bytes_are_those_of_the_version_that_was_planned() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a"), b"0123456789").unwrap();
        let (folder, settings) = (dir.path().to_string_lossy().into_owned(), StoreSettings::default());
        let stores = Arc::new(Stores::new());
        let root = runtime.block_on(stores.open_text(&folder, &settings)).unwrap();
        let etag = runtime.block_on(root.head("a")).unwrap().unwrap().etag;
        let context = AttemptContext { progress: Arc::default(), stop: Stop::default(), slot_bytes: 0 };
        let inputs = Inputs::new(runtime.handle().clone(), stores, context);
        let fetched = || inputs.context.progress.bytes_fetched();
        let uri = format!("{folder}/a");

        let input = runtime.block_on(inputs.open(&uri, &settings, &etag)).unwrap();
        assert_eq!(input.read_waiting(2..5).unwrap(), "234");
        let mut chunks = inputs.fetch(vec![input.stretch(0..4), input.stretch(6..8)], FetchSettings::WHOLE);
        let mut all = Vec::new();
        while let Some(chunk) = chunks.next_chunk().unwrap() {
            all.push((chunk.stretch, chunk.bytes));
        }
        assert_eq!(all, [(0, "0123".into()), (1, "67".into())]);
        assert_eq!(fetched(), 9);

        let aid = runtime.block_on(inputs.aid(&folder, &settings, "a".to_owned())).unwrap();
        assert_eq!(aid.read_waiting(0..1).unwrap(), "0");
        assert_eq!(fetched(), 9, "what helps to read is no input");
        assert_eq!(inputs.roots.lock().unwrap().len(), 1, "each root is opened once");

        let other = runtime.block_on(inputs.open(&uri, &settings, "\"another\"")).unwrap();
        let failure = Failure::from(other.read_waiting(2..5).unwrap_err());
        assert_eq!(failure.code, store::OBJECT_CHANGED);
        let nothing = runtime.block_on(inputs.open("s3://bucket", &settings, &etag)).unwrap_err();
        assert_eq!(nothing.code, codes::BAD_URI);
    }

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
