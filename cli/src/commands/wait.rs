//! `tarquet wait`: until a job ends; and the same for whoever else waits for one, with progress and the end told.

use crate::{
    args::{Duration, Format},
    connection::{block_on, connect, refused},
    context::Context,
    error::CliError,
    exit::Exit,
    offline,
    progress::{ProgressView, Reporter},
    render, screens,
};
use tarquet_client::{Followed, Goal, Jobs, News};
use tarquet_core::views::{JobStatus, WhyWaiting};
use tokio::signal::unix::{SignalKind, signal};

/// What to wait for.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 all done, 3 published with quarantine, 4 failed, 5 held, 11 cancelled, \
                        12 timed out."
)]
pub(crate) struct Args {
    /// Job: its id, the beginning of it, or @last
    #[arg(value_name = "JOB", default_value = "@last")]
    job: String,
    /// Give up after so long: 240s, 4m, 1h
    #[arg(long, value_name = "TIME")]
    timeout: Option<Duration>,
    /// What to wait for
    #[arg(long = "for", value_name = "GOAL", value_enum, default_value = "published")]
    goal: Ask,
}

/// What is waited for, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Ask {
    /// The end of the job: published, failed, cancelled; or that it is held
    Published,
    /// That shards that write partitions are running
    Running,
}

/// Waits.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    let goal = match args.goal {
        Ask::Published => Goal::Settled,
        Ask::Running => Goal::Running,
    };
    block_on(async {
        let jobs = connect(cx)?;
        let timeout = args.timeout.map(|t| t.0);
        let waited = follow(jobs.as_ref(), &args.job, goal, timeout, cx).await?;
        end(&waited, None, cx)
    })
}

/// How the waiting ended.
pub(super) enum Waited {
    /// The job is where it was waited for.
    Reached(Box<JobStatus>),
    /// Time is up; the last that was heard.
    TimedOut(Box<JobStatus>),
    /// Ctrl-C.
    Detached,
}

/// Follows a job, showing progress. A coordinator that restarts meanwhile is waited for.
pub(super) async fn follow(
    jobs: &dyn Jobs,
    job: &str,
    goal: Goal,
    timeout: Option<std::time::Duration>,
    cx: &Context,
) -> Result<Waited, CliError> {
    // The first answer is asked for plainly, so that a wrong name or address is told at once.
    let first = jobs.status(job).await.map_err(|e| refused(e, cx))?;
    let mut reporter = Reporter::new(cx);
    let show = |news: News<'_>| match news {
        News::Status(status) => reporter.show(&ProgressView::of(status)),
        News::Silence(last) => reporter.show(&ProgressView::of(last).without_answer()),
    };
    let ended = tokio::select! {
        ended = tarquet_client::follow(jobs, first, goal, timeout, show) => Some(ended),
        () = interrupted() => None,
    };
    reporter.finish();
    match ended {
        Some(Ok(Followed::Reached(status))) => Ok(Waited::Reached(status)),
        Some(Ok(Followed::TimedOut(status))) => Ok(Waited::TimedOut(status)),
        Some(Err(refusal)) => Err(refused(refusal, cx)),
        None => Ok(Waited::Detached),
    }
}

/// Returns when this process is asked to stop: by Ctrl-C, or by SIGTERM from whoever supervises it. From the first call on
/// neither signal ends the process by itself.
pub(super) async fn interrupted() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        // Without a handler the signal ends the process, which is what it asks for.
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// Tells how it ended, as an answer, and says the exit code. A job without a coordinator is named by its output.
pub(super) fn end(waited: &Waited, output: Option<&str>, cx: &Context) -> Result<Exit, CliError> {
    let (status, exit) = match waited {
        Waited::Detached => return Ok(Exit::Interrupted),
        Waited::TimedOut(status) => (status, Exit::TimedOut),
        Waited::Reached(status) => (status, Exit::of_job(status).unwrap_or_else(|| unended(status))),
    };
    let mut status = status.as_ref().clone();
    if let Some(output) = output {
        offline::in_words_of_run(&mut status, output);
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
