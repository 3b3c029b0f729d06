//! What must hold at every step, whatever goes wrong.
//!
//! (A) At most two live leases per shard. (B) No attempt is named twice, and they grow. (C) What a coordinator takes for a
//! receipt is what the object says; there is one per (shard, round). (D) A shard whose receipt was acknowledged is not
//! leased again in that round, whatever happened to the ledger. (E) Rounds grow, objects first. (F) No round opens after its
//! output is visible. (G) Nothing of a job is visible before its outcome, unless it publishes by shard. (H) Only the upload that
//! the last receipt names is completed. (I) The outcome `publish` comes after every receipt, the catalog after every
//! part, and it equals the last receipts. (J) When faults stop, every job ends, and nothing of it is missing.

use crate::{store::Store, world::Said};
use std::collections::{BTreeMap, BTreeSet};
use tarquet_common::{
    ids::{AttemptId, JobId, ShardId},
    leasing::Completed,
};
use tarquet_core::{
    Ask, Catalog, Cause, Decision, Effect, Phase, PublishMode, Record, Reply, RoundsObject, State, Submit,
    Verdict, What,
};

#[derive(Default)]
pub struct Checks {
    newest: BTreeMap<ShardId, AttemptId>,
    named: BTreeSet<(JobId, AttemptId)>,
    acknowledged: BTreeMap<(ShardId, u32), AttemptId>,
    rounds: BTreeMap<ShardId, u32>,
    pub steps: u64,
    /// Events by kind: what happened at all.
    pub seen: BTreeMap<&'static str, u64>,
    pub over: BTreeMap<String, u64>,
}

impl Checks {
    pub fn after(&mut self, state: &State, cause: Cause<'_>, decision: &Decision, store: &Store, seed: u64) {
        self.steps += 1;
        let adopting = matches!(cause, Cause::Ask(Ask::Adopt(_)));
        for event in &decision.events {
            self.count(&event.what);
            if let (Some(job), What::Leased { stage, shard, attempt, .. }) = (&event.job, &event.what) {
                let shard = ShardId { job: job.clone(), stage: *stage, shard: *shard };
                self.leased(state, shard, *attempt, seed);
            }
        }
        for record in &decision.records {
            match record {
                Record::Lease(row) => {
                    let leases = state.leases(&row.shard).count();
                    assert!(leases <= 2, "seed {seed}: {leases} live leases of {}", row.shard);
                }
                Record::Shard(row) => {
                    let before = self.rounds.insert(row.shard.clone(), row.round).unwrap_or(0);
                    assert!(
                        row.round >= before,
                        "seed {seed}: {} goes back to round {}",
                        row.shard,
                        row.round
                    );
                    let opened = store.highest_round(&row.shard);
                    assert!(row.round <= opened, "seed {seed}: {} ahead of its objects", row.shard);
                    assert!(!adopting || row.round == opened, "seed {seed}: adopted in an old round");
                }
                Record::Receipt(receipt) => {
                    let ShardId { job, stage, shard } = &receipt.shard;
                    let stored = store.jobs[job].receipt(*stage, *shard, receipt.round);
                    assert_eq!(stored, Some(receipt.as_ref()), "seed {seed}: a receipt that no object says");
                }
                _ => {}
            }
        }
    }

    fn leased(&mut self, state: &State, shard: ShardId, attempt: AttemptId, seed: u64) {
        let before = self.newest.insert(shard.clone(), attempt);
        assert!(before.is_none_or(|b| b < attempt), "seed {seed}: {shard} {attempt} after {before:?}");
        let new = self.named.insert((shard.job.clone(), attempt));
        assert!(new, "seed {seed}: {attempt} was named before");
        let round = state.shard(&shard).map(|row| row.round).expect("it was leased");
        let done = self.acknowledged.get(&(shard.clone(), round));
        assert!(done.is_none(), "seed {seed}: {shard} round {round} is done again, {done:?} had it");
    }

