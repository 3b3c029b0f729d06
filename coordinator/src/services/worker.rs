//! The verbs of workers over gRPC.

use crate::handle::CoordinatorHandle;
use tarquet_common::leasing::Leasing;
use tarquet_proto::{convert, status, v2, v2::worker_service_server::WorkerService};
use tonic::{Request, Response, Status};

/// Answers workers.
pub(super) struct Workers(pub(super) CoordinatorHandle);

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl WorkerService for Workers {
    async fn register(&self, ask: Request<v2::RegisterRequest>) -> Answer<v2::RegisterResponse> {
        let ask = convert::to_register(ask.into_inner()).map_err(|e| status::malformed(&e))?;
        let terms = self.0.register(ask).await.map_err(|e| status::from_leasing_error(&e))?;
        Ok(Response::new(convert::from_registered(&terms)))
    }

    async fn acquire(&self, ask: Request<v2::AcquireRequest>) -> Answer<v2::AcquireResponse> {
        let ask = convert::to_acquire(ask.into_inner()).map_err(|e| status::malformed(&e))?;
        let lease = self.0.acquire(ask).await.map_err(|e| status::from_leasing_error(&e))?;
        Ok(Response::new(v2::AcquireResponse { lease: lease.map(convert::from_lease) }))
    }

    async fn renew(&self, ask: Request<v2::RenewRequest>) -> Answer<v2::RenewResponse> {
        let ask = convert::to_renew(ask.into_inner()).map_err(|e| status::malformed(&e))?;
        let directive = self.0.renew(ask).await.map_err(|e| status::from_leasing_error(&e))?;
        Ok(Response::new(convert::from_directive(directive)))
    }

    async fn complete(&self, ask: Request<v2::CompleteRequest>) -> Answer<v2::CompleteResponse> {
        let ask = convert::to_complete(ask.into_inner()).map_err(|e| status::malformed(&e))?;
        let completed = self.0.complete(ask).await.map_err(|e| status::from_leasing_error(&e))?;
        Ok(Response::new(convert::from_completed(completed)))
    }

    async fn fail(&self, ask: Request<v2::FailRequest>) -> Answer<v2::FailResponse> {
        let ask = convert::to_fail(ask.into_inner()).map_err(|e| status::malformed(&e))?;
        self.0.fail(ask).await.map_err(|e| status::from_leasing_error(&e))?;
        Ok(Response::new(v2::FailResponse {}))
    }

    async fn goodbye(&self, ask: Request<v2::GoodbyeRequest>) -> Answer<v2::GoodbyeResponse> {
        let ask = convert::to_goodbye(ask.into_inner()).map_err(|e| status::malformed(&e))?;
        self.0.goodbye(ask).await.map_err(|e| status::from_leasing_error(&e))?;
        Ok(Response::new(v2::GoodbyeResponse {}))
    }
}
