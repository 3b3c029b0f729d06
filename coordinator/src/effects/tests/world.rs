//! A job's places, and who works in them.

use crate::{
    effects::{Executor, Order, Tools, order::JobPlace},
    planner::{Intent, Kinds, PlanAsk, PlanFailed, Planned},
    rebuild::Registry,
    stores::OpenStores,
};
use async_trait::async_trait;
use futures::TryStreamExt;
use std::{collections::BTreeMap, sync::Arc};
use tarquet_common::{
    clock::Clock,
    codes::plan as codes,
    failure::Failure,
    ids::{AttemptId, JobId, ShardId, WorkerId},
    origin::Origin,
    receipt::{Artifact, Counts, Receipt},
    stage_plan::{ShardDraft, encode},
    store::{LocalStore, Metadata, Store, StoreError, StoreSettings, Uri, list_all},
};
use tarquet_core::{EffectKey, JobOptions, JobRow, Outcome, Submit};
use tarquet_faulty::{FaultyStore, Planted};
use tempfile::TempDir;

pub(super) struct World {
    dir: TempDir,
    /// Its rules strike in every place of ours.
    rules: FaultyStore,
    ours: Executor,
    /// Another coordinator, on whose calls no rule is.
    rivals: Executor,
}

/// All that lies in a world: the text and metadata of objects by place and key, and the keys of open uploads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Everything {
    pub(super) objects: BTreeMap<String, (String, Metadata)>,
    pub(super) uploads: Vec<String>,
}

impl World {
    pub(super) fn new() -> Self {
        // In memory: a walk makes hundreds of worlds, and on a disk each of their writes is waited for.
        let dir = tempfile::tempdir_in("/dev/shm").unwrap();
        let local = |place: &str| local(&Uri::parse(place, dir.path()).unwrap());
        let rules = FaultyStore::new(local("registry"));
        let ours = tools("ours", Arc::new(rules.clone()), Arc::new(Faulty(rules.clone())));
        let rivals = tools("rival", local("registry"), Arc::new(Sound));
        Self { dir, rules, ours: Executor::new(ours), rivals: Executor::new(rivals) }
    }

    /// The root of a place: `out`, `out.tarquet`, `registry`, or one in them.
    pub(super) fn uri(&self, place: &str) -> Uri {
        Uri::parse(place, self.dir.path()).unwrap()
    }

    /// A place, with no rule on it.
    pub(super) fn store(&self, place: &str) -> Arc<dyn Store> {
        local(&self.uri(place))
    }

    pub(super) fn output(&self) -> Arc<dyn Store> {
        self.store("out")
    }

    pub(super) fn job_store(&self) -> Arc<dyn Store> {
        self.store(&format!("out.tarquet/jobs/{}", job(1)))
    }

    pub(super) fn at(&self) -> JobPlace {
        self.at_of(1)
    }

    /// Where the `n`-th job is; all write to one output.
    pub(super) fn at_of(&self, n: u128) -> JobPlace {
        JobPlace {
            job: job(n),
            job_uri: self.uri(&format!("out.tarquet/jobs/{}", job(n))).to_string(),
            output_uri: self.uri("out").to_string(),
            store: StoreSettings::default(),
        }
    }

    pub(super) fn asked(&self, n: u128) -> Submit {
        let at = self.at_of(n);
        Submit {
            token: format!("token {n}"),
            job: at.job,
            name: "a job".to_owned(),
            kind: "test".to_owned(),
            item: tarquet_common::stage_plan::ItemWords::of("member", "members"),
            stages: ["first", "second", "publish"].map(str::to_owned).to_vec(),
            job_uri: at.job_uri,
            output_uri: at.output_uri,
            store: at.store,
            spec: serde_json::Value::Null.into(),
            options: JobOptions::default(),
            submitted_unix_ms: 1,
        }
    }

    pub(super) fn row(&self) -> JobRow {
        JobRow::submitted(&self.asked(1))
    }

    pub(super) fn claims(&self, n: u128) -> Order {
        Order::ClaimOutput { at: self.at_of(n), asked: Box::new(self.asked(n)), again: false }
    }

    /// What becomes of an order of ours.
    pub(super) async fn carry_out(&self, order: Order) -> Outcome {
        let key = EffectKey::List(job(1));
        let outcome = self.ours.carry_out(key.clone(), order).await;
        if let Outcome::EffectFailed { effect, .. } = &outcome {
            assert_eq!(*effect, key, "a failure names its effect");
        }
        outcome
    }

    /// What becomes of an order that meets no trouble, of another coordinator.
    pub(super) async fn rival(&self, order: Order) -> Outcome {
        self.rivals.carry_out(EffectKey::List(job(1)), order).await
    }

    pub(super) fn plant(&self, calls: tarquet_faulty::Calls, trouble: tarquet_faulty::Trouble) -> Planted {
        self.rules.plant(calls, trouble)
    }

    pub(super) fn heal(&self) {
        self.rules.heal();
    }

    /// Somebody's object, whatever it is.
    pub(super) async fn put(&self, place: &str, key: &str, text: &str, metadata: &Metadata) {
        self.store(place).put(key, text.as_bytes().to_vec().into(), metadata).await.unwrap();
    }

