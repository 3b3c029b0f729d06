//! Dates, times, spans, stamps and decimals, from the arguments of the calls that would make them.

use super::{Pickle, Value, cell::Cell};
use crate::{
    fail::{Res, fail},
    unit,
};
use arrow::datatypes::TimeUnit;
use tarquet_common::codes::format;

const DAY_US: i64 = 86_400_000_000;

impl Pickle<'_> {
    fn fixed_bytes<const N: usize>(&self, value: Option<&Value>) -> Res<[u8; N]> {
        let bytes = value.map(|&v| self.raw_bytes(v)).transpose()?.unwrap_or_default();
        bytes.as_ref().try_into().map_err(|_| self.malformed("a date or time of the wrong length"))
    }

    pub(super) fn date(&self, args: &[Value]) -> Res<i32> {
        let [hi, lo, month, day] = self.fixed_bytes(args.first())?;
        days(i64::from(u16::from_be_bytes([hi, lo])), month, day)
            .and_then(|days| i32::try_from(days).ok())
            .ok_or_else(|| self.malformed("a date that is none"))
    }

    pub(super) fn datetime(&self, args: &[Value]) -> Res<Cell<'_>> {
        let [hi, lo, month, day, h, m, s, us @ ..] = self.fixed_bytes::<10>(args.first())?;
        let date = days(i64::from(u16::from_be_bytes([hi, lo])), month & 0x7f, day);
        let date = date.ok_or_else(|| self.malformed("a date that is none"))?;
        let wall = date * DAY_US + clock(h, m, s, us);
        let (zone, offset) = match args.get(1) {
            None | Some(Value::None) => (None, 0),
            Some(&zone) => {
                let offset = self.fixed_offset(zone).ok_or_else(|| {
                    fail(
                        format::ZONE_UNKNOWN,
                        self.item(),
                        "an aware datetime.datetime in a column of objects has a zone without a fixed offset",
                    )
                })?;
                (Some(self.zone(zone)?), offset)
            }
        };
        let value = offset.checked_mul(1_000_000).and_then(|offset| wall.checked_sub(offset));
        let value = value.ok_or_else(|| self.malformed("an offset of more than a day"))?;
        Ok(Cell::Moment { value, unit: TimeUnit::Microsecond, zone })
    }

    pub(super) fn time(&self, args: &[Value]) -> Res<Cell<'_>> {
        let [h, m, s, us @ ..] = self.fixed_bytes::<6>(args.first())?;
        if args.get(1).is_some_and(|zone| *zone != Value::None) {
            return Err(fail(format::TYPE_UNSUPPORTED, self.item(), "a time of day with a zone"));
        }
        Ok(Cell::Time(clock(h & 0x7f, m, s, us)))
    }

    /// Microseconds of `timedelta(days, seconds, microseconds)`.
    pub(super) fn timedelta(&self, args: &[Value]) -> Res<i64> {
        let part = |i: usize| if args.len() > i { self.int_arg(args, i) } else { Ok(0) };
        let (days, seconds, micros) = (part(0)?, part(1)?, part(2)?);
        days.checked_mul(DAY_US)
            .and_then(|t| t.checked_add(seconds.checked_mul(1_000_000)?))
            .and_then(|t| t.checked_add(micros))
            .ok_or_else(|| fail(format::VALUE_RANGE, self.item(), "a timedelta beyond 292,000 years"))
    }

    pub(super) fn timestamp(&self, args: &[Value]) -> Res<Cell<'_>> {
        let zone =
            args.get(2).filter(|zone| **zone != Value::None).map(|&zone| self.zone(zone)).transpose()?;
        Ok(Cell::Moment { value: self.int_arg(args, 0)?, unit: self.reso(args.get(3))?, zone })
    }

    pub(super) fn reso(&self, value: Option<&Value>) -> Res<TimeUnit> {
        match value {
            None => Ok(TimeUnit::Nanosecond),
            Some(Value::Int(n)) => unit::of_pandas_reso(*n)
                .ok_or_else(|| fail(format::TYPE_UNSUPPORTED, self.item(), format!("pandas resolution {n}"))),
            Some(_) => Err(self.malformed("a resolution that is no number")),
        }
    }

    pub(super) fn decimal(&self, args: &[Value]) -> Res<Cell<'_>> {
        let text = args.first().and_then(|&v| self.text(v)).unwrap_or("");
        if text.eq_ignore_ascii_case("nan") {
            return Ok(Cell::Null);
        }
        parse_decimal(text).map(|(unscaled, scale)| Cell::Decimal { unscaled, scale }).ok_or_else(|| {
            fail(format::VALUE_RANGE, self.item(), format!("the decimal {text:?} does not fit 38 digits"))
        })
    }
}

fn clock(h: u8, m: u8, s: u8, [a, b, c]: [u8; 3]) -> i64 {
    let seconds = i64::from(h) * 3600 + i64::from(m) * 60 + i64::from(s);
    seconds * 1_000_000 + i64::from(u32::from_be_bytes([0, a, b, c]))
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar (H. Hinnant, `days_from_civil`).
fn days(year: i64, month: u8, day: u8) -> Option<i64> {
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (m, d) = (i64::from(month), i64::from(day));
    let y = if m <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y - era * 400;
    let day_of_year = (153 * (if m > 2 { m - 3 } else { m + 9 }) + 2) / 5 + d - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// `-1.20E+3` as (unscaled, scale), within 38 digits.
fn parse_decimal(text: &str) -> Option<(i128, i8)> {
    let (number, exponent) = match text.split_once(['E', 'e']) {
        Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match number.as_bytes().first()? {
        b'-' => (true, &number[1..]),
        b'+' => (false, &number[1..]),
        _ => (false, number),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    if (whole.is_empty() && part.is_empty()) || digits.len() > 80 {
        return None;
    }
    let mut unscaled: i128 = 0;
    for c in whole.bytes().chain(part.bytes()) {
        let digit = c.is_ascii_digit().then(|| i128::from(c - b'0'))?;
        unscaled = unscaled.checked_mul(10)?.checked_add(digit)?;
    }
    let mut scale = i32::try_from(part.len()).ok()?.checked_sub(exponent)?;
    while scale < 0 {
        unscaled = unscaled.checked_mul(10)?;
        scale += 1;
        if unscaled == 0 {
            scale = 0;
        }
    }
    let fits = unscaled < 10i128.pow(38) && scale <= 38;
    fits.then(|| (if negative { -unscaled } else { unscaled }, i8::try_from(scale).unwrap_or(i8::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_parse_exactly() {
        assert_eq!(parse_decimal("1.20"), Some((120, 2)));
        assert_eq!(parse_decimal("-0.5"), Some((-5, 1)));
        assert_eq!(parse_decimal("1E+3"), Some((1000, 0)));
        assert_eq!(parse_decimal("1.5E-3"), Some((15, 4)));
        assert_eq!(parse_decimal("0E+999999999"), Some((0, 0)));
        for bad in ["", "-", "Infinity", "sNaN", "1e", "9".repeat(39).as_str(), "1E+2000000000"] {
            assert_eq!(parse_decimal(bad), None, "{bad}");
        }
    }

    #[test]
    fn days_count_from_1970() {
        assert_eq!(days(1970, 1, 1), Some(0));
        assert_eq!(days(2000, 2, 29), Some(11_016));
        assert_eq!(days(1, 1, 1), Some(-719_162));
        assert_eq!(days(2020, 13, 1), None);
    }
}
