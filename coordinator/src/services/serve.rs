//! From a coordinator to its two ports.

use super::{http, jobs::People, worker::Workers};
use crate::{handle::CoordinatorHandle, settings::ListenSettings, start::Coordinator};
use std::{future::Future, net::SocketAddr, time::Duration};
use tarquet_common::{
    codes::{cluster, ourselves},
    failure::Failure,
};
use tarquet_proto::{
    DESCRIPTORS, MESSAGE_BYTES_MAX,
    v1::{job_service_server::JobServiceServer, worker_service_server::WorkerServiceServer},
};
use tokio::{net::TcpListener, sync::watch};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;

/// How often an idle connection is tried, and how long its answer may take.
const PING_EVERY: Duration = Duration::from_secs(20);
/// How long connections may take to end once the coordinator is to stop.
const GRACE: Duration = Duration::from_secs(3);

/// The ports of a coordinator, bound and not yet served.
pub struct Serving {
    grpc: TcpListener,
    http: TcpListener,
}

impl Serving {
    /// Binds both ports. Port 0 takes any that is free.
    ///
    /// # Errors
    /// If an address is not loopback and `insecure` was not said, or cannot be had.
    pub async fn bind(settings: &ListenSettings) -> Result<Self, Failure> {
        Ok(Self {
            grpc: listen(settings.listen, settings).await?,
            http: listen(settings.http, settings).await?,
        })
    }

    /// Where gRPC is served.
    pub fn listen(&self) -> SocketAddr {
        self.grpc.local_addr().expect("a bound listener has an address")
    }

    /// Where HTTP is served.
    pub fn http(&self) -> SocketAddr {
        self.http.local_addr().expect("a bound listener has an address")
    }

    /// Serves until `stop` is done, or until the coordinator can no longer answer, which is an error.
    pub async fn run(
        self,
        mut coordinator: Coordinator,
        stop: impl Future<Output = ()>,
    ) -> Result<(), Failure> {
        let (stopping, stopped) = watch::channel(false);
        let mut grpc = tokio::spawn(grpc(self.grpc, coordinator.handle.clone(), until(stopped.clone())));
        let mut http = tokio::spawn(http_port(self.http, coordinator.handle.clone(), until(stopped)));
        let end = tokio::select! {
            () = stop => Ok(()),
            failure = coordinator.failed() => Err(failure),
        };
        // The driver first: what it answered is durable, and calls that wait end at once instead of holding the
        // connections open. Who was cut off asks again.
        coordinator.stop().await;
        stopping.send_replace(true);
        let served = tokio::time::timeout(GRACE, async { (&mut grpc).await.and((&mut http).await) }).await;
        grpc.abort();
        http.abort();
        match served {
            Ok(Err(died)) => end.and(Err(broken(&died))),
            Ok(Ok(served)) => end.and(served),
            Err(_) => end,
        }
    }
}

/// Serves a coordinator: [`Serving::bind`] and [`Serving::run`].
pub async fn serve(
    settings: &ListenSettings,
    coordinator: Coordinator,
    stop: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let serving = Serving::bind(settings).await?;
    tracing::info!(listen = %serving.listen(), http = %serving.http(), "serving");
    serving.run(coordinator, stop).await
}

async fn listen(address: SocketAddr, settings: &ListenSettings) -> Result<TcpListener, Failure> {
    if !address.ip().is_loopback() && !settings.insecure {
        let told = format!("{address} is not a loopback address");
        return Err(Failure::new(cluster::INSECURE_ADDRESS, told).expected("127.0.0.1 or ::1", address.ip()));
    }
    TcpListener::bind(address).await.map_err(|e| {
        Failure::new(cluster::LISTEN_FAILED, format!("{address} could not be listened on")).caused_by(&e)
    })
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // A sender that is gone means the same.
    stopped.wait_for(|stop| *stop).await.ok();
}

async fn grpc(
    listener: TcpListener,
    handle: CoordinatorHandle,
    stop: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<WorkerServiceServer<Workers>>().await;
    health.set_serving::<JobServiceServer<People>>().await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()
        .map_err(|e| broken(&e))?;
    let workers = WorkerServiceServer::new(Workers(handle.clone()))
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    let people = JobServiceServer::new(People(handle))
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    Server::builder()
        .tcp_nodelay(true)
        .http2_keepalive_interval(Some(PING_EVERY))
        .http2_keepalive_timeout(Some(PING_EVERY))
        .add_service(health_service)
        .add_service(reflection)
        .add_service(workers)
        .add_service(people)
        .serve_with_incoming_shutdown(TcpListenerStream::new(listener), stop)
        .await
        .map_err(|e| broken(&e))
}

async fn http_port(
    listener: TcpListener,
    handle: CoordinatorHandle,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Failure> {
    let served = axum::serve(listener, http::router(handle)).with_graceful_shutdown(stop).await;
    served.map_err(|e| broken(&e))
}

fn broken(error: &dyn std::error::Error) -> Failure {
    Failure::new(ourselves::INVARIANT, "a port could not be served any longer").caused_by(error)
}
