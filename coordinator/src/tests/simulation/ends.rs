//! What must have come of a world once nothing goes wrong any more.
//!
//! (A) Every job is over. (B) One that is done has a catalog that lists exactly what is there, and each of it is the
//! bytes of the one attempt that the receipt of the shard's last round names; counts are theirs. (C) Its second stage was
//! planned from the receipts of the first. (D) Of one that is not done nothing is visible, unless it published by shard.
//! (E) No upload is left that a sweep had seen.

use super::{
    checks::prefix,
    kind::{CONVERT, planned},
    objects::Objects,
    worker::ROWS,
    world::World,
};
use crate::objects::{self, PlanObject};
use std::{collections::BTreeMap, sync::Arc};
use tarquet_common::{
    ids::{JobId, ShardId},
    receipt::{Counts, Receipt},
    stage_plan::decode_head,
    store::{Uri, checksum},
};
use tarquet_core::{AcceptObject, Catalog, Phase, PublishMode, Submit, Verdict};

/// Whether a job will change no more.
pub(super) fn is_settled(phase: &Phase) -> bool {
    match phase {
        Phase::Done(x) => x.swept,
        Phase::Cancelled(x) => x.swept,
        Phase::Failed(x) => x.swept,
        _ => false,
    }
}

/// Looks at everything.
pub(super) fn at_end(world: &World, phases: &[(JobId, Phase)]) {
    let (checks, objects) = (world.checks(), world.objects());
    for (job, phase) in phases {
        world.must(is_settled(phase), || format!("{job} ended as {phase:?}"));
        let submit = &checks.jobs[job];
        world.fire(&format!("ended {}", phase.name()));
        let output: Uri = submit.output_uri.parse().expect("it was made from a URI");
        let marks = objects.under(&output, "").filter_map(|(_, stored)| stored.origin());
        let visible = marks.filter(|mark| mark.shard.job == *job).count();
        let catalog: Option<Catalog> = objects.read(&prefix(submit).join(objects::CATALOG));
        match (phase, catalog) {
            (Phase::Done(_), Some(catalog)) => {
                done(world, &objects, submit, &catalog);
                let listed = catalog.artifacts.len();
                world.must(visible == listed, || format!("{job}: {visible} visible, {listed} listed"));
            }
            (Phase::Done(_), None) => world.must(false, || format!("{job} is done without a catalog")),
            (_, catalog) => {
                world.must(catalog.is_none(), || format!("{job} has a catalog and is not done"));
                let by_shard = submit.options.publish == PublishMode::Shard;
                world.must(visible == 0 || by_shard, || format!("{job} is visible though not published"));
            }
        }
        for (id, upload) in objects.uploads.iter().filter(|(_, u)| u.uri.starts_with(&format!("{output}/"))) {
            let seen = upload.listed_by.is_some_and(|by| Some(by) == world.sitting() || !world.faults.rival);
            world.must(!seen, || format!("{id} of {} was seen by the sweep and is there", upload.uri));
        }
    }
}

/// A published job, from its plans to its bytes.
fn done(world: &World, objects: &Objects, submit: &Submit, catalog: &Catalog) {
    let job = &submit.job;
    let verdict = objects.verdict(submit);
    world.must(verdict == Some(Verdict::Publish), || format!("{job} is done, outcome {verdict:?}"));
    let accepts: Vec<AcceptObject> = objects.all(submit, objects::ACCEPTS);
    let mut before = Vec::new();
    let mut excluded = Vec::new();
    for stage in 0..=CONVERT {
        let plan: Option<PlanObject> = objects.read(&prefix(submit).join(&objects::plan_object(stage)));
        let Some(plan) = plan else { return world.must(false, || format!("{job} has no plan of {stage}")) };
        let (expected, _, _) = planned(world.seed, job, stage, &before);
        let told = || format!("{job}: the plan of stage {stage} does not come of the receipts before it");
        world.must(plan.plan_digest == expected.digest, told);
        let head = decode_head(&expected.bytes, &expected.digest).expect("it was just encoded");
        let mut receipts = Vec::new();
        for shard in 0..u32::try_from(head.records.len()).expect("plans are small") {
            let shard = ShardId { job: job.clone(), stage, shard };
            match objects.receipt(submit, &shard, objects.round(submit, &shard)) {
                Some(receipt) => receipts.push(Arc::new(receipt)),
                None => {
                    let gone = accepts.iter().flat_map(AcceptObject::places);
                    let gone = gone.into_iter().any(|place| place == (stage, shard.shard));
                    world.must(gone, || format!("{shard} has no receipt in its last round"));
                    excluded.push(format!("{stage}/{}", shard.shard));
                }
            }
        }
        before.push(receipts);
    }
    world.must(catalog.excluded == excluded, || format!("{job}: {:?} excluded", catalog.excluded));
    listed(world, objects, submit, catalog, &before[usize::from(CONVERT)]);
}

/// The catalog says what the receipts say, and that is what is there.
fn listed(world: &World, objects: &Objects, submit: &Submit, catalog: &Catalog, last: &[Arc<Receipt>]) {
    let mut counts = Counts::default();
    last.iter().for_each(|r| counts.add(&r.counts));
    world.must(catalog.counts == counts, || {
        format!("{}: the catalog counts {:?}", submit.job, catalog.counts)
    });
    let artifacts = last.iter().flat_map(|r| r.artifacts.iter().map(move |a| (a.name.as_str(), (r, a))));
    let artifacts: BTreeMap<_, _> = artifacts.collect();
    let names: Vec<&str> = catalog.artifacts.iter().map(|a| a.name.as_str()).collect();
    world.must(artifacts.keys().copied().eq(names), || format!("{}: what is listed", submit.job));
    for entry in &catalog.artifacts {
        let Some((receipt, artifact)) = artifacts.get(entry.name.as_str()) else { continue };
        let (shard, round, attempt) = (&receipt.shard, receipt.round, receipt.attempt);
        let parts = 1..=artifact.parts.len();
        let bytes = parts.map(|n| format!("{shard} {round} {attempt} {} {n};", artifact.partition));
        let bytes: String = bytes.collect();
        let there = objects.objects.get(&format!("{}/{}", submit.output_uri, entry.name));
        let told = || format!("{} of {shard} is not the bytes of {attempt}", entry.name);
        world.must(there.is_some_and(|s| s.bytes == bytes.as_bytes()), told);
        let crc64 = checksum::to_hex(checksum::crc64(bytes.as_bytes()));
        let right = (entry.rows, entry.bytes, &entry.crc64) == (ROWS, bytes.len() as u64, &crc64)
            && entry.attempt == attempt.to_string();
        world.must(right, || format!("the catalog's entry of {} is wrong: {entry:?}", entry.name));
    }
}
