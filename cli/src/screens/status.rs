//! `tarquet status JOB`: head, one line a stage, workers, the slowest shards, the last events, what to type next.

use super::{Look, workers::workers};
use crate::{
    progress::bar,
    render::{Align, Style, Table, bytes, count, duration_ms, percent, rate, rows},
};
use std::fmt::Write;
use tarquet_coordinator::EventLine;
use tarquet_core::views::{JobStatus, ShardLine, StageStatus, WhyWaiting, WorkerLine};

/// Shards on the screen.
const SLOWEST: usize = 5;
/// Events on the screen.
const EVENTS: usize = 8;

/// What the screen is drawn from.
#[derive(Clone, Debug)]
pub(crate) struct StatusScreen {
    /// The job.
    pub status: JobStatus,
    /// Its shards that are leased now.
    pub running: Vec<ShardLine>,
    /// The workers.
    pub workers: Vec<WorkerLine>,
    /// Its last events, oldest first.
    pub events: Vec<EventLine>,
}

/// The screen.
pub(crate) fn status(screen: &StatusScreen, look: Look) -> String {
    let mut out = head(&screen.status, look);
    out.push_str(&stages(&screen.status, look));
    if !screen.workers.is_empty() && screen.status.finished_unix_ms.is_none() {
        let _ = write!(out, "\n{}", workers(&screen.workers, look));
    }
    out.push_str(&slowest(&screen.running, look));
    out.push_str(&events(&screen.events, screen.status.now_unix_ms, look));
    if !screen.status.next.is_empty() {
        let _ = writeln!(out, "\nNext  {}", screen.status.next.join("\n      "));
    }
    out
}

fn head(status: &JobStatus, look: Look) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let mut line = |key: &str, value: String| {
        let _ = writeln!(out, "{key:<11} {value}");
    };
    let end = status.finished_unix_ms.unwrap_or(status.now_unix_ms);
    let age = duration_ms(end.saturating_sub(status.submitted_unix_ms));
    line("Job", format!("{} ({}, {})", status.job, status.name, status.kind));
    line("State", state(status, look));
    line("Output", status.output_uri.clone());
    line("Objects", status.job_uri.clone());
    line(if status.finished_unix_ms.is_some() { "Took" } else { "Age" }, age);
    line("Quarantine", quarantine(status));
    if status.finished_unix_ms.is_none() {
        line(
            "Workers",
            format!("{} live of {}, {} slots", status.workers_live, status.workers, status.slots),
        );
    }
    if let Some(reason) = &status.reason {
        line("Because", format!("{} ({})", reason.message, reason.code));
        line("", reason.hint().to_owned());
    }
    for effect in &status.effects {
        let why = effect.failure.as_ref().map(|f| format!(": {} ({})", f.message, f.code));
        line("Store", format!("{}, tried {} times{}", effect.effect, effect.tries, why.unwrap_or_default()));
    }
    for warning in status.stages.iter().flat_map(|s| &s.warnings) {
        line("Warning", warning.clone());
    }
    out
}

fn state(status: &JobStatus, look: Look) -> String {
    let style = match status.state.as_str() {
        "failed" => Style::Error,
        "held" | "paused" => Style::Warning,
        "done" => Style::Good,
        _ => Style::Strong,
    };
    let mut out = look.paint.with(style, &status.state);
    if let Some(stage) = status.stage.as_ref().filter(|_| status.finished_unix_ms.is_none()) {
        let _ = write!(out, " {stage}");
    }
    if let Some(waiting) = status.waiting {
        let _ = write!(out, ", {}", look.paint.with(Style::Warning, waiting_words(waiting)));
    }
    out
}

/// Why a job waits, in words.
pub(super) fn waiting_words(waiting: WhyWaiting) -> &'static str {
    match waiting {
        WhyWaiting::Paused => "paused",
        WhyWaiting::NoWorkers => "no workers",
        WhyWaiting::NoSlotFits => "no slot fits",
        WhyWaiting::Store => "waits for the store",
    }
}

fn quarantine(status: &JobStatus) -> String {
    let q = &status.quarantine;
    let planned =
        status.stages.iter().filter(|s| s.partitions > 0).map(|s| s.members_total).max().unwrap_or(0);
    let allowed = q.allowed.map(|n| format!(", {} allowed", count(n))).unwrap_or_default();
    let accepted = if q.accepted { ", accepted" } else { "" };
    format!(
        "{} members ({}){allowed} (max_failed {}){accepted}",
        count(q.members),
        percent(q.members, planned),
        q.max_failed
    )
}

fn stages(status: &JobStatus, look: Look) -> String {
    let mut out = String::from("\n");
    for stage in &status.stages {
        let _ = writeln!(out, "{}", stage_line(stage, status, look).trim_end());
    }
    out
}

