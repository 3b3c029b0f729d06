//! A worker: slots that ask, work, renew, and finish or fail; that may be slow, stall, hang, or die.

use super::{
    kind::{CONVERT, Frozen, ITEMS, found},
    line::Line,
    store::SimStores,
    world::{Process, World},
};
use bytes::Bytes;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};
use tarquet_common::{
    codes::{self, Code},
    failure::{Class, Failure},
    ids::WorkerId,
    leasing::{
        Acquire, Complete, Completed, Directive, Fail, Goodbye, Lease, LeasingError, Progress, Register,
        Renew,
    },
    origin::Origin,
    receipt::{Artifact, Counts, Receipt},
    stage_plan::{ShardRecord, decode_head},
    store::{Store, StoreError, Uri, checksum},
};

const RENEW_MS: u64 = 200;
const ORPHAN_MS: u64 = 3_000;
/// Rows of every artifact.
pub(super) const ROWS: u64 = 7;

/// One worker process.
pub(super) struct Worker {
    world: Arc<World>,
    pub(super) id: WorkerId,
    pub(super) process: Arc<Process>,
    stores: SimStores,
    line: Line,
    requests: AtomicU64,
    stalled_until: AtomicU64,
    leaving: AtomicBool,
    slots: u32,
    slowness: u64,
}

/// How an attempt will end, decided when it begins.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Finishes,
    Fails(Class),
    /// Renews for ever and does not move.
    Hangs,
}

/// Why an attempt is over without a receipt or a failure to be told.
struct Over;

fn uri(text: &str) -> Uri {
    text.parse().expect("leases hold canonical names")
}

/// The first code of a class.
fn code_of(class: Class) -> Code {
    let rows = codes::TABLE.iter().flat_map(|group| group.iter());
    let mut of_class = rows.filter(|row| row.class == class).filter_map(|row| Code::from_number(row.number));
    of_class.next().expect("the table has codes of every class")
}

impl Worker {
    /// A worker process, with its slots at work.
    pub(super) fn start(world: &Arc<World>) -> Arc<Self> {
        let process = world.process();
        let worker = Arc::new(Self {
            id: WorkerId(format!("w{}", process.id)),
            stores: SimStores(world.clone(), process.clone()),
            line: Line::new(world, &process),
            requests: AtomicU64::new(0),
            stalled_until: AtomicU64::new(0),
            leaving: AtomicBool::new(false),
            slots: u32::try_from(world.range(1, 2)).expect("it is small"),
            slowness: if world.permille(100) { 6 } else { 1 },
            world: world.clone(),
            process,
        });
        for _ in 0..worker.slots {
            let worker = worker.clone();
            tokio::spawn(async move { worker.slot().await });
        }
        worker
    }

    pub(super) fn stall(&self, until: u64) {
        self.stalled_until.store(until, Relaxed);
    }

    pub(super) fn is_gone(&self) -> bool {
        self.process.is_dead() || self.leaving.load(Relaxed)
    }

    /// Says goodbye, hands everything back, and works no more.
    pub(super) async fn leave(&self) {
        if !self.leaving.swap(true, Relaxed) {
            self.world.fire("worker leaves");
            let ask = Goodbye { worker: self.id.clone(), reason: "drain".to_owned() };
            self.line.goodbye(ask).await.ok();
            self.process.kill();
        }
    }

    /// Not before it wakes from a stall; never if it is dead.
    async fn awake(&self) {
        self.process.alive().await;
        while self.world.now() < self.stalled_until.load(Relaxed) {
            self.world.pause(20, 60).await;
        }
        self.process.alive().await;
    }

    async fn register(&self) {
        let ask = Register {
            worker: self.id.clone(),
            build: "simulated".to_owned(),
            slots: self.slots,
            slot_bytes: 4 << 20,
            shared_probe: None,
        };
        self.line.register(ask).await.ok();
    }

    async fn slot(&self) {
        self.world.pause(1, 100).await;
        loop {
            let request = self.requests.fetch_add(1, Relaxed) + 1;
            if let Some(lease) = self.lease(request).await {
                self.attempt(&lease).await.ok();
            }
            if self.leaving.load(Relaxed) {
                return;
            }
        }
    }

