//! `tarquet completions`: a script that completes this grammar in a shell.

use crate::{args::Cli, context::Context, error::CliError, exit::Exit};
use clap::CommandFactory;

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

/// Prints the script.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "tarquet", &mut script);
    cx.answer(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
