//! Whether an index is the default one (FIDELITY 4).

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int64Type};
use tarquet_decode::frame::{Frame, Label, Level, Logical};

/// Whether the frame's index is *default*: unnamed, int64, values exactly 0..n-1; or no rows; or no index at all.
pub(crate) fn is_default_index(frame: &Frame) -> bool {
    match frame.index.as_slice() {
        _ if frame.rows == 0 => true,
        [] => true,
        [level] => is_default_level(level),
        _ => false,
    }
}

/// Whether the level is unnamed, int64, and counts from 0.
fn is_default_level(level: &Level) -> bool {
    if level.name != Label::None || level.logical != Logical::Plain {
        return false;
    }
    if *level.values.data_type() != DataType::Int64 || level.values.null_count() > 0 {
        return false;
    }
    level.values.as_primitive::<Int64Type>().values().iter().zip(0..).all(|(value, n)| *value == n)
}
