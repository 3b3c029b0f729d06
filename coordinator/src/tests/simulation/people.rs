//! Clients who submit, people who steer and mend, and trouble that nobody asked for.

use super::{
    kind::{CONVERT, STAGES},
    seat::Seat,
    worker::Worker,
    world::World,
};
use crate::{
    CoordinatorHandle,
    driver::NoReply,
    objects::{self, Pointer},
};
use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tarquet_client::{Jobs, Steer};
use tarquet_common::{
    codes::{ourselves, publish},
    ids::{JobId, ShardId},
    store::{Metadata, StoreSettings, Uri},
};
use tarquet_core::{Ask, Hold, JobOptions, Phase, PublishMode, Refusal, State, Submit};

/// Times that a client repeats its wish once nothing goes wrong any more.
const PATIENCE: u32 = 8;

pub(super) fn registry() -> Uri {
    "s3://simulated/registry".parse().expect("it is a URI")
}

pub(super) fn output(number: u64) -> Uri {
    format!("s3://simulated/out-{number}").parse().expect("it is a URI")
}

/// What a client asks for. Every time it asks, the job has another id.
fn wish(world: &World, number: u64) -> Submit {
    // Sometimes two jobs want the same output; the second is refused.
    let same = number > 0 && super::kind::fixed(world.seed, &format!("same {number}"), 0, 9) == 0;
    let output = output(if same { 0 } else { number });
    let home = output.sibling(".tarquet").expect("it is no bucket");
    let submitted_unix_ms = super::world::UNIX + world.now();
    let job = JobId::from_parts(submitted_unix_ms, world.bits());
    let by_shard = super::kind::fixed(world.seed, &format!("by shard {number}"), 0, 3) == 0;
    Submit {
        token: format!("token-{number}"),
        name: format!("job-{number}"),
        kind: "simulated".to_owned(),
        item: tarquet_common::stage_plan::ItemWords::of("member", "members"),
        stages: STAGES.map(str::to_owned).to_vec(),
        job_uri: objects::job_uri(&home, &job).to_string(),
        output_uri: output.to_string(),
        store: StoreSettings::default(),
        spec: serde_json::Value::Null.into(),
        options: JobOptions {
            publish: if by_shard { PublishMode::Shard } else { PublishMode::Job },
            ..JobOptions::default()
        },
        submitted_unix_ms,
        job,
    }
}

/// A client that submits one job, and asks again until it is told.
pub(super) async fn client(world: Arc<World>, number: u64) {
    let mut left = PATIENCE;
    while left > 0 {
        world.pause(20, 500).await;
        if !world.faulty() {
            left -= 1;
        }
        let seated = world.seated();
        let Some(to) = seated.get(world.range(0, 1) as usize).or(seated.first()) else { continue };
        let wish = wish(&world, number);
        world.checks().asked(&wish);
        let asked = to.driver.ask(Ask::Submit(Box::new(wish)));
        match tokio::time::timeout(Duration::from_secs(3), asked).await {
            Ok(Ok(_)) => break,
            Ok(Err(NoReply::Refused(Refusal::Because(failure))))
                if failure.code == publish::OUTPUT_CLAIMED =>
            {
                world.fire("output claimed by another job");
                break;
            }
            _ => {}
        }
    }
    world.asking.fetch_sub(1, Relaxed);
}

/// Looks at every job of every coordinator now and then, and does something about it.
pub(super) async fn people(world: Arc<World>) {
    loop {
        world.pause(300, 500).await;
        for handle in world.seated() {
            let rows = handle.driver.read(|state, _| {
                let rows = state.job_ids().filter_map(|id| state.job(id));
                let rows: Vec<_> = rows.map(|r| (r.job.clone(), r.phase.clone(), r.paused)).collect();
                let leases = most_leases(state);
                (rows, leases, tarquet_core::views::events(state, None, 500).events)
            });
            let Ok((rows, leases, events)) = rows.await else { continue };
            world.must(leases <= 2, || format!("{leases} live leases of a shard"));
            world.checks().happened(&world, events);
            for (job, phase, paused) in rows {
                visit(&world, &handle, &job, &phase, paused).await;
            }
            if !world.faulty() {
                world.checks().remove_foreign(&world, &mut world.objects());
                adopt(&world, &handle).await;
            }
        }
    }
}

/// Live leases of the shard that has most.
fn most_leases(state: &State) -> usize {
    let mut most = 0;
    for job in state.job_ids() {
        for stage in 0..=CONVERT {
            let shards = (0..).map(|shard| ShardId { job: job.clone(), stage, shard });
            let there = shards.take_while(|shard| state.shard(shard).is_some());
            most = there.map(|shard| state.leases(&shard).count()).max().unwrap_or(0).max(most);
        }
    }
    most
}

async fn visit(world: &World, handle: &CoordinatorHandle, job: &JobId, phase: &Phase, paused: bool) {
    match phase {
        Phase::Held(held) => {
            let bug = [ourselves::PANICKED, ourselves::INVARIANT].contains(&held.failure.code);
            world.must(!bug || held.hold == Hold::Bug, || {
                format!("{job} is held by a bug: {:?}", held.failure)
            });
            if !world.faulty() || world.permille(300) {
                mend(world, handle, job, held.hold).await;
            }
        }
        Phase::Done(_) | Phase::Cancelled(_) | Phase::Failed(_) => {}
        _ if world.faulty() => steer(world, handle, job).await,
        _ if paused => tell(handle, job, Steer::Resume).await,
        _ => {}
    }
}

