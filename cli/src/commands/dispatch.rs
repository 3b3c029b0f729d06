//! From a command to its function.

use super::*;
use crate::{args::Command, context::Context, error::CliError, exit::Exit};

/// Runs one command.
pub(crate) fn dispatch(command: Command, cx: &Context, matches: &clap::ArgMatches) -> Result<Exit, CliError> {
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
        Command::Explain(args) => explain::run(&args, cx),
        Command::Spec(args) => spec::run(&args, cx),
        Command::Config(args) => config::run(&args, cx, matches),
        Command::Completions(args) => completions::run(&args, cx),
        Command::Man(args) => man::run(&args, cx),
        Command::Healthcheck(args) => healthcheck::run(&args, cx),
    }
}
