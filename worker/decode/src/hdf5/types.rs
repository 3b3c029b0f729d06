//! The library's shapes and types in our words.

use crate::door::{DType, Field};
use hdf5_reader::{
    ByteOrder, CompoundField, Datatype, EnumMember, StringEncoding, StringSize, VarLenKind,
    messages::dataspace::{DataspaceMessage, DataspaceType},
};

pub(super) fn shape_of(space: &DataspaceMessage) -> Vec<u64> {
    match space.dataspace_type {
        DataspaceType::Scalar => Vec::new(),
        DataspaceType::Null => vec![0],
        DataspaceType::Simple => space.dims.clone(),
    }
}

/// The library's datatypes in the decoder's words.
pub(super) fn dtype(from: &Datatype) -> DType {
    let big = |order: &ByteOrder| *order == ByteOrder::BigEndian;
    match from {
        Datatype::FixedPoint { size, signed, byte_order } => {
            DType::Int { size: *size, signed: *signed, big: big(byte_order) }
        }
        Datatype::FloatingPoint { size, byte_order } => DType::Float { size: *size, big: big(byte_order) },
        Datatype::Bitfield { size, byte_order } => DType::Bits { size: *size, big: big(byte_order) },
        Datatype::String { size: StringSize::Fixed(width), encoding, .. } => {
            DType::Text { width: *width, utf8: *encoding == StringEncoding::Utf8 }
        }
        Datatype::String { size: StringSize::Variable, .. }
        | Datatype::VarLen { kind: VarLenKind::String, .. } => DType::VarText,
        Datatype::VarLen { base, .. } => DType::VarList(Box::new(dtype(base))),
        Datatype::Compound { size, fields } => {
            DType::Compound { size: *size, fields: fields.iter().map(field).collect() }
        }
        Datatype::Array { base, dims } => DType::Array { base: Box::new(dtype(base)), dims: dims.clone() },
        Datatype::Enum { base, members } => {
            let member = |m: &EnumMember| (m.name.clone(), m.value.clone());
            DType::Enum { base: Box::new(dtype(base)), members: members.iter().map(member).collect() }
        }
        // the library keeps H5T_TIME as opaque bytes; PyTables' 4-byte times, which pandas uses for dates, are
        // little-endian integers
        Datatype::Opaque { size: 4, tag } if tag == "HDF5_TIME" => {
            DType::Int { size: 4, signed: true, big: false }
        }
        Datatype::Opaque { size, .. } => DType::Other { name: "opaque", size: *size },
        Datatype::Reference { size, .. } => DType::Other { name: "reference", size: u32::from(*size) },
    }
}

fn field(from: &CompoundField) -> Field {
    Field { name: from.name.clone(), offset: from.byte_offset, dtype: dtype(&from.datatype) }
}
