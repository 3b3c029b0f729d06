//! HTTP/2 as bytes (RFC 9113, RFC 7541): a client that follows no rule.

use std::{collections::BTreeMap, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::timeout,
};

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("frames are short").to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// The preface and empty settings.
pub(crate) fn preface() -> Vec<u8> {
    [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(4, 0, 0, &[])].concat()
}

/// The header block of a gRPC call.
pub(crate) fn call(path: &str, token: Option<&str>) -> Vec<u8> {
    let mut block = vec![0x83, 0x87];
    literal(&mut block, &[0x04], path);
    literal(&mut block, &[0x01], "127.0.0.1");
    literal(&mut block, &[0x0f, 0x10], "application/grpc");
    if let Some(token) = token {
        literal(&mut block, &[0x0f, 0x08], &format!("Bearer {token}"));
    }
    block
}

/// A field whose name is in the static table, and whose value is not.
fn literal(block: &mut Vec<u8>, name: &[u8], value: &str) {
    block.extend(name);
    let mut rest = value.len();
    if rest < 127 {
        block.push(u8::try_from(rest).expect("it is short"));
    } else {
        block.push(127);
        rest -= 127;
        while rest >= 128 {
            block.push(u8::try_from(rest % 128).expect("seven bits") | 128);
            rest /= 128;
        }
        block.push(u8::try_from(rest).expect("seven bits"));
    }
    block.extend(value.as_bytes());
}

/// What a server sent: frames by kind, and the codes of resets and of the goodbye.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) frames: BTreeMap<u8, usize>,
    pub(crate) resets: BTreeMap<u32, usize>,
    pub(crate) goodbye: Option<u32>,
    /// The connection was closed.
    pub(crate) closed: bool,
}

impl Heard {
    pub(crate) fn count(&self, kind: u8) -> usize {
        self.frames.get(&kind).copied().unwrap_or_default()
    }
}

/// Reads until the server closes or is silent for `patience`.
pub(crate) async fn listen(mut stream: impl AsyncRead + Unpin, patience: Duration) -> Heard {
    let mut heard = Heard::default();
    let mut head = [0; 9];
    loop {
        match timeout(patience, stream.read_exact(&mut head)).await {
            Err(_) => return heard,
            Ok(Err(_)) => {
                heard.closed = true;
                return heard;
            }
            Ok(Ok(_)) => {}
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        if stream.read_exact(&mut payload).await.is_err() {
            heard.closed = true;
            return heard;
        }
        *heard.frames.entry(head[3]).or_default() += 1;
        let word = |at: usize| payload.get(at..at + 4).map(|w| u32::from_be_bytes([w[0], w[1], w[2], w[3]]));
        match head[3] {
            RST_STREAM => *heard.resets.entry(word(0).unwrap_or_default()).or_default() += 1,
            GOAWAY => heard.goodbye = word(4),
            _ => {}
        }
    }
}
