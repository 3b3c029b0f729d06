//! Numbers as people read them. Decimal units, as stores and disks are sold.

/// `350.0 GB`; bytes below 1 kB as they are.
#[expect(clippy::cast_precision_loss, reason = "four digits are shown")]
pub(crate) fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if n < 1000 {
        return format!("{n} B");
    }
    let mut value = n as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// `1,000,000`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `1 shard`, `10 shards`.
pub(crate) fn counted(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
}

/// `71.4 M rows`: short where a line is short.
#[expect(clippy::cast_precision_loss, reason = "four digits are shown")]
pub(crate) fn rows(n: u64) -> String {
    match n {
        0..1_000_000 => counted(n, "row"),
        1_000_000..1_000_000_000 => format!("{:.1} M rows", n as f64 / 1e6),
        _ => format!("{:.2} G rows", n as f64 / 1e9),
    }
}

/// `1.91 GB/s` from bytes a second: one digit more than a size where it is large, since it is watched.
#[expect(clippy::cast_precision_loss, reason = "four digits are shown")]
pub(crate) fn rate(bytes_per_second: u64) -> String {
    match bytes_per_second {
        // What rounds to 1000 GB is a TB.
        1_000_000_000..999_995_000_000 => format!("{:.2} GB/s", bytes_per_second as f64 / 1e9),
        other => format!("{}/s", bytes(other)),
    }
}

/// Megabytes a second, as a column of them: `12.5`, `1,910`.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(crate) fn megabytes_per_second(bytes_done: u64, ms: u64) -> String {
    let per_second = bytes_done.saturating_mul(1000).checked_div(ms).unwrap_or(0);
    match per_second {
        100_000_000.. => count(per_second / 1_000_000),
        _ => format!("{:.1}", per_second as f64 / 1e6),
    }
}

/// `3m11s`, `1h02m`, `2d03h`, `0.8s`.
pub(crate) fn duration_ms(ms: u64) -> String {
    let s = ms / 1000;
    match s {
        0..10 => format!("{}.{}s", s, ms % 1000 / 100),
        10..60 => format!("{s}s"),
        60..3600 => format!("{}m{:02}s", s / 60, s % 60),
        3600..86_400 => format!("{}h{:02}m", s / 3600, s % 3600 / 60),
        _ => format!("{}d{:02}h", s / 86_400, s % 86_400 / 3600),
    }
}

/// `0.0003 %`: at least one digit that is not 0, so that a few of a million do not read as none.
#[expect(clippy::cast_precision_loss, reason = "a share shown with few digits")]
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 || part == 0 {
        return "0 %".to_owned();
    }
    let share = 100.0 * part as f64 / whole as f64;
    let digits = (1..=9).find(|d| share * 10f64.powi(*d) >= 0.95).unwrap_or(9);
    format!("{share:.*} %", usize::try_from(digits).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(350_000_000_000), "350.0 GB");
        assert_eq!(bytes(999_960), "1.0 MB");
        assert_eq!(bytes(u64::MAX), "18446.7 PB");
    }

    #[test]
    fn counts_and_rows() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_000_000), "1,000,000");
        assert_eq!(count(12), "12");
        assert_eq!((counted(1, "shard"), counted(0, "shard")), ("1 shard".into(), "0 shards".into()));
        assert_eq!(rows(999_999), "999,999 rows");
        assert_eq!(rows(71_400_000), "71.4 M rows");
    }

    #[test]
    fn durations() {
        assert_eq!(duration_ms(840), "0.8s");
        assert_eq!(duration_ms(191_000), "3m11s");
        assert_eq!(duration_ms(3_720_000), "1h02m");
        assert_eq!(duration_ms(183_600_000), "2d03h");
    }

    #[test]
    fn small_shares_do_not_vanish() {
        assert_eq!(percent(3, 1_000_000), "0.0003 %");
        assert_eq!(percent(583, 1000), "58.3 %");
        assert_eq!(percent(1, 1), "100.0 %");
        assert_eq!(percent(0, 0), "0 %");
    }

    #[test]
    fn rates() {
        assert_eq!(rate(1_910_000_000), "1.91 GB/s");
        assert_eq!(rate(12_340_000), "12.3 MB/s");
        assert_eq!(rate(0), "0 B/s");
        assert_eq!(megabytes_per_second(120_000_000, 4_000), "30.0");
        assert_eq!(megabytes_per_second(9_550_000_000, 5_000), "1,910");
        assert_eq!(megabytes_per_second(1, 0), "0.0");
    }
}
