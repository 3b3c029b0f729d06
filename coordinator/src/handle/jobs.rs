//! For people.

use super::CoordinatorHandle;
use crate::{
    driver::{Dead, NoReply},
    objects::{self, Pointer},
    rebuild::{may_take_over, snapshot_of},
    shared,
};
use async_trait::async_trait;
use futures::StreamExt;
use std::{fmt::Debug, time::Duration};
use tarquet_client::{Adopted, EventLine, Jobs, JobsError, Lines, PAGE_MAX, Statuses, Steer, Submitted};
use tarquet_common::{
    chance,
    codes::{cluster, ourselves},
    failure::Failure,
    ids::{JobId, WorkerId},
    store::{StoreError, StoreSettings, Uri},
};
use tarquet_core::{
    Ask, Event, Refusal, Reply, State, Submit,
    views::{self, FailureCount, JobLine, JobStatus, ShardFilter, ShardPage, WorkerLine},
};

/// Least time between two statuses of a watch.
const WATCH_EVERY: Duration = Duration::from_millis(500);
/// A progress that only renewals tell changes no version; so look at least this often.
const WATCH_PULSE: Duration = Duration::from_secs(2);

impl CoordinatorHandle {
    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&State, u64) -> Option<T> + Send + 'static,
    ) -> Result<T, JobsError> {
        let found = self.driver.read(look).await?;
        found.ok_or_else(|| Failure::new(cluster::UNKNOWN_JOB, "the job is gone").into())
    }
}

impl From<Dead> for JobsError {
    fn from(dead: Dead) -> Self {
        Self::Unreachable(dead.to_string())
    }
}

impl From<NoReply> for JobsError {
    fn from(why: NoReply) -> Self {
        match why {
            NoReply::Refused(Refusal::Because(failure)) => Self::Refused(failure),
            NoReply::Dead(dead) => dead.into(),
            // Nobody here registers, or waits for so long at most.
            NoReply::Refused(Refusal::UnknownWorker) | NoReply::Late => odd(&why),
        }
    }
}

/// The core answered something else than was asked for.
fn odd(said: &impl Debug) -> JobsError {
    Failure::new(ourselves::INVARIANT, format!("an odd reply: {said:?}")).into()
}

/// The job that a name stands for.
fn named(state: &State, name: &str) -> Result<JobId, Failure> {
    let unknown = |told: String| Failure::new(cluster::UNKNOWN_JOB, told);
    if name == "@last" {
        return state.job_ids().last().cloned().ok_or_else(|| unknown("there is no job".to_owned()));
    }
    let wanted = name.to_ascii_uppercase();
    let mut fitting = state.job_ids().filter(|id| !wanted.is_empty() && id.as_str().starts_with(&wanted));
    match (fitting.next(), fitting.next()) {
        (Some(job), None) => Ok(job.clone()),
        (Some(a), Some(b)) => Err(unknown(format!("{name:?} is the beginning of more than one job"))
            .expected("one job", format!("{a}, {b}"))),
        (None, _) => Err(unknown(format!("no job's id begins with {name:?}"))),
    }
}

/// A job that is over and swept changes no more.
fn is_final(status: &JobStatus) -> bool {
    status.finished_unix_ms.is_some()
}

fn event_line(event: Event) -> EventLine {
    let value = serde_json::to_value(&event.what).unwrap_or_default();
    let word = value.get("event").and_then(|v| v.as_str()).unwrap_or("event");
    EventLine {
        at_unix_ms: event.at_unix_ms,
        job: event.job,
        event: word.to_owned(),
        text: event.what.to_string(),
    }
}

fn page(limit: usize) -> usize {
    if limit == 0 { PAGE_MAX } else { limit.min(PAGE_MAX) }
}

