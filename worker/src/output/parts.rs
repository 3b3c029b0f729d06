//! Parts of the dataset: named, written by a [`PartWriter`], cut as planned, and sent as their bytes are ready.

use super::upload::{Upload, abort_or_leave};
use crate::attempt::{AttemptContext, ProgressCell};
use arrow::record_batch::RecordBatch;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};
use tarquet_common::{
    codes::ourselves,
    failure::Failure,
    memory::UploadSettings,
    receipt::Artifact,
    stage_plan::ENCODE,
    store::{Metadata, Store},
};
use tarquet_encode::PartWriter;
use tokio::runtime::Handle;

/// Begins parts of the dataset, and remembers their uploads so that they can be aborted together.
#[derive(Clone, Debug)]
pub struct Parts {
    runtime: Handle,
    output: Arc<dyn Store>,
    metadata: Metadata,
    context: AttemptContext,
    begun: Arc<Mutex<Vec<Begun>>>,
}

/// The name of a part, and the store's name for its upload.
type Begun = (String, String);

/// How the parts of a dataset are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartNames {
    /// Digits of a number, at least.
    pub digits: u32,
    /// What the name ends in, after a dot.
    pub suffix: &'static str,
}

/// A part that the plan asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedPart {
    /// Its number in the dataset.
    pub number: u32,
    /// How many items it takes.
    pub items: u64,
}

impl PartNames {
    /// The name of a part's object below the output root.
    pub fn of(self, number: u32) -> String {
        format!("part-{number:0width$}.{}", self.suffix, width = self.digits as usize)
    }
}

impl Parts {
    /// Uploads will carry `metadata`: by it publish knows what is ours.
    pub fn new(runtime: Handle, output: Arc<dyn Store>, metadata: Metadata, context: AttemptContext) -> Self {
        Self { runtime, output, metadata, context, begun: Arc::default() }
    }

    /// The parts of a shard, in the order in which its items fill them. `writer` makes what writes the next one.
    pub fn series<'a>(
        &'a self,
        names: PartNames,
        planned: impl IntoIterator<Item = PlannedPart>,
        writer: impl Fn() -> Result<Box<dyn PartWriter>, Failure> + 'a,
    ) -> PartSeries<'a> {
        PartSeries {
            parts: self,
            names,
            writer: Box::new(writer),
            left: planned.into_iter().collect(),
            items: 0,
            open: None,
            done: Vec::new(),
            failed: false,
        }
    }

    fn begin(&self, name: String) -> Result<Upload, Failure> {
        let upload = Upload::begin(
            self.runtime.clone(),
            Arc::clone(&self.output),
            name.clone(),
            &self.metadata,
            UploadSettings::PARTS,
            self.context.clone(),
        )?;
        let id = upload.upload_id().to_owned();
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).push((name, id));
        Ok(upload)
    }

    /// Aborts every upload that was begun: the attempt has failed. Errors are logged; an upload that stays behind is never
    /// completed.
    pub async fn abort(&self) {
        let begun = std::mem::take(&mut *self.begun.lock().unwrap_or_else(PoisonError::into_inner));
        let all = async {
            for (name, id) in begun {
                if let Err(error) = self.output.abort_upload(&name, &id).await {
                    tracing::warn!(%name, %error, "an upload could not be aborted");
                }
            }
            Ok::<_, Failure>(())
        };
        if let Err(failure) = abort_or_leave(&self.context.stop, all).await {
            tracing::warn!(%failure, "uploads are left to be swept");
        }
    }
}

/// The parts of a shard, one open at a time. Each takes a known number of items; an item that fails counts too, so what
/// goes where never depends on what fails. For a thread that may wait.
pub struct PartSeries<'a> {
    parts: &'a Parts,
    names: PartNames,
    writer: Box<dyn Fn() -> Result<Box<dyn PartWriter>, Failure> + 'a>,
    left: VecDeque<PlannedPart>,
    items: u64,
    open: Option<OpenPart>,
    done: Vec<Artifact>,
    /// Something of a part was lost on its way: whoever went on would make a part with a hole.
    failed: bool,
}

