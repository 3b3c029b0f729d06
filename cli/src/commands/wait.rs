//! `tarquet wait`: until a job ends.

use super::waiting::{self, Goal};
use crate::{
    args::Duration,
    connection::{block_on, connect},
    context::Context,
    error::CliError,
    exit::Exit,
};

/// What to wait for.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 all converted, 3 published with quarantine, 4 failed, 5 held, 11 cancelled, \
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
    goal: Goal,
}

/// Waits.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    block_on(async {
        let jobs = connect(cx)?;
        let timeout = args.timeout.map(|t| t.0);
        let waited = waiting::follow(jobs.as_ref(), &args.job, args.goal, timeout, cx).await?;
        waiting::end(&waited, None, cx)
    })
}
