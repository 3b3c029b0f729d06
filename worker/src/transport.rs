//! The way to a coordinator in another process: [`Leasing`] over gRPC.
//!
//! One HTTP/2 connection, made at the first call and made again after it broke; pings notice a peer that is gone.
//! Each call has a deadline, so silence becomes [`LeasingError::Unreachable`] and never a hang. Repeating is the
//! caller's business: it knows how long it may.

use async_trait::async_trait;
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};
use tarquet_common::{
    codes::cluster,
    failure::Failure,
    leasing::{
        Acquire, Complete, Completed, Directive, Fail, Goodbye, Lease, Leasing, LeasingError, Register,
        Registered, Renew,
    },
    seal::WorkerSecret,
};
use tarquet_proto::{
    MESSAGE_BYTES_MAX,
    client::{Access, Line},
    convert::{self, BadMessage},
    secret, status,
    v2::worker_service_client::WorkerServiceClient,
};
use tonic::{Request, Response, Status};

/// Deadline of a short call. `acquire` gets what it waits for on top.
const CALL: Duration = Duration::from_secs(15);
/// Deadline of `complete`, which waits for an object store.
const COMPLETE: Duration = Duration::from_secs(60);

/// A coordinator in another process, as the worker sees it that has this secret.
#[derive(Clone, Debug)]
pub struct GrpcLeasing {
    client: WorkerServiceClient<Line>,
    secret: WorkerSecret,
    /// A call was answered once: certificate and token were good.
    was_let_in: Arc<AtomicBool>,
}

impl GrpcLeasing {
    /// Does not connect yet. Must be called inside a tokio runtime.
    pub fn new(access: &Access, secret: WorkerSecret) -> Result<Self, Failure> {
        let client = WorkerServiceClient::new(access.line()?)
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX);
        Ok(Self { client, secret, was_let_in: Arc::new(AtomicBool::new(false)) })
    }

    fn signed<T>(&self, message: T) -> Request<T> {
        secret::with(message, &self.secret)
    }

    /// Waits for the answer up to the deadline and tells refusals from silence.
    ///
    /// A worker that is not let in at first is set up wrongly. One that was, and is not any more, meets certificates
    /// or tokens that are being replaced: to it that is silence, so that it keeps its attempts and asks again.
    async fn call<T>(
        &self,
        deadline: Duration,
        answer: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, LeasingError> {
        let error = match tokio::time::timeout(deadline, answer).await {
            Ok(Ok(response)) => {
                self.was_let_in.store(true, Relaxed);
                return Ok(response.into_inner());
            }
            Ok(Err(said)) => status::to_leasing_error(&said),
            Err(_) => LeasingError::Unreachable(format!("no answer within {} s", deadline.as_secs())),
        };
        match error {
            LeasingError::Refused(failure) if is_about_access(&failure) && self.was_let_in.load(Relaxed) => {
                let causes = failure.causes.join(": ");
                tracing::warn!(code = %failure.code, causes, "not let in any more, asking again: {failure}");
                Err(LeasingError::Unreachable(format!("{}: {failure}", failure.code)))
            }
            error => Err(error),
        }
    }
}

/// What changes when certificates or tokens are replaced.
fn is_about_access(failure: &Failure) -> bool {
    let codes = [
        cluster::UNAUTHENTICATED,
        cluster::ROLE_TOO_LOW,
        cluster::TLS_REFUSED,
        cluster::TLS_FILE_UNUSABLE,
        cluster::TOKENS_UNUSABLE,
    ];
    codes.contains(&failure.code)
}

/// An answer that is not one: repeating it would bring the same.
fn bad_answer(bad: BadMessage) -> LeasingError {
    LeasingError::Refused(Failure::new(cluster::BAD_ANSWER, bad.to_string()).at_item(bad.field))
}

#[async_trait]
impl Leasing for GrpcLeasing {
    async fn register(&self, ask: Register) -> Result<Registered, LeasingError> {
        let mut client = self.client.clone();
        let said = self.call(CALL, client.register(self.signed(convert::from_register(ask)))).await?;
        convert::to_registered(&said).map_err(bad_answer)
    }

    async fn acquire(&self, ask: Acquire) -> Result<Option<Lease>, LeasingError> {
        let mut client = self.client.clone();
        let deadline = CALL + Duration::from_millis(ask.wait_ms);
        let said = self.call(deadline, client.acquire(self.signed(convert::from_acquire(ask)))).await?;
        said.lease.map(convert::to_lease).transpose().map_err(bad_answer)
    }

    async fn renew(&self, ask: Renew) -> Result<Directive, LeasingError> {
        let mut client = self.client.clone();
        let said = self.call(CALL, client.renew(self.signed(convert::from_renew(ask)))).await?;
        convert::to_directive(&said).map_err(bad_answer)
    }

    async fn complete(&self, ask: Complete) -> Result<Completed, LeasingError> {
        let mut client = self.client.clone();
        let said = self.call(COMPLETE, client.complete(self.signed(convert::from_complete(&ask)))).await?;
        convert::to_completed(&said).map_err(bad_answer)
    }

    async fn fail(&self, ask: Fail) -> Result<(), LeasingError> {
        let mut client = self.client.clone();
        self.call(CALL, client.fail(self.signed(convert::from_fail(ask)))).await.map(|_| ())
    }

    async fn goodbye(&self, ask: Goodbye) -> Result<(), LeasingError> {
        let mut client = self.client.clone();
        self.call(CALL, client.goodbye(self.signed(convert::from_goodbye(ask)))).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_proto::v2::RegisterResponse;

    #[test]
    fn an_answer_without_times_is_none() {
        let answer = RegisterResponse { generation: 1, ..RegisterResponse::default() };
        let error = convert::to_registered(&answer).map_err(bad_answer).unwrap_err();
        let LeasingError::Refused(failure) = error else { panic!("{error:?}") };
        assert_eq!(failure.code, cluster::BAD_ANSWER);
        assert_eq!(failure.place.item.as_deref(), Some("lease_ttl_ms"));
    }
}
