//! `tarquet rm`: removes what a job that is over has written.

use crate::{connection::block_on, context::Context, error::CliError, exit::Exit, offline, removal::Removal};

/// Which output.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Removes the parts whose mark names the job that has claimed the output, the job's own objects and its \
                        claim; whatever else lies there stays, and so do indexes, which a later job can use."
)]
pub(crate) struct Args {
    /// The output of a job that is over: a folder or s3:// prefix
    #[arg(value_name = "OUT")]
    output: String,
}

/// Says what would go and, with `-y`, removes it.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    block_on(async {
        let kept = offline::read(&args.output, cx).await?;
        let removal = Removal::of(&kept, cx).await?;
        removal.asked_for(cx)?;
        removal.carry_out(cx).await?;
        cx.say(&format!("Removed {}", removal.told()));
        Ok(Exit::Done)
    })
}
