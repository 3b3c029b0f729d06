//! The library's shapes and types in our words.

use super::handle::Handle;
use crate::{
    door::{DType, Field, Padding},
    fail::{Res, damaged},
};
use hdf5_metno::{h5i::hid_t, h5s::*, h5t::*};
use std::{
    ffi::{CStr, CString},
    ptr::null_mut,
};

/// A dataspace's dimensions.
pub(super) fn shape(space: &Handle) -> Res<Vec<u64>> {
    // SAFETY: the dataspace is open; the buffer has room for as many dimensions as it has.
    unsafe {
        if H5Sget_simple_extent_type(space.id) == H5S_class_t::H5S_NULL {
            return Ok(vec![0]);
        }
        let rank = usize::try_from(H5Sget_simple_extent_ndims(space.id)).unwrap_or(0);
        let mut dims = vec![0; rank];
        H5Sget_simple_extent_dims(space.id, dims.as_mut_ptr(), null_mut());
        Ok(dims)
    }
}

/// The library's datatypes in the decoder's words.
pub(super) fn dtype(kind: &Handle, depth: u32) -> Res<DType> {
    if depth > 16 {
        return Err(damaged("/", "a datatype nested too deeply"));
    }
    let id = kind.id;
    // SAFETY: plain questions to an open datatype; names are copied and freed by the library's own call.
    unsafe {
        let size = H5Tget_size(id);
        let (small, wide) = (u8::try_from(size).unwrap_or(u8::MAX), u32::try_from(size).unwrap_or(u32::MAX));
        let big = H5Tget_order(id) == H5T_order_t::H5T_ORDER_BE;
        let other = |name: &'static str| DType::Other { name: name.into(), size: wide };
        let base = || {
            let base = Handle::new(H5Tget_super(id), H5Tclose, "/", "read a type")?;
            dtype(&base, depth + 1).map(Box::new)
        };
        Ok(match H5Tget_class(id) {
            H5T_class_t::H5T_INTEGER => {
                let signed = H5Tget_sign(id) == H5T_sign_t::H5T_SGN_2;
                match (u16::try_from(H5Tget_offset(id)), u16::try_from(H5Tget_precision(id))) {
                    _ if whole(id) => DType::Int { size: small, signed, big },
                    (Ok(offset), Ok(precision)) if [1, 2, 4, 8].contains(&size) => {
                        DType::Packed { size: small, signed, big, offset, precision }
                    }
                    _ => other("integer"),
                }
            }
            H5T_class_t::H5T_TIME if size == 4 && whole(id) => DType::Int { size: 4, signed: true, big },
            H5T_class_t::H5T_TIME if size == 8 && whole(id) => DType::Time64 { big },
            H5T_class_t::H5T_FLOAT => float(id, big).unwrap_or_else(|| other("float")),
            H5T_class_t::H5T_BITFIELD if whole(id) => DType::Bits { size: small, big },
            H5T_class_t::H5T_STRING if H5Tis_variable_str(id) > 0 => DType::VarText,
            H5T_class_t::H5T_STRING => {
                let padding = match H5Tget_strpad(id) {
                    H5T_str_t::H5T_STR_NULLTERM => Padding::NulTerminated,
                    H5T_str_t::H5T_STR_NULLPAD => Padding::Nul,
                    H5T_str_t::H5T_STR_SPACEPAD => Padding::Space,
                    _ => return Ok(other("text")),
                };
                let utf8 = H5Tget_cset(id) == H5T_cset_t::H5T_CSET_UTF8;
                DType::Text { width: wide, utf8, padding }
            }
            H5T_class_t::H5T_VLEN => DType::VarList(base()?),
            H5T_class_t::H5T_ARRAY => {
                let mut dims = vec![0; usize::try_from(H5Tget_array_ndims(id)).unwrap_or(0)];
                H5Tget_array_dims2(id, dims.as_mut_ptr());
                DType::Array { base: base()?, dims }
            }
            H5T_class_t::H5T_COMPOUND => DType::Compound { size: wide, fields: fields(id, depth)? },
            H5T_class_t::H5T_ENUM => DType::Enum { base: base()?, members: members(id, size) },
            H5T_class_t::H5T_REFERENCE => other("reference"),
            _ => other("opaque"),
        })
    }
}

/// Whether all bits of a number count.
///
/// # Safety
/// `id` must be an open datatype.
unsafe fn whole(id: hid_t) -> bool {
    // SAFETY: plain questions to an open datatype.
    unsafe { H5Tget_offset(id) == 0 && H5Tget_precision(id) == 8 * H5Tget_size(id) }
}

/// One of IEEE's floats, or bfloat16.
///
/// # Safety
/// `id` must be an open float.
unsafe fn float(id: hid_t, big: bool) -> Option<DType> {
    // SAFETY: plain questions to an open datatype; the fields are ours.
    unsafe {
        let (mut sign, mut at, mut exponent, mut from, mut mantissa) = (0, 0, 0, 0, 0);
        H5Tget_fields(id, &raw mut sign, &raw mut at, &raw mut exponent, &raw mut from, &raw mut mantissa);
        let order = H5Tget_order(id);
        let implied = H5Tget_norm(id) == H5T_norm_t::H5T_NORM_IMPLIED;
        let known = order == H5T_order_t::H5T_ORDER_LE || order == H5T_order_t::H5T_ORDER_BE;
        let packed = from == 0 && at == mantissa && sign == mantissa + exponent && whole(id);
        match (exponent, mantissa, H5Tget_ebias(id)) {
            _ if !(implied && known && packed) => None,
            (5, 10, 15) => Some(DType::Float { size: 2, big }),
            (8, 23, 127) => Some(DType::Float { size: 4, big }),
            (11, 52, 1023) => Some(DType::Float { size: 8, big }),
            (8, 7, 127) => Some(DType::BFloat { big }),
            _ => None,
        }
    }
}

/// # Safety
/// `id` must be an open compound or enum.
unsafe fn member_name(id: hid_t, index: u32) -> String {
    // SAFETY: the library hands out a C string that is its caller's to free.
    unsafe {
        let name = H5Tget_member_name(id, index);
        if name.is_null() {
            return String::new();
        }
        let copy = CString::from(CStr::from_ptr(name));
        hdf5_metno::h5::H5free_memory(name.cast());
        copy.to_string_lossy().into_owned()
    }
}

/// # Safety
/// `id` must be an open compound.
unsafe fn fields(id: hid_t, depth: u32) -> Res<Vec<Field>> {
    // SAFETY: the caller's promise; indexes are below the number of members.
    unsafe {
        let count = u32::try_from(H5Tget_nmembers(id)).unwrap_or(0);
        let field = |index| {
            let kind = Handle::new(H5Tget_member_type(id, index), H5Tclose, "/", "read a type")?;
            let offset = u32::try_from(H5Tget_member_offset(id, index)).unwrap_or(u32::MAX);
            Ok(Field { name: member_name(id, index), offset, dtype: dtype(&kind, depth + 1)? })
        };
        (0..count).map(field).collect()
    }
}

/// # Safety
/// `id` must be an open enum of elements of `size` bytes.
unsafe fn members(id: hid_t, size: usize) -> Vec<(String, Vec<u8>)> {
    // SAFETY: the caller's promise; the buffer has room for one value.
    unsafe {
        let count = u32::try_from(H5Tget_nmembers(id)).unwrap_or(0);
        let member = |index| {
            let mut value = vec![0u8; size];
            H5Tget_member_value(id, index, value.as_mut_ptr().cast());
            (member_name(id, index), value)
        };
        (0..count).map(member).collect()
    }
}
