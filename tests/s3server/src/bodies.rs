//! Bodies on their way: counted, drained, and damaged where a fault says so.

use crate::{faults::Effect, stats::Entry};
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A request's body; clones read the same one.
#[derive(Clone)]
pub(crate) struct InBody {
    incoming: Arc<Mutex<Incoming>>,
    entry: Arc<Entry>,
}

impl InBody {
    pub(crate) fn new(incoming: Incoming, entry: Arc<Entry>) -> Self {
        Self { incoming: Arc::new(Mutex::new(incoming)), entry }
    }

    /// Reads what the service left. An answer before the end of a body would be taken for that of the next request.
    pub(crate) async fn drain(mut self) {
        while let Some(Ok(_)) = poll_fn(|cx| Pin::new(&mut self).poll_frame(cx)).await {}
    }
}

impl Body for InBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut *self.incoming.lock().expect("no panic while reading")).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.entry.add_in(frame.data_ref().map_or(0, Bytes::len));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.lock().expect("no panic while reading").is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.lock().expect("no panic while reading").size_hint()
    }
}

/// A response's body.
pub(crate) struct OutBody {
    inner: s3s::Body,
    entry: Arc<Entry>,
    damage: Option<Effect>,
    sent: u64,
}

impl OutBody {
    pub(crate) fn new(inner: s3s::Body, entry: Arc<Entry>, damage: Option<Effect>) -> Self {
        Self { inner, entry, damage, sent: 0 }
    }

    fn damaged(&mut self, data: Bytes) -> Result<Bytes, Cut> {
        let start = self.sent;
        let len = data.len() as u64;
        match self.damage {
            Some(Effect::Truncate(at)) if start >= at => Err(Cut),
            Some(Effect::Truncate(at)) if start + len > at => Ok(data.slice(..(at - start) as usize)),
            Some(Effect::Corrupt(at)) if (start..start + len).contains(&at) => {
                let mut copy = data.to_vec();
                copy[(at - start) as usize] ^= 1;
                Ok(copy.into())
            }
            _ => Ok(data),
        }
    }
}

impl Body for OutBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if matches!(this.damage, Some(Effect::Truncate(at)) if this.sent >= at) {
            return Poll::Ready(Some(Err(Cut.into())));
        }
        let polled = Pin::new(&mut this.inner).poll_frame(cx);
        Poll::Ready(match std::task::ready!(polled) {
            Some(Ok(frame)) => Some(match frame.into_data() {
                Ok(data) => this.damaged(data).map_err(Into::into).map(|data| {
                    this.sent += data.len() as u64;
                    this.entry.add_out(data.len());
                    Frame::data(data)
                }),
                Err(other) => Ok(other),
            }),
            Some(Err(e)) => Some(Err(e)),
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The connection is cut on purpose, or because there is no sensible answer.
#[derive(Debug)]
pub(crate) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is cut")
    }
}

impl std::error::Error for Cut {}
