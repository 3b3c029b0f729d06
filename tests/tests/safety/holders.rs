//! What somebody can try who speaks HTTP/2 and follows no rule, with a stolen token or without any.

use crate::{
    frames::{
        self, CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, Heard, PING, RST_STREAM, frame, listen,
    },
    wire::{connect, connector},
    world::Coordinator,
};
use std::time::Duration;
use tarquet_proto::tls::ALPN_H2;
use tokio::{
    io::{AsyncWriteExt, WriteHalf},
    net::TcpStream,
    task::JoinHandle,
};
use tokio_rustls::client::TlsStream;

const QUIET: Duration = Duration::from_secs(4);
/// Pairs of a call and its reset that are written as one.
const TOGETHER: usize = 100;
const LIST: &str = "/tarquet.v2.JobService/ListJobs";
const WATCH: &str = "/tarquet.v2.JobService/WatchJob";

/// A connection of somebody who holds a party's token, or none. It listens all the time, as the goodbye may come while it talks.
pub(crate) struct Holder {
    write: WriteHalf<TlsStream<TcpStream>>,
    heard: JoinHandle<Heard>,
    token: Option<String>,
}

fn stream(n: usize) -> u32 {
    u32::try_from(n * 2 + 1).expect("few")
}

impl Holder {
    /// With the token of a party.
    pub(crate) async fn come(to: &Coordinator<'_>, party: &str) -> Self {
        let token = to.world.read(&format!("certs/{party}/token")).trim().to_owned();
        Self { token: Some(token), ..Self::stranger(to).await }
    }

    /// Without one.
    pub(crate) async fn stranger(to: &Coordinator<'_>) -> Self {
        let connector = connector(&to.world.path("certs/viewer/ca.crt"), ALPN_H2);
        let mut stream = connect(&to.grpc, &connector).await.expect("a connection");
        stream.write_all(&frames::preface()).await.expect("it listens");
        let (read, write) = tokio::io::split(stream);
        Self { write, heard: tokio::spawn(listen(read, QUIET)), token: None }
    }

    /// Sends as much as is taken; the number of pieces that were.
    async fn send(&mut self, pieces: impl IntoIterator<Item = Vec<u8>>) -> usize {
        let mut sent = 0;
        for piece in pieces {
            // Stuck is as good as closed: the coordinator does not take it.
            let written = tokio::time::timeout(QUIET, self.write.write_all(&piece)).await;
            if !matches!(written, Ok(Ok(()))) {
                break;
            }
            sent += 1;
        }
        sent
    }

    async fn rest(self) -> Heard {
        self.heard.await.expect("no panic")
    }

    /// Calls that are taken back at once (CVE-2023-44487).
    pub(crate) async fn rapid_reset(mut self, count: usize) -> (usize, Heard) {
        let block = frames::call(LIST, self.token.as_deref());
        let pair = |n: usize| {
            let ask = frame(HEADERS, END_HEADERS, stream(n), &block);
            [ask, frame(RST_STREAM, 0, stream(n), &8_u32.to_be_bytes())].concat()
        };
        // Many at a time, so that they arrive faster than they are taken up.
        let pieces =
            (0..count / TOGETHER).map(|n| (n * TOGETHER..(n + 1) * TOGETHER).flat_map(pair).collect());
        let sent = self.send(pieces).await * TOGETHER;
        (sent, self.rest().await)
    }

    /// Calls that stay open, far more than are allowed.
    pub(crate) async fn many_streams(mut self, count: usize) -> (usize, Heard) {
        let block = frames::call(WATCH, self.token.as_deref());
        let asks = (0..count).map(|n| frame(HEADERS, END_HEADERS, stream(n), &block));
        let sent = self.send(asks).await;
        (sent, self.rest().await)
    }

    /// A head without an end.
    pub(crate) async fn endless_head(mut self, frames_of_16k: usize) -> (usize, Heard) {
        let block = frames::call(LIST, self.token.as_deref());
        let mut pieces = vec![frame(HEADERS, 0, 1, &block)];
        // Literal fields that are not indexed: `a: aaaa…`.
        let field = [&[0x00, 1, b'a', 100][..], &[b'a'; 100]].concat();
        let padding: Vec<u8> = field.iter().copied().cycle().take(field.len() * 150).collect();
        pieces.extend((0..frames_of_16k).map(|_| frame(CONTINUATION, 0, 1, &padding)));
        let sent = self.send(pieces).await;
        (sent, self.rest().await)
    }

    /// Pings whose answers are not read.
    pub(crate) async fn pings(mut self, count: usize) -> (usize, Heard) {
        let sent = self.send((0..count).map(|_| frame(PING, 0, 0, &[7; 8]))).await;
        (sent, self.rest().await)
    }

    /// One call after the other, as fast as they can be told apart.
    pub(crate) async fn ask_on_and_on(mut self, count: usize) -> (usize, Heard) {
        let block = frames::call(LIST, self.token.as_deref());
        let mut sent = 0;
        for n in 0..count {
            sent += self.send([frame(HEADERS, END_HEADERS | END_STREAM, stream(n), &block)]).await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        (sent, self.rest().await)
    }

    /// Calls whose answers are not read.
    pub(crate) async fn unread_answers(mut self, count: usize) -> (usize, Heard) {
        let block = frames::call(LIST, self.token.as_deref());
        let empty = [0; 5];
        let asks = (0..count).map(|n| {
            let ask = frame(HEADERS, END_HEADERS, stream(n), &block);
            [ask, frame(DATA, END_STREAM, stream(n), &empty)].concat()
        });
        let sent = self.send(asks).await;
        (sent, self.rest().await)
    }
}
