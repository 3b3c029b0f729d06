//! Fixtures and their expected JSON, compared with decoded frames.

use arrow::{
    array::{Array, ArrayRef, AsArray},
    compute::cast,
    datatypes::{
        DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int64Type, Time64MicrosecondType,
        TimeUnit, UInt64Type,
    },
};
use serde_json::{Value, json};
use std::{
    io::Read,
    path::{Path, PathBuf},
};
use tarquet_decode::frame::{Frame, Label, Logical};
use tarquet_kit::environment;

/// The fixtures of this repository.
pub(crate) fn fidelity() -> PathBuf {
    environment::repository().join("tests/fixtures/fidelity")
}

/// All JSON files of a directory, sorted.
pub(crate) fn cases(dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(dir)
        .unwrap_or_else(|e| panic!("{}: {e}", dir.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "json"))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "{} holds no cases", dir.display());
    found
}

/// A fixture's expectation and bytes.
pub(crate) fn load(case: &Path) -> (Value, Vec<u8>) {
    let json: Value = serde_json::from_slice(&std::fs::read(case).unwrap()).unwrap();
    let file = case.with_file_name(json["file"].as_str().unwrap());
    (json, bytes(&file))
}

/// A file's bytes, gunzip'd if its name says so.
pub(crate) fn bytes(file: &Path) -> Vec<u8> {
    let raw = std::fs::read(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    if file.extension().is_none_or(|ext| ext != "gz") {
        return raw;
    }
    let mut out = Vec::new();
    flate2::read::MultiGzDecoder::new(raw.as_slice()).read_to_end(&mut out).unwrap();
    out
}

/// What differs between a frame and what is expected; empty if nothing does.
pub(crate) fn differences(frame: &Frame, expected: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(rows) = expected["rows"].as_u64()
        && rows != frame.rows as u64
    {
        found.push(format!("{} rows, expected {rows}", frame.rows));
    }
    if let Some(series) = expected["series"].as_bool()
        && series != frame.series
    {
        found.push(format!("series: {}, expected {series}", frame.series));
    }
    let columns: Vec<_> = frame.columns.iter().map(|c| (&c.label, &c.values, &c.logical)).collect();
    compare("column", &columns, &expected["columns"], &mut found);
    if expected.get("index").is_some() {
        let levels: Vec<_> = frame.index.iter().map(|l| (&l.name, &l.values, &l.logical)).collect();
        compare("level", &levels, &expected["index"], &mut found);
    }
    if let Some(levels) = expected["column_levels"].as_array() {
        let names: Vec<Value> = frame.column_levels.iter().map(|level| label(&level.name)).collect();
        let wanted: Vec<Value> = levels.iter().map(|level| plain_label(&level["name"])).collect();
        if !frame.series && names != wanted {
            found.push(format!("column levels {names:?}, expected {wanted:?}"));
        }
    }
    found
}

fn compare(what: &str, ours: &[(&Label, &ArrayRef, &Logical)], expected: &Value, found: &mut Vec<String>) {
    let expected = expected.as_array().cloned().unwrap_or_default();
    if ours.len() != expected.len() {
        found.push(format!("{} {what}s, expected {}", ours.len(), expected.len()));
        return;
    }
    for (i, ((name, values, logical), want)) in ours.iter().zip(&expected).enumerate() {
        if label(name) != plain_label(&want["name"]) {
            found.push(format!("{what} {i} is named {}, expected {}", label(name), want["name"]));
        }
        if let Err(problem) = compare_type(values, logical, want) {
            found.push(format!("{what} {i} ({}): {problem}", want["name"]));
        }
        let wanted = want["values"].as_array().unwrap();
        let got = render(values, want);
        if got.len() != wanted.len() {
            found.push(format!("{what} {i}: {} values, expected {}", got.len(), wanted.len()));
        }
        let wanted: Vec<Value> = wanted.iter().map(canonical).collect();
        if let Some(row) = (0..got.len().min(wanted.len())).find(|&row| got[row] != wanted[row]) {
            found.push(format!(
                "{what} {i} ({}) row {row}: {}, expected {}",
                want["name"], got[row], wanted[row]
            ));
        }
    }
}

/// Whether the Arrow type is what the pandas type says.
fn compare_type(values: &ArrayRef, logical: &Logical, want: &Value) -> Result<(), String> {
    let wanted = want["type"].as_str().unwrap();
    let zone =
        |zone: &Option<std::sync::Arc<str>>| zone.as_deref().map(|z| format!(", {z}")).unwrap_or_default();
    let ours = match (values.data_type(), logical) {
        (DataType::Dictionary(_, _), Logical::Categorical { ordered }) => {
            let dictionary = values.as_any_dictionary();
            let categories = render(dictionary.values(), want);
            let wanted: Vec<Value> = want["categories"].as_array().unwrap().iter().map(canonical).collect();
            if categories != wanted {
                return Err(format!("categories {categories:?}, expected {wanted:?}"));
            }
            if want["ordered"].as_bool() != Some(*ordered) {
                return Err(format!("ordered: {ordered}"));
            }
            "category".to_owned()
        }
        (_, Logical::Period { freq }) => format!("period[{freq}]"),
        (_, Logical::StringText) => "string".to_owned(),
        (DataType::Utf8, Logical::ObjectText) if wanted == "str" || wanted == "object" => return Ok(()),
        // an object column that pandas types only as it reads
        (DataType::Timestamp(_, _) | DataType::Duration(_), Logical::Object)
            if wanted == "object" || wanted.contains("64[") =>
        {
            return Ok(());
        }
        (DataType::Null, Logical::Object) if wanted == "str" => return Ok(()),
        (_, Logical::Object) => "object".to_owned(),
        (DataType::Timestamp(unit, tz), _) => format!("datetime64[{}{}]", short(*unit), zone(tz)),
        (DataType::Duration(unit), _) => format!("timedelta64[{}]", short(*unit)),
        (DataType::Boolean, _) => "bool".to_owned(),
        (other, _) => format!("{other:?}").to_lowercase(),
    };
    let normal = |name: &str| name.replace("UTC+", "+").replace("UTC-", "-");
    if normal(&ours) == normal(wanted) { Ok(()) } else { Err(format!("type {ours}, expected {wanted}")) }
}

fn short(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

fn per_second(unit: TimeUnit) -> i128 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// A name as the fixtures spell it.
pub(crate) fn label(label: &Label) -> Value {
    match label {
        Label::Str(text) => json!(text),
        Label::Int(n) => json!({"int": n}),
        Label::Float(x) => json!({"float": x}),
        Label::Bool(b) => json!({"bool": b}),
        Label::Datetime { ns, zone } => json!({"datetime": ns, "zone": zone}),
        Label::Timedelta(ns) => json!({"timedelta": ns}),
        Label::Period(text) => json!({"period": text}),
        Label::Bytes(bytes) => json!({"hex": hex(bytes)}),
        Label::Tuple(parts) => json!({"tuple": parts.iter().map(self::label).collect::<Vec<_>>()}),
        Label::None => Value::Null,
    }
}

/// The fixture's spelling without what a label does not keep.
fn plain_label(name: &Value) -> Value {
    match name.get("period") {
        Some(period) => json!({"period": period}),
        None => name.clone(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// An expected value in the spelling of [`render`]: `inf` as text, trailing zeros of decimals gone.
fn canonical(value: &Value) -> Value {
    if let Some(text) = value["py"].as_str() {
        if let Some(digits) = text.strip_prefix("Decimal('").and_then(|t| t.strip_suffix("')")) {
            return json!({"py": format!("Decimal('{}')", trim_decimal(digits))});
        }
        return json!({"py": text});
    }
    match value.as_f64() {
        Some(x) if !value.is_i64() && !value.is_u64() => float(x),
        _ => value.clone(),
    }
}

fn trim_decimal(digits: &str) -> String {
    if digits.contains('.') {
        digits.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        digits.to_owned()
    }
}

fn float(x: f64) -> Value {
    match x {
        x if x.is_nan() => Value::Null,
        f64::INFINITY => json!("inf"),
        f64::NEG_INFINITY => json!("-inf"),
        x => json!({"f": format!("{:016x}", x.to_bits())}),
    }
}

/// Values in the fixtures' spelling.
pub(crate) fn render(values: &ArrayRef, want: &Value) -> Vec<Value> {
    (0..values.len())
        .map(|row| if values.is_null(row) { Value::Null } else { one(values, row, want) })
        .collect()
}

fn one(values: &ArrayRef, row: usize, want: &Value) -> Value {
    match values.data_type() {
        DataType::Null => Value::Null,
        DataType::Boolean => json!(values.as_boolean().value(row)),
        DataType::Utf8 => json!(values.as_string::<i32>().value(row)),
        DataType::Binary => json!({"hex": hex(values.as_binary::<i32>().value(row))}),
        DataType::UInt64 => json!(values.as_primitive::<UInt64Type>().value(row)),
        DataType::Float64 => float(values.as_primitive::<Float64Type>().value(row)),
        DataType::Float32 => float(f64::from(values.as_primitive::<Float32Type>().value(row))),
        DataType::Float16 => {
            float(values.as_primitive::<arrow::datatypes::Float16Type>().value(row).to_f64())
        }
        DataType::Dictionary(_, _) => {
            let dictionary = values.as_any_dictionary();
            one(dictionary.values(), dictionary.normalized_keys()[row], want)
        }
        DataType::Timestamp(unit, zone) => {
            let value =
                i128::from(cast(values, &DataType::Int64).unwrap().as_primitive::<Int64Type>().value(row));
            if want["type"] == "object" {
                let zone = if zone.is_some() { ", tzinfo=datetime.timezone.utc" } else { "" };
                return json!({"py": datetime_repr(value * 1_000_000 / per_second(*unit), zone)});
            }
            moment(value, *unit, want)
        }
        DataType::Duration(unit) => {
            let value = cast(values, &DataType::Int64).unwrap().as_primitive::<Int64Type>().value(row);
            moment(i128::from(value), *unit, want)
        }
        DataType::Date32 => {
            json!({"py": date_repr(i64::from(values.as_primitive::<Date32Type>().value(row)))})
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            let t = values.as_primitive::<Time64MicrosecondType>().value(row);
            json!({"py": format!("datetime.time({})", clock(t, false))})
        }
        DataType::Decimal128(_, _) => {
            let text = values.as_primitive::<Decimal128Type>().value_as_string(row);
            json!({"py": format!("Decimal('{}')", trim_decimal(&text))})
        }
        _ => json!(cast(values, &DataType::Int64).unwrap().as_primitive::<Int64Type>().value(row)),
    }
}

fn moment(value: i128, unit: TimeUnit, want: &Value) -> Value {
    let to = match want["unit"].as_str() {
        Some("s") => 1,
        Some("ms") => 1_000,
        Some("us") => 1_000_000,
        _ => 1_000_000_000,
    };
    let value = value * to / per_second(unit);
    json!(i64::try_from(value).unwrap())
}

fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

fn date_repr(days: i64) -> String {
    let (y, m, d) = civil(days);
    format!("datetime.date({y}, {m}, {d})")
}

fn clock(micros: i64, always: bool) -> String {
    let (s, us) = (micros / 1_000_000, micros % 1_000_000);
    let mut text = format!("{}, {}", s / 3600, s / 60 % 60);
    if s % 60 != 0 || us != 0 {
        text += &format!(", {}", s % 60);
    }
    if us != 0 {
        text += &format!(", {us}");
    }
    let _ = always;
    text
}

fn datetime_repr(micros: i128, zone: &str) -> String {
    let micros = i64::try_from(micros).unwrap();
    let (y, m, d) = civil(micros.div_euclid(86_400_000_000));
    format!("datetime.datetime({y}, {m}, {d}, {}{zone})", clock(micros.rem_euclid(86_400_000_000), true))
}