    /// An upload of one part below a place, that nobody has completed.
    pub(super) async fn upload(&self, place: &str, key: &str, text: &str, metadata: &Metadata) -> Artifact {
        let store = self.store(place);
        let upload_id = store.begin_upload(key, metadata).await.unwrap();
        let part = store.upload_part(key, &upload_id, 1, text.as_bytes().to_vec().into()).await.unwrap();
        Artifact {
            partition: 0,
            name: key.to_owned(),
            upload_id,
            bytes: text.len() as u64,
            crc64: part.crc64.clone(),
            parts: vec![part],
            rows: 1,
        }
    }

    /// A receipt with an upload for each text, under the names of parts.
    pub(super) async fn finished(&self, texts: &[&str]) -> Arc<Receipt> {
        let mut receipt = receipt(1);
        let mark = mark(&receipt).metadata();
        for (n, text) in (0..).zip(texts) {
            let artifact = self.upload("out", &part(n), text, &mark).await;
            receipt.artifacts.push(Artifact { partition: n, ..artifact });
        }
        Arc::new(receipt)
    }

    /// Text in which places are the same in every world.
    pub(super) fn told(&self, text: &str) -> String {
        text.replace(&*self.dir.path().to_string_lossy(), "DIR")
    }

    pub(super) async fn everything(&self) -> Everything {
        let mut all = Everything::default();
        for place in ["out", "out.tarquet", "registry"] {
            let store = self.store(place);
            let listed: Vec<_> = list_all(&*store, "").try_collect().await.unwrap();
            for object in listed {
                let key = object.unwrap().key;
                let there = store.get(&key, u64::MAX).await.unwrap().unwrap();
                let text = self.told(&String::from_utf8_lossy(&there.bytes));
                all.objects.insert(format!("{place}/{key}"), (text, there.meta.metadata));
            }
            for upload in store.list_uploads("").await.unwrap() {
                all.uploads.push(format!("{place}/{}", upload.key));
            }
        }
        all
    }
}

pub(super) fn job(n: u128) -> JobId {
    JobId::from_parts(1, n)
}

pub(super) fn shard() -> ShardId {
    ShardId { job: job(1), stage: 1, shard: 7 }
}

pub(super) fn part(n: u32) -> String {
    format!("part-{n:05}.parquet")
}

/// Of the shard's `n`-th attempt, without artifacts.
pub(super) fn receipt(n: u32) -> Receipt {
    Receipt {
        shard: shard(),
        round: 0,
        attempt: AttemptId { generation: 1, n },
        worker: WorkerId("w".to_owned()),
        artifacts: Vec::new(),
        counts: Counts { items: 5, rows: 50, ..Counts::default() },
        sides: Vec::new(),
        skipped: Vec::new(),
        output: serde_json::Value::Null,
    }
}

/// The mark of a receipt's attempt.
pub(super) fn mark(receipt: &Receipt) -> Origin {
    Origin { shard: receipt.shard.clone(), round: receipt.round, attempt: receipt.attempt }
}

fn local(root: &Uri) -> Arc<dyn Store> {
    Arc::new(LocalStore::open(root).unwrap())
}

fn tools(nonce: &str, registry: Arc<dyn Store>, stores: Arc<dyn OpenStores>) -> Tools {
    Tools {
        stores,
        kinds: Arc::new(OneKind(nonce.to_owned())),
        registry: Registry::new(registry),
        clock: Arc::new(Still),
        nonce: nonce.to_owned(),
    }
}

struct Faulty(FaultyStore);

#[async_trait]
impl OpenStores for Faulty {
    fn check(&self, _: &StoreSettings) -> Result<(), StoreError> {
        Ok(())
    }

    async fn open(&self, root: &Uri, _: &StoreSettings) -> Result<Arc<dyn Store>, StoreError> {
        Ok(Arc::new(self.0.around(local(root))))
    }
}

struct Sound;

#[async_trait]
impl OpenStores for Sound {
    fn check(&self, _: &StoreSettings) -> Result<(), StoreError> {
        Ok(())
    }

    async fn open(&self, root: &Uri, _: &StoreSettings) -> Result<Arc<dyn Store>, StoreError> {
        Ok(local(root))
    }
}

/// A clock that stands: what is written twice is written alike.
struct Still;

impl Clock for Still {
    fn monotonic_ms(&self) -> u64 {
        1
    }

    fn unix_ms(&self) -> u64 {
        1
    }
}

/// A kind whose plans hold its maker's name, so that two makers differ. It cannot plan a job called `impossible`, nor one
/// called `unreachable` for now.
struct OneKind(String);

#[async_trait]
impl Kinds for OneKind {
    fn intake(&self, _: &serde_json::Value) -> Result<Intent, Failure> {
        Err(Failure::new(codes::NO_MATCH, "no effect takes a spec in"))
    }

    async fn plan_stage(&self, ask: PlanAsk) -> Result<Planned, PlanFailed> {
        match ask.job.name.as_str() {
            "impossible" => {
                return Err(PlanFailed { failure: Failure::new(codes::NO_MATCH, "no inputs"), fatal: true });
            }
            "unreachable" => {
                let failure = tarquet_faulty::lost_answer().into_failure();
                return Err(PlanFailed { failure, fatal: false });
            }
            _ => {}
        }
        let shard = |n: u32| ShardDraft {
            slot_bytes: 1,
            cost_bytes: 2,
            items: 3,
            partition_first: n,
            partition_count: 1,
            block: vec![b'b'; 4],
        };
        Ok(Planned {
            plan: encode(self.0.as_bytes(), (0..2).map(shard).collect()),
            planned_items: 6,
            steps: vec!["step".to_owned()],
            partitions: 2,
            warnings: Vec::new(),
        })
    }
}
