//! Who is let in: the one place that both ports ask.

use super::{
    budget::{self, Budgets},
    crowd::Visit,
    fresh::{Fresh, TokenFile},
};
use crate::{
    access::{Least, Role, least},
    metrics::Metrics,
};
use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tarquet_common::{codes::cluster, failure::Failure};
use tarquet_proto::status;
use tokio::time::Instant;
use tonic::{Code, Status};

/// Paths of the HTTP port that say only whether it serves.
pub(super) const OPEN_PATHS: [&str; 2] = ["/healthz", "/readyz"];

/// At most one line in this time.
const EVERY: Duration = Duration::from_secs(10);

/// Refusals in the log: enough to see an attack, never so many that they are one. What was told last, and how much was
/// not.
#[derive(Default)]
struct Told(Mutex<(Option<Instant>, u64)>);

impl Told {
    /// How many were not told, if it is time to tell one.
    fn now(&self) -> Option<u64> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0.is_some_and(|at| at.elapsed() < EVERY) {
            last.1 += 1;
            return None;
        }
        last.0 = Some(Instant::now());
        Some(std::mem::take(&mut last.1))
    }

    /// A call was refused. The token is no part of what is told.
    fn refused(&self, from: Option<SocketAddr>, path: &str, why: &Failure) {
        if let Some(others) = self.now() {
            tracing::warn!(?from, path = short(path), code = %why.code, others, "refused: {why}");
        }
    }

    /// A message was not taken.
    fn dropped(&self, from: Option<SocketAddr>, path: &str, why: &str) {
        if let Some(others) = self.now() {
            tracing::warn!(?from, path, others, "refused: {why}");
        }
    }
}

/// A path is the caller's text: cut, and quoted by the log.
fn short(path: &str) -> String {
    path.chars().take(100).collect()
}

/// Judges calls by their token.
pub(super) struct Guard {
    tokens: Option<Arc<Fresh<TokenFile>>>,
    budgets: Budgets,
    told: Told,
    told_messages: Told,
    metrics: Arc<Metrics>,
}

impl Guard {
    /// Without a token file everybody may do everything.
    pub(super) fn new(tokens: Option<Arc<Fresh<TokenFile>>>, metrics: Arc<Metrics>) -> Self {
        Self {
            tokens,
            budgets: Budgets::default(),
            told: Told::default(),
            told_messages: Told::default(),
            metrics,
        }
    }

    fn judge(&self, headers: &HeaderMap, least: Least) -> Result<(), Failure> {
        let (Some(tokens), Least::Role(least)) = (&self.tokens, least) else { return Ok(()) };
        let Some(presented) = presented(headers) else {
            return Err(Failure::new(cluster::UNAUTHENTICATED, "the call carries no token"));
        };
        match tokens.get().role_of(&presented) {
            None => Err(Failure::new(cluster::UNAUTHENTICATED, "the coordinator does not know the token")),
            Some(role) if role.reaches(least) => Ok(()),
            Some(role) => {
                let told = "the token's role does not allow the call";
                Err(Failure::new(cluster::ROLE_TOO_LOW, told).expected(least, role))
            }
        }
    }

    /// Lets a call in, or says why not.
    fn admit(&self, ask: &Request, least: Least) -> Result<(), Failure> {
        let visit = ask.extensions().get::<Arc<Visit>>();
        match self.judge(ask.headers(), least) {
            Ok(()) => {
                // An open path says nothing about who asks; without tokens nobody can say more.
                if least != Least::Open || self.tokens.is_none() {
                    visit.inspect(|v| v.admitted());
                }
                Ok(())
            }
            Err(failure) => {
                if let Some(visit) = visit {
                    visit.refused();
                    self.metrics.refused(visit.port(), reason(ask.headers(), &failure));
                }
                self.told.refused(visit.map(|v| v.from), ask.uri().path(), &failure);
                Err(failure)
            }
        }
    }
}

impl Guard {
    /// Tells why a call's message is not taken.
    fn dropped(self: Arc<Self>, ask: &Request, method: &'static str) -> budget::Told {
        let visit = ask.extensions().get::<Arc<Visit>>().cloned();
        Box::new(move |why| {
            if let Some(visit) = &visit {
                self.metrics.refused(visit.port(), "message");
            }
            self.told_messages.dropped(visit.as_ref().map(|v| v.from), method, why);
        })
    }
}

/// Why a call was not let in, in a word.
fn reason(headers: &HeaderMap, failure: &Failure) -> &'static str {
    match (failure.code == cluster::ROLE_TOO_LOW, headers.contains_key(header::AUTHORIZATION)) {
        (true, _) => "role",
        (false, true) => "wrong_token",
        (false, false) => "no_token",
    }
}

/// The token that a request presents: `Bearer TOKEN`, or as the password of `Basic`, which browsers ask for.
fn presented(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = text.split_once(' ')?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Some(rest.trim().to_owned()),
        "basic" => {
            let plain = base64_simd::STANDARD.decode_to_vec(rest.trim()).ok()?;
            let (_, password) = std::str::from_utf8(&plain).ok()?.split_once(':')?;
            Some(password.to_owned())
        }
        _ => None,
    }
}

/// For gRPC: the method's least role, and a body that counts.
pub(super) async fn grpc(State(guard): State<Arc<Guard>>, ask: Request, next: Next) -> Response {
    // What is not in the table is not served; only who has a token is told so.
    let known = least(ask.uri().path());
    let (method, role) = known.unwrap_or(("/unknown", Least::Role(Role::Viewer)));
    let another = if known.is_none() { status::of_another_version(ask.uri().path()) } else { None };
    let answer = match (guard.admit(&ask, role), another) {
        (Err(failure), _) => status::refused(&failure).into_http::<Body>(),
        (Ok(()), Some(another)) => another.into_http::<Body>(),
        (Ok(()), None) => {
            let charge = guard.budgets.charge(role, guard.clone().dropped(&ask, method));
            next.run(ask.map(|body| charge.meter(body))).await
        }
    };
    // Without one in the head, the answer has begun, and ends well unless the connection breaks.
    let code = answer.headers().get(Status::GRPC_STATUS).map_or(Code::Ok, |v| Code::from_bytes(v.as_bytes()));
    guard.metrics.called(&method[1..], &format!("{code:?}"));
    answer
}

/// For HTTP: everything but health is for viewers.
pub(super) async fn http(State(guard): State<Arc<Guard>>, ask: Request, next: Next) -> Response {
    let open = OPEN_PATHS.contains(&ask.uri().path());
    let least = if open { Least::Open } else { Least::Role(Role::Viewer) };
    let Err(failure) = guard.admit(&ask, least) else { return next.run(ask).await };
    let known = failure.code == cluster::ROLE_TOO_LOW;
    let code = if known { StatusCode::FORBIDDEN } else { StatusCode::UNAUTHORIZED };
    let mut answer = (code, Json(serde_json::json!({ "error": failure }))).into_response();
    if code == StatusCode::UNAUTHORIZED {
        let how =
            HeaderValue::from_static("Bearer realm=\"tarquet\", Basic realm=\"tarquet\", charset=\"UTF-8\"");
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, how);
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_from_both_schemes() {
        let of = |value: &'static str| {
            presented(&HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))]))
        };
        assert_eq!(of("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(of("bearer  abc ").as_deref(), Some("abc"));
        // printf 'me:a:b' | base64
        assert_eq!(of("Basic bWU6YTpi").as_deref(), Some("a:b"));
        for none in ["", "abc", "Basic abc", "Digest abc", "Basic bWU="] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
