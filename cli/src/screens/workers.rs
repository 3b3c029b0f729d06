//! The list of workers.

use super::Look;
use crate::render::{Align, Table, bytes, count, duration_ms};
use tarquet_core::views::WorkerLine;

/// One line a worker.
pub(crate) fn workers(workers: &[WorkerLine], look: Look) -> String {
    if workers.is_empty() {
        return "No workers. `tarquet worker --coordinator URL` starts one.\n".to_owned();
    }
    let mut table = Table::new(
        vec![
            ("WORKER", Align::Left),
            ("STATE", Align::Left),
            ("SLOTS", Align::Right),
            ("BUSY", Align::Right),
            ("SLOT", Align::Right),
            ("DONE", Align::Right),
            ("BYTES", Align::Right),
            ("HEARD", Align::Right),
        ],
        0,
    );
    for worker in workers {
        table.row([
            worker.worker.0.clone(),
            worker.state.clone(),
            worker.slots.to_string(),
            worker.leases.len().to_string(),
            bytes(worker.slot_bytes),
            count(worker.shards_done),
            bytes(worker.bytes_done),
            format!("{} ago", duration_ms(worker.silent_ms)),
        ]);
    }
    table.render(look.width)
}
