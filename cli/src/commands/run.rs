//! `tarquet run`: coordinator and worker in this process, to the end.

use super::wait::{self, Waited};
use crate::{
    args::{Format, ResourceFlags},
    connection::{refused, token},
    context::Context,
    error::CliError,
    exit::Exit,
    kinds,
    local::{self, Home, Local, block_on},
    offline::{self, Kept},
    removal::Removal,
    render,
    resources::{Resources, few_arenas},
    spec,
};
use serde_json::json;
use tarquet_client::{Goal, Jobs, JobsError, Steer, is_over};
use tarquet_common::{
    codes::{cluster, ourselves, plan, publish, spec as codes},
    failure::Failure,
    spec::Spec,
    store::{StoreError, StoreSettings, Stores, Uri},
};
use tarquet_core::PhaseName;

/// What to run.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  tarquet run frames.toml\n  \
                        tarquet run --input 'data/*.tar.lz4' --output out --partitions 8\n  \
                        tarquet run --resume out --accept\n\n\
                        Exit codes: 0 all done, 3 published with quarantine, 4 failed, 5 held, 11 cancelled.")]
pub(crate) struct Args {
    #[command(flatten)]
    job: spec::JobFlags,
    /// Go on with the job of this output after a hold, a kill or a reboot
    #[arg(long, value_name = "OUTPUT", conflicts_with_all = ["spec", "input", "output", "partitions"])]
    resume: Option<String>,
    /// With --resume: go on without what failed
    #[arg(long, requires = "resume")]
    accept: bool,
    /// With --resume: try again what failed
    #[arg(long, requires = "resume", conflicts_with = "accept")]
    retry: bool,
    /// With --resume: no other coordinator is left, so go on even where the store could not keep two apart
    #[arg(long, requires = "resume")]
    take_over: bool,
    /// Remove what a job that is over has written there before, and write anew; needs -y
    #[arg(long, conflicts_with = "resume")]
    replace: bool,
    #[command(flatten)]
    resources: ResourceFlags,
}

/// Runs a job to its end, or until it is held or interrupted.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    let resources = Resources::of(&args.resources)?;
    few_arenas(resources.slots);
    resources.warn_of_scratch();
    match &args.resume {
        Some(output) => block_on(resume(output, args, &resources, cx)),
        None => {
            let spec = spec::of_flags(&args.job, &cx.globals.store)?;
            block_on(async {
                if args.replace {
                    clear(&spec, cx).await?;
                }
                fresh(&spec, &resources, cx).await
            })
        }
    }
}

/// Removes what the job that has claimed the output has written, if there is one and it is over.
async fn clear(spec: &Spec, cx: &Context) -> Result<(), CliError> {
    let output = spec.place().uri;
    let kept = match offline::read(output, cx).await {
        Err(CliError::Failure(failure)) if failure.code == codes::NO_JOB_HERE => return Ok(()),
        other => other?,
    };
    let removal = Removal::of(&kept, cx).await?;
    removal.leaves_nothing().await?;
    // What was published goes only when all that can be known says that the new job begins.
    let stores = cx.globals.store.own()?;
    match tarquet_coordinator::kinds::preflight(&stores, spec).await {
        Err(failure) if failure.code != plan::OUTPUT_NOT_EMPTY => return Err(failure.into()),
        Err(_) | Ok(()) => kinds::of(spec.kind()).preflight(&stores, spec).await?,
    }
    removal.asked_for(cx)?;
    removal.carry_out(cx).await?;
    cx.say(&format!("Removed {}", removal.told()));
    Ok(())
}

