//! Being asked to stop: Ctrl-C, or SIGTERM from whoever supervises this process.

use tokio::signal::unix::{SignalKind, signal};

/// Returns when this process is asked to stop. From the first call on neither signal ends the process by itself.
pub(crate) async fn interrupted() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        // Without a handler the signal ends the process, which is what it asks for.
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
