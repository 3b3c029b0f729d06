//! The exit code of a job's outcome.

use crate::exit::Exit;
use tarquet_common::failure::Class;
use tarquet_core::{PhaseName, views::JobStatus};

/// How a command that waited for this job ends; `None` while the job goes on.
pub(crate) fn exit_of(status: &JobStatus) -> Option<Exit> {
    match status.phase {
        PhaseName::Done if status.quarantine.items > 0 || left_out(status) => Some(Exit::Quarantine),
        PhaseName::Done => Some(Exit::Done),
        PhaseName::Cancelled => Some(Exit::Cancelled),
        PhaseName::Held => Some(Exit::Held),
        PhaseName::Failed => Some(failed(status)),
        PhaseName::Claiming
        | PhaseName::Planning
        | PhaseName::Running
        | PhaseName::Deciding
        | PhaseName::Checking
        | PhaseName::Publishing
        | PhaseName::Cataloguing => None,
    }
}

/// Whole shards (archives, say) were gone without.
fn left_out(status: &JobStatus) -> bool {
    status.stages.iter().any(|s| s.excluded > 0)
}

/// A job that failed before it began for want of a right spec or permission ends as that says; any other has failed.
fn failed(status: &JobStatus) -> Exit {
    match status.reason.as_ref().map(|r| r.class()) {
        Some(Class::Usage) => Exit::Usage,
        Some(Class::Denied) => Exit::Denied,
        Some(Class::Bug) => Exit::Bug,
        Some(Class::Input | Class::Environment | Class::Lost) | None => Exit::Failed,
    }
}
