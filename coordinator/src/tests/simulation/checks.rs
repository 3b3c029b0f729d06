//! What must hold while a world goes on, whatever goes wrong. (`ends` is what must have come of it.)
//!
//! (A) At most two live leases per shard and coordinator; no attempt is named twice, by whomever. (B) What a worker was told
//! was accepted is what the receipt's object says, and is never superseded while its round lasts. (C) What becomes visible is
//! the upload that the shard's receipt names, in its last round, after the outcome unless the job publishes by shard. (D) A
//! round opens only what is not visible. (E) What others put into an output is left alone.

use super::{
    objects::{Objects, Upload},
    world::World,
};
use crate::objects::{self, Claim, Pointer};
use bytes::Bytes;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tarquet_common::{
    ids::{AttemptId, JobId, ShardId, WorkerId},
    leasing::Lease,
    origin::Origin,
    receipt::Receipt,
    store::Uri,
};
use tarquet_core::{Event, PublishMode, RoundEnd, RoundsObject, Submit, Verdict, What};

#[derive(Default)]
pub(super) struct Checks {
    /// Everything that was ever asked for.
    pub(super) jobs: BTreeMap<JobId, Submit>,
    named: BTreeMap<(JobId, AttemptId), (WorkerId, u64)>,
    accepted: BTreeMap<(ShardId, u32), (AttemptId, u64)>,
    /// Artifacts that are visible, and how many there will be.
    shown: BTreeMap<ShardId, (usize, usize)>,
    foreign: BTreeMap<String, Bytes>,
    events: BTreeSet<String>,
}

/// The prefix of a job.
pub(super) fn prefix(submit: &Submit) -> Uri {
    submit.job_uri.parse().expect("it was made from a URI")
}

impl Objects {
    /// Everything of one sort that a job has written.
    pub(super) fn all<T: serde::de::DeserializeOwned>(&self, submit: &Submit, sort: &str) -> Vec<T> {
        let found = self.under(&prefix(submit), sort);
        found.filter_map(|(_, stored)| serde_json::from_slice(&stored.bytes).ok()).collect()
    }

    pub(super) fn receipt(&self, submit: &Submit, shard: &ShardId, round: u32) -> Option<Receipt> {
        match self.read(&prefix(submit).join(&objects::receipt(shard, round)))? {
            RoundEnd::Receipt(receipt) => Some(Arc::unwrap_or_clone(receipt)),
            RoundEnd::Void(_) | RoundEnd::Excluded { .. } => None,
        }
    }

    pub(super) fn verdict(&self, submit: &Submit) -> Option<Verdict> {
        self.read(&prefix(submit).join(objects::OUTCOME))
    }

    /// The round that a shard is in, as the objects say.
    pub(super) fn round(&self, submit: &Submit, shard: &ShardId) -> u32 {
        let rounds: Vec<RoundsObject> = self.all(submit, objects::ROUNDS);
        let opened = rounds.iter().flat_map(|r| &r.shards);
        let of_shard = opened.filter(|r| (r.stage, r.shard) == (shard.stage, shard.shard));
        let ends: Vec<RoundEnd> = self.all(submit, objects::RECEIPTS);
        let over = ends.iter().filter_map(|end| match end {
            RoundEnd::Void(of) if of.shard == *shard => Some(of.round + 1),
            _ => None,
        });
        of_shard.map(|r| r.round).chain(over).max().unwrap_or(FIRST_ROUND)
    }

    /// Whether a job's output is claimed by it.
    pub(super) fn claimed(&self, pointer: &Pointer) -> bool {
        let job_uri: Uri = pointer.job_uri.parse().expect("pointers hold URIs");
        // All of these worlds' homes are beside their outputs.
        let claim: Option<Claim> = self.read(&objects::home_of(&job_uri, &pointer.job).join("claim"));
        claim.is_some_and(|claim| claim.job == pointer.job)
    }

    /// What is visible of a shard.
    fn visible(&self, submit: &Submit, shard: &ShardId) -> usize {
        let output: Uri = submit.output_uri.parse().expect("it was made from a URI");
        let marks = self.under(&output, "").filter_map(|(_, stored)| stored.origin());
        marks.filter(|mark| mark.shard == *shard).count()
    }
}

/// The round that every shard begins in.
const FIRST_ROUND: u32 = 0;
/// Whatever was said is heard within this time, or repeated.
const HEARD_MS: u64 = 4_000;

impl Checks {
    pub(super) fn asked(&mut self, submit: &Submit) {
        self.jobs.insert(submit.job.clone(), submit.clone());
    }

    pub(super) fn leased(&mut self, world: &World, lease: &Lease, worker: &WorkerId, request: u64) {
        let by = (worker.clone(), request);
        let named = self.named.entry((lease.shard.job.clone(), lease.attempt)).or_insert_with(|| by.clone());
        world.must(*named == by, || format!("{} {} is named twice", lease.shard, lease.attempt));
        // A second coordinator may not have heard yet; and what was leased before may be heard of later.
        let accepted = self.accepted.get(&(lease.shard.clone(), lease.round));
        let long_ago = accepted.is_some_and(|(_, at)| world.now() > at + HEARD_MS);
        let again = long_ago && !world.faults.rival;
        world.must(!again, || format!("{} is leased again in round {}", lease.shard, lease.round));
    }

