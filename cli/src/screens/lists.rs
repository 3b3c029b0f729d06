//! The list of jobs, and that of workers.

use super::Look;
use crate::{
    progress::waiting_words,
    render::{Align, Table, bytes, count, duration_ms},
};
use tarquet_common::ids::JobId;
use tarquet_core::views::{JobLine, WorkerLine};

/// The beginning of an id that is shown: its millisecond and some chance. Any command takes such a beginning.
pub(crate) fn short(job: &JobId) -> &str {
    job.as_str().get(..13).unwrap_or(job.as_str())
}

/// One line a job.
pub(crate) fn jobs(jobs: &[JobLine], now_unix_ms: u64, look: Look) -> String {
    if jobs.is_empty() {
        return "No jobs. `tarquet submit SPEC` starts one.\n".to_owned();
    }
    let mut table = Table::new(
        vec![
            ("JOB", Align::Left),
            ("NAME", Align::Left),
            ("STATE", Align::Left),
            ("SHARDS", Align::Right),
            ("QUARANTINE", Align::Right),
            ("AGE", Align::Right),
        ],
        1,
    );
    for job in jobs {
        let state = match (&job.stage, job.waiting) {
            (_, Some(waiting)) => format!("{} ({})", job.state, waiting_words(waiting)),
            (Some(stage), None) if job.finished_unix_ms.is_none() => format!("{} {stage}", job.state),
            _ => job.state.clone(),
        };
        table.row([
            short(&job.job).to_owned(),
            job.name.clone(),
            state,
            format!("{}/{}", job.done, job.shards),
            count(job.quarantined),
            duration_ms(now_unix_ms.saturating_sub(job.submitted_unix_ms)),
        ]);
    }
    table.render(look.width)
}

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
