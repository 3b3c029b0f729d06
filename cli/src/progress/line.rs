//! Progress as text.

use super::ProgressView;
use crate::render::{bytes, count, duration_ms, rate, rows};

/// A bar of `width` columns.
pub(crate) fn bar(fraction: f64, width: usize, boxes: bool) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a fraction of a terminal's width"
    )]
    let full = ((fraction.clamp(0.0, 1.0) * width as f64) as usize).min(width);
    let (done, tip, left) = if boxes { ("━", "╸", "─") } else { ("#", ">", "-") };
    let tips = usize::from(full < width && full > 0);
    [done.repeat(full - tips), tip.repeat(tips), left.repeat(width - full)].concat()
}

/// `58.3 %  204.1/350.0 GB  1.9 GB/s  eta 1m16s–1m50s`.
fn figures(view: &ProgressView, boxes: bool) -> String {
    let mut parts = vec![format!("{:>5.1} %", view.fraction() * 100.0)];
    match view.bytes_total {
        0 if view.shards_total > 0 => {
            parts.push(format!("{}/{} shards", view.shards_done, view.shards_total))
        }
        0 => {}
        total => parts.push(share(view.bytes_done, total)),
    }
    if view.bytes_per_second > 0 {
        parts.push(rate(view.bytes_per_second));
    }
    if let Some((least, most)) = view.eta_ms {
        let dash = if boxes { "–" } else { "-" };
        parts.push(format!("eta {}{dash}{}", duration_ms(least), duration_ms(most)));
    }
    parts.join("  ")
}

/// `204.1/350.0 GB`, or both units where they differ.
fn share(done: u64, total: u64) -> String {
    let (done, total) = (bytes(done), bytes(total));
    match (done.split_once(' '), total.split_once(' ')) {
        (Some((d, du)), Some((_, tu))) if du == tu => format!("{d}/{total}"),
        _ => format!("{done}/{total}"),
    }
}

/// What stands below the bar: what stops the job first, then the rest by importance.
fn counts(view: &ProgressView) -> Vec<String> {
    let mut parts: Vec<String> = view.stalled.iter().cloned().collect();
    let unit = if view.one_each { "partitions" } else { "shards" };
    parts.extend([view.item.counted(view.items_done), rows(view.rows)]);
    // Where bytes are not known the bar counts shards.
    if view.bytes_total > 0 {
        parts.push(format!("{}/{} {unit}", view.shards_done, view.shards_total));
    }
    parts.push(format!("workers {}/{}", view.workers_live, view.workers));
    for (word, n) in [("retried", view.retried), ("quarantined", view.quarantined)] {
        if n > 0 {
            parts.push(format!("{word} {}", count(n)));
        }
    }
    parts.extend(view.limit.as_ref().map(|step| format!("limit: {step}")));
    parts
}

/// The parts on one line, or on two where they do not fit; what fits on neither is left out.
fn joined(parts: &[String], separator: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for part in parts {
        let line = lines.last().map_or(0, |l| l.chars().count());
        let gap = if line == 0 { 0 } else { separator.chars().count() };
        if line + gap + part.chars().count() > width {
            if lines.len() == 2 {
                break;
            }
            lines.push(String::new());
        }
        let Some(line) = lines.last_mut() else { break };
        line.extend([if line.is_empty() { "" } else { separator }, part.as_str()]);
    }
    lines.join("\n ")
}

/// Two or three lines for a terminal that redraws.
pub(super) fn drawn(view: &ProgressView, width: usize, boxes: bool) -> String {
    let figures = figures(view, boxes);
    let head = format!(" {:<10} ", view.doing);
    let room = width.saturating_sub(head.chars().count() + figures.chars().count() + 2);
    let bar = bar(view.fraction(), room.clamp(10, 40), boxes);
    let cut = |line: String| line.chars().take(width.saturating_sub(1)).collect::<String>();
    let counts = joined(&counts(view), if boxes { " · " } else { " | " }, width.saturating_sub(2));
    format!("{}\n {counts}", cut(format!("{head}{bar} {figures}")))
}

/// One line for a log.
pub(crate) fn plain(view: &ProgressView) -> String {
    let at = duration_ms(view.elapsed_ms);
    format!("[{at:>6}] {} {}  {}", view.doing, figures(view, false).trim_start(), counts(view).join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::Noun;

    fn view() -> ProgressView {
        ProgressView {
            doing: "converting".into(),
            elapsed_ms: 107_000,
            bytes_done: 204_100_000_000,
            bytes_total: 350_000_000_000,
            items_done: 583_102,
            item: Noun { one: "member", many: "members" },
            rows: 71_400_000,
            shards_done: 583,
            shards_total: 1000,
            one_each: true,
            workers_live: 10,
            workers: 10,
            retried: 14,
            quarantined: 3,
            bytes_per_second: 1_910_000_000,
            eta_ms: Some((76_000, 110_000)),
            limit: Some("encode".into()),
            ..ProgressView::default()
        }
    }

    #[test]
    fn a_bar_fits_the_terminal() {
        let text = drawn(&view(), 100, true);
        assert_eq!(
            text,
            " converting ━━━━━━━━━━━━━━━━━━━╸───────────────  58.3 %  204.1/350.0 GB  1.91 GB/s  eta 1m16s–1m50s\n 583,102 members · 71.4 M rows · 583/1000 partitions · workers 10/10 · retried 14 · quarantined 3\n limit: encode"
        );
        for width in [40, 80, 200] {
            let text = drawn(&view(), width, true);
            assert!(text.lines().all(|l| l.chars().count() < width) && text.lines().count() <= 3, "{text}");
        }
        let narrow = drawn(&view(), 80, true);
        assert!(narrow.ends_with("workers 10/10\n retried 14 · quarantined 3 · limit: encode"), "{narrow}");
    }

    #[test]
    fn nothing_is_promised_before_anybody_can_know() {
        let early = ProgressView { eta_ms: None, limit: None, ..view() };
        assert!(!drawn(&early, 80, true).contains("eta") && !plain(&early).contains("limit"));
    }

    #[test]
    fn a_plain_line_is_ascii() {
        let line = plain(&view());
        assert_eq!(
            line,
            "[ 1m47s] converting 58.3 %  204.1/350.0 GB  1.91 GB/s  eta 1m16s-1m50s  583,102 members | 71.4 M rows | 583/1000 partitions | workers 10/10 | retried 14 | quarantined 3 | limit: encode"
        );
    }

    #[test]
    fn bars_have_their_width() {
        for fraction in [-1.0, 0.0, 0.001, 0.5, 0.999, 1.0, 2.0, f64::NAN] {
            assert_eq!(bar(fraction, 20, true).chars().count(), 20, "{fraction}");
        }
        assert_eq!(bar(1.0, 4, false), "####");
        assert_eq!(bar(0.5, 4, false), "#>--");
    }
}
