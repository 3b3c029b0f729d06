//! `tarquet submit`: a job for the coordinator.

use super::wait::{self, Waited};
use crate::{
    args::Format,
    connection::{block_on, connect, refused, token},
    context::Context,
    error::CliError,
    exit::Exit,
    render::visible,
    spec,
};
use serde_json::json;
use tarquet_client::{Goal, Submitted};
use tarquet_common::{codes::ourselves, failure::Failure};

/// What to submit.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  tarquet submit frames.toml --wait\n  \
                        tarquet submit --input 's3://in/*.tar.lz4' --output s3://out/frames -o json")]
pub(crate) struct Args {
    #[command(flatten)]
    job: spec::JobFlags,
    /// Show progress and wait for the end; Ctrl-C detaches, the job goes on
    #[arg(long)]
    wait: bool,
    /// Names this request: a repeat with the same token is the same job
    #[arg(long, value_name = "TEXT")]
    token: Option<String>,
}

/// Submits and, if asked, waits.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    let spec = spec::of_flags(&args.job, &cx.globals.store)?;
    let value = serde_json::to_value(&spec).map_err(|e| {
        Failure::new(ourselves::INVARIANT, "the spec cannot be written as JSON").caused_by(&e)
    })?;
    let token = args.token.clone().unwrap_or_else(|| token(cx));
    block_on(async {
        let jobs = connect(cx)?;
        let submitted = jobs.submit(token, value).await.map_err(|e| refused(e, cx))?;
        if !args.wait {
            tell(&submitted, spec.display_name(), cx)?;
            return Ok(Exit::Done);
        }
        let job = submitted.job.to_string();
        cx.say(&format!("Job {job} ({}) accepted; Ctrl-C detaches", visible(spec.display_name())));
        let waited = wait::follow(jobs.as_ref(), &job, Goal::Settled, None, cx).await?;
        if matches!(waited, Waited::Detached) {
            cx.say(&format!("Detached; the job goes on. `tarquet wait {job}` attaches again."));
        }
        wait::end(&waited, None, cx)
    })
}

fn tell(submitted: &Submitted, name: &str, cx: &Context) -> Result<(), CliError> {
    let job = &submitted.job;
    match cx.format() {
        Format::Json | Format::Jsonl => {
            cx.answer_json(&json!({ "job": job, "name": name, "known": submitted.known }))
        }
        Format::Name => cx.answer(job.as_str()),
        Format::Table => {
            let known = if submitted.known { "was submitted before" } else { "accepted" };
            cx.answer(&format!(
                "Job {job} ({}) {known}\n\nNext:\n  tarquet status {job} -w\n  tarquet wait {job}\n",
                visible(name)
            ))
        }
    }
}
