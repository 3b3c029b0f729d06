//! Units and zones of moments and spans, as NumPy and pandas spell them.

use arrow::datatypes::TimeUnit;

/// The unit of a NumPy dtype: `datetime64[us]`, `timedelta64[s]`, `<M8[ns]`. Without brackets it is
/// nanoseconds, which is what pandas meant before it wrote units. `None`: a unit Arrow does not have.
pub(crate) fn of_dtype(dtype: &str) -> Option<TimeUnit> {
    let Some((_, rest)) = dtype.split_once('[') else { return Some(TimeUnit::Nanosecond) };
    let unit = rest.split([',', ']']).next().unwrap_or("");
    of_name(unit.trim())
}

/// `s`, `ms`, `us`, `ns`.
pub(crate) fn of_name(name: &str) -> Option<TimeUnit> {
    Some(match name {
        "s" => TimeUnit::Second,
        "ms" => TimeUnit::Millisecond,
        "us" => TimeUnit::Microsecond,
        "ns" => TimeUnit::Nanosecond,
        _ => return None,
    })
}

/// The number pandas gives a resolution in pickles of its scalars.
pub(crate) fn of_pandas_reso(number: i64) -> Option<TimeUnit> {
    Some(match number {
        7 => TimeUnit::Second,
        8 => TimeUnit::Millisecond,
        9 => TimeUnit::Microsecond,
        10 => TimeUnit::Nanosecond,
        _ => return None,
    })
}

/// Units per second.
pub(crate) fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// `value` in another unit, if it can be told exactly.
pub(crate) fn convert(value: i64, from: TimeUnit, to: TimeUnit) -> Option<i64> {
    let (from, to) = (per_second(from), per_second(to));
    if to >= from {
        value.checked_mul(to / from)
    } else {
        let step = from / to;
        (value % step == 0).then_some(value / step)
    }
}

/// The longest name of a zone, with the folder that it may stand in: many columns may hold the same one.
const ZONE_BYTES_MAX: usize = 1024;

/// A zone's name as Parquet readers know it, from how Python libraries name it: `Europe/Helsinki`,
/// `dateutil//usr/share/zoneinfo/Europe/Helsinki`, `UTC`, `tzutc()`, `+02:00`, `UTC+02:00`.
/// `None` if it cannot be a zone's name.
pub(crate) fn zone_name(text: &str) -> Option<String> {
    if text.len() > ZONE_BYTES_MAX {
        return None;
    }
    let name = text.strip_prefix("dateutil/").unwrap_or(text);
    let name = name.rsplit_once("zoneinfo/").map_or(name, |(_, name)| name);
    let name = match name {
        "tzutc()" | "utc" | "Z" => "UTC",
        other => other,
    };
    let offset = name.strip_prefix("UTC").or_else(|| name.strip_prefix("GMT")).unwrap_or(name);
    if offset.starts_with(['+', '-']) {
        return offset_of(offset).map(offset_name);
    }
    let part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+'))
    };
    let plausible = name.split('/').all(part) && name.starts_with(|c: char| c.is_ascii_alphabetic());
    plausible.then(|| name.to_owned())
}

/// Seconds of `+02:00`, `-0530`.
fn offset_of(text: &str) -> Option<i64> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let digits: String = digits.chars().filter(|&c| c != ':').collect();
    if digits.len() != 4 {
        return None;
    }
    let (hours, minutes): (i64, i64) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
    Some(sign * (hours * 3600 + minutes * 60))
}

/// A fixed offset's name: `UTC`, `+02:00`.
pub(crate) fn offset_name(seconds: i64) -> String {
    if seconds == 0 {
        return "UTC".to_owned();
    }
    let (sign, rest) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs());
    format!("{sign}{:02}:{:02}", rest / 3600, rest % 3600 / 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_named_as_iana_names_them() {
        for (from, to) in [
            ("Europe/Helsinki", Some("Europe/Helsinki")),
            ("dateutil//usr/share/zoneinfo/Europe/Helsinki", Some("Europe/Helsinki")),
            ("dateutil/Etc/GMT+2", Some("Etc/GMT+2")),
            ("tzutc()", Some("UTC")),
            ("UTC", Some("UTC")),
            ("UTC+02:00", Some("+02:00")),
            ("-0530", Some("-05:30")),
            ("+00:00", Some("UTC")),
            ("../etc/passwd", None),
            ("", None),
        ] {
            assert_eq!(zone_name(from).as_deref(), to, "{from}");
        }
    }

    #[test]
    fn units_convert_only_exactly() {
        assert_eq!(convert(3, TimeUnit::Second, TimeUnit::Nanosecond), Some(3_000_000_000));
        assert_eq!(convert(1_500, TimeUnit::Nanosecond, TimeUnit::Microsecond), None);
        assert_eq!(convert(i64::MAX, TimeUnit::Second, TimeUnit::Millisecond), None);
        assert_eq!(of_dtype("datetime64"), Some(TimeUnit::Nanosecond));
        assert_eq!(of_dtype("datetime64[us]"), Some(TimeUnit::Microsecond));
        assert_eq!(of_dtype("datetime64[D]"), None);
    }
}