    pub(super) fn accepted(&mut self, world: &World, receipt: &Receipt) {
        let Receipt { shard, round, attempt, .. } = receipt;
        let stored = world.objects().receipt(&self.jobs[&shard.job], shard, *round);
        world.must(stored.as_ref() == Some(receipt), || format!("{shard} {attempt} was not accepted"));
        self.accepted.insert((shard.clone(), *round), (*attempt, world.now()));
    }

    pub(super) fn superseded(&mut self, world: &World, receipt: &Receipt) {
        let Receipt { shard, round, attempt, .. } = receipt;
        let had = self.accepted.get(&(shard.clone(), *round)).is_some_and(|(by, _)| by == attempt);
        let (submit, objects) = (&self.jobs[&shard.job], world.objects());
        let over = objects.verdict(submit).is_some() || objects.round(submit, shard) > *round;
        world.must(!had || over, || format!("{shard} {attempt} was accepted, then superseded"));
    }

    /// An upload was completed.
    pub(super) fn visible(&mut self, world: &World, objects: &Objects, name: &str) {
        let Some(mark) = objects.objects[name].origin() else { return };
        let Origin { shard, round, attempt } = &mark;
        let submit = &self.jobs[&shard.job];
        let receipt = objects.receipt(submit, shard, *round).filter(|r| r.attempt == *attempt);
        world.must(receipt.is_some(), || {
            format!("{name} of {shard}.{round} {attempt} is visible, superseded")
        });
        let last = objects.round(submit, shard);
        world.must(*round == last, || format!("{name} of {shard}.{round} is visible, in round {last}"));
        let verdict = objects.verdict(submit);
        // One that publishes by shard may be cancelled while a Complete is under way.
        let by_shard = submit.options.publish == PublishMode::Shard;
        let allowed = by_shard || verdict == Some(Verdict::Publish);
        world.must(allowed, || format!("{name} is visible though the outcome is {verdict:?}"));
        let all = receipt.map_or(0, |r| r.artifacts.len());
        self.shown.insert(shard.clone(), (objects.visible(submit, shard), all));
    }

    /// An object was written that was not there.
    pub(super) fn written(&mut self, world: &World, objects: &Objects, name: &str) {
        if !name.contains("/rounds/") {
            return;
        }
        let Some(submit) = self.jobs.values().find(|s| name.starts_with(&s.job_uri)) else { return };
        let name: Uri = name.parse().expect("names are URIs");
        let rounds: RoundsObject = objects.read(&name).expect("it was just written");
        for reopen in rounds.shards {
            let shard = ShardId { job: submit.job.clone(), stage: reopen.stage, shard: reopen.shard };
            let visible = objects.visible(submit, &shard);
            world.must(visible == 0, || format!("{shard} opens round {} and is visible", reopen.round));
        }
    }

    /// A coordinator died: was it in the middle of a shard's artifacts?
    pub(super) fn at_death(&self, world: &World) {
        for _ in self.shown.values().filter(|(shown, all)| shown < all) {
            world.fire("died with some artifacts of a shard visible");
        }
    }

    /// An upload that may vanish: of a shard that nobody publishes yet, so that nothing of it can be visible alone.
    pub(super) fn may_vanish(&self, objects: &Objects, upload: &Upload) -> bool {
        let job = Origin::from_metadata(&upload.metadata).map(|mark| mark.shard.job);
        let submit = job.and_then(|job| self.jobs.get(&job));
        submit.is_some_and(|s| s.options.publish == PublishMode::Job && objects.verdict(s).is_none())
    }

    pub(super) fn foreign(&mut self, uri: String, bytes: Bytes) {
        self.foreign.insert(uri, bytes);
    }

    /// What others have put into outputs is as they left it; then they take it away.
    pub(super) fn remove_foreign(&mut self, world: &World, objects: &mut Objects) {
        for (uri, bytes) in std::mem::take(&mut self.foreign) {
            let there = objects.objects.remove(&uri).map(|stored| stored.bytes);
            world.must(there == Some(bytes), || format!("{uri} was another's, and was touched"));
        }
    }

    /// Counts what coordinators tell.
    pub(super) fn happened(&mut self, world: &World, events: Vec<Event>) {
        for event in events {
            let name = match event.what {
                What::Leased { duplicate: true, .. } => "shard leased twice",
                What::AdoptedAttempt { .. } => "attempt adopted",
                What::Expired { .. } => "lease expired",
                What::Requeued { .. } => "shard requeued",
                What::Stopped { .. } => "shard stopped",
                What::Superseded { .. } => "late receipt superseded",
                What::Reopened { .. } => "rounds opened",
                What::Adopted { rebuilt: true, .. } => "old ledger rebuilt",
                What::Adopted { rebuilt: false, .. } => "job rebuilt from its objects",
                What::UploadLost { .. } => "upload found lost",
                What::EffectDelayed { .. } => "effect delayed",
                What::Published { .. } => "shard published",
                _ => continue,
            };
            if self.events.insert(format!("{event:?}")) {
                world.fire(name);
            }
        }
    }
}
