//! The whole command, as a person or a script uses it.

mod cluster;
mod common;
mod every_command;
mod examples;
mod exits;
mod fake {
    //! A coordinator that always says the same: the real protocol on a real socket, with fixed answers, so that what commands
    //! print about it can be compared word for word.

    mod answers;
    mod service;

    pub(crate) use answers::{JOB, Scene, done, ended, running, with};
    pub(crate) use service::Fake;
}
mod local_runs;
mod pandas_reads_samples;
mod pty;
mod refusals;
mod services;
mod shells;
mod terminals;
mod transcripts;
