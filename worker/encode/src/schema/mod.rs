//! From what members say to one schema for all of them.
//!
//! A **sampled schema** is what one decoded member says ([`SampledSchema`]). Many of them **join**
//! ([`JoinedSchema`]: associative, in member order). **Freezing** decides ([`JoinedSchema::freeze`]) and gives the
//! [`FrozenSchema`] that stands in the plan; it decides every file's columns, types, index, dictionaries and pandas
//! metadata, so that the `pandas` key is byte-identical in all files.

mod column;
mod freeze;
mod frozen;
mod joined;
mod labels;
mod lattice;
mod layout;
mod pandas;
mod sampled;

pub use column::{Categories, ColumnKind, ColumnType};
pub use frozen::{FrozenColumn, FrozenIndex, FrozenLevel, FrozenSchema, SampleSize, Warning, WarningKind};
pub use joined::JoinedSchema;
pub use labels::ColumnsLevel;
pub use sampled::{SampledColumn, SampledLevel, SampledSchema};

pub(crate) use column::{category_texts, column_type};
pub(crate) use freeze::PROVENANCE;
pub(crate) use labels::level_text;
pub(crate) use lattice::{Seen, join_types, same_categories};
pub(crate) use sampled::{frame_labels, is_default_index};