/// What to type where an earlier job stands in the way: that depends on how that job stands.
async fn in_the_way(failure: Box<Failure>, output: &str, cx: &Context) -> CliError {
    let taken = [publish::OUTPUT_CLAIMED, plan::OUTPUT_NOT_EMPTY].contains(&failure.code);
    let kept = match taken {
        true => offline::read(output, cx).await.ok(),
        false => None,
    };
    let Some(kept) = kept else { return CliError::Failure(failure) };
    let (to, job) = (render::quoted(output), &kept.status.job);
    let hint = if is_over(&kept.status) {
        format!(
            "Job {job} has written it and is {}: `tarquet run --replace` with the same arguments removes that and writes anew, \
             `tarquet rm {to}` only removes it. Or choose another output.",
            kept.status.phase
        )
    } else if !kept.of_run {
        format!(
            "Job {job} of a coordinator has it: wait for it, or `tarquet cancel {job}`. Or choose another output."
        )
    } else if kept.status.hold.is_some() {
        format!(
            "Job {job} is held: `tarquet run --resume {to}` with --accept goes on without what failed, with --retry tries it \
             again; `tarquet cancel {to}` ends it, and then the same command begins anew."
        )
    } else {
        format!(
            "Job {job} was interrupted, or is at work: `tarquet run --resume {to}` goes on with it, `tarquet cancel {to}` ends \
             it, and then the same command begins anew."
        )
    };
    failure.with_hint(hint).into()
}

async fn fresh(spec: &Spec, resources: &Resources, cx: &Context) -> Result<Exit, CliError> {
    let value = serde_json::to_value(spec).map_err(|e| {
        Failure::new(ourselves::INVARIANT, "the spec cannot be written as JSON").caused_by(&e)
    })?;
    let place = spec.place();
    // Before anything is written: a run that cannot begin leaves nothing behind.
    let stores = cx.globals.store.own()?;
    if let Err(failure) = tarquet_coordinator::kinds::preflight(&stores, spec).await {
        return Err(in_the_way(Box::new(failure), place.uri, cx).await);
    }
    kinds::of(spec.kind()).preflight(&stores, spec).await?;
    let home = Home::of(place.uri, place.job_uri)?;
    let local = Local::start(home, place.store, stores, resources, false).await?;
    let job = match local.handle.submit(token(cx), value).await {
        Ok(submitted) => submitted.job.to_string(),
        Err(error) => {
            local.stop(cx).await?;
            return Err(match refused(error, cx) {
                CliError::Failure(failure) => in_the_way(failure, place.uri, cx).await,
                other => other,
            });
        }
    };
    follow(local, &job, place.uri, cx).await
}

async fn resume(output: &str, args: &Args, resources: &Resources, cx: &Context) -> Result<Exit, CliError> {
    let kept = offline::read(output, cx).await?;
    published_still(&kept, output, cx).await?;
    let settings: StoreSettings = cx.globals.store.of_output();
    let home = Home::of(output, kept.elsewhere.as_deref())?;
    let stores = stores_of_kept(&kept, cx)?;
    reachable(&kept, &stores).await?;
    let local = Local::start(home, &settings, stores, resources, args.take_over).await?;
    let job = kept.status.job.to_string();
    if local.handle.status(&job).await.is_err() {
        let prefix = kept.store.root().to_string();
        local.handle.adopt(&prefix, settings).await.map_err(|e| refused(e, cx))?;
    }
    let steer = match (args.accept, args.retry) {
        (true, _) => Some(Steer::Accept),
        (_, true) => Some(Steer::Retry),
        _ => None,
    };
    if let Some(steer) = steer.filter(|_| !is_over(&kept.status)) {
        match decide(&local, &job, steer, cx).await {
            Ok(None) => {}
            Ok(Some(ended)) => return finish(local, ended, output, cx).await,
            Err(refused) => {
                local.stop(cx).await?;
                return Err(offline::error_in_words_of_run(refused, output));
            }
        }
    }
    follow(local, &job, output, cx).await
}

/// Whether the job's own store is known here. A job that cannot be read is waited for, and this would never change.
async fn reachable(kept: &Kept, stores: &Stores) -> Result<(), CliError> {
    let uri = Uri::parse_here(&kept.status.output_uri).map_err(|e| Failure::from(StoreError::from(e)))?;
    stores.open(&uri, &kept.submit().await?.store).await.map_err(Failure::from)?;
    Ok(())
}

