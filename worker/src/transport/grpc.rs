//! [`Leasing`] over gRPC.
//!
//! One HTTP/2 connection, made at the first call and made again after it broke; pings notice a peer that is gone.
//! Each call has a deadline, so silence becomes [`LeasingError::Unreachable`] and never a hang. Repeating is the
//! caller's business: it knows how long it may.

use async_trait::async_trait;
use std::{future::Future, time::Duration};
use tarquet_common::{
    codes::cluster,
    failure::Failure,
    leasing::{
        Acquire, Complete, Completed, Directive, Fail, Goodbye, Lease, Leasing, LeasingError, Register,
        Registered, Renew,
    },
};
use tarquet_proto::{
    MESSAGE_BYTES_MAX,
    convert::{self, BadMessage},
    status,
    v1::worker_service_client::WorkerServiceClient,
};
use tonic::{
    Response, Status,
    transport::{Channel, Endpoint},
};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// How often an idle connection is tried.
const PING_EVERY: Duration = Duration::from_secs(10);
/// How long the peer may take to answer a ping.
const PING_WAIT: Duration = Duration::from_secs(10);
/// Deadline of a short call. `acquire` gets what it waits for on top.
const CALL: Duration = Duration::from_secs(15);
/// Deadline of `complete`, which waits for an object store.
const COMPLETE: Duration = Duration::from_secs(60);

/// A coordinator at a URL.
#[derive(Clone, Debug)]
pub struct GrpcLeasing {
    client: WorkerServiceClient<Channel>,
}

impl GrpcLeasing {
    /// A coordinator at `http://HOST:PORT`; a bare `HOST:PORT` is taken for that. Does not connect yet. Must be
    /// called inside a tokio runtime.
    pub fn new(url: &str) -> Result<Self, Failure> {
        let full = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let endpoint = Endpoint::from_shared(full).map_err(|e| {
            Failure::new(cluster::BAD_COORDINATOR_URL, format!("{url:?} is not the address of a coordinator"))
                .caused_by(&e)
        })?;
        let channel = endpoint
            .connect_timeout(CONNECT)
            .http2_keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_WAIT)
            .keep_alive_while_idle(true)
            .tcp_nodelay(true)
            .connect_lazy();
        let client = WorkerServiceClient::new(channel)
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX);
        Ok(Self { client })
    }
}

/// Waits for the answer up to the deadline and tells refusals from silence.
async fn call<T>(
    deadline: Duration,
    answer: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T, LeasingError> {
    match tokio::time::timeout(deadline, answer).await {
        Ok(Ok(response)) => Ok(response.into_inner()),
        Ok(Err(said)) => Err(status::to_leasing_error(&said)),
        Err(_) => Err(LeasingError::Unreachable(format!("no answer within {} s", deadline.as_secs()))),
    }
}

/// An answer that is not one: repeating it would bring the same.
fn bad_answer(bad: BadMessage) -> LeasingError {
    LeasingError::Refused(Failure::new(cluster::BAD_ANSWER, bad.to_string()).at_item(bad.field))
}

#[async_trait]
impl Leasing for GrpcLeasing {
    async fn register(&self, ask: Register) -> Result<Registered, LeasingError> {
        let mut client = self.client.clone();
        let said = call(CALL, client.register(convert::from_register(ask))).await?;
        convert::to_registered(&said).map_err(bad_answer)
    }

    async fn acquire(&self, ask: Acquire) -> Result<Option<Lease>, LeasingError> {
        let mut client = self.client.clone();
        let deadline = CALL + Duration::from_millis(ask.wait_ms);
        let said = call(deadline, client.acquire(convert::from_acquire(ask))).await?;
        said.lease.map(convert::to_lease).transpose().map_err(bad_answer)
    }

    async fn renew(&self, ask: Renew) -> Result<Directive, LeasingError> {
        let mut client = self.client.clone();
        let said = call(CALL, client.renew(convert::from_renew(ask))).await?;
        convert::to_directive(&said).map_err(bad_answer)
    }

    async fn complete(&self, ask: Complete) -> Result<Completed, LeasingError> {
        let mut client = self.client.clone();
        let said = call(COMPLETE, client.complete(convert::from_complete(&ask))).await?;
        convert::to_completed(&said).map_err(bad_answer)
    }

    async fn fail(&self, ask: Fail) -> Result<(), LeasingError> {
        let mut client = self.client.clone();
        call(CALL, client.fail(convert::from_fail(ask))).await.map(|_| ())
    }

    async fn goodbye(&self, ask: Goodbye) -> Result<(), LeasingError> {
        let mut client = self.client.clone();
        call(CALL, client.goodbye(convert::from_goodbye(ask))).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_proto::v1::RegisterResponse;

    #[test]
    fn an_answer_without_times_is_none() {
        let answer = RegisterResponse { generation: 1, ..RegisterResponse::default() };
        let error = convert::to_registered(&answer).map_err(bad_answer).unwrap_err();
        let LeasingError::Refused(failure) = error else { panic!("{error:?}") };
        assert_eq!(failure.code, cluster::BAD_ANSWER);
        assert_eq!(failure.place.item.as_deref(), Some("lease_ttl_ms"));
    }
}
