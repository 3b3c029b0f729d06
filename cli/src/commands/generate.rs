//! `tarquet generate`: sample data, so that anybody can try.

use crate::{
    args::Format,
    context::Context,
    error::CliError,
    exit::Exit,
    generate::{Blocks, Bucket, Folder, Parameters, Sample, Sink, Truth, generate, sample},
    render::{bytes, counted},
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
    kind: Kind,
}

/// What to make.
#[derive(Debug, clap::Subcommand)]
enum Kind {
    /// Archives of pandas HDF5 frames, and truth.json with what they add up to
    #[command(
        after_help = "Example:\n  tarquet generate frames --output data --archives 4 --members 400\n  \
                            tarquet run --input 'data/*.tar.lz4' --output out --partitions 8"
    )]
    Frames(Frames),
    /// The sample archives of Tarquet's repository: 320 frames written by pandas, one of them bad on purpose
    #[command(after_help = "Example:\n  tarquet generate sample --output s3://lake/raw/sample")]
    Sample(Target),
}

/// Where the sample goes.
#[derive(Debug, clap::Args)]
struct Target {
    /// Folder or s3:// prefix; an archive that is there already is left as it is
    #[arg(long, value_name = "URI")]
    output: String,
}

/// The frames to make.
#[derive(Debug, clap::Args)]
struct Frames {
    /// Folder or s3:// prefix; files that are there already are never overwritten
    #[arg(long, value_name = "URI")]
    output: String,
    /// How many .tar.lz4 archives
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    archives: u64,
    /// How many members in all of them together
    #[arg(long, default_value_t = 200, value_name = "M", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    members: u64,
    /// Rows of an average member; they vary by half
    #[arg(long, default_value_t = 1000, value_name = "R", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    rows: u64,
    /// The same seed makes the same bytes, on any machine
    #[arg(long, default_value_t = 1, value_name = "S")]
    seed: u64,
    /// How the LZ4 frames are cut into blocks
    #[arg(long, value_enum, default_value = "linked", value_name = "MODE")]
    blocks: Blocks,
}

/// Makes it.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    match &args.kind {
        Kind::Frames(frames) => make_frames(frames, cx),
        Kind::Sample(target) => make_sample(target, cx),
    }
}

fn make_frames(frames: &Frames, cx: &Context) -> Result<Exit, CliError> {
    let params = Parameters {
        archives: frames.archives.min(frames.members),
        members: frames.members,
        rows: frames.rows,
        seed: frames.seed,
        blocks: frames.blocks,
    };
    // Its threads carry the calls of a store while ours compute; a folder needs none of them.
    let runtime = Runtime::new().map_err(|e| not_written(&frames.output, e))?;
    let sink = open(&frames.output, &runtime, cx)?;
    let truth = generate(&params, sink.as_ref()).map_err(|e| not_written(&frames.output, e))?;
    tell(&truth, &frames.output, cx)?;
    Ok(Exit::Done)
}

fn make_sample(target: &Target, cx: &Context) -> Result<Exit, CliError> {
    let output = &target.output;
    let runtime = Runtime::new().map_err(|e| not_written(output, e))?;
    let sink = open(output, &runtime, cx)?;
    let made = sample(sink.as_ref()).map_err(|e| not_written(output, e))?;
    tell_sample(&made, output, cx)?;
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

fn tell(truth: &Truth, output: &str, cx: &Context) -> Result<(), CliError> {
    match cx.format() {
        Format::Json | Format::Jsonl => return cx.answer_json(truth),
        Format::Name => return cx.answer(output),
        Format::Table => {}
    }
    let root = output.trim_end_matches('/');
    cx.answer(&format!(
        "Made {}, {}, {} ({} in {})\n\nNext:\n  tarquet run --input '{root}/*.tar.lz4' --output OUT\n",
        counted(truth.archives.len() as u64, "archive"),
        counted(truth.params.members, "member"),
        counted(truth.sums.rows, "row"),
        bytes(truth.bytes),
        output,
    ))
}

fn tell_sample(made: &Sample, output: &str, cx: &Context) -> Result<(), CliError> {
    match cx.format() {
        Format::Json | Format::Jsonl => return cx.answer_json(made),
        Format::Name => return cx.answer(output),
        Format::Table => {}
    }
    let verb = if made.there == made.archives { "There already:" } else { "Put" };
    let root = output.trim_end_matches('/');
    cx.answer(&format!(
        "{verb} {}, {} ({} in {output})\nOne member is bad on purpose.\n\nNext:\n  tarquet run --input \
         '{root}/*.tar.lz4' --output OUT\n",
        counted(made.archives.len() as u64, "archive"),
        counted(made.members, "member"),
        bytes(made.bytes),
    ))
}
