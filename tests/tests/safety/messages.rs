//! Messages that claim or send too much, by a client that keeps the rules of HTTP/2 as to how much may be on its way.

use crate::{
    wire::{connect, connector},
    world::Coordinator,
};
use bytes::Bytes;
use h2::{SendStream, client::SendRequest};
use std::{future::poll_fn, time::Duration};
use tarquet_proto::tls::ALPN_H2;
use tokio::{task::JoinSet, time::timeout};

const PATIENCE: Duration = Duration::from_secs(3);
const PIECE: usize = 16_000;

/// What came of messages.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// Bytes that the coordinator took.
    pub(crate) bytes: usize,
    /// Calls that it answered although their message was not over.
    pub(crate) answered: usize,
    /// Calls that it left waiting for the rest.
    pub(crate) unanswered: usize,
}

/// A method, and the party whose token is shown, if any.
pub(crate) type Method<'m> = (&'m str, Option<&'m str>);

/// What an operator may send.
pub(crate) const SUBMIT: Method<'_> = ("/tarquet.v2.JobService/Submit", Some("operator"));
/// What anybody may.
pub(crate) const CHECK: Method<'_> = ("/grpc.health.v1.Health/Check", None);

/// Begins `streams` calls, whose message says that it has `claimed` bytes, and sends `bytes` of it.
pub(crate) async fn unfinished(
    to: &Coordinator<'_>,
    (path, party): Method<'_>,
    streams: usize,
    claimed: u32,
    bytes: usize,
) -> Sent {
    let connector = connector(&to.world.path("certs/viewer/ca.crt"), ALPN_H2);
    let stream = connect(&to.grpc, &connector).await.expect("a connection");
    let (mut client, connection) = h2::client::handshake(stream).await.expect("HTTP/2");
    let connection = tokio::spawn(connection);
    let mut ask = http::Request::post(format!("https://127.0.0.1{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    if let Some(party) = party {
        let token = to.world.read(&format!("certs/{party}/token"));
        ask = ask.header("authorization", format!("Bearer {}", token.trim()));
    }
    let ask = ask.body(()).expect("a request");
    let mut calls = JoinSet::new();
    for _ in 0..streams {
        client = client.ready().await.expect("there is room");
        calls.spawn(call(client.clone(), ask.clone(), claimed, bytes));
    }
    let mut sent = Sent::default();
    while let Some(done) = calls.join_next().await {
        let (taken, answered) = done.expect("no panic");
        sent.bytes += taken;
        *if answered { &mut sent.answered } else { &mut sent.unanswered } += 1;
    }
    connection.abort();
    sent
}

async fn call(
    mut client: SendRequest<Bytes>,
    ask: http::Request<()>,
    claimed: u32,
    bytes: usize,
) -> (usize, bool) {
    let (answer, mut stream) = client.send_request(ask, false).expect("a call");
    let prefix = [&[0][..], &claimed.to_be_bytes()].concat();
    let mut taken = 0;
    if stream.send_data(prefix.into(), false).is_ok() {
        while taken < bytes
            && let Some(more) = send(&mut stream).await
        {
            taken += more;
        }
    }
    (taken, timeout(PATIENCE, answer).await.is_ok_and(|a| a.is_ok()))
}

/// As much as may be on its way; nothing when the coordinator does not want more.
async fn send(stream: &mut SendStream<Bytes>) -> Option<usize> {
    stream.reserve_capacity(PIECE);
    let granted = timeout(PATIENCE, poll_fn(|cx| stream.poll_capacity(cx))).await.ok()??.ok()?;
    stream.send_data(vec![b' '; granted].into(), false).ok()?;
    Some(granted)
}
