//! One budget for all messages that are being received or worked on.

use super::limits::MESSAGES_BYTES;
use axum::{Error, body::Body};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
};
use tonic::Status;

/// Bytes in flight, of all calls.
#[derive(Clone, Default)]
pub(super) struct Budget(Arc<AtomicUsize>);

/// What one call holds of it; given back when the call is over.
pub(super) struct Charge {
    budget: Budget,
    bytes: AtomicUsize,
}

impl Budget {
    /// Nothing yet, for a new call.
    pub(super) fn charge(&self) -> Arc<Charge> {
        Arc::new(Charge { budget: self.clone(), bytes: AtomicUsize::new(0) })
    }
}

impl Charge {
    fn add(&self, bytes: usize) -> bool {
        self.bytes.fetch_add(bytes, Relaxed);
        self.budget.0.fetch_add(bytes, Relaxed) + bytes <= MESSAGES_BYTES
    }

    /// The body, each of whose bytes counts.
    pub(super) fn meter(self: &Arc<Self>, body: Body) -> Body {
        Body::new(Metered { body, charge: self.clone() })
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.budget.0.fetch_sub(*self.bytes.get_mut(), Relaxed);
    }
}

struct Metered {
    body: Body,
    charge: Arc<Charge>,
}

impl http_body::Body for Metered {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
            && !this.charge.add(data.len())
        {
            let told = "too many bytes of messages are in flight: try again later";
            return Poll::Ready(Some(Err(Error::new(Status::resource_exhausted(told)))));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_charged_is_given_back() {
        let budget = Budget::default();
        let (first, second) = (budget.charge(), budget.charge());
        assert!(first.add(MESSAGES_BYTES));
        assert!(!second.add(1));
        drop(first);
        assert!(second.add(1));
        drop(second);
        assert_eq!(budget.0.load(Relaxed), 0);
    }
}
