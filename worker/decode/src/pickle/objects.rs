//! The calls and globals that mean data: dates, decimals, pandas' stamps, zones, offsets and NumPy scalars.
//!
//! This is the whole list. What is not on it is a failure naming the global.

use super::{
    Call, Pickle, Value, arrays,
    cell::Cell,
    value::{Node, Span},
};
use crate::{
    fail::{Fault, Res, differs, fail, layout},
    frame::Label,
    unit,
};
use arrow::datatypes::TimeUnit;
use std::borrow::Cow;
use tarquet_common::codes::format;

impl Pickle<'_> {
    /// The scalar that a value stands for.
    pub(crate) fn cell(&self, value: Value) -> Res<Cell<'_>> {
        self.budget().work(1);
        self.budget().keep_pace(self.item())?;
        Ok(match value {
            Value::None => Cell::Null,
            Value::Bool(b) => Cell::Bool(b),
            Value::Int(n) => Cell::Int(i128::from(n)),
            Value::BigInt(span) => Cell::Int(self.big(span)?),
            Value::Float(x) => Cell::Float(x),
            Value::Str(span) => Cell::Text(Cow::Borrowed(self.bytes(span))),
            Value::Bytes(span) => Cell::Bytes(Cow::Borrowed(self.bytes(span))),
            Value::Global(_) => match self.global_name(value) {
                Some(("pandas._libs.missing" | "pandas", "NA") | ("pandas._libs.tslibs.nattype", "NaT")) => {
                    Cell::Null
                }
                _ => return Err(self.unknown(value)),
            },
            Value::Node(id) => match self.node(id) {
                Node::List(_) => Cell::Nested("list"),
                Node::Tuple(_) => Cell::Nested("tuple"),
                Node::Dict(_) => Cell::Nested("dict"),
                Node::Set(_) => Cell::Nested("set"),
                Node::Call(call) => self.called(value, *call)?,
                Node::Global { .. } => return Err(self.unknown(value)),
            },
        })
    }

    fn called(&self, value: Value, call: Call) -> Res<Cell<'_>> {
        let args = self.items(call.args).unwrap_or_default();
        let Some(name) = self.global_name(call.callable) else { return Err(self.unknown(value)) };
        Ok(match name {
            ("datetime", "date") => Cell::Date(self.date(args)?),
            ("datetime", "datetime") => self.datetime(args)?,
            ("datetime", "time") => self.time(args)?,
            ("datetime", "timedelta") => {
                Cell::Span { value: self.timedelta(args)?, unit: TimeUnit::Microsecond }
            }
            ("decimal" | "_decimal" | "_pydecimal", "Decimal") => self.decimal(args)?,
            ("pandas._libs.tslibs.nattype", "__nat_unpickle" | "_nat_unpickle") => Cell::Null,
            ("pandas._libs.tslibs.timestamps", "_unpickle_timestamp" | "Timestamp") => {
                self.timestamp(args)?
            }
            ("pandas._libs.tslibs.timedeltas", "_timedelta_unpickle" | "Timedelta") => {
                let unit = self.reso(args.get(1))?;
                Cell::Span { value: self.int_arg(args, 0)?, unit }
            }
            ("pandas._libs.tslibs.period" | "pandas._libs.tslibs.period_", "Period") => {
                let freq = args.get(1).map(|&f| self.freq(f)).transpose()?;
                let freq = freq.ok_or_else(|| self.malformed("a period without a frequency"))?;
                Cell::Period { ordinal: self.int_arg(args, 2)?, freq }
            }
            ("_codecs", "encode") | ("builtins" | "__builtin__", "bytes" | "bytearray") => {
                Cell::Bytes(self.raw_bytes(value)?)
            }
            (module, "scalar") if arrays::is_multiarray(module) => self.numpy_scalar(args)?,
            (module, "_reconstruct" | "_frombuffer") if arrays::is_numpy(module) => Cell::Nested("ndarray"),
            _ => return Err(self.unknown(value)),
        })
    }

    /// The elements of a list or tuple.
    pub(crate) fn items(&self, value: Value) -> Option<&[Value]> {
        match value {
            Value::Node(id) => match self.node(id) {
                Node::List(items) | Node::Tuple(items) => Some(items),
                _ => None,
            },
            _ => None,
        }
    }

    /// The elements of what must be a list or tuple; a call is a failure by its global's name.
    pub(crate) fn need_items(&self, value: Value, what: &str) -> Res<&[Value]> {
        self.items(value).ok_or_else(|| self.not(value, what))
    }

    /// The failure for a value that is not `what` it must be.
    pub(crate) fn not(&self, value: Value, what: &str) -> Fault {
        if self.call(value).is_some() || self.global_name(value).is_some() {
            return self.unknown(value);
        }
        layout(self.item(), format!("{what} is not what pandas writes"))
    }

    /// The value under a text key of a dict.
    pub(crate) fn get(&self, dict: Value, key: &str) -> Option<Value> {
        self.find(dict, |k| matches!(k, Value::Str(span) if self.bytes(span) == key.as_bytes()))
    }

    /// The value under an integer key of a dict.
    pub(crate) fn get_int(&self, dict: Value, key: i64) -> Option<Value> {
        self.find(dict, |k| k == Value::Int(key))
    }

    /// Whether a value is a dict.
    pub(crate) fn is_dict(&self, value: Value) -> bool {
        matches!(value, Value::Node(id) if matches!(self.node(id), Node::Dict(_)))
    }

    fn find(&self, dict: Value, is: impl Fn(Value) -> bool) -> Option<Value> {
        let Value::Node(id) = dict else { return None };
        let Node::Dict(pairs) = self.node(id) else { return None };
        pairs.chunks_exact(2).rev().find(|pair| is(pair[0])).map(|pair| pair[1])
    }

    /// Text that is valid UTF-8.
    pub(crate) fn text(&self, value: Value) -> Option<&str> {
        match value {
            Value::Str(span) => std::str::from_utf8(self.bytes(span)).ok(),
            _ => None,
        }
    }

    /// Module and name of a global.
    pub(crate) fn global_name(&self, value: Value) -> Option<(&str, &str)> {
        let Value::Global(id) = value else { return None };
        let Node::Global { module, name } = self.node(id) else { return None };
        let text = |span: Span| std::str::from_utf8(self.bytes(span)).ok();
        Some((text(*module)?, text(*name)?))
    }

    /// The call that a value is.
    pub(crate) fn call(&self, value: Value) -> Option<(Call, &[Value])> {
        let Value::Node(id) = value else { return None };
        let Node::Call(call) = self.node(id) else { return None };
        Some((*call, self.items(call.args).unwrap_or_default()))
    }

    /// The failure for a value that is not on the list.
    pub(crate) fn unknown(&self, value: Value) -> Fault {
        let callable = self.call(value).map_or(value, |(call, _)| call.callable);
        let name = match (self.global_name(callable), self.call(callable)) {
            (Some((module, name)), _) => format!("{module}.{name}"),
            (None, Some((inner, _))) => {
                let inner = self.global_name(inner.callable).map(|(m, n)| format!("{m}.{n}(…)"));
                inner.unwrap_or_else(|| "a call of a call".to_owned())
            }
            (None, None) => "a call of a plain value".to_owned(),
        };
        differs(
            format::PICKLE_GLOBAL,
            self.item(),
            format!("a pickled value needs {name}, which is not known and is not executed"),
            "plain values, dates, decimals, NumPy and pandas scalars",
            name,
        )
    }

    pub(super) fn malformed(&self, what: &str) -> Fault {
        fail(format::PICKLE_DAMAGED, self.item(), format!("the pickle holds {what}"))
    }

    fn big(&self, span: Span) -> Res<i128> {
        let bytes = self.bytes(span);
        if bytes.len() > 16 {
            return Err(fail(format::VALUE_RANGE, self.item(), "an integer of more than 128 bits"));
        }
        let negative = bytes.last().is_some_and(|&b| b & 0x80 != 0);
        let mut out = [if negative { 0xff } else { 0 }; 16];
        out[..bytes.len()].copy_from_slice(bytes);
        Ok(i128::from_le_bytes(out))
    }

    pub(super) fn int_arg(&self, args: &[Value], index: usize) -> Res<i64> {
        match args.get(index) {
            Some(Value::Int(n)) => Ok(*n),
            Some(Value::Bool(b)) => Ok(i64::from(*b)),
            _ => Err(self.malformed("a call whose argument is not the integer it must be")),
        }
    }

    /// Bytes, also as protocols 0 to 2 write them: Latin-1 text that is to be encoded.
    pub(crate) fn raw_bytes(&self, value: Value) -> Res<Cow<'_, [u8]>> {
        match value {
            Value::Bytes(span) => return Ok(Cow::Borrowed(self.bytes(span))),
            Value::Str(span) => return self.latin1(span),
            _ => {}
        }
        let (call, args) = self.call(value).ok_or_else(|| self.malformed("something where bytes must be"))?;
        match (self.global_name(call.callable), args) {
            (Some(("_codecs", "encode")), [Value::Str(text), ..]) => self.latin1(*text),
            (Some(("builtins" | "__builtin__", "bytes" | "bytearray")), []) => Ok(Cow::Borrowed(&[])),
            (Some(("builtins" | "__builtin__", "bytes" | "bytearray")), [inner, ..])
                if self.call(*inner).is_none() =>
            {
                self.raw_bytes(*inner)
            }
            _ => Err(self.unknown(value)),
        }
    }

    fn latin1(&self, span: Span) -> Res<Cow<'_, [u8]>> {
        let text =
            std::str::from_utf8(self.bytes(span)).map_err(|_| self.malformed("bytes in broken text"))?;
        let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
        bytes.map(Cow::Owned).ok_or_else(|| self.malformed("bytes beyond Latin-1"))
    }

    /// The label that a value stands for.
    pub(crate) fn label(&self, value: Value) -> Res<Label> {
        self.label_within(value, 4)
    }

    fn label_within(&self, value: Value, depth: u32) -> Res<Label> {
        if let Some(items) = self.items(value) {
            self.budget().label(0, self.item())?;
            let deeper =
                depth.checked_sub(1).ok_or_else(|| layout(self.item(), "a name nested too deeply"))?;
            return items.iter().map(|&v| self.label_within(v, deeper)).collect::<Res<_>>().map(Label::Tuple);
        }
        let cell = self.cell(value)?;
        let text = match &cell {
            Cell::Text(text) => text.len(),
            Cell::Bytes(bytes) => bytes.len(),
            _ => 0,
        };
        self.budget().label(text, self.item())?;
        label_of(cell, self.item())
    }
}