#[async_trait]
impl Jobs for CoordinatorHandle {
    async fn submit(&self, token: String, spec: serde_json::Value) -> Result<Submitted, JobsError> {
        let intent = self.kinds.intake(&spec)?;
        let mut places = vec![intent.output.clone(), intent.home.clone()];
        places.extend(intent.places);
        shared::allow(&self.paths, &places)?;
        let now = self.clock.unix_ms();
        let job = JobId::from_parts(now, chance::bits());
        let submit = Submit {
            token: if token.is_empty() { job.to_string() } else { token },
            job: job.clone(),
            name: intent.name,
            kind: intent.kind,
            item: intent.item,
            stages: intent.stages,
            job_uri: objects::job_uri(&intent.home, &job).to_string(),
            output_uri: intent.output.to_string(),
            store: intent.store,
            spec: intent.spec.into(),
            options: intent.options,
            submitted_unix_ms: now,
        };
        match self.driver.ask(Ask::Submit(Box::new(submit))).await? {
            Reply::Submitted { job, known } => Ok(Submitted { job, known }),
            other => Err(odd(&other)),
        }
    }

    async fn resolve(&self, job: &str) -> Result<JobId, JobsError> {
        let name = job.to_owned();
        let found = self.driver.read(move |state, _| named(state, &name)).await?;
        Ok(found?)
    }

    async fn status(&self, job: &str) -> Result<JobStatus, JobsError> {
        let job = self.resolve(job).await?;
        self.look(move |state, now| views::job_status(state, &job, now)).await
    }

    async fn watch(&self, job: &str) -> Result<Statuses, JobsError> {
        let job = self.resolve(job).await?;
        let (handle, version) = (self.clone(), self.driver.version());
        let begin = Some((handle, version, false));
        let statuses = futures::stream::unfold(begin, move |at| {
            let job = job.clone();
            async move {
                let (handle, mut version, waited) = at?;
                if waited {
                    tokio::time::sleep(WATCH_EVERY).await;
                    // Either it changed, or it is time to look at what only renewals tell. A driver that is gone
                    // is noticed by the look itself.
                    tokio::time::timeout(WATCH_PULSE, version.changed()).await.ok();
                }
                version.mark_unchanged();
                match handle.look(move |state, now| views::job_status(state, &job, now)).await {
                    Ok(status) if is_final(&status) => Some((Ok(status), None)),
                    Ok(status) => Some((Ok(status), Some((handle, version, true)))),
                    Err(error) => Some((Err(error), None)),
                }
            }
        });
        Ok(statuses.boxed())
    }

    async fn spec(&self, job: &str) -> Result<serde_json::Value, JobsError> {
        let job = self.resolve(job).await?;
        let spec = self.look(move |state, _| state.job(&job).map(|row| row.spec.clone())).await?;
        Ok((*spec).clone())
    }

    async fn jobs(&self, before: Option<JobId>, limit: usize) -> Result<Lines<JobLine>, JobsError> {
        let limit = page(limit);
        let read = move |state: &State, now| views::jobs(state, before.as_ref(), limit, now);
        let (lines, more) = self.driver.read(read).await?;
        Ok(Lines { lines, more })
    }

    async fn shards(
        &self,
        job: &str,
        filter: ShardFilter,
        from: (u8, u32),
        limit: usize,
    ) -> Result<ShardPage, JobsError> {
        let job = self.resolve(job).await?;
        self.look(move |state, now| views::shards(state, &job, filter, from, page(limit), now)).await
    }

    async fn workers(&self, after: Option<WorkerId>, limit: usize) -> Result<Lines<WorkerLine>, JobsError> {
        let read = move |state: &State, now| views::workers(state, after.as_ref(), page(limit), now);
        let (lines, more) = self.driver.read(read).await?;
        Ok(Lines { lines, more })
    }

    async fn events(&self, job: Option<&str>, limit: usize) -> Result<Vec<EventLine>, JobsError> {
        let job = match job {
            Some(name) => Some(self.resolve(name).await?),
            None => None,
        };
        let read = move |state: &State, _| views::events(state, job.as_ref(), page(limit));
        let found = self.driver.read(read).await?;
        Ok(found.events.into_iter().map(event_line).collect())
    }

