//! The one table of exit codes.

use tarquet_common::failure::{Class, Failure};
use tarquet_core::{PhaseName, views::JobStatus};

/// How a command ended, as a number for scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything that was asked for is done; nothing was set aside.
    Done = 0,
    /// A broken rule of Tarquet's own.
    Bug = 1,
    /// The command line or the spec is wrong; nothing was started.
    Usage = 2,
    /// Published, with what failed in quarantine.
    Quarantine = 3,
    /// The job failed, or an input cannot be used.
    Failed = 4,
    /// The job is held: its work is kept and a person has to decide.
    Held = 5,
    /// Something cannot be reached now; the same command may succeed later.
    Temporary = 6,
    /// A permission is missing.
    Denied = 7,
    /// A limit was reached: no slot of `--memory` and `--slots` fits a shard.
    Limit = 10,
    /// The job was cancelled.
    Cancelled = 11,
    /// The wait ended before the job did.
    TimedOut = 12,
    /// A dataset differs from what it should be.
    Differs = 13,
    /// Ctrl-C: what is finished is kept. 128 + SIGINT, as shells count.
    Interrupted = 130,
}

impl Exit {
    /// Every exit code there is, in order.
    pub const ALL: [Self; 13] = [
        Self::Done,
        Self::Bug,
        Self::Usage,
        Self::Quarantine,
        Self::Failed,
        Self::Held,
        Self::Temporary,
        Self::Denied,
        Self::Limit,
        Self::Cancelled,
        Self::TimedOut,
        Self::Differs,
        Self::Interrupted,
    ];

    /// The number the process ends with.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What it means, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done; nothing was set aside",
            Self::Bug => "a bug in Tarquet",
            Self::Usage => "usage or spec is wrong",
            Self::Quarantine => "published, with what failed in quarantine",
            Self::Failed => "failed",
            Self::Held => "held: work is kept, a decision is needed",
            Self::Temporary => "temporary: something cannot be reached",
            Self::Denied => "a permission is missing",
            Self::Limit => "a limit was reached",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "the wait timed out",
            Self::Differs => "verify found a difference",
            Self::Interrupted => "interrupted; what is finished is kept",
        }
    }

    /// The exit of a command that ended with this failure.
    pub fn of_failure(failure: &Failure) -> Self {
        match failure.class() {
            Class::Input => Self::Failed,
            Class::Environment | Class::Lost => Self::Temporary,
            Class::Denied => Self::Denied,
            Class::Bug => Self::Bug,
            Class::Usage => Self::Usage,
        }
    }

    /// How a command that waited for this job ends; `None` while the job goes on.
    pub(crate) fn of_job(status: &JobStatus) -> Option<Self> {
        match status.phase {
            PhaseName::Done if status.quarantine.items > 0 || left_out(status) => Some(Self::Quarantine),
            PhaseName::Done => Some(Self::Done),
            PhaseName::Cancelled => Some(Self::Cancelled),
            PhaseName::Held => Some(Self::Held),
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
}

/// Whole shards were gone without.
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

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_common::codes::{ourselves, spec};

    #[test]
    fn numbers_are_the_documented_ones() {
        let numbers: Vec<u8> = Exit::ALL.iter().map(|e| e.code()).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 130]);
    }

    #[test]
    fn failures_have_the_exit_of_their_class() {
        assert_eq!(Exit::of_failure(&Failure::new(ourselves::PANICKED, "x")), Exit::Bug);
        assert_eq!(Exit::of_failure(&Failure::new(spec::BAD_GLOB, "x")), Exit::Usage);
    }
}
