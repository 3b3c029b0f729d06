//! `tarquet workers` and `tarquet drain`.

use crate::{
    args::Format,
    connection::{block_on, connect, refused},
    context::Context,
    error::CliError,
    exit::Exit,
    screens,
};
use serde_json::json;
use tarquet_client::{Jobs, PAGE_MAX};
use tarquet_common::{codes::cluster, failure::Failure, ids::WorkerId};
use tarquet_core::views::WorkerLine;

/// Nothing to say.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Whom to drain.
#[derive(Debug, clap::Args)]
pub(crate) struct DrainArgs {
    /// Worker: its name, or the beginning of it
    #[arg(value_name = "WORKER")]
    worker: String,
}

/// Lists workers.
pub(crate) fn run(_: &Args, cx: &Context) -> Result<Exit, CliError> {
    block_on(async {
        let lines = all(connect(cx)?.as_ref(), cx).await?;
        match cx.format() {
            Format::Json => cx.answer_json(&lines)?,
            Format::Jsonl => lines.iter().try_for_each(|l| cx.answer_json(l))?,
            Format::Name => {
                cx.answer(&lines.iter().map(|l| format!("{}\n", l.worker)).collect::<String>())?
            }
            Format::Table => cx.answer(&screens::workers(&lines, cx.look()))?,
        }
        Ok(Exit::Done)
    })
}

/// Has a worker finish or hand back what it holds, and leave.
pub(crate) fn drain(args: &DrainArgs, cx: &Context) -> Result<Exit, CliError> {
    block_on(async {
        let jobs = connect(cx)?;
        let worker = resolve(&args.worker, &all(jobs.as_ref(), cx).await?)?;
        jobs.drain(worker.clone()).await.map_err(|e| refused(e, cx))?;
        match cx.format() {
            Format::Json | Format::Jsonl => {
                cx.answer_json(&json!({ "worker": worker, "state": "draining" }))?
            }
            Format::Name => cx.answer(&worker.0)?,
            Format::Table => {
                cx.answer(&format!("Worker {worker} finishes or hands back what it holds, and leaves"))?
            }
        }
        Ok(Exit::Done)
    })
}

async fn all(jobs: &dyn Jobs, cx: &Context) -> Result<Vec<WorkerLine>, CliError> {
    let mut lines: Vec<WorkerLine> = Vec::new();
    loop {
        let after = lines.last().map(|l| l.worker.clone());
        let page = jobs.workers(after, PAGE_MAX).await.map_err(|e| refused(e, cx))?;
        let more = page.more && !page.lines.is_empty();
        lines.extend(page.lines);
        if !more {
            return Ok(lines);
        }
    }
}

/// The worker of this name, or the only one whose name begins so.
fn resolve(text: &str, workers: &[WorkerLine]) -> Result<WorkerId, Failure> {
    if let Some(exact) = workers.iter().find(|w| w.worker.0 == text) {
        return Ok(exact.worker.clone());
    }
    let mut alike = workers.iter().filter(|w| w.worker.0.starts_with(text));
    match (alike.next(), alike.count()) {
        (Some(only), 0) => Ok(only.worker.clone()),
        (None, _) => {
            Err(Failure::new(cluster::UNKNOWN_WORKER, format!("no worker's name begins with {text:?}")))
        }
        (Some(_), more) => Err(Failure::new(
            cluster::UNKNOWN_WORKER,
            format!("{} workers' names begin with {text:?}", more + 1),
        )),
    }
}
