//! The verbs of workers over gRPC. Each is said in the name that its message gives, and under the seal of the secret in its
//! metadata.

use crate::handle::{CoordinatorHandle, workers::ByWorker};
use tarquet_common::leasing::Leasing;
use tarquet_proto::{convert, secret, status, v2, v2::worker_service_server::WorkerService};
use tonic::{Request, Response, Status};

/// Answers workers.
pub(super) struct Workers(pub(super) CoordinatorHandle);

type Answer<T> = Result<Response<T>, Status>;

impl Workers {
    /// The coordinator as the caller sees it.
    fn of<T>(&self, ask: &Request<T>) -> Result<ByWorker, Status> {
        Ok(self.0.as_worker(&secret::shown(ask.metadata())?))
    }
}

#[tonic::async_trait]
impl WorkerService for Workers {
    async fn register(&self, ask: Request<v2::RegisterRequest>) -> Answer<v2::RegisterResponse> {
        let coordinator = self.of(&ask)?;
        let ask = convert::to_register(ask.into_inner()).map_err(|e| status::malformed(&e))?;
        let terms = coordinator.register(ask).await.map_err(|e| status::from_leasing_error(&e))?;
        Ok(Response::new(convert::from_registered(&terms)))
    }

    async fn acquire(&self, ask: Request<v2::AcquireRequest>) -> Answer<v2::AcquireResponse> {
        let coordinator = self.of(&ask)?;
        let ask = convert::to_acquire(ask.into_inner()).map_err(|e| status::malformed(&e))?;
        let lease = coordinator.acquire(ask).await.map_err(|e| status::from_leasing_error(&e))?;
        Ok(Response::new(v2::AcquireResponse { lease: lease.map(convert::from_lease) }))
    }

    async fn renew(&self, ask: Request<v2::RenewRequest>) -> Answer<v2::RenewResponse> {
        let coordinator = self.of(&ask)?;
        let ask = convert::to_renew(ask.into_inner()).map_err(|e| status::malformed(&e))?;
        let directive = coordinator.renew(ask).await.map_err(|e| status::from_leasing_error(&e))?;
        Ok(Response::new(convert::from_directive(directive)))
    }

    async fn complete(&self, ask: Request<v2::CompleteRequest>) -> Answer<v2::CompleteResponse> {
        let coordinator = self.of(&ask)?;
        let ask = convert::to_complete(ask.into_inner()).map_err(|e| status::malformed(&e))?;
        let completed = coordinator.complete(ask).await.map_err(|e| status::from_leasing_error(&e))?;
        Ok(Response::new(convert::from_completed(completed)))
    }

    async fn fail(&self, ask: Request<v2::FailRequest>) -> Answer<v2::FailResponse> {
        let coordinator = self.of(&ask)?;
        let ask = convert::to_fail(ask.into_inner()).map_err(|e| status::malformed(&e))?;
        coordinator.fail(ask).await.map_err(|e| status::from_leasing_error(&e))?;
        Ok(Response::new(v2::FailResponse {}))
    }

    async fn goodbye(&self, ask: Request<v2::GoodbyeRequest>) -> Answer<v2::GoodbyeResponse> {
        let coordinator = self.of(&ask)?;
        let ask = convert::to_goodbye(ask.into_inner()).map_err(|e| status::malformed(&e))?;
        coordinator.goodbye(ask).await.map_err(|e| status::from_leasing_error(&e))?;
        Ok(Response::new(v2::GoodbyeResponse {}))
    }
}
