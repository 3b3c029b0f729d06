//! What somebody without a token can try.

use crate::{
    frames::{self, END_STREAM, HEADERS, frame},
    wire::{connect, connector, from_elsewhere},
    world::Coordinator,
};
use std::time::Duration;
use tarquet_proto::tls::{ALPN_H2, ALPN_HTTP1};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinSet,
    time::{sleep, timeout},
};

/// A connection that a coordinator does not want has ended by then.
const BY_THEN: Duration = Duration::from_secs(20);
const LIST: &str = "/tarquet.v2.JobService/ListJobs";

/// What was done, and how much of it the coordinator ended.
#[derive(Debug, Default)]
pub(crate) struct Tried {
    pub(crate) done: usize,
    pub(crate) ended: usize,
}

/// Reads until the other side closes.
async fn until_closed(stream: &mut (impl AsyncReadExt + Unpin)) -> bool {
    let mut sink = [0; 4096];
    let closed = async {
        while let Ok(read) = stream.read(&mut sink).await {
            if read == 0 {
                return;
            }
        }
    };
    timeout(BY_THEN, closed).await.is_ok()
}

async fn all(mut tasks: JoinSet<bool>) -> Tried {
    let mut tried = Tried::default();
    while let Some(ended) = tasks.join_next().await {
        tried.done += 1;
        tried.ended += usize::from(ended.expect("no panic"));
    }
    tried
}

/// Connections that say nothing, or `first` and then nothing.
pub(crate) async fn silence(address: &str, count: usize, first: &'static [u8]) -> Tried {
    let mut tasks = JoinSet::new();
    for _ in 0..count {
        let mut stream = from_elsewhere(address).await.expect("it listens");
        tasks.spawn(async move {
            // Who was ended already has been dealt with.
            stream.write_all(first).await.ok();
            until_closed(&mut stream).await
        });
    }
    all(tasks).await
}

/// Whole handshakes, and then a byte now and then, of what would be a request.
pub(crate) async fn dribble(to: &Coordinator<'_>, count: usize, http1: bool) -> Tried {
    let (address, alpn) = if http1 { (&to.http, ALPN_HTTP1) } else { (&to.grpc, ALPN_H2) };
    let connector = connector(&to.world.path("certs/viewer/ca.crt"), alpn);
    let text = if http1 {
        b"GET / HTTP/1.1\r\nHost: t\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".to_vec()
    } else {
        let head = frame(HEADERS, END_STREAM, 1, &frames::call(LIST, None));
        [frames::preface(), head].concat()
    };
    let mut tasks = JoinSet::new();
    for _ in 0..count {
        let mut stream = connect(address, &connector).await.expect("a connection");
        let text = text.clone();
        tasks.spawn(async move {
            let (mut read, mut write) = tokio::io::split(&mut stream);
            let dribble = async {
                for byte in text.chunks(1) {
                    if write.write_all(byte).await.is_err() || write.flush().await.is_err() {
                        return;
                    }
                    sleep(Duration::from_millis(300)).await;
                }
                std::future::pending::<()>().await;
            };
            tokio::select! {
                () = dribble => true,
                closed = until_closed(&mut read) => closed,
            }
        });
    }
    all(tasks).await
}
