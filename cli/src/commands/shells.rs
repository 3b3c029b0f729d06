//! `tarquet completions` and `tarquet man`: what shells and `man` are told of the grammar.

use crate::{context::Context, error::CliError, exit::Exit};
use std::path::PathBuf;
use tarquet_common::{codes::spec, failure::Failure};

/// Which shell.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  tarquet completions bash > ~/.local/share/bash-completion/completions/tarquet"
)]
pub(crate) struct Args {
    /// bash, elvish, fish, powershell or zsh
    #[arg(value_enum, value_name = "SHELL", hide_possible_values = true)]
    shell: clap_complete::Shell,
}

/// Prints a script that completes the grammar in a shell.
pub(crate) fn run(args: &Args, cx: &Context, grammar: &mut clap::Command) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, grammar, "tarquet", &mut script);
    cx.answer(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// Where to.
#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// Folder for the pages; made if it is not there
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// Writes one manual page a command, and says where.
pub(crate) fn man(args: &ManArgs, cx: &Context, grammar: clap::Command) -> Result<Exit, CliError> {
    let failed = |e: std::io::Error| {
        CliError::from(
            Failure::new(spec::CANNOT_WRITE, "the manual pages cannot be written")
                .at_uri(args.dir.display().to_string())
                .caused_by(&e)
                .with_hint("Choose a folder that can be written."),
        )
    };
    std::fs::create_dir_all(&args.dir).map_err(failed)?;
    clap_mangen::generate_to(grammar, &args.dir).map_err(failed)?;
    cx.say(&format!(
        "Pages written to {}; read one with `man -l {}/tarquet.1`",
        args.dir.display(),
        args.dir.display()
    ));
    Ok(Exit::Done)
}
