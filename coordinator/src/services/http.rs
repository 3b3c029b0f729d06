//! The HTTP port: health for probes, the status message as JSON for scripts, a plain list for people.

use crate::{
    handle::CoordinatorHandle,
    metrics::{CONTENT_TYPE, Metrics, Snapshot},
};
use axum::{
    Json, Router,
    extract::{MatchedPath, Path, Request, State},
    http::{StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;
use std::{fmt::Write, sync::Arc};
use tarquet_client::{Jobs, JobsError};
use tarquet_common::failure::Class;

/// Jobs on the plain page.
const LISTED: usize = 100;

/// All paths of the port.
pub(super) fn router(handle: CoordinatorHandle) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/healthz", get(healthy))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/api/v1/jobs", get(jobs))
        .route("/api/v1/jobs/{id}", get(job))
        .layer(from_fn_with_state(handle.metrics.clone(), counted))
        .with_state(handle)
}

/// Counts the answer under its route, which is of the router and not of the client.
async fn counted(State(metrics): State<Arc<Metrics>>, ask: Request, next: Next) -> Response {
    let route = ask.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let answer = next.run(ask).await;
    metrics.answered(&route, answer.status().as_u16());
    answer
}

/// For Prometheus.
async fn metrics(State(handle): State<CoordinatorHandle>) -> Response {
    match handle.driver.read(Snapshot::of).await {
        Ok(now) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], handle.metrics.expose(&now)).into_response(),
        Err(_) => stopped(),
    }
}

/// The process lives and its driver does.
async fn healthy(State(handle): State<CoordinatorHandle>) -> Response {
    if handle.is_alive() { "ok\n".into_response() } else { stopped() }
}

/// The driver answers: what it would say is durable. It is asked for nothing: anybody may ask this, as often as they like.
async fn ready(State(handle): State<CoordinatorHandle>) -> Response {
    match handle.driver.read(|_, _| ()).await {
        Ok(()) => "ready\n".into_response(),
        Err(_) => stopped(),
    }
}

fn stopped() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "the coordinator has stopped\n").into_response()
}

async fn job(State(handle): State<CoordinatorHandle>, Path(id): Path<String>) -> Response {
    match handle.status(&id).await {
        Ok(status) => Json(status).into_response(),
        Err(error) => refused(&error),
    }
}

async fn jobs(State(handle): State<CoordinatorHandle>) -> Response {
    match handle.jobs(None, 0).await {
        Ok(found) => Json(json!({ "jobs": found.lines, "more": found.more })).into_response(),
        Err(error) => refused(&error),
    }
}

fn refused(error: &JobsError) -> Response {
    match error {
        JobsError::Unreachable(_) => stopped(),
        JobsError::Refused(failure) => {
            let code = match failure.class() {
                Class::Usage | Class::Input => StatusCode::NOT_FOUND,
                Class::Denied => StatusCode::FORBIDDEN,
                Class::Environment | Class::Lost => StatusCode::SERVICE_UNAVAILABLE,
                Class::Bug => StatusCode::INTERNAL_SERVER_ERROR,
            };
            (code, Json(json!({ "error": failure }))).into_response()
        }
    }
}

/// One line a job, as text: nothing in it can be taken for markup.
async fn list(State(handle): State<CoordinatorHandle>) -> Response {
    let found = match handle.jobs(None, LISTED).await {
        Ok(found) => found,
        Err(error) => return refused(&error),
    };
    let mut text = String::from("tarquet coordinator\n\n");
    if found.lines.is_empty() {
        text.push_str("no jobs yet\n");
    }
    for line in found.lines {
        let stage = line.stage.unwrap_or_default();
        writeln!(
            text,
            "{}  {:<12} {:<10} {:>6}/{:<6} {}",
            line.job,
            line.state,
            stage,
            line.done,
            line.shards,
            line.name.escape_debug()
        )
        .expect("a string takes everything");
    }
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
