//! A port: accept, handshake, serve. Each connection is a task of its own, so that none waits for another.

use super::{
    conn::Conn,
    crowd::{Crowd, Visit},
    fresh::{Fresh, PortTls},
    limits,
};
use axum::{Router, http::Request};
use hyper::{body::Incoming, service::Service};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

/// How long a port rests that cannot accept, for want of file descriptors most likely.
const OUT_OF_BREATH: Duration = Duration::from_millis(100);

/// What a port speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaks {
    /// gRPC.
    Http2,
    /// Browsers, probes and scripts.
    Http1,
}

/// A port and what is behind it.
pub(super) struct Port {
    pub(super) listener: TcpListener,
    pub(super) tls: Option<Arc<Fresh<PortTls>>>,
    pub(super) speaks: Speaks,
    pub(super) router: Router,
    pub(super) crowd: Arc<Crowd>,
}

/// What all connections of a port share.
struct Shared {
    tls: Option<Arc<Fresh<PortTls>>>,
    builder: Builder<TokioExecutor>,
    service: TowerToHyperService<Router>,
    crowd: Arc<Crowd>,
}

impl Port {
    /// Serves until `stopped` says so and all connections have ended. Connections that are left end when this is
    /// dropped.
    pub(super) async fn serve(self, mut stopped: watch::Receiver<bool>) {
        let shared = Arc::new(Shared {
            tls: self.tls,
            builder: builder(self.speaks),
            service: TowerToHyperService::new(self.router),
            crowd: self.crowd.clone(),
        });
        let mut tasks = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                Some(_) = tasks.join_next() => continue,
                _ = stopped.wait_for(|stop| *stop) => break,
            };
            match accepted {
                Ok((tcp, from)) => {
                    let visit = self.crowd.enter(from);
                    tasks.spawn(attend(shared.clone(), tcp, visit, stopped.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(OUT_OF_BREATH).await;
                }
            }
        }
        drop(self.listener);
        while tasks.join_next().await.is_some() {}
    }
}

fn builder(speaks: Speaks) -> Builder<TokioExecutor> {
    let mut builder = match speaks {
        Speaks::Http2 => Builder::new(TokioExecutor::new()).http2_only(),
        Speaks::Http1 => Builder::new(TokioExecutor::new()).http1_only(),
    };
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEAD)
        .max_buf_size(limits::HEAD_BYTES as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(limits::HEAD_BYTES)
        .max_concurrent_streams(limits::STREAMS_MAX)
        .max_pending_accept_reset_streams(limits::RESETS_MAX)
        .max_local_error_reset_streams(limits::RESETS_MAX)
        .initial_stream_window_size(limits::CALL_WINDOW)
        .initial_connection_window_size(limits::CONNECTION_WINDOW)
        .max_send_buf_size(limits::SEND_BYTES)
        .keep_alive_interval(limits::PING_EVERY)
        .keep_alive_timeout(limits::PING_EVERY);
    builder
}

async fn attend(shared: Arc<Shared>, tcp: TcpStream, visit: Arc<Visit>, stopped: watch::Receiver<bool>) {
    let from = visit.from;
    let too_strange = async {
        sleep(limits::STRANGER).await;
        if !visit.is_stranger() {
            std::future::pending::<()>().await;
        }
    };
    let ended = tokio::select! {
        end = converse(&shared, tcp, visit.clone(), stopped) => {
            if let Err(error) = end {
                tracing::debug!(%from, error, "a connection broke");
            }
            return;
        }
        () = visit.ended() => "pushed_out",
        () = too_strange => "stranger_too_long",
    };
    shared.crowd.ended(ended);
    tracing::debug!(%from, ended, "a connection was ended");
}

async fn converse(
    shared: &Shared,
    tcp: TcpStream,
    visit: Arc<Visit>,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    tcp.set_nodelay(true)?;
    let conn = match &shared.tls {
        None => Conn::Plain(tcp),
        Some(tls) => {
            let slow = |_| io::Error::new(io::ErrorKind::TimedOut, "the TLS handshake took too long");
            let shaken = timeout(limits::HANDSHAKE, tls.get().accept(tcp)).await.map_err(slow).flatten();
            Conn::Tls(Box::new(shaken.inspect_err(|_| shared.crowd.ended("handshake"))?))
        }
    };
    let (service, whose) = (shared.service.clone(), visit.clone());
    let service = hyper::service::service_fn(move |mut ask: Request<Incoming>| {
        ask.extensions_mut().insert(whose.clone());
        service.call(ask)
    });
    let conn = shared.builder.serve_connection(TokioIo::new(conn), service);
    tokio::pin!(conn);
    tokio::select! {
        end = conn.as_mut() => return end,
        _ = stopped.wait_for(|stop| *stop) => {}
        () = visit.asked_to_leave() => {}
    }
    conn.as_mut().graceful_shutdown();
    conn.await
}
