//! A store that keeps its promises: conditional objects, uploads that become visible when completed.

use std::collections::{BTreeMap, BTreeSet};
use tarquet_common::{
    failure::Failure,
    ids::{AttemptId, JobId, ShardId},
    receipt::Receipt,
};
use tarquet_core::{
    AcceptObject, Catalog, Effect, Outcome, RoundsObject, Snapshot, StagePlan, Submit, Upload, Verdict,
    VoidArtifacts,
};

/// All objects of one job prefix.
#[derive(Default)]
pub struct JobObjects {
    pub submit: Option<Submit>,
    pub generations: BTreeSet<u32>,
    pub plans: BTreeMap<u8, StagePlan>,
    pub receipts: BTreeMap<(u8, u32, u32), Receipt>,
    pub rounds: BTreeMap<u32, RoundsObject>,
    pub accepts: BTreeMap<u32, AcceptObject>,
    pub outcome: Option<Verdict>,
    pub catalog: Option<Catalog>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    pub shard: ShardId,
    pub round: u32,
    pub attempt: AttemptId,
}

#[derive(Default)]
pub struct Store {
    pub jobs: BTreeMap<JobId, JobObjects>,
    /// Claims by output.
    pub claims: BTreeMap<String, JobId>,
    /// Uploads that nobody completed, by id: (output, name, who).
    pub uploads: BTreeMap<String, (String, String, Made)>,
    /// Visible objects by (output, name); `None` is somebody else's.
    pub objects: BTreeMap<(String, String), Option<Made>>,
    next_upload: u64,
}

impl Store {
    pub fn begin_upload(&mut self, output: &str, name: &str, made: Made) -> String {
        self.next_upload += 1;
        let id = format!("u{}", self.next_upload);
        self.uploads.insert(id.clone(), (output.to_owned(), name.to_owned(), made));
        id
    }

    pub fn highest_round(&self, shard: &ShardId) -> u32 {
        let rounds = self.jobs.get(&shard.job).into_iter().flat_map(|j| j.rounds.values());
        let opened =
            rounds.flat_map(|r| &r.shards).filter(|r| (r.stage, r.shard) == (shard.stage, shard.shard));
        opened.map(|r| r.round).max().unwrap_or(0)
    }

    /// Does what an effect says and returns its outcome. `plan` is the kind's planner, `catalog` what the receipts say.
    pub fn perform(
        &mut self,
        effect: &Effect,
        submit: &Submit,
        plan: impl Fn(u8) -> Result<StagePlan, Failure>,
        catalog: Option<Catalog>,
        parts_seen: &mut u64,
    ) -> Outcome {
        let output = submit.output_uri.clone();
        let objects = self.jobs.entry(submit.job.clone()).or_default();
        match effect.clone() {
            Effect::ClaimOutput { job } => {
                objects.submit.get_or_insert_with(|| submit.clone());
                let by = self.claims.entry(output).or_insert_with(|| job.clone()).clone();
                if by == job { Outcome::ClaimStored(job) } else { Outcome::ClaimTaken { job, by } }
            }
            Effect::RaiseGeneration { job, above } => {
                let generation = objects.generations.last().copied().unwrap_or(0).max(above) + 1;
                objects.generations.insert(generation);
                Outcome::GenerationRaised { job, generation }
            }
            Effect::PlanStage { job, stage } => match plan(stage) {
                Ok(plan) => {
                    let plan = Box::new(objects.plans.entry(stage).or_insert(plan).clone());
                    Outcome::StagePlanned { job, plan }
                }
                Err(failure) => Outcome::StagePlanFailed { job, stage, failure, fatal: false },
            },
            Effect::StoreReceipt { receipt } => {
                let key = (receipt.shard.stage, receipt.shard.shard, receipt.round);
                let stored = objects.receipts.entry(key).or_insert_with(|| receipt.as_ref().clone());
                let stored = std::sync::Arc::new(stored.clone());
                if stored == receipt { Outcome::ReceiptStored(stored) } else { Outcome::ReceiptTaken(stored) }
            }
            Effect::OpenRounds { job, rounds, artifacts } => {
                self.open_rounds(&output, job, rounds, &artifacts)
            }
            Effect::StoreAccept { job, accept } => {
                let accept = objects.accepts.entry(accept.number).or_insert(accept).clone();
                Outcome::AcceptStored { job, accept }
            }
            Effect::StoreOutcome { job, verdict } => {
                let verdict = objects.outcome.get_or_insert(verdict).clone();
                Outcome::OutcomeStored { job, verdict }
            }
            Effect::ListOutput { job } => {
                let foreign = self.objects.iter().filter(|((o, _), made)| {
                    *o == output && made.as_ref().is_none_or(|m| m.shard.job != job)
                });
                let foreign = foreign.map(|((_, name), _)| name.clone()).collect();
                Outcome::OutputListed { job, foreign }
            }
            Effect::PublishShard { receipt } => self.publish(&output, &receipt, parts_seen),
            Effect::StoreCatalog { job } => {
                let Some(catalog) = catalog else { return Outcome::CatalogDiffers(job) };
                let stored = objects.catalog.get_or_insert_with(|| catalog.clone());
                if *stored == catalog { Outcome::CatalogStored(job) } else { Outcome::CatalogDiffers(job) }
            }
            Effect::AbortUploads { shard, round, uploads } => {
                for Upload { upload_id, .. } in uploads {
                    self.uploads.remove(&upload_id);
                }
                Outcome::UploadsAborted { shard, round }
            }
            Effect::SweepUploads { job, release } => self.sweep(&output, job, release),
            Effect::Compare { job, .. } => {
                Outcome::Compared(Box::new(self.snapshot(&job).expect("it was submitted")))
            }
        }
    }

