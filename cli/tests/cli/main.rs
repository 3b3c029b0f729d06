//! The whole command, as a person or a script uses it.

mod common;
mod local_runs;
mod pandas_reads_samples;
mod refusals;
mod transcripts;
