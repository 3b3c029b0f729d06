//! What is said when a job ends: what was read and written, what was left out, and how to read the result.

use super::Look;
use crate::{
    kinds::{self, Words},
    render::{Pairs, Style, bytes, count, counted, duration_ms, percent, visible},
};
use tarquet_core::{
    PhaseName,
    views::{JobStatus, StageStatus},
};
use unicode_width::UnicodeWidthStr;

/// Columns of a key, after two of indent.
const KEYS: usize = 10;

/// The block, for any end (and for a hold, which ends a `run`). `reference` is how the job is named on a command line.
pub(crate) fn summary(status: &JobStatus, reference: &str, look: Look) -> String {
    in_words(kinds::words_of(&status.kind), status, reference, look)
}

/// The block in the words of a kind.
pub(super) fn in_words(words: &Words, status: &JobStatus, reference: &str, look: Look) -> String {
    let mut out = headline(status, look);
    let mut pairs = Pairs::new(2, KEYS, look.width);
    let makers = status.stages.iter().filter(|s| s.accounts_for_items());
    let made = status.stages.iter().any(|s| s.partitions > 0);
    for maker in makers {
        figures(maker, status, words, &mut pairs);
        skipped(maker, status, words, (reference, look), &mut pairs);
        left_out(maker, status, words, &mut pairs);
    }
    for warning in status.stages.iter().flat_map(|s| &s.warnings) {
        pairs.line("warning", warning);
    }
    if let Some(reason) = status.reason.as_ref().filter(|_| status.phase != PhaseName::Done) {
        pairs.line("because", &format!("{} ({})", reason.message, reason.code));
        pairs.line("", reason.hint());
    }
    if status.phase == PhaseName::Done && !made {
        pairs.line("wrote", "nothing: there was nothing left to write");
    } else if status.phase == PhaseName::Done {
        how_to_read(words, &status.output_uri, look, &mut pairs);
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

fn figures(maker: &StageStatus, status: &JobStatus, words: &Words, pairs: &mut Pairs) {
    let counts = &maker.counts;
    let row = |a: String, b: String, c: String| format!("{a:<10} {b:<16} {c}");
    let reading = status.stages.iter().find(|s| Some(s.name.as_str()) == words.sources_in && s.shards > 0);
    let sources = reading.map(|s| words.source.counted(s.done.into())).unwrap_or_default();
    let good = counts.items.saturating_sub(counts.failed);
    let items = format!("{} of {}", count(good), words.item.counted(maker.items_total));
    pairs.painted("read", &row(bytes(counts.bytes_in), sources, items));
    if maker.partitions == 0 {
        return;
    }
    let partitions = counted(u64::from(maker.partitions), "partition");
    // Before the end some of them are only planned.
    let partitions = if status.phase == PhaseName::Done { partitions } else { format!("of {partitions}") };
    pairs.painted("wrote", &row(bytes(counts.bytes_out), partitions, counted(counts.rows, "row")));
}

fn skipped(
    maker: &StageStatus,
    status: &JobStatus,
    words: &Words,
    (reference, look): (&str, Look),
    pairs: &mut Pairs,
) {
    let failed = maker.counts.failed;
    if failed == 0 {
        return;
    }
    let share = percent(failed, maker.items_total);
    let text = format!("{} ({share}, budget {})", words.item.counted(failed), status.quarantine.max_failed);
    let command = format!("tarquet failures {}", visible(reference));
    match text.width() + 4 + command.width() + KEYS + 3 <= look.width {
        true => pairs.painted("skipped", &format!("{text}    {command}")),
        false => {
            pairs.line("skipped", &text);
            pairs.painted("", &command);
        }
    }
}

/// What the kind counts besides, and whole shards that were gone without.
fn left_out(maker: &StageStatus, status: &JobStatus, words: &Words, pairs: &mut Pairs) {
    let extras = words.extras.iter().map(|(name, what)| (maker.counts.extra(name), *what));
    let excluded = status.stages.iter().map(|s| u64::from(s.excluded)).sum();
    for (n, what) in extras.chain([(excluded, "shards gone without, as accepted")]) {
        if n > 0 {
            pairs.line("", &format!("{} {what}", count(n)));
        }
    }
}

/// All on one line if they fit there, else one below the other.
fn how_to_read(words: &Words, output: &str, look: Look, pairs: &mut Pairs) {
    let root = visible(output.trim_end_matches('/'));
    let separator = if look.boxes { "   ·   " } else { "   |   " };
    let lines = (words.readers)(&root);
    let all = lines.join(separator);
    let lines = if all.chars().count() + KEYS + 3 <= look.width { vec![all] } else { lines };
    for (key, line) in
        ["read it"].iter().chain(std::iter::repeat(&"")).zip(lines.iter().filter(|l| !l.is_empty()))
    {
        pairs.painted(key, line);
    }
}
