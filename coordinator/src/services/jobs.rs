//! What people ask, over gRPC.

use crate::handle::CoordinatorHandle;
use futures::{StreamExt, stream::BoxStream};
use serde::{Serialize, de::DeserializeOwned};
use tarquet_client::{Jobs, JobsError, Steer};
use tarquet_common::{ids::WorkerId, store::StoreSettings};
use tarquet_core::views::ShardFilter;
use tarquet_proto::{
    convert::{BadMessage, REASON_BYTES, mirror, optional_name, told},
    status, v2,
    v2::job_service_server::JobService,
};
use tonic::{Request, Response, Status};

/// Largest spec, in bytes.
const SPEC_BYTES_MAX: usize = 4 << 20;

/// Answers people.
pub(super) struct People(pub(super) CoordinatorHandle);

type Answer<T> = Result<Response<T>, Status>;

fn refused(error: JobsError) -> Status {
    match error {
        JobsError::Unreachable(why) => Status::unavailable(why),
        JobsError::Refused(failure) => status::refused(&failure),
    }
}

fn malformed(field: &'static str, why: impl std::fmt::Display) -> Status {
    status::malformed(&BadMessage::malformed(field, why))
}

/// A view as its message.
fn message<A: Serialize, B: DeserializeOwned>(view: &A) -> Result<B, Status> {
    mirror(view).map_err(|e| Status::internal(e.to_string()))
}

fn json<T: DeserializeOwned>(bytes: &[u8], field: &'static str) -> Result<T, Status> {
    if bytes.len() > SPEC_BYTES_MAX {
        return Err(malformed(field, format!("{} bytes, at most {SPEC_BYTES_MAX}", bytes.len())));
    }
    serde_json::from_slice(bytes).map_err(|e| malformed(field, e))
}

impl People {
    async fn steer(&self, job: &str, steer: Steer) -> Answer<v2::SteerResponse> {
        let job = self.0.steer(job, steer).await.map_err(refused)?;
        Ok(Response::new(v2::SteerResponse { job: job.to_string() }))
    }
}

#[tonic::async_trait]
impl JobService for People {
    type WatchJobStream = BoxStream<'static, Result<v2::JobStatus, Status>>;

    async fn submit(&self, ask: Request<v2::SubmitRequest>) -> Answer<v2::SubmitResponse> {
        let ask = ask.into_inner();
        let token = optional_name(ask.token, "token").map_err(|bad| status::malformed(&bad))?;
        let spec = json(&ask.spec_json, "spec_json")?;
        let submitted = self.0.submit(token, spec).await.map_err(refused)?;
        Ok(Response::new(v2::SubmitResponse { job: submitted.job.to_string(), known: submitted.known }))
    }

    async fn get_job(&self, ask: Request<v2::GetJobRequest>) -> Answer<v2::JobStatus> {
        let status = self.0.status(&ask.into_inner().job).await.map_err(refused)?;
        Ok(Response::new(message(&status)?))
    }

    async fn watch_job(&self, ask: Request<v2::GetJobRequest>) -> Answer<Self::WatchJobStream> {
        let statuses = self.0.watch(&ask.into_inner().job).await.map_err(refused)?;
        let messages = statuses.map(|status| message(&status.map_err(refused)?));
        Ok(Response::new(messages.boxed()))
    }

    async fn get_spec(&self, ask: Request<v2::GetJobRequest>) -> Answer<v2::GetSpecResponse> {
        let name = ask.into_inner().job;
        let job = self.0.resolve(&name).await.map_err(refused)?.to_string();
        let spec = self.0.spec(&job).await.map_err(refused)?;
        Ok(Response::new(v2::GetSpecResponse { job, spec_json: spec.to_string().into_bytes() }))
    }

    async fn list_jobs(&self, ask: Request<v2::ListJobsRequest>) -> Answer<v2::ListJobsResponse> {
        let ask = ask.into_inner();
        let before = ask.before.map(|id| id.parse()).transpose().map_err(|e| malformed("before", e))?;
        let found = self.0.jobs(before, ask.limit as usize).await.map_err(refused)?;
        let jobs = found.lines.iter().map(message).collect::<Result<_, _>>()?;
        Ok(Response::new(v2::ListJobsResponse { jobs, more: found.more }))
    }

