//! Who is at work on what: a line for each lease of a worker, and the leases that have run longest.

use super::{Look, lists::short};
use crate::{
    kinds::Noun,
    render::{Align, Table, bytes, count, duration_ms, megabytes_per_second},
};
use tarquet_common::ids::JobId;
use tarquet_core::views::{LeaseLine, ShardLine, WorkerLine};

/// Lines of workers on the screen.
const LINES: usize = 20;
/// Shards on the screen.
const SLOWEST: usize = 5;
/// A worker that was not heard of for so long is told so; a lease lives for a minute.
const SILENT_MS: u64 = 30_000;

/// The table of workers: one line a lease, and one for a worker without any.
pub(super) fn at_work(job: &JobId, workers: &[WorkerLine], running: &[ShardLine], look: Look) -> String {
    if workers.is_empty() {
        return String::new();
    }
    let mut table = Table::new(
        vec![
            ("WORKER", Align::Left),
            ("STATE", Align::Left),
            ("SHARD", Align::Left),
            ("DONE", Align::Right),
            ("MB/s", Align::Right),
            ("MEMORY", Align::Right),
            ("NOTE", Align::Left),
        ],
        0,
    );
    let lines: Vec<[String; 7]> = workers.iter().flat_map(|w| lines(job, w, running)).collect();
    for line in lines.iter().take(LINES) {
        table.row(line.clone());
    }
    format!("\n{}{}", table.render(look.width), more(lines.len(), LINES))
}

fn more(lines: usize, shown: usize) -> String {
    match lines.saturating_sub(shown) {
        0 => String::new(),
        more => format!("and {} more\n", count(more as u64)),
    }
}

fn lines(job: &JobId, worker: &WorkerLine, running: &[ShardLine]) -> Vec<[String; 7]> {
    let nothing = || "-".to_owned();
    let head = |first: bool| match first {
        true => [worker.worker.0.clone(), worker.state.clone()],
        false => [String::new(), String::new()],
    };
    if worker.leases.is_empty() {
        let [name, state] = head(true);
        return vec![[name, state, nothing(), nothing(), nothing(), nothing(), heard(worker)]];
    }
    let line = |(at, (of, stage, shard, lease)): (usize, &(JobId, u8, u32, LeaseLine))| {
        let [name, state] = head(at == 0);
        let known = running.iter().find(|s| of == job && (s.stage, s.shard) == (*stage, *shard));
        let place = match known {
            Some(known) => format!("{}/{shard}", known.stage_name),
            None => format!("{stage}/{shard}"),
        };
        let done = known.map_or_else(nothing, |s| share(lease.progress.bytes_done, s.bytes));
        let speed = megabytes_per_second(lease.progress.bytes_done, lease.age_ms);
        let other = if of == job { String::new() } else { format!("of job {}", short(of)) };
        let notes =
            [heard(worker), other, lease.progress.step.clone(), known.map_or_else(String::new, again)];
        [name, state, place, done, speed, memory(lease), joined(&notes)]
    };
    worker.leases.iter().enumerate().map(line).collect()
}

/// `34.3 %`, as a column of them.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
fn share(part: u64, whole: u64) -> String {
    format!("{:.1} %", 100.0 * part as f64 / whole.max(1) as f64)
}

fn heard(worker: &WorkerLine) -> String {
    match worker.silent_ms {
        0..SILENT_MS => String::new(),
        long => format!("not heard for {}", duration_ms(long)),
    }
}

fn memory(lease: &LeaseLine) -> String {
    match lease.progress.memory_bytes {
        0 => "-".to_owned(),
        n => bytes(n),
    }
}

fn joined(notes: &[String]) -> String {
    notes.iter().filter(|n| !n.is_empty()).cloned().collect::<Vec<_>>().join(", ")
}

/// The leases that have run longest.
pub(super) fn slowest(running: &[ShardLine], item: Noun, look: Look) -> String {
    let mut leases: Vec<_> = running.iter().flat_map(|s| s.leases.iter().map(move |l| (s, l))).collect();
    if leases.is_empty() {
        return String::new();
    }
    leases.sort_by_key(|(shard, lease)| (std::cmp::Reverse(lease.age_ms), shard.stage, shard.shard));
    let items = item.many.to_uppercase();
    let mut table = Table::new(
        vec![
            ("SLOWEST", Align::Left),
            ("RUNNING", Align::Right),
            (items.as_str(), Align::Right),
            ("BYTES", Align::Right),
            ("WORKER", Align::Left),
            ("NOTE", Align::Left),
        ],
        4,
    );
    for (shard, lease) in leases.iter().take(SLOWEST) {
        table.row([
            format!("{}/{}", shard.stage_name, shard.shard),
            duration_ms(lease.age_ms),
            format!("{}/{}", lease.progress.items_done, shard.items),
            bytes(shard.bytes),
            lease.worker.0.clone(),
            note(shard),
        ]);
    }
    format!("\n{}{}", table.render(look.width), more(leases.len(), SLOWEST))
}

/// That it is not the first attempt, or not the only one.
fn again(shard: &ShardLine) -> String {
    match (shard.leases.len(), shard.attempts) {
        (2.., _) => "done twice".to_owned(),
        (_, n @ 2..) => format!("attempt {n}"),
        _ => String::new(),
    }
}

/// The same, and what became of the one before.
fn note(shard: &ShardLine) -> String {
    match shard.failure.as_ref().filter(|_| shard.attempts > 1) {
        Some(failure) => format!("{} ({})", again(shard), failure.code),
        None => again(shard),
    }
}