/// A scalar as a label.
pub(crate) fn label_of(cell: Cell<'_>, item: &str) -> Res<Label> {
    let ns = |value: i64, from: TimeUnit| {
        unit::convert(value, from, TimeUnit::Nanosecond)
            .ok_or_else(|| fail(format::VALUE_RANGE, item, "a name that is a moment beyond the year 2262"))
    };
    Ok(match cell {
        Cell::Null => Label::None,
        Cell::Bool(b) => Label::Bool(b),
        Cell::Int(n) => match i64::try_from(n) {
            Ok(n) => Label::Int(n),
            Err(_) => Label::Str(n.to_string()),
        },
        Cell::Float(x) if x.is_nan() => Label::None,
        Cell::Float(x) => Label::Float(x),
        Cell::Text(text) => Label::Str(utf8(&text, item)?.to_owned()),
        Cell::Bytes(bytes) => Label::Bytes(bytes.into_owned()),
        Cell::Moment { value, unit, zone } => Label::Datetime { ns: ns(value, unit)?, zone },
        Cell::Date(days) => {
            Label::Datetime { ns: ns(i64::from(days) * 86_400, TimeUnit::Second)?, zone: None }
        }
        Cell::Span { value, unit } => Label::Timedelta(ns(value, unit)?),
        Cell::Period { ordinal, freq } => Label::Period(format!("{freq}:{ordinal}")),
        Cell::Time(_) | Cell::Decimal { .. } | Cell::Nested(_) => {
            return Err(fail(
                format::TYPE_UNSUPPORTED,
                item,
                "a name of a type that no column name has in Parquet",
            ));
        }
    })
}

/// Checked text.
pub(crate) fn utf8<'t>(text: &'t [u8], item: &str) -> Res<&'t str> {
    std::str::from_utf8(text).map_err(|e| {
        let shown = String::from_utf8_lossy(&text[..text.len().min(80)]).into_owned();
        let surrogate = text.windows(2).any(|pair| pair[0] == 0xed && pair[1] >= 0xa0);
        let message = if surrogate {
            "text holds a lone surrogate, which is no character"
        } else {
            "text is not valid UTF-8"
        };
        Box::new((*differs(format::TEXT_UNDECODABLE, item, message, "UTF-8", shown)).caused_by(&e))
    })
}