    async fn lease(&self, request: u64) -> Option<Lease> {
        loop {
            self.awake().await;
            let ask = Acquire { worker: self.id.clone(), request, wait_ms: 400 };
            match self.line.acquire(ask).await {
                Ok(Some(lease)) => {
                    self.world.note("leased", &format!("{} {} to {}", lease.shard, lease.attempt, self.id.0));
                    self.world.checks().leased(&self.world, &lease, &self.id, request);
                    return Some(lease);
                }
                Ok(None) => return None,
                Err(LeasingError::Unreachable(_)) => self.world.pause(100, 300).await,
                Err(LeasingError::UnknownWorker) => self.register().await,
                Err(LeasingError::Refused(_)) => {
                    self.leave().await;
                    return None;
                }
            }
        }
    }

    fn fate(&self) -> Fate {
        if !self.world.goes_wrong(self.world.faults.attempt, "attempt goes wrong") {
            return Fate::Finishes;
        }
        match self.world.range(0, 9) {
            0..=5 => Fate::Fails(Class::Environment),
            6 => Fate::Fails(Class::Input),
            7 => Fate::Fails(Class::Bug),
            8 => Fate::Fails(Class::Lost),
            _ => {
                self.world.fire("attempt hangs");
                Fate::Hangs
            }
        }
    }

    async fn attempt(&self, lease: &Lease) -> Result<(), Over> {
        let fate = self.fate();
        let made = self.make(lease).await;
        let receipt = match made {
            Ok(receipt) => receipt,
            Err(error) => return self.fail(lease, error.into_failure()).await,
        };
        if let Err(over) = self.work(lease, fate).await {
            self.abort(lease, &receipt).await;
            return Err(over);
        }
        match fate {
            Fate::Fails(class) => {
                self.abort(lease, &receipt).await;
                self.fail(lease, Failure::new(code_of(class), "it went wrong in the simulation")).await
            }
            Fate::Finishes | Fate::Hangs => self.finish(lease, receipt).await,
        }
    }

    /// The shard's artifacts, in uploads that nobody has completed.
    async fn make(&self, lease: &Lease) -> Result<Receipt, StoreError> {
        let record = self.plan(lease).await?;
        let output = self.stores.at(&uri(&lease.output_uri));
        let Lease { shard, round, attempt, .. } = lease;
        let mark = Origin { shard: shard.clone(), round: *round, attempt: *attempt }.metadata();
        let mut artifacts = Vec::new();
        for partition in record.partition_first..record.partition_first + record.partition_count {
            let name = format!("part-{partition:05}.parquet");
            let upload_id = output.begin_upload(&name, &mark).await?;
            let mut parts = Vec::new();
            for number in 1..=2 {
                let bytes = Bytes::from(format!("{shard} {round} {attempt} {partition} {number};"));
                parts.push(output.upload_part(&name, &upload_id, number, bytes).await?);
            }
            let bytes = parts.iter().map(|p| p.size).sum();
            let crc64 = checksum::crc64_of_parts(&parts).map(checksum::to_hex).unwrap_or_default();
            artifacts.push(Artifact { partition, name, upload_id, parts, bytes, crc64, rows: ROWS });
        }
        let frozen = Frozen { shards: found(&self.world, shard), attempt: format!("{attempt}") };
        Ok(Receipt {
            shard: shard.clone(),
            round: *round,
            attempt: *attempt,
            worker: self.id.clone(),
            counts: Counts {
                items: ITEMS,
                rows: ROWS * artifacts.len() as u64,
                bytes_out: artifacts.iter().map(|a| a.bytes).sum(),
                ..Counts::default()
            },
            artifacts,
            sides: Vec::new(),
            skipped: lease.skip.clone(),
            output: match shard.stage {
                CONVERT => serde_json::Value::Null,
                _ => serde_json::to_value(frozen).expect("it is plain data"),
            },
        })
    }

