//! What is said when a job ends: what was read and written, what was left out, and how to read the result.

use super::Look;
use crate::render::{Style, bytes, count, counted, duration_ms, percent};
use std::fmt::Write;
use tarquet_core::{
    PhaseName,
    views::{JobStatus, StageStatus},
};

/// The block, for any end (and for a hold, which ends a `run`). `reference` is how the job is named on a command line.
pub(crate) fn summary(status: &JobStatus, reference: &str, look: Look) -> String {
    let mut out = headline(status, look);
    let makers: Vec<&StageStatus> =
        status.stages.iter().filter(|s| s.partitions > 0 && s.name != "publish").collect();
    for maker in &makers {
        out.push_str(&figures(maker, status, reference));
    }
    if let Some(reason) = status.reason.as_ref().filter(|_| status.phase != PhaseName::Done) {
        let _ = writeln!(out, "  {:<10} {} ({})", "because", reason.message, reason.code);
        let _ = writeln!(out, "  {:<10} {}", "", reason.hint());
    }
    if status.phase == PhaseName::Done {
        out.push_str(&how_to_read(&status.output_uri, look));
    } else if !status.next.is_empty() {
        let _ = writeln!(out, "  {:<10} {}", "next", status.next.join(&format!("\n  {:<10} ", "")));
    }
    out
}

fn headline(status: &JobStatus, look: Look) -> String {
    let end = status.finished_unix_ms.unwrap_or(status.now_unix_ms);
    let took = duration_ms(end.saturating_sub(status.submitted_unix_ms));
    let left_out = status.stages.iter().any(|s| s.excluded > 0);
    let (style, words) = match status.phase {
        PhaseName::Done if status.quarantine.members > 0 || left_out => {
            (Style::Warning, "Finished with quarantine in")
        }
        PhaseName::Done => (Style::Good, "Finished in"),
        PhaseName::Cancelled => (Style::Warning, "Cancelled after"),
        PhaseName::Held => (Style::Warning, "Held after"),
        PhaseName::Failed => (Style::Error, "Failed after"),
        _ => (Style::Strong, "Running for"),
    };
    format!("{} {took}\n", look.paint.with(style, words))
}

fn figures(maker: &StageStatus, status: &JobStatus, reference: &str) -> String {
    let counts = &maker.counts;
    let mut out = String::new();
    // Writing to a String cannot fail.
    let mut line = |key: &str, a: String, b: String, c: String| {
        let text = format!("  {key:<10} {a:<10} {b:<16} {c}");
        let _ = writeln!(out, "{}", text.trim_end());
    };
    let sources = status.stages.first().filter(|s| s.name == "index" && s.shards > 0);
    let archives = sources.map(|s| counted(u64::from(s.done), "archive")).unwrap_or_default();
    let converted = counts.members.saturating_sub(counts.quarantined);
    let members = format!("{} of {} members", count(converted), count(maker.members_total));
    line("read", bytes(counts.bytes_fetched), archives, members);
    let partitions = counted(u64::from(maker.partitions), "partition");
    line("wrote", bytes(counts.bytes_written), partitions, counted(counts.rows, "row"));
    if counts.quarantined > 0 {
        let share = percent(counts.quarantined, maker.members_total);
        let text = format!(
            "{} members ({share}, budget {})",
            count(counts.quarantined),
            status.quarantine.max_failed
        );
        let _ = writeln!(out, "  {:<10} {text}    tarquet failures {reference}", "skipped");
    }
    for (n, what) in [
        (counts.without_columns, "members without columns: counted, nothing to write"),
        (counts.columns_dropped, "columns dropped, as the spec says"),
        (status.stages.iter().map(|s| u64::from(s.excluded)).sum(), "shards gone without, as accepted"),
    ] {
        if n > 0 {
            let _ = writeln!(out, "  {:<10} {} {what}", "", count(n));
        }
    }
    out
}

fn how_to_read(output: &str, look: Look) -> String {
    let root = output.trim_end_matches('/');
    let separator = if look.boxes { "   ·   " } else { "   |   " };
    let one = format!("duckdb: from '{root}/*.parquet'{separator}pandas: pd.read_parquet(\"{root}/\")");
    if one.chars().count() + 13 <= look.width {
        return format!("  {:<10} {one}\n", "read it");
    }
    format!(
        "  {:<10} duckdb: from '{root}/*.parquet'\n  {:<10} pandas: pd.read_parquet(\"{root}/\")\n",
        "read it", ""
    )
}
