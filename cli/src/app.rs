//! From the command line to an exit code.

use crate::{
    args::Cli,
    commands,
    context::Context,
    error::CliError,
    exit::Exit,
    logging::{self, LogFormat},
    render,
};
use clap::{CommandFactory, FromArgMatches};
use std::{ffi::OsString, io::Write};
use tarquet_common::failure::Failure;

/// Runs the command that `args` (program name first) ask for.
pub fn main(args: impl IntoIterator<Item = OsString>) -> Exit {
    let matches = match Cli::command().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(e) => return usage(&e),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(e) => return usage(&e),
    };
    let service = cli.command.is_service();
    let context = Context::new(cli.globals, service);
    start_log(service, &context);
    match commands::dispatch(cli.command, &context, &matches) {
        Ok(exit) => exit,
        Err(error) => {
            tell(&error, &context);
            error.exit()
        }
    }
}

/// Help and version are answers; everything else that clap says is a usage error.
fn usage(error: &clap::Error) -> Exit {
    // Nothing is left to do when the stream is gone.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}

fn start_log(service: bool, context: &Context) {
    let verbosity = i8::try_from(context.globals.verbose.min(3)).unwrap_or(3)
        - i8::try_from(context.globals.quiet.min(1)).unwrap_or(1);
    let format = if context.says_json { LogFormat::Json } else { LogFormat::Text };
    logging::start(verbosity, service, format, context.terminal.color_stderr);
}

fn tell(error: &CliError, context: &Context) {
    if let (CliError::Failure(failure), true) = (error, context.says_json) {
        let Failure { code, place, causes, .. } = &**failure;
        let hint = failure.hint.as_deref().unwrap_or(code.info().hint);
        tracing::error!(%code, place = place.uri, ?causes, hint, "{failure}");
        return;
    }
    let text = match error {
        CliError::Failure(failure) => render::failure(failure, &context.terminal),
        CliError::Spec(problem) => render::spec_problem(problem, &context.terminal),
        CliError::Answer(e) if e.kind() == std::io::ErrorKind::BrokenPipe => return,
        CliError::Answer(e) => format!("error: the answer cannot be written: {e}\n"),
    };
    // stderr is the last place to tell it.
    let _ = write!(std::io::stderr().lock(), "{text}");
}
