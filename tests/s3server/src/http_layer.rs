//! Around the S3 service: log, faults, drained bodies, and a few paths for scripts.

use crate::{
    bodies::{Cut, InBody, OutBody},
    faults::{Effect, Faults},
    operation::{Target, classify},
    stats::{Entry, Log},
};
use http::{Request, Response, StatusCode, request::Parts};
use hyper::body::Incoming;
use s3s::service::S3Service;
use std::{sync::Arc, time::Duration};

/// The server, seen from a connection.
pub(crate) struct Layer {
    pub(crate) service: S3Service,
    pub(crate) log: Arc<Log>,
    pub(crate) faults: Arc<Faults>,
}

impl Layer {
    /// Answers a request, or has the connection cut.
    pub(crate) async fn handle(&self, request: Request<Incoming>) -> Result<Response<OutBody>, Cut> {
        let (parts, incoming) = request.into_parts();
        if let Some(command) = parts.uri.path().strip_prefix("/__") {
            return Ok(self.command(command, parts.uri.query().unwrap_or_default()));
        }
        let target = classify(&parts);
        let range = parts.headers.get("range").and_then(|v| v.to_str().ok()).map(str::to_owned);
        let entry = self.log.push(Entry::new(&target, range));
        let body = InBody::new(incoming, entry.clone());
        // Before it strikes: a healing in between is not missed.
        let mut healing = self.faults.healing();
        let effect = self.faults.strike(target.operation, &target.key);
        if let Some(effect) = &effect {
            tracing::info!(operation = target.operation, key = %target.key, ?effect, "fault");
        }
        if effect == Some(Effect::Hang) {
            healing.changed().await.ok();
            return Err(Cut);
        }
        let (response, damage) = self.answer(parts, body, &target, effect).await?;
        entry.set_status(response.status().as_u16());
        Ok(response.map(|inner| OutBody::new(inner, entry, damage)))
    }

    async fn answer(
        &self,
        parts: Parts,
        body: InBody,
        target: &Target,
        effect: Option<Effect>,
    ) -> Result<(Response<s3s::Body>, Option<Effect>), Cut> {
        match &effect {
            Some(Effect::DropBefore) => return Err(Cut),
            Some(Effect::Status(status, code)) => {
                body.drain().await;
                return Ok((error(*status, code, target), None));
            }
            Some(Effect::ErrorBody(code)) => {
                body.drain().await;
                return Ok((error(200, code, target), None));
            }
            _ => {}
        }
        let request = Request::from_parts(parts, s3s::Body::http_body(body.clone()));
        let response = self.service.call(request).await.map_err(|_| Cut)?;
        body.drain().await;
        let response = match &effect {
            Some(Effect::DropAfter) => return Err(Cut),
            Some(Effect::StatusAfter(status, code)) => error(*status, code, target),
            Some(Effect::ErrorBodyAfter(code)) => error(200, code, target),
            Some(Effect::Delay(ms)) => {
                tokio::time::sleep(Duration::from_millis(*ms)).await;
                response
            }
            _ => response,
        };
        Ok((response, effect))
    }

    /// `/__stats?DEPTH`, `/__reset`, `/__fault?SPEC`, `/__heal`.
    fn command(&self, command: &str, query: &str) -> Response<OutBody> {
        let text = match command {
            "stats" => Ok(self.log.stats().to_json(query.parse().unwrap_or(0)).to_string()),
            "reset" => {
                self.log.reset();
                Ok("{}".to_owned())
            }
            "fault" => query.parse().map(|fault| {
                self.faults.plant(fault);
                "{}".to_owned()
            }),
            "heal" => {
                self.faults.clear();
                Ok("{}".to_owned())
            }
            _ => Ok(r#"{"commands":["stats?DEPTH","reset","fault?SPEC","heal"]}"#.to_owned()),
        };
        let (status, text) = match text {
            Ok(text) => (StatusCode::OK, text),
            Err(bad) => (StatusCode::BAD_REQUEST, bad.to_string()),
        };
        let target = Target { operation: "Command", bucket: String::new(), key: String::new() };
        let mut response =
            Response::new(OutBody::new(text.into(), Arc::new(Entry::new(&target, None)), None));
        *response.status_mut() = status;
        response
    }
}

/// An error as S3 words it, with any status.
fn error(status: u16, code: &str, target: &Target) -> Response<s3s::Body> {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>injected into {}</Message>\
         <RequestId>0</RequestId></Error>",
        target.operation
    );
    let mut response = Response::new(s3s::Body::from(text));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/xml"));
    response
}
