//! Time zones and frequencies, as the objects of Python's libraries.

use super::{Pickle, Value};
use crate::{
    fail::{Res, differs, layout},
    unit,
};
use tarquet_common::codes::format;

/// A zone object: its class, what it is made with, and what is set in it.
struct ZoneObject<'p> {
    module: &'p str,
    class: &'p str,
    args: &'p [Value],
    state: Option<Value>,
}

impl Pickle<'_> {
    /// The zone that a value stands for: a name, or one of the zone classes of Python's libraries.
    pub(crate) fn zone(&self, value: Value) -> Res<String> {
        let unknown = |found: &str| {
            let expected = "an IANA name or a fixed offset in whole minutes";
            differs(format::ZONE_UNKNOWN, self.item(), "the time zone is not known", expected, found)
        };
        if let Some(text) = self.text(value) {
            return unit::zone_name(text).ok_or_else(|| unknown(text));
        }
        if let Some(name) = self.named_zone(value) {
            return unit::zone_name(name).ok_or_else(|| unknown(name));
        }
        match (self.fixed_offset(value), self.zone_object(value)) {
            (Some(seconds), _) if seconds % 60 == 0 => Ok(unit::offset_name(seconds)),
            (Some(seconds), _) => Err(unknown(&format!("an offset of {seconds} seconds"))),
            (None, Some(zone)) if is_zone_library(zone.module) => {
                Err(unknown(&format!("{}.{}", zone.module, zone.class)))
            }
            _ => Err(self.unknown(value)),
        }
    }

    /// The object that a value is. Classes without a way of their own to be pickled are rebuilt by `copyreg`.
    fn zone_object(&self, value: Value) -> Option<ZoneObject<'_>> {
        let (call, args) = self.call(value)?;
        let state = call.state;
        match (self.global_name(call.callable)?, args) {
            (("copy_reg" | "copyreg", "_reconstructor"), [class, ..]) => {
                let (module, class) = self.global_name(*class)?;
                Some(ZoneObject { module, class, args: &[], state })
            }
            ((module, class), args) => Some(ZoneObject { module, class, args, state }),
        }
    }

    /// The name that a zone object carries.
    fn named_zone(&self, value: Value) -> Option<&str> {
        let Some(ZoneObject { module, class, args, .. }) = self.zone_object(value) else {
            // zoneinfo pickles as getattr(ZoneInfo, "_unpickle")(key, from_cache)
            let (call, args) = self.call(value)?;
            let (inner, inner_args) = self.call(call.callable)?;
            let getter = self.global_name(inner.callable)?.1 == "getattr";
            let class = inner_args.first().and_then(|&c| self.global_name(c))?;
            return (getter && class.1 == "ZoneInfo").then(|| self.text(*args.first()?)).flatten();
        };
        let text = |i: usize| args.get(i).and_then(|&v| self.text(v));
        match (module, class) {
            ("pytz" | "pytz.tzinfo", "_p") => text(0),
            // tzfile(None, name of the file)
            ("dateutil.tz.tz" | "dateutil.tz", "tzfile") => text(1),
            ("zoneinfo" | "backports.zoneinfo", "ZoneInfo") => text(0),
            _ => None,
        }
    }

    /// Seconds east of UTC of a zone object that says them.
    pub(super) fn fixed_offset(&self, value: Value) -> Option<i64> {
        let ZoneObject { module, class, args, state } = self.zone_object(value)?;
        let seconds = |value: Value| match value {
            Value::Int(n) => Some(n),
            other => {
                let (inner, parts) = self.call(other)?;
                let known = self.global_name(inner.callable) == Some(("datetime", "timedelta"));
                let micros = known.then(|| self.timedelta(parts).ok()).flatten()?;
                (micros % 1_000_000 == 0).then_some(micros / 1_000_000)
            }
        };
        let arg = |i: usize| args.get(i).and_then(|&value| seconds(value));
        match (module, class) {
            ("datetime", "timezone") => arg(0),
            ("pytz", "_UTC") | ("dateutil.tz.tz" | "dateutil.tz", "tzutc") => Some(0),
            ("pytz", "FixedOffset" | "_FixedOffset") => arg(0)?.checked_mul(60),
            ("pytz" | "pytz.tzinfo", "_p") => {
                if args.len() > 1 {
                    arg(1)
                } else {
                    (self.text(*args.first()?)? == "UTC").then_some(0)
                }
            }
            ("dateutil.tz.tz" | "dateutil.tz", "tzoffset") => {
                if args.len() > 1 {
                    arg(1)
                } else {
                    seconds(self.get(state?, "_offset")?)
                }
            }
            _ => None,
        }
    }

    /// The frequency that a pandas offset stands for, as period types name it: `M`, `Q-DEC`, `2h`.
    pub(crate) fn freq(&self, value: Value) -> Res<String> {
        if let Some(text) = self.text(value) {
            let short = text.len() <= FREQ_BYTES_MAX;
            return short
                .then(|| text.to_owned())
                .ok_or_else(|| layout(self.item(), "a frequency that is none"));
        }
        let (call, args) = self.call(value).ok_or_else(|| layout(self.item(), "a frequency that is none"))?;
        let Some(("pandas._libs.tslibs.offsets" | "pandas.tseries.offsets", class)) =
            self.global_name(call.callable)
        else {
            return Err(self.unknown(value));
        };
        let count = if args.is_empty() { 1 } else { self.int_arg(args, 0)? };
        let anchor = |i: usize| self.int_arg(args, i).ok().and_then(|n| usize::try_from(n).ok());
        let month =
            |i: usize| anchor(i).and_then(|n| MONTHS.get(n.checked_sub(1)?)).copied().unwrap_or("DEC");
        let base = match class {
            "MonthEnd" | "MonthBegin" => "M".to_owned(),
            "QuarterEnd" | "QuarterBegin" => format!("Q-{}", month(2)),
            "YearEnd" | "YearBegin" => format!("Y-{}", month(2)),
            "Week" => format!("W-{}", anchor(2).and_then(|n| WEEKDAYS.get(n)).copied().unwrap_or("SUN")),
            "BusinessDay" => "B".to_owned(),
            "Day" => "D".to_owned(),
            "Hour" => "h".to_owned(),
            "Minute" => "min".to_owned(),
            "Second" => "s".to_owned(),
            "Milli" => "ms".to_owned(),
            "Micro" => "us".to_owned(),
            "Nano" => "ns".to_owned(),
            _ => return Err(self.unknown(value)),
        };
        Ok(if count == 1 { base } else { format!("{count}{base}") })
    }
}

/// Whether a module is one of those that zones come from.
fn is_zone_library(module: &str) -> bool {
    ["pytz", "dateutil", "zoneinfo", "datetime"].contains(&module.split('.').next().unwrap_or(module))
}

/// The longest name of a frequency: many columns may hold the same one.
const FREQ_BYTES_MAX: usize = 64;

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