impl PartSeries<'_> {
    /// Writes rows into the part at hand.
    ///
    /// # Errors
    /// Those of the writer and of the store; `STOPPED` when the attempt is. After any of them the series is over: every
    /// further call is refused with `INVARIANT`.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        self.whole(|series| series.open()?.push(batch))
    }

    /// One more item has been dealt with; the last of a part ends it.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn item_done(&mut self) -> Result<(), Failure> {
        self.items += 1;
        self.whole(|series| match series.left.front() {
            Some(part) if part.items == series.items => series.end(),
            _ => Ok(()),
        })
    }

    /// Ends what is left, and says what was made.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn finish(mut self) -> Result<Vec<Artifact>, Failure> {
        self.whole(|series| {
            while !series.left.is_empty() {
                series.end()?;
            }
            Ok(())
        })?;
        Ok(self.done)
    }

    /// Takes a step, if none failed before.
    fn whole(&mut self, step: impl FnOnce(&mut Self) -> Result<(), Failure>) -> Result<(), Failure> {
        if self.failed {
            let text = "a part could not be written, and the shard went on";
            return Err(Failure::new(ourselves::INVARIANT, text));
        }
        let done = step(self);
        self.failed = done.is_err();
        done
    }

    fn open(&mut self) -> Result<&mut OpenPart, Failure> {
        if self.open.is_none() {
            let part = self.left.front().ok_or_else(|| {
                Failure::new(ourselves::INVARIANT, "there are rows beyond the last part of the shard")
            })?;
            let upload = self.parts.begin(self.names.of(part.number))?;
            let progress = Arc::clone(&self.parts.context.progress);
            self.open = Some(OpenPart { writer: (self.writer)()?, upload, progress, held: 0 });
        }
        Ok(self.open.as_mut().expect("opened just now"))
    }

    /// Ends the part at hand; one without a row becomes a whole file of 0 rows.
    fn end(&mut self) -> Result<(), Failure> {
        self.open()?;
        let (Some(open), Some(part)) = (self.open.take(), self.left.pop_front()) else { return Ok(()) };
        self.done.push(open.end(part.number)?);
        self.items = 0;
        Ok(())
    }
}

/// A part on its way: rows in, bytes up.
struct OpenPart {
    writer: Box<dyn PartWriter>,
    upload: Upload,
    progress: Arc<ProgressCell>,
    /// What of it is in the account of the slot.
    held: u64,
}

impl OpenPart {
    fn push(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        self.progress.timed(ENCODE, || self.writer.push(batch))?;
        self.drain()?;
        self.holds(self.writer.memory_bytes() + self.upload.held_bytes());
        Ok(())
    }

    fn drain(&mut self) -> Result<(), Failure> {
        let Self { writer, upload, .. } = self;
        writer.drain(&mut |bytes| upload.write(&bytes))
    }

    fn end(mut self, number: u32) -> Result<Artifact, Failure> {
        let finished = self.progress.timed(ENCODE, || self.writer.finish())?;
        self.drain()?;
        let artifact = self.upload.finish(number, finished.rows)?;
        self.progress.holds(self.held, 0);
        Ok(artifact)
    }

