//! From the command line to an exit code.

use crate::{
    commands::*,
    context::Context,
    error::CliError,
    exit::Exit,
    grammar::{Cli, Command},
    render,
};
use clap::{ArgMatches, CommandFactory, FromArgMatches};
use std::{ffi::OsString, io::Write};
use tarquet_common::failure::Failure;
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

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
    match dispatch(cli.command, &context, &matches) {
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

/// Starts the log: stderr, quiet unless asked. `TARQUET_LOG` takes the same filters as `RUST_LOG` does elsewhere.
fn start_log(service: bool, context: &Context) {
    // -1 errors, 0 warnings, 1 info, 2 debug, 3 trace
    let verbosity = i8::try_from(context.globals.verbose.min(3)).unwrap_or(3)
        - i8::try_from(context.globals.quiet.min(1)).unwrap_or(1);
    let level = match (verbosity, service) {
        (i8::MIN..=-1, _) => "error",
        // The SDK warns of what it then does without, such as metadata of an instance that this is not.
        (0, false) => "warn,aws=error",
        (0, true) | (1, false) => "info,h2=warn,hyper=warn,aws=warn",
        (1, true) | (2, _) => "debug,h2=info,hyper=info,aws=info",
        (3.., _) => "trace",
    };
    let filter = EnvFilter::try_from_env("TARQUET_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let layer = fmt::layer().with_writer(std::io::stderr).with_ansi(context.terminal.color_stderr);
    let registry = tracing_subscriber::registry().with(filter);
    // A second start (tests in one process) keeps the first subscriber.
    let _ = match context.says_json {
        false => registry.with(layer).try_init(),
        true => registry.with(layer.json()).try_init(),
    };
}

/// Runs one command.
fn dispatch(command: Command, cx: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    match command {
        Command::Run(args) => run::run(&args, cx),
        Command::Plan(args) => plan::run(&args, cx),
        Command::Coordinator(args) => coordinator::run(&args, cx),
        Command::Worker(args) => worker::run(&args, cx),
        Command::Submit(args) => submit::run(&args, cx),
        Command::Status(args) => status::run(&args, cx),
        Command::Wait(args) => wait::run(&args, cx),
        Command::Jobs(args) => jobs::run(&args, cx),
        Command::Cancel(args) => steer::cancel(args, cx),
        Command::Pause(args) => steer::pause(&args, cx),
        Command::Resume(args) => steer::resume(&args, cx),
        Command::Retry(args) => steer::retry(&args, cx),
        Command::Accept(args) => steer::accept(&args, cx),
        Command::Failures(args) => failures::run(&args, cx),
        Command::Workers(args) => workers::run(&args, cx),
        Command::Drain(args) => workers::drain(&args, cx),
        Command::Adopt(args) => adopt::run(&args, cx),
        Command::Inspect(args) => inspect::run(&args, cx),
        Command::Generate(args) => generate::run(&args, cx),
        Command::Certs(args) => certs::run(&args, cx),
        Command::Doctor(args) => doctor::run(&args, cx),
        Command::Gc(args) => gc::run(&args, cx),
        Command::Rm(args) => rm::run(&args, cx),
        Command::Explain(args) => explain::run(&args, cx),
        Command::Spec(args) => spec::run(&args, cx),
        Command::Config(args) => config::run(&args, cx, &Cli::command(), matches),
        Command::Completions(args) => shells::run(&args, cx, &mut Cli::command()),
        Command::Man(args) => shells::man(&args, cx, Cli::command()),
        Command::Healthcheck(args) => healthcheck::run(&args, cx),
    }
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