async fn mend(world: &World, handle: &CoordinatorHandle, job: &JobId, hold: Hold) {
    world.fire("job held");
    if world.faults.rival {
        // The coordinator that is gone may have opened rounds and published in them since this one compared the job;
        // only comparing it again tells.
        let job_uri = world.checks().jobs[job].job_uri.clone();
        world.fire("job compared again by hand");
        let adopted = handle.adopt(&job_uri, StoreSettings::default());
        tokio::time::timeout(Duration::from_secs(10), adopted).await.ok();
    }
    match hold {
        Hold::Foreign => {
            world.checks().remove_foreign(world, &mut world.objects());
            tell(handle, job, Steer::Retry).await;
        }
        Hold::Budget | Hold::Shards | Hold::OutOfRetries if world.permille(500) => {
            world.fire("accept");
            tell(handle, job, Steer::Accept).await;
        }
        _ => tell(handle, job, Steer::Retry).await,
    }
}

async fn steer(world: &World, handle: &CoordinatorHandle, job: &JobId) {
    // Of two coordinators one may open what the other is about to finish.
    let hasty = if world.faults.rival { 100 } else { 0 };
    let steer = match world.range(0, 299 + hasty) {
        0..=5 => Steer::Pause,
        6..=29 => Steer::Resume,
        30..=35 => Steer::Priority(3),
        36..=39 | 300.. => Steer::Retry,
        40 => Steer::Accept,
        41 | 42 => Steer::Cancel { reason: "changed their mind".to_owned() },
        _ => return,
    };
    world.fire(match steer {
        Steer::Cancel { .. } => "cancel",
        Steer::Pause => "pause",
        _ => "other steering",
    });
    tell(handle, job, steer).await;
}

/// Nobody waits for ever; a refusal is an answer.
async fn tell(handle: &CoordinatorHandle, job: &JobId, steer: Steer) {
    let told = handle.steer(job.as_str(), steer);
    tokio::time::timeout(Duration::from_secs(2), told).await.ok();
}

/// What a coordinator that is gone had begun, whoever is left takes over.
async fn adopt(world: &World, handle: &CoordinatorHandle) {
    let pointers: Vec<Pointer> = {
        let objects = world.objects();
        let found = objects.under(&registry(), "").map(|(_, stored)| serde_json::from_slice(&stored.bytes));
        found.filter_map(Result::ok).collect()
    };
    for pointer in pointers {
        let id = pointer.job.clone();
        let known = handle.driver.read(move |state, _| state.job(&id).is_some()).await;
        if known.is_ok_and(|known| !known) && world.objects().claimed(&pointer) {
            world.fire("job adopted by hand");
            let adopted = handle.adopt(&pointer.job_uri, StoreSettings::default());
            tokio::time::timeout(Duration::from_secs(10), adopted).await.ok();
        }
    }
}

/// Something breaks, now and then.
pub(super) async fn trouble(world: Arc<World>, mut workers: Vec<Arc<Worker>>, seats: Vec<Arc<Seat>>) {
    loop {
        world.pause(150, 450).await;
        for worker in &mut workers {
            if worker.is_gone() {
                *worker = Worker::start(&world);
            }
        }
        if !world.faulty() || !world.permille(world.faults.trouble) {
            continue;
        }
        let number = world.range(0, workers.len() as u64 - 1) as usize;
        let (worker, seat) = (&workers[number], &seats[world.range(0, seats.len() as u64 - 1) as usize]);
        match world.range(0, 7) {
            0 | 1 => {
                world.fire("worker stalls");
                worker.stall(world.now() + world.range(800, 6_000));
            }
            2 | 3 => {
                world.fire("worker dies");
                worker.process.kill();
            }
            4 => worker.leave().await,
            5 => {
                world.fire("wall clock jumps");
                seat.clock.jump();
            }
            6 => lose_upload(&world),
            7 => foreign_object(&world),
            _ => {}
        }
    }
}

/// A lifecycle rule takes an upload.
fn lose_upload(world: &World) {
    let mut objects = world.objects();
    let checks = world.checks();
    let may = objects.uploads.iter().filter(|(_, upload)| checks.may_vanish(&objects, upload));
    let ids: Vec<String> = may.map(|(id, _)| id.clone()).collect();
    drop(checks);
    if ids.is_empty() || world.permille(600) {
        return;
    }
    objects.uploads.remove(&ids[world.range(0, ids.len() as u64 - 1) as usize]);
    world.fire("upload vanishes");
}

/// Somebody else writes into an output.
fn foreign_object(world: &World) {
    let name = match world.range(0, 2) {
        0 => "README".to_owned(),
        _ => format!("part-{:05}.parquet", world.range(0, 9)),
    };
    let uri = format!("{}/{name}", output(world.range(0, world.jobs - 1)));
    let mut objects = world.objects();
    if !objects.objects.contains_key(&uri) && world.permille(400) {
        let bytes = bytes::Bytes::from(format!("foreign {}", world.now()));
        objects.put(&uri, bytes.clone(), Metadata::new(), world.now());
        world.checks().foreign(uri, bytes);
        world.fire("foreign object put");
    }
}
