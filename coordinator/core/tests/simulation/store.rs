//! A store that keeps its promises: conditional objects, uploads that become visible when completed.

use std::collections::{BTreeMap, BTreeSet};
use tarquet_common::{
    failure::Failure,
    ids::{AttemptId, JobId, ShardId},
    receipt::Receipt,
};
use tarquet_core::{
    AcceptObject, Catalog, Effect, Outcome, RoundEnd, RoundOf, RoundsObject, Snapshot, StagePlan, Submit,
    Upload, Verdict,
};

/// All objects of one job prefix.
#[derive(Default)]
pub struct JobObjects {
    pub submit: Option<Submit>,
    pub generations: BTreeSet<u32>,
    pub plans: BTreeMap<u8, StagePlan>,
    pub ends: BTreeMap<(u8, u32, u32), RoundEnd>,
    pub rounds: BTreeMap<u32, RoundsObject>,
    pub accepts: BTreeMap<u32, AcceptObject>,
    pub outcome: Option<Verdict>,
    pub catalog: Option<Catalog>,
}

impl JobObjects {
    /// Ends a round, and says how it ended.
    fn end(&mut self, shard: &ShardId, round: u32, ours: RoundEnd) -> RoundEnd {
        self.ends.entry((shard.stage, shard.shard, round)).or_insert(ours).clone()
    }

    /// The receipt of a round.
    pub fn receipt(&self, stage: u8, shard: u32, round: u32) -> Option<&Receipt> {
        match self.ends.get(&(stage, shard, round))? {
            RoundEnd::Receipt(receipt) => Some(receipt),
            RoundEnd::Void(_) | RoundEnd::Excluded { .. } => None,
        }
    }
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

    /// The round that a shard is in, as the objects say.
    pub fn highest_round(&self, shard: &ShardId) -> u32 {
        let Some(objects) = self.jobs.get(&shard.job) else { return 0 };
        let rounds = objects.rounds.values().flat_map(|r| &r.shards);
        let opened = rounds.filter(|r| (r.stage, r.shard) == (shard.stage, shard.shard)).map(|r| r.round);
        let of_shard =
            objects.ends.range((shard.stage, shard.shard, 0)..=(shard.stage, shard.shard, u32::MAX));
        let over = of_shard.filter(|(_, end)| matches!(end, RoundEnd::Void(_))).map(|(key, _)| key.2 + 1);
        opened.chain(over).max().unwrap_or(0)
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
                let stored = objects.end(&receipt.shard, receipt.round, RoundEnd::Receipt(receipt.clone()));
                match stored {
                    RoundEnd::Receipt(stored) if stored == receipt => Outcome::ReceiptStored(stored),
                    RoundEnd::Receipt(stored) => Outcome::ReceiptTaken(stored),
                    RoundEnd::Void(of) | RoundEnd::Excluded { of, .. } => Outcome::RoundIsOver(of),
                }
            }
            Effect::OpenRounds { job, rounds } => self.open_rounds(&output, job, rounds),
            Effect::StoreAccept { job, mut accept, rounds } => {
                for (of, (_, failure)) in rounds.iter().zip(&accept.excluded) {
                    let end = RoundEnd::Excluded { of: of.clone(), failure: Box::new(failure.clone()) };
                    objects.end(&of.shard, of.round, end);
                }
                accept.excluded.retain(|(shard, _)| {
                    let of = rounds.iter().find(|of| of.shard.shard == *shard).expect("each has its round");
                    let end = objects.ends.get(&(accept.stage, *shard, of.round));
                    matches!(end, Some(RoundEnd::Excluded { .. }))
                });
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

    /// All but what is visible, and what is gone without.
    fn open_rounds(&mut self, output: &str, job: JobId, mut rounds: RoundsObject) -> Outcome {
        rounds.shards.retain(|r| {
            let shard = ShardId { job: job.clone(), stage: r.stage, shard: r.shard };
            let of = RoundOf { shard: shard.clone(), round: r.round - 1 };
            let objects = self.jobs.entry(job.clone()).or_default();
            match objects.end(&shard, of.round, RoundEnd::Void(of.clone())) {
                RoundEnd::Void(_) => true,
                RoundEnd::Excluded { .. } => false,
                RoundEnd::Receipt(receipt) => {
                    let key = |name: &String| (output.to_owned(), name.clone());
                    let visible = receipt
                        .artifacts
                        .iter()
                        .any(|a| matches!(self.objects.get(&key(&a.name)), Some(Some(_))));
                    if let Some(first) = receipt.artifacts.first().filter(|_| !visible) {
                        self.uploads.remove(&first.upload_id);
                    }
                    !visible
                }
            }
        });
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
            ends: objects.ends.values().cloned().collect(),
            accepts: objects.accepts.values().cloned().collect(),
            outcome: objects.outcome.clone(),
            catalog: objects.catalog.is_some(),
            submit,
        })
    }
}
