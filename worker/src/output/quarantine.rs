//! Items that failed, set aside with the reason, and the file that lists them.

use super::sides::Sides;
use crate::attempt::ProgressCell;
use std::{
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};
use tarquet_common::{
    clock::Clock,
    codes::store as codes,
    failure::{Class, Failure},
    ids::WorkerId,
    leasing::Lease,
    receipt::{QUARANTINE, SideObject},
};
use tarquet_encode::{AttemptRecord, FailureRecord, fingerprint, write_quarantine};

/// The items of one attempt that failed.
pub struct Quarantine {
    job: String,
    worker: String,
    /// Names the file. The attempt is in it: two attempts never write one object.
    name: String,
    sides: Sides,
    progress: Arc<ProgressCell>,
    clock: Arc<dyn Clock>,
    /// When the attempt started, in milliseconds: since the epoch, and by the clock that never goes back.
    started: (u64, u64),
    records: Mutex<Vec<FailureRecord>>,
}

/// Which item failed, and how to see it fail again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedItem {
    /// Its number in plan order.
    pub number: u64,
    /// The object that it is in, or is.
    pub uri: String,
    /// The object's ETag when it was planned.
    pub etag: Option<String>,
    /// Its name, for people.
    pub name: Option<String>,
    /// Where it begins, in bytes.
    pub offset: Option<u64>,
    /// Bytes of it.
    pub size: Option<u64>,
    /// The command that shows the failure again.
    pub reproduce: String,
}

impl Quarantine {
    /// For the attempt that starts now.
    pub fn new(
        lease: &Lease,
        worker: &WorkerId,
        sides: Sides,
        progress: Arc<ProgressCell>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let attempt = format!("{}.{}.{}", lease.shard.shard, lease.round, lease.attempt);
        Self {
            job: lease.shard.job.to_string(),
            worker: worker.to_string(),
            name: format!("quarantine/{}/{attempt}.parquet", lease.stage_name),
            sides,
            progress,
            started: (clock.unix_ms(), clock.monotonic_ms()),
            clock,
            records: Mutex::default(),
        }
    }

    /// Sets an item aside.
    ///
    /// # Errors
    /// The failure itself, where it is not the item's alone (of another class than `Input`): it ends the attempt.
    pub fn set_aside(&self, item: FailedItem, failure: Failure) -> Result<(), Failure> {
        if failure.class() != Class::Input {
            return Err(failure);
        }
        let record = self.record(item, failure);
        self.records.lock().unwrap_or_else(PoisonError::into_inner).push(record);
        self.progress.item_failed();
        Ok(())
    }

    fn record(&self, item: FailedItem, failure: Failure) -> FailureRecord {
        FailureRecord {
            job: self.job.clone(),
            seq: item.number,
            fingerprint: fingerprint(&failure),
            code: failure.code,
            class: failure.class(),
            retryable: failure.class() != Class::Input,
            uri: item.uri,
            etag: item.etag,
            item: item.name,
            item_offset: item.offset,
            item_size: item.size,
            attempts: vec![AttemptRecord {
                worker: self.worker.clone(),
                started: i64::try_from(self.started.0).unwrap_or(i64::MAX),
                seconds: self.seconds(),
                error: failure.message.clone(),
            }],
            hint: failure.hint().to_owned(),
            reproduce: item.reproduce,
            expected: failure.expected,
            found: failure.found,
            message: failure.message,
            causes: failure.causes,
        }
    }

