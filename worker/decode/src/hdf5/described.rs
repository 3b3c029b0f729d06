//! A dataset's datatype from the bytes that describe it. (Format: HDF5 File Format Specification, IV.A.2.d.)
//!
//! The library has parsed the same bytes, so what is wrong with them was refused; but it does not say which bits of an
//! integer count, how a float is laid out, or in which order a time's bytes are. What is not exactly one of the layouts
//! that are read is `Other`, and its name says what it is.

use crate::door::{DType, Field, Padding};
use hdf5_reader::{error::Error, io::Cursor};

/// Types within types: as deep as the library goes.
const DEPTH_MAX: u32 = 32;

/// The type that a datatype message describes.
pub(super) fn dtype(message: &[u8]) -> Result<DType, Error> {
    describe(&mut Cursor::new(message), 0)
}

fn describe(from: &mut Cursor<'_>, depth: u32) -> Result<DType, Error> {
    if depth > DEPTH_MAX {
        return Err(Error::InvalidData("a datatype is nested too deeply".into()));
    }
    let head = from.read_u32_le()?;
    let (class, version, flags) = (head & 15, head >> 4 & 15, head >> 8);
    let size = from.read_u32_le()?;
    Ok(match class {
        0 => integer(from, flags, size)?,
        1 => float(from, flags, size)?,
        2 => time(from, flags, size)?,
        3 => text(flags, size),
        4 => bits(from, flags, size)?,
        5 => {
            from.skip((flags as usize & 0xff).next_multiple_of(8))?;
            DType::Other { name: "opaque".into(), size }
        }
        6 => compound(from, flags, size, version, depth)?,
        7 => DType::Other { name: "reference".into(), size },
        8 => enumeration(from, flags, size, version, depth)?,
        9 => {
            let base = describe(from, depth + 1)?;
            match flags & 15 {
                0 => DType::VarList(Box::new(base)),
                1 => DType::VarText,
                _ => DType::Other { name: "values of variable length of an unknown kind".into(), size },
            }
        }
        10 => array(from, version, depth)?,
        other => return Err(Error::UnsupportedDatatypeClass(other as u8)),
    })
}

fn is_big(flags: u32) -> bool {
    flags & 1 != 0
}

fn integer(from: &mut Cursor<'_>, flags: u32, size: u32) -> Result<DType, Error> {
    let (offset, precision) = (from.read_u16_le()?, from.read_u16_le()?);
    let (signed, big) = (flags & 8 != 0, is_big(flags));
    let (all, end) = (size.saturating_mul(8), u32::from(offset) + u32::from(precision));
    Ok(match u8::try_from(size) {
        Ok(size) if offset == 0 && u32::from(precision) == all => DType::Int { size, signed, big },
        Ok(size @ (1 | 2 | 4 | 8)) if precision > 0 && end <= all => {
            DType::Packed { size, signed, big, offset, precision }
        }
        _ => {
            let name = format!("integer of {precision} bits from bit {offset} up in {size} bytes");
            DType::Other { name: name.into(), size }
        }
    })
}

/// What a float is made of, in bits.
#[derive(PartialEq, Eq)]
struct Layout {
    offset: u16,
    precision: u16,
    sign: u32,
    exponent: (u8, u8),
    mantissa: (u8, u8),
    bias: u32,
}

impl Layout {
    /// A sign, an exponent and a mantissa, one below the other from the top of `precision` bits.
    const fn plain(precision: u16, exponent: u8, mantissa: u8, bias: u32) -> Self {
        let sign = precision as u32 - 1;
        Self { offset: 0, precision, sign, exponent: (mantissa, exponent), mantissa: (0, mantissa), bias }
    }
}

const HALF: Layout = Layout::plain(16, 5, 10, 15);
const SINGLE: Layout = Layout::plain(32, 8, 23, 127);
const DOUBLE: Layout = Layout::plain(64, 11, 52, 1023);
const BRAIN: Layout = Layout::plain(16, 8, 7, 127);

fn float(from: &mut Cursor<'_>, flags: u32, size: u32) -> Result<DType, Error> {
    let (offset, precision) = (from.read_u16_le()?, from.read_u16_le()?);
    let exponent = (from.read_u8()?, from.read_u8()?);
    let mantissa = (from.read_u8()?, from.read_u8()?);
    let bias = from.read_u32_le()?;
    let layout = Layout { offset, precision, sign: flags >> 8 & 0xff, exponent, mantissa, bias };
    // the mantissa's highest bit is 1 and not stored; bit 6 is the order of bytes in a VAX
    let (implied, vax, big) = (flags >> 4 & 3 == 2, flags & 0x40 != 0, is_big(flags));
    Ok(match size {
        2 if implied && !vax && layout == HALF => DType::Float { size: 2, big },
        4 if implied && !vax && layout == SINGLE => DType::Float { size: 4, big },
        8 if implied && !vax && layout == DOUBLE => DType::Float { size: 8, big },
        2 if implied && !vax && layout == BRAIN => DType::BFloat { big },
        _ => {
            let (order, normal) =
                (if vax { ", in VAX order" } else { "" }, if implied { "" } else { ", no implied bit" });
            let name = format!(
                "float of {precision} bits in {size} bytes: {} of exponent with bias {bias}, {} of mantissa{normal}{order}",
                exponent.1, mantissa.1
            );
            DType::Other { name: name.into(), size }
        }
    })
}

/// Seconds: an integer of 4 bytes, or what PyTables makes of 8.
fn time(from: &mut Cursor<'_>, flags: u32, size: u32) -> Result<DType, Error> {
    let (precision, big) = (from.read_u16_le()?, is_big(flags));
    Ok(match (size, precision) {
        (4, 32) => DType::Int { size: 4, signed: true, big },
        (8, 64) => DType::Time64 { big },
        _ => DType::Other { name: format!("time of {precision} bits in {size} bytes").into(), size },
    })
}

