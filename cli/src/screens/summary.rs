//! What is said when a job ends: what was read and written, what was left out, and how to read the result.

use super::Look;
use crate::render::{Pairs, Style, bytes, count, counted, duration_ms, percent, visible};
use tarquet_common::kinds::convert::{COLUMNS_DROPPED, WITHOUT_COLUMNS};
use tarquet_core::{
    PhaseName,
    views::{JobStatus, StageStatus},
};
use unicode_width::UnicodeWidthStr;

/// Columns of a key, after two of indent.
const KEYS: usize = 10;

/// The block, for any end (and for a hold, which ends a `run`). `reference` is how the job is named on a command line.
pub(crate) fn summary(status: &JobStatus, reference: &str, look: Look) -> String {
    let mut out = headline(status, look);
    let mut pairs = Pairs::new(2, KEYS, look.width);
    let makers = status.stages.iter().filter(|s| s.partitions > 0 && s.name != "publish");
    makers.for_each(|maker| figures(maker, status, (reference, look), &mut pairs));
    if let Some(reason) = status.reason.as_ref().filter(|_| status.phase != PhaseName::Done) {
        pairs.line("because", &format!("{} ({})", reason.message, reason.code));
        pairs.line("", reason.hint());
    }
    if status.phase == PhaseName::Done {
        how_to_read(&status.output_uri, look, &mut pairs);
    } else {
        for (key, command) in ["next"].iter().chain(std::iter::repeat(&"")).zip(&status.next) {
            pairs.painted(key, &visible(command));
        }
    }
    out.push_str(&pairs.end());
    out
}

fn headline(status: &JobStatus, look: Look) -> String {
    let end = status.finished_unix_ms.unwrap_or(status.now_unix_ms);
    let took = duration_ms(end.saturating_sub(status.submitted_unix_ms));
    let left_out = status.stages.iter().any(|s| s.excluded > 0);
    let (style, words) = match status.phase {
        PhaseName::Done if status.quarantine.items > 0 || left_out => {
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

fn figures(maker: &StageStatus, status: &JobStatus, (reference, look): (&str, Look), pairs: &mut Pairs) {
    let counts = &maker.counts;
    let row = |a: String, b: String, c: String| format!("{a:<10} {b:<16} {c}");
    let sources = status.stages.first().filter(|s| s.name == "index" && s.shards > 0);
    let archives = sources.map(|s| counted(u64::from(s.done), "archive")).unwrap_or_default();
    let converted = counts.items.saturating_sub(counts.failed);
    let members = format!("{} of {}", count(converted), counted(maker.items_total, "member"));
    pairs.painted("read", &row(bytes(counts.bytes_in), archives, members));
    let partitions = counted(u64::from(maker.partitions), "partition");
    pairs.painted("wrote", &row(bytes(counts.bytes_out), partitions, counted(counts.rows, "row")));
    if counts.failed > 0 {
        let share = percent(counts.failed, maker.items_total);
        let text = counted(counts.failed, "member");
        let text = format!("{text} ({share}, budget {})", status.quarantine.max_failed);
        let command = format!("tarquet failures {}", visible(reference));
        match text.width() + 4 + command.width() + KEYS + 3 <= look.width {
            true => pairs.painted("skipped", &format!("{text}    {command}")),
            false => {
                pairs.line("skipped", &text);
                pairs.painted("", &command);
            }
        }
    }
    for (n, what) in [
        (counts.extra(WITHOUT_COLUMNS), "members without columns: counted, nothing to write"),
        (counts.extra(COLUMNS_DROPPED), "columns dropped, as the spec says"),
        (status.stages.iter().map(|s| u64::from(s.excluded)).sum(), "shards gone without, as accepted"),
    ] {
        if n > 0 {
            pairs.line("", &format!("{} {what}", count(n)));
        }
    }
}

fn how_to_read(output: &str, look: Look, pairs: &mut Pairs) {
    let root = visible(output.trim_end_matches('/'));
    let separator = if look.boxes { "   ·   " } else { "   |   " };
    let duckdb = format!("duckdb: from '{root}/*.parquet'");
    let pandas = format!("pandas: pd.read_parquet(\"{root}/\")");
    let both = format!("{duckdb}{separator}{pandas}");
    if both.chars().count() + KEYS + 3 <= look.width {
        return pairs.painted("read it", &both);
    }
    pairs.painted("read it", &duckdb);
    pairs.painted("", &pandas);
}
