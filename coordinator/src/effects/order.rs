//! An effect with all that it needs to know, taken from the state when it is started.

use std::sync::Arc;
use tarquet_common::{
    ids::{JobId, ShardId},
    receipt::Receipt,
    store::StoreSettings,
};
use tarquet_core::{
    AcceptObject, Catalog, Effect, JobRow, RoundOf, RoundsObject, State, Submit, Upload, Verdict, catalog,
};

/// Where a job writes.
#[derive(Clone, Debug)]
pub(crate) struct JobPlace {
    /// The job.
    pub(crate) job: JobId,
    /// Its prefix.
    pub(crate) job_uri: String,
    /// The root of its dataset.
    pub(crate) output_uri: String,
    /// How both are reached.
    pub(crate) store: StoreSettings,
}

impl JobPlace {
    /// Of a job.
    pub(crate) fn of(row: &JobRow) -> Self {
        Self {
            job: row.job.clone(),
            job_uri: row.job_uri.clone(),
            output_uri: row.output_uri.clone(),
            store: row.store.clone(),
        }
    }
}

/// What is to be carried out. Each variant is the [`Effect`] of its name.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    /// Write what was asked, and claim the output; `again` if an earlier try may have claimed it.
    ClaimOutput { at: JobPlace, asked: Box<Submit>, again: bool },
    /// Write the first free generation above this one.
    RaiseGeneration { at: JobPlace, above: u32 },
    /// Plan the stage, from the receipts of those before it.
    PlanStage { at: JobPlace, job: Arc<JobRow>, stage: u8, receipts: Vec<Vec<Arc<Receipt>>> },
    /// Write the receipt.
    StoreReceipt { at: JobPlace, receipt: Arc<Receipt> },
    /// End the rounds before and write the rounds, less those whose artifacts are visible.
    OpenRounds { at: JobPlace, rounds: RoundsObject },
    /// End the rounds of what is excluded and write the accept.
    StoreAccept { at: JobPlace, accept: AcceptObject, rounds: Vec<RoundOf> },
    /// Write the outcome.
    StoreOutcome { at: JobPlace, verdict: Verdict },
    /// Look for what is not ours.
    ListOutput { at: JobPlace },
    /// Make a shard's artifacts visible; `early` if no outcome allows it yet.
    PublishShard { at: JobPlace, receipt: Arc<Receipt>, early: bool },
    /// Write the catalog.
    StoreCatalog { at: JobPlace, catalog: Catalog },
    /// Abort uploads of a round that is over.
    AbortUploads { at: JobPlace, shard: ShardId, round: u32, uploads: Vec<Upload> },
    /// Abort what is left of the artifacts in the catalog and, if asked to, release the claim.
    SweepUploads { at: JobPlace, catalog: Catalog, release: bool },
    /// Read all that the job has written.
    Compare { at: JobPlace },
}

impl Order {
    /// Takes from the state what the effect needs. `None` if the job is gone: then nobody waits for an outcome.
    pub(crate) fn of(state: &State, effect: Effect) -> Option<Self> {
        let key = effect.key();
        let id = key.job().clone();
        let row = state.job(&id)?;
        let at = JobPlace::of(row);
        Some(match effect {
            Effect::ClaimOutput { .. } => {
                Self::ClaimOutput { at, asked: Box::new(row.asked()), again: state.tries(&key) > 1 }
            }
            Effect::RaiseGeneration { above, .. } => Self::RaiseGeneration { at, above },
            Effect::PlanStage { stage, .. } => {
                let receipts =
                    (0..stage).map(|before| state.receipts(&id, before).cloned().collect()).collect();
                Self::PlanStage { at, job: Arc::new(row.clone()), stage, receipts }
            }
            Effect::StoreReceipt { receipt } => Self::StoreReceipt { at, receipt },
            Effect::OpenRounds { rounds, .. } => Self::OpenRounds { at, rounds },
            Effect::StoreAccept { accept, rounds, .. } => Self::StoreAccept { at, accept, rounds },
            Effect::StoreOutcome { verdict, .. } => Self::StoreOutcome { at, verdict },
            Effect::ListOutput { .. } => Self::ListOutput { at },
            Effect::PublishShard { receipt } => {
                Self::PublishShard { at, receipt, early: row.outcome.is_none() }
            }
            Effect::StoreCatalog { .. } => Self::StoreCatalog { at, catalog: catalog(state, &id)? },
            Effect::AbortUploads { shard, round, uploads } => {
                Self::AbortUploads { at, shard, round, uploads }
            }
            Effect::SweepUploads { release, .. } => {
                Self::SweepUploads { at, catalog: catalog(state, &id)?, release }
            }
            Effect::Compare { .. } => Self::Compare { at },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_core::{Ask, JobOptions, Settings, handle};

    /// A spec may take megabytes, and effects are started by the driver, for which all others wait.
    #[test]
    fn what_an_effect_is_given_has_no_copy_of_the_spec() {
        let mut state = State::new(Settings::default());
        let submit = Submit {
            token: "t".to_owned(),
            job: JobId::from_parts(1, 1),
            name: "n".to_owned(),
            kind: "k".to_owned(),
            item: tarquet_common::stage_plan::ItemWords::of("item", "items"),
            stages: vec!["work".to_owned(), "publish".to_owned()],
            job_uri: "mem://j".to_owned(),
            output_uri: "mem://o".to_owned(),
            store: StoreSettings::default(),
            spec: serde_json::json!({ "uris": ["a", "b"] }).into(),
            options: JobOptions::default(),
            submitted_unix_ms: 1,
        };
        let job = submit.job.clone();
        handle(&mut state, &Ask::Submit(Box::new(submit)), 1);
        let kept: *const serde_json::Value = &*state.job(&job).expect("it was taken").spec;
        let of = |effect| Order::of(&state, effect).expect("the job is there");
        match of(Effect::ClaimOutput { job: job.clone() }) {
            Order::ClaimOutput { asked, .. } => assert!(std::ptr::eq(&*asked.spec, kept)),
            other => panic!("{other:?}"),
        }
        match of(Effect::PlanStage { job, stage: 0 }) {
            Order::PlanStage { job, .. } => assert!(std::ptr::eq(&*job.spec, kept)),
            other => panic!("{other:?}"),
        }
    }
}
