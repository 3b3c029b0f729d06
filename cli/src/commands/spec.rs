//! `tarquet spec`: the format of job specs, and whether one is right.

use crate::{
    args::Format,
    context::Context,
    error::CliError,
    exit::Exit,
    render::{quoted, visible, wrap},
    spec,
};
use std::path::PathBuf;

/// What to do with specs.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

/// What to do with specs.
#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print the format as JSON Schema
    Schema,
    /// Check a spec without reaching anything
    Check {
        /// TOML or JSON; - reads standard input
        #[arg(value_name = "SPEC")]
        file: PathBuf,
    },
}

/// Does it.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    match &args.action {
        Action::Schema => cx.answer_json(&spec::json_schema())?,
        Action::Check { file } => {
            let spec = spec::read(file)?;
            match cx.format() {
                Format::Json | Format::Jsonl => cx.answer_json(&spec)?,
                Format::Name => cx.answer(spec.display_name())?,
                Format::Table => {
                    let (file, kind) = (file.display().to_string(), spec.kind().as_str());
                    let told = format!("{} is a {kind} spec that can be used", visible(&file));
                    let next = format!("Next  tarquet plan {}", quoted(&file));
                    cx.answer(&format!("{}\n\n{next}\n", wrap(&told, 0, 2, cx.terminal.width)))?;
                }
            }
        }
    }
    Ok(Exit::Done)
}