    pub fn answered(&mut self, ask: &Ask, said: &Said, store: &Store, seed: u64) {
        match (ask, said) {
            (Ask::Complete(ask, _), Ok(Reply::Completed(Completed::Accepted))) => {
                let r = &ask.receipt;
                let stored = store.jobs[&r.shard.job].receipt(r.shard.stage, r.shard.shard, r.round);
                let by = stored.map(|s| s.attempt);
                assert_eq!(
                    by,
                    Some(r.attempt),
                    "seed {seed}: {} accepted, the object says otherwise",
                    r.shard
                );
                self.acknowledged.insert((r.shard.clone(), r.round), r.attempt);
            }
            (Ask::Complete(ask, _), Ok(Reply::Completed(Completed::Superseded))) => {
                let r = &ask.receipt;
                let had = self.acknowledged.get(&(r.shard.clone(), r.round)) == Some(&r.attempt);
                let cancelled = store.jobs[&r.shard.job].outcome.is_some();
                let reopened = store.highest_round(&r.shard) > r.round;
                assert!(!had || cancelled || reopened, "seed {seed}: {} accepted, then superseded", r.shard);
            }
            (Ask::Cancel { job, .. }, Ok(Reply::Done)) => {
                let outcome = &store.jobs[job].outcome;
                assert!(
                    matches!(outcome, Some(Verdict::Cancel { .. })),
                    "seed {seed}: cancelled without outcome"
                );
            }
            _ => {}
        }
    }

    pub fn before_effect(
        &mut self,
        store: &Store,
        effect: &Effect,
        submit: &Submit,
        catalog: Option<&Catalog>,
        seed: u64,
    ) {
        let Some(objects) = store.jobs.get(&submit.job) else { return };
        match effect {
            Effect::PublishShard { receipt } => {
                let published = matches!(objects.outcome, Some(Verdict::Publish));
                let by_shard = submit.options.publish == PublishMode::Shard && objects.outcome.is_none();
                assert!(published || by_shard, "seed {seed}: {} published before the outcome", receipt.shard);
                assert_eq!(receipt.round, store.highest_round(&receipt.shard), "seed {seed}: an old round");
                let stored = objects.receipt(receipt.shard.stage, receipt.shard.shard, receipt.round);
                assert_eq!(stored, Some(receipt.as_ref()), "seed {seed}: not the receipt");
            }
            Effect::StoreOutcome { verdict: Verdict::Publish, .. } if objects.outcome.is_none() => {
                assert_eq!(objects.plans.len(), 3, "seed {seed}: published before all is planned");
                missing(store, &submit.job, seed);
            }
            Effect::StoreCatalog { job } if objects.catalog.is_none() => {
                missing(store, job, seed);
                let catalog = catalog.expect("a catalog comes with the effect");
                self.complete(store, submit, catalog, seed);
            }
            _ => {}
        }
    }

    /// A rounds object was written: nothing that it opens is visible.
    pub fn opened(&self, store: &Store, job: &JobId, rounds: &RoundsObject, seed: u64) {
        for r in &rounds.shards {
            let shard = ShardId { job: job.clone(), stage: r.stage, shard: r.shard };
            let visible = store.objects.values().flatten().any(|m| m.shard == shard);
            assert!(!visible, "seed {seed}: {shard} opens round {} and is visible", r.round);
        }
    }

