//! The stages, and the words for them.

use crate::stage_plan::{ENCODE, FETCH, ItemWords, StageWords, UPLOAD};

/// `convert`'s stages, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Archives become seekable.
    Index,
    /// Members are sampled.
    Sample,
    /// The schema is frozen from the sample. A worker does it: the coordinator knows no schema.
    Freeze,
    /// Members become partitions.
    Convert,
    /// Partitions become visible.
    Publish,
}

impl Stage {
    /// The stage of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        let all = [Self::Index, Self::Sample, Self::Freeze, Self::Convert, Self::Publish];
        STAGES.iter().position(|words| words.name == name).map(|i| all[i])
    }
}

/// A step besides the engine's own: decompressing, and picking bodies out of the archive.
pub const DECOMPRESS: &str = "decompress";
/// Another: members to frames.
pub const DECODE: &str = "decode";

/// The stages in words, in order; the last is the coordinator's.
pub const STAGES: [StageWords; 5] = [
    StageWords { name: "index", doing: "indexing", steps: &[FETCH, DECOMPRESS, UPLOAD] },
    StageWords { name: "sample", doing: "sampling", steps: &[FETCH, DECOMPRESS, DECODE] },
    StageWords { name: "freeze", doing: "freeze", steps: &[] },
    StageWords { name: "convert", doing: "converting", steps: &[FETCH, DECOMPRESS, DECODE, ENCODE, UPLOAD] },
    StageWords { name: "publish", doing: "publishing", steps: &[] },
];

/// The word for an item: what is planned, counted and quarantined one by one.
pub const ITEM: ItemWords = ItemWords::of("member", "members");

/// An extra count: members whose frame has no columns, which are counted and not written.
pub const WITHOUT_COLUMNS: &str = "without_columns";
/// An extra count: columns dropped because the spec said `drop`, summed over members.
pub const COLUMNS_DROPPED: &str = "columns_dropped";
/// An extra count: bytes of member bodies.
pub const BYTES_MEMBERS: &str = "bytes_members";
/// An extra count: bytes of Arrow data handed to the encoder.
pub const BYTES_ARROW: &str = "bytes_arrow";
