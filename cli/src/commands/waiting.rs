//! Following a job until it ends, is held, or the caller has waited long enough.

use crate::{
    args::Format,
    connection::refused,
    context::Context,
    error::CliError,
    exit::Exit,
    interrupt::interrupted,
    offline,
    progress::{ProgressView, Reporter},
    render, screens,
};
use futures::StreamExt;
use std::time::Duration;
use tarquet_coordinator::Jobs;
use tarquet_core::views::{JobStatus, WhyWaiting};

/// Pause before a watch that broke is begun again.
const AGAIN: Duration = Duration::from_secs(1);

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Goal {
    /// The end of the job: published, failed, cancelled; or that it is held
    Published,
    /// That shards that write partitions are running
    Running,
    /// As published, where nobody else will come to help: a shard that fits no slot ends the waiting too.
    #[value(skip)]
    Alone,
}

/// How the waiting ended.
pub(crate) enum Waited {
    /// The job is where it was waited for.
    Reached(Box<JobStatus>),
    /// Time is up; the last that was heard.
    TimedOut(Option<Box<JobStatus>>),
    /// Ctrl-C.
    Detached,
}

/// Follows a job, showing progress. A coordinator that restarts meanwhile is waited for.
pub(crate) async fn follow(
    jobs: &dyn Jobs,
    job: &str,
    goal: Goal,
    timeout: Option<Duration>,
    cx: &Context,
) -> Result<Waited, CliError> {
    // The first answer is asked for plainly, so that a wrong name or address is told at once.
    let first = jobs.status(job).await.map_err(|e| refused(e, cx))?;
    let id = first.job.to_string();
    let mut reporter = Reporter::new(cx);
    let mut last = Box::new(first);
    let watching = async {
        loop {
            reporter.show(&ProgressView::of(&last));
            if reached(&last, goal) {
                return Ok(());
            }
            *last = next(jobs, &id, &last, &mut reporter, goal, cx).await?;
        }
    };
    let limit = async {
        match timeout {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    let ended = tokio::select! {
        done = watching => Some(done),
        () = limit => None,
        () = interrupted() => {
            reporter.finish();
            return Ok(Waited::Detached);
        }
    };
    reporter.finish();
    match ended {
        Some(Ok(())) => Ok(Waited::Reached(last)),
        Some(Err(error)) => Err(error),
        None => Ok(Waited::TimedOut(Some(last))),
    }
}

/// The status that ends a watch: one that reaches the goal, or the last before the stream broke.
async fn next(
    jobs: &dyn Jobs,
    id: &str,
    before: &JobStatus,
    reporter: &mut Reporter,
    goal: Goal,
    cx: &Context,
) -> Result<JobStatus, CliError> {
    let mut last = before.clone();
    if let Ok(mut statuses) = jobs.watch(id).await {
        while let Some(Ok(status)) = statuses.next().await {
            reporter.show(&ProgressView::of(&status));
            last = status;
            if reached(&last, goal) {
                return Ok(last);
            }
        }
    }
    tokio::time::sleep(AGAIN).await;
    match jobs.status(id).await {
        Ok(status) => Ok(status),
        Err(tarquet_coordinator::JobsError::Unreachable(why)) => {
            tracing::debug!(why, "the coordinator does not answer; waiting for it");
            reporter.show(&ProgressView::of(&last).without_answer());
            Ok(last)
        }
        Err(refusal) => Err(refused(refusal, cx)),
    }
}

fn reached(status: &JobStatus, goal: Goal) -> bool {
    screens::exit_of(status).is_some()
        || goal == Goal::Alone && status.waiting == Some(WhyWaiting::NoSlotFits)
        || goal == Goal::Running && status.stages.iter().any(|s| s.partitions > 0 && s.running > 0)
}

/// Tells how it ended, as an answer, and says the exit code. A job without a coordinator is named by its output.
pub(crate) fn end(waited: &Waited, output: Option<&str>, cx: &Context) -> Result<Exit, CliError> {
    let (status, exit) = match waited {
        Waited::Detached => return Ok(Exit::Interrupted),
        Waited::TimedOut(None) => return Ok(Exit::TimedOut),
        Waited::TimedOut(Some(status)) => (status, Exit::TimedOut),
        Waited::Reached(status) => (status, screens::exit_of(status).unwrap_or_else(|| unended(status))),
    };
    let mut status = status.as_ref().clone();
    if let Some(output) = output {
        status.next = offline::next(&status, output);
    }
    let reference = output.map_or_else(|| screens::short(&status.job).to_owned(), render::quoted);
    match cx.format() {
        Format::Json | Format::Jsonl => cx.answer_json(&status)?,
        Format::Name => cx.answer(status.job.as_str())?,
        Format::Table => cx.answer(&screens::summary(&status, &reference, cx.look()))?,
    }
    Ok(exit)
}

/// The exit for a job that goes on: where no slot will ever fit, a limit of the command line was reached.
fn unended(status: &JobStatus) -> Exit {
    match status.waiting {
        Some(WhyWaiting::NoSlotFits) => Exit::Limit,
        _ => Exit::Done,
    }
}
