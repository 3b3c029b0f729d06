//! Codes into a list of values, as categoricals and multi-indexes hold them.

use crate::fail::{Res, layout};
use arrow::{
    array::{ArrayRef, AsArray, Int32Array},
    datatypes::Int64Type,
};

/// Codes into `len` values as nullable int32, −1 being null. A code beyond the values is a failure.
pub(crate) fn checked_codes(codes: &ArrayRef, len: usize, item: &str) -> Res<Int32Array> {
    let codes =
        codes.as_primitive_opt::<Int64Type>().ok_or_else(|| layout(item, "codes that are no integers"))?;
    if let Some(bad) = codes.iter().flatten().find(|&code| code < -1 || code >= len as i64) {
        return Err(layout(item, format!("the code {bad} where there are {len} values")));
    }
    Ok(codes
        .iter()
        .map(|code| code.filter(|&code| code >= 0).and_then(|code| i32::try_from(code).ok()))
        .collect())
}
