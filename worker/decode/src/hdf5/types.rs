//! The library's shapes and types in our words.

use crate::door::{DType, Padding};
use hdf5_reader::{
    ByteOrder, Datatype, EnumMember, StringEncoding, StringSize, VarLenKind,
    messages::{
        HdfMessage,
        dataspace::{DataspaceMessage, DataspaceType},
        layout::DataLayout,
    },
    object_header::ObjectHeader,
};

pub(super) fn shape_of(space: &DataspaceMessage) -> Vec<u64> {
    match space.dataspace_type {
        DataspaceType::Scalar => Vec::new(),
        DataspaceType::Null => vec![0],
        DataspaceType::Simple => space.dims.clone(),
    }
}

/// The type of an attribute: those that PyTables and pandas write, and the rest by name.
pub(super) fn attribute_type(from: &Datatype) -> DType {
    let big = |order: &ByteOrder| *order == ByteOrder::BigEndian;
    let other = |name: &'static str| DType::Other { name: name.into(), size: 0 };
    match from {
        Datatype::FixedPoint { size, signed, byte_order } => {
            DType::Int { size: *size, signed: *signed, big: big(byte_order) }
        }
        Datatype::FloatingPoint { size, byte_order } => DType::Float { size: *size, big: big(byte_order) },
        Datatype::Bitfield { size, byte_order } => DType::Bits { size: *size, big: big(byte_order) },
        Datatype::String { size: StringSize::Fixed(width), encoding, .. } => {
            let utf8 = *encoding == StringEncoding::Utf8;
            DType::Text { width: *width, utf8, padding: Padding::Nul }
        }
        Datatype::String { size: StringSize::Variable, .. }
        | Datatype::VarLen { kind: VarLenKind::String, .. } => DType::VarText,
        Datatype::Enum { base, members } => {
            let member = |m: &EnumMember| (m.name.clone(), m.value.clone());
            let base = Box::new(attribute_type(base));
            DType::Enum { base, members: members.iter().map(member).collect() }
        }
        Datatype::VarLen { .. } => other("list of variable length"),
        Datatype::Compound { .. } => other("compound"),
        Datatype::Array { .. } => other("array"),
        Datatype::Opaque { .. } => other("opaque"),
        Datatype::Reference { .. } => other("reference"),
    }
}

/// Bytes that a header takes once it is parsed. Its size in the file says little: parts of it may be shared.
pub(super) fn weight_of(header: &ObjectHeader) -> u64 {
    let message = |message: &HdfMessage| {
        let more = match message {
            HdfMessage::Datatype(message) => type_weight(&message.datatype),
            HdfMessage::Attribute(a) => {
                a.name.len() as u64 + a.raw_data.len() as u64 + type_weight(&a.datatype)
            }
            HdfMessage::Link(message) => message.name.len() as u64,
            HdfMessage::DataLayout(message) => match &message.layout {
                DataLayout::Compact { data } => data.len() as u64,
                _ => 0,
            },
            _ => 0,
        };
        size_of::<HdfMessage>() as u64 + more
    };
    header.messages.iter().map(message).sum()
}

/// Bytes that a datatype takes, as the library's or in our words.
pub(super) fn type_weight(from: &Datatype) -> u64 {
    const NODE_BYTES: u64 = 96;
    NODE_BYTES
        + match from {
            Datatype::VarLen { base, .. } | Datatype::Array { base, .. } => type_weight(base),
            Datatype::Compound { fields, .. } => {
                fields.iter().map(|field| field.name.len() as u64 + type_weight(&field.datatype)).sum()
            }
            Datatype::Enum { base, members } => {
                let member = |m: &EnumMember| NODE_BYTES + m.name.len() as u64 + m.value.len() as u64;
                type_weight(base) + members.iter().map(member).sum::<u64>()
            }
            _ => 0,
        }
}
