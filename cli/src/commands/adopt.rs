//! `tarquet adopt`: a job that another coordinator began, from its objects.

use crate::{
    args::Format,
    connection::{block_on, connect, refused},
    context::Context,
    error::CliError,
    exit::Exit,
};
use tarquet_common::store::StoreSettings;

/// Which job.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tarquet adopt s3://acme-lake/frames.tarquet/jobs/01JD8Q4T3M0000000000000000"
)]
pub(crate) struct Args {
    /// The job's prefix: OUTPUT.tarquet/jobs/ID
    #[arg(value_name = "JOB_PREFIX")]
    prefix: String,
    /// The coordinator's store that it lies in, by name [default: that of its environment]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["endpoint_url", "profile"])]
    job_store: Option<String>,
}

/// Has the coordinator take it over.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    block_on(async {
        let store = match &args.job_store {
            Some(name) => StoreSettings { name: Some(name.clone()), ..StoreSettings::default() },
            None => cx.globals.store.settings(),
        };
        let adopted = connect(cx)?.adopt(&args.prefix, store).await.map_err(|e| refused(e, cx))?;
        match cx.format() {
            Format::Json | Format::Jsonl => cx.answer_json(&adopted)?,
            Format::Name => cx.answer(adopted.job.as_str())?,
            Format::Table => {
                let how = if adopted.rebuilt { "taken over from its objects" } else { "was known already" };
                cx.answer(&format!(
                    "Job {} {how}\n\nNext:\n  tarquet status {} -w\n",
                    adopted.job, adopted.job
                ))?;
            }
        }
        Ok(Exit::Done)
    })
}