/// A job that was published has nothing to go on with; whether its output is still there is what its words would say.
async fn published_still(kept: &Kept, output: &str, cx: &Context) -> Result<(), CliError> {
    let differs = kept.differences(cx).await?;
    let Some(first) = differs.first() else { return Ok(()) };
    let text =
        format!("{} of the parts that job {} has published are not there", differs.len(), kept.status.job);
    Err(Failure::new(publish::OUTPUT_DIFFERS, text).at_uri(output).at_item(first).into())
}

/// Ends the job of a run that nobody runs now.
pub(crate) async fn cancel(
    output: &str,
    kept: &Kept,
    reason: String,
    cx: &Context,
) -> Result<Exit, CliError> {
    let settings: StoreSettings = cx.globals.store.of_output();
    let home = Home::of(output, kept.elsewhere.as_deref())?;
    let (coordinator, _) = local::coordinator(home, &settings, stores_of_kept(kept, cx)?, false).await?;
    let job = kept.status.job.to_string();
    let told = async {
        let jobs = &coordinator.handle;
        if jobs.status(&job).await.is_err() {
            let prefix = kept.store.root().to_string();
            jobs.adopt(&prefix, settings).await.map_err(|e| refused(e, cx))?;
        }
        jobs.steer(&job, Steer::Cancel { reason }).await.map_err(|e| refused(e, cx))
    };
    let told = told.await;
    local::stop(coordinator).await;
    told?;
    match cx.format() {
        Format::Json | Format::Jsonl => cx.answer_json(&json!({ "job": job }))?,
        Format::Name => cx.answer(&job)?,
        Format::Table => cx.answer(&format!("Job {job} cancelled: nothing of it will be published"))?,
    }
    Ok(Exit::Done)
}

/// What lies in a store may have been written by anybody who can write there: its spec is not taken for that of the person
/// who goes on with it. A folder of this machine is.
fn stores_of_kept(kept: &Kept, cx: &Context) -> Result<Stores, Failure> {
    match kept.store.root().path() {
        Some(_) => cx.globals.store.own(),
        None => cx.globals.store.operated(),
    }
}

/// Accepts, or retries. What held a job is in the ledger alone; where that was lost, the job goes on, which tries again what
/// had failed, until the same trouble holds it: only then is there something to accept. Returns how the job ended, if it
/// did so before there was anything to decide.
async fn decide(local: &Local, job: &str, steer: Steer, cx: &Context) -> Result<Option<Waited>, CliError> {
    let status = local.handle.status(job).await.map_err(|e| refused(e, cx))?;
    if status.phase != PhaseName::Held && steer == Steer::Accept {
        match wait::follow(&local.handle, job, Goal::Alone, None, cx).await? {
            Waited::Reached(status) if status.phase == PhaseName::Held => {}
            ended => return Ok(Some(ended)),
        }
    }
    match local.handle.steer(job, steer).await {
        Err(JobsError::Refused(why)) if status.phase != PhaseName::Held && is_idle(&why) => Ok(None),
        other => other.map(|_| None).map_err(|e| refused(e, cx)),
    }
}

/// There was nothing to retry: the job simply goes on.
fn is_idle(why: &Failure) -> bool {
    [cluster::NOTHING_TO_DO, cluster::NOT_NOW].contains(&why.code)
}

async fn follow(local: Local, job: &str, output: &str, cx: &Context) -> Result<Exit, CliError> {
    match wait::follow(&local.handle, job, Goal::Alone, None, cx).await {
        Ok(waited) => finish(local, waited, output, cx).await,
        Err(error) => {
            local.stop(cx).await?;
            Err(error)
        }
    }
}

async fn finish(local: Local, waited: Waited, output: &str, cx: &Context) -> Result<Exit, CliError> {
    if matches!(waited, Waited::Detached) {
        cx.say("Stopping; what is finished is kept.");
    }
    local.stop(cx).await?;
    match &waited {
        Waited::Detached => {
            cx.say(&format!("Interrupted. Go on with: tarquet run --resume {}", render::quoted(output)));
            Ok(Exit::Interrupted)
        }
        ended => wait::end(ended, Some(output), cx),
    }
}