    async fn list_shards(&self, ask: Request<v2::ListShardsRequest>) -> Answer<v2::ListShardsResponse> {
        let ask = ask.into_inner();
        let filter: ShardFilter = match ask.filter.as_str() {
            "" => ShardFilter::All,
            word => serde_json::from_value(word.into()).map_err(|e| malformed("filter", e))?,
        };
        let from = ask.from.unwrap_or_default();
        let stage = u8::try_from(from.stage).map_err(|e| malformed("from.stage", e))?;
        let from = (stage, from.shard);
        let page = self.0.shards(&ask.job, filter, from, ask.limit as usize).await.map_err(refused)?;
        Ok(Response::new(message(&page)?))
    }

    async fn list_workers(&self, ask: Request<v2::ListWorkersRequest>) -> Answer<v2::ListWorkersResponse> {
        let ask = ask.into_inner();
        let found = self.0.workers(ask.after.map(WorkerId), ask.limit as usize).await.map_err(refused)?;
        let workers = found.lines.iter().map(message).collect::<Result<_, _>>()?;
        Ok(Response::new(v2::ListWorkersResponse { workers, more: found.more }))
    }

    async fn list_events(&self, ask: Request<v2::ListEventsRequest>) -> Answer<v2::ListEventsResponse> {
        let ask = ask.into_inner();
        let found = self.0.events(ask.job.as_deref(), ask.limit as usize).await.map_err(refused)?;
        let events = found.iter().map(message).collect::<Result<_, _>>()?;
        Ok(Response::new(v2::ListEventsResponse { events }))
    }

    async fn list_failures(&self, ask: Request<v2::GetJobRequest>) -> Answer<v2::ListFailuresResponse> {
        let found = self.0.failures(&ask.into_inner().job).await.map_err(refused)?;
        let failures = found.iter().map(message).collect::<Result<_, _>>()?;
        Ok(Response::new(v2::ListFailuresResponse { failures }))
    }

    async fn cancel(&self, ask: Request<v2::CancelRequest>) -> Answer<v2::SteerResponse> {
        let ask = ask.into_inner();
        self.steer(&ask.job, Steer::Cancel { reason: told(&ask.reason, REASON_BYTES) }).await
    }

    async fn pause(&self, ask: Request<v2::GetJobRequest>) -> Answer<v2::SteerResponse> {
        self.steer(&ask.into_inner().job, Steer::Pause).await
    }

    async fn resume(&self, ask: Request<v2::GetJobRequest>) -> Answer<v2::SteerResponse> {
        self.steer(&ask.into_inner().job, Steer::Resume).await
    }

    async fn retry(&self, ask: Request<v2::GetJobRequest>) -> Answer<v2::SteerResponse> {
        self.steer(&ask.into_inner().job, Steer::Retry).await
    }

    async fn accept(&self, ask: Request<v2::GetJobRequest>) -> Answer<v2::SteerResponse> {
        self.steer(&ask.into_inner().job, Steer::Accept).await
    }

    async fn set_priority(&self, ask: Request<v2::SetPriorityRequest>) -> Answer<v2::SteerResponse> {
        let ask = ask.into_inner();
        self.steer(&ask.job, Steer::Priority(ask.priority)).await
    }

    async fn forget(&self, ask: Request<v2::GetJobRequest>) -> Answer<v2::SteerResponse> {
        self.steer(&ask.into_inner().job, Steer::Forget).await
    }

    async fn drain_worker(&self, ask: Request<v2::DrainWorkerRequest>) -> Answer<v2::SteerResponse> {
        self.0.drain(WorkerId(ask.into_inner().worker)).await.map_err(refused)?;
        Ok(Response::new(v2::SteerResponse { job: String::new() }))
    }

    async fn adopt(&self, ask: Request<v2::AdoptRequest>) -> Answer<v2::AdoptResponse> {
        let ask = ask.into_inner();
        let store = match ask.store_json.as_slice() {
            [] => StoreSettings::default(),
            bytes => json(bytes, "store_json")?,
        };
        let adopted = self.0.adopt(&ask.job_uri, store).await.map_err(refused)?;
        Ok(Response::new(v2::AdoptResponse { job: adopted.job.to_string(), rebuilt: adopted.rebuilt }))
    }
}
