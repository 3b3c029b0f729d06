//! `tarquet man`: one manual page a command.

use crate::{args::Cli, context::Context, error::CliError, exit::Exit};
use clap::CommandFactory;
use std::path::PathBuf;
use tarquet_common::{codes::spec, failure::Failure};

/// Where to.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder for the pages; made if it is not there
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// Writes the pages and lists them.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    let failed = |e: std::io::Error| {
        CliError::from(
            Failure::new(spec::CANNOT_WRITE, "the manual pages cannot be written")
                .at_uri(args.dir.display().to_string())
                .caused_by(&e)
                .with_hint("Choose a folder that can be written."),
        )
    };
    std::fs::create_dir_all(&args.dir).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), &args.dir).map_err(failed)?;
    cx.say(&format!(
        "Pages written to {}; read one with `man -l {}/tarquet.1`",
        args.dir.display(),
        args.dir.display()
    ));
    Ok(Exit::Done)
}
