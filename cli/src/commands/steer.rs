//! `cancel`, `pause`, `resume`, `retry`, `accept`: wishes about a job.

use super::run;
use crate::{
    args::Format,
    connection::{block_on, connect, refused},
    context::Context,
    error::CliError,
    exit::Exit,
    offline,
    screens::short,
};
use serde_json::json;
use tarquet_client::Steer;

/// Which job.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Job: its id, the beginning of it, or @last
    #[arg(value_name = "JOB")]
    job: String,
}

/// Which job, and why.
#[derive(Debug, clap::Args)]
pub(crate) struct CancelArgs {
    /// Job: its id, the beginning of it, or @last; or its output
    #[arg(value_name = "JOB")]
    job: String,
    /// Why; kept with the job
    #[arg(long, value_name = "TEXT", default_value = "cancelled on the command line")]
    reason: String,
}

/// Ends a job without publishing. One of `tarquet run` that nobody runs now has no coordinator to ask, so this is one.
pub(crate) fn cancel(args: CancelArgs, cx: &Context) -> Result<Exit, CliError> {
    if let Some(kept) = block_on(offline::find(&args.job, cx))? {
        if kept.of_run {
            return block_on(run::cancel(&args.job, &kept, args.reason, cx));
        }
        let args = CancelArgs { job: kept.status.job.to_string(), ..args };
        return cancel_of(args, cx);
    }
    cancel_of(args, cx)
}

fn cancel_of(args: CancelArgs, cx: &Context) -> Result<Exit, CliError> {
    steer(
        &args.job,
        Steer::Cancel { reason: args.reason },
        "cancelled: nothing more of it will be published",
        cx,
    )
}

/// No new leases.
pub(crate) fn pause(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    steer(&args.job, Steer::Pause, "paused: what runs is finished, nothing new is started", cx)
}

/// Leases again.
pub(crate) fn resume(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    steer(&args.job, Steer::Resume, "goes on", cx)
}

/// Opens a new round for what failed.
pub(crate) fn retry(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    steer(&args.job, Steer::Retry, "tries again what failed; everything else is kept", cx)
}

/// Goes on without what failed.
pub(crate) fn accept(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    steer(&args.job, Steer::Accept, "goes on without what failed", cx)
}

fn steer(job: &str, wish: Steer, told: &str, cx: &Context) -> Result<Exit, CliError> {
    block_on(async {
        let id = connect(cx)?.steer(job, wish).await.map_err(|e| refused(e, cx))?;
        match cx.format() {
            Format::Json | Format::Jsonl => cx.answer_json(&json!({ "job": id }))?,
            Format::Name => cx.answer(id.as_str())?,
            Format::Table => cx.answer(&format!("Job {} {told}", short(&id)))?,
        }
        Ok(Exit::Done)
    })
}
