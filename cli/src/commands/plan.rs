//! `tarquet plan`: what a job would do; writes nothing.

use crate::{
    args::Format, connection::block_on, context::Context, error::CliError, exit::Exit, kinds, screens, spec,
};

/// Which job.
#[derive(Debug, clap::Args)]
#[command(after_help = kinds::PLAN_NOTE)]
pub(crate) struct Args {
    #[command(flatten)]
    job: spec::JobFlags,
}

/// Plans.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    let spec = spec::of_flags(&args.job, &cx.globals.store)?;
    let face = kinds::of(spec.kind());
    let view = block_on(async { Ok(face.plan(&spec).await?) })?;
    match cx.format() {
        Format::Json | Format::Jsonl => cx.answer_json(&view.data)?,
        Format::Name => cx.answer(&view.name)?,
        Format::Table => cx.answer(&screens::plan(face.words(), &view, cx.look()))?,
    }
    Ok(Exit::Done)
}
