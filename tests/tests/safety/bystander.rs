//! Somebody who only wants to work, while others attack.

use crate::world::Coordinator;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tarquet_client::{Jobs, RemoteJobs};
use tarquet_proto::client::Access;

/// How it went.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Served {
    pub(crate) asked: usize,
    pub(crate) answered: usize,
    pub(crate) slowest: Duration,
}

/// Asks on one connection, and on a new one each time, until told to stop.
pub(crate) struct Bystander {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<[Served; 2]>,
}

impl Bystander {
    pub(crate) fn begin(coordinator: &Coordinator<'_>) -> Self {
        let (stop, access) = (Arc::new(AtomicBool::new(false)), coordinator.access("viewer"));
        let told = stop.clone();
        let thread = std::thread::spawn(move || crate::wire::block_on(ask(access, told)));
        Self { stop, thread }
    }

    /// Of the old connection, and of new ones.
    pub(crate) fn end(self) -> [Served; 2] {
        self.stop.store(true, Relaxed);
        self.thread.join().expect("no panic")
    }
}

async fn ask(access: Access, stop: Arc<AtomicBool>) -> [Served; 2] {
    let old = RemoteJobs::new(&access).expect("the set is whole");
    let mut served = [Served::default(); 2];
    while !stop.load(Relaxed) {
        let new = RemoteJobs::new(&access).expect("the set is whole");
        for (client, of) in [&old, &new].into_iter().zip(&mut served) {
            #[expect(clippy::disallowed_methods, reason = "real processes live in real time")]
            let began = Instant::now();
            of.asked += 1;
            match client.jobs(None, 1).await {
                Ok(_) => of.answered += 1,
                Err(error) => eprintln!("a bystander was not served: {error:?}"),
            }
            of.slowest = of.slowest.max(began.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    served
}
