//! Following a job until it ends, is held, or the caller has waited long enough.
//!
//! A job is **over** when it will not move any more. It is **settled** when it is over or held: nothing happens to it
//! until somebody says so. A follower hears each status once it is told, and keeps asking while nobody answers: a
//! coordinator may be started again at any time, and comes back knowing the same jobs.

use crate::jobs::{Jobs, JobsError};
use futures::StreamExt;
use std::time::Duration;
use tarquet_core::{
    PhaseName,
    views::{JobStatus, WhyWaiting},
};

/// Pause before a watch that broke is begun again.
const AGAIN: Duration = Duration::from_secs(1);

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// That it is settled: published, failed, cancelled or held.
    Settled,
    /// That shards that write partitions are running, or that it is settled.
    Running,
    /// As settled, where nobody else will come to help: a shard that fits no slot ends the waiting too.
    Alone,
}

/// How the following ended. Either way with the last status that was heard.
#[derive(Clone, Debug, PartialEq)]
pub enum Followed {
    /// The job is where it was waited for.
    Reached(Box<JobStatus>),
    /// Time is up.
    TimedOut(Box<JobStatus>),
}

/// What there is to show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum News<'a> {
    /// The status now.
    Status(&'a JobStatus),
    /// Nobody answers; this is the status that was heard last.
    Silence(&'a JobStatus),
}

/// Whether a job will not move any more.
pub fn is_over(status: &JobStatus) -> bool {
    status.finished_unix_ms.is_some()
}

/// Whether a job is over, or held until somebody decides.
pub fn is_settled(status: &JobStatus) -> bool {
    match status.phase {
        PhaseName::Done | PhaseName::Failed | PhaseName::Cancelled | PhaseName::Held => true,
        PhaseName::Claiming
        | PhaseName::Planning
        | PhaseName::Running
        | PhaseName::Deciding
        | PhaseName::Checking
        | PhaseName::Publishing
        | PhaseName::Cataloguing => false,
    }
}

fn is_reached(status: &JobStatus, goal: Goal) -> bool {
    let running = || status.stages.iter().any(|s| s.partitions > 0 && s.running > 0);
    is_settled(status)
        || match goal {
            Goal::Settled => false,
            Goal::Running => running(),
            Goal::Alone => status.waiting == Some(WhyWaiting::NoSlotFits),
        }
}

/// Follows a job from `first` on, a status that the caller asked for: a wrong name or address is
/// then told at once instead of being waited for. `tell` hears `first`, and then all that is new, in order.
///
/// Dropping the future lets go of the job, which is none the wiser.
///
/// # Errors
/// What the coordinator refuses. That it does not answer is no error, however long it lasts.
pub async fn follow(
    jobs: &dyn Jobs,
    first: JobStatus,
    goal: Goal,
    timeout: Option<Duration>,
    mut tell: impl FnMut(News<'_>),
) -> Result<Followed, JobsError> {
    let id = first.job.to_string();
    let mut last = Box::new(first);
    let watching = async {
        loop {
            tell(News::Status(&last));
            if is_reached(&last, goal) {
                return Ok(());
            }
            next(jobs, &id, &mut last, &mut tell, goal).await?;
        }
    };
    let limit = async {
        match timeout {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    let ended = tokio::select! {
        done = watching => Some(done),
        () = limit => None,
    };
    match ended {
        Some(done) => done.map(|()| Followed::Reached(last)),
        None => Ok(Followed::TimedOut(last)),
    }
}

/// Keeps `last` the last status that was heard, until one reaches the goal or the stream breaks and a plain question is
/// answered, or not.
async fn next(
    jobs: &dyn Jobs,
    id: &str,
    last: &mut JobStatus,
    tell: &mut impl FnMut(News<'_>),
    goal: Goal,
) -> Result<(), JobsError> {
    if let Ok(mut statuses) = jobs.watch(id).await {
        while let Some(Ok(status)) = statuses.next().await {
            tell(News::Status(&status));
            *last = status;
            if is_reached(last, goal) {
                return Ok(());
            }
        }
    }
    tokio::time::sleep(AGAIN).await;
    match jobs.status(id).await {
        Ok(status) => *last = status,
        Err(JobsError::Unreachable(why)) => {
            tracing::debug!(why, "the coordinator does not answer; waiting for it");
            tell(News::Silence(last));
        }
        Err(refusal) => return Err(refusal),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::{Adopted, EventLine, Lines, Statuses, Steer, Submitted};
    use async_trait::async_trait;
    use futures::stream;
    use std::{collections::VecDeque, sync::Mutex};
    use tarquet_common::{
        codes::cluster,
        failure::Failure,
        ids::{JobId, WorkerId},
        store::StoreSettings,
    };
    use tarquet_core::{
        OnError, PublishMode,
        views::{FailureCount, JobLine, QuarantineStatus, Rate, ShardFilter, ShardPage, WorkerLine},
    };

    fn status(phase: PhaseName) -> JobStatus {
        let quarantine =
            QuarantineStatus { items: 0, max_failed: "0".into(), allowed: None, accepted: false };
        JobStatus {
            job: JobId::from_parts(1_700_000_000_000, 7),
            name: "t".into(),
            kind: "k".into(),
            state: format!("{phase:?}"),
            phase,
            stage: None,
            reason: None,
            hold: None,
            waiting: None,
            next: Vec::new(),
            output_uri: "s3://out/t".into(),
            job_uri: "s3://out/t.tarquet/jobs/1".into(),
            publish: PublishMode::Job,
            on_error: OnError::Quarantine,
            priority: 0,
            paused: false,
            generation: 1,
            submitted_unix_ms: 0,
            finished_unix_ms: None,
            now_unix_ms: 0,
            stages: Vec::new(),
            quarantine,
            rate: Rate::default(),
            workers_live: 0,
            workers: 0,
            slots: 0,
            effects: Vec::new(),
            limit: None,
        }
    }

    fn silence() -> JobsError {
        JobsError::Unreachable("no answer".into())
    }

    /// One answer to one call, in the order of the calls.
    enum Said {
        /// To `watch`: these, and then the stream breaks.
        Watch(Vec<PhaseName>),
        /// To `watch`: this, and then nothing for ever.
        Quiet(PhaseName),
        /// To `status`.
        Now(PhaseName),
        /// To either.
        No(JobsError),
    }

    struct Scripted(Mutex<VecDeque<Said>>);

    impl Scripted {
        fn of(said: impl IntoIterator<Item = Said>) -> Self {
            Self(Mutex::new(said.into_iter().collect()))
        }

        fn next(&self) -> Said {
            self.0.lock().unwrap().pop_front().expect("asked more often than the script has answers")
        }

        fn is_used_up(&self) -> bool {
            self.0.lock().unwrap().is_empty()
        }
    }

    #[async_trait]
    impl Jobs for Scripted {
        async fn status(&self, _: &str) -> Result<JobStatus, JobsError> {
            match self.next() {
                Said::Now(phase) => Ok(status(phase)),
                Said::No(error) => Err(error),
                Said::Watch(_) | Said::Quiet(_) => panic!("a watch was to come"),
            }
        }

        async fn watch(&self, _: &str) -> Result<Statuses, JobsError> {
            match self.next() {
                Said::Watch(phases) => {
                    let heard: Vec<_> = phases.into_iter().map(|p| Ok(status(p))).collect();
                    Ok(stream::iter(heard).chain(stream::once(async { Err(silence()) })).boxed())
                }
                Said::Quiet(phase) => Ok(stream::iter([Ok(status(phase))]).chain(stream::pending()).boxed()),
                Said::No(error) => Err(error),
                Said::Now(_) => panic!("a status was to be asked for"),
            }
        }

        async fn submit(&self, _: String, _: serde_json::Value) -> Result<Submitted, JobsError> {
            unreachable!("a follower only looks")
        }
        async fn resolve(&self, _: &str) -> Result<JobId, JobsError> {
            unreachable!("a follower only looks")
        }
        async fn spec(&self, _: &str) -> Result<serde_json::Value, JobsError> {
            unreachable!("a follower only looks")
        }
        async fn jobs(&self, _: Option<JobId>, _: usize) -> Result<Lines<JobLine>, JobsError> {
            unreachable!("a follower only looks")
        }
        async fn shards(
            &self,
            _: &str,
            _: ShardFilter,
            _: (u8, u32),
            _: usize,
        ) -> Result<ShardPage, JobsError> {
            unreachable!("a follower only looks")
        }
        async fn workers(&self, _: Option<WorkerId>, _: usize) -> Result<Lines<WorkerLine>, JobsError> {
            unreachable!("a follower only looks")
        }
        async fn events(&self, _: Option<&str>, _: usize) -> Result<Vec<EventLine>, JobsError> {
            unreachable!("a follower only looks")
        }
        async fn failures(&self, _: &str) -> Result<Vec<FailureCount>, JobsError> {
            unreachable!("a follower only looks")
        }
        async fn steer(&self, _: &str, _: Steer) -> Result<JobId, JobsError> {
            unreachable!("a follower only looks")
        }
        async fn drain(&self, _: WorkerId) -> Result<(), JobsError> {
            unreachable!("a follower only looks")
        }
        async fn adopt(&self, _: &str, _: StoreSettings) -> Result<Adopted, JobsError> {
            unreachable!("a follower only looks")
        }
    }

    /// Follows a running job through the script; how it ended, and what was told.
    async fn followed(
        jobs: &Scripted,
        goal: Goal,
        timeout: Option<Duration>,
    ) -> (Result<Followed, JobsError>, Vec<String>) {
        let mut told = Vec::new();
        let hear = |news: News<'_>| {
            told.push(match news {
                News::Status(status) => status.state.clone(),
                News::Silence(status) => format!("silence after {}", status.state),
            });
        };
        let ended = follow(jobs, status(PhaseName::Running), goal, timeout, hear).await;
        (ended, told)
    }

    fn reached(ended: Result<Followed, JobsError>) -> PhaseName {
        match ended {
            Ok(Followed::Reached(status)) => status.phase,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_status_is_told_until_the_job_is_settled() {
        for end in [PhaseName::Done, PhaseName::Failed, PhaseName::Cancelled, PhaseName::Held] {
            let jobs = Scripted::of([Said::Watch(vec![PhaseName::Running, PhaseName::Publishing, end])]);
            let (ended, told) = followed(&jobs, Goal::Settled, None).await;
            assert_eq!(reached(ended), end);
            let last = format!("{end:?}");
            assert_eq!(told, ["Running", "Running", "Publishing", &last, &last]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_coordinator_that_goes_away_is_waited_for() {
        let jobs = Scripted::of([
            Said::Watch(vec![PhaseName::Deciding]),
            Said::No(silence()),
            Said::No(silence()),
            Said::No(silence()),
            Said::Watch(Vec::new()),
            Said::Now(PhaseName::Publishing),
            Said::Watch(vec![PhaseName::Done]),
        ]);
        let (ended, told) = followed(&jobs, Goal::Settled, None).await;
        assert_eq!(reached(ended), PhaseName::Done);
        assert!(jobs.is_used_up());
        let silent = told.iter().filter(|t| *t == "silence after Deciding").count();
        assert_eq!((silent, told.last().unwrap().as_str()), (2, "Done"), "{told:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_ends_it() {
        let unknown = Failure::new(cluster::UNKNOWN_JOB, "it was forgotten");
        let jobs = Scripted::of([Said::Watch(Vec::new()), Said::No(unknown.clone().into())]);
        let (ended, _) = followed(&jobs, Goal::Settled, None).await;
        assert_eq!(ended, Err(unknown.into()));
    }

    #[tokio::test(start_paused = true)]
    async fn time_is_up_whatever_is_heard() {
        let jobs = Scripted::of([Said::Quiet(PhaseName::Deciding)]);
        let (ended, _) = followed(&jobs, Goal::Settled, Some(Duration::from_secs(240))).await;
        match ended {
            Ok(Followed::TimedOut(last)) => assert_eq!(last.phase, PhaseName::Deciding),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn who_is_alone_does_not_wait_for_a_larger_slot() {
        let stuck = JobStatus { waiting: Some(WhyWaiting::NoSlotFits), ..status(PhaseName::Running) };
        assert!(is_reached(&stuck, Goal::Alone));
        assert!(!is_reached(&stuck, Goal::Settled) && !is_reached(&stuck, Goal::Running));
        assert!(!is_reached(&status(PhaseName::Running), Goal::Alone));
    }
}
