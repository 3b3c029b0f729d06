//! `tarquet generate`: sample data, so that anybody can try.

use crate::{
    args::Format,
    context::Context,
    error::CliError,
    exit::Exit,
    generate::{Bucket, Folder, Sink},
    kinds::Make,
};
use tarquet_common::{
    codes::spec,
    failure::Failure,
    store::{StoreError, Stores, Uri},
};
use tokio::runtime::Runtime;

/// What to make.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    make: Make,
}

/// Makes it.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    let maker = args.make.maker();
    let output = maker.output();
    // Its threads carry the calls of a store while ours compute; a folder needs none of them.
    let runtime = Runtime::new().map_err(|e| not_written(output, e))?;
    let sink = open(output, &runtime, cx)?;
    let made = maker.make(sink.as_ref()).map_err(|e| not_written(output, e))?;
    match cx.format() {
        Format::Json | Format::Jsonl => cx.answer_json(&made.data)?,
        Format::Name => cx.answer(output)?,
        Format::Table => cx.answer(&made.text)?,
    }
    Ok(Exit::Done)
}

fn open(output: &str, runtime: &Runtime, cx: &Context) -> Result<Box<dyn Sink>, CliError> {
    let uri = Uri::parse_here(output).map_err(|e| Failure::from(StoreError::from(e)))?;
    if let Some(path) = uri.path() {
        return Ok(Box::new(Folder(path.to_owned())));
    }
    let settings = cx.globals.store.settings();
    let store =
        runtime.block_on(async { Stores::new().open(&uri, &settings).await }).map_err(Failure::from)?;
    Ok(Box::new(Bucket { store, runtime: runtime.handle().clone() }))
}

/// A store's error keeps its own code; a folder's is the user's to solve.
fn not_written(output: &str, error: std::io::Error) -> CliError {
    let error = match error.downcast::<StoreError>() {
        Ok(of_store) => return of_store.into_failure().into(),
        Err(error) => error,
    };
    let failure = Failure::new(spec::CANNOT_WRITE, "the sample data cannot be written").at_uri(output);
    failure.caused_by(&error).with_hint("Choose a folder that is new or empty, and can be written.").into()
}
