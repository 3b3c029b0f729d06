//! The wish that a worker leaves.

use std::{future::Future, io, sync::Arc};
use tokio::sync::watch;

/// Asked once, for the first reason given; shared by signals, notices and renewals.
#[derive(Clone, Debug)]
pub struct Drain(Arc<watch::Sender<Option<String>>>);

impl Default for Drain {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(None)))
    }
}

impl Drain {
    /// Asks the worker to leave. Later reasons are ignored.
    pub fn ask(&self, reason: &str) {
        self.0.send_if_modified(|state| {
            let first = state.is_none();
            if first {
                *state = Some(reason.to_owned());
            }
            first
        });
    }

    /// The reason, if it was asked.
    pub fn reason(&self) -> Option<String> {
        self.0.borrow().clone()
    }

    /// Waits until it is asked.
    pub async fn asked(&self) -> String {
        let mut seen = self.0.subscribe();
        let state = seen.wait_for(Option::is_some).await.expect("the sender is held by self");
        state.clone().expect("waited for it")
    }
}

/// Asks for a drain at SIGTERM or SIGINT. The returned future ends after the first signal; it fails if the
/// handlers cannot be installed.
pub fn drain_on_signals(drain: Drain) -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    Ok(async move {
        let reason = tokio::select! {
            _ = term.recv() => "sigterm",
            _ = int.recv() => "sigint",
        };
        tracing::info!(reason, "draining");
        drain.ask(reason);
    })
}