fn stage_line(stage: &StageStatus, status: &JobStatus, look: Look) -> String {
    let fraction = fraction(stage);
    let bar = bar(fraction, 20, look.boxes);
    let mut parts = vec![format!("{}/{} shards", stage.done, stage.shards)];
    if stage.shards == 0 {
        return format!("{:<8} {bar}        {}", stage.name, stage.state);
    }
    for (word, n) in [("running", stage.running), ("stopped", stage.stopped), ("left out", stage.excluded)] {
        if n > 0 {
            parts.push(format!("{n} {word}"));
        }
    }
    if stage.bytes_total > 0 && stage.state != "done" {
        parts.push(format!("{}/{}", bytes(stage.bytes_done), bytes(stage.bytes_total)));
    }
    if stage.rows > 0 {
        parts.push(rows(stage.rows));
    }
    if stage.retried > 0 {
        parts.push(format!("retried {}", stage.retried));
    }
    let here = status.stage.as_ref() == Some(&stage.name) && stage.state == "running";
    if here && status.rate.bytes_per_s > 0 {
        #[expect(clippy::cast_precision_loss, reason = "shown with two digits")]
        parts.push(rate(status.rate.bytes_per_s as f64));
    }
    if let Some((least, most)) = status.rate.eta_ms_range.filter(|_| here) {
        parts.push(format!(
            "eta {}{}{}",
            duration_ms(least),
            if look.boxes { "–" } else { "-" },
            duration_ms(most)
        ));
    }
    format!("{:<8} {bar} {:>5.1} % {}", stage.name, fraction * 100.0, wrapped(&parts, look, 39))
}

/// The parts on as many lines as they need, indented by `indent`.
fn wrapped(parts: &[String], look: Look, indent: usize) -> String {
    let mut out = String::new();
    let mut used = indent;
    for part in parts {
        let len = part.chars().count();
        if out.is_empty() {
            out.push_str(part);
        } else if used + 3 + len > look.width {
            let _ = write!(out, "\n{}{part}", " ".repeat(indent));
            used = indent;
        } else {
            let _ = write!(out, "{}{part}", look.dot());
            used += 3;
        }
        used += len;
    }
    out
}

/// The part of a stage that is done, by bytes where they are known.
#[expect(clippy::cast_precision_loss, reason = "a share shown with three digits")]
fn fraction(stage: &StageStatus) -> f64 {
    match (stage.shards, stage.bytes_total) {
        (0, _) => 0.0,
        (shards, _) if stage.done == shards => 1.0,
        (_, bytes) if bytes > 0 && stage.bytes_done > 0 => (stage.bytes_done as f64 / bytes as f64).min(1.0),
        (shards, _) => f64::from(stage.done) / f64::from(shards),
    }
}

fn slowest(running: &[ShardLine], look: Look) -> String {
    let mut leases: Vec<_> = running.iter().flat_map(|s| s.leases.iter().map(move |l| (s, l))).collect();
    if leases.is_empty() {
        return String::new();
    }
    leases.sort_by_key(|(shard, lease)| (std::cmp::Reverse(lease.age_ms), shard.stage, shard.shard));
    let mut table = Table::new(
        vec![
            ("SHARD", Align::Left),
            ("RUNNING", Align::Right),
            ("DONE", Align::Right),
            ("STEP", Align::Left),
            ("MEMORY", Align::Right),
            ("WORKER", Align::Left),
            ("NOTE", Align::Left),
        ],
        5,
    );
    for (shard, lease) in leases.iter().take(SLOWEST) {
        table.row([
            format!("{}/{}", shard.stage_name, shard.shard),
            duration_ms(lease.age_ms),
            percent(lease.progress.bytes_done, shard.bytes),
            lease.progress.step.clone(),
            bytes(lease.progress.memory_bytes),
            lease.worker.0.clone(),
            note(shard),
        ]);
    }
    let more = leases.len().saturating_sub(SLOWEST);
    let more = if more > 0 { format!("and {more} more\n") } else { String::new() };
    format!("\n{}{more}", table.render(look.width))
}

fn note(shard: &ShardLine) -> String {
    match (shard.leases.len(), shard.attempts, shard.failure.as_ref()) {
        (2.., ..) => "done twice".to_owned(),
        (_, 2.., Some(failure)) => format!("attempt {} ({})", shard.attempts, failure.code),
        (_, 2.., None) => format!("attempt {}", shard.attempts),
        _ => String::new(),
    }
}

fn events(events: &[EventLine], now_unix_ms: u64, look: Look) -> String {
    if events.is_empty() {
        return String::new();
    }
    let mut out = String::from("\n");
    for event in &events[events.len().saturating_sub(EVENTS)..] {
        let age = duration_ms(now_unix_ms.saturating_sub(event.at_unix_ms));
        let room = look.width.saturating_sub(16);
        let line: String = crate::render::visible(&event.text).chars().take(room).collect();
        let _ = writeln!(out, "{:>10} ago  {line}", age);
    }
    out
}