    /// All but what is visible.
    fn open_rounds(
        &mut self,
        output: &str,
        job: JobId,
        mut rounds: RoundsObject,
        artifacts: &[VoidArtifacts],
    ) -> Outcome {
        let visible =
            |name: &String| self.objects.get(&(output.to_owned(), name.clone())).is_some_and(Option::is_some);
        rounds.shards.retain(|r| {
            let void = artifacts.iter().find(|v| (v.stage, v.shard) == (r.stage, r.shard));
            !void.is_some_and(|v| v.uploads.iter().any(|u| visible(&u.name)))
        });
        for first in artifacts.iter().filter_map(|v| v.uploads.first()).filter(|u| !visible(&u.name)) {
            self.uploads.remove(&first.upload_id);
        }
        let objects = self.jobs.entry(job.clone()).or_default();
        let rounds = objects.rounds.entry(rounds.number).or_insert(rounds).clone();
        Outcome::RoundsOpened { job, rounds }
    }

    fn sweep(&mut self, output: &str, job: JobId, release: bool) -> Outcome {
        self.uploads.retain(|_, (_, _, made)| made.shard.job != job);
        if release && self.claims.get(output) == Some(&job) {
            self.claims.remove(output);
        }
        Outcome::UploadsSwept(job)
    }

    fn publish(&mut self, output: &str, receipt: &Receipt, parts_seen: &mut u64) -> Outcome {
        let (shard, round) = (receipt.shard.clone(), receipt.round);
        let key = |name: &str| (output.to_owned(), name.to_owned());
        let made = Made { shard: shard.clone(), round, attempt: receipt.attempt };
        let visible = |s: &Self, name: &str| s.objects.get(&key(name)).cloned();
        for a in &receipt.artifacts {
            match visible(self, &a.name) {
                Some(Some(m)) if m == made => {}
                Some(other) => {
                    let of_this_job = other.is_some_and(|m| m.shard.job == shard.job);
                    return Outcome::ShardForeign { shard, round, name: a.name.clone(), of_this_job };
                }
                None if self.uploads.contains_key(&a.upload_id) => {}
                None => {
                    let seen = |a: &tarquet_common::receipt::Artifact| visible(self, &a.name).is_some();
                    let partly_published = receipt.artifacts.iter().any(seen);
                    return Outcome::UploadLost { shard, round, name: a.name.clone(), partly_published };
                }
            }
        }
        for a in &receipt.artifacts {
            if self.uploads.remove(&a.upload_id).is_some() {
                self.objects.insert(key(&a.name), Some(made.clone()));
                *parts_seen += 1;
            }
        }
        Outcome::ShardPublished { shard, round }
    }

    /// What a coordinator without a ledger reads.
    pub fn snapshot(&self, job: &JobId) -> Option<Snapshot> {
        let objects = self.jobs.get(job)?;
        let submit = objects.submit.clone()?;
        Some(Snapshot {
            claimed: self.claims.get(&submit.output_uri) == Some(job),
            generation: objects.generations.last().copied().unwrap_or(0),
            plans: objects.plans.values().cloned().collect(),
            rounds: objects.rounds.values().cloned().collect(),
            receipts: objects.receipts.values().cloned().collect(),
            accepts: objects.accepts.values().cloned().collect(),
            outcome: objects.outcome.clone(),
            catalog: objects.catalog.is_some(),
            submit,
        })
    }
}
