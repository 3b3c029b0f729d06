//! NumPy arrays and scalars inside pickles (format: NumPy `array_reduce`, `array_setstate`, `_frombuffer`).

use super::{Pickle, Value, cell::Cell};
use crate::{
    fail::{Res, fail},
    unit,
};
use arrow::datatypes::TimeUnit;
use std::borrow::Cow;
use tarquet_common::codes::format;

/// Whether a module is one that NumPy pickles refer to.
pub(super) fn is_numpy(module: &str) -> bool {
    is_multiarray(module) || matches!(module, "numpy.core.numeric" | "numpy._core.numeric" | "numpy")
}

/// NumPy 1's and 2's name of the module of arrays.
pub(super) fn is_multiarray(module: &str) -> bool {
    matches!(module, "numpy.core.multiarray" | "numpy._core.multiarray")
}

/// A NumPy dtype: kind letter, width in bytes, byte order, unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumpyType {
    /// `b` bool, `i` `u` integers, `f` float, `O` objects, `M` `m` moments and spans, `U` text, `S` bytes.
    pub(crate) kind: u8,
    /// Bytes of an element.
    pub(crate) width: usize,
    /// Whether big-endian.
    pub(crate) big: bool,
    /// Of `M` and `m`.
    pub(crate) unit: Option<TimeUnit>,
}

/// The values of an array.
pub(crate) enum Elements<'p> {
    /// Python objects, in C order.
    Objects(&'p [Value]),
    /// Bytes of elements, in C order unless `fortran`.
    Bytes { bytes: Cow<'p, [u8]>, fortran: bool },
}

/// An array.
pub(crate) struct Array<'p> {
    /// Its dimensions.
    pub(crate) shape: Vec<usize>,
    /// Its type.
    pub(crate) dtype: NumpyType,
    /// Its values: as many as the shape says.
    pub(crate) elements: Elements<'p>,
}

impl Pickle<'_> {
    /// The array that a value stands for.
    pub(crate) fn array(&self, value: Value) -> Res<Array<'_>> {
        let (call, args) =
            self.call(value).ok_or_else(|| self.malformed("something where an array must be"))?;
        match self.global_name(call.callable) {
            Some((module, "_reconstruct")) if is_multiarray(module) => {
                let state = call.state.and_then(|state| self.items(state)).unwrap_or_default();
                let [_, shape, dtype, fortran, data] = state else {
                    return Err(self.malformed("an array without its state"));
                };
                self.make_array(*shape, *dtype, *fortran == Value::Bool(true), *data)
            }
            Some((module, "_frombuffer")) if is_numpy(module) => {
                let [data, dtype, shape, order] = args else {
                    return Err(self.malformed("an array without its parts"));
                };
                self.make_array(*shape, *dtype, self.text(*order) == Some("F"), *data)
            }
            _ => Err(self.unknown(value)),
        }
    }

    fn make_array(&self, shape: Value, dtype: Value, fortran: bool, data: Value) -> Res<Array<'_>> {
        let shape = self.items(shape).unwrap_or_default();
        let shape = (0..shape.len()).map(|i| {
            usize::try_from(self.int_arg(shape, i)?).map_err(|_| self.malformed("an array of negative size"))
        });
        let shape: Vec<usize> = shape.collect::<Res<_>>()?;
        let dtype = self.dtype(dtype)?;
        let count = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
        let elements = match self.items(data) {
            Some(objects) if dtype.kind == b'O' => Elements::Objects(objects),
            _ => Elements::Bytes { bytes: self.raw_bytes(data)?, fortran },
        };
        let have = match &elements {
            Elements::Objects(objects) => Some(objects.len()),
            Elements::Bytes { bytes, .. } => bytes.len().checked_div(dtype.width),
        };
        if count.is_none() || count != have {
            return Err(self.malformed("an array with more or fewer values than its shape"));
        }
        Ok(Array { shape, dtype, elements })
    }

    /// The dtype that `numpy.dtype(code, …)` with its state stands for.
    fn dtype(&self, value: Value) -> Res<NumpyType> {
        let known =
            self.call(value).filter(|(call, _)| self.global_name(call.callable) == Some(("numpy", "dtype")));
        let (call, args) = known.ok_or_else(|| self.unknown(value))?;
        let code = args.first().and_then(|&v| self.text(v)).unwrap_or("");
        let state = call.state.and_then(|state| self.items(state)).unwrap_or_default();
        let big = state.get(1).and_then(|&v| self.text(v)) == Some(">");
        let (kind, width) = code.split_at_checked(1).unwrap_or(("", ""));
        let kind = kind.bytes().next().unwrap_or(b'?');
        let width: usize = width.parse().unwrap_or(0);
        let unit = match kind {
            b'M' | b'm' => Some(self.dtype_unit(state)?),
            _ => None,
        };
        if !b"biufOMmUS".contains(&kind) || (width == 0 && !b"US".contains(&kind)) {
            let message = format!("a pickled array of NumPy type {code:?}");
            return Err(fail(format::TYPE_UNSUPPORTED, self.item(), message));
        }
        let width = if kind == b'U' { width.saturating_mul(4) } else { width };
        Ok(NumpyType { kind, width, big, unit })
    }

    /// The unit in the state of a `M8` or `m8` dtype: `(…, ({}, (b"ns", 1, 1, 1)))`.
    fn dtype_unit(&self, state: &[Value]) -> Res<TimeUnit> {
        let metadata =
            state.last().and_then(|&v| self.items(v)).and_then(|m| m.get(1)).and_then(|&v| self.items(v));
        let [name, count, ..] = metadata.unwrap_or_default() else {
            return Err(self.malformed("a moment without a unit"));
        };
        let name = self.raw_bytes(*name)?;
        let unit =
            std::str::from_utf8(&name).ok().and_then(unit::of_name).filter(|_| *count == Value::Int(1));
        unit.ok_or_else(|| {
            let message = format!("NumPy moments in units of {}", String::from_utf8_lossy(&name));
            fail(format::TYPE_UNSUPPORTED, self.item(), message)
        })
    }

    /// `numpy.core.multiarray.scalar(dtype, bytes)`.
    pub(super) fn numpy_scalar(&self, args: &[Value]) -> Res<Cell<'_>> {
        let [dtype, data] = args else { return Err(self.malformed("a NumPy scalar without its parts")) };
        let dtype = self.dtype(*dtype)?;
        if dtype.kind == b'O' {
            return Err(self.malformed("a NumPy scalar that is an object"));
        }
        let bytes = self.raw_bytes(*data)?;
        if bytes.len() != dtype.width {
            return Err(self.malformed("a NumPy scalar of the wrong length"));
        }
        let item = self.item();
        Ok(element(dtype, &bytes, item)?.owned())
    }
}