fn text(flags: u32, size: u32) -> DType {
    let padding = match flags & 15 {
        0 => Padding::NulTerminated,
        1 => Padding::Nul,
        2 => Padding::Space,
        other => return DType::Other { name: format!("text with the unknown padding {other}").into(), size },
    };
    if size == 0 {
        return DType::VarText;
    }
    DType::Text { width: size, utf8: flags >> 4 & 15 == 1, padding }
}

fn bits(from: &mut Cursor<'_>, flags: u32, size: u32) -> Result<DType, Error> {
    let (offset, precision) = (from.read_u16_le()?, from.read_u16_le()?);
    Ok(match u8::try_from(size) {
        Ok(size) if offset == 0 && precision == u16::from(size) * 8 => {
            DType::Bits { size, big: is_big(flags) }
        }
        _ => {
            let name = format!("bitfield of {precision} bits from bit {offset} up in {size} bytes");
            DType::Other { name: name.into(), size }
        }
    })
}

/// A name, and before version 3 what fills it up to a multiple of eight bytes.
fn name(from: &mut Cursor<'_>, version: u32) -> Result<String, Error> {
    let start = from.position();
    let name = from.read_null_terminated_string()?;
    if version < 3 {
        let used = (from.position() - start) as usize;
        from.skip(used.next_multiple_of(8) - used)?;
    }
    Ok(name)
}

fn compound(from: &mut Cursor<'_>, flags: u32, size: u32, version: u32, depth: u32) -> Result<DType, Error> {
    let mut fields = Vec::new();
    for _ in 0..flags & 0xffff {
        let name = name(from, version)?;
        let offset = if version < 3 {
            from.read_u32_le()?
        } else {
            let width = (4 - size.leading_zeros() as usize / 8).max(1);
            u32::try_from(from.read_uvar(width)?).unwrap_or(u32::MAX)
        };
        let mut dims = Vec::new();
        if version == 1 {
            let rank = usize::from(from.read_u8()?).min(4);
            from.skip(11)?;
            for _ in 0..4 {
                dims.push(u64::from(from.read_u32_le()?));
            }
            dims.truncate(rank);
        }
        let dtype = describe(from, depth + 1)?;
        let dtype = if dims.is_empty() { dtype } else { DType::Array { base: Box::new(dtype), dims } };
        fields.push(Field { name, offset, dtype });
    }
    Ok(DType::Compound { size, fields })
}

fn enumeration(
    from: &mut Cursor<'_>,
    flags: u32,
    size: u32,
    version: u32,
    depth: u32,
) -> Result<DType, Error> {
    let base = describe(from, depth + 1)?;
    let names = (0..flags & 0xffff).map(|_| name(from, version)).collect::<Result<Vec<_>, _>>()?;
    let mut members = Vec::with_capacity(names.len());
    for name in names {
        members.push((name, from.read_bytes(size as usize)?.to_vec()));
    }
    if base.size() != Some(size.into()) {
        return Ok(DType::Other { name: "enum of another size than its values".into(), size });
    }
    Ok(DType::Enum { base: Box::new(base), members })
}

fn array(from: &mut Cursor<'_>, version: u32, depth: u32) -> Result<DType, Error> {
    let rank = usize::from(from.read_u8()?);
    let old = version < 3;
    from.skip(if old { 3 } else { 0 })?;
    let mut dims = Vec::with_capacity(rank);
    for _ in 0..rank {
        dims.push(u64::from(from.read_u32_le()?));
    }
    from.skip(if old { 4 * rank } else { 0 })?;
    Ok(DType::Array { base: Box::new(describe(from, depth + 1)?), dims })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message of a class without a version of its own.
    fn message(class: u32, flags: u32, size: u32, properties: &[u8]) -> Vec<u8> {
        let head = (class | 1 << 4 | flags << 8).to_le_bytes();
        [&head[..], &size.to_le_bytes(), properties].concat()
    }

    #[test]
    fn a_float_is_one_of_ieee_only_with_every_bit_in_its_place() {
        let properties = [0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0];
        let flags = 31 << 8 | 2 << 4;
        let of = |flags, properties: &[u8]| dtype(&message(1, flags, 4, properties)).unwrap();
        assert_eq!(of(flags, &properties), DType::Float { size: 4, big: false });
        assert_eq!(of(flags | 1, &properties), DType::Float { size: 4, big: true });
        for (at, value) in [(0, 1), (2, 31), (4, 22), (5, 7), (6, 1), (7, 22), (8, 126), (9, 1)] {
            let mut other = properties;
            other[at] = value;
            assert!(matches!(of(flags, &other), DType::Other { .. }), "byte {at}");
        }
        for other in [30 << 8 | 2 << 4, 31 << 8, 31 << 8 | 1 << 4, flags | 0x41] {
            assert!(matches!(of(other, &properties), DType::Other { .. }), "flags {other:#x}");
        }
    }

    #[test]
    fn an_integer_says_which_of_its_bits_count() {
        let of = |size, offset: u8, precision: u8| {
            dtype(&message(0, 8, size, &[offset, 0, precision, 0])).unwrap()
        };
        assert_eq!(of(2, 0, 16), DType::Int { size: 2, signed: true, big: false });
        let packed = DType::Packed { size: 2, signed: true, big: false, offset: 4, precision: 12 };
        assert_eq!(of(2, 4, 12), packed);
        for (size, offset, precision) in [(2, 5, 12), (2, 0, 0), (3, 0, 20), (2, 0, 17)] {
            assert!(
                matches!(of(size, offset, precision), DType::Other { .. }),
                "{size} {offset} {precision}"
            );
        }
    }
}
