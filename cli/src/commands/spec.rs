//! `tarquet spec`: the format of job specs, and whether one is right.

use crate::{args::Format, context::Context, error::CliError, exit::Exit, spec};
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
                Format::Table => cx.answer(&format!(
                    "{} is a {} spec that can be used; `tarquet plan` looks at what it names",
                    file.display(),
                    spec.kind.as_str()
                ))?,
            }
        }
    }
    Ok(Exit::Done)
}
