//! The commands, and what `tarquet` alone says.

use crate::{args::Globals, commands::*, kinds};
use clap::{Parser, Subcommand};

/// Millions of small files in, query-ready Parquet out.
#[derive(Debug, Parser)]
#[command(
    name = "tarquet",
    version,
    about = "Millions of small files in, query-ready Parquet out.",
    long_about = kinds::ABOUT,
    after_help = "Start with:\n  tarquet generate frames --output data\n  \
                  tarquet run --input 'data/*.tar.lz4' --output out",
    max_term_width = 100,
    arg_required_else_help = true
)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// One command of the line.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a job to its end in this process
    Run(run::Args),
    /// Say what a job would do, without doing it
    Plan(plan::Args),
    /// Serve jobs to workers
    Coordinator(coordinator::Args),
    /// Do what a coordinator leases out
    Worker(worker::Args),
    /// Give a job to the coordinator
    Submit(submit::Args),
    /// Show one job: stages, workers, slowest shards, last events
    Status(status::Args),
    /// Wait until a job ends
    Wait(wait::Args),
    /// List jobs
    Jobs(jobs::Args),
    /// End a job without publishing
    Cancel(steer::CancelArgs),
    /// Start nothing new of a job
    Pause(steer::Args),
    /// Let a paused job go on
    Resume(steer::Args),
    /// Try again what failed
    Retry(steer::Args),
    /// Go on without what failed
    Accept(steer::Args),
    /// Show what was set aside, and why
    Failures(failures::Args),
    /// List workers
    Workers(workers::Args),
    /// Have a worker finish and leave
    Drain(workers::DrainArgs),
    /// Take over a job from its objects
    Adopt(adopt::Args),
    #[command(about = kinds::INSPECT)]
    Inspect(inspect::Args),
    /// Make sample data to try Tarquet with
    Generate(generate::Args),
    /// Make certificates and tokens for a cluster
    Certs(certs::Args),
    /// Check this machine, the stores and a spec
    Doctor(doctor::Args),
    /// Remove what ended jobs left beside an output
    Gc(gc::Args),
    /// Remove what a job that is over has written
    Rm(rm::Args),
    /// Say what a code means and what to do about it
    Explain(explain::Args),
    /// Describe or check job specs
    Spec(spec::Args),
    /// Show the settings in force and where each comes from
    Config(config::Args),
    /// Print a completion script for a shell
    Completions(shells::Args),
    /// Write the manual pages to a folder
    Man(shells::ManArgs),
    /// Ask a coordinator whether it is well, for containers
    Healthcheck(healthcheck::Args),
}

impl Command {
    /// Whether it serves until it is stopped, and logs as services do.
    pub(crate) fn is_service(&self) -> bool {
        matches!(self, Self::Coordinator(_) | Self::Worker(_))
    }
}
