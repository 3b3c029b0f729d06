//! A kind of job without a format: stage `first` has one shard and makes nothing, stage `second` makes one small
//! object a shard.

use async_trait::async_trait;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tarquet_common::{
    codes::{cluster, spec, store},
    failure::Failure,
    leasing::Lease,
    origin::Origin,
    receipt::{Artifact, Counts, Receipt},
    stage_plan::{ItemWords, ShardDraft, encode},
    store::{StoreSettings, Stores, Uri, checksum},
};
use tarquet_coordinator::{Intent, Kinds, PlanAsk, PlanFailed, Planned};
use tarquet_core::{JobOptions, PublishMode};
use tarquet_worker::attempt::{Attempt, AttemptContext};

/// `{"name", "shards", "publish", "output": {"uri"}}`
pub(crate) struct FakeKinds;

fn text<'a>(spec: &'a serde_json::Value, pointer: &str) -> Result<&'a str, Failure> {
    let bad = || Failure::new(spec::BAD_URI, format!("{pointer} is missing"));
    spec.pointer(pointer).and_then(|v| v.as_str()).ok_or_else(bad)
}

#[async_trait]
impl Kinds for FakeKinds {
    fn intake(&self, spec: &serde_json::Value) -> Result<Intent, Failure> {
        let output = Uri::parse_here(text(spec, "/output/uri")?).expect("a path");
        let publish = match spec["publish"].as_str() {
            Some("shard") => PublishMode::Shard,
            _ => PublishMode::Job,
        };
        Ok(Intent {
            name: text(spec, "/name")?.to_owned(),
            kind: "fake".to_owned(),
            item: ItemWords::of("thing", "things"),
            stages: ["first", "second", "publish"].map(str::to_owned).to_vec(),
            home: output.sibling(".tarquet").expect("a path has a sibling"),
            output,
            store: StoreSettings::default(),
            places: vec![],
            options: JobOptions { publish, ..JobOptions::default() },
            spec: spec.clone(),
        })
    }

    async fn plan_stage(&self, ask: PlanAsk) -> Result<Planned, PlanFailed> {
        let shards = ask.job.spec["shards"].as_u64().unwrap_or(1) as u32;
        let draft = |n: u32, partitions: u32| ShardDraft {
            slot_bytes: 1 << 20,
            cost_bytes: 100,
            items: 1,
            partition_first: n * partitions,
            partition_count: partitions,
            block: n.to_le_bytes().to_vec(),
        };
        if ask.stage == 1 {
            assert_eq!(ask.receipts.len(), 1, "the receipts of the stages before");
            assert_eq!(ask.receipts[0].len(), 1, "stage first has one shard");
        }
        let drafts = match ask.stage {
            0 if shards == 13 => {
                let failure = Failure::new(store::ACCESS_DENIED, "unlucky");
                return Err(PlanFailed { failure, fatal: false });
            }
            0 => vec![draft(0, 0)],
            _ => (0..shards).map(|n| draft(n, 1)).collect(),
        };
        let partitions = if ask.stage == 0 { 0 } else { shards };
        let planned_items = drafts.len() as u64;
        Ok(Planned {
            plan: encode(b"{}", drafts),
            planned_items,
            steps: vec![],
            partitions,
            warnings: vec![],
        })
    }
}

/// What the work does and has done.
#[derive(Default)]
pub(crate) struct Script {
    /// How long an attempt of stage `second` takes.
    pub(crate) take: Duration,
    /// Shards of stage `second` whose next attempt fails as its surroundings do.
    pub(crate) fail: Vec<u32>,
    /// Attempts that ran to their end, by (stage, shard).
    pub(crate) finished: BTreeMap<(u8, u32), u32>,
    /// Receipts that were discarded.
    pub(crate) discarded: u32,
}

/// Work that uploads a sentence.
#[derive(Clone, Default)]
pub(crate) struct FakeWork {
    pub(crate) script: Arc<Mutex<Script>>,
    stores: Arc<Stores>,
    /// Who does it.
    worker: String,
}

impl FakeWork {
    pub(crate) fn taking(ms: u64) -> Self {
        let work = Self::default();
        work.with(|s| s.take = Duration::from_millis(ms));
        work
    }

    /// The same work, done by a worker of this name.
    pub(crate) fn by(&self, worker: &str) -> Self {
        Self { worker: worker.to_owned(), ..self.clone() }
    }

    pub(crate) fn with<T>(&self, f: impl FnOnce(&mut Script) -> T) -> T {
        f(&mut self.script.lock().unwrap())
    }

    /// How often each shard of stage `second` was done.
    pub(crate) fn done(&self) -> BTreeMap<u32, u32> {
        self.with(|s| {
            s.finished.iter().filter(|((stage, _), _)| *stage == 1).map(|(k, n)| (k.1, *n)).collect()
        })
    }

    async fn upload(&self, lease: &Lease) -> Result<Artifact, Failure> {
        let root = Uri::parse_here(&lease.output_uri).expect("a path");
        let store = self.stores.open(&root, &lease.store).await?;
        let name = format!("part-{:05}.parquet", lease.shard.shard);
        let bytes = bytes_of(lease.shard.shard);
        let origin = Origin { shard: lease.shard.clone(), round: lease.round, attempt: lease.attempt };
        let upload_id = store.begin_upload(&name, &origin.metadata()).await?;
        let part = store.upload_part(&name, &upload_id, 1, bytes.clone().into()).await?;
        let crc64 = checksum::to_hex(checksum::crc64(&bytes));
        let partition = lease.shard.shard;
        Ok(Artifact {
            partition,
            name,
            upload_id,
            parts: vec![part],
            bytes: bytes.len() as u64,
            crc64,
            rows: 1,
        })
    }
}

/// What the part of a shard holds.
pub(crate) fn bytes_of(shard: u32) -> Vec<u8> {
    format!("the part of shard {shard}").into_bytes()
}

#[async_trait]
impl Attempt for FakeWork {
    async fn run(&self, lease: &Lease, context: AttemptContext) -> Result<Receipt, Failure> {
        let (stage, shard) = (lease.shard.stage, lease.shard.shard);
        let second = stage == 1;
        if second {
            let take = self.with(|s| s.take);
            tokio::select! {
                () = tokio::time::sleep(take) => {}
                why = context.stop.raised() => {
                    return Err(Failure::new(cluster::DRAINED, format!("{why:?}")));
                }
            }
            let fails = self.with(|s| {
                let before = s.fail.len();
                s.fail.retain(|n| *n != shard);
                s.fail.len() < before
            });
            if fails {
                return Err(Failure::new(store::STORE_UNREACHABLE, "as the script says"));
            }
        }
        let artifacts = if second { vec![self.upload(lease).await?] } else { vec![] };
        context.progress.item_done(100, 1);
        self.with(|s| *s.finished.entry((stage, shard)).or_default() += 1);
        Ok(Receipt {
            shard: lease.shard.clone(),
            round: lease.round,
            attempt: lease.attempt,
            worker: tarquet_common::ids::WorkerId(self.worker.clone()),
            artifacts,
            counts: Counts { items: 1, rows: u64::from(second), ..Counts::default() },
            sides: Vec::new(),
            skipped: lease.skip.clone(),
            output: serde_json::Value::Null,
        })
    }

    async fn discard(&self, _: &Lease, _: &Receipt) {
        self.with(|s| s.discarded += 1);
    }
}
