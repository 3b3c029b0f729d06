//! Tests of the module above.

use super::*;
use crate::attempt::{AttemptContext, Stop};
use std::{path::Path, time::Duration};
use tarquet_common::{
    codes::{format, store as store_codes},
    ids::{AttemptId, JobId, ShardId},
    store::{Store, StoreSettings, Stores, Uri},
};
use tarquet_encode::read_quarantine;
use tokio::runtime::Runtime;

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

/// A quarantine that writes into a directory.
fn quarantine(runtime: &Runtime, dir: &Path) -> (Quarantine, Arc<dyn Store>, Arc<ProgressCell>) {
    let root = Uri::parse_here(&dir.to_string_lossy()).unwrap();
    let stores = Arc::new(Stores::new());
    let store = runtime.block_on(stores.open(&root, &StoreSettings::default())).unwrap();
    let progress = Arc::new(ProgressCell::default());
    let context = AttemptContext { progress: Arc::clone(&progress), stop: Stop::default(), slot_bytes: 0 };
    let sides = Sides::new(runtime.handle().clone(), stores, Arc::clone(&store), context);
    let (worker, clock) = (WorkerId("w".to_owned()), Arc::new(Ticking::default()));
    (Quarantine::new(&lease(), &worker, sides, Arc::clone(&progress), clock), store, progress)
}

fn item(number: u64) -> FailedItem {
    FailedItem {
        number,
        uri: "s3://b/a.jsonl".to_owned(),
        etag: Some("\"e\"".to_owned()),
        name: None,
        offset: Some(77),
        size: None,
        reproduce: "tarquet inspect 's3://b/a.jsonl'".to_owned(),
    }
}

#[test]
fn however_many_fail_few_are_held() {
    let runtime = Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (quarantine, store, _) = quarantine(&runtime, dir.path());
    let mut held = 0;
    for number in 0..40_000 {
        let text = format!("{number} is something else: {}", "x".repeat(200));
        quarantine.set_aside(item(number), Failure::new(format::NOT_HDF5, text)).unwrap();
        held = held.max(quarantine.records().held_bytes);
    }
    let long = Failure::new(format::NOT_HDF5, "x".repeat(1 << 20));
    quarantine.set_aside(item(40_000), long).unwrap();
    assert!(held < QUARANTINE_BYTES, "{held} bytes");
    let side = quarantine.write().unwrap();
    let object = runtime.block_on(store.get(&side.name, 100 << 20)).unwrap().unwrap();
    let records = read_quarantine(object.bytes).unwrap();
    assert_eq!(records.len() as u64, quarantine.len());
    assert!(records.iter().enumerate().all(|(at, record)| record.seq == at as u64));
    assert_eq!(records[40_000].message.len(), QUARANTINE_TEXT_BYTES + '…'.len_utf8());
}

#[test]
fn a_file_that_was_begun_is_aborted_with_the_attempt() {
    let runtime = Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (quarantine, store, _) = quarantine(&runtime, dir.path());
    let failure = Failure::new(format::NOT_HDF5, "x".repeat(10_000));
    while quarantine.records().open.is_none() {
        quarantine.set_aside(item(quarantine.len()), failure.clone()).unwrap();
    }
    runtime.block_on(async move { drop(quarantine) });
    let gone = || runtime.block_on(store.list_uploads("")).unwrap().is_empty();
    let waited = (0..500).any(|_| {
        gone() || {
            std::thread::sleep(Duration::from_millis(10));
            false
        }
    });
    assert!(waited, "the upload is aborted though its attempt was dropped where nothing may wait");
}

#[test]
fn items_that_failed_are_listed_with_the_attempt() {
    let runtime = Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (quarantine, store, progress) = quarantine(&runtime, dir.path());
    let away = Failure::new(store_codes::STORE_UNREACHABLE, "the store is silent");
    assert_eq!(quarantine.set_aside(item(4), away.clone()), Err(away), "it is not the item's alone");
    assert!(quarantine.is_empty());
    let odd = Failure::new(format::NOT_HDF5, "it is something else").expected("this", "that");
    quarantine.set_aside(item(5), odd.clone()).unwrap();
    assert_eq!((quarantine.len(), progress.snapshot().quarantined), (1, 1));
    let side = quarantine.write().unwrap();
    assert_eq!((side.role.as_str(), side.name.as_str()), (QUARANTINE, "quarantine/sort/12.1.2.9.parquet"));
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
