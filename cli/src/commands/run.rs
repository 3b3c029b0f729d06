//! `tarquet run`: coordinator and worker in this process, to the end.

use super::wait::{self, Waited};
use crate::{
    args::ResourceFlags,
    connection::{refused, token},
    context::Context,
    error::CliError,
    exit::Exit,
    kinds,
    local::{Home, Local, block_on},
    offline, render,
    resources::{Resources, few_arenas},
    spec,
};
use tarquet_client::{Goal, Jobs, JobsError, Steer, is_over};
use tarquet_common::{
    codes::{cluster, ourselves},
    failure::Failure,
    spec::Spec,
    store::StoreSettings,
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
            block_on(fresh(&spec, &resources, cx))
        }
    }
}

async fn fresh(spec: &Spec, resources: &Resources, cx: &Context) -> Result<Exit, CliError> {
    let value = serde_json::to_value(spec).map_err(|e| {
        Failure::new(ourselves::INVARIANT, "the spec cannot be written as JSON").caused_by(&e)
    })?;
    // Before anything is written: a run that cannot begin leaves nothing behind.
    tarquet_coordinator::kinds::preflight(spec).await?;
    kinds::of(spec.kind()).preflight(spec).await?;
    let place = spec.place();
    let home = Home::of(place.uri, place.job_uri)?;
    let local = Local::start(home, place.store, resources, false).await?;
    let job = match local.handle.submit(token(cx), value).await {
        Ok(submitted) => submitted.job.to_string(),
        Err(error) => {
            local.stop(cx).await?;
            return Err(refused(error, cx));
        }
    };
    follow(local, &job, place.uri, cx).await
}

async fn resume(output: &str, args: &Args, resources: &Resources, cx: &Context) -> Result<Exit, CliError> {
    let kept = offline::read(output, cx).await?;
    let settings: StoreSettings = cx.globals.store.settings();
    let local = Local::start(Home::of(output, None)?, &settings, resources, args.take_over).await?;
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
    if let Some(steer) = steer.filter(|_| !is_over(&kept.status))
        && let Some(ended) = decide(&local, &job, steer, cx).await?
    {
        return finish(local, ended, output, cx).await;
    }
    follow(local, &job, output, cx).await
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