    /// The catalog equals the last receipts, and every part is there, made by the attempt it names.
    fn complete(&self, store: &Store, submit: &Submit, catalog: &Catalog, seed: u64) {
        let objects = &store.jobs[&submit.job];
        assert_eq!(objects.outcome, Some(Verdict::Publish), "seed {seed}: catalog without outcome");
        let partitions = objects.plans.values().map(|p| p.partitions).sum::<u32>();
        let listed: Vec<u32> = catalog.artifacts.iter().map(|a| a.partition).collect();
        assert_eq!(listed, (0..partitions).collect::<Vec<_>>(), "seed {seed}: partitions of the catalog");
        for entry in &catalog.artifacts {
            let made = store.objects.get(&(submit.output_uri.clone(), entry.name.clone())).cloned().flatten();
            let made = made.unwrap_or_else(|| panic!("seed {seed}: {} is not visible", entry.name));
            assert_eq!(made.attempt.to_string(), entry.attempt, "seed {seed}: {} by another", entry.name);
            let last = store.highest_round(&made.shard);
            let receipt = objects.receipt(made.shard.stage, made.shard.shard, last);
            let receipt = receipt.expect("the last round has a receipt");
            assert_eq!(receipt.attempt, made.attempt, "seed {seed}: {} not by the last receipt", entry.name);
        }
    }

    pub fn at_end(&mut self, store: &Store, state: Option<&State>, seed: u64) {
        let state = state.expect("somebody had to say that the jobs are over");
        for id in state.job_ids() {
            let row = state.job(id).expect("it was listed");
            let objects = &store.jobs[id];
            *self.over.entry(row.phase.name().to_string()).or_default() += 1;
            let visible = store.objects.values().flatten().filter(|m| m.shard.job == *id).count();
            match &row.phase {
                Phase::Done(_) => {
                    let catalog = objects.catalog.as_ref().expect("done has a catalog");
                    missing(store, id, seed);
                    assert_eq!(visible, catalog.artifacts.len(), "seed {seed}: parts that no catalog lists");
                }
                Phase::Cancelled(_) | Phase::Failed(_) => {
                    let by_shard = row.options.publish == PublishMode::Shard;
                    assert!(visible == 0 || by_shard, "seed {seed}: visible though not published");
                    assert!(
                        objects.catalog.is_none(),
                        "seed {seed}: a catalog of a job that was not published"
                    );
                }
                other => panic!("seed {seed}: {id} ended as {other:?}"),
            }
        }
    }

    fn count(&mut self, what: &What) {
        let name = match what {
            What::Leased { duplicate: true, .. } => "duplicate lease",
            What::Leased { .. } => "lease",
            What::AdoptedAttempt { .. } => "attempt adopted",
            What::Expired { .. } => "lease expired",
            What::Requeued { .. } => "shard requeued",
            What::Stopped { .. } => "shard stopped",
            What::Killer { .. } => "killer member found",
            What::Receipt { .. } => "receipt accepted",
            What::Superseded { .. } => "late receipt superseded",
            What::Held { .. } => "job held",
            What::Accepted { .. } => "job accepted",
            What::Reopened { .. } => "rounds opened",
            What::Paused { paused: true } => "job paused",
            What::Adopted { rebuilt: true, .. } => "old ledger rebuilt",
            What::Adopted { .. } => "lost ledger rebuilt",
            What::Stalled { .. } => "stall noticed",
            What::UploadLost { .. } => "lost upload reopened",
            What::EffectDelayed { .. } => "effect delayed",
            What::WorkerWent { .. } => "worker went",
            _ => return,
        };
        *self.seen.entry(name).or_default() += 1;
    }
}

/// No shard is lost: each has a receipt in its last round or was accepted to be gone without.
fn missing(store: &Store, job: &JobId, seed: u64) {
    let objects = &store.jobs[job];
    let excluded: BTreeSet<(u8, u32)> = objects.accepts.values().flat_map(|a| a.places()).collect();
    for plan in objects.plans.values() {
        for number in 0..plan.shards.len() as u32 {
            let shard = ShardId { job: job.clone(), stage: plan.stage, shard: number };
            let last = store.highest_round(&shard);
            let done = objects.receipt(plan.stage, number, last).is_some();
            let there = done || excluded.contains(&(plan.stage, number));
            assert!(there, "seed {seed}: {shard} has no receipt in round {last}");
        }
    }
}