    async fn failures(&self, job: &str) -> Result<Vec<FailureCount>, JobsError> {
        let job = self.resolve(job).await?;
        self.look(move |state, _| views::failures(state, &job)).await
    }

    async fn steer(&self, job: &str, steer: Steer) -> Result<JobId, JobsError> {
        let job = self.resolve(job).await?;
        let forget = steer == Steer::Forget;
        let ask = match steer {
            Steer::Cancel { reason } => Ask::Cancel { job: job.clone(), reason },
            Steer::Pause => Ask::Pause(job.clone()),
            Steer::Resume => Ask::Resume(job.clone()),
            Steer::Retry => Ask::Retry(job.clone()),
            Steer::Accept => Ask::Accept(job.clone()),
            Steer::Priority(priority) => Ask::SetPriority { job: job.clone(), priority },
            Steer::Forget => Ask::Forget(job.clone()),
        };
        self.driver.ask(ask).await?;
        if forget {
            // After the row: a pointer without a row is found again at the next start, which is the safe side.
            self.registry.remove(&job).await?;
        }
        Ok(job)
    }

    async fn drain(&self, worker: WorkerId) -> Result<(), JobsError> {
        self.driver.ask(Ask::Drain(worker)).await?;
        Ok(())
    }

    async fn adopt(&self, job_uri: &str, store: StoreSettings) -> Result<Adopted, JobsError> {
        let uri = Uri::parse_here(job_uri).map_err(|e| Failure::from(StoreError::from(e)))?;
        let snapshot = snapshot_of(&self.stores, &uri, &store).await?;
        let job = snapshot.submit.job.clone();
        let places = self.kinds.adopt(&snapshot.submit, &uri)?;
        shared::allow(&self.paths, &places)?;
        if self.status(&job.to_string()).await.is_err() {
            let opened = self.stores.open(&uri, &store).await.map_err(Failure::from)?;
            may_take_over(&*opened, &snapshot, self.take_over).await?;
        }
        self.registry.write(&Pointer { job: job.clone(), job_uri: uri.to_string(), store }).await?;
        match self.driver.ask(Ask::Adopt(Box::new(snapshot))).await? {
            Reply::Adopted { rebuilt } => Ok(Adopted { job, rebuilt }),
            other => Err(odd(&other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_common::{
        clock::{Clock, SystemClock},
        stage_plan::ItemWords,
    };
    use tarquet_core::{JobOptions, Settings, handle};

    /// Each of 20,000 jobs has an effect in flight. To look for each job's among all takes 400,000,000 comparisons, while the
    /// driver does nothing else.
    #[test]
    fn a_look_at_jobs_does_not_go_through_the_effects_of_all() {
        let mut state = State::new(Settings::default());
        handle(&mut state, &Ask::Start { unix_ms: 1 }, 1);
        for n in 0..20_000 {
            let submit = Submit {
                token: n.to_string(),
                job: JobId::from_parts(n, 0),
                name: "n".to_owned(),
                kind: "k".to_owned(),
                item: ItemWords::of("item", "items"),
                stages: vec!["work".to_owned(), "publish".to_owned()],
                job_uri: "mem://j".to_owned(),
                output_uri: format!("mem://{n}"),
                store: StoreSettings::default(),
                spec: serde_json::Value::Null.into(),
                options: JobOptions::default(),
                submitted_unix_ms: n,
            };
            handle(&mut state, &Ask::Submit(Box::new(submit)), 1);
        }
        let clock = SystemClock::default();
        let (lines, more) = views::jobs(&state, None, usize::MAX, 2);
        let took_ms = clock.monotonic_ms();
        assert_eq!((lines.len(), more), (20_000, false));
        assert!(took_ms < 500, "{took_ms} ms");
    }
}
