//! From a coordinator to its two ports.

use super::{
    crowd::Crowd,
    fresh::{Fresh, Looked, PortTls, Source, TokenFile},
    guard::{self, Guard},
    http,
    jobs::People,
    limits,
    port::{Port, Speaks},
    worker::Workers,
};
use crate::{handle::CoordinatorHandle, metrics::Metrics, settings::ListenSettings, start::Coordinator};
use axum::{Router, middleware};
use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};
use tarquet_common::{
    codes::{cluster, ourselves},
    failure::Failure,
};
use tarquet_proto::{
    DESCRIPTORS, MESSAGE_BYTES_MAX,
    tls::{ALPN_H2, ALPN_HTTP1, ServerFiles},
    v2::{job_service_server::JobServiceServer, worker_service_server::WorkerServiceServer},
};
use tokio::{net::TcpListener, sync::watch};
use tonic::service::Routes;

/// How long connections may take to end once the coordinator is to stop.
const GRACE: Duration = Duration::from_secs(3);
/// How often the files of certificates and tokens are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The ports of a coordinator, bound and not yet served.
pub struct Serving {
    grpc: TcpListener,
    http: TcpListener,
    grpc_tls: Option<Arc<Fresh<PortTls>>>,
    http_tls: Option<Arc<Fresh<PortTls>>>,
    tokens: Option<Arc<Fresh<TokenFile>>>,
}

impl Serving {
    /// Reads certificates and tokens and binds both ports. Port 0 takes any that is free.
    ///
    /// # Errors
    /// If an address is not loopback and TLS or tokens are missing and `insecure` was not said, if a file cannot be
    /// used, or if an address cannot be had.
    pub async fn bind(settings: &ListenSettings) -> Result<Self, Failure> {
        for address in [settings.listen, settings.http] {
            allowed(address, settings)?;
        }
        let of_http =
            |tls: &ServerFiles| ServerFiles { client_ca: settings.http_client_ca.clone(), ..tls.clone() };
        let tokens = settings.tokens.clone().map(|path| fresh(TokenFile(path))).transpose()?;
        if let (Some(tokens), Some(path)) = (&tokens, &settings.tokens)
            && tokens.get().is_empty()
        {
            let told = "the token file has no token, so nobody could get in";
            return Err(Failure::new(cluster::TOKENS_UNUSABLE, told).at_uri(path.display().to_string()));
        }
        Ok(Self {
            grpc_tls: tls(settings.tls.clone(), ALPN_H2)?,
            http_tls: tls(settings.tls.as_ref().map(of_http), ALPN_HTTP1)?,
            tokens,
            grpc: listen(settings.listen).await?,
            http: listen(settings.http).await?,
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

    /// The scheme of URLs of both ports.
    pub fn scheme(&self) -> &'static str {
        if self.grpc_tls.is_some() { "https" } else { "http" }
    }

    /// Serves until `stop` is done, or until the coordinator can no longer answer, which is an error.
    pub async fn run(
        self,
        mut coordinator: Coordinator,
        stop: impl Future<Output = ()>,
    ) -> Result<(), Failure> {
        let (stopping, stopped) = watch::channel(false);
        let metrics = coordinator.handle.metrics.clone();
        let files =
            Files { grpc: self.grpc_tls.clone(), http: self.http_tls.clone(), tokens: self.tokens.clone() };
        let files = tokio::spawn(look(files, metrics.clone()));
        let guard = Arc::new(Guard::new(self.tokens, metrics.clone()));
        let grpc = Port {
            listener: self.grpc,
            tls: self.grpc_tls,
            speaks: Speaks::Http2,
            router: grpc_router(coordinator.handle.clone(), guard.clone()).await?,
            crowd: Arc::new(Crowd::new("grpc", metrics.clone())),
        };
        let http = Port {
            listener: self.http,
            tls: self.http_tls,
            speaks: Speaks::Http1,
            router: http::router(coordinator.handle.clone())
                .layer(middleware::from_fn_with_state(guard, guard::http)),
            crowd: Arc::new(Crowd::new("http", metrics.clone())),
        };
        let mut grpc = tokio::spawn(grpc.serve(stopped.clone()));
        let mut http = tokio::spawn(http.serve(stopped));
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
        files.abort();
        match served {
            Ok(Err(died)) => end.and(Err(broken(&died))),
            Ok(Ok(())) | Err(_) => end,
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

fn allowed(address: SocketAddr, settings: &ListenSettings) -> Result<(), Failure> {
    let missing = match (&settings.tls, &settings.tokens) {
        (Some(_), Some(_)) => return Ok(()),
        (None, Some(_)) => "no TLS",
        (Some(_), None) => "no tokens",
        (None, None) => "neither TLS nor tokens",
    };
    if address.ip().is_loopback() {
        return Ok(());
    }
    if settings.insecure {
        tracing::warn!(%address, "others can reach this address, and there is {missing} (--insecure)");
        return Ok(());
    }
    let told = format!("{address} is not a loopback address, and there is {missing}");
    Err(Failure::new(cluster::INSECURE_ADDRESS, told).expected("127.0.0.1 or ::1", address.ip()))
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|e| {
        Failure::new(cluster::LISTEN_FAILED, format!("{address} could not be listened on")).caused_by(&e)
    })
}

fn fresh<S: Source>(source: S) -> Result<Arc<Fresh<S>>, Failure> {
    Fresh::new(source).map(Arc::new)
}

fn tls(files: Option<ServerFiles>, alpn: &'static [u8]) -> Result<Option<Arc<Fresh<PortTls>>>, Failure> {
    files.map(|files| fresh(PortTls { files, alpn })).transpose()
}

/// Everything that is made of files.
#[derive(Clone)]
struct Files {
    grpc: Option<Arc<Fresh<PortTls>>>,
    http: Option<Arc<Fresh<PortTls>>>,
    tokens: Option<Arc<Fresh<TokenFile>>>,
}

/// Looks at the files again and again, on a thread that may block.
async fn look(files: Files, metrics: Arc<Metrics>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let (files, metrics) = (files.clone(), metrics.clone());
        let looked = tokio::task::spawn_blocking(move || {
            let count = |what, looked| match looked {
                Looked::Same => {}
                Looked::Renewed => metrics.read(what, true),
                Looked::Unusable => metrics.read(what, false),
            };
            for tls in [files.grpc, files.http].into_iter().flatten() {
                count("certificates", tls.look());
            }
            if let Some(tokens) = files.tokens {
                count("tokens", tokens.look());
            }
        });
        if let Err(died) = looked.await {
            tracing::error!(%died, "the files of certificates and tokens could not be looked at");
        }
    }
}

async fn grpc_router(handle: CoordinatorHandle, guard: Arc<Guard>) -> Result<Router, Failure> {
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
        .max_decoding_message_size(limits::ASK_BYTES)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    let routes = Routes::new(health_service).add_service(reflection).add_service(workers).add_service(people);
    Ok(routes.into_axum_router().layer(middleware::from_fn_with_state(guard, guard::grpc)))
}

fn broken(error: &dyn std::error::Error) -> Failure {
    Failure::new(ourselves::INVARIANT, "a port could not be served any longer").caused_by(error)
}
