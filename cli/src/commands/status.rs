//! `tarquet status`: one job, now or as it goes.

use crate::{
    args::Format,
    connection::{block_on, connect, refused},
    context::Context,
    error::CliError,
    exit::Exit,
    offline::{self, Kept},
    screens::{self, StatusScreen},
};
use std::{io::Write, time::Duration};
use tarquet_coordinator::Jobs;
use tarquet_core::views::ShardFilter;

/// How often a watched screen is drawn again.
const EVERY: Duration = Duration::from_secs(1);
/// Running shards that are asked for.
const SHARDS: usize = 1000;
/// Workers on the screen.
const WORKERS: usize = 20;
/// Events that are asked for.
const EVENTS: usize = 8;

/// What to show.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Job: its id, the beginning of it, or @last; or the output of a `tarquet run`
    #[arg(value_name = "JOB", default_value = "@last")]
    job: String,
    /// Draw again every second until the job ends
    #[arg(short, long)]
    watch: bool,
}

/// Shows it.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    block_on(async {
        if let Some(kept) = offline::find(&args.job, cx).await? {
            return of_objects(&kept, cx);
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
fn of_objects(kept: &Kept, cx: &Context) -> Result<Exit, CliError> {
    match cx.format() {
        Format::Json | Format::Jsonl => cx.answer_json(&kept.status)?,
        Format::Name => cx.answer(kept.status.job.as_str())?,
        Format::Table => {
            let screen = StatusScreen {
                status: kept.status.clone(),
                running: Vec::new(),
                workers: Vec::new(),
                events: Vec::new(),
            };
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
            let screen = screen(jobs, job, cx).await?;
            cx.answer(&screens::status(&screen, cx.look()))?;
        }
    }
    Ok(Exit::Done)
}

async fn screen(jobs: &dyn Jobs, job: &str, cx: &Context) -> Result<StatusScreen, CliError> {
    let status = jobs.status(job).await.map_err(|e| refused(e, cx))?;
    let id = status.job.to_string();
    let running = jobs.shards(&id, ShardFilter::Running, (0, 0), SHARDS).await.map_err(|e| refused(e, cx))?;
    let workers = jobs.workers(None, WORKERS).await.map_err(|e| refused(e, cx))?;
    let events = jobs.events(Some(&id), EVENTS).await.map_err(|e| refused(e, cx))?;
    Ok(StatusScreen { status, running: running.shards, workers: workers.lines, events })
}

/// Until the job ends: a terminal is drawn anew, anything else gets one status after the other.
async fn watch(jobs: &dyn Jobs, job: &str, cx: &Context) -> Result<Exit, CliError> {
    let job = jobs.resolve(job).await.map_err(|e| refused(e, cx))?.to_string();
    loop {
        let screen = screen(jobs, &job, cx).await?;
        match cx.format() {
            Format::Json | Format::Jsonl => {
                cx.answer(&serde_json::to_string(&screen.status).unwrap_or_default())?
            }
            Format::Name => cx.answer(&screen.status.state)?,
            Format::Table => draw(&screens::status(&screen, cx.look()), cx)?,
        }
        if let Some(exit) = screens::exit_of(&screen.status) {
            return Ok(exit);
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = tokio::signal::ctrl_c() => return Ok(Exit::Interrupted),
        }
    }
}

fn draw(text: &str, cx: &Context) -> Result<(), CliError> {
    if !cx.terminal.redraws_stdout {
        return cx.answer(&format!("{text}\n"));
    }
    // Home, the screen with each line cleared to its end, then everything below cleared (ECMA-48 ED, EL, CUP).
    let cleared = text.replace('\n', "\x1b[K\n");
    let mut out = std::io::stdout().lock();
    write!(out, "\x1b[H{cleared}\x1b[J").and_then(|()| out.flush()).map_err(CliError::answer)
}
