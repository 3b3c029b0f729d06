//! From the objects of jobs back to what the coordinator knows.
//!
//! The **registry** holds one **pointer** per job, written before the job's claim. At each start the coordinator reads
//! every pointer and every unfinished job of its ledger, takes a **snapshot** of the job's objects, and lets the core
//! catch up with it (`Adopt`). So a ledger that is gone, damaged, or silently older than the objects costs no accepted
//! shard.

use crate::{
    claims,
    objects::{self, PlanObject, Pointer},
    stores::OpenStores,
    stores::{read_json, vanished},
};
use futures::{StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tarquet_common::{
    codes::cluster,
    failure::{Class, Failure},
    ids::JobId,
    stage_plan::{self, PREAMBLE_LEN},
    store::{Metadata, PutOutcome, Store, StoreError, StoreSettings, Uri, list_all, probe},
};
use tarquet_core::{Snapshot, StagePlan, Submit, Verdict};

/// Objects read at a time.
const PARALLEL: usize = 64;
/// Largest head of a plan that is read: 10,000 shards take half a mebibyte.
const HEAD_BYTES_MAX: usize = 256 << 20;

/// Reads the objects under a job's prefix. `None` if there is no job object, as for a job that was never claimed.
pub(crate) async fn snapshot(
    stores: &dyn OpenStores,
    job_uri: &Uri,
    settings: &StoreSettings,
) -> Result<Option<Snapshot>, Failure> {
    let store = stores.open(job_uri, settings).await?;
    let store = &*store;
    let Some(submit) = read_json::<Submit>(store, objects::JOB).await? else { return Ok(None) };
    let claimed = claimed(stores, job_uri, settings, &submit).await?;
    // Another coordinator may be at work. What is written last is read first, so that with each object all that it
    // rests on is in the snapshot too; a receipt whose plan was not there yet is refused by the core.
    let catalog = store.head(objects::CATALOG).await?.is_some();
    let outcome = read_json(store, objects::OUTCOME).await?;
    let accepts = all(store, objects::ACCEPTS).await?;
    let mut plans = Vec::new();
    for stage in 0..u8::try_from(submit.stages.len()).unwrap_or(u8::MAX) {
        let Some(chosen) = read_json::<PlanObject>(store, &objects::plan_object(stage)).await? else { break };
        plans.push(read_plan(store, chosen).await?);
    }
    let ends = all(store, objects::RECEIPTS).await?;
    let rounds = all(store, objects::ROUNDS).await?;
    let generation = highest_generation(store).await?;
    Ok(Some(Snapshot { submit, claimed, generation, plans, rounds, ends, accepts, outcome, catalog }))
}

/// Whether the output's claim names this job.
async fn claimed(
    stores: &dyn OpenStores,
    job_uri: &Uri,
    settings: &StoreSettings,
    submit: &Submit,
) -> Result<bool, Failure> {
    let output_uri = Uri::parse_here(&submit.output_uri).map_err(StoreError::from)?;
    let home = objects::home_of(job_uri, &submit.job);
    let found = claims::find(stores, settings, &output_uri, &home).await?;
    Ok(found.is_some_and(|found| found.claim.job == submit.job))
}

/// The highest number of attempts that is there; 0 if none.
pub(crate) async fn highest_generation(store: &dyn Store) -> Result<u32, Failure> {
    let mut highest = 0;
    let mut objects = list_all(store, objects::GENERATIONS);
    while let Some(object) = objects.try_next().await? {
        highest = highest.max(object.ok().and_then(|o| objects::generation_of(&o.key)).unwrap_or(0));
    }
    Ok(highest)
}

/// All JSON objects under a prefix, in the order of their keys.
async fn all<T: DeserializeOwned>(store: &dyn Store, prefix: &str) -> Result<Vec<T>, Failure> {
    let keys: Vec<String> = list_all(store, prefix)
        .try_filter_map(|entry| async { Ok(entry.ok().map(|o| o.key)) })
        .try_collect()
        .await?;
    let read = |key: String| async move {
        let found = read_json::<T>(store, &key).await?;
        found.ok_or_else(|| vanished(store, &key))
    };
    let reads: Vec<_> = keys.into_iter().map(read).collect();
    stream::iter(reads).buffered(PARALLEL).try_collect().await
}

/// Reads the head of a stage's plan and proves it.
pub(crate) async fn read_plan(store: &dyn Store, chosen: PlanObject) -> Result<StagePlan, Failure> {
    let uri = store.root().join(&chosen.plan_name).to_string();
    let bad = |why: &dyn std::error::Error| {
        let told = format!("the plan of stage {} does not read", chosen.stage);
        Failure::new(cluster::JOB_OBJECT_DAMAGED, told).at_uri(&uri).caused_by(why)
    };
    let cut_or_gone = |e: StoreError| match e {
        StoreError::Changed { .. } | StoreError::NotFound { .. } => bad(&e),
        other => other.into(),
    };
    let preamble =
        store.get_range(&chosen.plan_name, 0..PREAMBLE_LEN as u64, None).await.map_err(cut_or_gone)?;
    let len = stage_plan::head_len(&preamble).map_err(|e| bad(&e))?;
    if len > HEAD_BYTES_MAX {
        return Err(Failure::new(cluster::JOB_OBJECT_DAMAGED, "the head of the plan is too long")
            .at_uri(&uri)
            .expected(format!("at most {HEAD_BYTES_MAX}"), len));
    }
    let head = store.get_range(&chosen.plan_name, 0..len as u64, None).await.map_err(cut_or_gone)?;
    let head = stage_plan::decode_head(&head, &chosen.plan_digest).map_err(|e| bad(&e))?;
    Ok(StagePlan {
        stage: chosen.stage,
        plan_name: chosen.plan_name,
        plan_digest: chosen.plan_digest,
        shards: head.records,
        planned_items: chosen.planned_items,
        steps: chosen.steps,
        partitions: chosen.partitions,
        warnings: chosen.warnings,
    })
}

/// A snapshot of a job that must be there.
pub(crate) async fn snapshot_of(
    stores: &Arc<dyn OpenStores>,
    job_uri: &Uri,
    settings: &StoreSettings,
) -> Result<Snapshot, Failure> {
    snapshot(&**stores, job_uri, settings).await?.ok_or_else(|| {
        Failure::new(cluster::NO_JOB_THERE, "there is no job object under the prefix")
            .at_uri(job_uri.to_string())
    })
}

/// Whether a job ever had its output. One that never had was refused, or its submitter was not answered: it may not begin
/// later because its job object and its pointer, which come before the claim, are still there.
pub(crate) fn was_begun(snapshot: &Snapshot) -> bool {
    snapshot.claimed || snapshot.generation > 0 || !snapshot.plans.is_empty() || snapshot.outcome.is_some()
}

/// Whether a job that this coordinator's ledger does not know may be taken over: another coordinator may be in charge of it.
/// Where the store keeps its conditions the objects tell the two apart: of each generation, receipt and outcome there is
/// one, whoever writes it first. Where it does not, both would believe to have won; then only a person can know that the
/// other is gone.
///
/// Tries the store that the job is in, unless nothing can go wrong: the job is over, its files are on this machine, or
/// somebody has `said` that no other coordinator is left.
///
/// # Errors
/// `TAKE_OVER_UNSAFE`; what trying the store said.
pub(crate) async fn may_take_over(store: &dyn Store, snapshot: &Snapshot, said: bool) -> Result<(), Failure> {
    let dead = matches!(snapshot.outcome, Some(Verdict::Cancel { .. } | Verdict::Fail { .. }));
    if said || snapshot.catalog || dead || store.root().path().is_some() {
        return Ok(());
    }
    let seen = probe(store, "").await?;
    if seen.is_safe() {
        return Ok(());
    }
    let told = format!(
        "job {} is not in this coordinator's ledger, and its store could not keep two coordinators apart",
        snapshot.submit.job
    );
    Err(Failure::new(cluster::TAKE_OVER_UNSAFE, told).at_uri(store.root().to_string()))
}

/// The place that says where jobs are. Its own root, apart from every job.
#[derive(Clone, Debug)]
pub(crate) struct Registry(Arc<dyn Store>);

impl Registry {
    /// The registry at this root.
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self(store)
    }

    /// Points at a job. A pointer that is there stays: it says the same.
    pub(crate) async fn write(&self, pointer: &Pointer) -> Result<(), Failure> {
        let bytes = serde_json::to_vec_pretty(pointer).expect("pointers have string keys");
        let key = objects::pointer(&pointer.job);
        match self.0.put_if_absent(&key, bytes.into(), &Metadata::new()).await? {
            PutOutcome::Created | PutOutcome::Exists => Ok(()),
        }
    }

    /// Forgets a job. Its objects stay.
    pub(crate) async fn remove(&self, job: &JobId) -> Result<(), Failure> {
        Ok(self.0.delete(&objects::pointer(job)).await?)
    }

    /// All pointers, oldest job first. One that is damaged or may not be read is left out, with a warning: it must not
    /// keep the others from being found. Where only the surroundings fail, reading again will find it, so that is an error.
    pub(crate) async fn all(&self) -> Result<Vec<Pointer>, Failure> {
        let mut found = Vec::new();
        let mut objects = list_all(&*self.0, "");
        while let Some(entry) = objects.try_next().await? {
            let Ok(object) = entry else { continue };
            if !object.key.ends_with(".json") || object.key.contains('/') {
                continue;
            }
            match read_json::<Pointer>(&*self.0, &object.key).await {
                Ok(pointer) => found.extend(pointer),
                Err(failure) if passes(&failure) => return Err(failure),
                Err(failure) => tracing::warn!(key = object.key, %failure, "a pointer does not read"),
            }
        }
        Ok(found)
    }
}

fn passes(failure: &Failure) -> bool {
    failure.class() == Class::Environment && failure.code != cluster::JOB_OBJECT_DAMAGED
}

#[cfg(test)]
mod tests {
    //! What is read back, on stores that fail, lie, or hold what is damaged.

    mod registry;
    mod snapshot;
    mod stored;
    mod take_over;
}
