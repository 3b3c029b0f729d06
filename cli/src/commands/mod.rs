//! One file a command: its arguments and what it does.

pub(crate) mod adopt;
pub(crate) mod certs;
pub(crate) mod config;
pub(crate) mod coordinator;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod failures;
pub(crate) mod gc;
pub(crate) mod generate;
pub(crate) mod healthcheck;
pub(crate) mod inspect;
pub(crate) mod jobs;
pub(crate) mod plan;
pub(crate) mod rm;
pub(crate) mod run;
pub(crate) mod shells;
pub(crate) mod spec;
pub(crate) mod status;
pub(crate) mod steer;
pub(crate) mod submit;
pub(crate) mod wait;
mod watch;
pub(crate) mod worker;
pub(crate) mod workers;
