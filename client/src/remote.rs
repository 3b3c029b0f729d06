//! A coordinator in another process, as people see it.

use crate::jobs::{Adopted, EventLine, Jobs, JobsError, Lines, Statuses, Steer, Submitted};
use async_trait::async_trait;
use futures::StreamExt;
use serde::{Serialize, de::DeserializeOwned};
use std::{future::Future, time::Duration};
use tarquet_common::{
    codes::cluster,
    failure::Failure,
    ids::{JobId, WorkerId},
    store::StoreSettings,
};
use tarquet_core::views::{FailureCount, JobLine, JobStatus, ShardFilter, ShardPage, WorkerLine};
use tarquet_proto::{
    MESSAGE_BYTES_MAX,
    client::{Access, Line},
    convert::mirror,
    status::{Said, read},
    v2::{self, job_service_client::JobServiceClient},
};
use tonic::{Response, Status};

/// Deadline of a look.
const LOOK: Duration = Duration::from_secs(30);
/// Deadline of a wish, which waits for an object store.
const WISH: Duration = Duration::from_secs(300);

/// [`Jobs`] over gRPC.
#[derive(Clone, Debug)]
pub struct RemoteJobs {
    client: JobServiceClient<Line>,
}

impl RemoteJobs {
    /// Does not connect yet. Must be called inside a tokio runtime.
    pub fn new(access: &Access) -> Result<Self, Failure> {
        let client = JobServiceClient::new(access.line()?)
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX);
        Ok(Self { client })
    }

    fn client(&self) -> JobServiceClient<Line> {
        self.client.clone()
    }
}

fn named(job: &str) -> v2::GetJobRequest {
    v2::GetJobRequest { job: job.to_owned() }
}

fn wire_limit(limit: usize) -> u32 {
    u32::try_from(limit).unwrap_or(0)
}

