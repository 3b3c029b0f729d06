//! `tarquet status JOB`: head, one line a stage, workers, the slowest shards, the last events, what to type next.

use super::{
    Look,
    leases::{at_work, slowest},
};
use crate::{
    kinds::{self, Words},
    progress::{bar, waiting_words},
    render::{Pairs, Style, bytes, count, counted, duration_ms, head as cut, percent, rate, rows, visible},
};
use std::fmt::Write;
use tarquet_client::EventLine;
use tarquet_core::views::{JobStatus, ShardLine, StageStatus, WorkerLine};

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
    /// How long open uploads are kept, in words; told where a person has to decide.
    pub uploads: Option<String>,
}

impl StatusScreen {
    /// A job without anybody at work on it.
    pub(crate) fn still(status: JobStatus) -> Self {
        Self { status, running: Vec::new(), workers: Vec::new(), events: Vec::new(), uploads: None }
    }
}

/// The screen.
pub(crate) fn status(screen: &StatusScreen, look: Look) -> String {
    in_words(kinds::words_of(&screen.status.kind), screen, look)
}

/// The screen in the words of a kind.
pub(super) fn in_words(words: &Words, screen: &StatusScreen, look: Look) -> String {
    let mut out = head(screen, words, look);
    out.push_str(&stages(&screen.status, look));
    if screen.status.finished_unix_ms.is_none() {
        out.push_str(&at_work(&screen.status.job, &screen.workers, &screen.running, look));
    }
    out.push_str(&slowest(&screen.running, words.item, look));
    out.push_str(&events(&screen.events, screen.status.now_unix_ms, look));
    if !screen.status.next.is_empty() {
        let _ = writeln!(out, "\nNext  {}", screen.status.next.join("\n      "));
    }
    out
}

fn head(screen: &StatusScreen, words: &Words, look: Look) -> String {
    let status = &screen.status;
    let mut pairs = Pairs::new(0, 11, look.width);
    let end = status.finished_unix_ms.unwrap_or(status.now_unix_ms);
    let age = duration_ms(end.saturating_sub(status.submitted_unix_ms));
    pairs.line("Job", &format!("{} ({}, {})", status.job, status.name, status.kind));
    pairs.painted("State", &state(status, look));
    pairs.line("Output", &status.output_uri);
    pairs.line("Objects", &status.job_uri);
    pairs.line(if status.finished_unix_ms.is_some() { "Took" } else { "Age" }, &age);
    pairs.line("Quarantine", &quarantine(status, words));
    if status.finished_unix_ms.is_none() {
        let there = (status.workers_live, status.workers, u64::from(status.slots));
        pairs.line("Workers", &format!("{} live of {}, {}", there.0, there.1, counted(there.2, "slot")));
    }
    if let Some(reason) = &status.reason {
        pairs.line("Because", &format!("{} ({})", reason.message, reason.code));
        pairs.line("", reason.hint());
    }
    if let Some(uploads) = &screen.uploads {
        pairs.line("Uploads", uploads);
    }
    for effect in &status.effects {
        let why = effect.failure.as_ref().map(|f| format!(": {} ({})", f.message, f.code));
        let tried = counted(u64::from(effect.tries), "time");
        pairs.line("Store", &format!("{}, tried {tried}{}", effect.effect, why.unwrap_or_default()));
    }
    for warning in status.stages.iter().flat_map(|s| &s.warnings) {
        pairs.line("Warning", warning);
    }
    pairs.end()
}

fn state(status: &JobStatus, look: Look) -> String {
    let style = match status.state.as_str() {
        "failed" => Style::Error,
        "held" | "paused" => Style::Warning,
        "done" => Style::Good,
        _ => Style::Strong,
    };
    let mut out = look.paint.with(style, &visible(&status.state));
    if let Some(stage) = status.stage.as_ref().filter(|_| status.finished_unix_ms.is_none()) {
        let _ = write!(out, " {}", visible(stage));
    }
    if let Some(waiting) = status.waiting {
        let _ = write!(out, ", {}", look.paint.with(Style::Warning, waiting_words(waiting)));
    }
    out
}

fn quarantine(status: &JobStatus, words: &Words) -> String {
    let q = &status.quarantine;
    let planned =
        status.stages.iter().filter(|s| s.accounts_for_items()).map(|s| s.items_total).max().unwrap_or(0);
    let allowed = q.allowed.map(|n| format!(", {} allowed", count(n))).unwrap_or_default();
    let accepted = if q.accepted { ", accepted" } else { "" };
    format!(
        "{} ({}){allowed} (max_failed {}){accepted}",
        words.item.counted(q.items),
        percent(q.items, planned),
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
    if stage.shards == 0 {
        return format!("{:<8} {bar}         {}", stage.name, stage.state);
    }
    let mut parts = vec![format!("{}/{} shards", stage.done, stage.shards)];
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
    if status.stage.as_ref() == Some(&stage.name) && stage.state == "running" {
        parts.extend(pace(status, look));
    }
    format!("{:<8} {bar} {:>5.1} % {}", stage.name, fraction * 100.0, wrapped(&parts, look, 38))
}

/// How fast it goes, when it will be done, and what keeps it from going faster.
fn pace(status: &JobStatus, look: Look) -> Vec<String> {
    let mut parts = Vec::new();
    if status.rate.bytes_per_s > 0 {
        parts.push(rate(status.rate.bytes_per_s));
    }
    if let Some((least, most)) = status.rate.eta_ms_range {
        let to = if look.boxes { "–" } else { "-" };
        parts.push(format!("eta {}{to}{}", duration_ms(least), duration_ms(most)));
    }
    parts.extend(status.limit.as_ref().map(|step| format!("limit: {step}")));
    parts
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

fn events(events: &[EventLine], now_unix_ms: u64, look: Look) -> String {
    if events.is_empty() {
        return String::new();
    }
    let mut out = String::from("\n");
    for event in &events[events.len().saturating_sub(EVENTS)..] {
        let age = duration_ms(now_unix_ms.saturating_sub(event.at_unix_ms));
        let line = format!("{age:>10} ago  {}", visible(&event.text));
        let _ = writeln!(out, "{}", cut(&line, look.width));
    }
    out
}
