//! The way to a coordinator, for every command that needs one.

use crate::{context::Context, error::CliError};
use std::{future::Future, sync::Arc};
use tarquet_client::{Jobs, JobsError, RemoteJobs};
use tarquet_common::{
    chance,
    clock::Clock,
    codes::{cluster, ourselves},
    failure::Failure,
};
use tarquet_proto::client::Access;

/// Where the globals say that the coordinator is, and as whom to come.
pub(crate) fn access(cx: &Context) -> Access {
    let security = &cx.globals.security;
    Access {
        url: cx.globals.coordinator.clone(),
        tls: security.client_files(),
        token: security.token(),
        insecure: security.insecure,
    }
}

/// The coordinator that the globals name. Does not connect yet.
pub(crate) fn connect(cx: &Context) -> Result<Arc<dyn Jobs>, CliError> {
    Ok(Arc::new(RemoteJobs::new(&access(cx))?))
}

/// Runs a command's work on a runtime of its own.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|e| {
        CliError::from(Failure::new(ourselves::INVARIANT, "no runtime could be started").caused_by(&e))
    })?;
    runtime.block_on(work)
}

/// What a coordinator's answer means for the command.
pub(crate) fn refused(error: JobsError, cx: &Context) -> CliError {
    match error {
        JobsError::Refused(failure) => CliError::Failure(failure),
        JobsError::Unreachable(why) => {
            let mut failure = Failure::new(cluster::COORDINATOR_UNREACHABLE, "the coordinator cannot be reached")
                .at_uri(&cx.globals.coordinator)
                .with_hint(
                    "Is it running (`tarquet coordinator`)? Name another with --coordinator or TARQUET_COORDINATOR, \
                     with https:// if it serves TLS; a job of `tarquet run` is read from its output: `tarquet status OUTPUT`.",
                );
            failure.causes.push(why);
            failure.into()
        }
    }
}

/// A token for one submit: repeating the call after a lost answer must not make a second job.
pub(crate) fn token(cx: &Context) -> String {
    format!("cli-{:x}-{}-{:016x}", cx.clock.unix_ms(), std::process::id(), chance::word())
}
