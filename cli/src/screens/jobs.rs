//! The list of jobs.

use super::Look;
use crate::render::{Align, Table, count, duration_ms};
use tarquet_common::ids::JobId;
use tarquet_core::views::JobLine;

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
            (_, Some(waiting)) => format!("{} ({})", job.state, super::status::waiting_words(waiting)),
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