    async fn plan(&self, lease: &Lease) -> Result<ShardRecord, StoreError> {
        let job = self.stores.at(&uri(&lease.job_uri));
        let found = job.get(&lease.plan_name, u64::MAX).await?;
        let found = found.ok_or_else(|| StoreError::NotFound { uri: lease.plan_name.clone() })?;
        let head = decode_head(&found.bytes, &lease.plan_digest).ok();
        let record = head.and_then(|h| h.records.get(lease.shard.shard as usize).cloned());
        self.world.must(record.is_some(), || format!("the plan of {} is not the lease's", lease.shard));
        Ok(record.unwrap_or_default())
    }

    /// Takes its time, and renews meanwhile.
    async fn work(&self, lease: &Lease, fate: Fate) -> Result<(), Over> {
        let mut left = self.world.range(50, 500) * self.slowness;
        let mut heard = self.world.now();
        let mut progress = Progress { step: "work".to_owned(), ..Progress::default() };
        while left > 0 || fate == Fate::Hangs {
            let step = if fate == Fate::Hangs { RENEW_MS } else { left.min(RENEW_MS) };
            self.world.pause(step, step).await;
            self.awake().await;
            left = left.saturating_sub(step);
            if fate != Fate::Hangs {
                progress.bytes_done += 10_000;
            }
            let ask = Renew {
                worker: self.id.clone(),
                shard: lease.shard.clone(),
                round: lease.round,
                attempt: lease.attempt,
                progress: progress.clone(),
            };
            match self.line.renew(ask).await {
                Ok(Directive::Continue) => heard = self.world.now(),
                Ok(Directive::Stop) => return Err(Over),
                Ok(Directive::Drain) => {
                    self.leave().await;
                    return Err(Over);
                }
                Err(LeasingError::UnknownWorker) => self.register().await,
                Err(LeasingError::Refused(_)) => return Err(Over),
                Err(LeasingError::Unreachable(_)) => {}
            }
            if self.world.now() - heard > ORPHAN_MS {
                self.world.fire("attempt given up as orphan");
                return Err(Over);
            }
        }
        Ok(())
    }

    async fn finish(&self, lease: &Lease, receipt: Receipt) -> Result<(), Over> {
        let begun = self.world.now();
        loop {
            self.awake().await;
            let ask = Complete { worker: self.id.clone(), receipt: receipt.clone() };
            match self.line.complete(ask).await {
                Ok(Completed::Accepted) => {
                    self.world.checks().accepted(&self.world, &receipt);
                    return Ok(());
                }
                Ok(Completed::Superseded) => {
                    self.world.fire("attempt superseded");
                    self.world.checks().superseded(&self.world, &receipt);
                    break;
                }
                Err(LeasingError::UnknownWorker) => self.register().await,
                // It may be accepted all the same, so its uploads are left alone.
                Err(LeasingError::Refused(_)) => return Err(Over),
                Err(_) if self.world.now() - begun > ORPHAN_MS => return Err(Over),
                Err(LeasingError::Unreachable(_)) => self.world.pause(50, 200).await,
            }
        }
        self.abort(lease, &receipt).await;
        Ok(())
    }

    async fn fail(&self, lease: &Lease, failure: Failure) -> Result<(), Over> {
        for _ in 0..5 {
            self.awake().await;
            let ask = Fail {
                worker: self.id.clone(),
                shard: lease.shard.clone(),
                round: lease.round,
                attempt: lease.attempt,
                failure: failure.clone(),
                killer: None,
            };
            match self.line.fail(ask).await {
                Err(LeasingError::Unreachable(_)) => self.world.pause(50, 200).await,
                Err(LeasingError::UnknownWorker) => self.register().await,
                Ok(()) | Err(LeasingError::Refused(_)) => break,
            }
        }
        Ok(())
    }

    async fn abort(&self, lease: &Lease, receipt: &Receipt) {
        let output = self.stores.at(&uri(&lease.output_uri));
        for artifact in &receipt.artifacts {
            self.awake().await;
            output.abort_upload(&artifact.name, &artifact.upload_id).await.ok();
        }
    }
}