    fn holds(&mut self, bytes: u64) {
        self.progress.holds(std::mem::replace(&mut self.held, bytes), bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attempt::Stop;
    use arrow::array::{ArrayRef, Int64Array};
    use bytes::Bytes;
    use tarquet_common::{
        codes::cluster,
        store::{StoreSettings, Stores, Uri},
    };
    use tarquet_encode::Finished;
    use tarquet_faulty::{Calls, FaultyStore, Trouble, Verb};

    /// Writes a letter a row, and an end.
    #[derive(Default)]
    struct Letters {
        rows: u64,
        ready: Vec<Bytes>,
    }

    impl PartWriter for Letters {
        fn push(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
            self.rows += batch.num_rows() as u64;
            self.ready.push(vec![b'r'; batch.num_rows()].into());
            Ok(())
        }

        fn take_ready(&mut self) -> Result<Vec<Bytes>, Failure> {
            Ok(std::mem::take(&mut self.ready))
        }

        fn memory_bytes(&self) -> u64 {
            self.rows
        }

        fn finish(&mut self) -> Result<Finished, Failure> {
            self.ready.push(Bytes::from_static(b"end"));
            Ok(Finished { rows: self.rows, bytes: self.rows + 3 })
        }
    }

    fn rows(n: i64) -> RecordBatch {
        let column: ArrayRef = Arc::new(Int64Array::from_iter_values(0..n));
        RecordBatch::try_from_iter([("n", column)]).unwrap()
    }

    fn store(runtime: &Handle, dir: &std::path::Path) -> Arc<dyn Store> {
        let root = Uri::parse_here(&dir.to_string_lossy()).unwrap();
        runtime.block_on(Stores::new().open(&root, &StoreSettings::default())).unwrap()
    }

    fn parts(runtime: &Handle, store: Arc<dyn Store>) -> Parts {
        let context = AttemptContext { progress: Arc::default(), stop: Stop::default(), slot_bytes: 0 };
        Parts::new(runtime.clone(), store, Metadata::new(), context)
    }

    const NAMES: PartNames = PartNames { digits: 5, suffix: "letters" };

    #[test]
    fn parts_end_where_the_plan_says_whatever_fails() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let parts = parts(runtime.handle(), store(runtime.handle(), dir.path()));
        let planned = [(7, 2), (8, 1), (100_000, 1)].map(|(number, items)| PlannedPart { number, items });
        let mut series = parts.series(NAMES, planned, || Ok(Box::new(Letters::default())));
        let held = || parts.context.progress.snapshot().memory_bytes;
        // Of the first part's two items one fails, of the second's the only one; the third is never reached.
        series.push(&rows(3)).unwrap();
        assert!(held() > 0);
        series.item_done().unwrap();
        series.item_done().unwrap();
        assert_eq!(held(), 0, "what was uploaded is held no longer");
        series.item_done().unwrap();
        let made = series.finish().unwrap();
        let told: Vec<_> = made.iter().map(|a| (a.partition, a.name.as_str(), a.rows, a.bytes)).collect();
        assert_eq!(
            told,
            [
                (7, "part-00007.letters", 3, 6),
                (8, "part-00008.letters", 0, 3),
                (100_000, "part-100000.letters", 0, 3)
            ]
        );
        let root = &parts.output;
        for artifact in &made {
            let parts = runtime.block_on(root.list_parts(&artifact.name, &artifact.upload_id)).unwrap();
            assert_eq!(parts.as_ref(), Some(&artifact.parts));
            assert!(runtime.block_on(root.head(&artifact.name)).unwrap().is_none(), "nobody completed it");
        }
        runtime.block_on(parts.abort());
        assert_eq!(runtime.block_on(root.list_uploads("")).unwrap(), []);
    }

    #[test]
    fn after_a_failed_write_nothing_is_made_of_the_rest() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let store = FaultyStore::new(store(runtime.handle(), dir.path()));
        let rule = store.plant(Calls::of(Verb::UploadPart).nth(1), Trouble::Absent);
        let parts = parts(runtime.handle(), Arc::new(store));
        let planned = [0, 1].map(|number| PlannedPart { number, items: 1 });
        let mut series = parts.series(NAMES, planned, || Ok(Box::new(Letters::default())));
        series.push(&rows(3)).unwrap();
        let failure = series.item_done().unwrap_err();
        assert_eq!((failure.code, rule.fired()), (cluster::UPLOAD_LOST, 1));
        assert_eq!(series.push(&rows(1)).unwrap_err().code, ourselves::INVARIANT);
        assert_eq!(series.item_done().unwrap_err().code, ourselves::INVARIANT);
        assert_eq!(series.finish().unwrap_err().code, ourselves::INVARIANT);
    }

    #[test]
    fn rows_beyond_the_last_part_are_a_bug() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let parts = parts(runtime.handle(), store(runtime.handle(), dir.path()));
        let mut series = parts.series(NAMES, [], || Ok(Box::new(Letters::default())));
        assert_eq!(series.push(&rows(1)).unwrap_err().code, ourselves::INVARIANT);
    }
}
