//! `tarquet plan`: what a job would do; writes nothing.

use crate::{
    args::Format,
    connection::block_on,
    context::Context,
    error::CliError,
    exit::Exit,
    kinds,
    plan::{gather, reckon},
    screens, spec,
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
    let known = block_on(async { Ok(gather(&cx.globals.store.own()?, face, &spec).await?) })?;
    let view = reckon(&spec, known);
    match cx.format() {
        Format::Json | Format::Jsonl => cx.answer_json(&view)?,
        Format::Name => cx.answer(&view.name)?,
        Format::Table => cx.answer(&screens::plan(face.words(), &view, cx.look()))?,
    }
    Ok(Exit::Done)
}
