//! What messages that are being received or worked on may hold of memory: a budget of its own for each role.

use super::limits::{MESSAGE, OPEN_BYTES, OPERATORS_BYTES, VIEWERS_BYTES, WORKERS_BYTES};
use crate::access::{Least, Role};
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
use tokio::time::{Sleep, sleep};
use tonic::Status;

/// Bytes in flight, of all calls, by what the method asks of its caller.
pub(super) struct Budgets {
    workers: Arc<Budget>,
    operators: Arc<Budget>,
    viewers: Arc<Budget>,
}

/// Bytes in flight, of the calls of a role.
#[derive(Default)]
struct Budget {
    used: AtomicUsize,
    most: usize,
}

impl Budget {
    fn of(most: usize) -> Arc<Self> {
        Arc::new(Self { used: AtomicUsize::new(0), most })
    }
}

/// Hears why a message was not taken.
pub(super) type Told = Box<dyn Fn(&str) + Send + Sync>;

/// What one call holds; given back when the call is over.
pub(super) struct Charge {
    /// None is shared by who calls open methods.
    budget: Option<Arc<Budget>>,
    bytes: AtomicUsize,
    told: Told,
}

impl Default for Budgets {
    fn default() -> Self {
        Self {
            workers: Budget::of(WORKERS_BYTES),
            operators: Budget::of(OPERATORS_BYTES),
            viewers: Budget::of(VIEWERS_BYTES),
        }
    }
}

impl Budgets {
    /// Nothing yet, for a new call.
    pub(super) fn charge(&self, least: Least, told: Told) -> Arc<Charge> {
        let budget = match least {
            Least::Open => None,
            Least::Role(Role::Worker) => Some(&self.workers),
            Least::Role(Role::Operator) => Some(&self.operators),
            Least::Role(Role::Viewer) => Some(&self.viewers),
        };
        Arc::new(Charge { budget: budget.cloned(), bytes: AtomicUsize::new(0), told })
    }
}

impl Charge {
    /// Counts bytes that have come; says why there are too many.
    fn add(&self, bytes: usize) -> Result<(), &'static str> {
        let ours = self.bytes.fetch_add(bytes, Relaxed) + bytes;
        match &self.budget {
            None if ours > OPEN_BYTES => Err("the message is larger than any that this method takes"),
            None => Ok(()),
            Some(budget) if budget.used.fetch_add(bytes, Relaxed) + bytes > budget.most => {
                Err("too many bytes of messages of this role are in flight: try again later")
            }
            Some(_) => Ok(()),
        }
    }

    /// The body, each of whose bytes counts, and which has to come within [`MESSAGE`].
    pub(super) fn meter(self: &Arc<Self>, body: Body) -> Body {
        Body::new(Metered { body, charge: self.clone(), late: Box::pin(sleep(MESSAGE)) })
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.used.fetch_sub(*self.bytes.get_mut(), Relaxed);
        }
    }
}

struct Metered {
    body: Body,
    charge: Arc<Charge>,
    late: Pin<Box<Sleep>>,
}

impl http_body::Body for Metered {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        let refused = match &polled {
            Poll::Ready(Some(Ok(frame))) => frame
                .data_ref()
                .and_then(|data| this.charge.add(data.len()).err())
                .map(Status::resource_exhausted),
            Poll::Ready(_) => None,
            Poll::Pending => {
                let late = this.late.as_mut().poll(cx).is_ready();
                late.then(|| Status::deadline_exceeded("the message took too long to arrive"))
            }
        };
        let Some(status) = refused else { return polled };
        (this.charge.told)(status.message());
        Poll::Ready(Some(Err(Error::new(status))))
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

    fn charge(budgets: &Budgets, least: Least) -> Arc<Charge> {
        budgets.charge(least, Box::new(|_| ()))
    }

    #[test]
    fn what_is_charged_is_given_back() {
        let budgets = Budgets::default();
        let operator = Least::Role(Role::Operator);
        let (first, second) = (charge(&budgets, operator), charge(&budgets, operator));
        first.add(OPERATORS_BYTES).unwrap();
        second.add(1).unwrap_err();
        drop(first);
        second.add(1).unwrap();
        drop(second);
        assert_eq!(budgets.operators.used.load(Relaxed), 0);
    }

    #[test]
    fn no_role_takes_from_another_and_nobody_from_any() {
        let budgets = Budgets::default();
        let of = |role| charge(&budgets, Least::Role(role));
        for (full, bytes) in
            [(Role::Worker, WORKERS_BYTES), (Role::Operator, OPERATORS_BYTES), (Role::Viewer, VIEWERS_BYTES)]
        {
            let greedy = of(full);
            greedy.add(bytes + 1).unwrap_err();
            for role in Role::ALL {
                assert_eq!(of(role).add(1).is_ok(), role != full, "{role} while {full} is full");
            }
        }
        let strangers: Vec<_> = (0..100_000).map(|_| charge(&budgets, Least::Open)).collect();
        for stranger in &strangers {
            stranger.add(OPEN_BYTES).unwrap();
            stranger.add(1).unwrap_err();
        }
        assert!(Role::ALL.into_iter().all(|role| of(role).add(1).is_ok()));
    }
}