async fn call<T>(
    deadline: Duration,
    answer: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T, JobsError> {
    match tokio::time::timeout(deadline, answer).await {
        Ok(Ok(response)) => Ok(response.into_inner()),
        Ok(Err(status)) => Err(heard(&status)),
        Err(_) => Err(JobsError::Unreachable(format!("no answer within {} s", deadline.as_secs()))),
    }
}

fn heard(status: &Status) -> JobsError {
    match read(status) {
        Said::Refused(failure) => JobsError::Refused(failure),
        Said::UnknownWorker => Failure::new(cluster::UNKNOWN_WORKER, status.message()).into(),
        Said::Nothing => JobsError::Unreachable(format!("{}: {}", status.code(), status.message())),
    }
}

fn bad_answer(why: impl std::fmt::Display) -> JobsError {
    Failure::new(cluster::BAD_ANSWER, why.to_string()).into()
}

/// A message as its view.
fn view<A: Serialize, B: DeserializeOwned>(message: &A) -> Result<B, JobsError> {
    mirror(message).map_err(bad_answer)
}

fn views<A: Serialize, B: DeserializeOwned>(messages: &[A]) -> Result<Vec<B>, JobsError> {
    messages.iter().map(view).collect()
}

fn id(text: &str) -> Result<JobId, JobsError> {
    text.parse().map_err(bad_answer)
}

#[async_trait]
impl Jobs for RemoteJobs {
    async fn submit(&self, token: String, spec: serde_json::Value) -> Result<Submitted, JobsError> {
        let ask = v2::SubmitRequest { token, spec_json: spec.to_string().into_bytes() };
        let said = call(WISH, self.client().submit(ask)).await?;
        Ok(Submitted { job: id(&said.job)?, known: said.known })
    }

    async fn resolve(&self, job: &str) -> Result<JobId, JobsError> {
        Ok(self.status(job).await?.job)
    }

    async fn status(&self, job: &str) -> Result<JobStatus, JobsError> {
        view(&call(LOOK, self.client().get_job(named(job))).await?)
    }

    async fn watch(&self, job: &str) -> Result<Statuses, JobsError> {
        let statuses = call(LOOK, self.client().watch_job(named(job))).await?;
        Ok(statuses.map(|said| view(&said.map_err(|status| heard(&status))?)).boxed())
    }

    async fn spec(&self, job: &str) -> Result<serde_json::Value, JobsError> {
        let said = call(LOOK, self.client().get_spec(named(job))).await?;
        serde_json::from_slice(&said.spec_json).map_err(bad_answer)
    }

    async fn jobs(&self, before: Option<JobId>, limit: usize) -> Result<Lines<JobLine>, JobsError> {
        let ask = v2::ListJobsRequest { before: before.map(|b| b.to_string()), limit: wire_limit(limit) };
        let said = call(LOOK, self.client().list_jobs(ask)).await?;
        Ok(Lines { lines: views(&said.jobs)?, more: said.more })
    }

    async fn shards(
        &self,
        job: &str,
        filter: ShardFilter,
        from: (u8, u32),
        limit: usize,
    ) -> Result<ShardPage, JobsError> {
        let ask = v2::ListShardsRequest {
            job: job.to_owned(),
            filter: view(&filter)?,
            from: Some(v2::ShardPlace { stage: from.0.into(), shard: from.1 }),
            limit: wire_limit(limit),
        };
        view(&call(LOOK, self.client().list_shards(ask)).await?)
    }

    async fn workers(&self, after: Option<WorkerId>, limit: usize) -> Result<Lines<WorkerLine>, JobsError> {
        let ask = v2::ListWorkersRequest { after: after.map(|w| w.0), limit: wire_limit(limit) };
        let said = call(LOOK, self.client().list_workers(ask)).await?;
        Ok(Lines { lines: views(&said.workers)?, more: said.more })
    }

    async fn events(&self, job: Option<&str>, limit: usize) -> Result<Vec<EventLine>, JobsError> {
        let ask = v2::ListEventsRequest { job: job.map(str::to_owned), limit: wire_limit(limit) };
        views(&call(LOOK, self.client().list_events(ask)).await?.events)
    }

    async fn failures(&self, job: &str) -> Result<Vec<FailureCount>, JobsError> {
        views(&call(LOOK, self.client().list_failures(named(job))).await?.failures)
    }

    async fn steer(&self, job: &str, steer: Steer) -> Result<JobId, JobsError> {
        let mut client = self.client();
        let said = match steer {
            Steer::Cancel { reason } => {
                let ask = v2::CancelRequest { job: job.to_owned(), reason };
                call(WISH, client.cancel(ask)).await
            }
            Steer::Pause => call(WISH, client.pause(named(job))).await,
            Steer::Resume => call(WISH, client.resume(named(job))).await,
            Steer::Retry => call(WISH, client.retry(named(job))).await,
            Steer::Accept => call(WISH, client.accept(named(job))).await,
            Steer::Priority(priority) => {
                let ask = v2::SetPriorityRequest { job: job.to_owned(), priority };
                call(WISH, client.set_priority(ask)).await
            }
            Steer::Forget => call(WISH, client.forget(named(job))).await,
        };
        id(&said?.job)
    }

    async fn drain(&self, worker: WorkerId) -> Result<(), JobsError> {
        let ask = v2::DrainWorkerRequest { worker: worker.0 };
        call(WISH, self.client().drain_worker(ask)).await.map(|_| ())
    }

    async fn adopt(&self, job_uri: &str, store: StoreSettings) -> Result<Adopted, JobsError> {
        let store_json = serde_json::to_vec(&store).expect("store settings are plain data");
        let ask = v2::AdoptRequest { job_uri: job_uri.to_owned(), store_json };
        let said = call(WISH, self.client().adopt(ask)).await?;
        Ok(Adopted { job: id(&said.job)?, rebuilt: said.rebuilt })
    }
}
