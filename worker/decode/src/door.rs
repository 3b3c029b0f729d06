//! What the decoder asks of an HDF5 library, in plain words. Two libraries may stand behind it
//! ([`hdf5`](crate::hdf5) always; libhdf5 as an oracle): neither shows through.
//!
//! An **object** is a group or a dataset, known by an id that only its door understands. A **link** is a
//! name in a group. Bytes come out exactly as the file holds them, in the file's byte order.

use crate::{budget::Loan, fail::Res};
use std::{borrow::Cow, sync::Arc};

/// An object of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ObjectId(pub(crate) u64);

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// To an object of this file.
    Object(ObjectId),
    /// To a path in this file; never followed by the door.
    Soft(String),
    /// To a path in another file; never followed by anybody.
    External { file: String, path: String },
}

/// A name in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// The name: no slash in it.
    pub(crate) name: String,
    /// Where it leads.
    pub(crate) target: Target,
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Holds links.
    Group,
    /// Holds data.
    Dataset,
    /// A named datatype or something unknown.
    Other,
}

/// How text ends that is shorter than its width. (HDF5: "padding type".)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Padding {
    /// At the first NUL; what follows it means nothing.
    NulTerminated,
    /// NULs at the end are padding, as in NumPy.
    Nul,
    /// Spaces at the end are padding.
    Space,
}

/// The type of one element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DType {
    /// An integer of `size` bytes, all of whose bits count.
    Int { size: u8, signed: bool, big: bool },
    /// An integer of `precision` bits that begin `offset` bits up in `size` bytes; the other bits mean nothing.
    Packed { size: u8, signed: bool, big: bool, offset: u16, precision: u16 },
    /// An IEEE float of `size` bytes: half, single or double.
    Float { size: u8, big: bool },
    /// bfloat16: the upper half of an IEEE single.
    BFloat { big: bool },
    /// PyTables' time of 8 bytes: an integer whose upper half counts seconds and whose lower one microseconds.
    Time64 { big: bool },
    /// A bit field; PyTables writes booleans as one of 1 byte.
    Bits { size: u8, big: bool },
    /// Text of fixed width in bytes; `utf8` as declared.
    Text { width: u32, utf8: bool, padding: Padding },
    /// Text of variable length.
    VarText,
    /// A sequence of variable length.
    VarList(Box<DType>),
    /// Named fields at offsets.
    Compound { size: u32, fields: Vec<Field> },
    /// A fixed-size array of elements.
    Array { base: Box<DType>, dims: Vec<u64> },
    /// Named values of an integer type.
    Enum { base: Box<DType>, members: Vec<(String, Vec<u8>)> },
    /// Anything else, by name.
    Other { name: Cow<'static, str>, size: u32 },
}

/// A field of a compound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// Its name.
    pub(crate) name: String,
    /// Bytes from the start of the element.
    pub(crate) offset: u32,
    /// Its type.
    pub(crate) dtype: DType,
}

impl DType {
    /// Bytes of one element in the file, `None` for variable lengths or on overflow.
    pub(crate) fn size(&self) -> Option<u64> {
        Some(match self {
            Self::Int { size, .. }
            | Self::Packed { size, .. }
            | Self::Float { size, .. }
            | Self::Bits { size, .. } => u64::from(*size),
            Self::BFloat { .. } => 2,
            Self::Time64 { .. } => 8,
            Self::Text { width, .. } => u64::from(*width),
            Self::Compound { size, .. } | Self::Other { size, .. } => u64::from(*size),
            Self::Array { base, dims } => dims.iter().try_fold(base.size()?, |n, &d| n.checked_mul(d))?,
            Self::Enum { base, .. } => base.size()?,
            Self::VarText | Self::VarList(_) => return None,
        })
    }

