//! Labels as Python prints them: pandas and pyarrow turn every column name into text this way, and
//! `pd.read_parquet` turns the text back.

use jiff::{
    Timestamp,
    tz::{Offset, TimeZone, TimeZoneDatabase},
};
use tarquet_decode::frame::Label;

/// The text of a label, `None` for a missing one. Follows `_column_name_to_strings` of
/// pyarrow's `pandas_compat.py`.
pub(crate) fn label_text(label: &Label) -> Option<String> {
    Some(match label {
        Label::Str(text) | Label::Period(text) => text.clone(),
        Label::Int(n) => n.to_string(),
        Label::Float(x) if x.is_nan() => return None,
        Label::Float(x) => float_repr(*x),
        Label::Bool(true) => "True".into(),
        Label::Bool(false) => "False".into(),
        Label::Datetime { ns, zone } => timestamp_str(*ns, zone.as_deref()),
        Label::Timedelta(ns) => timedelta_str(*ns),
        Label::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Label::Tuple(parts) => tuple_str(&parts.iter().map(label_text).collect::<Vec<_>>()),
        Label::None => return None,
    })
}

/// `str()` of a tuple of texts and Nones.
pub(crate) fn tuple_str(parts: &[Option<String>]) -> String {
    let shown: Vec<String> =
        parts.iter().map(|p| p.as_deref().map_or_else(|| "None".to_owned(), str_repr)).collect();
    match shown.as_slice() {
        [one] => format!("({one},)"),
        many => format!("({})", many.join(", ")),
    }
}

/// `repr()` of a text.
fn str_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// `repr()` of a float: shortest digits, an exponent below 1e-4 and from 1e16 on.
fn float_repr(x: f64) -> String {
    if !x.is_finite() {
        return if x.is_nan() {
            "nan"
        } else if x > 0.0 {
            "inf"
        } else {
            "-inf"
        }
        .into();
    }
    let scientific = format!("{x:e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("`{:e}` writes an e");
    let exponent: i32 = exponent.parse().expect("`{:e}` ends in an integer");
    if x == 0.0 || (-4..16).contains(&exponent) {
        let plain = format!("{x}");
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// `str()` of a `pd.Timestamp`. A zone that nobody knows is shown in UTC: the same moment.
fn timestamp_str(ns: i64, zone: Option<&str>) -> String {
    let moment =
        Timestamp::from_nanosecond(i128::from(ns)).expect("64-bit nanoseconds are years 1677 to 2262");
    let tz = zone.map_or(TimeZone::UTC, time_zone);
    let civil = tz.to_datetime(moment);
    let mut out = format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        civil.year(),
        civil.month(),
        civil.day(),
        civil.hour(),
        civil.minute(),
        civil.second()
    );
    out.push_str(&fraction(i64::from(civil.subsec_nanosecond())));
    if zone.is_some() {
        let offset = tz.to_offset(moment).seconds();
        let sign = if offset < 0 { '-' } else { '+' };
        let minutes = offset.unsigned_abs() / 60;
        out.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
    }
    out
}

/// The zone with this name, or this fixed offset (`+05:30`, `UTC+05:30`). Out of the database that we bring along:
/// names must not depend on what a machine has installed.
fn time_zone(name: &str) -> TimeZone {
    fixed_offset(name).or_else(|| TimeZoneDatabase::bundled().get(name).ok()).unwrap_or(TimeZone::UTC)
}

/// The zone of an offset.
fn fixed_offset(name: &str) -> Option<TimeZone> {
    let offset = name.strip_prefix("UTC").unwrap_or(name);
    let (sign, digits) = match offset.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':')?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let in_range = (0..26).contains(&hours) && (0..60).contains(&minutes);
    let seconds = in_range.then_some(sign * (hours * 3600 + minutes * 60))?;
    Offset::from_seconds(seconds).ok().map(TimeZone::fixed)
}

/// `str()` of a `pd.Timedelta`.
fn timedelta_str(ns: i64) -> String {
    const DAY: i64 = 86_400_000_000_000;
    let (days, rest) = (ns.div_euclid(DAY), ns.rem_euclid(DAY));
    let seconds = rest / 1_000_000_000;
    let sign = if days < 0 && rest != 0 { "+" } else { "" };
    format!(
        "{days} days {sign}{:02}:{:02}:{:02}{}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        fraction(rest % 1_000_000_000)
    )
}

/// The part of a second, in six digits or nine, or nothing.
fn fraction(ns: i64) -> String {
    match ns {
        0 => String::new(),
        ns if ns % 1_000 == 0 => format!(".{:06}", ns / 1_000),
        ns => format!(".{ns:09}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_python_prints_them() {
        for (x, text) in [
            (0.5, "0.5"),
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1e20, "1e+20"),
            (1.5e-5, "1.5e-05"),
            (0.0001, "0.0001"),
            (f64::INFINITY, "inf"),
            (1e300, "1e+300"),
        ] {
            assert_eq!(float_repr(x), text);
        }
    }

    #[test]
    fn labels_print_as_pandas_prints_them() {
        let day = 86_400_000_000_000;
        let text = |label: Label| label_text(&label);
        assert_eq!(text(Label::Datetime { ns: 0, zone: None }).unwrap(), "1970-01-01 00:00:00");
        assert_eq!(
            text(Label::Datetime { ns: 1_609_500_600_500_000_000, zone: Some("Europe/Berlin".into()) })
                .unwrap(),
            "2021-01-01 12:30:00.500000+01:00"
        );
        let fixed = |zone: &str| text(Label::Datetime { ns: 0, zone: Some(zone.into()) }).unwrap();
        assert_eq!(fixed("+05:30"), "1970-01-01 05:30:00+05:30");
        assert_eq!(fixed("UTC-03:00"), "1969-12-31 21:00:00-03:00");
        assert_eq!(fixed("Nowhere/Land"), "1970-01-01 00:00:00+00:00");
        assert_eq!(text(Label::Timedelta(day)).unwrap(), "1 days 00:00:00");
        assert_eq!(text(Label::Timedelta(-1)).unwrap(), "-1 days +23:59:59.999999999");
        assert_eq!(
            text(Label::Tuple(vec![Label::Str("it's".into()), Label::Int(1), Label::None])).unwrap(),
            r#"("it's", '1', None)"#
        );
        assert_eq!(text(Label::Tuple(vec![Label::Str("a\n".into())])).unwrap(), r"('a\n',)");
        assert_eq!(text(Label::Float(f64::NAN)), None);
        assert_eq!(text(Label::Bool(true)).unwrap(), "True");
    }
}