    /// Seconds since the attempt started.
    fn seconds(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "an attempt is shorter than 2^53 ms")]
        let ms = (self.clock.monotonic_ms() - self.started.1) as f64;
        ms / 1000.0
    }

    /// How many items were set aside.
    pub fn len(&self) -> u64 {
        self.records.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the file. For a thread that may wait.
    ///
    /// # Errors
    /// What the store said.
    pub fn write(&self) -> Result<SideObject, Failure> {
        let bytes = write_quarantine(&self.records.lock().unwrap_or_else(PoisonError::into_inner))?;
        let mut writer = self.sides.begin(self.name.clone())?;
        writer.write_all(&bytes).map_err(|e| {
            Failure::new(codes::STORE_UNREACHABLE, "the quarantine file cannot be written").caused_by(&e)
        })?;
        writer.publish(QUARANTINE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attempt::{AttemptContext, Stop};
    use tarquet_common::{
        codes::{format, store as store_codes},
        ids::{AttemptId, JobId, ShardId},
        store::{StoreSettings, Stores, Uri},
    };
    use tarquet_encode::read_quarantine;

    /// An hour after the epoch, and a second more whenever it is asked for.
    #[derive(Default)]
    struct Ticking(std::sync::atomic::AtomicU64);

    impl Clock for Ticking {
        fn monotonic_ms(&self) -> u64 {
            self.0.fetch_add(1000, std::sync::atomic::Ordering::Relaxed)
        }

        fn unix_ms(&self) -> u64 {
            3_600_000
        }
    }

    fn lease() -> Lease {
        Lease {
            shard: ShardId { job: JobId::from_parts(1, 1), stage: 3, shard: 12 },
            kind: String::new(),
            stage_name: "sort".to_owned(),
            steps: Vec::new(),
            round: 1,
            attempt: AttemptId { generation: 2, n: 9 },
            job_uri: String::new(),
            output_uri: String::new(),
            plan_name: String::new(),
            plan_digest: String::new(),
            skip: Vec::new(),
            careful: false,
            ttl_ms: 0,
            store: StoreSettings::default(),
        }
    }

    #[test]
    fn items_that_failed_are_listed_with_the_attempt() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let root = Uri::parse_here(&dir.path().to_string_lossy()).unwrap();
        let stores = Arc::new(Stores::new());
        let store = runtime.block_on(stores.open(&root, &StoreSettings::default())).unwrap();
        let progress = Arc::new(ProgressCell::default());
        let context =
            AttemptContext { progress: Arc::clone(&progress), stop: Stop::default(), slot_bytes: 0 };
        let sides = Sides::new(runtime.handle().clone(), stores, Arc::clone(&store), context);
        let worker = WorkerId("w".to_owned());
        let quarantine =
            Quarantine::new(&lease(), &worker, sides, Arc::clone(&progress), Arc::new(Ticking::default()));
        let item = |number| FailedItem {
            number,
            uri: "s3://b/a.jsonl".to_owned(),
            etag: Some("\"e\"".to_owned()),
            name: None,
            offset: Some(77),
            size: None,
            reproduce: "tarquet inspect 's3://b/a.jsonl'".to_owned(),
        };
        let away = Failure::new(store_codes::STORE_UNREACHABLE, "the store is silent");
        assert_eq!(quarantine.set_aside(item(4), away.clone()), Err(away), "it is not the item's alone");
        assert!(quarantine.is_empty());
        let odd = Failure::new(format::NOT_HDF5, "it is something else").expected("this", "that");
        quarantine.set_aside(item(5), odd.clone()).unwrap();
        assert_eq!((quarantine.len(), progress.snapshot().quarantined), (1, 1));
        let side = quarantine.write().unwrap();
        assert_eq!(
            (side.role.as_str(), side.name.as_str()),
            (QUARANTINE, "quarantine/sort/12.1.2.9.parquet")
        );
        let object = runtime.block_on(store.get(&side.name, 1 << 20)).unwrap().unwrap();
        let records = read_quarantine(object.bytes).unwrap();
        assert_eq!(records.len(), 1);
        let record = &records[0];
        assert_eq!((record.seq, record.job.as_str()), (5, JobId::from_parts(1, 1).to_string().as_str()));
        assert_eq!((record.class, record.retryable), (Class::Input, false));
        assert_eq!((&record.fingerprint, record.hint.as_str()), (&fingerprint(&odd), odd.hint()));
        assert_eq!((record.expected.as_deref(), record.found.as_deref()), (Some("this"), Some("that")));
        let attempt = &record.attempts[0];
        assert_eq!((attempt.worker.as_str(), attempt.started, attempt.seconds), ("w", 3_600_000, 1.0));
    }
}
