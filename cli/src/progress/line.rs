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
    if view.bytes_per_second > 0.0 {
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

/// What stands in the second line: what stops the job first, then the rest by importance.
fn counts(view: &ProgressView) -> Vec<String> {
    let mut parts: Vec<String> = view.stalled.iter().cloned().collect();
    parts.extend([
        format!("{} members", count(view.members_done)),
        rows(view.rows),
        format!("shards {}/{}", view.shards_done, view.shards_total),
        format!("workers {}", view.workers_live),
    ]);
    for (word, n) in [("quarantined", view.quarantined), ("retried", view.retried)] {
        if n > 0 {
            parts.push(format!("{word} {}", count(n)));
        }
    }
    parts
}

/// As many whole parts as fit.
fn joined(parts: &[String], separator: &str, width: usize) -> String {
    let mut out = String::new();
    for part in parts {
        let gap = if out.is_empty() { "" } else { separator };
        if out.chars().count() + gap.chars().count() + part.chars().count() > width {
            break;
        }
        out.extend([gap, part.as_str()]);
    }
    out
}

/// Two lines for a terminal that redraws.
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
pub(super) fn plain(view: &ProgressView) -> String {
    let at = duration_ms(view.elapsed_ms);
    format!("[{at:>6}] {} {}  {}", view.doing, figures(view, false).trim_start(), counts(view).join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> ProgressView {
        ProgressView {
            doing: "converting".into(),
            elapsed_ms: 107_000,
            bytes_done: 204_100_000_000,
            bytes_total: 350_000_000_000,
            members_done: 583_102,
            rows: 71_400_000,
            shards_done: 583,
            shards_total: 1000,
            workers_live: 10,
            retried: 14,
            quarantined: 3,
            bytes_per_second: 1.91e9,
            eta_ms: Some((76_000, 110_000)),
            ..ProgressView::default()
        }
    }

    #[test]
    fn a_bar_fits_the_terminal() {
        let text = drawn(&view(), 100, true);
        assert_eq!(
            text,
            " converting ━━━━━━━━━━━━━━━━━━━╸────────────────  58.3 %  204.1/350.0 GB  1.9 GB/s  eta 1m16s–1m50s\n 583,102 members · 71.4 M rows · shards 583/1000 · workers 10 · quarantined 3 · retried 14"
        );
        for width in [40, 80, 200] {
            assert!(drawn(&view(), width, true).lines().all(|l| l.chars().count() < width));
        }
    }

    #[test]
    fn a_plain_line_is_ascii() {
        let line = plain(&view());
        assert_eq!(
            line,
            "[ 1m47s] converting 58.3 %  204.1/350.0 GB  1.9 GB/s  eta 1m16s-1m50s  583,102 members | 71.4 M rows | shards 583/1000 | workers 10 | quarantined 3 | retried 14"
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
