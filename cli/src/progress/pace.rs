//! When a plain line is due: every 5 % or 30 s, and when what is being done, or why nothing is, changes.

use super::ProgressView;

const EVERY_MS: u64 = 30_000;

/// Remembers the last line.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    last: Option<(String, Option<String>, u64, u64)>,
}

impl Pace {
    /// Whether this view gets a line; if so, it becomes the last.
    pub(crate) fn due(&mut self, view: &ProgressView) -> bool {
        let now = (view.doing.clone(), view.stalled.clone(), twentieth(view), view.elapsed_ms);
        let due = self.last.as_ref().is_none_or(|(doing, stalled, step, at)| {
            (doing, stalled) != (&now.0, &now.1) || now.2 > *step || now.3 >= at + EVERY_MS
        });
        if due {
            self.last = Some(now);
        }
        due
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 20")]
fn twentieth(view: &ProgressView) -> u64 {
    (view.fraction() * 20.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_per_five_per_cent_or_half_minute() {
        let view = |elapsed_ms, bytes_done| ProgressView {
            doing: "converting".into(),
            elapsed_ms,
            bytes_done,
            bytes_total: 1000,
            ..ProgressView::default()
        };
        let mut pace = Pace::default();
        let lines: Vec<bool> =
            [(0, 0), (1000, 49), (2000, 50), (3000, 99), (31_999, 99), (32_000, 99), (32_001, 99)]
                .map(|(t, b)| pace.due(&view(t, b)))
                .into();
        assert_eq!(lines, [true, false, true, false, false, true, false]);
        assert!(pace.due(&ProgressView { doing: "publishing".into(), ..view(32_002, 99) }));
        assert!(pace.due(&view(32_003, 99).without_answer()) && pace.due(&view(32_004, 99)));
    }
}
