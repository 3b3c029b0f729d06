//! The list of jobs.

use super::Look;
use crate::render::{Align, Table, count, duration_ms};
use tarquet_core::views::JobLine;

/// Characters of an id that are shown: its millisecond and some chance. Any command takes such a beginning.
const ID_SHOWN: usize = 13;

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
            job.job.as_str()[..ID_SHOWN].to_owned(),
            job.name.clone(),
            state,
            format!("{}/{}", job.done, job.shards),
            count(job.quarantined),
            duration_ms(now_unix_ms.saturating_sub(job.submitted_unix_ms)),
        ]);
    }
    table.render(look.width)
}
