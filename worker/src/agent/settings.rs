//! What a user tunes about a worker.

use tarquet_common::{ids::WorkerId, leasing::Register};

/// Settings of an agent.
#[derive(Clone, Debug)]
pub struct AgentSettings {
    /// The worker's name; unique among live workers.
    pub worker: WorkerId,
    /// Version and build.
    pub build: String,
    /// Attempts at a time.
    pub slots: u32,
    /// Memory of one slot, in bytes.
    pub slot_bytes: u64,
    /// Content of the probe file under the shared directory.
    pub shared_probe: Option<String>,
    /// How long a free slot lets the coordinator hold its call.
    pub acquire_wait_ms: u64,
    /// How long attempts may go on once the worker is being drained.
    pub drain_grace_ms: u64,
    /// How long to look for a coordinator at first before giving up.
    pub connect_within_ms: u64,
}

impl AgentSettings {
    /// The defaults for a worker of this name.
    pub fn new(worker: WorkerId, slots: u32, slot_bytes: u64) -> Self {
        Self {
            worker,
            build: env!("CARGO_PKG_VERSION").to_owned(),
            slots,
            slot_bytes,
            shared_probe: None,
            acquire_wait_ms: 20_000,
            drain_grace_ms: 60_000,
            connect_within_ms: 60_000,
        }
    }

    pub(super) fn register(&self) -> Register {
        Register {
            worker: self.worker.clone(),
            build: self.build.clone(),
            slots: self.slots,
            slot_bytes: self.slot_bytes,
            shared_probe: self.shared_probe.clone(),
        }
    }
}