    /// How messages name it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Int { size, signed, .. } => {
                format!("{}int{}", if *signed { "" } else { "u" }, u32::from(*size) * 8)
            }
            Self::Packed { signed, offset, precision, .. } => {
                format!(
                    "{}integer of {precision} bits from bit {offset} up",
                    if *signed { "" } else { "unsigned " }
                )
            }
            Self::Float { size, .. } => format!("float{}", u32::from(*size) * 8),
            Self::BFloat { .. } => "bfloat16".to_owned(),
            Self::Time64 { .. } => "time of 8 bytes".to_owned(),
            Self::Bits { size, .. } => format!("bitfield of {size} bytes"),
            Self::Text { width, .. } => format!("text of {width} bytes"),
            Self::VarText => "variable-length text".to_owned(),
            Self::VarList(base) => format!("variable-length list of {}", base.name()),
            Self::Compound { fields, .. } if is_complex(fields) => "complex".to_owned(),
            Self::Compound { .. } => "compound".to_owned(),
            Self::Array { base, dims } => format!("array {dims:?} of {}", base.name()),
            Self::Enum { .. } => "enum".to_owned(),
            Self::Other { name, .. } => name.clone().into_owned(),
        }
    }
}

/// Whether a compound is how NumPy's complex numbers are stored.
fn is_complex(fields: &[Field]) -> bool {
    matches!(fields, [r, i] if r.name == "r" && i.name == "i" && matches!(r.dtype, DType::Float { .. }))
}

/// An attribute: small data attached to an object.
#[derive(Clone, Debug)]
pub(crate) struct Attr {
    /// Its name.
    pub(crate) name: String,
    /// Type of its elements. Scalar variable-length text is resolved to [`DType::Text`].
    pub(crate) dtype: DType,
    /// Its dimensions; none for a scalar; `[0]` when it holds nothing.
    pub(crate) shape: Vec<u64>,
    /// Its bytes.
    pub(crate) data: Vec<u8>,
}

/// What a dataset is, without its values.
#[derive(Clone, Debug)]
pub(crate) struct DataInfo {
    /// Type of its elements.
    pub(crate) dtype: DType,
    /// Its dimensions; none for a scalar.
    pub(crate) shape: Vec<u64>,
}

impl DataInfo {
    /// How many elements, `None` on overflow.
    pub(crate) fn elements(&self) -> Option<u64> {
        self.shape.iter().try_fold(1u64, |n, &d| n.checked_mul(d))
    }
}

/// Bytes of a dataset: a view of the member where it can be, or decoded ones.
pub(crate) type Raw = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// An opened file.
pub(crate) trait Door {
    /// The root group.
    fn root(&self) -> Res<ObjectId>;
    /// What an object is.
    fn kind(&self, id: ObjectId) -> Res<Kind>;
    /// The names in a group, in the order the file keeps them.
    fn links(&self, id: ObjectId) -> Res<Arc<[Link]>>;
    /// All attributes of an object.
    fn attributes(&self, id: ObjectId) -> Res<Arc<[Attr]>>;
    /// Type and shape of a dataset. External storage and virtual datasets are refused here.
    fn info(&self, id: ObjectId, item: &str) -> Res<DataInfo>;
    /// All elements of a dataset, within the limits; `item` is its path.
    fn read(&self, id: ObjectId, item: &str) -> Res<Raw>;
    /// Bytes of all elements of a dataset of variable-length text together, without looking at one.
    fn vlen_bytes(&self, id: ObjectId, item: &str) -> Res<u64>;
    /// All elements of a dataset of variable-length text or bytes, held on `loan`.
    fn read_vlen(&self, id: ObjectId, item: &str, loan: &Loan<'_>) -> Res<Vec<Vec<u8>>>;
    /// All texts of a field of variable length, `rows` being what [`Self::read`] gave of its compound; held on `loan`.
    fn read_vlen_field(
        &self,
        id: ObjectId,
        field: &Field,
        rows: &[u8],
        item: &str,
        loan: &Loan<'_>,
    ) -> Res<Vec<Vec<u8>>>;
}
