//! The whole command, as a person or a script uses it.

mod cluster;
mod common;
mod every_command;
mod examples;
mod exits;
mod fake;
mod local_runs;
mod pandas_reads_samples;
mod pty;
mod refusals;
mod services;
mod shells;
mod terminals;
mod transcripts;
