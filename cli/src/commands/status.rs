//! `tarquet status`: one job, now or as it goes.

use super::watch::{screen, watch};
use crate::{
    args::Format,
    connection::{block_on, connect, refused},
    context::Context,
    error::CliError,
    exit::Exit,
    offline::{self, Kept},
    screens::{self, StatusScreen},
    uploads,
};
use std::time::Duration;
use tarquet_client::Jobs;
use tarquet_common::{
    codes::spec as codes,
    failure::Failure,
    spec::Spec,
    store::{StoreSettings, Stores},
};
use tarquet_core::views::JobStatus;

/// How long the store may take to say what it removes.
const PATIENCE: Duration = Duration::from_secs(5);

/// What to show.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Job: its id, the beginning of it, or @last; or the output of a `tarquet run`
    #[arg(value_name = "JOB", default_value = "@last")]
    job: String,
    /// Draw again every second until the job ends or is held; Ctrl-C leaves
    #[arg(short, long)]
    watch: bool,
}

/// Shows it.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    block_on(async {
        if let Some(kept) = offline::find(&args.job, cx).await? {
            return of_objects(&kept, cx).await;
        }
        let jobs = connect(cx)?;
        if args.watch {
            watch(jobs.as_ref(), &args.job, cx).await
        } else {
            once(jobs.as_ref(), &args.job, cx).await
        }
    })
}

/// A job of `tarquet run`, from the objects it keeps beside its output.
async fn of_objects(kept: &Kept, cx: &Context) -> Result<Exit, CliError> {
    match cx.format() {
        Format::Json | Format::Jsonl => cx.answer_json(&kept.status)?,
        Format::Name => cx.answer(kept.status.job.as_str())?,
        Format::Table => {
            let place = cx.globals.store.own().map(|stores| (stores, cx.globals.store.settings()));
            let uploads = of_held(&kept.status, place).await;
            let screen = StatusScreen { uploads, ..StatusScreen::still(kept.status.clone()) };
            cx.answer(&screens::status(&screen, cx.look()))?;
        }
    }
    Ok(Exit::Done)
}

async fn once(jobs: &dyn Jobs, job: &str, cx: &Context) -> Result<Exit, CliError> {
    let status = jobs.status(job).await.map_err(|e| refused(e, cx))?;
    match cx.format() {
        Format::Json | Format::Jsonl => cx.answer_json(&status)?,
        Format::Name => cx.answer(status.job.as_str())?,
        Format::Table => {
            let mut screen = screen(jobs, job).await.map_err(|e| refused(e, cx))?;
            if status.hold.is_some() {
                let spec = jobs.spec(status.job.as_str()).await.map_err(|e| refused(e, cx))?;
                screen.uploads = of_held(&screen.status, output_store(spec, cx)).await;
            }
            cx.answer(&screens::status(&screen, cx.look()))?;
        }
    }
    Ok(Exit::Done)
}

/// What opens the output of a job of a coordinator, and with which settings: the spec's, with what the command line adds. It
/// is somebody else's spec, so it leads our own credentials nowhere that we have not named.
///
/// # Errors
/// `BAD_VALUE` for a spec that this build does not understand: the coordinator is another build's.
pub(super) fn output_store(
    spec: serde_json::Value,
    cx: &Context,
) -> Result<(Stores, StoreSettings), Failure> {
    let spec: Spec = serde_json::from_value(spec).map_err(|e| {
        Failure::new(codes::BAD_VALUE, "the job's spec is none that this build understands").caused_by(&e)
    })?;
    let mut settings = spec.place().store.clone();
    cx.globals.store.complete(&mut settings);
    Ok((cx.globals.store.operated()?, settings))
}

/// Until when the uploads of a held job are safe. Whoever asks may not be allowed to know, and hears why not.
async fn of_held(status: &JobStatus, place: Result<(Stores, StoreSettings), Failure>) -> Option<String> {
    status.hold?;
    let ask = async {
        let (stores, settings) = place?;
        uploads::kept(&stores, &status.output_uri, &settings).await
    };
    let asked = tokio::time::timeout(PATIENCE, ask);
    Some(match asked.await {
        Ok(Ok(kept)) => uploads::safe_until(&kept),
        Ok(Err(failure)) => format!("not known from here: {} ({})", failure.message, failure.code),
        Err(_) => format!("not known: the store did not answer within {} s", PATIENCE.as_secs()),
    })
}
