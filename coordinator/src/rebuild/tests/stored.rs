//! A job of which every object is there.

use crate::{
    objects::{self, Claim, Generation, PlanObject},
    stores::OpenStores,
};
use async_trait::async_trait;
use serde::Serialize;
use std::sync::Arc;
use tarquet_common::{
    codes::plan as codes,
    failure::Failure,
    ids::{AttemptId, JobId, ShardId, WorkerId},
    receipt::{Counts, Receipt},
    stage_plan::{ShardDraft, encode},
    store::{LocalStore, Metadata, Store, StoreError, StoreSettings, Uri},
};
use tarquet_core::{AcceptObject, JobOptions, Reopen, RoundsObject, Submit, Verdict, WhyReopen};
use tarquet_faulty::FaultyStore;
use tempfile::TempDir;

pub(super) struct Stored {
    dir: TempDir,
    /// Its rules strike in every place.
    pub(super) rules: FaultyStore,
}

#[async_trait]
impl OpenStores for Stored {
    fn check(&self, _: &StoreSettings) -> Result<(), StoreError> {
        Ok(())
    }

    async fn open(&self, root: &Uri, _: &StoreSettings) -> Result<Arc<dyn Store>, StoreError> {
        Ok(Arc::new(self.rules.around(local(root))))
    }
}

fn local(root: &Uri) -> Arc<dyn Store> {
    Arc::new(LocalStore::open(root).unwrap())
}

pub(super) fn job() -> JobId {
    JobId::from_parts(1, 1)
}

pub(super) fn receipt(stage: u8, shard: u32, round: u32) -> Receipt {
    Receipt {
        shard: ShardId { job: job(), stage, shard },
        round,
        attempt: AttemptId { generation: 1, n: shard },
        worker: WorkerId("w".to_owned()),
        artifacts: Vec::new(),
        counts: Counts { items: 5, ..Counts::default() },
        sides: Vec::new(),
        skipped: Vec::new(),
        output: serde_json::Value::Null,
    }
}

impl Stored {
    /// Nothing is there.
    pub(super) fn nothing() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let rules = FaultyStore::new(local(&Uri::parse("elsewhere", dir.path()).unwrap()));
        Self { dir, rules }
    }

    /// Everything but an outcome and a catalog.
    pub(super) async fn running() -> Self {
        let stored = Self::nothing();
        stored.put(objects::JOB, &stored.submit()).await;
        stored.claim().await;
        for generation in [1, 2] {
            let object = Generation { generation, unix_ms: 1, nonce: "n".to_owned() };
            stored.put(&objects::generation(generation), &object).await;
        }
        for stage in [0, 1] {
            stored.plan(stage).await;
        }
        for (stage, shard, round) in [(0, 0, 0), (0, 1, 0), (0, 1, 1), (1, 0, 0)] {
            let receipt = receipt(stage, shard, round);
            stored.put(&objects::receipt(&receipt.shard, round), &receipt).await;
        }
        for number in [1, 2] {
            let shards = vec![Reopen { stage: 0, shard: 1, round: number }];
            let rounds = RoundsObject { number, why: WhyReopen::Retry, shards };
            stored.put(&objects::rounds(number), &rounds).await;
        }
        let excluded = vec![(1, Failure::new(codes::NO_MATCH, "why"))];
        let accept = AcceptObject { number: 1, stage: 1, quarantined: 0, excluded };
        stored.put(&objects::accept(1), &accept).await;
        stored
    }

    /// Everything.
    pub(super) async fn whole() -> Self {
        let stored = Self::running().await;
        stored.put(objects::OUTCOME, &Verdict::Publish).await;
        stored.put(objects::CATALOG, &serde_json::json!({})).await;
        stored
    }

    pub(super) fn uri(&self) -> Uri {
        Uri::parse(&format!("out.tarquet/jobs/{}", job()), self.dir.path()).unwrap()
    }

    /// The job's prefix, with no rule on it.
    pub(super) fn store(&self) -> Arc<dyn Store> {
        local(&self.uri())
    }

    pub(super) fn local(&self, place: &str) -> Arc<dyn Store> {
        local(&Uri::parse(place, self.dir.path()).unwrap())
    }

    pub(super) async fn put(&self, key: &str, value: &impl Serialize) {
        let bytes = serde_json::to_vec_pretty(value).unwrap();
        self.store().put(key, bytes.into(), &Metadata::new()).await.unwrap();
    }

    pub(super) fn submit(&self) -> Submit {
        Submit {
            token: "token".to_owned(),
            job: job(),
            name: "a job".to_owned(),
            kind: "test".to_owned(),
            item: tarquet_common::stage_plan::ItemWords::of("member", "members"),
            stages: ["first", "second", "publish"].map(str::to_owned).to_vec(),
            job_uri: self.uri().to_string(),
            output_uri: Uri::parse("out", self.dir.path()).unwrap().to_string(),
            store: StoreSettings::default(),
            spec: serde_json::Value::Null.into(),
            options: JobOptions::default(),
            submitted_unix_ms: 1,
        }
    }

    /// The output is this job's.
    pub(super) async fn claim(&self) {
        let claim = Claim { job: job(), output_uri: self.submit().output_uri, job_uri: None };
        let bytes = serde_json::to_vec(&claim).unwrap();
        self.local("out.tarquet").put("claim", bytes.into(), &Metadata::new()).await.unwrap();
    }

    async fn plan(&self, stage: u8) {
        let draft =
            |n| ShardDraft { items: 3, partition_first: n, partition_count: 1, ..ShardDraft::default() };
        let plan = encode(&[stage], (0..2).map(draft).collect());
        let chosen = PlanObject {
            stage,
            plan_name: objects::plan(stage, &plan.digest),
            plan_digest: plan.digest,
            planned_items: 6,
            steps: Vec::new(),
            partitions: 2,
            warnings: Vec::new(),
        };
        self.store().put(&chosen.plan_name, plan.bytes.into(), &Metadata::new()).await.unwrap();
        self.put(&objects::plan_object(stage), &chosen).await;
    }
}
