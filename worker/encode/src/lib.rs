//! Frozen schema and Parquet encoding.
//!
//! Three steps, each a pure function of its arguments: what decoded members say about columns becomes one
//! [`FrozenSchema`] (module `schema`); each [`Frame`](tarquet_decode::frame::Frame) becomes a batch of that schema or a
//! typed failure ([`conform()`]); batches become the bytes of a part ([`PartWriter`]): of a Parquet file of flat columns
//! ([`ParquetEncoder`]), the same bytes however the rows were batched.

mod arrow_type;
mod conform;
mod failure_record;
mod names;
mod parquet;
mod part;
mod pinned;
mod python;
mod quarantine;
mod schema;
mod settings;

pub use arrow_type::{ArrowType, Unit};
pub use conform::{Conformed, conform};
pub use failure_record::{AttemptRecord, FailureRecord, column_of, fingerprint};
pub use parquet::{ColumnStorage, FileLayout, ParquetEncoder, SortedBy};
pub use part::{Finished, PartWriter};
pub use quarantine::{QuarantineWriter, read_quarantine, write_quarantine};
pub use schema::{
    Categories, ColumnKind, ColumnType, ColumnsLevel, FrozenColumn, FrozenIndex, FrozenLevel, FrozenSchema,
    JoinedSchema, SampleSize, SampledColumn, SampledLevel, SampledSchema, Warning, WarningKind,
};
pub use settings::{OutputSettings, SchemaRules};
