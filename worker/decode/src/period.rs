//! Periods as pandas prints them, for names of columns.

/// The period `ordinal` of a frequency: `2020-01` for months, `2020Q1`, `2020`, `2020-01-05` …
pub(crate) fn print(ordinal: i64, freq: &str) -> String {
    let base = freq.trim_start_matches(|c: char| c.is_ascii_digit());
    let (head, _) = base.split_once('-').unwrap_or((base, ""));
    match head {
        "Y" | "A" => ordinal.saturating_add(1970).to_string(),
        "Q" => format!("{}Q{}", 1970 + ordinal.div_euclid(4), ordinal.rem_euclid(4) + 1),
        "M" => format!("{}-{:02}", 1970 + ordinal.div_euclid(12), ordinal.rem_euclid(12) + 1),
        "D" => date(ordinal),
        "h" | "H" => moment(ordinal, 3_600, "%H:00"),
        "min" | "T" => moment(ordinal, 60, "%H:%M"),
        "s" | "S" => moment(ordinal, 1, "%H:%M:%S"),
        _ => format!("Period({ordinal}, {freq})"),
    }
}

/// A day since 1970-01-01 (H. Hinnant, `civil_from_days`).
fn date(days: i64) -> String {
    let z = days.saturating_add(719_468);
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let mp = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}

fn moment(ordinal: i64, seconds: i64, clock: &str) -> String {
    let total = ordinal.saturating_mul(seconds);
    let rest = total.rem_euclid(86_400);
    let clock = clock
        .replace("%H", &format!("{:02}", rest / 3_600))
        .replace("%M", &format!("{:02}", rest % 3_600 / 60))
        .replace("%S", &format!("{:02}", rest % 60));
    format!("{} {clock}", date(total.div_euclid(86_400)))
}

#[cfg(test)]
mod tests {
    use super::print;

    #[test]
    fn periods_print_as_in_pandas() {
        assert_eq!(print(600, "M"), "2020-01");
        assert_eq!(print(201, "Q-DEC"), "2020Q2");
        assert_eq!(print(50, "Y-DEC"), "2020");
        assert_eq!(print(18_321, "D"), "2020-02-29");
        assert_eq!(print(-1, "h"), "1969-12-31 23:00");
        assert!(print(i64::MAX, "D").starts_with("25252734927"));
        assert_eq!(print(i64::MAX, "Y-DEC"), i64::MAX.to_string());
    }
}