/// One element of a NumPy array from its bytes.
pub(crate) fn element<'b>(dtype: NumpyType, bytes: &'b [u8], item: &str) -> Res<Cell<'b>> {
    let mut word = [0u8; 8];
    let numeric = b"biufMm".contains(&dtype.kind);
    if numeric && bytes.len() <= 8 {
        word[..bytes.len()].copy_from_slice(bytes);
        if dtype.big {
            word[..bytes.len()].reverse();
        }
    }
    let unsigned = u64::from_le_bytes(word);
    let shift = 64 - 8 * u32::try_from(bytes.len().clamp(1, 8)).unwrap_or(8);
    let signed = ((unsigned << shift) as i64) >> shift;
    Ok(match (dtype.kind, bytes.len()) {
        (b'b', 1) => Cell::Bool(bytes[0] != 0),
        (b'i', 1 | 2 | 4 | 8) => Cell::Int(i128::from(signed)),
        (b'u', 1 | 2 | 4 | 8) => Cell::Int(i128::from(unsigned)),
        (b'f', 2) => Cell::Float(half::f16::from_bits(unsigned as u16).to_f64()),
        (b'f', 4) => Cell::Float(f64::from(f32::from_bits(unsigned as u32))),
        (b'f', 8) => Cell::Float(f64::from_bits(unsigned)),
        (b'M' | b'm', 8) if signed == i64::MIN => Cell::Null,
        (b'M', 8) => {
            Cell::Moment { value: signed, unit: dtype.unit.unwrap_or(TimeUnit::Nanosecond), zone: None }
        }
        (b'm', 8) => Cell::Span { value: signed, unit: dtype.unit.unwrap_or(TimeUnit::Nanosecond) },
        (b'S', _) => Cell::Bytes(Cow::Borrowed(trimmed(bytes))),
        (b'U', _) => Cell::Text(Cow::Owned(utf32(bytes, dtype.big, item)?.into_bytes())),
        (kind, width) => {
            let message = format!("a NumPy value of type {}{width}", char::from(kind));
            return Err(fail(format::TYPE_UNSUPPORTED, item, message));
        }
    })
}

/// Without trailing NULs.
fn trimmed(bytes: &[u8]) -> &[u8] {
    let len = bytes.iter().rposition(|&b| b != 0).map_or(0, |i| i + 1);
    &bytes[..len]
}

fn utf32(bytes: &[u8], big: bool, item: &str) -> Res<String> {
    let codes = bytes.as_chunks::<4>().0.iter();
    let codes = codes.map(|&b| if big { u32::from_be_bytes(b) } else { u32::from_le_bytes(b) });
    let text: Option<String> = codes.map(char::from_u32).collect();
    let text =
        text.ok_or_else(|| fail(format::TEXT_UNDECODABLE, item, "NumPy text with a character that is none"))?;
    Ok(text.trim_end_matches('\0').to_owned())
}
